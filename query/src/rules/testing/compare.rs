//! What was expected against what came, and both as promtool shows them.

use super::format::ExpectedSample;
use crate::promql::labels::{Labels, METRIC_NAME};
use crate::promql::parse_label_set;
use crate::promql::testing::histogram_notation;
use crate::promql::value::{Sample, format_float};

/// An alert as a test sees it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shown {
    pub labels: Labels,
    pub annotations: Labels,
}

const INDENT: &str = "            ";

/// `[]`, or an alert a paragraph.
pub fn alerts(alerts: &[Shown]) -> String {
    if alerts.is_empty() {
        return "[]".to_owned();
    }
    let one = |(at, alert): (usize, &Shown)| {
        format!(
            "{INDENT}{at}:\n{INDENT}  Labels:{}\n{INDENT}  Annotations:{}",
            alert.labels, alert.annotations
        )
    };
    let all: Vec<String> = alerts.iter().enumerate().map(one).collect();
    format!("[\n{}\n{INDENT}]", all.join(",\n"))
}

/// The difference, if there is one. The error is about what was expected.
pub fn samples(
    expected: &[ExpectedSample],
    mut got: Vec<(Labels, Sample)>,
    fuzzy: bool,
) -> Result<Option<String>, String> {
    let mut wanted = expected.iter().map(wanted).collect::<Result<Vec<_>, _>>()?;
    wanted.sort_by(|a, b| a.0.cmp(&b.0));
    got.sort_by(|a, b| a.0.cmp(&b.0));
    let same = wanted.len() == got.len()
        && wanted.iter().zip(&got).all(|(a, b)| a.0 == b.0 && is_same(&a.1, &b.1, fuzzy));
    Ok((!same).then(|| format!("\n        exp: {}\n        got: {}", shown(&wanted), shown(&got))))
}

fn wanted(sample: &ExpectedSample) -> Result<(Labels, Sample), String> {
    let labels =
        parse_label_set(&sample.labels).map_err(|why| format!("labels {:?}: {why}", sample.labels))?;
    if sample.histogram.is_empty() {
        return Ok((labels, Sample::Float(sample.value)));
    }
    let histogram = histogram_notation(&sample.histogram)
        .map_err(|why| format!("histogram {:?}: {why}", sample.histogram))?;
    Ok((labels, Sample::Histogram(histogram.into())))
}

fn is_same(expected: &Sample, got: &Sample, fuzzy: bool) -> bool {
    match (expected, got) {
        (Sample::Float(a), Sample::Float(b)) => {
            let next = |x: f64| a.next_up() == x || a.next_down() == x;
            a == b || (a.is_nan() && b.is_nan()) || (fuzzy && next(*b))
        }
        (Sample::Histogram(a), Sample::Histogram(b)) => {
            let (mut a, mut b) = ((**a).clone(), (**b).clone());
            a.compact();
            b.compact();
            a.same_data(&b)
        }
        _ => false,
    }
}

fn shown(samples: &[(Labels, Sample)]) -> String {
    if samples.is_empty() {
        return "nil".to_owned();
    }
    let one = |(labels, sample): &(Labels, Sample)| {
        let value = match sample {
            Sample::Float(value) => exponent(*value),
            Sample::Histogram(histogram) => histogram.to_string(),
        };
        format!("{} {value}", metric(labels))
    };
    samples.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Go's `%E` with all digits: `1.5E+00`.
fn exponent(value: f64) -> String {
    if !value.is_finite() {
        return format_float(value);
    }
    let text = format!("{value:E}");
    let (mantissa, exponent) = text.split_once('E').unwrap_or((&text, "0"));
    let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |digits| ('-', digits));
    format!("{mantissa}E{sign}{digits:0>2}")
}

/// `name{label="value"}`.
fn metric(labels: &Labels) -> String {
    let name = labels.get(METRIC_NAME);
    let others = labels.without_name();
    match (name.is_empty(), others.is_empty()) {
        (false, true) => name.to_owned(),
        _ => format!("{name}{others}"),
    }
}
