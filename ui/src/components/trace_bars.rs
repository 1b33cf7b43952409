//! The time side of the waterfall: a ruler of DOM labels and the bars of the rows in view on one canvas.

use crate::charts::canvas::Canvas;
use crate::charts::timeline::{self, Frame};
use crate::components::size::size_of;
use crate::components::trace_view::TraceView;
use crate::context::Context;
use crate::dynamic::{dynamic, effect};
use crate::prelude::*;
use crate::view::trace_lines::Line;
use crate::view::{format, length, ticks};
use leptos::html;
use wasm_bindgen::JsCast;

const RULER_TICK_PX: f64 = 110.0;
const RULER_LABEL_PX: f64 = 48.0;

/// Ticks of the zoomed part, in time since the start of the trace.
fn ruler_ticks(zoom: (f64, f64), width: f64) -> Vec<f64> {
    let step = ticks::round_step(zoom.1 - zoom.0, (width / RULER_TICK_PX).max(1.0) as usize);
    let first = (zoom.0 / step).ceil();
    (0..100).map(|n| (first + f64::from(n)) * step).take_while(|tick| *tick < zoom.1).collect()
}

#[component]
pub fn Ruler(view: TraceView) -> impl IntoView {
    let ruler = NodeRef::<html::Div>::new();
    let size = size_of(move || ruler.get().map(|ruler| ruler.unchecked_into()));
    let marks = move || {
        let zoom = view.zoom.get();
        let width = size.get().0;
        let x = |tick: f64| (tick - zoom.0) / (zoom.1 - zoom.0) * width;
        ruler_ticks(zoom, width)
            .into_iter()
            .filter(|tick| x(*tick) < width - RULER_LABEL_PX)
            .map(|tick| {
                let x = x(tick);
                view! { <span style:left=length::px(x)>{format::duration(tick)}</span> }
            })
            .collect_view()
    };
    view! { <div class="ruler num" node_ref=ruler aria-hidden="true">{dynamic(marks)}</div> }
}

#[component]
pub fn Bars(
    view: TraceView,
    first: Signal<usize>,
    count: Signal<usize>,
    shift: Signal<f64>,
) -> impl IntoView {
    let context = Context::get();
    let canvas = NodeRef::<html::Canvas>::new();
    let size = size_of(move || canvas.get().map(|canvas| canvas.unchecked_into()));
    effect(move || {
        context.dark.track();
        let (width, height) = size.get();
        let Some(canvas) = canvas.get().and_then(|canvas| Canvas::prepare(&canvas, width, height)) else {
            return;
        };
        let looks = view.paints();
        let path = view.path.get();
        let (lines, trace) = (view.lines.get(), view.trace.get());
        let end = (first.get() + count.get()).min(lines.len());
        let at = |line: &Line| {
            let place = line.record_place()?;
            let time = view
                .logs
                .with(|logs| logs.and_then(|logs| logs.records.get(place).map(|record| record.time)));
            time.map(|time| time.0.saturating_sub(trace.start.0))
        };
        let lines = lines.get(first.get()..end).unwrap_or_default();
        let records: Vec<Option<i64>> = lines.iter().map(at).collect();
        let frame = Frame {
            spans: &trace.spans,
            lines,
            records: &records,
            found: &view.found.get(),
            shift_px: shift.get(),
            window: view.zoom.get(),
            selected: view.selected.get(),
            looks: &looks,
            path: &path,
        };
        timeline::draw(&canvas, &frame, &ruler_ticks(frame.window, width));
    });
    // The rows say the same in words.
    view! { <canvas class="bars" node_ref=canvas aria-hidden="true"></canvas> }
}
