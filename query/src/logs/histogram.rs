//! How many records passed a filter, by severity over time.

use super::filter::{Filter, column};
use super::scan::{Chunk, Collector, Mergeable, Scan};
use super::step::readable_step_ms;
use crate::Error;
use crate::http::run::Budget;
use arrow::array::Int32Array;
use ocelli_api::TimeRange;
use ocelli_api::logs::{LogHistogramResponse, SeverityCounts, severity_class};
use ocelli_signal::Signal;
use ocelli_storage::Snapshot;

/// Worst first; every answer has all of them, so that a chart's layers stay where they are.
const CLASSES: [&str; 7] = ["fatal", "error", "warn", "info", "debug", "trace", "unset"];
const MILLISECOND: i64 = 1_000_000;

/// Counts into about `buckets` buckets of a readable width, aligned to it.
pub fn histogram(
    snapshot: &Snapshot,
    filter: &Filter,
    range: TimeRange,
    buckets: i64,
    budget: &Budget,
) -> Result<LogHistogramResponse, Error> {
    let buckets = Buckets::new(range, buckets);
    let mut counts = Counts::new(buckets);
    let sources = snapshot.sources(Signal::Logs, range.from.0, range.to.0.saturating_sub(1));
    let columns = &["severity_number"];
    let scan = Scan { filter, signal: Signal::Logs, range, columns, attributes: &[], newest_first: false };
    let partial = scan.run_on_cores(&sources, budget, &mut counts)?;
    let mut stats = budget.stats();
    stats.partial = partial;
    let series: Vec<SeverityCounts> = CLASSES
        .iter()
        .zip(counts.of_class)
        .map(|(class, counts)| SeverityCounts { severity: (*class).to_owned(), counts })
        .collect();
    let total = series.iter().flat_map(|series| &series.counts).sum();
    let Buckets { start_ms, step_ms, .. } = buckets;
    Ok(LogHistogramResponse {
        range,
        start_ms,
        step_ms,
        series,
        total,
        stats,
        ..LogHistogramResponse::default()
    })
}

/// Buckets of time of a readable width.
#[derive(Clone, Copy, Debug)]
pub struct Buckets {
    pub start_ms: i64,
    pub step_ms: i64,
    pub count: usize,
}

impl Buckets {
    /// About so many over a range.
    pub fn new(range: TimeRange, buckets: i64) -> Buckets {
        let step_ms = readable_step_ms(range.duration_ns(), buckets);
        let start_ms = range.from.0.div_euclid(step_ms * MILLISECOND) * step_ms;
        let last =
            (range.to.0 - 1).saturating_sub(start_ms.saturating_mul(MILLISECOND)) / (step_ms * MILLISECOND);
        Buckets { start_ms, step_ms, count: usize::try_from(last).unwrap_or_default().saturating_add(1) }
    }

    /// Which one a time of the range is in.
    pub fn of(&self, time: i64) -> usize {
        (time.saturating_sub(self.start_ms.saturating_mul(MILLISECOND)) / (self.step_ms * MILLISECOND))
            as usize
    }
}

struct Counts {
    start_ns: i64,
    step_ns: i64,
    of_class: [Vec<u64>; CLASSES.len()],
    /// Index into `CLASSES` of every `SeverityNumber`.
    class: [usize; 25],
}

impl Counts {
    fn new(buckets: Buckets) -> Counts {
        let (start_ns, step_ns) =
            (buckets.start_ms.saturating_mul(MILLISECOND), buckets.step_ms * MILLISECOND);
        let position = |number: usize| {
            let class = severity_class(number as i32);
            CLASSES.iter().position(|name| *name == class).unwrap_or(CLASSES.len() - 1)
        };
        let class = std::array::from_fn(position);
        Counts { start_ns, step_ns, of_class: std::array::from_fn(|_| vec![0; buckets.count]), class }
    }
}

impl Collector for Counts {
    fn take(&mut self, chunk: &Chunk<'_>) -> Result<(), Error> {
        let severities: &Int32Array = column(chunk.batch, "severity_number")?;
        for row in chunk.passed.iter() {
            let bucket = (chunk.times.value(row).saturating_sub(self.start_ns) / self.step_ns) as usize;
            let number = usize::try_from(severities.value(row)).unwrap_or_default();
            let class = self.class.get(number).copied().unwrap_or(self.class[0]);
            self.of_class[class][bucket] += 1;
        }
        Ok(())
    }

    fn reads_values(&self) -> bool {
        true
    }
}

impl Mergeable for Counts {
    fn fork(&self) -> Counts {
        let of_class = std::array::from_fn(|class| vec![0; self.of_class[class].len()]);
        Counts { of_class, ..*self }
    }

    fn merge(&mut self, other: Counts) -> Result<(), Error> {
        let pairs = self.of_class.iter_mut().flatten().zip(other.of_class.iter().flatten());
        pairs.for_each(|(own, more)| *own += more);
        Ok(())
    }
}
