//! Traces as points: when they began against how long they took, on a logarithmic axis. The table below
//! the chart is its alternative in words.

use crate::charts::points::{self, Point};
use crate::components::time_plot::{Area, Spot, TimePlot};
use crate::context::Context;
use crate::dynamic::{dynamic, memo};
use crate::prelude::*;
use crate::view::range::in_ms;
use crate::view::scale::{Linear, Log};
use crate::view::{format, links, scatter, ticks};
use ocelli_api::traces::{TraceSummary, TracesResponse};
use std::sync::Arc;

const HIT_PX: f64 = 12.0;
const RADIUS_PX: f64 = 4.0;

#[component]
pub fn Scatter(#[prop(into)] data: Signal<Option<Arc<TracesResponse>>>) -> impl IntoView {
    let context = Context::get();
    let decades = memo(move || {
        data.with(|data| {
            let traces = data.as_deref().map(|data| data.traces.as_slice()).unwrap_or_default();
            scatter::decades_around(traces.iter().map(|trace| trace.duration_ns as f64))
        })
    });
    let value_ticks = Signal::derive(move || {
        let (low, high) = decades.get();
        let scale = Log::new(low, high, 0.0, 1.0);
        ticks::decades(low, high)
            .into_iter()
            .map(|tick| (scale.px(tick), format::duration(tick)))
            .collect::<Vec<_>>()
    });
    let range_ms = Signal::derive(move || {
        data.with(|data| {
            let range = data.as_deref().map(|data| data.range).unwrap_or_default();
            in_ms(&range)
        })
    });
    let place = move |trace: &TraceSummary, x: &Linear, height: f64| {
        let (low, high) = decades.get_untracked();
        Point {
            x: x.px(trace.start.0 as f64 / 1e6),
            y: Log::new(low, high, height, 0.0).px(trace.duration_ns as f64),
            error: trace.error_count > 0,
        }
    };
    let nearest = move |spot: Spot| {
        let (from, to) = range_ms.get_untracked();
        let x = Linear::new(from, to, 0.0, spot.width);
        data.with_untracked(|data| {
            let traces = data.as_deref().map(|data| data.traces.as_slice()).unwrap_or_default();
            let dots: Vec<(f64, f64)> = traces
                .iter()
                .map(|trace| {
                    let point = place(trace, &x, spot.height);
                    (point.x, point.y)
                })
                .collect();
            scatter::nearest(&dots, spot.x, spot.y, HIT_PX).and_then(|hit| traces.get(hit).cloned())
        })
    };
    let pointed = RwSignal::new(None::<TraceSummary>);
    let over = move |spot: Option<Spot>| {
        let near = spot.and_then(nearest);
        if pointed.with_untracked(|pointed| *pointed != near) {
            pointed.set(near);
        }
    };
    let draw = move |area: Area| {
        decades.track();
        let dots: Vec<Point> = data.with(|data| {
            let traces = data.as_deref().map(|data| data.traces.as_slice()).unwrap_or_default();
            traces.iter().map(|trace| place(trace, &area.x, area.canvas.height)).collect()
        });
        points::draw(&area.canvas, &dots, RADIUS_PX);
        if let Some(trace) = pointed.get() {
            let point = place(&trace, &area.x, area.canvas.height);
            points::ring(&area.canvas, point.x, point.y, RADIUS_PX + 3.0);
        }
    };
    let click = move |spot: Spot| {
        if let Some(trace) = nearest(spot) {
            let href = untrack(|| context.location.link(&links::trace_path(&trace.trace_id), &[]));
            context.location.go(&href, false);
        }
    };
    let readout = move || match pointed.get() {
        Some(trace) => {
            format!(
                "{}: {} · {}",
                trace.root_service,
                trace.root_operation,
                format::duration_ns(trace.duration_ns)
            )
        }
        None => "click a point for its trace · drag to zoom".to_owned(),
    };
    let count = move || data.with(|data| data.as_deref().map_or(0, |data| data.traces.len()));
    // Of the list below: the newest, or the slowest.
    let which = move || format!("those of the list, {}", format::count(count() as u64));
    let label = Signal::derive(move || {
        format!("Duration of {} traces over time; the table below lists the same traces", count())
    });
    view! {
        <figure class="chart">
            <figcaption>
                <h2>"Traces by duration"</h2><span class="hint num">{dynamic(which)}</span>
                <ul class="legend">
                    <li><span class="glyph accent" aria-hidden="true">"●"</span>" without error"</li>
                    <li><span class="glyph err" aria-hidden="true">"✖"</span>" with errors"</li>
                </ul>
                <span class="readout">{dynamic(readout)}</span>
            </figcaption>
            <TimePlot label range_ms value_ticks draw=Callback::new(draw) click=Callback::new(click) over=Callback::new(over) class="mid"/>
        </figure>
    }
}
