//! The durations of all spans that are found, over time. A box over some cells, drawn or chosen by
//! keyboard, becomes the range and the band of durations of the page.

use crate::charts::cells;
use crate::client::Fetched;
use crate::components::time_plot::{Area, Dragged, Spot, TimePlot};
use crate::context::Context;
use crate::dynamic::{dynamic, effect, memo};
use crate::prelude::*;
use crate::view::heatmap::{Cell, Chosen, Heatmap};
use crate::view::scale::Linear;
use crate::view::{format, traceql, zone};
use ocelli_api::UnixNano;
use ocelli_api::traces::TraceMetricsResponse;
use std::sync::Arc;

#[component]
pub fn DurationMap(answer: Fetched<TraceMetricsResponse>) -> impl IntoView {
    let map = memo(move || answer.with(|answer| answer.and_then(Heatmap::of)).map(Arc::new));
    let some = memo(move || map.with(Option::is_some));
    let partial = answer.map(|answer| answer.stats.partial.clone());
    let partial = move || {
        let why = partial.get().flatten()?;
        Some(
            view! { <p class="note warn" role="status"><span class="glyph" aria-hidden="true">"▲"</span>"Not all spans are counted: "{why}</p> },
        )
    };
    view! {
        <div>
            {dynamic(partial)}
            <Show when=move || some.get()><Chart map=Signal::derive(move || map.get().unwrap_or_default())/></Show>
        </div>
    }
}

#[component]
fn Chart(map: Signal<Arc<Heatmap>>) -> impl IntoView {
    let context = Context::get();
    // The corner where choosing began, and the one that moves.
    let corners = RwSignal::new(None::<(Cell, Cell)>);
    let pointed = RwSignal::new(None::<Cell>);
    // Another answer has other cells.
    effect(move || {
        map.track();
        corners.set(None);
        pointed.set(None);
    });
    let chosen = move || corners.get().map(|(a, b)| Chosen::between(a, b));
    let range_ms = Signal::derive(move || map.with(|map| (map.from_ms, map.to_ms)));
    let value_ticks = Signal::derive(move || {
        let ticks = map.with(|map| map.ticks());
        ticks.into_iter().map(|(share, ns)| (share, format::duration(ns))).collect::<Vec<_>>()
    });
    let cell = move |spot: Spot| {
        map.with_untracked(|map| {
            let x = Linear::new(map.from_ms, map.to_ms, 0.0, spot.width);
            map.cell_at(x.value(spot.x), 1.0 - spot.y / spot.height.max(1.0))
        })
    };
    let look_at = move |corners: (Cell, Cell)| {
        let chosen = Chosen::between(corners.0, corners.1);
        map.with_untracked(|map| {
            if map.count_in(&chosen) > 0 {
                apply(context, map, &chosen);
            }
        });
    };
    let boxed = move |dragged: Dragged| {
        let both = (cell(dragged.from), cell(dragged.to));
        corners.set(Some(both));
        if dragged.done {
            look_at(both);
        }
    };
    let over = move |spot: Option<Spot>| {
        pointed.set(spot.map(cell));
        if spot.is_none() {
            corners.set(None);
        }
    };
    let keys = move |(key, shift): (String, bool)| {
        let now = corners.get_untracked();
        match (key.as_str(), now) {
            ("Enter", Some(corners)) => look_at(corners),
            ("Escape", Some(_)) => corners.set(None),
            (key, _) => {
                let (start, end) = match now {
                    Some((start, end)) => (start, map.with_untracked(|map| map.step(end, key))),
                    // The first arrow only shows where one is.
                    None => {
                        let fullest = map.with_untracked(|map| map.fullest());
                        (fullest, key.starts_with("Arrow").then_some(fullest))
                    }
                };
                let Some(end) = end else { return false };
                corners.set(Some((if shift { start } else { end }, end)));
            }
        }
        true
    };
    let draw = move |area: Area| map.with(|map| cells::draw(&area.canvas, map, &area.x, chosen()));
    let readout = move || match chosen().or_else(|| pointed.get().map(|cell| Chosen::between(cell, cell))) {
        Some(chosen) => map.with(|map| describe(context, map, &chosen)),
        None => "drag a box, or arrows, Shift and Enter: only these".to_owned(),
    };
    let label = Signal::derive(move || {
        let total = map.with(|map| map.total);
        format!(
            "Durations of {total} spans over time. Arrow keys choose a cell, with Shift more of them; Enter looks only at these."
        )
    });
    view! {
        <figure class="chart" data-testid="heatmap">
            <figcaption>
                <h2>"Spans by duration"</h2>
                <span class="hint num">{dynamic(move || format::plural(map.with(|map| map.total), "span", "spans"))}</span>
                <span class="readout num" role="status">{dynamic(readout)}</span>
            </figcaption>
            <TimePlot label range_ms value_ticks draw=Callback::new(draw) click=Callback::new(move |spot| look_at((cell(spot), cell(spot))))
                over=Callback::new(over) boxed=Callback::new(boxed) keys=Callback::new(keys) class="mid"/>
        </figure>
    }
}

/// The box becomes part of the address.
fn apply(context: Context, map: &Heatmap, chosen: &Chosen) {
    let (from, to) = map.time_ms(chosen);
    let (least, most) = map.band(chosen);
    let query = context.location.query.with_untracked(|page| page.text("query"));
    if query.is_empty() {
        context.zoom_with(from, to, &[("min_duration", &least), ("max_duration", &most)]);
    } else {
        context.zoom_with(from, to, &[("query", &traceql::within(&query, &least, &most))]);
    }
}

fn describe(context: Context, map: &Heatmap, chosen: &Chosen) -> String {
    let clock = |ms: f64| {
        let at = UnixNano((ms * 1e6) as i64);
        zone::clock(at, context.offset_min(at))
    };
    let ((from, to), (low, high)) = (map.time_ms(chosen), map.durations_ns(chosen));
    format!(
        "{} – {} · {} – {} · {}",
        clock(from),
        clock(to),
        format::duration(low),
        format::duration(high),
        format::plural(map.count_in(chosen), "span", "spans")
    )
}
