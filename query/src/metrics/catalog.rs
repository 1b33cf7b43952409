//! Which metrics there are, and what they cost.

use super::tally::{SEEN_BYTES, Seen, Tally};
use crate::Error;
use crate::http::run::Budget;
use crate::promql::otlp::names::metric_name;
use ocelli_api::TimeRange;
use ocelli_api::metrics::MetricSummary;
use ocelli_signal::{Kind, Series, prometheus};
use ocelli_storage::Snapshot;
use std::collections::{BTreeMap, HashMap};

type Metrics = BTreeMap<(String, Kind, String), MetricSummary>;

/// Every metric that may have points in the range, by name, kind and unit. No point is read.
pub fn metrics(snapshot: &Snapshot, range: &TimeRange, budget: &Budget) -> Result<Vec<MetricSummary>, Error> {
    let (mut metrics, mut seen) = (Metrics::new(), Seen::default());
    let to_ns = range.to.0.saturating_sub(1);
    snapshot.chunks(&mut |_: &Series| true, range.from.0, to_ns, |_, found| {
        budget.check()?;
        let before = seen.len();
        // Neighbours mostly are of one metric, and a metric of a chunk has one place.
        let mut tallies: HashMap<(*const Series, bool), (&Series, Tally)> = HashMap::new();
        for (row, tally) in seen.tally(found, found.rows) {
            let metric = found.chunk.metric(row);
            let native = prometheus::is_native_scope(&found.chunk.origin(row).scope);
            let known = tallies.entry((std::ptr::from_ref(metric), native));
            known.or_insert((metric, Tally::default())).1 += tally;
        }
        for ((_, native), (metric, tally)) in tallies {
            add(&mut metrics, metric, native, tally);
        }
        budget.keep((seen.len() - before) * SEEN_BYTES)
    })?;
    Ok(metrics.into_values().collect())
}

fn add(metrics: &mut Metrics, metric: &Series, native: bool, tally: Tally) {
    let (name, unit) = (metric.name.to_string(), metric.unit.to_string());
    let summary = metrics.entry((name.clone(), metric.kind, unit.clone())).or_insert_with(|| MetricSummary {
        prometheus_name: if native { name.clone() } else { metric_name(metric) },
        name,
        kind: metric.kind.as_str().to_owned(),
        unit,
        ..MetricSummary::default()
    });
    summary.series += tally.series;
    summary.points += tally.points;
    summary.bytes += tally.bytes as u64;
    if !metric.description.is_empty() {
        summary.description = metric.description.to_string();
    }
}
