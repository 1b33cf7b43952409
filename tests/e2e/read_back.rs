//! What is stored is found again through the native API, the same from memory and from files: traces,
//! spans, the language of log search, histograms, errors, and the OpenAPI document.

use crate::harness::api::Api;
use crate::harness::now_ns;
use crate::harness::otlp::{self, MS, SECOND, attribute, double, int, span_hex, text, trace_hex};
use crate::harness::server::{Server, Settings};
use ocelli_api::logs::{LogHistogramResponse, LogsResponse};
use ocelli_api::traces::{SpanDetail, TraceResponse, TracesResponse};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const SLOW: u128 = 0xabc0_0001;
const FAST: u128 = 0xabc0_0002;

/// A slow trace with an error, a fast one, and logs of both.
async fn seed(server: &Server, start: u64) {
    let root = otlp::span(SLOW, 1, 0, "POST /checkout", start, 900 * MS);
    let pay = otlp::span(SLOW, 2, 1, "charge", start + 100 * MS, 700 * MS);
    let pay = otlp::with(pay, vec![attribute("order_id", int(5001)), attribute("amount", double(12.5))]);
    let pay = otlp::failed(pay, "card declined");
    let orphan = otlp::span(SLOW, 3, 99, "late", start + 800 * MS, 50 * MS);
    let sender = server.sender();
    sender.send(&otlp::traces("gateway", vec![root])).await;
    sender.send(&otlp::traces("payment", vec![pay.clone(), orphan])).await;
    let quick = otlp::span(FAST, 4, 0, "GET /products", start + 2 * SECOND, 5 * MS);
    sender.send(&otlp::traces("gateway", vec![quick])).await;

    let mut records = vec![
        otlp::inside(otlp::log(start + 300 * MS, 17, "card declined by the bank"), &pay),
        otlp::log(start + 400 * MS, 13, "the bank declined a card"),
        otlp::log(start + SECOND, 9, "paid with card"),
        otlp::log(start + 3 * SECOND, 9, "health is fine"),
        otlp::log(start + 4 * SECOND, 5, "Größe: 5 µs"),
    ];
    let attributes = [
        vec![attribute("order_id", int(5001)), attribute("duration_ms", double(700.5))],
        vec![attribute("duration_ms", int(20))],
        vec![attribute("order_id", text("5001"))],
        vec![attribute("path", text("/health")), attribute("duration_ms", int(1))],
        vec![],
    ];
    for (record, attributes) in records.iter_mut().zip(attributes) {
        record.attributes = attributes;
    }
    sender.send(&otlp::logs("payment", records)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_set_reads_the_same_from_memory_and_from_files() {
    let server = Settings::serve().start().await;
    let start = now_ns() / SECOND * SECOND - 60 * SECOND;
    seed(&server, start).await;
    check_all(&server.api, start).await;
    let server = server.stop().start().await;
    let storage = server.api.system().await.storage;
    assert!(storage.segments > 0 && storage.segment_rows >= 9, "SIGTERM flushes: {storage:?}");
    check_all(&server.api, start).await;
    // Another kind of start: what was flushed and what only the WAL holds, together.
    server.sender().send(&otlp::logs("payment", vec![otlp::log(start + 5 * SECOND, 9, "young")])).await;
    let server = server.kill().start().await;
    assert_eq!(server.api.all_logs("", 100).await.len(), 6);
}

async fn check_all(api: &Api, start: u64) {
    traces(api, start).await;
    trace_search(api).await;
    log_search(api).await;
    histogram(api, start).await;
}

async fn traces(api: &Api, start: u64) {
    let trace: TraceResponse = api.get(&format!("/api/traces/{}", trace_hex(SLOW)), &[]).await;
    let spans = &trace.spans;
    assert_eq!(trace.start.0 as u64, start);
    assert_eq!(trace.duration_ns as u64, 900 * MS);
    let names: Vec<&str> =
        spans.operation.iter().map(|index| trace.operations[*index as usize].as_str()).collect();
    assert_eq!(names, ["POST /checkout", "charge", "late"]);
    assert_eq!((spans.parent[0], spans.parent[1], spans.parent[2]), (-1, 0, -1));
    assert_eq!(spans.parent_missing, [false, false, true]);
    assert_eq!(spans.status, [0, 2, 0]);
    assert_eq!(spans.start_offset_ns[1] as u64, 100 * MS);
    assert_eq!(trace.log_count, 1);
    assert!(trace.warnings.iter().any(|warning| warning.contains("parent")), "{:?}", trace.warnings);

    let path = format!("/api/traces/{}/spans/{}", trace_hex(SLOW), span_hex(2));
    let span: SpanDetail = api.get(&path, &[]).await;
    assert_eq!((span.name.as_str(), span.status_message.as_str()), ("charge", "card declined"));
    assert_eq!(
        json!(span.attributes),
        json!([
            {"key": "order_id", "value": {"intValue": "5001"}},
            {"key": "amount", "value": {"doubleValue": 12.5}},
        ])
    );
    let (status, body) = api.answer(&format!("/api/traces/{}", trace_hex(0xdead)), &[]).await;
    assert_eq!((status.as_u16(), &body["error"]["code"]), (404, &json!("not_found")), "{body}");
}

type Parameters = &'static [(&'static str, &'static str)];

/// Parameters, and the traces that fit.
const TRACE_SEARCHES: [(Parameters, &[u128]); 10] = [
    (&[], &[FAST, SLOW]),
    (&[("sort", "slowest")], &[SLOW, FAST]),
    (&[("service", "payment")], &[SLOW]),
    (&[("service", "gateway"), ("operation", "GET /products")], &[FAST]),
    (&[("status", "error")], &[SLOW]),
    (&[("min_duration", "800ms")], &[SLOW]),
    (&[("max_duration", "10ms")], &[FAST]),
    (&[("q", "order_id:5001")], &[SLOW]),
    // All filters hold on one span: the slow one of `gateway` has no error.
    (&[("service", "gateway"), ("status", "error")], &[]),
    (&[("limit", "1")], &[FAST]),
];

async fn trace_search(api: &Api) {
    for (parameters, expected) in TRACE_SEARCHES {
        let answer: TracesResponse = api.find("/api/traces", parameters).await;
        let found: Vec<&str> = answer.traces.iter().map(|trace| trace.trace_id.as_str()).collect();
        let expected: Vec<String> = expected.iter().map(|trace| trace_hex(*trace)).collect();
        assert_eq!(found, expected, "{parameters:?}");
    }
    let answer: TracesResponse = api.find("/api/traces", &[("service", "payment")]).await;
    let summary = &answer.traces[0];
    assert_eq!(
        (summary.root_service.as_str(), summary.root_operation.as_str()),
        ("gateway", "POST /checkout")
    );
    assert_eq!((summary.span_count, summary.error_count), (3, 1));
    assert_eq!(summary.matched[0].operation, "charge");
}

/// Queries, and the places in `seed` of the records that fit, newest first.
const LOG_SEARCHES: [(&str, &[usize]); 18] = [
    ("", &[4, 3, 2, 1, 0]),
    ("card", &[2, 1, 0]),
    ("CARD declined", &[1, 0]),
    ("\"card declined\"", &[0]),
    ("decl*", &[1, 0]),
    ("card -paid", &[1, 0]),
    ("bank OR fine", &[3, 1, 0]),
    ("(bank OR fine) NOT declined", &[3]),
    ("level:error", &[0]),
    ("level:error OR level:warn", &[1, 0]),
    ("service:payment order_id:5001", &[2, 0]),
    ("service:gateway", &[]),
    ("duration_ms:>500", &[0]),
    ("duration_ms:[1 TO 20]", &[3, 1]),
    ("-path:/health card", &[2, 1, 0]),
    ("/declined (by|a)/", &[1, 0]),
    ("größe", &[4]),
    ("trace_id:000000000000000000000000abc00001", &[0]),
];
const BODIES: [&str; 5] = [
    "card declined by the bank",
    "the bank declined a card",
    "paid with card",
    "health is fine",
    "Größe: 5 µs",
];

async fn log_search(api: &Api) {
    for (query, expected) in LOG_SEARCHES {
        let found = api.all_logs(query, 100).await;
        let found: Vec<&str> = found.iter().map(|record| record.body_text.as_str()).collect();
        let expected: Vec<&str> = expected.iter().map(|place| BODIES[*place]).collect();
        assert_eq!(found, expected, "{query}");
        assert_eq!(api.all_logs(query, 1).await.len(), expected.len(), "{query}, page by page");
    }
    for (query, offset) in [("level:error (card", 12), ("\"card", 0), ("x:", 2)] {
        let (status, body) = api.answer("/api/logs", &[("q", query)]).await;
        assert_eq!((status.as_u16(), &body["error"]["code"]), (400, &json!("bad_query")), "{query}: {body}");
        assert_eq!(body["error"]["offset"], offset, "{query}: {body}");
    }
    let (status, body) = api.answer("/api/logs", &[("from", "yesterday")]).await;
    assert_eq!((status.as_u16(), &body["error"]["parameter"]), (400, &json!("from")), "{body}");
}

async fn histogram(api: &Api, start: u64) {
    let (from, to) = (start.to_string(), (start + 10 * SECOND).to_string());
    let parameters = [("from", from.as_str()), ("to", to.as_str()), ("buckets", "10")];
    let answer: LogHistogramResponse = api.get("/api/logs/histogram", &parameters).await;
    assert_eq!((answer.total, answer.step_ms), (5, 1000));
    let at = |severity: &str, second: i64| {
        let series = answer.series.iter().find(|series| series.severity == severity);
        let place = ((start / MS) as i64 + second * 1000 - answer.start_ms) / answer.step_ms;
        series.map_or(0, |series| series.counts[place as usize])
    };
    let found =
        ["error", "warn", "info", "debug"].map(|severity| [0, 1, 3, 4].map(|second| at(severity, second)));
    assert_eq!(found, [[1, 0, 0, 0], [1, 0, 0, 0], [0, 1, 1, 0], [0, 0, 0, 1]]);
    let errors = [parameters.as_slice(), &[("q", "level:error")]].concat();
    let answer: LogHistogramResponse = api.get("/api/logs/histogram", &errors).await;
    assert_eq!(answer.total, 1);
    let half_open: LogsResponse =
        api.get("/api/logs", &[("from", &from), ("to", &(start + SECOND).to_string())]).await;
    assert_eq!(half_open.records.len(), 2, "`to` does not belong to the range");
}

/// The native API, as it is promised.
const ROUTES: [&str; 52] = [
    "/api/services",
    "/api/services/{service}",
    "/api/traces",
    "/api/traces/metrics",
    "/api/service_graph",
    "/api/traces/diff",
    "/api/traces/explain",
    "/api/traces/statistics",
    "/api/traces/{trace_id}/statistics",
    "/api/traces/{trace_id}",
    "/api/traces/{trace_id}/spans/{span_id}",
    "/api/logs",
    "/api/logs/histogram",
    "/api/logs/context",
    "/api/logs/stats",
    "/api/logs/facets",
    "/api/logs/patterns",
    "/api/logs/export",
    "/api/logs/tail",
    "/api/sql",
    "/api/metrics",
    "/api/metrics/cardinality",
    "/api/metrics/points",
    "/api/system",
    "/api/queries",
    "/api/queries/{id}",
    "/api/rules",
    "/api/rules/preview",
    "/api/rules/groups",
    "/api/rules/groups/preview",
    "/api/rules/groups/{name}",
    "/api/alerts",
    "/api/alerts/history",
    "/api/alerts/{fingerprint}",
    "/api/alerts/{fingerprint}/acknowledgement",
    "/api/receivers",
    "/api/receivers/{name}/test",
    "/api/outbox",
    "/api/outbox/{id}",
    "/api/outbox/{id}/resend",
    "/api/silences",
    "/api/silences/preview",
    "/api/silences/{id}",
    "/api/searches",
    "/api/searches/{id}",
    "/api/slos",
    "/api/slos/{id}",
    "/api/slos/preview",
    "/api/dashboards",
    "/api/dashboards/{id}",
    "/api/dashboards/import/grafana",
    "/api/openapi.json",
];

#[tokio::test(flavor = "multi_thread")]
async fn the_openapi_document_is_whole_and_names_what_is_there() {
    let server = Settings::serve().start().await;
    let document: Value = server.api.get("/api/openapi.json", &[]).await;
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.")), "{document}");
    assert!(document["info"]["title"].is_string() && document["info"]["version"].is_string());
    let paths = document["paths"].as_object().unwrap();
    let named: BTreeSet<&str> = paths.keys().map(String::as_str).collect();
    assert_eq!(
        named,
        ROUTES.into_iter().filter(|path| *path != "/api/openapi.json" || named.contains(path)).collect()
    );
    let mut references = BTreeSet::new();
    collect_references(&document, &mut references);
    for reference in references {
        let pointer =
            reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference} leads out of the document"));
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    let mut ids = BTreeMap::new();
    for (path, item) in paths {
        for (method, operation) in item.as_object().unwrap() {
            check_operation(&format!("{method} {path}"), path, operation);
            let id = operation["operationId"].as_str().unwrap_or_else(|| panic!("{path} has no id"));
            assert_eq!(ids.insert(id, path), None, "{id} twice");
        }
    }
}

fn collect_references<'a>(value: &'a Value, into: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(fields) => {
            into.extend(fields.get("$ref").and_then(Value::as_str));
            fields.values().for_each(|value| collect_references(value, into));
        }
        Value::Array(items) => items.iter().for_each(|value| collect_references(value, into)),
        _ => {}
    }
}

fn check_operation(name: &str, path: &str, operation: &Value) {
    let responses = operation["responses"].as_object().unwrap_or_else(|| panic!("{name} has no responses"));
    let schema = &responses["200"]["content"]["application/json"]["schema"];
    assert!(schema.is_object(), "{name} does not say what it answers");
    let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
    let in_path: BTreeSet<&str> = parameters
        .iter()
        .filter(|parameter| parameter["in"] == "path")
        .map(|parameter| parameter["name"].as_str().unwrap())
        .collect();
    let in_braces: BTreeSet<&str> =
        path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
    assert_eq!(in_path, in_braces, "{name}: the parameters of its path");
}
