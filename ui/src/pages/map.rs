//! `/map`: who calls whom, drawn and as a table.

use crate::client::fetch;
use crate::components::answer::{Answer, Empty};
use crate::components::find::Find;
use crate::components::map_drawing::MapDrawing;
use crate::context::Context;
use crate::dynamic::{dynamic, memo};
use crate::prelude::*;
use crate::view::edge_query::edge_query;
use crate::view::text::lower;
use crate::view::{format, links};
use ocelli_api::services::{GraphEdge, ServiceGraphResponse};

#[component]
pub fn Map() -> impl IntoView {
    let context = Context::get();
    let graph = fetch::<ServiceGraphResponse>(move || {
        context.range.get().ok().map(|range| links::api("/api/service_graph", &range, &[]))
    });
    let find = context.location.value("find");
    // What is looked for, and its neighbours.
    let edges = memo(move || {
        let text = lower(&find.get());
        let holds = |name: &str| text.is_empty() || lower(name).contains(&text);
        graph.with(|data| {
            let edges = data.map(|data| data.edges.as_slice()).unwrap_or_default();
            let near = edges.iter().filter(|edge| holds(&edge.client) || holds(&edge.server));
            near.cloned().collect::<Vec<_>>()
        })
    });
    let nodes = memo(move || graph.with(|data| data.map(|data| data.nodes.clone()).unwrap_or_default()));
    let none = move || {
        edges.with(Vec::is_empty).then(|| {
            let what = match find.get() {
                find if find.is_empty() => "No service has called another".to_owned(),
                find => format!("No call of a service whose name holds “{find}” has been seen"),
            };
            view! { <Empty what/> }
        })
    };
    view! {
        <section class="page">
            <header class="page-head"><h1>"Map"</h1><Find what="a service"/></header>
            <Answer asked=graph.asked stats=graph.map(|answer| answer.stats.clone())>
                <MapDrawing edges nodes/>
                <Table edges/>
                {dynamic(none)}
            </Answer>
        </section>
    }
}

#[component]
fn Table(edges: Memo<Vec<GraphEdge>>) -> impl IntoView {
    let location = Context::get().location;
    let row = move |edge: &GraphEdge| {
        let name = |name: &str| {
            let href = location.link(&links::service_path(name), &[]);
            view! { <a href=href data-nav="">{name.to_owned()}</a> }
        };
        let traces = location.link("/traces", &[("query", &edge_query(edge))]);
        let errors = edge.red.errors.round() as u64;
        view! {
            <tr data-testid="edge-row"><th scope="row">{name(&edge.client)}" → "{name(&edge.server)}</th>
                <td>{edge.connection_type.replace('_', " ")}</td>
                <td class="num">{format::count(edge.red.calls.round() as u64)}</td>
                <td class="num">{format::rate(edge.red.rate)}</td>
                <td class="num" class:bad=errors != 0>{(errors != 0).then_some("✖ ")}{format::count(errors)}</td>
                <td class="num">{format::ratio(edge.red.error_ratio)}</td>
                <td class="num">{format::millis(edge.red.p50_ms)}</td><td class="num">{format::millis(edge.red.p95_ms)}</td><td class="num">{format::millis(edge.red.p99_ms)}</td>
                <td><a href=traces aria-label=format!("Traces of {} to {}", edge.client, edge.server)>"traces"</a></td></tr>
        }
    };
    let rows = move || edges.with(|edges| edges.iter().map(row).collect_view());
    view! {
        <div class="scroll-table" class:hide=dynamic(move || edges.with(Vec::is_empty))><table class="rows" data-testid="edges">
            <thead><tr><th>"Call"</th><th>"Kind"</th><th class="num">"Calls"</th><th class="num">"Rate"</th><th class="num">"Errors"</th><th class="num">"Share"</th><th class="num">"p50"</th><th class="num">"p95"</th><th class="num">"p99"</th><td></td></tr></thead>
            <tbody>{dynamic(rows)}</tbody>
        </table></div>
    }
}
