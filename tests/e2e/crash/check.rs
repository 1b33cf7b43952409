//! What must be there, and must not be there twice.

use super::load::{Ledger, SERVICE, SHORT_LIVED, SHORT_LIVED_POINTS, SPANS_A_BATCH};
use crate::harness::api::Api;
use crate::harness::otlp::trace_hex;
use crate::harness::wait::{ensure, until};
use ocelli_api::KeyValue;
use ocelli_api::logs::LogsResponse;
use ocelli_api::metrics::{MetricPoint, MetricPointsResponse, MetricSeries};
use ocelli_api::traces::{TraceResponse, TracesResponse};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::task::JoinSet;

const SETTLED: Duration = Duration::from_secs(60);
/// Questions that are asked at once.
const ASKERS: usize = 4;

/// Every acknowledged number once, every other one at most once, and nothing that was never sent.
fn check(what: &str, sent: &BTreeMap<u64, bool>, found: &[u64]) {
    let mut times: BTreeMap<u64, u64> = BTreeMap::new();
    for number in found {
        *times.entry(*number).or_default() += 1;
    }
    let acknowledged = sent.iter().filter(|(_, acknowledged)| **acknowledged).map(|(number, _)| number);
    let lost: Vec<&u64> = acknowledged.clone().filter(|number| !times.contains_key(number)).collect();
    let twice: Vec<_> = times.iter().filter(|(_, times)| **times > 1).collect();
    let invented: Vec<_> = times.keys().filter(|number| !sent.contains_key(number)).collect();
    let (count, unsure) =
        (acknowledged.count(), sent.values().filter(|acknowledged| !**acknowledged).count());
    println!("{what}: {count} acknowledged, {unsure} not, {} found", found.len());
    assert!(count > 100, "the load was too small: {count} {what}");
    let head = |all: &dyn std::fmt::Debug| format!("{all:?}").chars().take(300).collect::<String>();
    assert!(lost.is_empty(), "{} of {count} acknowledged {what} are lost: {}", lost.len(), head(&lost));
    assert!(twice.is_empty(), "{} {what} are there more than once: {}", twice.len(), head(&twice));
    assert!(invented.is_empty(), "{what} that nobody sent: {}", head(&invented));
}

/// Everything; gives the number of spans that are there.
pub async fn all(api: &Api, ledger: &Ledger) -> u64 {
    check_logs(api, ledger).await;
    check_points(api, ledger).await;
    spans(api, ledger).await
}

/// The number of spans that are there. Each trace is asked for by its id, as only that answer tells of spans
/// that are there twice.
pub async fn spans(api: &Api, ledger: &Ledger) -> u64 {
    let sent = ledger.spans.lock().unwrap().clone();
    let (traces, mut askers) = (sent.keys().copied().collect::<Vec<u64>>(), JoinSet::new());
    for share in traces.chunks(traces.len().div_ceil(ASKERS).max(1)) {
        let (api, share) = (api.clone(), share.to_vec());
        askers.spawn(async move {
            let mut found = Vec::new();
            for trace in share {
                found.extend(whole_trace(&api, trace).await);
            }
            found
        });
    }
    let found: Vec<u64> = askers.join_all().await.concat();
    check("traces", &sent, &found);
    found.len() as u64 * SPANS_A_BATCH
}

/// The trace, if it is there.
async fn whole_trace(api: &Api, trace: u64) -> Option<u64> {
    let (status, body) = api.answer(&format!("/api/traces/{}", trace_hex(trace.into())), &[]).await;
    if status.as_u16() == 404 {
        return None;
    }
    let answer: TraceResponse = serde_json::from_value(body).unwrap();
    let ids: BTreeSet<&String> = answer.spans.span_id.iter().collect();
    assert_eq!(ids.len() as u64, SPANS_A_BATCH, "a request is kept whole: trace {trace}");
    assert_eq!(answer.spans.span_id.len() as u64, SPANS_A_BATCH, "trace {trace} has spans twice");
    assert_eq!(answer.warnings, Vec::<String>::new(), "trace {trace}");
    Some(trace)
}

async fn check_logs(api: &Api, ledger: &Ledger) {
    let records = api.all_logs(&format!("service:{SERVICE}"), 10_000).await;
    let number = |attributes: &[KeyValue]| -> u64 {
        let number = attributes.iter().find(|attribute| attribute.key == "number").unwrap();
        number.value.0["intValue"].as_str().unwrap().parse().unwrap()
    };
    let found: Vec<u64> = records.iter().map(|record| number(&record.attributes)).collect();
    check("log records", &ledger.logs.lock().unwrap(), &found);
}

async fn check_points(api: &Api, ledger: &Ledger) {
    let answer: MetricPointsResponse = api.find("/api/metrics/points", &[("name", "crash.points")]).await;
    assert!(answer.stats.partial.is_none(), "{:?}", answer.stats);
    let points = answer.series.iter().flat_map(|series| &series.points);
    let found: Vec<u64> =
        points.map(|point| point.value["asInt"].as_str().unwrap().parse().unwrap()).collect();
    check("points", &ledger.points.lock().unwrap(), &found);
}

/// The increases of the counters over all lives of the server are the spans that are there.
pub async fn calls(api: &Api, spans: u64) {
    until("the counters add up to the spans", SETTLED, async || {
        let parameters = [("name", "traces.span.metrics.calls")];
        let answer: MetricPointsResponse = api.find("/api/metrics/points", &parameters).await;
        let of_ledger = answer.series.iter().filter(|series| is_of(series, SERVICE));
        let calls: u64 = of_ledger.map(|series| increase(&series.points)).sum();
        ensure(calls == spans, || format!("{calls} calls are counted and {spans} spans are there"))
    })
    .await;
}

fn is_of(series: &MetricSeries, service: &str) -> bool {
    let mut attributes = series.attributes.iter();
    attributes.any(|attribute| attribute.key == "service.name" && attribute.value.0["stringValue"] == service)
}

/// Each life counts from its own start: its last value is what it counted.
fn increase(points: &[MetricPoint]) -> u64 {
    let mut lives: BTreeMap<i64, u64> = BTreeMap::new();
    for point in points {
        let value = point.value["asInt"].as_str().map_or_else(
            || point.value["asDouble"].as_f64().unwrap_or(0.0) as u64,
            |text| text.parse().unwrap(),
        );
        let last = lives.entry(point.start.0).or_default();
        *last = (*last).max(value);
    }
    lives.values().sum()
}

/// Items of the service that is kept for an hour, of some time: the first of each signal.
pub async fn short_lived(api: &Api, from: &str, to: &str) -> usize {
    let range = [("from", from), ("to", to), ("limit", "10")];
    let with = |more| [&range[..], &[more]].concat();
    let query = format!("service:{SHORT_LIVED}");
    let logs: LogsResponse = api.get("/api/logs", &with(("q", &query))).await;
    let traces: TracesResponse = api.get("/api/traces", &with(("service", SHORT_LIVED))).await;
    let points: MetricPointsResponse =
        api.get("/api/metrics/points", &[range[0], range[1], ("name", SHORT_LIVED_POINTS)]).await;
    let points: usize = points.series.iter().map(|series| series.points.len()).sum();
    logs.records.len() + traces.traces.len() + points
}
