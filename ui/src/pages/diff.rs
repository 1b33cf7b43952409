//! `/traces/diff?a&b`: two traces over each other.

use crate::client::fetch;
use crate::components::answer::Answer;
use crate::context::Context;
use crate::dynamic::{dynamic, handler, memo};
use crate::prelude::*;
use crate::view::query_string::QueryString;
use crate::view::{format, length, links};
use ocelli_api::traces::{DiffResponse, DiffSide, DiffedTrace};
use std::sync::Arc;

/// Rows that are drawn; the API has all of a larger comparison.
const ROWS: usize = 1_000;

#[component]
pub fn Diff() -> impl IntoView {
    let location = Context::get().location;
    let (a, b) = (location.value("a"), location.value("b"));
    let both = memo(move || !a.with(String::is_empty) && !b.with(String::is_empty));
    let compared = fetch::<DiffResponse>(move || {
        let query = QueryString::default().with("a", &a.get()).with("b", &b.get());
        both.get().then(|| query.on("/api/traces/diff"))
    });
    let field = move |key: &'static str, label: &'static str| {
        let value = location.value(key);
        let id = format!("diff-{key}");
        view! {
            <span class="field long"><label for=id.clone()>{label}</label>
            <input id=id type="text" class="mono" autocomplete="off" spellcheck="false" prop:value=dynamic(move || value.get())
                on:change=handler(move |event| location.set(&[(key, event_target_value(&event).trim())], false))/></span>
        }
    };
    let swapped = move || location.href(&[("a", &b.get()), ("b", &a.get())]);
    let pick = move || {
        let picked = if a.with(String::is_empty) { b.get() } else { a.get() };
        location.link("/traces", &[("pick", &picked)])
    };
    let missing = move || {
        (!both.get()).then(|| view! { <p class="note">"Two traces are compared: give both ids, or "<a href=dynamic(pick)>"pick them in the list of traces"</a>"."</p> })
    };
    let data = memo(move || compared.get().unwrap_or_default());
    view! {
        <section class="page">
            <header class="page-head"><h1>"Two traces"</h1></header>
            <form class="filters-form" on:submit=handler(|event: web_sys::SubmitEvent| event.prevent_default())>{field("a", "Trace A")}{field("b", "Trace B")}<a class="clear" href=dynamic(swapped)>"Swap"</a></form>
            {dynamic(missing)}
            <Answer asked=compared.asked stats=compared.map(|answer| answer.stats.clone())><Paths data/></Answer>
        </section>
    }
}

#[component]
fn Paths(data: Memo<Arc<DiffResponse>>) -> impl IntoView {
    let location = Context::get().location;
    let one = move |name: &'static str, class: &'static str, trace: &DiffedTrace| {
        let errors = u64::from(trace.error_count);
        view! {
            <p class="facts"><span class=class aria-hidden="true"></span><a href=location.link(&links::trace_path(&trace.trace_id), &[])>{name}</a>
                <span class="num">{format::duration_ns(trace.duration_ns)}</span>
                <span class="num">{format::plural(u64::from(trace.span_count), "span", "spans")}</span>
                <span class="num" class:bad=errors != 0>{(errors != 0).then_some("✖ ")}{format::plural(errors, "error", "errors")}</span></p>
        }
    };
    let head = move || {
        data.with(
            |data| view! { {one("Trace A", "key-bar", &data.a)}{one("Trace B", "key-bar other", &data.b)} },
        )
    };
    let rows = move || {
        let data = data.get();
        (0..data.paths.depth.len().min(ROWS)).map(|row| path(location, &data, row)).collect_view()
    };
    let cut = move || {
        let all = data.with(|data| data.paths.depth.len());
        (all > ROWS).then(|| view! { <p class="note warn" role="status">"The first "{format::count(ROWS as u64)}" of "{format::count(all as u64)}" rows are shown; the request below gives all."</p> })
    };
    view! {
        {dynamic(head)}
        {dynamic(cut)}
        <div class="scroll-table"><table class="rows" data-testid="diff">
            <thead><tr><th>"Operation"</th><td class="bar-head"></td><th class="num">"Duration A"</th><th class="num">"Duration B"</th><th class="num">"Self time A"</th><th class="num">"Self time B"</th><th class="num">"Difference"</th><th>"Spans"</th></tr></thead>
            <tbody>{dynamic(rows)}</tbody>
        </table></div>
    }
}

fn path(location: crate::location::Location, data: &DiffResponse, row: usize) -> impl IntoView + use<> {
    let paths = &data.paths;
    let name = |names: &[String], column: &[u32]| {
        column.get(row).and_then(|at| names.get(*at as usize)).cloned().unwrap_or_default()
    };
    let spans = |side: &DiffSide| side.spans.get(row).copied().unwrap_or_default();
    let at = |column: &[i64]| column.get(row).copied().unwrap_or_default();
    let longest = data.a.duration_ns.max(data.b.duration_ns).max(1) as f64;
    let width = |side: &DiffSide| length::share(at(&side.duration_ns) as f64 / longest);
    // The earliest span of a side; nothing where it has none.
    let duration = |trace: &DiffedTrace, side: &DiffSide| {
        let span = side.span_id.get(row).filter(|_| spans(side) > 0)?;
        let href = location.link(&links::trace_path(&trace.trace_id), &[("span", span)]);
        Some(view! { <a href=href>{format::duration_ns(at(&side.duration_ns))}</a> })
    };
    let own = |side: &DiffSide| (spans(side) > 0).then(|| format::duration_ns(at(&side.self_ns)));
    let (a, b) = (spans(&paths.a), spans(&paths.b));
    let counts = match (a, b) {
        (0, b) => format!("only in B: {b}"),
        (a, 0) => format!("only in A: {a}"),
        (a, b) if a == b => a.to_string(),
        (a, b) => format!("{a} → {b}"),
    };
    let difference = at(&paths.b.self_ns).saturating_sub(at(&paths.a.self_ns));
    let depth = paths.depth.get(row).copied().unwrap_or_default().min(24).to_string();
    view! {
        <tr data-testid="diff-row" class:changed=a != b>
            <th scope="row"><span class="indent inline" style=("--depth", depth)></span>{name(&data.services, &paths.service)}": "{name(&data.operations, &paths.operation)}</th>
            <td class="bar-cell two-bars" aria-hidden="true"><span class="share" style:width=width(&paths.a)></span><span class="share other" style:width=width(&paths.b)></span></td>
            <td class="num">{duration(&data.a, &paths.a)}</td><td class="num">{duration(&data.b, &paths.b)}</td>
            <td class="num">{own(&paths.a)}</td><td class="num">{own(&paths.b)}</td>
            <td class="num">{(difference > 0).then_some("+")}{format::duration_ns(difference)}</td>
            <td>{counts}</td>
        </tr>
    }
}
