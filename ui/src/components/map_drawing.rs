//! The service graph as a picture: services as boxes in layers, calls as lines with an arrow, the busier
//! the thicker. Every box and line is a link.

use crate::components::dot;
use crate::context::Context;
use crate::dynamic::{dynamic, handler};
use crate::prelude::*;
use crate::view::edge_query::edge_query;
use crate::view::service_map::{self, Layout, Line};
use crate::view::text::{fixed, shortest};
use crate::view::{colours, format, links};
use ocelli_api::services::{GraphEdge, GraphNode};

/// Pixels of the drawing.
const NODE_WIDTH: f64 = 168.0;
const NODE_HEIGHT: f64 = 40.0;
const LAYER_WIDTH: f64 = 260.0;
const ROW_HEIGHT: f64 = 60.0;
const MARGIN: f64 = 16.0;
const BEND: f64 = 46.0;
/// Lines that lead back lie so much lower, so that two services that call each other have two.
const BACK: f64 = 9.0;
/// Letters of a name that a box has room for.
const LETTERS: usize = 21;

#[component]
pub fn MapDrawing(edges: Memo<Vec<GraphEdge>>, nodes: Memo<Vec<GraphNode>>) -> impl IntoView {
    let pointed = RwSignal::new(None::<String>);
    let drawing = move || {
        let edges = edges.get();
        let layout = service_map::layout(&edges);
        let cut = (layout.left_out > 0).then(|| view! { <p class="note">"The busiest are drawn; "{format::plural(layout.left_out as u64, "service is", "services are")}" left out. Find one to see its neighbours."</p> });
        if layout.nodes.is_empty() {
            return None;
        }
        let busiest = edges.iter().map(|edge| edge.red.rate).fold(f64::MIN_POSITIVE, f64::max);
        let width = layout.layers as f64 * LAYER_WIDTH - (LAYER_WIDTH - NODE_WIDTH) + 2.0 * MARGIN;
        let height = layout.height * ROW_HEIGHT + 2.0 * MARGIN;
        let (width, height) = (shortest(width), shortest(height));
        let lines = layout
            .lines
            .iter()
            .map(|line| call(&layout, line, &edges[line.edge], busiest, pointed))
            .collect_view();
        let names: Vec<String> = layout.nodes.iter().map(|node| node.name.clone()).collect();
        let looks = colours::looks(&names);
        let boxes = layout.nodes.iter().zip(looks).map(|(node, look)| {
            let figures = nodes.with(|nodes| nodes.iter().find(|other| other.name == node.name).cloned());
            service(node, look, &figures.unwrap_or_default())
        });
        Some(view! {
            {cut}
            <div class="scroll-table map-frame" data-testid="map"><svg class="map" role="group" aria-label="Services and their calls; the table below says the same" width=width.clone() height=height.clone() viewBox=format!("0 0 {width} {height}")>
                <defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path class="tip" d="M0 0 L8 4 L0 8 z"></path></marker></defs>
                {lines}{boxes.collect_view()}
            </svg></div>
        })
    };
    view! {
        <p class="hint num" role="status">{dynamic(move || pointed.get().unwrap_or_else(|| "A service leads to its page, a line to its traces.".to_owned()))}</p>
        {dynamic(drawing)}
    }
}

fn left_of(layer: usize) -> f64 {
    MARGIN + layer as f64 * LAYER_WIDTH
}

fn middle_of(place: f64) -> f64 {
    MARGIN + (place + 0.5) * ROW_HEIGHT
}

fn service(node: &service_map::Node, look: colours::Look, figures: &GraphNode) -> AnyView {
    let location = Context::get().location;
    let (left, top) = (left_of(node.layer), middle_of(node.place) - NODE_HEIGHT / 2.0);
    let href = location.link(&links::service_path(&node.name), &[]);
    let mut short: String = node.name.chars().take(LETTERS).collect();
    if short.len() < node.name.len() {
        short.push('…');
    }
    let errors = figures.errors.round() as u64;
    // What sends no spans of its own is round.
    let radius = if figures.kind.is_empty() { 4.0 } else { NODE_HEIGHT / 2.0 };
    let figures = match (figures.calls.round() as u64, &*figures.kind) {
        (0, _) => "calls others".to_owned(),
        (calls, "") => format!("{} calls", format::short(calls as f64)),
        (calls, kind) => format!(
            "{} calls · {}",
            format::short(calls as f64),
            if kind == "virtual_node" { "outside".to_owned() } else { kind.replace('_', " ") }
        ),
    };
    let errors = (errors > 0).then(|| format!(" ✖ {}", format::short(errors as f64)));
    let (colour, text_left) = (dot::classes(look), shortest(left + 26.0));
    // Without the group around it, this would be a link of HTML.
    view! {
        <g><a class="service" href=href data-nav="" data-testid="map-node"><title>{node.name.clone()}</title>
            <rect class="node" x=shortest(left) y=shortest(top) width=shortest(NODE_WIDTH) height=shortest(NODE_HEIGHT) rx=shortest(radius)></rect>
            <circle class=colour cx=shortest(left + 14.0) cy=shortest(top + 14.0) r="5"></circle>
            <text x=text_left.clone() y=shortest(top + 18.0)>{short}</text>
            <text class="figures" x=text_left y=shortest(top + 33.0)>{figures}<tspan class="bad">{errors}</tspan></text></a></g>
    }
    .into_any()
}

fn call(
    layout: &Layout,
    line: &Line,
    edge: &GraphEdge,
    busiest: f64,
    pointed: RwSignal<Option<String>>,
) -> AnyView {
    let location = Context::get().location;
    let path = way(layout, line);
    let errors = edge.red.errors > 0.0;
    // The logarithm tells a call a minute from a thousand a second.
    let width = 1.0 + 2.2 * (1.0 + edge.red.rate.max(0.0) * 1e3 / busiest).log10() / 3.0;
    let said = format!(
        "{} → {}: {}, {}, p95 {}",
        edge.client,
        edge.server,
        format::rate(edge.red.rate),
        format::plural(edge.red.errors.round() as u64, "error", "errors"),
        format::millis(edge.red.p95_ms)
    );
    let href = location.link("/traces", &[("query", &edge_query(edge))]);
    let tell = StoredValue::new(said.clone());
    let on = move || pointed.set(Some(tell.get_value()));
    let off = move || pointed.set(None);
    view! {
        <g><a class="call" class:bad=errors href=href aria-label=format!("Traces of {said}") data-nav="" data-testid="map-edge"
            on:mouseenter=handler(move |_| on()) on:mouseleave=handler(move |_| off()) on:focus=handler(move |_| on()) on:blur=handler(move |_| off())>
            <path class="reach" d=path.clone()></path>
            <path class="edge" d=path stroke-width=fixed(width, 1) marker-end="url(#arrow)"></path></a></g>
    }
    .into_any()
}

/// From one side of the caller to a side of what it calls, along the places where it passes other layers;
/// a small ring where a service calls itself.
fn way(layout: &Layout, line: &Line) -> String {
    let (client, server) = (&layout.nodes[line.from], &layout.nodes[line.to]);
    if line.from == line.to {
        let (x, y) = (left_of(client.layer) + NODE_WIDTH, middle_of(client.place));
        let points = [(x, y - 12.0), (x + 34.0, y - 30.0), (x + 34.0, y + 30.0), (x, y + 12.0)];
        let [from, bend, back, to] = points.map(point);
        return format!("M{from} C{bend} {back} {to}");
    }
    let forward = server.layer > client.layer;
    // Where a line leaves a layer, and where it comes in, in the direction that it goes.
    let (out, into) = if forward { (NODE_WIDTH, 0.0) } else { (0.0, NODE_WIDTH) };
    let (bend, lower) = if forward { (BEND, 0.0) } else { (-BEND, BACK) };
    let mut at = (left_of(client.layer) + out, middle_of(client.place) + lower);
    let mut way = format!("M{}", point(at));
    let mut curve = |way: &mut String, to: (f64, f64)| {
        let [bend, back, end] = [(at.0 + bend, at.1), (to.0 - bend, to.1), to].map(point);
        way.push_str(&format!(" C{bend} {back} {end}"));
        at = to;
    };
    for (layer, place) in &line.passes {
        let y = middle_of(*place);
        curve(&mut way, (left_of(*layer) + into, y));
        curve(&mut way, (left_of(*layer) + out, y));
    }
    curve(&mut way, (left_of(server.layer) + into, middle_of(server.place) + lower));
    way
}

fn point((x, y): (f64, f64)) -> String {
    format!("{} {}", shortest(x), shortest(y))
}
