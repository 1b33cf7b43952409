//! `histogram_quantile`, `histogram_quantiles` and `histogram_fraction`, over native histograms
//! and over the buckets of classic ones.

use super::label::text;
use crate::Error;
use crate::promql::annotations::for_metric;
use crate::promql::ast::{Call, Span};
use crate::promql::eval::Eval;
use crate::promql::histogram::Histogram;
use crate::promql::histogram::classic::{self, Classic, ClassicBucket};
use crate::promql::histogram::quantile::NanNote;
use crate::promql::labels::{BUCKET, Labels};
use crate::promql::value::{Sample, Series, Value, format_general};
use std::collections::HashMap;

pub fn quantile(eval: &Eval, call: &Call, _: &Span) -> Result<Value, Error> {
    let quantiles = eval.scalar(&call.args[0])?;
    let vector = eval.vector(&call.args[1])?;
    check_quantiles(eval, &quantiles, &call.args[0].span);
    let mut groups = Mended::of(Groups::of(eval, vector, &call.args[1].span)?);
    let quantiles: Vec<Option<f64>> = quantiles.into_iter().map(Some).collect();
    let mut out = Vec::new();
    groups.quantiles(eval, &quantiles, &call.args[1].span, |labels| labels.clone(), &mut out);
    Ok(Value::Vector(out))
}

pub fn quantiles(eval: &Eval, call: &Call, _: &Span) -> Result<Value, Error> {
    let vector = eval.vector(&call.args[0])?;
    let mut columns = Vec::new();
    for arg in &call.args[2..] {
        let quantiles = eval.scalar(arg)?;
        check_quantiles(eval, &quantiles, &arg.span);
        columns.push(quantiles);
    }
    let label = text(&call.args[1]);
    let mut groups = Mended::of(Groups::of(eval, vector, &call.args[0].span)?);
    let mut out = Vec::new();
    for quantiles in columns {
        // One series a value: a quantile that changes over time is in its own label at each step.
        let mut distinct: Vec<u64> = quantiles.iter().map(|q| q.to_bits()).collect();
        distinct.sort_unstable();
        distinct.dedup();
        for bits in distinct {
            let column: Vec<Option<f64>> =
                quantiles.iter().map(|q| (q.to_bits() == bits).then_some(*q)).collect();
            let named = open_metrics_float(f64::from_bits(bits));
            let place = &call.args[0].span;
            groups.quantiles(eval, &column, place, |labels| labels.with(label, &named), &mut out);
        }
    }
    Ok(Value::Vector(out))
}

/// As OpenMetrics writes the value of a `quantile` label: `1.0`, `0.5`.
fn open_metrics_float(value: f64) -> String {
    let text = format_general(value);
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
            eval.annotations.info(&call.args[2].span, format!("{text}{metric}"));
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
                // A bucket whose bound is no number holds nothing that could be told.
                for (step, cell) in series.values.iter().enumerate().filter(|_| !upper.is_nan()) {
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
}

/// Groups whose classic histograms are sorted and have rising counts.
struct Mended {
    native: Vec<Series>,
    classic: Vec<(Labels, Vec<Option<Classic>>)>,
}

impl Mended {
    fn of(groups: Groups) -> Mended {
        let mended = |buckets: Vec<ClassicBucket>| (!buckets.is_empty()).then(|| Classic::of(buckets));
        let classic = groups.classic.into_iter();
        let classic = classic.map(|(labels, steps)| (labels, steps.into_iter().map(mended).collect()));
        Mended { native: groups.native, classic: classic.collect() }
    }

    /// The quantile of each step where there is one. What is wrong with a histogram's counts is
    /// told once.
    fn quantiles(
        &mut self,
        eval: &Eval,
        quantiles: &[Option<f64>],
        place: &Span,
        labels_of: impl Fn(&Labels) -> Labels,
        out: &mut Vec<Series>,
    ) {
        for series in &self.native {
            let values = series.values.iter().zip(quantiles).map(|(cell, q)| match (cell, q) {
                (Some(Sample::Histogram(histogram)), Some(q)) => {
                    let metric = series.labels.metric_name();
                    Some(Sample::Float(native_quantile(eval, histogram, *q, place, metric)))
                }
                _ => None,
            });
            push(out, labels_of(&series.labels), values.collect());
        }
        for (labels, steps) in &mut self.classic {
            let mut values = Vec::with_capacity(steps.len());
            for (step, (histogram, q)) in steps.iter_mut().zip(quantiles).enumerate() {
                let (Some(histogram), Some(q)) = (histogram, q) else {
                    values.push(None);
                    continue;
                };
                let (value, counted) = histogram.quantile(*q);
                if counted && let Some(forced) = histogram.forced.take() {
                    let (metric, time) = (labels.metric_name(), eval.times[step]);
                    eval.annotations.forced_monotonicity(place, metric, time, forced);
                }
                values.push(Some(Sample::Float(value)));
            }
            push(out, labels_of(labels), values);
        }
    }
}

fn native_quantile(eval: &Eval, histogram: &Histogram, q: f64, place: &Span, metric: &str) -> f64 {
    let (value, note) = histogram.quantile(q);
    let end = match note {
        NanNote::None => return value,
        NanNote::Result => "result is NaN",
        NanNote::Skew => "result is skewed higher",
    };
    let text = format!("input to histogram_quantile has NaN observations, {end}{}", for_metric(metric));
    eval.annotations.info(place, text);
    value
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
