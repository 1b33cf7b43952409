//! One evaluation against what the script expects of it.

use super::compare::same_sample;
use super::notation::SeriesLine;
use super::store::TestStore;
use crate::Error;
use crate::promql::annotations::line_and_column;
use crate::promql::labels::Labels;
use crate::promql::value::Sample;
use crate::promql::{Answer, Data, Query, run};
use regex::Regex;
use std::collections::BTreeMap;

#[derive(Clone, Copy, Debug)]
pub enum Times {
    Instant(i64),
    Range { start: i64, end: i64, step: i64 },
}

pub struct Eval {
    pub times: Times,
    pub query: String,
    pub expected: Expected,
}

#[derive(Default)]
pub struct Expected {
    pub fail: Option<Annotation>,
    pub warnings: Vec<Annotation>,
    pub infos: Vec<Annotation>,
    pub no_warnings: bool,
    pub no_infos: bool,
    pub ordered: bool,
    pub text: Option<String>,
    /// The query gives raw samples at these times.
    pub raw_range: Option<Times>,
    pub series: Vec<SeriesLine>,
}

/// What an error, a warning or an info should say.
#[derive(Clone, Debug)]
pub enum Annotation {
    Any,
    Text(String),
    Pattern(String),
}

impl Annotation {
    fn matches(&self, text: &str) -> bool {
        match self {
            Annotation::Any => true,
            Annotation::Text(expected) => expected == text,
            Annotation::Pattern(pattern) => Regex::new(pattern).is_ok_and(|regex| regex.is_match(text)),
        }
    }
}

pub fn check(store: &TestStore, eval: &Eval) -> Result<(), String> {
    let query = match eval.times {
        Times::Instant(time) => Query::instant(&eval.query, time),
        Times::Range { start, end, step } => Query::range(&eval.query, start, end, step),
    };
    let answer = answer(store, &query);
    let answer = match (answer, &eval.expected.fail) {
        (Err(error), Some(expected)) => {
            let text = message(&error, &eval.query);
            if expected.matches(&text) {
                return Ok(());
            }
            return Err(format!("expected failure {expected:?}, got {text:?}"));
        }
        (Ok(_), Some(_)) => return Err("expected a failure".to_owned()),
        (Err(error), None) => return Err(message(&error, &eval.query)),
        (Ok(answer), None) => answer,
    };
    check_annotations("warning", &answer.warnings, &eval.expected.warnings, eval.expected.no_warnings)?;
    check_annotations("info", &answer.infos, &eval.expected.infos, eval.expected.no_infos)?;
    check_data(eval, &answer.data)?;
    if let (Times::Instant(time), Data::Vector(..)) = (eval.times, &answer.data) {
        also_as_range(store, eval, time)?;
    }
    Ok(())
}

fn answer(store: &TestStore, query: &Query) -> Result<Answer, Error> {
    run(query, &mut |selection| Ok(store.select(selection)), &|| Ok(()))
}

/// Prometheus' form: a wrong query is told with its place.
fn message(error: &Error, query: &str) -> String {
    match error {
        Error::BadQuery { message, offset: Some(offset) } => {
            format!("{}: parse error: {message}", line_and_column(query, *offset))
        }
        other => other.to_string(),
    }
}

/// A range query around the time must give the same at that time.
fn also_as_range(store: &TestStore, eval: &Eval, time: i64) -> Result<(), String> {
    let query = Query::range(&eval.query, time - 60_000, time + 60_000, 60_000);
    let answer = answer(store, &query).map_err(|error| format!("as a range query: {error}"))?;
    let Data::Matrix(matrix) = answer.data else { return Err("a range query gave no matrix".to_owned()) };
    let at_time = matrix.into_iter().filter_map(|(labels, samples)| {
        samples.into_iter().find(|(at, _)| *at == time).map(|(_, sample)| (labels, sample))
    });
    let at_time: Vec<_> = at_time.collect();
    let depends_on_range =
        ["start()", "end()", "range()", "step()"].iter().any(|word| eval.query.contains(word));
    if depends_on_range {
        return Ok(());
    }
    check_vector(&eval.expected.series, &at_time, false).map_err(|why| format!("as a range query: {why}"))
}

fn check_annotations(
    kind: &str,
    found: &[String],
    expected: &[Annotation],
    none: bool,
) -> Result<(), String> {
    if none && !found.is_empty() {
        return Err(format!("expected no {kind}, got {found:?}"));
    }
    for annotation in expected {
        if !found.iter().any(|text| annotation.matches(text)) {
            return Err(format!("expected {kind} {annotation:?}, got {found:?}"));
        }
    }
    let unexpected = |text: &&String| !expected.iter().any(|annotation| annotation.matches(text));
    match found.iter().find(unexpected) {
        Some(text) if !expected.is_empty() => Err(format!("unexpected {kind} {text:?}")),
        _ => Ok(()),
    }
}

fn check_data(eval: &Eval, data: &Data) -> Result<(), String> {
    let expected = &eval.expected;
    if let Some(text) = &expected.text {
        return match data {
            Data::Text(_, found) if found == text => Ok(()),
            other => Err(format!("expected string {text:?}, got {other:?}")),
        };
    }
    match (data, eval.times, expected.raw_range) {
        (Data::Text(_, found), ..) => Err(format!("unexpected string {found:?}")),
        (Data::Scalar(values), ..) => {
            let found = Sample::Float(values.first().map_or(f64::NAN, |(_, value)| *value));
            match expected.series.first().and_then(|line| line.samples.first()) {
                Some(Some(sample)) if same_sample(sample, &found) => Ok(()),
                other => Err(format!("expected {other:?}, got {found:?}")),
            }
        }
        (Data::Vector(_, vector), ..) => check_vector(&expected.series, vector, expected.ordered),
        (Data::Matrix(matrix), times, raw) => {
            let Times::Range { start, step, .. } = raw.unwrap_or(times) else {
                return Err(format!("unexpected range vector {matrix:?}"));
            };
            check_matrix(&expected.series, matrix, start, step)
        }
    }
}

fn check_vector(expected: &[SeriesLine], found: &[(Labels, Sample)], ordered: bool) -> Result<(), String> {
    let mut wanted = BTreeMap::new();
    for (at, line) in expected.iter().enumerate() {
        let [Some(sample)] = &line.samples[..] else {
            return Err(format!("expected one value in {:?}", line.labels));
        };
        wanted.insert(line.labels.clone(), (at, sample));
    }
    for (at, (labels, sample)) in found.iter().enumerate() {
        let Some((place, expected)) = wanted.remove(labels) else {
            return Err(format!("unexpected series {labels} {}", show(sample)));
        };
        if ordered && place != at {
            return Err(format!("{labels} came at place {at} instead of {place}"));
        }
        if !same_sample(expected, sample) {
            return Err(format!("{labels}: expected {}, got {}", show(expected), show(sample)));
        }
    }
    wanted.keys().next().map_or(Ok(()), |labels| Err(format!("missing series {labels}")))
}

type Matrix = [(Labels, Vec<(i64, Sample)>)];

fn check_matrix(expected: &[SeriesLine], found: &Matrix, start: i64, step: i64) -> Result<(), String> {
    let mut wanted: BTreeMap<Labels, BTreeMap<i64, &Sample>> = BTreeMap::new();
    for line in expected {
        let samples = line.samples.iter().enumerate();
        let present = samples.filter_map(|(i, sample)| Some((start + i as i64 * step, sample.as_ref()?)));
        wanted.insert(line.labels.clone(), present.collect());
    }
    wanted.retain(|_, samples| !samples.is_empty());
    for (labels, samples) in found {
        let Some(mut expected) = wanted.remove(labels) else {
            return Err(format!("unexpected series {labels}"));
        };
        for (time, sample) in samples {
            match expected.remove(time) {
                Some(expected) if same_sample(expected, sample) => {}
                Some(expected) => {
                    let (expected, found) = (show(expected), show(sample));
                    return Err(format!("{labels} at {time} ms: expected {expected}, got {found}"));
                }
                None => return Err(format!("{labels} at {time} ms: unexpected {}", show(sample))),
            }
        }
        if let Some((time, sample)) = expected.first_key_value() {
            return Err(format!("{labels} at {time} ms: expected {}, got nothing", show(sample)));
        }
    }
    wanted.keys().next().map_or(Ok(()), |labels| Err(format!("missing series {labels}")))
}

fn show(sample: &Sample) -> String {
    match sample {
        Sample::Float(value) => value.to_string(),
        Sample::Histogram(histogram) => {
            format!(
                "{histogram} (schema {}, {:?}, bounds {:?})",
                histogram.schema, histogram.hint, histogram.custom_bounds
            )
        }
    }
}
