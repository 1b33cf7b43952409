//! The table of where a trace's time went; each row leads to the longest span of its operation.

use crate::components::dot::Dot;
use crate::components::trace_view::TraceView;
use crate::dynamic::{dynamic, handler};
use crate::view::{format, where_time};
use leptos::prelude::*;

/// Operations that are shown; the rest has hardly any time.
const ROWS: usize = 50;

#[component]
pub fn WhereTime(view: TraceView) -> impl IntoView {
    let location = view.location;
    let rows = move || {
        let (trace, looks) = (view.trace.get(), view.looks.get());
        let all = where_time::by_operation(&trace);
        let total: i64 = all.iter().map(|of| of.self_ns).sum();
        let name = |names: &[String], at: u32| names.get(at as usize).cloned().unwrap_or_default();
        let row = |of: &where_time::OperationTime| {
            let row = of.row;
            let share = (total > 0).then(|| of.self_ns as f64 / total as f64);
            let (service, operation) =
                (name(&trace.services, of.service), name(&trace.operations, of.operation));
            let traces = location.link("/traces", &[("service", &service), ("operation", &operation)]);
            view! {
                <tr data-testid="operation-row">
                    <th scope="row">{looks.get(of.service as usize).map(|look| view! { <Dot look=*look/> })}
                        <button type="button" class="link" on:click=handler(move |_| view.select(row, false))>{service.clone()}": "{operation.clone()}</button></th>
                    <td class="num">{format::count(of.spans)}</td>
                    <td class="num" class:bad=of.errors != 0>{(of.errors != 0).then_some("✖ ")}{format::count(of.errors)}</td>
                    <td class="num">{format::duration_ns(of.self_ns)}</td>
                    <td class="num">{format::ratio(share)}</td>
                    <td class="bar-cell" aria-hidden="true"><span class="share" style:width=format!("{:.1}%", share.unwrap_or_default().max(0.0) * 100.0)></span></td>
                    <td class="num">{format::duration_ns(of.critical_ns)}</td>
                    <td class="num">{format::duration_ns(of.longest_ns)}</td>
                    <td><a href=traces aria-label=format!("Traces with {service}: {operation}")>"traces"</a></td>
                </tr>
            }
        };
        all.iter().take(ROWS).map(row).collect_view()
    };
    let loaded = move || {
        view.trace.with(|trace| {
            let loaded = trace.spans.span_id.len() as u64;
            (loaded < u64::from(trace.span_count)).then(|| view! { <p class="note warn">"Of the "{format::plural(loaded, "span", "spans")}" that are loaded."</p> })
        })
    };
    view! {
        {dynamic(loaded)}
        <div class="scroll-table times"><table class="rows" data-testid="where-time">
            <thead><tr><th>"Operation"</th><th class="num">"Spans"</th><th class="num">"Errors"</th><th class="num">"Self time"</th><th class="num">"Share"</th><th class="bar-head"></th><th class="num">"Critical path"</th><th class="num">"Longest"</th><th></th></tr></thead>
            <tbody>{dynamic(rows)}</tbody>
        </table></div>
    }
}
