//! Everything of one span beside the waterfall: attributes, events, links, resource, scope, and the logs
//! of its trace.

use crate::client::{Fetched, fetch};
use crate::components::answer::Answer;
use crate::components::attributes::{Attributes, Filters, LongText, Section};
use crate::components::copy::CopyButton;
use crate::components::log_detail::Origin;
use crate::components::log_list::glyph;
use crate::components::moment::Moment;
use crate::components::objectives::Objectives;
use crate::components::trace_view::TraceView;
use crate::context::Context;
use crate::dynamic::{dynamic, handler, memo};
use crate::prelude::*;
use crate::view::order::sort_by;
use crate::view::{format, links, text, waterfall};
use ocelli_api::UnixNano;
use ocelli_api::logs::{LogRecord, LogsResponse, severity_class};
use ocelli_api::traces::{SpanDetail, SpanEvent, SpanLink, TraceResponse};
use std::sync::Arc;

/// More records than a reader reads here; the link leads to all of them.
const LOG_LIMIT: &str = "500";

#[component]
pub fn SpanPanel(view: TraceView, #[prop(into)] span_id: Signal<String>) -> impl IntoView {
    let context = Context::get();
    let detail = fetch::<SpanDetail>(move || {
        let trace = view.trace.with(|trace| trace.trace_id.clone());
        let span = span_id.get();
        (!span.is_empty()).then(|| format!("/api{}/spans/{span}", links::trace_path(&trace)))
    });
    let close = move |_| context.location.set(&[("span", "")], false);
    let title = move || detail.with(|detail| detail.map(|detail| detail.name.clone()));
    view! {
        <aside class="panel" data-testid="span-panel" aria-label="Span">
            <header class="panel-head">
                <h2 class="mono clip">{dynamic(title)}</h2>
                <button type="button" class="icon" aria-label="Close, key Escape" on:click=handler(close)>"✕"</button>
            </header>
            <div class="panel-body">
                <Answer asked=detail.asked>
                    {dynamic(move || detail.get().map(|detail| view! { <Detail detail view span_id/> }))}
                </Answer>
            </div>
        </aside>
    }
}

/// The question for the logs of a trace; none when the trace has none.
pub fn logs_url(trace: Memo<Arc<TraceResponse>>) -> Option<String> {
    trace.with(|trace| {
        let end = UnixNano(trace.start.0.saturating_add(trace.duration_ns.max(0)));
        let (from, to) = links::around(trace.start, end, 15);
        let query = crate::view::query_string::QueryString::default()
            .with("q", &links::term("trace_id", &trace.trace_id))
            .with("limit", LOG_LIMIT);
        (trace.log_count > 0).then(|| query.with("from", &from).with("to", &to).on("/api/logs"))
    })
}

#[component]
fn Detail(detail: Arc<SpanDetail>, view: TraceView, span_id: Signal<String>) -> impl IntoView {
    let context = Context::get();
    let parent = detail.parent_span_id.clone();
    let parent = (!parent.is_empty()).then(|| {
        let span = parent.clone();
        view! { <tr><th scope="row">"parent"</th><td class="mono"><a href=dynamic(move || context.location.href(&[("span", &span)]))>{parent}</a></td></tr> }
    });
    let state = (!detail.trace_state.is_empty()).then(|| view! { <tr><th scope="row">"trace state"</th><td class="mono">{detail.trace_state.clone()}</td></tr> });
    let service = detail
        .resource
        .attributes
        .iter()
        .find(|item| item.key == "service.name")
        .map(|item| text::value(&item.value));
    let service = service.unwrap_or_else(|| "unknown_service".to_owned());
    let duration = detail.end.0.saturating_sub(detail.start.0);
    let share = view.trace.with_untracked(|trace| duration as f64 / trace.duration_ns.max(1) as f64);
    let offset = view.trace.with_untracked(|trace| detail.start.0.saturating_sub(trace.start.0));
    let (events, start) = (detail.events.clone(), detail.start);
    let dropped_events = detail.dropped_events_count;
    let links_of = detail.links.clone();
    let (attributes, dropped) = (detail.attributes.clone(), detail.dropped_attributes_count);
    let count = attributes.len();
    view! {
        <Status code=detail.status_code message=detail.status_message.clone()/>
        <table class="attributes"><tbody>
            <tr><th scope="row">"service"</th><td>{service.clone()}" · "<a data-testid="span-service" href=context.location.carry(&links::service_at(&service, detail.start, detail.end))>"rate, errors and durations then"</a></td></tr>
            <tr><th scope="row">"duration"</th><td class="num">{format::duration_ns(duration)}" · "{format::ratio(Some(share))}" of the trace"</td></tr>
            <tr><th scope="row">"start"</th><td><Moment at=detail.start/>" · +"{format::duration_ns(offset)}</td></tr>
            <tr><th scope="row">"kind"</th><td>{waterfall::kind_name(detail.kind)}</td></tr>
            <tr><th scope="row">"span"</th><td class="mono">{detail.span_id.clone()}" "<CopyButton label="Copy" text=Signal::stored(detail.span_id.clone())/></td></tr>
            {parent}{state}
        </tbody></table>
        <Section title="Attributes" count>
            <Attributes items=attributes dropped filters=Filters::Traces(start)/>
        </Section>
        {(!events.is_empty() || dropped_events > 0).then(|| view! { <Events events start=detail.start dropped=dropped_events/> })}
        {(!links_of.is_empty() || detail.dropped_links_count > 0).then(|| view! { <Links links_of dropped=detail.dropped_links_count/> })}
        <TraceLogs logs=view.logs span_id view/>
        <Objectives service=service.clone() test="span-slos" span=detail.clone()/>
        <Origin resource=detail.resource.clone() scope=detail.scope.clone() filters=Filters::Traces(start)/>
    }
}

#[component]
fn Status(code: i32, message: String) -> impl IntoView {
    match code {
        waterfall::STATUS_ERROR => {
            view! { <div class="note error"><span class="glyph" aria-hidden="true">"✖"</span><span class="text">"Error"{(!message.is_empty()).then(|| format!(": {message}"))}</span></div> }.into_any()
        }
        1 => view! { <p class="ok"><span class="glyph" aria-hidden="true">"✔"</span>" ok"</p> }.into_any(),
        _ => ().into_any(),
    }
}

#[component]
fn Events(events: Vec<SpanEvent>, start: UnixNano, dropped: u32) -> impl IntoView {
    let count = events.len();
    let event = move |event: SpanEvent| {
        let offset = event.time.0.saturating_sub(start.0);
        view! {
            <div class="event">
                <p><strong>{event.name}</strong>" "<span class="num hint">"+"{format::duration_ns(offset)}</span></p>
                <Attributes items=event.attributes dropped=event.dropped_attributes_count filters=Filters::None/>
            </div>
        }
    };
    view! {
        <Section title="Events" count>
            {events.into_iter().map(event).collect_view()}
            {(dropped > 0).then(|| view! { <p class="note warn">{format::plural(u64::from(dropped), "event was", "events were")}" dropped by the sender."</p> })}
        </Section>
    }
}

#[component]
fn Links(links_of: Vec<SpanLink>, dropped: u32) -> impl IntoView {
    let context = Context::get();
    let count = links_of.len();
    let link = move |link: SpanLink| {
        let path = links::trace_path(&link.trace_id);
        let span = link.span_id.clone();
        view! {
            <div class="event">
                <p class="mono"><a href=dynamic(move || context.location.link(&path, &[("span", &span)]))>{link.trace_id}" / "{link.span_id}</a></p>
                <Attributes items=link.attributes dropped=link.dropped_attributes_count filters=Filters::None/>
            </div>
        }
    };
    view! {
        <Section title="Links" count>
            {links_of.into_iter().map(link).collect_view()}
            {(dropped > 0).then(|| view! { <p class="note warn">{format::plural(u64::from(dropped), "link was", "links were")}" dropped by the sender."</p> })}
        </Section>
    }
}

/// The logs of this span first, then the others of its trace, oldest first.
#[component]
fn TraceLogs(logs: Fetched<LogsResponse>, span_id: Signal<String>, view: TraceView) -> impl IntoView {
    let parts = memo(move || {
        let span = span_id.get();
        let mut records = logs.with(|logs| logs.map(|logs| logs.records.clone()).unwrap_or_default());
        sort_by(&mut records, |a, b| a.time.cmp(&b.time));
        records.into_iter().partition::<Vec<LogRecord>, _>(|record| record.span_id == span)
    });
    let all_href = move || {
        view.trace.with(|trace| {
            let end = UnixNano(trace.start.0.saturating_add(trace.duration_ns.max(0)));
            links::logs_of_trace(&trace.trace_id, trace.start, end)
        })
    };
    let body = move || {
        let (own, others) = parts.get();
        let (own_count, other_count) = (own.len(), others.len());
        view! {
            <Section title="Logs of this span" count=own_count><Lines records=own/></Section>
            <Section title="Other logs of the trace" count=other_count><Lines records=others/></Section>
        }
    };
    view! { {dynamic(body)}<p><a href=dynamic(all_href) data-testid="trace-logs">"All logs of this trace"</a></p> }
}

#[component]
fn Lines(records: Vec<LogRecord>) -> impl IntoView {
    let none = records.is_empty().then(|| view! { <p class="hint">"None."</p> });
    let line = |record: LogRecord| {
        let class = severity_class(record.severity_number);
        let level = if record.severity_text.is_empty() { class.to_owned() } else { record.severity_text };
        view! {
            <div class="line" data-testid="span-log">
                <p><Moment at=record.time clock_only=true/>" "
                <span class=format!("level sev-{class}")><span class="glyph" aria-hidden="true">{glyph(class)}</span>{level}</span>" "
                <span class="hint">{record.service}</span></p>
                <LongText text=record.body_text/>
            </div>
        }
    };
    view! { {none}{records.into_iter().map(line).collect_view()} }
}
