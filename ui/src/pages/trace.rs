//! `/traces/:id`: minimap, waterfall, flame graph, statistics or logs, and the panel of the chosen span.

use crate::chunks::{Chunk, Wanted};
use crate::client::fetch;
use crate::components::answer::Answer;
use crate::components::copy::CopyButton;
use crate::components::dot::Dot;
use crate::components::minimap::Minimap;
use crate::components::moment::Moment;
use crate::components::span_panel::SpanPanel;
use crate::components::trace_tree::TraceTree;
use crate::components::trace_view::TraceView;
use crate::context::Context;
use crate::dynamic::{dynamic, handler, memo};
use crate::prelude::*;
use crate::view::{format, links, waterfall};
use ocelli_api::UnixNano;
use ocelli_api::traces::TraceResponse;
use std::sync::Arc;

#[component]
pub fn Trace(id: String) -> impl IntoView {
    let path = format!("/api{}", links::trace_path(&id));
    let trace = fetch::<TraceResponse>(move || Some(path.clone()));
    // Late spans come with a refresh.
    let context = Context::get();
    Effect::new(move |before: Option<()>| {
        context.now.track();
        if before.is_some() {
            trace.retry();
        }
    });
    let sound = trace.map(|trace| waterfall::is_well_formed(&trace.spans) && !trace.spans.span_id.is_empty());
    let current = memo(move || trace.get().unwrap_or_default());
    view! {
        <section class="page fill">
            <Answer asked=trace.asked stats=trace.map(|answer| answer.stats.clone())>
                <Show when=move || sound.get() == Some(true) fallback=|| view! { <p class="note error" role="alert">"This trace has no spans that can be drawn."</p> }>
                    <Body trace=current/>
                </Show>
            </Answer>
        </section>
    }
}

#[component]
fn Body(trace: Memo<Arc<TraceResponse>>) -> impl IntoView {
    let view = TraceView::new(trace);
    let span_id = Context::get().location.value("span");
    let tab = Context::get().location.value("view");
    let more = Chunk::get();
    let shown = move || {
        tab.with(|tab| match tab.as_str() {
            "flame" => more.view(Wanted::Flame(view)),
            "times" => more.view(Wanted::Times(view)),
            "logs" => more.view(Wanted::TraceLogs(view)),
            _ => view! { <TraceTree view/> }.into_any(),
        })
    };
    let has_panel = memo(move || view.selected.get().is_some());
    view! {
        <Head view/>
        <Warnings view/>
        <Minimap view/>
        <div class="split">
            {dynamic(shown)}
            <Show when=move || has_panel.get()>
                <SpanPanel view span_id/>
            </Show>
        </div>
    }
}

#[component]
fn Head(view: TraceView) -> impl IntoView {
    let head = move || {
        let trace = view.trace.get();
        let spans = &trace.spans;
        let name = |column: &[u32], names: &[String]| {
            column.first().and_then(|&at| names.get(at as usize)).cloned().unwrap_or_default()
        };
        let service = name(&spans.service, &trace.services);
        let operation = name(&spans.operation, &trace.operations);
        let errors = spans.status.iter().filter(|status| **status == waterfall::STATUS_ERROR).count() as u64;
        let end = UnixNano(trace.start.0.saturating_add(trace.duration_ns.max(0)));
        let log_count = trace.log_count;
        let logs = links::logs_of_trace(&trace.trace_id, trace.start, end);
        let others = links::comparable(&trace.trace_id, &service, &operation, trace.start, end);
        let file = format!("/tempo/api/v2{}", links::trace_path(&trace.trace_id));
        let spans = u64::from(trace.span_count).max(spans.span_id.len() as u64);
        view! {
            <h1>{service}": "{operation}</h1>
            <p class="facts">
                <span class="num">{format::duration_ns(trace.duration_ns)}</span>
                <span class="num">{format::plural(spans, "span", "spans")}</span>
                <span class="num" class:bad=errors != 0>{(errors != 0).then_some("✖ ")}{format::plural(errors, "error", "errors")}</span>
                <a href=logs data-testid="trace-logs-count">{format::plural(log_count, "log", "logs")}</a>
                <a href=others data-testid="compare-with">"Compare"</a>
                <Moment at=trace.start/>
                <span class="mono id">{trace.trace_id.clone()}</span>
                <CopyButton label="Copy id" text=Signal::stored(trace.trace_id.clone())/>
                <a href=file download=format!("{}.json", trace.trace_id) data-testid="trace-file" title="All that was sent of the trace, as OTLP JSON">"JSON"</a>
            </p>
        }
    };
    view! { <header class="page-head trace-head">{dynamic(head)}<Find view/><Looks/><Legend view/></header> }
}

/// How the trace is looked at, and what is shown in the waterfall.
#[component]
fn Looks() -> impl IntoView {
    let location = Context::get().location;
    let tab = location.value("view");
    let look = move |value: &'static str, label: &'static str| {
        let current = move || tab.with(|tab| tab == value).then_some("page");
        let id = if value.is_empty() { "waterfall" } else { value };
        view! { <a data-testid=format!("look-{id}") aria-current=dynamic(current) href=dynamic(move || location.href(&[("view", value)]))>{label}</a> }
    };
    let toggle = move |key: &'static str, label: &'static str| {
        let value = location.value(key);
        let is_on = move || value.with(|value| value == "1");
        let press = move |_| location.set(&[(key, if is_on() { "" } else { "1" })], false);
        view! { <button type="button" class="quiet" data-testid=format!("toggle-{key}") aria-pressed=dynamic(move || is_on().to_string()) on:click=handler(press)>{label}</button> }
    };
    view! {
        <nav class="facts tabs-nav" aria-label="Views of the trace">{look("", "Waterfall")}{look("flame", "Flame graph")}{look("times", "Statistics")}{look("logs", "Logs")}</nav>
        {toggle("path", "Critical path")}{toggle("logs", "Logs in line")}
    }
}

/// Goes to the next span whose service or operation holds the text.
#[component]
fn Find(view: TraceView) -> impl IntoView {
    let location = Context::get().location;
    let find = location.value("find");
    let missed = RwSignal::new(false);
    let next = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let text = find.get_untracked();
        let from = view.selected.get_untracked().map(|row| row as usize);
        let hit = view.trace.with_untracked(|trace| {
            waterfall::find(&trace.spans, &trace.services, &trace.operations, &text, from)
        });
        missed.set(hit.is_none());
        if let Some(hit) = hit.and_then(|hit| u32::try_from(hit).ok()) {
            view.select(hit, true);
        }
    };
    view! {
        <form class="find" role="search" on:submit=handler(next)>
            <input type="text" data-find="" placeholder="Find a span, or error  /" aria-label="Find a span; Enter goes to the next"
                prop:value=dynamic(move || find.get())
                on:input=handler(move |event| { missed.set(false); location.set(&[("find", &event_target_value(&event))], true) })/>
            <button type="submit">"Next"</button>
            <span role="status" class="hint">{dynamic(move || missed.get().then_some("no such span"))}</span>
        </form>
    }
}

#[component]
fn Legend(view: TraceView) -> impl IntoView {
    let entries = move || {
        let looks = view.looks.get();
        view.trace.with(|trace| {
            trace
                .services
                .iter()
                .zip(looks)
                .map(|(service, look)| view! { <li><Dot look/>{service.clone()}</li> })
                .collect_view()
        })
    };
    view! { <ul class="legend services">{dynamic(entries)}</ul> }
}

#[component]
fn Warnings(view: TraceView) -> impl IntoView {
    let warnings = move || {
        let warnings = view.trace.with(|trace| trace.warnings.clone());
        let one = |warning: String| view! { <div class="note warn"><span class="glyph" aria-hidden="true">"▲"</span><span class="text">{warning}</span></div> };
        warnings.into_iter().map(one).collect_view()
    };
    view! { {dynamic(warnings)} }
}
