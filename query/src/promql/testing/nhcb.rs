//! `load_with_nhcb`: classic histograms of a script, once more as native ones with custom buckets.

use super::notation::SeriesLine;
use crate::promql::histogram::{CUSTOM_SCHEMA, Histogram};
use crate::promql::labels::{BUCKET, Labels, METRIC_NAME};
use crate::promql::value::Sample;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The parts of one histogram at one step.
#[derive(Clone, Default)]
struct Parts {
    buckets: Vec<(f64, f64)>,
    count: Option<f64>,
    sum: Option<f64>,
}

/// A histogram for every set of `_bucket`, `_count` and `_sum` series that share their labels.
pub fn converted(series: &[SeriesLine]) -> Vec<SeriesLine> {
    let mut histograms: BTreeMap<Labels, Vec<Parts>> = BTreeMap::new();
    for line in series {
        let name = line.labels.metric_name();
        let le = line.labels.get(BUCKET);
        let (base, set): (&str, fn(&mut Parts, f64, f64)) =
            if let (Some(base), false) = (name.strip_suffix("_bucket"), le.is_empty()) {
                (base, |parts, bound, value| parts.buckets.push((bound, value)))
            } else if let Some(base) = name.strip_suffix("_count") {
                (base, |parts, _, value| parts.count = Some(value))
            } else if let Some(base) = name.strip_suffix("_sum") {
                (base, |parts, _, value| parts.sum = Some(value))
            } else {
                continue;
            };
        let Ok(bound) = le.parse::<f64>().or(if le.is_empty() { Ok(0.0) } else { Err(()) }) else { continue };
        let labels = line.labels.filtered(|name| name != BUCKET).with(METRIC_NAME, base);
        let steps = histograms.entry(labels).or_default();
        steps.resize(steps.len().max(line.samples.len()), Parts::default());
        for (parts, sample) in steps.iter_mut().zip(&line.samples) {
            if let Some(Sample::Float(value)) = sample {
                set(parts, bound, *value);
            }
        }
    }
    let line = |(labels, steps): (Labels, Vec<Parts>)| SeriesLine {
        labels,
        samples: steps
            .into_iter()
            .map(|parts| parts.histogram().map(|h| Sample::Histogram(Arc::new(h))))
            .collect(),
        starts: Vec::new(),
    };
    histograms.into_iter().map(line).collect()
}

impl Parts {
    fn histogram(mut self) -> Option<Histogram> {
        self.buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
        self.buckets.dedup_by(|next, kept| next.0 == kept.0);
        if self.buckets.is_empty() && self.count.is_none() {
            return None;
        }
        let infinite =
            self.buckets.last().filter(|(bound, _)| *bound == f64::INFINITY).map(|(_, count)| *count);
        let count = self.count.or(infinite).or(self.buckets.last().map(|(_, count)| *count))?;
        self.buckets.retain(|(bound, _)| *bound != f64::INFINITY);
        let mut below = 0.0;
        let mut positive = Vec::new();
        for (index, total) in self.buckets.iter().map(|(_, total)| *total).chain([count]).enumerate() {
            if total < below {
                return None;
            }
            if total > below {
                positive.push((index as i32, total - below));
            }
            below = total;
        }
        Some(Histogram {
            schema: CUSTOM_SCHEMA,
            count,
            sum: self.sum.unwrap_or_default(),
            positive,
            custom_bounds: self.buckets.iter().map(|(bound, _)| *bound).collect(),
            ..Histogram::default()
        })
    }
}
