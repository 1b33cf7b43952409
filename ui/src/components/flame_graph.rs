//! The flame graph of a trace: a click makes a frame as wide as the picture, by the URL's `flame`. The table
//! by operation says the same in words.

use crate::charts::canvas::Canvas;
use crate::charts::flames::{self, LINE_PX, Picture};
use crate::components::size::size_of;
use crate::components::trace_view::TraceView;
use crate::context::Context;
use crate::dynamic::{dynamic, effect, handler, memo};
use crate::prelude::*;
use crate::view::flame::{self, Flame, Node};
use crate::view::format;
use crate::view::length;
use leptos::html;
use std::sync::Arc;
use wasm_bindgen::JsCast;
use web_sys::{KeyboardEvent, MouseEvent};

/// Nobody reads more levels, and a canvas has an end.
const MOST_LEVELS: u32 = 400;
/// Narrower frames are not drawn.
const LEAST_PX: f64 = 0.5;

#[component]
pub fn FlameGraph(view: TraceView) -> impl IntoView {
    let context = Context::get();
    let canvas = NodeRef::<html::Canvas>::new();
    let size = size_of(move || canvas.get().map(|canvas| canvas.unchecked_into()));
    let flame = memo(move || view.trace.with(|trace| Arc::new(Flame::of(trace))));
    let asked = view.location.value("flame");
    let zoom = memo(move || {
        let span = asked.get();
        view.trace.with(|trace| flame.with(|flame| flame.find(trace, &span)))
    });
    let pointed = RwSignal::new(None::<usize>);
    // Another trace, or another zoom, has other frames.
    effect(move || {
        flame.track();
        pointed.set(zoom.get());
    });
    let frames = memo(move || {
        let width = size.get().0;
        flame.with(|flame| Arc::new(flame.frames(zoom.get(), width, LEAST_PX)))
    });
    let levels = memo(move || {
        let deepest = flame.with(|flame| flame.nodes.iter().map(|node| node.depth).max());
        deepest.unwrap_or_default().min(MOST_LEVELS) + 1
    });
    let name = move |node: &Node| {
        view.trace.with(|trace| {
            let of = |names: &[String], at: u32| names.get(at as usize).cloned().unwrap_or_default();
            format!("{}: {}", of(&trace.services, node.service), of(&trace.operations, node.operation))
        })
    };
    // What was pointed at may be a frame of a trace that has other ones by now.
    let node = move || pointed.get().and_then(|at| flame.with(|flame| flame.nodes.get(at).cloned()));
    effect(move || {
        context.dark.track();
        let (width, height) = size.get();
        let Some(canvas) = canvas.get().and_then(|canvas| Canvas::prepare(&canvas, width, height)) else {
            return;
        };
        let looks = view.paints();
        let (flame, frames) = (flame.get(), frames.get());
        let pointed = pointed.get();
        flames::draw(
            &canvas,
            &Picture { flame: &flame, frames: &frames, looks: &looks, labels: &name, pointed },
        );
    });
    let at = move |event: &MouseEvent| {
        let depth = (f64::from(event.offset_y()) / LINE_PX).max(0.0) as u32;
        let (flame, frames) = (flame.get_untracked(), frames.get_untracked());
        flame::hit(&flame, &frames, f64::from(event.offset_x()), depth)
    };
    let look_at = move |node: Option<usize>| {
        let row = node.and_then(|at| flame.with_untracked(|flame| flame.nodes.get(at).map(|node| node.row)));
        let span = row.and_then(|row| {
            view.trace.with_untracked(|trace| trace.spans.span_id.get(row as usize).cloned())
        });
        view.location.set(&[("flame", &span.unwrap_or_default())], false);
    };
    let click = move |event: MouseEvent| {
        // The widest frame again is the way back.
        let hit = at(&event).filter(|hit| zoom.get_untracked() != Some(*hit));
        look_at(hit);
    };
    let over = move |event: MouseEvent| {
        let hit = at(&event);
        if pointed.with_untracked(|pointed| *pointed != hit) {
            pointed.set(hit);
        }
    };
    let key = move |event: KeyboardEvent| {
        let now = pointed.get_untracked();
        match (event.key().as_str(), now) {
            ("Enter", Some(node)) => look_at(Some(node)),
            ("Escape", _) if zoom.get_untracked().is_some() => look_at(None),
            (key, now) if key.starts_with("Arrow") => {
                let next = flame.with_untracked(|flame| match now {
                    Some(now) => flame.step(now, key),
                    None => (!flame.nodes.is_empty()).then_some(0),
                });
                if next.is_some() {
                    pointed.set(next);
                }
            }
            _ => return,
        }
        event.prevent_default();
    };
    let facts = move || {
        let Some(node) = node() else {
            return "Click a frame to make it wide; arrows and Enter do the same".to_owned();
        };
        let total = flame.with(|flame| flame.total_ns());
        let share = (total > 0).then(|| node.total_ns as f64 / total as f64);
        let errors =
            (node.errors > 0).then(|| format!(" · ✖ {}", format::plural(node.errors, "error", "errors")));
        format!(
            "{} · {} · {} of it itself · {} of all · {}{}",
            name(&node),
            format::duration_ns(node.total_ns),
            format::duration_ns(node.self_ns),
            format::ratio(share),
            format::plural(node.spans, "span", "spans"),
            errors.unwrap_or_default()
        )
    };
    let longest = move || {
        let row = node()?.longest;
        Some(
            view! { <button type="button" class="quiet" on:click=handler(move |_| view.select(row, false))>"Its longest span"</button> },
        )
    };
    view! {
        <div class="flame">
            <p class="facts"><span role="status" data-testid="flame-facts">{dynamic(facts)}</span>{dynamic(longest)}
                {dynamic(move || zoom.get().map(|_| view! { <button type="button" class="quiet" on:click=handler(move |_| look_at(None))>"Show all"</button> }))}</p>
            <div class="flame-scroll">
                <canvas node_ref=canvas tabindex="0" role="img" data-testid="flame" style:height=dynamic(move || length::px(f64::from(levels.get()) * LINE_PX))
                    aria-label="Flame graph: as wide as the time of an operation and all that it called; the table by operation has the same in words"
                    on:click=handler(click) on:mousemove=handler(over) on:keydown=handler(key)></canvas>
            </div>
        </div>
    }
}
