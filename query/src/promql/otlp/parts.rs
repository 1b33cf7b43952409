//! The Prometheus series that one OTLP series becomes, while they are built.

use super::identity::Identity;
use super::life::Life;
use crate::promql::labels::{BUCKET, Labels, METRIC_NAME};
use crate::promql::value::{Sample, Samples, format_float};
use std::collections::HashMap;

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
    /// Of delta points.
    pub total: Option<Sample>,
    /// Of a cumulative counter.
    pub life: Life,
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

    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    pub fn get(&mut self, which: Which) -> &mut Part {
        let (parts, identity) = (&mut self.parts, self.identity);
        let place = *self.places.entry(which).or_insert_with(|| {
            parts.push((labels(identity, which), Part::default()));
            parts.len() - 1
        });
        &mut parts[place].1
    }

    pub fn each(&mut self, change: impl FnMut(&mut Part)) {
        self.parts.iter_mut().map(|(_, part)| part).for_each(change);
    }

    pub fn into_samples(self) -> Vec<(Labels, Samples)> {
        self.parts.into_iter().map(|(labels, part)| (labels, part.samples)).collect()
    }
}

fn labels(identity: &Identity, which: Which) -> Labels {
    let named = |suffix: &str| identity.labels.with(METRIC_NAME, &format!("{}{suffix}", identity.name));
    match which {
        Which::Whole => identity.labels.clone(),
        Which::Count => named("_count"),
        Which::Sum => named("_sum"),
        Which::Bucket(bound) => {
            let bound = f64::from_bits(bound);
            let text = if bound.is_infinite() { format_float(bound) } else { bound.to_string() };
            named("_bucket").with(BUCKET, &text)
        }
        Which::Quantile(quantile) => {
            identity.labels.with("quantile", &format_float(f64::from_bits(quantile)))
        }
    }
}
