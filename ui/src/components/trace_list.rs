//! The traces that were found, a line each; two can be picked for a comparison.

use crate::client::Fetched;
use crate::components::answer::Empty;
use crate::components::dot::Dot;
use crate::components::moment::Moment;
use crate::components::nearest::NearestTraces;
use crate::components::trace_filters::is_filtered;
use crate::context::Context;
use crate::dynamic::{dynamic, handler};
use crate::prelude::*;
use crate::view::order::distinct;
use crate::view::traceql::FILTERS;
use crate::view::{colours, format, length, links, picks, text};
use ocelli_api::traces::{ServiceSpans, TraceSummary, TracesResponse};

/// As many as a reader looks through, and enough for the plot to show a shape.
pub const PAGE: usize = 200;
/// The API's own limit.
pub const MOST: usize = 1_000;

#[component]
pub fn TraceList(traces: Fetched<TracesResponse>) -> impl IntoView {
    let location = Context::get().location;
    let rows = move || {
        let data = traces.get()?;
        let services = data.traces.iter().flat_map(|trace| &trace.services);
        let names = distinct(services.map(|service| service.service.as_str()));
        let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        let looks = colours::looks(&names);
        let look = |service: &str| names.iter().position(|name| name == service).map(|at| looks[at]);
        let longest = data.traces.iter().map(|trace| trace.duration_ns).max().unwrap_or(1).max(1);
        let row = |trace: &TraceSummary| {
            let services: Vec<_> = trace
                .services
                .iter()
                .filter_map(|service| Some((look(&service.service)?, service.clone())))
                .collect();
            let root = look(&trace.root_service);
            view! { <Row trace=trace.clone() root services longest/> }
        };
        Some(data.traces.iter().map(row).collect_view())
    };
    let count = traces.map(|data| data.traces.len());
    let more = traces.map(|data| data.next_cursor.is_some());
    let wider = move || {
        let shown = count.get().unwrap_or(0);
        (more.get() == Some(true) && shown < MOST).then(|| {
            let next = (shown * 2).clamp(PAGE, MOST).to_string();
            view! { <p><a href=dynamic(move || location.href(&[("limit", &next)]))>"Show more"</a></p> }
        })
    };
    let none = move || {
        (count.get() == Some(0)).then(|| {
            let query = location.query.with(|query| query.only(&FILTERS).to_string());
            let what = if query.is_empty() {
                "No trace has been seen".to_owned()
            } else {
                format!("No trace fits {}", crate::view::query_string::decode(&query))
            };
            view! { <Empty what><NearestTraces/></Empty> }
        })
    };
    view! {
        <div class="scroll-table" class:hide=dynamic(move || count.get() == Some(0))><table class="rows traces">
            <thead><tr><th class="pick"><span class="hidden">"Picked"</span></th><th>"Start"</th><th>"Root"</th><th class="num">"Duration"</th><td class="bar-head"></td><th class="num">"Spans"</th><th class="num">"Errors"</th><th>"Services"</th>{dynamic(move || if is_filtered() { view! { <th>"Found"</th> }.into_any() } else { view! { <td></td> }.into_any() })}</tr></thead>
            <tbody>{dynamic(rows)}</tbody>
        </table></div>
        {dynamic(none)}{dynamic(wider)}
    }
}

#[component]
fn Row(
    trace: TraceSummary,
    root: Option<colours::Look>,
    services: Vec<(colours::Look, ServiceSpans)>,
    longest: i64,
) -> impl IntoView {
    let location = Context::get().location;
    let path = links::trace_path(&trace.trace_id);
    let found = found(&trace);
    // The first matched span is why the trace is listed, so it is opened.
    let span = trace.matched.first().map(|span| span.span_id.clone()).unwrap_or_default();
    let href = move || location.link(&path, &[("span", if is_filtered() { &span } else { "" })]);
    let share = trace.duration_ns.max(0) as f64 / longest as f64;
    let chips = services.into_iter().map(|(look, service)| {
        let title = format!("{}: {}", service.service, format::plural(u64::from(service.spans), "span", "spans"));
        view! { <span class="chip" title=title><Dot look/>{service.service}{(service.errors > 0).then(|| view! { <span class="glyph err">" ✖"</span> })}</span> }
    });
    let errors = u64::from(trace.error_count);
    view! {
        <tr data-testid="trace-row">
            <td class="pick"><Pick id=trace.trace_id/></td>
            <td><Moment at=trace.start/></td>
            <th scope="row">{root.map(|look| view! { <Dot look/> })}<a data-nav="" href=dynamic(href)>{trace.root_service}": "{trace.root_operation}</a>
                {(!trace.has_root).then(|| view! { <span class="hint">" root missing"</span> })}</th>
            <td class="num">{format::duration_ns(trace.duration_ns)}</td>
            <td class="bar-cell" aria-hidden="true"><span class="share" class:err=errors != 0 style:width=length::share(share)></span></td>
            <td class="num">{format::count(u64::from(trace.span_count))}</td>
            <td class="num" class:bad=errors != 0>{(errors != 0).then_some("✖ ")}{format::count(errors)}</td>
            <td class="chips">{chips.collect_view()}</td>
            <td class="chips">{dynamic(move || is_filtered().then(|| found.clone()))}</td>
        </tr>
    }
}

/// The spans that the filters hold on, and what a query says of them.
fn found(trace: &TraceSummary) -> String {
    let span = trace.matched.first().map(|span| {
        format!("{}: {} {}", span.service, span.operation, format::duration_ns(span.duration_ns))
    });
    let matched: u32 = trace.spansets.iter().map(|spanset| spanset.matched).sum();
    let more = (matched > 1).then(|| format!("of {}", format::plural(u64::from(matched), "span", "spans")));
    let figures = trace.spansets.iter().flat_map(|spanset| &spanset.attributes);
    let figures = figures.map(|attribute| format!("{} = {}", attribute.key, text::value(&attribute.value)));
    span.into_iter().chain(more).chain(figures).collect::<Vec<_>>().join(" · ")
}

/// Picks a trace for a comparison.
#[component]
fn Pick(id: String) -> impl IntoView {
    let location = Context::get().location;
    let picked = location.value("pick");
    let label = format!("Pick trace {id} for a comparison");
    let id = StoredValue::new(id);
    let is_picked = move || picked.with(|picked| id.with_value(|id| picks::ids(picked).contains(&&**id)));
    let toggle = move |_| {
        let picked = picked.with_untracked(|picked| id.with_value(|id| picks::toggle(picked, id)));
        location.set(&[("pick", &picked)], true);
    };
    view! { <label><input type="checkbox" data-testid="pick" aria-label=label prop:checked=dynamic(is_picked) on:change=handler(toggle)/></label> }
}

/// What is picked, and the way to see it side by side.
#[component]
pub fn Picked() -> impl IntoView {
    let location = Context::get().location;
    let picked = location.value("pick");
    let shown = move || {
        let picked = picked.get();
        let unpick = location.href(&[("pick", "")]);
        match *picks::ids(&picked) {
            [] => None,
            [_] => Some(view! { <span class="hint">"Pick one more trace to compare the two"</span>" "<a href=unpick>"Unpick"</a> }.into_any()),
            [a, b, ..] => {
                let href = location.link("/traces/diff", &[("a", a), ("b", b)]);
                Some(view! { <a class="button" href=href data-testid="compare">"Compare the two picked"</a>" "<a href=unpick>"Unpick"</a> }.into_any())
            }
        }
    };
    view! { <span role="status">{dynamic(shown)}</span> }
}
