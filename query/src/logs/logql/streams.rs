//! Which streams there are, with their lines and bytes.

use super::ast::LogQuery;
use super::narrow;
use super::stream::StreamRows;
use crate::Error;
use crate::http::run::Budget;
use crate::logs::filter::column;
use crate::logs::meter::Meter;
use crate::logs::scan::{Chunk, Collector, Mergeable, Scan};
use crate::promql::labels::Labels;
use crate::promql::select::Matcher;
use arrow::array::StringArray;
use ocelli_api::TimeRange;
use ocelli_signal::Signal;
use ocelli_storage::Snapshot;
use std::collections::BTreeMap;

/// What a stream takes in memory, about.
const STREAM_BYTES: usize = 1_024;

/// Of a stream in a range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    pub lines: u64,
    /// Of the lines; 0 where they are not asked for.
    pub bytes: u64,
}

/// Streams by their labels, and why some may be missing.
pub type Streams = (BTreeMap<Labels, Total>, Option<String>);

/// The streams that any of some selectors finds.
pub fn streams(
    snapshot: &Snapshot,
    selectors: &[Vec<Matcher>],
    range: TimeRange,
    with_bytes: bool,
    budget: &Budget,
) -> Result<Streams, Error> {
    let mut all = BTreeMap::new();
    let mut partial = None;
    for matchers in selectors {
        let query = LogQuery { matchers: matchers.clone(), stages: Vec::new() };
        let (found, ended) = of_query(snapshot, &query, range, with_bytes, budget)?;
        all.extend(found);
        partial = partial.or(ended);
    }
    Ok((all, partial))
}

/// The streams of lines that pass a selector and the first tests of lines.
pub fn of_query(
    snapshot: &Snapshot,
    query: &LogQuery,
    range: TimeRange,
    with_bytes: bool,
    budget: &Budget,
) -> Result<Streams, Error> {
    let filter = narrow::streams_and_lines(query);
    let sources = snapshot.sources(Signal::Logs, range.from.0, range.to.0.saturating_sub(1));
    let columns: &[&'static str] = if with_bytes { &["resource", "body"] } else { &["resource"] };
    let scan =
        Scan { filter: &filter, signal: Signal::Logs, range, columns, attributes: &[], newest_first: false };
    let mut found = Found { totals: BTreeMap::new(), with_bytes, meter: Meter::new(budget) };
    let partial = scan.run_on_cores(&sources, budget, &mut found)?;
    Ok((found.totals, partial))
}

struct Found<'b> {
    totals: BTreeMap<Labels, Total>,
    with_bytes: bool,
    meter: Meter<'b>,
}

impl Found<'_> {
    fn add(&mut self, labels: Labels, more: Total) -> Result<(), Error> {
        if !self.totals.contains_key(&labels) {
            self.meter.add(STREAM_BYTES)?;
        }
        let total = self.totals.entry(labels).or_default();
        total.lines += more.lines;
        total.bytes += more.bytes;
        Ok(())
    }
}

impl Collector for Found<'_> {
    fn take(&mut self, chunk: &Chunk<'_>) -> Result<(), Error> {
        let bodies: Option<&StringArray> =
            if self.with_bytes { Some(column(chunk.batch, "body")?) } else { None };
        let streams = StreamRows::of(chunk.batch)?;
        let mut totals = vec![(Total::default(), 0); streams.keys()];
        for row in chunk.passed.iter() {
            let (total, any_row) = &mut totals[streams.key(row)];
            *any_row = row;
            total.lines += 1;
            total.bytes += bodies.map_or(0, |bodies| bodies.value_length(row) as u64);
        }
        for (total, any_row) in totals.into_iter().filter(|(total, _)| total.lines > 0) {
            let pairs = streams.origin(any_row).stream.iter();
            self.add(Labels::new(pairs.map(|(name, value)| (name.as_str(), value.as_str()))), total)?;
        }
        Ok(())
    }

    fn reads_values(&self) -> bool {
        true
    }
}

impl Mergeable for Found<'_> {
    fn fork(&self) -> Self {
        Found { totals: BTreeMap::new(), with_bytes: self.with_bytes, meter: self.meter.fork() }
    }

    fn merge(&mut self, other: Self) -> Result<(), Error> {
        other.totals.into_iter().try_for_each(|(labels, total)| self.add(labels, total))
    }
}
