//! Series made of spans: how many, how long, over time and by attribute.
//!
//! A query of which every span can be judged alone walks the columns once; any other is evaluated
//! trace by trace. A step is the half-open time from its start; a rate is per second of that part of
//! a step that lies in the range.

mod cells;
mod compare;
mod groups;
mod second;
mod walk;

pub use compare::COMPARED;
pub use walk::metrics;

use super::Value;
use super::ast::Query;
use crate::Error;
use ocelli_api::TimeRange;

/// Series before `topk`; more is a query that groups by too much.
pub const MAX_SERIES: usize = 10_000;
/// Points of a whole answer.
pub const MAX_POINTS: usize = 1_000_000;
/// Exemplars of one series.
pub const MAX_EXEMPLARS: usize = 100;

pub struct MetricsSearch<'a> {
    pub query: &'a Query,
    /// Of the starts of spans.
    pub range: TimeRange,
    pub step_ns: i64,
    /// Steps that a series may have.
    pub most_steps: usize,
    /// Exemplars that are kept of each series.
    pub exemplars: usize,
    /// Memory for what is known of the traces that are met.
    pub memory_bytes: u64,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct MetricsAnswer {
    pub steps: Steps,
    /// By their labels.
    pub series: Vec<Series>,
    /// Why spans may be missing, if so.
    pub partial: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    pub labels: Vec<(String, Value<'static>)>,
    /// One a step; durations in seconds. `None` where no span tells.
    pub values: Vec<Option<f64>>,
    pub exemplars: Vec<Exemplar>,
}

/// A span that a value is made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exemplar {
    pub time: i64,
    pub value: f64,
    pub trace_id: [u8; 16],
    pub span_id: [u8; 8],
}

/// Equal steps whose starts are multiples of their length, over a range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Steps {
    /// The start of the first.
    pub start: i64,
    pub step_ns: i64,
    pub count: usize,
}

impl Steps {
    pub fn over(range: TimeRange, step_ns: i64, most: usize) -> Result<Steps, Error> {
        let step_ns = step_ns.max(1);
        let start = range.from.0.div_euclid(step_ns).saturating_mul(step_ns);
        let length = i128::from(range.to.0) - i128::from(start);
        let count = (length.max(0) as u128).div_ceil(step_ns as u128);
        if count > most as u128 {
            let message = format!(
                "the range has {count} steps and {most} is the limit; ask for a longer step or a shorter range"
            );
            return Err(Error::LimitExceeded(message));
        }
        Ok(Steps { start, step_ns, count: count as usize })
    }

    /// The step of a time in the range.
    pub fn of(&self, time: i64) -> Option<usize> {
        let at = time.checked_sub(self.start)?.div_euclid(self.step_ns);
        usize::try_from(at).ok().filter(|at| *at < self.count)
    }

    /// Seconds of a step that lie in the range.
    pub fn seconds(&self, step: usize, range: TimeRange) -> f64 {
        let start = self.start + step as i64 * self.step_ns;
        let end = start.saturating_add(self.step_ns).min(range.to.0);
        (end - start.max(range.from.0)) as f64 / 1e9
    }
}

/// A value as the number that series are of: durations in seconds.
pub fn number(value: &Value<'_>) -> Option<f64> {
    let number = match value {
        Value::Duration(ns) => *ns as f64 / 1e9,
        other => other.as_f64()?,
    };
    number.is_finite().then_some(number)
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod steps_tests {
    use super::*;
    use ocelli_api::UnixNano;

    #[test]
    fn steps_cover_the_range() {
        let range = TimeRange { from: UnixNano(25), to: UnixNano(61) };
        let steps = Steps::over(range, 10, 100).unwrap();
        assert_eq!(steps, Steps { start: 20, step_ns: 10, count: 5 });
        assert_eq!((steps.of(25), steps.of(60), steps.of(70), steps.of(19)), (Some(0), Some(4), None, None));
        let lengths: f64 = (0..5).map(|step| steps.seconds(step, range)).sum();
        assert!((lengths * 1e9 - 36.0).abs() < 1e-6);
        let all = TimeRange { from: UnixNano(i64::MIN), to: UnixNano(i64::MAX) };
        assert!(Steps::over(all, 1, 11_000).unwrap_err().to_string().contains("11000 is the limit"));
    }
}
