//! Counts of events that the rules have recorded.

use crate::Error;
use crate::http::Api;
use crate::http::run::Budget;
use crate::promql::labels::Labels;
use crate::promql::otlp::select_from;
use crate::promql::value::Sample;
use crate::promql::{Data, Query, duration_text, run};
use crate::rules::Language;
use crate::rules::language::of_events;
use crate::slo::Slo;
use crate::slo::budget::{Counts, Slot};
use crate::slo::rules::{BAD, TOTAL, selector};
use crate::slo::spend::Dimension;
use ocelli_storage::Snapshot;
use std::collections::BTreeMap;

pub(super) type ByTime = BTreeMap<i64, f64>;

pub(super) fn ask(api: &Api, snapshot: &Snapshot, budget: &Budget, query: Query) -> Result<Data, Error> {
    let query = Query { max_samples: api.limits.samples, ..query };
    let mut select = |selection: &_| {
        select_from(api.stored(snapshot), selection, &|rows, bytes| budget.scanned(rows, bytes))
    };
    Ok(run(&query, &mut select, &|| budget.check())?.data)
}

/// What the rules have recorded, from a time to another.
pub fn counts(
    api: &Api,
    snapshot: &Snapshot,
    budget: &Budget,
    slo: &Slo,
    from_ms: i64,
    to_ms: i64,
) -> Result<Counts, Error> {
    let range = duration_text((to_ms - from_ms).max(1));
    let read = |name: &str| -> Result<ByTime, Error> {
        let text = format!("{name}{}[{range}]", selector(slo));
        Ok(by_time(ask(api, snapshot, budget, Query::instant(&text, to_ms))?))
    };
    Ok(joined(slo, &read(TOTAL)?, &read(BAD)?))
}

pub(super) fn joined(slo: &Slo, totals: &ByTime, bads: &ByTime) -> Counts {
    let slot = |(time_ms, total): (&i64, &f64)| {
        Some(Slot { time_ms: *time_ms, total: *total, bad: *bads.get(time_ms)? })
    };
    let counts = Counts::new(slo.interval_ms(), totals.iter().filter_map(slot).collect());
    if slo.shape.by_traffic { counts.by_traffic_of(slo.window.nominal_ms()) } else { counts }
}

pub(super) fn by_time(data: Data) -> ByTime {
    let Data::Matrix(series) = data else { return ByTime::new() };
    let samples = series.into_iter().flat_map(|(_, samples)| samples);
    samples
        .filter_map(|(time, sample)| Some((time, sample.float().filter(|value| value.is_finite())?)))
        .collect()
}

/// One number by the values of a dimension.
pub fn by_label(
    api: &Api,
    snapshot: &Snapshot,
    budget: &Budget,
    of: &Dimension,
    expr: &str,
    at_ms: i64,
) -> Result<BTreeMap<String, f64>, Error> {
    let data = match of.language {
        Language::PromQl => ask(api, snapshot, budget, Query::instant(expr, at_ms))?,
        language => of_events(language, expr, at_ms, snapshot, api.limits.samples, budget)?.data,
    };
    let Data::Vector(_, found) = data else { return Ok(BTreeMap::new()) };
    let value =
        |(labels, sample): &(Labels, Sample)| Some((labels.get(of.label).to_owned(), sample.float()?));
    let mut sums = BTreeMap::new();
    for (label, count) in found.iter().filter_map(value).filter(|(_, count)| *count > 0.0) {
        *sums.entry(label).or_insert(0.0) += count;
    }
    Ok(sums)
}
