//! The frame of every chart over time: axes as DOM, one crosshair for all charts of the page, drag to
//! zoom, double click to go back, the same by keyboard. What is drawn inside is the caller's.

use crate::charts::canvas::Canvas;
use crate::components::size::size_of;
use crate::context::Context;
use crate::dynamic::{dynamic, effect, handler};
use crate::prelude::*;
use crate::view::scale::{Linear, within};
use crate::view::{length, ticks, zone};
use leptos::html;
use ocelli_api::UnixNano;
use wasm_bindgen::JsCast;
use web_sys::{KeyboardEvent, PointerEvent};

/// A drag shorter than this is a click.
const DRAG_PX: f64 = 4.0;
const TICK_PX: f64 = 90.0;
const LABEL_PX: f64 = 40.0;

/// A tick of the value axis: height from the bottom as a share of 1, and its label.
pub type ValueTick = (f64, String);

/// The pixels of a canvas and the times they stand for.
pub struct Area {
    pub canvas: Canvas,
    pub x: Linear,
}

/// The pointer at `x`, `y` of an area of `width`, `height`.
#[derive(Clone, Copy, Debug)]
pub struct Spot {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

/// A drag over a chart from one place to another.
#[derive(Clone, Copy, Debug)]
pub struct Dragged {
    pub from: Spot,
    pub to: Spot,
    /// The pointer was let go.
    pub done: bool,
}

#[component]
pub fn TimePlot(
    /// What a reader who does not see the picture is told.
    #[prop(into)]
    label: Signal<String>,
    #[prop(into)] range_ms: Signal<(f64, f64)>,
    #[prop(into)] value_ticks: Signal<Vec<ValueTick>>,
    /// Runs whenever a signal that it reads changes.
    draw: Callback<Area>,
    #[prop(optional)] click: Option<Callback<Spot>>,
    /// Where the pointer is; none when it has left.
    #[prop(optional)]
    over: Option<Callback<Option<Spot>>>,
    /// Takes drags in both directions, which else zoom in time.
    #[prop(optional)]
    boxed: Option<Callback<Dragged>>,
    /// Takes keys before the chart does, with whether Shift is held; tells whether it did.
    #[prop(optional)]
    keys: Option<Callback<(String, bool), bool>>,
    #[prop(optional)] class: &'static str,
) -> impl IntoView {
    let context = Context::get();
    let area = NodeRef::<html::Div>::new();
    let canvas = NodeRef::<html::Canvas>::new();
    let size = size_of(move || area.get().map(|area| area.unchecked_into()));
    let drag = RwSignal::new(None::<(Spot, Spot)>);
    let scale = move || {
        let (from, to) = range_ms.get();
        Linear::new(from, to, 0.0, size.get().0)
    };
    effect(move || {
        context.dark.track();
        let (width, height) = size.get();
        let Some(canvas) = canvas.get().and_then(|canvas| Canvas::prepare(&canvas, width, height)) else {
            return;
        };
        let x = scale();
        let xs: Vec<f64> =
            time_ticks(context, range_ms.get(), width).1.iter().map(|&at| x.px(at as f64)).collect();
        let ys: Vec<f64> =
            value_ticks.with(|ticks| ticks.iter().map(|tick| (1.0 - tick.0) * height).collect());
        canvas.grid(&xs, &ys);
        draw.run(Area { canvas, x });
    });
    let spot = move |event: &PointerEvent| {
        let (width, height) = size.get_untracked();
        Spot { x: f64::from(event.offset_x()), y: f64::from(event.offset_y()), width, height }
    };
    let down = move |event: PointerEvent| {
        if event.button() == 0 {
            drag.set(Some((spot(&event), spot(&event))));
            if let Some(area) = area.get_untracked() {
                // Fails only when the pointer is gone already.
                let _captured = area.set_pointer_capture(event.pointer_id());
            }
        }
    };
    let is_drag = move |from: Spot, to: Spot| {
        let moved = (from.x - to.x).abs();
        (if boxed.is_some() { moved.max((from.y - to.y).abs()) } else { moved }) >= DRAG_PX
    };
    let moved = move |event: PointerEvent| {
        let at = spot(&event);
        context.hover_ms.set(Some(untrack(scale).value(at.x)));
        over.iter().for_each(|over| over.run(Some(at)));
        drag.update(|drag| drag.iter_mut().for_each(|drag| drag.1 = at));
        if let Some(((from, to), boxed)) =
            drag.get_untracked().filter(|drag| is_drag(drag.0, drag.1)).zip(boxed)
        {
            boxed.run(Dragged { from, to, done: false });
        }
    };
    let up = move |event: PointerEvent| {
        let Some((from, to)) = drag.get_untracked() else { return };
        drag.set(None);
        if !is_drag(from, to) {
            click.iter().for_each(|click| click.run(spot(&event)));
        } else if let Some(boxed) = boxed {
            boxed.run(Dragged { from, to, done: true });
        } else {
            let x = untrack(scale);
            let ms = |at: Spot| x.value(within(at.x, 0.0, at.width));
            context.zoom(ms(from), ms(to));
        }
    };
    let left = move || {
        context.hover_ms.set(None);
        over.iter().for_each(|over| over.run(None));
    };
    let leave = move |_| {
        if drag.get_untracked().is_none() {
            left();
        }
    };
    let cancel = move |_| {
        drag.set(None);
        left();
    };
    let key = move |event: KeyboardEvent| {
        let taken = keys.is_some_and(|keys| keys.run((event.key(), event.shift_key())));
        if taken || on_key(context, range_ms.get_untracked(), &event.key()) {
            event.prevent_default();
        }
    };
    let crosshair = move || {
        let at = context.hover_ms.get()?;
        let px = scale().px(at);
        (px >= 0.0 && px <= size.get().0).then(|| format!("translateX({})", length::px(px)))
    };
    let zoom_box = move || {
        drag.get()
            .filter(|(from, to)| boxed.is_none() && is_drag(*from, *to))
            .map(|(from, to)| (from.x, to.x))
    };
    view! {
        <div class=format!("plot {class}")>
            <div class="y-axis" aria-hidden="true">
                {dynamic(move || value_ticks.get().into_iter().map(|(share, label)| {
                    view! { <span style:bottom=length::share(share)>{label}</span> }
                }).collect_view())}
            </div>
            <div class="area" node_ref=area tabindex="0" role="group" aria-label=dynamic(move || label.get())
                on:pointerdown=handler(down) on:pointermove=handler(moved) on:pointerup=handler(up) on:pointerleave=handler(leave)
                on:pointercancel=handler(cancel)
                on:dblclick=handler(move |_| context.unzoom()) on:keydown=handler(key)>
                <canvas node_ref=canvas role="img" data-testid="chart" aria-label=dynamic(move || label.get())></canvas>
                <div class="crosshair" class:on=dynamic(move || crosshair().is_some()) style:transform=dynamic(move || crosshair().unwrap_or_default())></div>
                <div class="zoom-box" class:on=dynamic(move || zoom_box().is_some())
                    style:left=dynamic(move || zoom_box().map(|(a, b)| length::px(a.min(b))).unwrap_or_default())
                    style:width=dynamic(move || zoom_box().map(|(a, b)| length::px((a - b).abs())).unwrap_or_default())></div>
            </div>
            <div class="x-axis" aria-hidden="true">
                {dynamic(move || {
                    let (step, at) = time_ticks(context, range_ms.get(), size.get().0);
                    let x = scale();
                    // A label half outside at the right would widen the page.
                    let fits = |at: &i64| x.px(*at as f64) < size.get().0 - LABEL_PX / 2.0;
                    at.into_iter().filter(fits).map(|at| {
                        let label = zone::axis(at, step, context.offset_min(ms(at)));
                        view! { <span style:left=length::px(x.px(at as f64))>{label}</span> }
                    }).collect_view()
                })}
            </div>
        </div>
    }
}

fn ms(at: i64) -> UnixNano {
    UnixNano(at.saturating_mul(1_000_000))
}

fn time_ticks(context: Context, (from, to): (f64, f64), width: f64) -> (i64, Vec<i64>) {
    let target = (width / TICK_PX).max(1.0) as usize;
    ticks::time(from as i64, to as i64, target, context.offset_min(ms(from as i64)))
}

/// Arrows move the crosshair, `+` and `-` zoom.
fn on_key(context: Context, (from, to): (f64, f64), key: &str) -> bool {
    let width = to - from;
    let here = context.hover_ms.get_untracked().unwrap_or(from + width / 2.0);
    match key {
        "ArrowLeft" => context.hover_ms.set(Some((here - width / 60.0).max(from))),
        "ArrowRight" => context.hover_ms.set(Some((here + width / 60.0).min(to))),
        "+" | "=" => context.zoom((here - width / 4.0).max(from), (here + width / 4.0).min(to)),
        "-" => context.unzoom(),
        "Escape" => context.hover_ms.set(None),
        _ => return false,
    }
    true
}
