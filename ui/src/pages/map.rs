//! `/map`: who calls whom, drawn and as a table.

use crate::client::fetch;
use crate::components::answer::{Answer, Empty};
use crate::components::find::Find;
use crate::components::map_drawing::MapDrawing;
use crate::components::nearest::NearestTraces;
use crate::context::Context;
use crate::dynamic::{dynamic, memo};
use crate::prelude::*;
use crate::view::dashboards::variables;
use crate::view::edge_query::edge_query;
use crate::view::order::distinct;
use crate::view::text::lower;
use crate::view::{format, links};
use ocelli_api::services::{GraphEdge, ServiceGraphResponse};

/// Names with the way to more and to less; others are found by name.
const NAMES: usize = 60;

#[component]
pub fn Map() -> impl IntoView {
    let context = Context::get();
    let graph = fetch::<ServiceGraphResponse>(move || {
        context.range.get().ok().map(|range| links::api("/api/service_graph", &range, &[]))
    });
    let find = context.location.value("find");
    let hidden = context.location.value("hide");
    let hidden = memo(move || hidden.with(|hidden| variables::parse(hidden, true)));
    // What is looked for, and its neighbours.
    let edges = memo(move || {
        let text = lower(&find.get());
        // In quotes it is the whole name.
        let whole = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        let holds = |name: &str| match whole {
            Some(whole) => lower(name) == whole,
            None => text.is_empty() || lower(name).contains(&text),
        };
        let is_shown = |name: &String| hidden.with(|hidden| !hidden.contains(name));
        graph.with(|data| {
            let edges = data.map(|data| data.edges.as_slice()).unwrap_or_default();
            let edges = edges.iter().filter(|edge| is_shown(&edge.client) && is_shown(&edge.server));
            let near = edges.filter(|edge| holds(&edge.client) || holds(&edge.server));
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
            view! { <Empty what><NearestTraces/></Empty> }
        })
    };
    let location = context.location;
    let shown_again = move || {
        let hidden = hidden.with(|hidden| hidden.join(", "));
        (!hidden.is_empty()).then(|| {
            view! { <p class="hint">{hidden}" hidden. "<a data-testid="show-all" href=dynamic(move || location.href(&[("hide", "")]))>"Show all"</a></p> }
        })
    };
    view! {
        <section class="page">
            <header class="page-head"><h1>"Map"</h1>{dynamic(shown_again)}<Find what="a service"/></header>
            <Answer asked=graph.asked stats=graph.map(|answer| answer.stats.clone())>
                <MapDrawing edges nodes/>
                <Narrow edges hidden/>
                <Table edges/>
                {dynamic(none)}
            </Answer>
        </section>
    }
}

/// Each service, to look at it with its neighbours only or to leave it out.
#[component]
fn Narrow(edges: Memo<Vec<GraphEdge>>, hidden: Memo<Vec<String>>) -> impl IntoView {
    let location = Context::get().location;
    let one = move |name: &str| {
        let mut hidden = hidden.get();
        hidden.push(name.to_owned());
        let only = location.href(&[("find", &format!("\"{name}\""))]);
        let without = location.href(&[("hide", &variables::write(&hidden, true))]);
        view! {
            <li>{name.to_owned()}" "<span class="filters"><a class="plus" href=only aria-label=format!("Only calls of {name}") title="Only its calls">"+"</a>
                <a class="minus" href=without aria-label=format!("Hide {name}") title="Hide it">"−"</a></span></li>
        }
    };
    let all = move || {
        edges.with(|edges| {
            let names = edges.iter().flat_map(|edge| [edge.client.as_str(), edge.server.as_str()]);
            distinct(names).into_iter().take(NAMES).map(one).collect_view()
        })
    };
    view! { <ul class="legend map-names" data-testid="map-names">{dynamic(all)}</ul> }
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
