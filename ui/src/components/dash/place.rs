//! Handles of a panel: it is moved and given another size by the mouse or by arrow keys, and on a phone, where
//! all panels are below each other, by two buttons.

use super::board::Board;
use crate::dynamic::{dynamic, handler};
use crate::prelude::*;
use crate::view::dashboards::draft::{Draft, by_key};
use ocelli_api::dashboards::{COLUMNS, Grid};
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent, PointerEvent};

/// A row of the grid with the gap below it; the style sheet has the same.
pub const ROW_PX: f64 = 38.0;
const GAP_PX: f64 = 8.0;

/// What is dragged, and from where.
struct Drag {
    before: Draft,
    grid: Grid,
    from: (f64, f64),
    column_px: f64,
}

fn at(event: &PointerEvent) -> (f64, f64) {
    (f64::from(event.client_x()), f64::from(event.client_y()))
}

fn start(board: Board, key: u32, event: &PointerEvent) -> Option<Drag> {
    let handle = event.target()?.dyn_into::<Element>().ok()?.closest(".dash-handle").ok()??;
    // Fails only when the pointer is gone already.
    let _captured = handle.set_pointer_capture(event.pointer_id());
    let width = handle.closest(".dash-grid").ok()??.client_width();
    let before = board.draft.get_untracked();
    let grid = before.panel(key)?.grid;
    Some(Drag { before, grid, from: at(event), column_px: (f64::from(width) + GAP_PX) / f64::from(COLUMNS) })
}

/// Where the panel is after a way of the pointer.
fn dragged(drag: &Drag, to: (f64, f64), size: bool) -> Grid {
    let moved = |from: u32, way: f64| (f64::from(from) + way.round()).max(0.0) as u32;
    let (right, down) = ((to.0 - drag.from.0) / drag.column_px, (to.1 - drag.from.1) / ROW_PX);
    let Grid { x, y, w, h } = drag.grid;
    match size {
        false => Grid { x: moved(x, right), y: moved(y, down), ..drag.grid },
        true => Grid {
            w: moved(w, right).clamp(1, COLUMNS - x.min(COLUMNS - 1)),
            h: moved(h, down).max(1),
            ..drag.grid
        },
    }
}

/// `size`: it takes the lower right corner, else the whole.
#[component]
pub fn Handle(board: Board, key: u32, title: Memo<String>, size: bool) -> impl IntoView {
    let drag = StoredValue::new(None::<Drag>);
    let down = move |event: PointerEvent| {
        if event.button() == 0 {
            drag.set_value(start(board, key, &event));
        }
    };
    let moved = move |event: PointerEvent| {
        drag.with_value(|drag| {
            let Some(drag) = drag else { return };
            let mut draft = drag.before.clone();
            draft.lay(key, dragged(drag, at(&event), size));
            if board.draft.with_untracked(|now| *now != draft) {
                board.draft.set(draft);
            }
        });
    };
    let up = move |_| {
        let done = drag.try_update_value(Option::take).flatten();
        if let Some(drag) = done.filter(|drag| board.draft.with_untracked(|now| *now != drag.before)) {
            board.remember(drag.before);
        }
    };
    let key_down = move |event: KeyboardEvent| {
        let grid = board.draft.with_untracked(|draft| draft.panel(key).map(|panel| panel.grid));
        let to = grid.and_then(|grid| by_key(grid, &event.key(), size || event.shift_key()));
        if let Some(to) = to {
            event.prevent_default();
            board.change(|draft| draft.lay(key, to));
        }
    };
    let label = move || {
        let way =
            if size { "arrows change its size" } else { "arrows move it, with Shift they change its size" };
        format!("Place of {}: {way}", title.get())
    };
    view! {
        <button type="button" class="quiet dash-handle" class:corner=size data-testid=if size { "dash-size" } else { "dash-move" } aria-label=dynamic(label)
            on:pointerdown=handler(down) on:pointermove=handler(moved) on:pointerup=handler(up) on:pointercancel=handler(up) on:keydown=handler(key_down)>
            {if size { "◢" } else { "⠿" }}</button>
    }
}

/// What can be done with a panel while the dashboard is edited.
#[component]
pub fn Tools(board: Board, key: u32, title: Memo<String>) -> impl IntoView {
    let label = move |what: &'static str| dynamic(move || format!("{what} {}", title.get()));
    let copy = move |_| {
        board.change(|draft| {
            if let Some(panel) = draft.panel(key).cloned() {
                draft.add(panel);
            }
        });
    };
    let swap = move |with_next| handler(move |_| board.change(|draft| draft.swap(key, with_next)));
    let tools = move || {
        board.editing.get().then(|| {
            view! {
                <button type="button" class="quiet" data-testid="dash-change" aria-label=label("Change") on:click=handler(move |_| board.chosen.set(Some(key)))>"Change"</button>
                <button type="button" class="quiet" aria-label=label("Copy of") on:click=handler(copy)>"Copy"</button>
                <button type="button" class="quiet" data-testid="dash-remove" aria-label=label("Remove") on:click=handler(move |_| board.change(|draft| draft.remove(key)))>"✕"</button>
                <button type="button" class="quiet dash-swap" data-testid="dash-up" aria-label=label("Move up") on:click=swap(false)>"↑"</button>
                <button type="button" class="quiet dash-swap" data-testid="dash-down" aria-label=label("Move down") on:click=swap(true)>"↓"</button>
                <Handle board key title size=false/><Handle board key title size=true/>
            }
        })
    };
    view! { {dynamic(tools)} }
}
