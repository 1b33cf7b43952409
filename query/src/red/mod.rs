//! Rate, errors and duration of services, operations and edges, from the metrics that are made of
//! all spans at ingest.
//!
//! Figures are exact: a counter's increase is the difference of its points, with the resets that
//! their start times tell, and nothing is extrapolated. A rate is calls per second of the time that
//! was observed, so that neither a service that is new nor a step that has just begun looks slow.

mod cells;
mod dependencies;
mod edges;
mod exemplars;
mod grid;
mod group;
mod increase;
mod operations;
mod service;
mod services;
#[cfg(test)]
mod tests;

pub use dependencies::{Dependency, dependencies};
pub use edges::graph;
pub use operations::{Operation, operations};
pub use service::service;
pub use services::services;

use crate::Error;
use crate::http::run::Budget;
use ocelli_api::TimeRange;
use ocelli_signal::attributes::Attributes;
use ocelli_signal::{Series, value_text};
use ocelli_storage::{OfMetrics, SeriesPoints, Snapshot};

/// The OTLP names of the metrics that ingest makes of spans.
pub const DURATION: &str = "traces.span.metrics.duration";
pub const EDGE_REQUESTS: &str = "traces_service_graph_request";
pub const EDGE_FAILED: &str = "traces_service_graph_request_failed";
pub const EDGE_SERVER: &str = "traces_service_graph_request_server";
pub const EDGE_CLIENT: &str = "traces_service_graph_request_client";

/// What a percentile is read at.
const QUANTILES: [f64; 3] = [0.5, 0.95, 0.99];

/// Reads the series of some metrics that pass, with the point at the very end of the range, which stands for the
/// time before it, and beginning so much before the range that the first step has a
/// neighbour to be compared with.
fn read(
    snapshot: &Snapshot,
    grid: &grid::Grid,
    range: &TimeRange,
    budget: &Budget,
    names: &[&str],
    passes: impl Fn(&Series) -> bool,
) -> Result<Vec<SeriesPoints>, Error> {
    budget.check()?;
    let from_ns = grid.read_from_ms().saturating_mul(1_000_000);
    let read = snapshot.series(&mut OfMetrics { names, passes }, from_ns, range.to.0)?;
    for series in &read {
        budget.scanned(series.points.len() as u64, series.points.bytes() as u64);
    }
    Ok(read)
}

/// An attribute of a series as text; empty where it has none.
fn attribute(series: &Series, key: &str) -> String {
    Attributes::of_column(&series.attributes)
        .get(key)
        .map(|value| value_text::display(&value))
        .unwrap_or_default()
}
