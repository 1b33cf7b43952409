//! The table of where a trace's time went, by operation or by service; each row leads to its longest span,
//! to its spans in the waterfall, and to other traces.

use crate::components::dot::Dot;
use crate::components::trace_view::TraceView;
use crate::dynamic::{dynamic, handler, memo};
use crate::location::Location;
use crate::prelude::*;
use crate::view::where_time::{self, Column, OperationTime};
use crate::view::{format, length};
use ocelli_api::traces::TraceResponse;

/// Rows that are shown; sorting by another column shows others.
const ROWS: usize = 100;

#[component]
pub fn WhereTime(view: TraceView) -> impl IntoView {
    let location = view.location;
    let (by, order) = (location.value("by"), location.value("order"));
    let by_service = memo(move || by.with(|by| by == "service"));
    let rows = move || {
        let trace = view.trace.get();
        let mut all = where_time::summed_up(&trace, by_service.get());
        let total: i64 = all.iter().map(|of| of.self_ns).sum();
        where_time::sort(&mut all, &trace, Column::parse(&order.get()));
        all.iter().take(ROWS).map(|of| row(view, &trace, of, total)).collect_view()
    };
    let loaded = move || {
        view.trace.with(|trace| {
            let loaded = trace.spans.span_id.len() as u64;
            (loaded < u64::from(trace.span_count)).then(|| view! { <p class="note warn">"Of the "{format::plural(loaded, "span", "spans")}" that are loaded."</p> })
        })
    };
    let kind = move |label: &'static str, value: &'static str| {
        let current = move || by.with(|by| by == value).then_some("true");
        view! { <a href=dynamic(move || location.href(&[("by", value)])) aria-current=dynamic(current)>{label}</a> }
    };
    let head = move |label: &'static str, column: Column| view! { <Head label column location order/> };
    view! {
        <div class="times">
            {dynamic(loaded)}
            <p class="facts tabs-nav">{kind("By operation", "")}{kind("By service", "service")}</p>
            <div class="scroll-table"><table class="rows" data-testid="where-time">
                <thead><tr>
                    {head("Name", Column::Name)}{head("Spans", Column::Spans)}{head("Errors", Column::Errors)}{head("Total", Column::Total)}
                    {head("Self time", Column::OwnTime)}<th class="num">"Share"</th><td class="bar-head"></td>
                    {head("p95", Column::P95)}{head("Longest", Column::Longest)}{head("Critical path", Column::Critical)}<td></td>
                </tr></thead>
                <tbody>{dynamic(rows)}</tbody>
            </table></div>
        </div>
    }
}

#[component]
fn Head(label: &'static str, column: Column, location: Location, order: Memo<String>) -> impl IntoView {
    let state = move || {
        let (now, descending) = order.with(|order| Column::parse(order));
        (now == column).then_some(if descending { "descending" } else { "ascending" })
    };
    let arrow = move || match state() {
        Some("descending") => " ▾",
        Some(_) => " ▴",
        None => "",
    };
    let href = move || location.href(&[("order", &order.with(|order| column.next(order)))]);
    view! { <th class:num={column != Column::Name} aria-sort=dynamic(state)><a href=dynamic(href)>{label}{dynamic(arrow)}</a></th> }
}

fn row(view: TraceView, trace: &TraceResponse, of: &OperationTime, total: i64) -> AnyView {
    let location = view.location;
    let longest = of.row;
    let share = (total > 0).then(|| of.self_ns as f64 / total as f64);
    let name = |names: &[String], at: u32| names.get(at as usize).cloned().unwrap_or_default();
    let service = name(&trace.services, of.service);
    let operation = of.operation.map(|operation| name(&trace.operations, operation));
    let traces = location
        .link("/traces", &[("service", &service), ("operation", operation.as_deref().unwrap_or_default())]);
    let find = operation.clone().unwrap_or_else(|| service.clone());
    let waterfall = location.href(&[("view", ""), ("find", &find)]);
    let label = match &operation {
        Some(operation) => format!("{service}: {operation}"),
        None => service,
    };
    let look = view.looks.with_untracked(|looks| looks.get(of.service as usize).copied());
    view! {
        <tr data-testid="operation-row">
            <th scope="row">{look.map(|look| view! { <Dot look/> })}
                <button type="button" class="link" title="Its longest span" on:click=handler(move |_| view.select(longest, false))>{label.clone()}</button></th>
            <td class="num">{format::count(of.spans)}</td>
            <td class="num" class:bad={of.errors != 0}>{(of.errors != 0).then_some("✖ ")}{format::count(of.errors)}</td>
            <td class="num">{format::duration_ns(of.total_ns)}</td>
            <td class="num">{format::duration_ns(of.self_ns)}</td>
            <td class="num">{format::ratio(share)}</td>
            <td class="bar-cell" aria-hidden="true"><span class="share" style:width=length::share(share.unwrap_or_default())></span></td>
            <td class="num">{format::duration_ns(of.p95_ns)}</td>
            <td class="num">{format::duration_ns(of.longest_ns)}</td>
            <td class="num">{format::duration_ns(of.critical_ns)}</td>
            <td class="filters"><a href=waterfall aria-label=format!("Spans of {label} in the waterfall")>"spans"</a>" "<a href=traces aria-label=format!("Traces with {label}")>"traces"</a></td>
        </tr>
    }
    .into_any()
}
