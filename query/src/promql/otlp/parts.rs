//! The Prometheus series that one OTLP series becomes, while they are built.

use super::identity::Identity;
use crate::promql::labels::{BUCKET, Labels, METRIC_NAME, QUANTILE};
use crate::promql::value::{Sample, Samples};
use std::collections::HashMap;
use std::sync::Arc;

/// Which of them. Bounds and quantiles as the bits of their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Which {
    Whole,
    Count,
    Sum,
    Bucket(u64),
    Quantile(u64),
}

#[derive(Default)]
pub struct Part {
    pub samples: Samples,
    /// What delta points add up to.
    total: Option<Sample>,
}

impl Part {
    /// Adds a delta to the total, which is the sample.
    pub fn push_added(&mut self, time_ms: i64, delta: Sample, start_ms: i64) {
        let total = added(self.total.take(), delta);
        self.total = Some(total.clone());
        self.samples.push_started(time_ms, total, start_ms);
    }

    /// The total as it was, at a time when nothing had been added to it.
    pub fn hold(&mut self, time_ms: i64, start_ms: i64) {
        if let Some(total) = self.total.clone() {
            self.samples.push_started(time_ms, total, start_ms);
        }
    }

    /// Begins to add up from nothing.
    pub fn restart(&mut self) {
        self.total = None;
    }
}

fn added(total: Option<Sample>, delta: Sample) -> Sample {
    match (total, delta) {
        (Some(Sample::Float(total)), Sample::Float(value)) => Sample::Float(total + value),
        (Some(Sample::Histogram(mut total)), Sample::Histogram(histogram)) => {
            // Both are exponential, which always combine.
            let _ = Arc::make_mut(&mut total).add(&histogram);
            Sample::Histogram(total)
        }
        (_, delta) => delta,
    }
}

/// Labels are made once a part, not once a point.
pub struct Parts<'a> {
    identity: &'a Identity,
    places: HashMap<Which, usize>,
    parts: Vec<(Labels, Part)>,
}

impl<'a> Parts<'a> {
    pub fn new(identity: &'a Identity) -> Parts<'a> {
        Parts { identity, places: HashMap::new(), parts: Vec::new() }
    }

    pub fn get(&mut self, which: Which) -> &mut Part {
        let (parts, identity) = (&mut self.parts, self.identity);
        let place = *self.places.entry(which).or_insert_with(|| {
            parts.push((labels(identity, which), Part::default()));
            parts.len() - 1
        });
        &mut parts[place].1
    }

    pub fn each(&mut self, mut change: impl FnMut(Which, &mut Part)) {
        for (which, place) in &self.places {
            change(*which, &mut self.parts[*place].1);
        }
    }

    pub fn into_samples(self) -> Vec<(Labels, Samples)> {
        self.parts.into_iter().map(|(labels, part)| (labels, part.samples)).collect()
    }
}

/// The labels of one of them.
pub fn labels(identity: &Identity, which: Which) -> Labels {
    let named = |suffix: &str| identity.labels.with(METRIC_NAME, &format!("{}{suffix}", identity.name));
    match which {
        Which::Whole => identity.labels.clone(),
        Which::Count => named("_count"),
        Which::Sum => named("_sum"),
        Which::Bucket(bound) => named("_bucket").with(BUCKET, &decimal(f64::from_bits(bound))),
        Which::Quantile(quantile) => identity.labels.with(QUANTILE, &decimal(f64::from_bits(quantile))),
    }
}

/// All digits and no exponent, as Prometheus' OTLP receiver writes bounds and quantiles.
fn decimal(value: f64) -> String {
    match value {
        f64::INFINITY => "+Inf".to_owned(),
        f64::NEG_INFINITY => "-Inf".to_owned(),
        finite => finite.to_string(),
    }
}
