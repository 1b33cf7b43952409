//! `index/stats`, `index/volume` and `index/volume_range`: how much there is of which stream.

use super::FormParams;
use super::answer::{LokiAnswer, Refused, read, stats as cost, success};
use super::labels::object;
use super::params::{HOUR, count, range as bounds, step_ms};
use super::query::check_points;
use crate::Error;
use crate::http::Api;
use crate::http::params::Params;
use crate::http::run::{Budget, run};
use crate::logs::logql::metric::{Grid, RangeSeries, bytes_of_streams};
use crate::logs::logql::parse_selector;
use crate::logs::logql::stream::stream_names;
use crate::logs::logql::streams::streams;
use crate::promql::labels::Labels;
use crate::promql::select::Matcher;
use crate::promql::value::format_float;
use axum::Json;
use axum::extract::State;
use ocelli_api::TimeRange;
use ocelli_signal::Signal;
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub async fn stats(State(api): State<Api>, FormParams(params): FormParams) -> Result<Json<Value>, Refused> {
    let range = bounds(&params, api.now(), HOUR)?;
    let matchers = read(params.get("query").unwrap_or_default(), parse_selector)?;
    let answer = run(&api, move |api, budget| {
        let snapshot = budget.snapshot(api);
        let (found, _) = streams(&snapshot, &[matchers], range, true, budget)?;
        let files = snapshot.sources(Signal::Logs, range.from.0, range.to.0.saturating_sub(1)).len();
        let lines: u64 = found.values().map(|total| total.lines).sum();
        let bytes: u64 = found.values().map(|total| total.bytes).sum();
        let chunks = if found.is_empty() { 0 } else { files };
        Ok(json!({ "streams": found.len(), "chunks": chunks, "bytes": bytes, "entries": lines }))
    });
    Ok(Json(answer.await?))
}

/// What is asked: bytes of streams by some of their labels, or of labels by their names.
struct Asked {
    matchers: Vec<Matcher>,
    range: TimeRange,
    /// The labels that tell volumes apart.
    by: Vec<String>,
    by_names: bool,
    limit: usize,
}

impl Asked {
    fn of(params: &Params, api: &Api) -> Result<Asked, Error> {
        let range = bounds(params, api.now(), HOUR)?;
        let matchers = read(params.get("query").unwrap_or_default(), parse_selector)?;
        let by_names = match params.get("aggregateBy") {
            None | Some("series") => false,
            Some("labels") => true,
            Some(other) => {
                let message = format!("invalid aggregateBy {other:?}: series or labels is expected");
                return Err(Error::bad_query(message));
            }
        };
        let targets = params.get("targetLabels").unwrap_or_default().split(',').map(str::trim);
        let mut by: Vec<String> = targets.filter(|name| !name.is_empty()).map(str::to_owned).collect();
        if by.is_empty() && by_names {
            by = stream_names();
        } else if by.is_empty() {
            by = matchers.iter().map(|matcher| matcher.name.clone()).collect();
        }
        Ok(Asked { matchers, range, by, by_names, limit: count(params, "limit", 100)? })
    }

    /// The largest volumes, of all steps together.
    fn volumes(
        &self,
        api: &Api,
        grid: &Grid,
        width_ns: i64,
        budget: &Budget,
    ) -> Result<Vec<RangeSeries>, Error> {
        let snapshot = budget.snapshot(api);
        let mut series =
            bytes_of_streams(&snapshot, &self.matchers, self.by.clone(), grid, width_ns, budget)?;
        if self.by_names {
            series = named(&series, grid);
        }
        let total = |series: &RangeSeries| series.values.iter().flatten().sum::<f64>();
        series.sort_by(|a, b| total(b).total_cmp(&total(a)).then_with(|| a.labels.cmp(&b.labels)));
        series.truncate(self.limit);
        Ok(series)
    }
}

/// Volumes of label names: each has those of all streams that have the label.
fn named(series: &[RangeSeries], grid: &Grid) -> Vec<RangeSeries> {
    let mut by_name: BTreeMap<&str, Vec<Option<f64>>> = BTreeMap::new();
    for one in series {
        for (name, _) in one.labels.iter() {
            let sums = by_name.entry(name).or_insert_with(|| vec![None; grid.steps]);
            for (sum, value) in sums.iter_mut().zip(&one.values) {
                *sum = value.map_or(*sum, |value| Some(sum.unwrap_or_default() + value));
            }
        }
    }
    // Labels do not hold an empty value, which is how Loki writes a name alone.
    let labels = |name: &str| Labels::new([(name, " ")]);
    by_name.into_iter().map(|(name, values)| RangeSeries { labels: labels(name), values }).collect()
}

fn metric(labels: &Labels, by_names: bool) -> Value {
    match labels.iter().next() {
        Some((name, _)) if by_names => json!({ name: "" }),
        _ => object(labels),
    }
}

pub async fn instant(State(api): State<Api>, FormParams(params): FormParams) -> LokiAnswer {
    let asked = Asked::of(&params, &api)?;
    let data = run(&api, move |api, budget| {
        let end_ms = asked.range.to.0.div_euclid(1_000_000);
        let grid = Grid { start_ms: end_ms, step_ms: 0, steps: 1 };
        let found = asked.volumes(api, &grid, asked.range.duration_ns(), budget)?;
        let of = |series: &RangeSeries| {
            let value = format_float(series.values[0].unwrap_or_default());
            json!({ "metric": metric(&series.labels, asked.by_names), "value": [seconds(end_ms), value] })
        };
        let result: Vec<Value> = found.iter().map(of).collect();
        Ok(json!({ "resultType": "vector", "stats": cost(budget, result.len()), "result": result }))
    });
    success(data.await?)
}

pub async fn range(State(api): State<Api>, FormParams(params): FormParams) -> LokiAnswer {
    let asked = Asked::of(&params, &api)?;
    let step_ms = step_ms(&params, asked.range)?;
    let (from_ms, to_ms) = (asked.range.from.0.div_euclid(1_000_000), asked.range.to.0.div_euclid(1_000_000));
    check_points(&api, from_ms, to_ms, step_ms)?;
    let data = run(&api, move |api, budget| {
        // Each volume is told at the end of its step, and the last step ends where the range does.
        let steps = (to_ms - from_ms).div_euclid(step_ms).max(1);
        let grid = Grid { start_ms: to_ms - (steps - 1) * step_ms, step_ms, steps: steps as usize };
        let found = asked.volumes(api, &grid, step_ms.saturating_mul(1_000_000), budget)?;
        let of = |series: &RangeSeries| {
            let values = series.values.iter().enumerate().filter_map(|(at, value)| {
                Some(json!([seconds(grid.start_ms + at as i64 * step_ms), format_float((*value)?)]))
            });
            let values: Vec<Value> = values.collect();
            json!({ "metric": metric(&series.labels, asked.by_names), "values": values })
        };
        let result: Vec<Value> = found.iter().map(of).collect();
        Ok(json!({ "resultType": "matrix", "stats": cost(budget, result.len()), "result": result }))
    });
    success(data.await?)
}

/// Whole where it is.
fn seconds(ms: i64) -> Value {
    if ms % 1_000 == 0 { (ms / 1_000).into() } else { (ms as f64 / 1e3).into() }
}
