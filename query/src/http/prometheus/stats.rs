//! `stats` of an answer: times and samples as Prometheus tells them, and what was read for it.

use crate::http::run::Budget;
use crate::promql::engine::SampleCounts;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// How much is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    Nothing,
    Sums,
    /// Samples at each step too: `stats=all`.
    Steps,
}

impl Wanted {
    pub fn of(parameter: Option<&str>) -> Wanted {
        match parameter {
            None => Wanted::Nothing,
            Some("all") => Wanted::Steps,
            Some(_) => Wanted::Sums,
        }
    }
}

/// What is told about one query.
pub struct Told<'a> {
    pub samples: &'a SampleCounts,
    pub start_ms: i64,
    pub step_ms: i64,
    /// How long it waited for its turn, and how long it was worked on.
    pub queued: Duration,
    pub evaluated: Duration,
}

/// The value of `stats`; none where it is not wanted.
pub fn stats(wanted: Wanted, told: &Told, budget: &Budget) -> Option<Value> {
    if wanted == Wanted::Nothing {
        return None;
    }
    let Told { samples, start_ms, step_ms, queued, evaluated } = told;
    let mut counts = Map::new();
    if wanted == Wanted::Steps {
        let step = |(at, count): (usize, &u64)| {
            let time_ms = start_ms + at as i64 * step_ms;
            json!([time_ms as f64 / 1e3, count])
        };
        let steps: Vec<Value> = samples.touched.iter().enumerate().map(step).collect();
        counts.insert("totalQueryableSamplesPerStep".to_owned(), steps.into());
    }
    counts.insert("totalQueryableSamples".to_owned(), samples.touched.iter().sum::<u64>().into());
    counts.insert("peakSamples".to_owned(), samples.peak.into());
    let read = budget.stats();
    Some(json!({
        "timings": {
            "evalTotalTime": evaluated.as_secs_f64(),
            "resultSortTime": 0,
            "queryPreparationTime": 0,
            "innerEvalTime": evaluated.as_secs_f64(),
            "execQueueTime": queued.as_secs_f64(),
            "execTotalTime": (*queued + *evaluated).as_secs_f64(),
        },
        "samples": counts,
        // What Prometheus does not tell: points that were read from memory and files, and their bytes.
        "scanned": { "points": read.rows_scanned, "bytes": read.bytes_scanned },
    }))
}
