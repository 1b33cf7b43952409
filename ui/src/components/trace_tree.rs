//! The waterfall: labels as a pool of recycled rows, bars on one canvas beside them. State (fold, zoom,
//! selection) is the URL's.

use crate::charts::timeline::ROW_PX;
use crate::components::size::size_of;
use crate::components::span_row::SpanRow;
use crate::components::trace_bars::{Bars, Ruler};
use crate::components::trace_view::TraceView;
use crate::dynamic::{dynamic, effect, handler, memo};
use crate::prelude::*;
use crate::view::collapse::Base;
use crate::view::trace_lines::place_of;
use crate::view::{length, window};
use leptos::html;
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent, MouseEvent};

#[component]
pub fn TraceTree(view: TraceView) -> impl IntoView {
    let scroller = NodeRef::<html::Div>::new();
    let size = size_of(move || scroller.get().map(|scroller| scroller.unchecked_into()));
    let scroll = RwSignal::new(0.0);
    let total = memo(move || view.lines.with(|lines| lines.len()));
    let shown = memo(move || window::window(scroll.get(), size.get().1, ROW_PX, total.get()));
    let shift = move || scroll.get() - shown.get().first as f64 * ROW_PX;
    let on_scroll = move |_| {
        if let Some(scroller) = scroller.get_untracked() {
            scroll.set(f64::from(scroller.scroll_top()));
        }
    };
    // A selection from the URL or from the keyboard is scrolled into view.
    effect(move || {
        let Some(selected) = view.selected.get() else { return };
        let place = view.lines.with(|lines| place_of(lines, selected));
        let height = size.get().1;
        if let (Some(place), Some(scroller)) = (place, scroller.get()) {
            let top = f64::from(scroller.scroll_top());
            if let Some(top) = window::scroll_to(place, top, height, ROW_PX).filter(|_| height > 0.0) {
                scroller.set_scroll_top(top as i32);
            }
        }
    });
    let row_at = move |slot: usize| {
        view.lines.with_untracked(|lines| lines.get(shown.get_untracked().first + slot).map(|line| line.row))
    };
    let click = move |event: MouseEvent| {
        let Some(target) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) else {
            return;
        };
        let row = target.closest("[data-slot]").ok().flatten().and_then(|row| row.get_attribute("data-slot"));
        // Bars are on the canvas, which lies beside the rows and has no slots.
        let slot = row.and_then(|slot| slot.parse().ok()).or_else(|| {
            let top = target.closest(".bars").ok().flatten()?.get_bounding_client_rect().top();
            Some(((f64::from(event.client_y()) - top + untrack(shift)) / ROW_PX).max(0.0) as usize)
        });
        let Some(row) = slot.and_then(row_at) else { return };
        if target.closest("[data-fold]").ok().flatten().is_some() {
            view.toggle(row);
        } else {
            view.select(row, false);
        }
    };
    let key = move |event: KeyboardEvent| {
        if on_key(view, &event.key()) {
            event.prevent_default();
        }
    };
    let active = move || {
        let selected = view.selected.get()?;
        let place = view.lines.with(|lines| place_of(lines, selected))?;
        place
            .checked_sub(shown.get().first)
            .filter(|slot| *slot < shown.get().count)
            .map(|slot| format!("span-{slot}"))
    };
    view! {
        <div class="tree">
            <div class="tree-head">
                <div class="names">
                    <button type="button" class="quiet" on:click=handler(move |_| view.fold(Base::All)) title="Fold all">"⊟ all"</button>
                    <button type="button" class="quiet" on:click=handler(move |_| view.fold(Base::None)) title="Unfold all">"⊞ all"</button>
                    <button type="button" class="quiet" on:click=handler(move |_| view.fold(Base::From(2))) title="Two levels">"2 levels"</button>
                </div>
                <Ruler view/>
            </div>
            <div class="tree-scroll" node_ref=scroller tabindex="0" data-nav="" role="tree" aria-label="Spans of the trace"
                aria-activedescendant=dynamic(active) on:scroll=handler(on_scroll) on:click=handler(click) on:keydown=handler(key)>
                <div class="tree-space" style:height=dynamic(move || length::px(total.get() as f64 * ROW_PX))>
                    <div class="tree-window" style:height=dynamic(move || length::px(size.get().1.min(total.get() as f64 * ROW_PX)))>
                        <div class="rows" style:transform=dynamic(move || format!("translateY({})", length::px(-shift())))>
                            <For each=move || 0..shown.get().count key=|index| *index let:index>
                                <SpanRow index view first=Signal::derive(move || shown.get().first)/>
                            </For>
                        </div>
                        <Bars view first=Signal::derive(move || shown.get().first) count=Signal::derive(move || shown.get().count) shift=Signal::derive(shift)/>
                    </div>
                </div>
            </div>
        </div>
    }
}

/// Moves in the tree as the ARIA practices for trees say.
fn on_key(view: TraceView, key: &str) -> bool {
    let rows = view.rows.get_untracked();
    let selected = view.selected.get_untracked();
    let place = selected.and_then(|selected| rows.binary_search(&selected).ok());
    let go = |place: usize| {
        if let Some(&row) = rows.get(place) {
            view.select(row, true);
        }
    };
    match (key, place, selected) {
        ("j" | "ArrowDown", place, _) => {
            go(place.map_or(0, |place| (place + 1).min(rows.len().saturating_sub(1))))
        }
        ("k" | "ArrowUp", place, _) => go(place.map_or(0, |place| place.saturating_sub(1))),
        ("Home", ..) => go(0),
        ("End", ..) => go(rows.len().saturating_sub(1)),
        ("ArrowRight", _, Some(row)) if view.is_folded(row) => view.toggle(row),
        ("ArrowRight", Some(place), Some(row)) => {
            if view.trace.with_untracked(|trace| trace.spans.subtree_size[row as usize] > 1) {
                go(place + 1);
            }
        }
        ("ArrowLeft", _, Some(row)) => {
            let (size, parent) = view.trace.with_untracked(|trace| {
                (trace.spans.subtree_size[row as usize], trace.spans.parent[row as usize])
            });
            match u32::try_from(parent) {
                _ if size > 1 && !view.is_folded(row) => view.toggle(row),
                Ok(parent) => view.select(parent, true),
                Err(_) => {}
            }
        }
        ("Escape", _, Some(_)) => view.location.set(&[("span", "")], false),
        _ => return false,
    }
    true
}
