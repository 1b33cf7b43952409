//! Which operations services have. No point is read.

use super::service::kind_word;
use super::{DURATION, attribute};
use crate::Error;
use crate::http::run::Budget;
use ocelli_api::TimeRange;
use ocelli_signal::Series;
use ocelli_storage::{OfMetrics, Snapshot};
use std::collections::BTreeSet;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Operation {
    pub service: String,
    /// The span name.
    pub name: String,
    /// `server`, `client`, `producer`, `consumer`, `internal` or `unspecified`.
    pub kind: String,
}

/// Every operation whose span metrics may have points in the range, by service, name and kind.
pub fn operations(
    snapshot: &Snapshot,
    range: &TimeRange,
    budget: &Budget,
) -> Result<BTreeSet<Operation>, Error> {
    let mut operations = BTreeSet::new();
    let mut of_metric = OfMetrics { names: &[DURATION], passes: |_: &Series| true };
    let to_ns = range.to.0.saturating_sub(1);
    snapshot.chunks(&mut of_metric, range.from.0, to_ns, |_, found| {
        budget.check()?;
        for series in found.rows.iter().map(|row| found.chunk.series(row)) {
            let service = attribute(&series, "service.name");
            if !service.is_empty() {
                let kind = kind_word(&attribute(&series, "span.kind"));
                operations.insert(Operation { service, name: attribute(&series, "span.name"), kind });
            }
        }
        Ok::<_, Error>(())
    })?;
    Ok(operations)
}
