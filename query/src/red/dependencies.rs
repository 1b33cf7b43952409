//! How often which service called which, from the service-graph metrics.

use super::grid::Grid;
use super::group::{Group, Role};
use super::{EDGE_REQUESTS, attribute, read};
use crate::Error;
use crate::http::run::Budget;
use ocelli_api::TimeRange;
use ocelli_storage::Snapshot;
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq)]
pub struct Dependency {
    pub client: String,
    pub server: String,
    /// In the range.
    pub calls: f64,
}

/// Every edge with a call in the range, by its ends.
pub fn dependencies(
    snapshot: &Snapshot,
    range: &TimeRange,
    budget: &Budget,
) -> Result<Vec<Dependency>, Error> {
    let grid = Grid::of(range);
    let series = read(snapshot, &grid, range, budget, &[EDGE_REQUESTS], |_| true)?;
    let mut edges: BTreeMap<(String, String), Group> = BTreeMap::new();
    for series in &series {
        budget.check()?;
        let ends = (attribute(&series.series, "client"), attribute(&series.series, "server"));
        edges.entry(ends).or_insert_with(|| Group::new(&grid)).add(series, Role::Calls)?;
    }
    let dependency = |((client, server), group): ((String, String), Group)| Dependency {
        client,
        server,
        calls: group.calls(),
    };
    Ok(edges.into_iter().map(dependency).filter(|edge| edge.calls > 0.0).collect())
}
