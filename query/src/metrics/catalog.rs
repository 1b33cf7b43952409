//! Which metrics there are.

use crate::Error;
use crate::http::run::Budget;
use crate::promql::otlp::names::metric_name;
use ocelli_api::TimeRange;
use ocelli_api::metrics::MetricSummary;
use ocelli_signal::{Kind, Series};
use ocelli_storage::Snapshot;
use std::collections::BTreeMap;

/// Every metric that may have points in the range, by name, kind and unit. No point is read.
pub fn metrics(snapshot: &Snapshot, range: &TimeRange, budget: &Budget) -> Result<Vec<MetricSummary>, Error> {
    budget.check()?;
    let mut found: BTreeMap<(String, Kind, String), MetricSummary> = BTreeMap::new();
    let mut note = |series: &Series| {
        let key = (series.name.to_string(), series.kind, series.unit.to_string());
        let summary = found.entry(key).or_insert_with(|| MetricSummary {
            name: series.name.to_string(),
            prometheus_name: metric_name(series),
            kind: series.kind.as_str().to_owned(),
            unit: series.unit.to_string(),
            description: String::new(),
            series: 0,
        });
        summary.series += 1;
        if !series.description.is_empty() {
            summary.description = series.description.to_string();
        }
        false
    };
    snapshot.series(&mut note, range.from.0, range.to.0.saturating_sub(1))?;
    Ok(found.into_values().collect())
}
