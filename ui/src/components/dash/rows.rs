//! Records and traces of a panel, a row each, with their links.

use super::answers::{Answered, Scoped, ask, read};
use crate::client::Decode;
use crate::components::dot::Dot;
use crate::components::log_list::glyph;
use crate::components::log_text::coloured;
use crate::components::moment::Moment;
use crate::context::Context;
use crate::dynamic::{dynamic, memo};
use crate::prelude::*;
use crate::view::order::sort_by;
use crate::view::{colours, format, length, links};
use ocelli_api::UnixNano;
use ocelli_api::dashboards::{Panel, QueryLanguage};
use ocelli_api::logs::{LogRecord, LogsResponse, severity_class};
use ocelli_api::traces::{TraceSummary, TracesResponse};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// A row shows no more of a body than this.
const BODY_BYTES: usize = 1_024;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    at: UnixNano,
    severity: &'static str,
    service: String,
    body: String,
    trace_id: String,
    /// Names the record; empty where the answer does not.
    id: String,
}

/// Of Loki's `query_range`.
#[derive(Deserialize)]
struct Streams {
    data: StreamData,
}

#[derive(Deserialize)]
struct StreamData {
    result: Vec<Stream>,
}

#[derive(Deserialize)]
struct Stream {
    stream: BTreeMap<String, String>,
    /// Nanoseconds as a text, the line, and what else there is.
    values: Vec<Vec<Value>>,
}

fn of_record(record: &LogRecord) -> Row {
    Row {
        at: record.time,
        severity: severity_class(record.severity_number),
        service: record.service.clone(),
        body: format::clip(&record.body_text, BODY_BYTES).0.to_owned(),
        trace_id: record.trace_id.clone(),
        id: record.id.clone(),
    }
}

fn of_stream(stream: &Stream) -> Vec<Row> {
    let label =
        |names: &[&str]| names.iter().find_map(|name| stream.stream.get(*name)).cloned().unwrap_or_default();
    let level = label(&["level", "detected_level", "severity_text"]).to_ascii_lowercase();
    let severity =
        ["fatal", "error", "warn", "info", "debug", "trace"].into_iter().find(|name| level.starts_with(name));
    let row = |value: &Vec<Value>| Row {
        at: UnixNano(
            value.first().and_then(Value::as_str).and_then(|ns| ns.parse().ok()).unwrap_or_default(),
        ),
        severity: severity.unwrap_or("unset"),
        service: label(&["service_name", "service", "job"]),
        body: format::clip(value.get(1).and_then(Value::as_str).unwrap_or_default(), BODY_BYTES).0.to_owned(),
        trace_id: label(&["trace_id"]),
        id: String::new(),
    };
    stream.values.iter().map(row).collect()
}

/// What was found, and why that is not all.
struct Found<T> {
    items: Vec<T>,
    partial: Option<String>,
}

fn records_of(answer: LogsResponse) -> Found<Row> {
    Found { items: answer.records.iter().map(of_record).collect(), partial: answer.stats.partial }
}

fn streams_of(answer: Streams) -> Found<Row> {
    Found { items: answer.data.result.iter().flat_map(of_stream).collect(), partial: None }
}

/// The records of all queries of a panel, the newest first.
pub fn all_records(panel: &Panel, scope: Scoped) -> (Vec<Answered>, Memo<Vec<Row>>) {
    let decode = |language: QueryLanguage| -> Decode {
        match language {
            QueryLanguage::LogQl => |text| read(text, streams_of),
            _ => |text| read(text, records_of),
        }
    };
    let asked = panel.queries.iter().map(|query| {
        ask::<Found<Row>>(panel.kind, query, scope, decode(query.language), |found| found.partial.as_ref())
    });
    let (answers, found): (Vec<Answered>, Vec<_>) = asked.unzip();
    let rows = memo(move || {
        let mut all = Vec::new();
        for answer in &found {
            answer.with(|found| all.extend(found.map(|found| found.items.clone()).unwrap_or_default()));
        }
        sort_by(&mut all, |a: &Row, b| b.at.0.cmp(&a.at.0));
        all
    });
    (answers, rows)
}

/// `search`: what the page of logs is asked for.
#[component]
pub fn Records(rows: Memo<Vec<Row>>, search: Signal<String>) -> impl IntoView {
    let location = Context::get().location;
    let row = move |row: Row| {
        let (id, trace) = (row.id.clone(), row.trace_id.clone());
        let href = move || search.with(|search| location.link("/logs", &[("q", search), ("record", &id)]));
        let body = match row.id.is_empty() {
            true => coloured(&row.body),
            false => view! { <a class="plain-link" href=dynamic(href)>{coloured(&row.body)}</a> }.into_any(),
        };
        let trace = (!trace.is_empty()).then(|| {
            let path = links::trace_path(&trace);
            view! { <a href=dynamic(move || location.link(&path, &[])) title="Its trace" aria-label="Its trace">"⌁"</a> }
        });
        let severity = row.severity;
        view! {
            <tr data-testid="dash-log"><td><Moment at=row.at clock_only=true/></td>
                <td><span class=format!("level sev-{severity}")><span class="glyph" aria-hidden="true">{glyph(severity)}</span><span class="hidden">{severity}</span></span></td>
                <td class="hint">{row.service}</td><td>{trace}</td><td class="dash-body mono">{body}</td></tr>
        }
    };
    let body = move || rows.get().into_iter().map(row).collect_view();
    view! {
        <div class="dash-scroll" tabindex="0"><table class="rows dash-logs">
            <thead class="hidden"><tr><th>"Time"</th><th>"Level"</th><th>"Service"</th><th>"Trace"</th><th>"Body"</th></tr></thead>
            <tbody>{dynamic(body)}</tbody></table></div>
    }
}

/// The traces of all queries of a panel.
pub fn all_traces(panel: &Panel, scope: Scoped) -> (Vec<Answered>, Memo<Vec<TraceSummary>>) {
    let asked = panel.queries.iter().map(|query| {
        let decode: Decode = |text| read(text, traces_of);
        ask::<Found<TraceSummary>>(panel.kind, query, scope, decode, |found| found.partial.as_ref())
    });
    let (answers, found): (Vec<Answered>, Vec<_>) = asked.unzip();
    let traces = memo(move || {
        let mut all = Vec::new();
        for answer in &found {
            answer.with(|found| all.extend(found.map(|found| found.items.clone()).unwrap_or_default()));
        }
        all
    });
    (answers, traces)
}

fn traces_of(answer: TracesResponse) -> Found<TraceSummary> {
    Found { items: answer.traces, partial: answer.stats.partial }
}

#[component]
pub fn Traces(traces: Memo<Vec<TraceSummary>>) -> impl IntoView {
    let location = Context::get().location;
    let body = move || {
        let traces = traces.get();
        let names: Vec<String> = traces.iter().map(|trace| trace.root_service.clone()).collect();
        let longest = traces.iter().map(|trace| trace.duration_ns).max().unwrap_or(1).max(1);
        let row = |(trace, look): (&TraceSummary, colours::Look)| {
            let path = links::trace_path(&trace.trace_id);
            let share = trace.duration_ns.max(0) as f64 / longest as f64;
            let has_errors = trace.error_count > 0;
            view! {
                <tr data-testid="dash-trace"><td><Moment at=trace.start clock_only=true/></td>
                    <th scope="row"><Dot look/><a href=dynamic(move || location.link(&path, &[]))>{format!("{}: {}", trace.root_service, trace.root_operation)}</a></th>
                    <td class="num">{format::duration_ns(trace.duration_ns)}</td>
                    <td class="bar-cell" aria-hidden="true"><span class="share" class:err=has_errors style:width=length::share(share)></span></td>
                    <td class="num" class:bad=has_errors>{has_errors.then(|| format!("✖ {}", trace.error_count))}</td></tr>
            }
        };
        traces.iter().zip(colours::looks(&names)).map(row).collect_view()
    };
    view! {
        <div class="dash-scroll" tabindex="0"><table class="rows">
            <thead class="hidden"><tr><th>"Start"</th><th>"Root"</th><th>"Duration"</th><th>"Share of the longest"</th><th>"Errors"</th></tr></thead>
            <tbody>{dynamic(body)}</tbody></table></div>
    }
}
