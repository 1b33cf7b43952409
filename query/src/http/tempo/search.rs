//! Traces by TraceQL, or by tags.

use super::super::params::Params;
use super::answer::{TempoAnswer, cost, partial, with_place};
use super::{legacy, params};
use crate::Error;
use crate::http::Api;
use crate::http::run::run;
use crate::traces::traceql::{self, TraceqlSearch};
use crate::traces::{Sort, TracePage};
use axum::Json;
use axum::extract::State;
use ocelli_api::KeyValue;
use ocelli_api::traces::{Spanset, SpansetSpan, TraceSummary};
use serde_json::{Map, Value, json};

/// Tempo's own defaults, and how many may be asked for.
const LIMIT: usize = 20;
const MAX_LIMIT: usize = 5_000;
const SPANS: usize = 3;
const MAX_SPANS: usize = 10_000;
/// What Tempo says where the root has not arrived.
const NO_ROOT: &str = "<root span not yet received>";

pub async fn search(State(api): State<Api>, params: Params) -> TempoAnswer {
    let range = params::range(&params, api.now())?;
    let limit = params.number("limit", LIMIT, 1..=MAX_LIMIT)?;
    let spans = match params.number("spss", SPANS, 0..=MAX_SPANS)? {
        0 => MAX_SPANS,
        spans => spans,
    };
    let text = match (params.get("q"), params.get("tags")) {
        (Some(_), Some(_)) => {
            return Err(Error::bad_query("can't specify tags and q in the same query").into());
        }
        (Some(query), None) => query.to_owned(),
        (None, _) => legacy::query(&params)?,
    };
    let query = traceql::parse(&text).map_err(|why| with_place(why, &text))?;
    if query.metrics.is_some() {
        return Err(Error::bad_query("metrics queries must use /api/metrics/query_range").into());
    }
    let answer = run(&api, move |api, budget| {
        let memory_bytes = api.limits.query_bytes;
        let sort = Sort::Newest;
        let search = TraceqlSearch { query: &query, range, sort, limit, cursor: None, spans, memory_bytes };
        let page = traceql::search(&budget.snapshot(api), &search, budget)?;
        Ok(answer(page, cost(budget)))
    });
    Ok(Json(answer.await?))
}

fn answer(page: TracePage, cost: Value) -> Value {
    let traces: Vec<Value> = page.traces.into_iter().map(trace).collect();
    let mut answer = json!({ "traces": traces, "metrics": cost });
    partial(&mut answer, page.partial);
    answer
}

/// A `TraceSearchMetadata`.
fn trace(trace: TraceSummary) -> Value {
    let service = if trace.has_root { trace.root_service.as_str() } else { NO_ROOT };
    let stats = trace.services.iter().map(|of| {
        let mut counts = Map::new();
        counts.insert("spanCount".to_owned(), of.spans.into());
        if of.errors > 0 {
            counts.insert("errorCount".to_owned(), of.errors.into());
        }
        (of.service.clone(), Value::Object(counts))
    });
    let mut out = json!({
        "traceID": trace.trace_id,
        "rootServiceName": service,
        "startTimeUnixNano": trace.start.0.to_string(),
        "durationMs": (trace.duration_ns.max(0) / 1_000_000) as u64,
        "serviceStats": stats.collect::<Map<_, _>>(),
    });
    if trace.has_root {
        out["rootTraceName"] = trace.root_operation.as_str().into();
    }
    let sets: Vec<Value> = trace.spansets.into_iter().map(spanset).collect();
    if let Some(first) = sets.first() {
        // For who asks as before there were several.
        out["spanSet"] = first.clone();
        out["spanSets"] = sets.into();
    }
    out
}

fn spanset(set: Spanset) -> Value {
    let spans: Vec<Value> = set.spans.into_iter().map(span).collect();
    let mut out = json!({ "spans": spans, "matched": set.matched });
    if !set.attributes.is_empty() {
        out["attributes"] = json!(set.attributes);
    }
    out
}

fn span(span: SpansetSpan) -> Value {
    let mut out = json!({
        "spanID": span.span_id,
        "name": span.operation,
        "startTimeUnixNano": span.start.0.to_string(),
        "durationNanos": span.duration_ns.max(0).to_string(),
    });
    let mut attributes: Vec<KeyValue> = Vec::new();
    for KeyValue { key, value } in span.attributes {
        let key = bare(&key).to_owned();
        // What has a field of its own is not among the attributes.
        let own =
            ["name", "duration", "span:name", "span:duration", "trace:id", "span:id"].contains(&key.as_str());
        if !own && !attributes.iter().any(|known| known.key == key) {
            attributes.push(KeyValue { key, value });
        }
    }
    if !attributes.is_empty() {
        out["attributes"] = json!(attributes);
    }
    out
}

/// The name of an attribute without its scope, as Tempo tells it.
fn bare(shown: &str) -> &str {
    const SCOPES: [&str; 6] = ["span.", "resource.", "event.", "link.", "instrumentation.", "."];
    let name = SCOPES.iter().find_map(|scope| shown.strip_prefix(scope)).unwrap_or(shown);
    name.strip_prefix('"').and_then(|name| name.strip_suffix('"')).unwrap_or(name)
}
