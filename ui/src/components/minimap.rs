//! The whole trace at a glance; a drag over it zooms the waterfall.

use crate::charts::canvas::{Canvas, colour};
use crate::components::size::size_of;
use crate::components::trace_view::TraceView;
use crate::context::Context;
use crate::dynamic::{dynamic, effect, handler};
use crate::prelude::*;
use crate::view::scale::within;
use crate::view::{length, minimap};
use leptos::html;
use wasm_bindgen::{Clamped, JsCast};
use web_sys::{ImageData, PointerEvent};

const DRAG_PX: f64 = 4.0;

#[component]
pub fn Minimap(view: TraceView) -> impl IntoView {
    let context = Context::get();
    let canvas = NodeRef::<html::Canvas>::new();
    let size = size_of(move || canvas.get().map(|canvas| canvas.unchecked_into()));
    let drag = RwSignal::new(None::<(f64, f64)>);
    effect(move || {
        context.dark.track();
        let (width, height) = size.get();
        let Some(canvas) = canvas.get().and_then(|canvas| Canvas::prepare(&canvas, width, height)) else {
            return;
        };
        paint(view, &canvas);
    });
    let duration = move || view.trace.with(|trace| trace.duration_ns.max(1)) as f64;
    let at = move |event: &PointerEvent| {
        let width = size.get_untracked().0.max(1.0);
        within(f64::from(event.offset_x()) / width, 0.0, 1.0)
    };
    let down = move |event: PointerEvent| {
        if event.button() == 0 {
            drag.set(Some((at(&event), at(&event))));
            if let Some(canvas) = canvas.get_untracked() {
                // Fails only when the pointer is gone already.
                let _captured = canvas.set_pointer_capture(event.pointer_id());
            }
        }
    };
    let moved =
        move |event: PointerEvent| drag.update(|drag| drag.iter_mut().for_each(|drag| drag.1 = at(&event)));
    let up = move |_| {
        let Some((a, b)) = drag.get_untracked() else { return };
        drag.set(None);
        if (a - b).abs() * size.get_untracked().0 >= DRAG_PX {
            let duration = untrack(duration);
            let zoom = format!("{}-{}", (a.min(b) * duration) as i64, (a.max(b) * duration).ceil() as i64);
            context.location.set(&[("zoom", &zoom)], false);
        }
    };
    let shown = move || {
        let whole = duration();
        match drag.get() {
            Some((a, b)) => (a.min(b), a.max(b)),
            None => view.zoom.with(|(from, to)| (from / whole, to / whole)),
        }
    };
    view! {
        <div class="minimap">
            <canvas node_ref=canvas role="img" aria-label="All spans of the trace in time; drag to zoom the list below"
                on:pointerdown=handler(down) on:pointermove=handler(moved) on:pointerup=handler(up) on:pointercancel=handler(move |_| drag.set(None))
                on:dblclick=handler(move |_| context.location.set(&[("zoom", "")], false))></canvas>
            <div class="shade" style:width=dynamic(move || length::share(shown().0))></div>
            <div class="shade right" style:width=dynamic(move || length::share(1.0 - shown().1))></div>
        </div>
    }
}

fn paint(view: TraceView, canvas: &Canvas) {
    let colours: Vec<minimap::Rgb> = view
        .looks
        .with(|looks| looks.iter().map(|look| minimap::parse_colour(&colour(look.variable()))).collect());
    let error = minimap::parse_colour(&colour("--err"));
    // Pixels are those of the screen: putImageData ignores the transformation.
    let Some(element) = canvas.context.canvas() else { return };
    let (width, height) = (element.width() as usize, element.height() as usize);
    let pixels = view
        .trace
        .with(|trace| minimap::paint(&trace.spans, trace.duration_ns, &colours, error, width, height));
    let image = ImageData::new_with_u8_clamped_array(Clamped(&pixels), width as u32);
    if let Ok(image) = image {
        // Fails only for a size of nothing, which is excluded above.
        let _painted = canvas.context.put_image_data(&image, 0.0, 0.0);
    }
}
