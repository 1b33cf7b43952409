//! Who calls a service and whom it calls, from the service-graph metrics.

use super::grid::Grid;
use super::group::{Group, Role};
use super::{EDGE_CLIENT, EDGE_FAILED, EDGE_REQUESTS, EDGE_SERVER, attribute, read};
use crate::Error;
use crate::http::run::Budget;
use ocelli_api::TimeRange;
use ocelli_api::services::{Edge, GraphEdge};
use ocelli_signal::Series;
use ocelli_storage::{SeriesPoints, Snapshot};
use std::collections::BTreeMap;

/// Callers and callees, each busiest first.
pub fn neighbours(
    snapshot: &Snapshot,
    service: &str,
    grid: &Grid,
    range: &TimeRange,
    budget: &Budget,
) -> Result<(Vec<Edge>, Vec<Edge>), Error> {
    let wanted =
        |series: &Series| attribute(series, "client") == service || attribute(series, "server") == service;
    let names = [EDGE_REQUESTS, EDGE_FAILED, EDGE_SERVER, EDGE_CLIENT];
    let series = read(snapshot, grid, range, budget, &names, wanted)?;
    let mut callers = Edges::new(grid, EDGE_SERVER, EDGE_CLIENT);
    let mut callees = Edges::new(grid, EDGE_CLIENT, EDGE_SERVER);
    for series in &series {
        budget.check()?;
        let (client, server) = (attribute(&series.series, "client"), attribute(&series.series, "server"));
        if server == service {
            callers.add(&client, series);
        }
        if client == service {
            callees.add(&server, series);
        }
    }
    Ok((callers.finish()?, callees.finish()?))
}

/// Every edge, busiest first. The duration is that which the server measured, else the client's.
pub fn graph(snapshot: &Snapshot, range: &TimeRange, budget: &Budget) -> Result<Vec<GraphEdge>, Error> {
    let grid = Grid::of(range);
    let names = [EDGE_REQUESTS, EDGE_FAILED, EDGE_SERVER, EDGE_CLIENT];
    let series = read(snapshot, &grid, range, budget, &names, |_| true)?;
    let mut of_client: BTreeMap<String, Edges<'_>> = BTreeMap::new();
    for series in &series {
        budget.check()?;
        let (client, server) = (attribute(&series.series, "client"), attribute(&series.series, "server"));
        let edges = of_client.entry(client).or_insert_with(|| Edges::new(&grid, EDGE_SERVER, EDGE_CLIENT));
        edges.add(&server, series);
    }
    let mut all = Vec::new();
    for (client, edges) in of_client {
        budget.check()?;
        let edge = |edge: Edge| GraphEdge {
            client: client.clone(),
            server: edge.name,
            connection_type: edge.connection_type,
            red: edge.red,
        };
        all.extend(edges.finish()?.into_iter().map(edge));
    }
    all.sort_by(|a, b| b.red.calls.total_cmp(&a.red.calls));
    Ok(all)
}

/// Edges by the neighbour's name and the connection's type.
struct Edges<'a> {
    grid: &'a Grid,
    /// The duration as this side measured it, else as the other one did.
    durations: [&'static str; 2],
    found: BTreeMap<(String, String), Vec<&'a SeriesPoints>>,
}

impl<'a> Edges<'a> {
    fn new(grid: &'a Grid, own: &'static str, other: &'static str) -> Edges<'a> {
        Edges { grid, durations: [own, other], found: BTreeMap::new() }
    }

    fn add(&mut self, neighbour: &str, series: &'a SeriesPoints) {
        let connection = attribute(&series.series, "connection_type");
        self.found.entry((neighbour.to_owned(), connection)).or_default().push(series);
    }

    fn finish(self) -> Result<Vec<Edge>, Error> {
        let mut edges = Vec::new();
        for ((name, connection_type), series) in self.found {
            let mut group = Group::new(self.grid);
            let named =
                |wanted: &'static str| series.iter().filter(move |series| &*series.series.name == wanted);
            for (wanted, role) in [(EDGE_REQUESTS, Role::Calls), (EDGE_FAILED, Role::Errors)] {
                named(wanted).try_for_each(|series| group.add(series, role))?;
            }
            for wanted in self.durations {
                if !group.has_durations() {
                    named(wanted).try_for_each(|series| group.add(series, Role::Durations))?;
                }
            }
            if group.calls() > 0.0 {
                edges.push(Edge { name, connection_type, red: group.finish().0 });
            }
        }
        edges.sort_by(|a, b| b.red.calls.total_cmp(&a.red.calls));
        Ok(edges)
    }
}
