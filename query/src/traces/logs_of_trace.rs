//! The log records that belong to a trace.

use crate::Error;
use crate::http::run::Budget;
use crate::logs::filter::id::IdTest;
use crate::logs::filter::{Filter, Leaf};
use crate::logs::scan::{Chunk, Collector, Scan};
use ocelli_api::{TimeRange, UnixNano};
use ocelli_signal::Signal;
use ocelli_storage::Snapshot;

/// Records are looked for this long before the first span and after the last: clocks differ, and
/// some are written when the span has ended.
const SLACK_NS: i64 = 60_000_000_000;

/// How many records carry the trace id around the time of the trace; and why the count is too low,
/// if it may be.
pub fn count_logs(
    snapshot: &Snapshot,
    trace_id: &[u8; 16],
    start: i64,
    end: i64,
    budget: &Budget,
) -> Result<(u64, Option<String>), Error> {
    let (from, to) = (start.saturating_sub(SLACK_NS), end.saturating_add(SLACK_NS));
    let range = TimeRange { from: UnixNano(from), to: UnixNano(to) };
    let test = IdTest::Equals(trace_id.to_vec());
    let filter = Filter::Leaf(Leaf::Id { column: "trace_id", test });
    let scan = Scan {
        filter: &filter,
        signal: Signal::Logs,
        range,
        columns: &[],
        attributes: &[],
        newest_first: false,
    };
    let mut count = Count(0);
    let partial = scan.run(&snapshot.sources(Signal::Logs, from, to), budget, &mut count)?;
    Ok((count.0, partial))
}

struct Count(u64);

impl Collector for Count {
    fn take(&mut self, chunk: &Chunk<'_>) -> Result<(), Error> {
        self.0 += chunk.passed.count() as u64;
        Ok(())
    }

    fn reads_values(&self) -> bool {
        true
    }
}
