//! One service: its figures, operations, neighbours and examples.

use super::grid::Grid;
use super::group::{Group, Role};
use super::services::{Entrances, is_entry, is_error};
use super::{DURATION, attribute, edges, exemplars, read};
use crate::Error;
use crate::http::run::Budget;
use ocelli_api::TimeRange;
use ocelli_api::services::{OperationSummary, ServiceResponse};
use ocelli_signal::Series;
use ocelli_storage::Snapshot;
use std::collections::BTreeMap;

/// A service that had no spans in the range has no calls, no operations and no neighbours.
pub fn service(
    snapshot: &Snapshot,
    name: &str,
    range: &TimeRange,
    budget: &Budget,
) -> Result<ServiceResponse, Error> {
    let grid = Grid::of(range);
    let of_service = |series: &Series| attribute(series, "service.name") == name;
    let series = read(snapshot, &grid, range, budget, &[DURATION], of_service)?;
    let mut whole = Entrances::new(&grid);
    let mut operations: BTreeMap<(String, String), Group> = BTreeMap::new();
    for series in &series {
        budget.check()?;
        whole.add(series)?;
        let key = (attribute(&series.series, "span.name"), attribute(&series.series, "span.kind"));
        let role = Role::CallsAndDurations { failed: is_error(&series.series) };
        operations.entry(key).or_insert_with(|| Group::new(&grid)).add(series, role)?;
    }
    let entry_only = whole.has_entry();
    let examples =
        exemplars::choose(series.iter().filter(|series| !entry_only || is_entry(&series.series)), &grid);
    let (callers, callees) = edges::neighbours(snapshot, name, &grid, range, budget)?;
    let (red, chart) = whole.chosen().finish();
    Ok(ServiceResponse {
        range: *range,
        name: name.to_owned(),
        red,
        series: chart,
        operations: busiest_first(operations),
        callers,
        callees,
        exemplars: examples,
        stats: budget.stats(),
    })
}

fn busiest_first(operations: BTreeMap<(String, String), Group>) -> Vec<OperationSummary> {
    let mut all: Vec<OperationSummary> = operations
        .into_iter()
        .filter(|(_, group)| group.calls() > 0.0)
        .map(|((name, kind), group)| OperationSummary { name, kind: kind_word(&kind), red: group.finish().0 })
        .collect();
    all.sort_by(|a, b| b.red.calls.total_cmp(&a.red.calls));
    all
}

/// `SPAN_KIND_SERVER` is `server`.
pub fn kind_word(kind: &str) -> String {
    kind.strip_prefix("SPAN_KIND_").unwrap_or("unspecified").to_ascii_lowercase()
}
