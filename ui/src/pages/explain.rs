//! `/traces/explain`: which attributes and which part of the path set the selected spans apart.

use crate::client::fetch;
use crate::components::answer::{Answer, Empty};
use crate::components::explained::{Attributes, Paths};
use crate::components::mistake::Mistake;
use crate::context::Context;
use crate::dynamic::{dynamic, handler, memo};
use crate::prelude::*;
use crate::view::{format, links, range, traceql, zone};
use ocelli_api::explain::{ExplainResponse, ExplainedSide};
use ocelli_api::{TimeRange, UnixNano};
use std::sync::Arc;

/// The parameters of the page's URL, which are those of the API.
const KEYS: [&str; 8] = [
    "service",
    "operation",
    "status",
    "min_duration",
    "max_duration",
    "query",
    "baseline_from",
    "baseline_to",
];

#[component]
pub fn Explain() -> impl IntoView {
    let context = Context::get();
    let location = context.location;
    let query = location.query;
    let explained = fetch::<ExplainResponse>(move || {
        let range = context.range.get().ok()?;
        let values = query.with(|query| KEYS.map(|key| query.text(key)));
        let parameters: Vec<(&str, &str)> =
            KEYS.iter().zip(&values).map(|(key, value)| (*key, value.as_str())).collect();
        Some(links::api("/api/traces/explain", &range, &parameters))
    });
    let selected = Signal::derive(move || query.with(|page| traceql::selected(page, true)));
    let back = move || location.link("/traces", &[("query", &selected.get())]);
    let data = memo(move || explained.get().unwrap_or_default());
    let compares = memo(move || data.with(|data| data.selection.spans > 0 && data.baseline.spans > 0));
    let nothing = move || {
        let (selection, baseline) = data.with(|data| (data.selection.spans, data.baseline.spans));
        match (selection, baseline) {
            (0, _) => Some(view! { <Empty what=format!("No span fits {}", selected.get())/> }.into_any()),
            (_, 0) => Some(view! { <p class="note warn" role="status">"All spans are selected: there are none to compare them with. Widen the range, or choose another baseline."</p> }.into_any()),
            _ => None,
        }
    };
    view! {
        <section class="page">
            <header class="page-head"><h1>"What sets these spans apart"</h1><a href=dynamic(back)>"These traces"</a></header>
            <p class="facts"><code class="mono" data-testid="selected">{dynamic(move || selected.get())}</code></p>
            <Scope/>
            <Mistake failure=explained.failure query=location.value("query")/>
            <Answer asked=explained.asked stats=explained.map(|answer| answer.stats.clone())>
                <Sides data/>
                {dynamic(nothing)}
                <Show when=move || compares.get()><Attributes data/><Paths data/></Show>
            </Answer>
        </section>
    }
}

/// What selection and baseline have in common, and when the baseline is.
#[component]
fn Scope() -> impl IntoView {
    let context = Context::get();
    let location = context.location;
    let field = move |key: &'static str, label: &'static str| {
        let value = location.value(key);
        let id = format!("scope-{key}");
        view! {
            <span class="field"><label for=id.clone()>{label}</label>
            <input id=id name=key type="text" placeholder="any" autocomplete="off" spellcheck="false" prop:value=dynamic(move || value.get())
                on:change=handler(move |event| location.set(&[(key, event_target_value(&event).trim())], false))/></span>
        }
    };
    let before = location.value("baseline_from");
    let choose = move |event: web_sys::Event| {
        let earlier = context.range.get_untracked().ok().filter(|_| event_target_value(&event) == "before");
        let (from, to) = earlier.map(|range| range::absolute(&time_before(&range))).unwrap_or_default();
        location.set(&[("baseline_from", &from), ("baseline_to", &to)], false);
    };
    view! {
        <form class="filters-form" on:submit=handler(|event: web_sys::SubmitEvent| event.prevent_default())>
            {field("service", "Only within the service")}
            {field("operation", "and the operation")}
            <span class="field"><label for="baseline">"Compared with"</label>
            <select id="baseline" on:change=handler(choose)>
                <option value="" selected=dynamic(move || before.with(String::is_empty))>"the others of the same time"</option>
                <option value="before" selected=dynamic(move || !before.with(String::is_empty))>"all of the time before"</option>
            </select></span>
        </form>
    }
}

/// As long as the range, right before it.
fn time_before(range: &TimeRange) -> TimeRange {
    TimeRange { from: UnixNano(range.from.0.saturating_sub(range.duration_ns())), to: range.from }
}

#[component]
fn Sides(data: Memo<Arc<ExplainResponse>>) -> impl IntoView {
    let context = Context::get();
    let clock = move |at: UnixNano| zone::short_date_clock(at, context.offset_min(at));
    let row = move |name: &'static str, side: &ExplainedSide, range: TimeRange| {
        view! {
            <tr><th scope="row">{name}</th><td class="num">{clock(range.from)}" – "{clock(range.to)}</td>
                <td class="num">{format::count(side.spans)}</td><td class="num">{format::count(side.looked_at)}</td>
                <td class="num">{format::duration(side.mean_ns)}</td><td class="num">{format::duration_ns(side.p50_ns)}</td>
                <td class="num">{format::duration_ns(side.p95_ns)}</td><td class="num">{format::duration_ns(side.p99_ns)}</td></tr>
        }
    };
    let rows = move || {
        data.with(|data| view! {
            {row("Selected", &data.selection, data.range)}{row("Baseline", &data.baseline, data.baseline_range)}
        })
    };
    view! {
        <div class="scroll-table" tabindex="0"><table class="rows" data-testid="sides">
            <thead><tr><td></td><th class="num">"When"</th><th class="num">"Spans"</th><th class="num" title="Attributes are counted in a fair sample of at most 20,000 spans a side">"Looked at"</th><th class="num">"Mean"</th><th class="num">"p50"</th><th class="num">"p95"</th><th class="num">"p99"</th></tr></thead>
            <tbody>{dynamic(rows)}</tbody>
        </table></div>
    }
}
