//! What happened in one cell, or in several: calls, errors, durations, and how long was looked.

use super::QUANTILES;
use crate::promql::histogram::Histogram;
use ocelli_api::services::Red;

#[derive(Clone, Debug, Default)]
pub struct Cell {
    /// Of calls; its count is the calls unless they are counted apart.
    pub durations: Histogram,
    pub calls: f64,
    pub errors: f64,
    /// Time that was observed.
    pub observed_ms: i64,
}

impl Cell {
    pub fn add(&mut self, other: &Cell) {
        add_histogram(&mut self.durations, &other.durations);
        self.calls += other.calls;
        self.errors += other.errors;
        self.observed_ms += other.observed_ms;
    }

    pub fn is_observed(&self) -> bool {
        self.observed_ms > 0
    }

    pub fn rate(&self) -> f64 {
        if self.observed_ms > 0 { self.calls * 1e3 / self.observed_ms as f64 } else { 0.0 }
    }

    pub fn error_ratio(&self) -> Option<f64> {
        (self.calls > 0.0).then(|| (self.errors / self.calls).clamp(0.0, 1.0))
    }

    /// p50, p95 and p99 in milliseconds.
    pub fn percentiles_ms(&self) -> [Option<f64>; 3] {
        QUANTILES.map(|q| {
            let (seconds, _) = self.durations.quantile(q);
            (self.durations.count > 0.0 && seconds.is_finite()).then_some(seconds * 1e3)
        })
    }

    pub fn red(&self) -> Red {
        let [p50_ms, p95_ms, p99_ms] = self.percentiles_ms();
        Red {
            calls: self.calls,
            rate: self.rate(),
            errors: self.errors,
            error_ratio: self.error_ratio(),
            p50_ms,
            p95_ms,
            p99_ms,
        }
    }
}

/// Exponential histograms always combine; an empty one takes over the other's resolution.
pub fn add_histogram(into: &mut Histogram, other: &Histogram) {
    if other.count == 0.0 {
        return;
    }
    if into.count == 0.0 {
        *into = other.clone();
    } else {
        let _ = into.add(other);
    }
}
