//! `histogram_quantile`, `histogram_quantiles` and `histogram_fraction`, over native histograms
//! and over the buckets of classic ones.

use super::label::text;
use crate::Error;
use crate::promql::annotations::for_metric;
use crate::promql::ast::{Call, Span};
use crate::promql::eval::Eval;
use crate::promql::histogram::Histogram;
use crate::promql::histogram::classic::{self, ClassicBucket, Forced};
use crate::promql::histogram::quantile::NanNote;
use crate::promql::labels::{BUCKET, Labels};
use crate::promql::value::{Sample, Series, Value, format_float};
use std::collections::HashMap;

pub fn quantile(eval: &Eval, call: &Call, _: &Span) -> Result<Value, Error> {
    let quantiles = eval.scalar(&call.args[0])?;
    check_quantiles(eval, &quantiles, &call.args[0].span);
    let vector = eval.vector(&call.args[1])?;
    let groups = Groups::of(eval, vector, &call.args[1].span)?;
    let places = (&call.args[0].span, &call.args[1].span);
    let mut out = Vec::new();
    groups.quantiles(eval, &quantiles, places, |labels| labels.clone(), &mut out);
    Ok(Value::Vector(out))
}

pub fn quantiles(eval: &Eval, call: &Call, _: &Span) -> Result<Value, Error> {
    let mut columns = Vec::new();
    for arg in &call.args[2..] {
        let quantiles = eval.scalar(arg)?;
        check_quantiles(eval, &quantiles, &arg.span);
        columns.push(quantiles);
    }
    let label = text(&call.args[1]);
    let vector = eval.vector(&call.args[0])?;
    let groups = Groups::of(eval, vector, &call.args[0].span)?;
    let places = (&call.args[0].span, &call.args[0].span);
    let mut out = Vec::new();
    for quantiles in columns {
        if let Some(taken) = groups.labels().find(|labels| !labels.get(label).is_empty()) {
            return Err(Error::Execution(format!("label {label:?} is already set in {taken}")));
        }
        let named = open_metrics_float(quantiles.first().copied().unwrap_or(f64::NAN));
        groups.quantiles(eval, &quantiles, places, |labels| labels.with(label, &named), &mut out);
    }
    Ok(Value::Vector(out))
}

/// As OpenMetrics writes the value of a `quantile` label: `1.0`, `0.5`.
fn open_metrics_float(value: f64) -> String {
    let text = format_float(value);
    if text.contains(|c: char| !c.is_ascii_digit() && c != '-') { text } else { text + ".0" }
}

pub fn fraction(eval: &Eval, call: &Call, _: &Span) -> Result<Value, Error> {
    let (lower, upper) = (eval.scalar(&call.args[0])?, eval.scalar(&call.args[1])?);
    let vector = eval.vector(&call.args[2])?;
    let groups = Groups::of(eval, vector, &call.args[2].span)?;
    let mut out = Vec::new();
    for series in &groups.native {
        let mut skipped_nan = false;
        let values = native_values(series, |step, histogram| {
            let (value, nan) = histogram.fraction(lower[step], upper[step]);
            skipped_nan |= nan;
            value
        });
        if skipped_nan {
            let metric = for_metric(series.labels.metric_name());
            let text =
                "input to histogram_fraction has NaN observations, which are excluded from all fractions";
            eval.annotations.info(&call.args[0].span, format!("{text}{metric}"));
        }
        push(&mut out, series.labels.clone(), values);
    }
    for (labels, steps) in &groups.classic {
        let value = |(step, buckets): (usize, &Vec<ClassicBucket>)| {
            (!buckets.is_empty())
                .then(|| Sample::Float(classic::fraction(lower[step], upper[step], &mut buckets.clone())))
        };
        push(&mut out, labels.clone(), steps.iter().enumerate().map(value).collect());
    }
    Ok(Value::Vector(out))
}

fn check_quantiles(eval: &Eval, quantiles: &[f64], place: &Span) {
    for wrong in quantiles.iter().filter(|q| !(0.0..=1.0).contains(*q)) {
        eval.annotations.invalid_quantile(place, *wrong);
    }
}

fn push(out: &mut Vec<Series>, labels: Labels, values: Vec<Option<Sample>>) {
    if values.iter().any(Option::is_some) {
        out.push(Series { labels, drop_name: true, values });
    }
}

fn native_values(series: &Series, mut value: impl FnMut(usize, &Histogram) -> f64) -> Vec<Option<Sample>> {
    let cell = |(step, cell): (usize, &Option<Sample>)| match cell {
        Some(Sample::Histogram(histogram)) => Some(Sample::Float(value(step, histogram))),
        _ => None,
    };
    series.values.iter().enumerate().map(cell).collect()
}

/// The input taken apart: native histograms, and classic ones by label set without `le`.
struct Groups {
    native: Vec<Series>,
    /// The buckets of each step.
    classic: Vec<(Labels, Vec<Vec<ClassicBucket>>)>,
}

impl Groups {
    fn of(eval: &Eval, vector: Vec<Series>, place: &Span) -> Result<Groups, Error> {
        let mut native = Vec::new();
        let mut classic: Vec<(Labels, Vec<Vec<ClassicBucket>>)> = Vec::new();
        let mut known: HashMap<Labels, usize> = HashMap::new();
        for series in vector {
            eval.check()?;
            let is_float = |cell: &Option<Sample>| matches!(cell, Some(Sample::Float(_)));
            if series.values.iter().any(is_float) {
                let le = series.labels.get(BUCKET);
                let Some(upper) = bound(le) else {
                    let metric = for_metric(series.labels.metric_name());
                    let text =
                        format!("bucket label \"le\" is missing or has a malformed value of {le:?}{metric}");
                    eval.annotations.warn(place, text);
                    native.push(series);
                    continue;
                };
                let labels = series.labels.filtered(|name| name != BUCKET);
                let at = *known.entry(labels.clone()).or_insert_with(|| {
                    classic.push((labels, vec![Vec::new(); eval.steps()]));
                    classic.len() - 1
                });
                for (step, cell) in series.values.iter().enumerate() {
                    if let Some(Sample::Float(count)) = cell {
                        classic[at].1[step].push(ClassicBucket { upper, count: *count });
                    }
                }
            }
            native.push(series);
        }
        let mut groups = Groups { native, classic };
        groups.drop_conflicts(eval, place, &known);
        Ok(groups)
    }

    /// Where one label set has classic buckets and a native histogram at one step, neither counts.
    fn drop_conflicts(&mut self, eval: &Eval, place: &Span, known: &HashMap<Labels, usize>) {
        for series in &mut self.native {
            let Some(at) = known.get(&series.labels) else { continue };
            for (cell, buckets) in series.values.iter_mut().zip(&mut self.classic[*at].1) {
                if matches!(cell, Some(Sample::Histogram(_))) && !buckets.is_empty() {
                    let metric = for_metric(series.labels.metric_name());
                    let text = format!("vector contains a mix of classic and native histograms{metric}");
                    eval.annotations.warn(place, text);
                    buckets.clear();
                    *cell = None;
                }
            }
        }
    }

    fn labels(&self) -> impl Iterator<Item = &Labels> {
        self.native.iter().map(|series| &series.labels).chain(self.classic.iter().map(|(labels, _)| labels))
    }

    fn quantiles(
        &self,
        eval: &Eval,
        quantiles: &[f64],
        (native_place, classic_place): (&Span, &Span),
        labels_of: impl Fn(&Labels) -> Labels,
        out: &mut Vec<Series>,
    ) {
        for series in &self.native {
            let metric = for_metric(series.labels.metric_name());
            let values = native_values(series, |step, histogram| {
                let (value, note) = histogram.quantile(quantiles[step]);
                let end = match note {
                    NanNote::None => return value,
                    NanNote::Result => "result is NaN",
                    NanNote::Skew => "result is skewed higher",
                };
                let text = format!("input to histogram_quantile has NaN observations, {end}{metric}");
                eval.annotations.info(native_place, text);
                value
            });
            push(out, labels_of(&series.labels), values);
        }
        for (labels, steps) in &self.classic {
            let value = |(step, buckets): (usize, &Vec<ClassicBucket>)| {
                if buckets.is_empty() {
                    return None;
                }
                let (value, forced) = classic::quantile(quantiles[step], &mut buckets.clone());
                if let Some(forced) = forced {
                    note_forced(eval, labels, classic_place, eval.times[step], &forced);
                }
                Some(Sample::Float(value))
            };
            push(out, labels_of(labels), steps.iter().enumerate().map(value).collect());
        }
    }
}

fn note_forced(eval: &Eval, labels: &Labels, place: &Span, time_ms: i64, forced: &Forced) {
    let metric = for_metric(labels.metric_name());
    let numbers = [forced.min_bucket, forced.max_bucket, forced.max_diff].map(format_float);
    let [low, high, difference] = numbers;
    let time = time_ms as f64 / 1e3;
    eval.annotations.info(
        place,
        format!(
            "input to histogram_quantile needed to be fixed for monotonicity (see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile){metric}, from buckets {low} to {high}, with a max diff of {difference}, at timestamp {time}"
        ),
    );
}

/// Reads the value of an `le` label as Go's `ParseFloat` would.
fn bound(le: &str) -> Option<f64> {
    if le.is_empty() || le.trim() != le {
        return None;
    }
    le.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_read_as_go_does() {
        assert_eq!(bound("+Inf"), Some(f64::INFINITY));
        assert_eq!([bound("1e0"), bound(".2"), bound("-.2")], [Some(1.0), Some(0.2), Some(-0.2)]);
        assert_eq!([bound(""), bound("Hello World")], [None, None]);
        assert_eq!([open_metrics_float(1.0), open_metrics_float(0.25)], ["1.0", "0.25"]);
    }

    #[test]
    fn only_native_histograms_are_mapped() {
        let histogram = std::sync::Arc::new(Histogram::default());
        let series = Series {
            labels: Labels::default(),
            drop_name: false,
            values: vec![Some(Sample::Histogram(histogram)), Some(Sample::Float(1.0)), None],
        };
        let values = native_values(&series, |step, _| step as f64);
        assert_eq!(values, [Some(Sample::Float(0.0)), None, None]);
    }
}
