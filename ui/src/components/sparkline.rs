//! A line in a table cell.

use crate::charts::canvas::Canvas;
use crate::charts::lines;
use crate::components::size::size_of;
use crate::context::Context;
use crate::dynamic::effect;
use crate::prelude::*;
use crate::view::series::Series;
use leptos::html;
use wasm_bindgen::JsCast;

#[component]
pub fn Sparkline(
    /// What the line says, in words.
    label: String,
    series: Series,
) -> impl IntoView {
    let context = Context::get();
    let canvas = NodeRef::<html::Canvas>::new();
    let size = size_of(move || canvas.get().map(|canvas| canvas.unchecked_into()));
    effect(move || {
        context.dark.track();
        let (width, height) = size.get();
        if let Some(canvas) = canvas.get().and_then(|canvas| Canvas::prepare(&canvas, width, height)) {
            lines::spark(&canvas, &series);
        }
    });
    view! { <canvas class="spark" node_ref=canvas role="img" aria-label=label></canvas> }
}
