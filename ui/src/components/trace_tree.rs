//! The waterfall: labels as a pool of recycled rows, bars on one canvas beside them. State (fold, zoom,
//! selection) is the URL's.

use crate::charts::canvas::{Canvas, colour};
use crate::charts::timeline::{self, Frame, ROW_PX};
use crate::components::size::size_of;
use crate::context::Context;
use crate::location::Location;
use crate::view::collapse::{Base, Collapse};
use crate::view::colours::{Look, looks};
use crate::view::{format, ticks, waterfall, window};
use leptos::attr::custom::custom_attribute;
use leptos::html;
use leptos::prelude::*;
use ocelli_api::traces::TraceResponse;
use std::sync::Arc;
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent, MouseEvent};

const RULER_TICK_PX: f64 = 110.0;
const RULER_LABEL_PX: f64 = 48.0;

/// A trace and how the URL says to look at it; cheap to copy.
#[derive(Clone, Copy)]
pub struct TraceView {
    location: Location,
    pub trace: Memo<Arc<TraceResponse>>,
    pub looks: Memo<Vec<Look>>,
    pub collapse: Memo<Collapse>,
    /// Rows that are not folded away.
    pub rows: Memo<Arc<Vec<u32>>>,
    pub errors_below: Memo<Arc<Vec<u32>>>,
    /// Part of the trace in view, nanoseconds from its start.
    pub zoom: Memo<(f64, f64)>,
    /// The row of `span=`.
    pub selected: Memo<Option<u32>>,
}

impl TraceView {
    pub fn new(trace: Memo<Arc<TraceResponse>>) -> Self {
        let location = Location::get();
        let (fold, zoom, span) = (location.value("fold"), location.value("zoom"), location.value("span"));
        let collapse = Memo::new(move |_| Collapse::parse(&fold.get()));
        Self {
            location,
            trace,
            looks: Memo::new(move |_| trace.with(|trace| looks(&trace.services))),
            collapse,
            rows: Memo::new(move |_| {
                trace.with(|trace| {
                    collapse.with(|collapse| Arc::new(waterfall::visible_rows(&trace.spans, collapse)))
                })
            }),
            errors_below: Memo::new(move |_| {
                trace.with(|trace| Arc::new(waterfall::errors_below(&trace.spans)))
            }),
            zoom: Memo::new(move |_| {
                trace.with(|trace| waterfall::parse_zoom(&zoom.get(), trace.duration_ns))
            }),
            selected: Memo::new(move |_| {
                let span = span.get();
                let place = trace.with(|trace| trace.spans.span_id.iter().position(|id| *id == span));
                place.and_then(|place| u32::try_from(place).ok())
            }),
        }
    }

    /// Chooses a span and shows it, whatever hides it.
    pub fn select(self, row: u32, replace: bool) {
        let row = row as usize;
        let mut collapse = self.collapse.get_untracked();
        let span = self.trace.with_untracked(|trace| {
            waterfall::reveal(&trace.spans, row, &mut collapse);
            trace.spans.span_id[row].clone()
        });
        self.location.set(&[("span", &span), ("fold", &collapse.encode())], replace);
    }

    pub fn toggle(self, row: u32) {
        let mut collapse = self.collapse.get_untracked();
        self.trace.with_untracked(|trace| collapse.toggle(&trace.spans.span_id[row as usize]));
        self.location.set(&[("fold", &collapse.encode())], true);
    }

    fn fold(self, base: Base) {
        let collapse = Collapse { base, ..Collapse::default() };
        self.location.set(&[("fold", &collapse.encode())], true);
    }

    fn is_folded(self, row: u32) -> bool {
        let row = row as usize;
        let (trace, collapse) = (self.trace.get_untracked(), self.collapse.get_untracked());
        trace.spans.subtree_size[row] > 1
            && collapse.is_collapsed(&trace.spans.span_id[row], trace.spans.depth[row])
    }
}

#[component]
pub fn TraceTree(view: TraceView) -> impl IntoView {
    let scroller = NodeRef::<html::Div>::new();
    let size = size_of(move || scroller.get().map(|scroller| scroller.unchecked_into()));
    let scroll = RwSignal::new(0.0);
    let total = Memo::new(move |_| view.rows.with(|rows| rows.len()));
    let shown = Memo::new(move |_| window::window(scroll.get(), size.get().1, ROW_PX, total.get()));
    let shift = move || scroll.get() - shown.get().first as f64 * ROW_PX;
    let on_scroll = move |_| {
        if let Some(scroller) = scroller.get_untracked() {
            scroll.set(f64::from(scroller.scroll_top()));
        }
    };
    // A selection from the URL or from the keyboard is scrolled into view.
    Effect::new(move |_| {
        let Some(selected) = view.selected.get() else { return };
        let place = view.rows.with(|rows| rows.binary_search(&selected));
        let height = size.get().1;
        if let (Ok(place), Some(scroller)) = (place, scroller.get()) {
            let top = f64::from(scroller.scroll_top());
            if let Some(top) = window::scroll_to(place, top, height, ROW_PX).filter(|_| height > 0.0) {
                scroller.set_scroll_top(top as i32);
            }
        }
    });
    let row_at = move |slot: usize| {
        view.rows.with_untracked(|rows| rows.get(shown.get_untracked().first + slot).copied())
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
        let place = view.rows.with(|rows| rows.binary_search(&selected)).ok()?;
        place
            .checked_sub(shown.get().first)
            .filter(|slot| *slot < shown.get().count)
            .map(|slot| format!("span-{slot}"))
    };
    view! {
        <div class="tree">
            <div class="tree-head">
                <div class="names">
                    <button type="button" class="quiet" on:click=move |_| view.fold(Base::All) title="Fold all">"⊟ all"</button>
                    <button type="button" class="quiet" on:click=move |_| view.fold(Base::None) title="Unfold all">"⊞ all"</button>
                    <button type="button" class="quiet" on:click=move |_| view.fold(Base::From(2)) title="Two levels">"2 levels"</button>
                </div>
                <Ruler view/>
            </div>
            <div class="tree-scroll" node_ref=scroller tabindex="0" data-nav="" role="tree" aria-label="Spans of the trace"
                aria-activedescendant=active on:scroll=on_scroll on:click=click on:keydown=key>
                <div class="tree-space" style:height=move || format!("{}px", total.get() as f64 * ROW_PX)>
                    <div class="tree-window" style:height=move || format!("{}px", size.get().1.min(total.get() as f64 * ROW_PX))>
                        <div class="rows" style:transform=move || format!("translateY({:.1}px)", -shift())>
                            <For each=move || 0..shown.get().count key=|index| *index let:index>
                                <PoolRow index view first=Signal::derive(move || shown.get().first)/>
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

/// One element of the pool: fold button, service, operation, errors.
#[component]
fn PoolRow(index: usize, view: TraceView, first: Signal<usize>) -> impl IntoView {
    let row = Memo::new(move |_| view.rows.with(|rows| rows.get(first.get() + index).copied()));
    let with = move |f: &dyn Fn(&TraceResponse, usize) -> String| {
        row.get().map(|row| view.trace.with(|trace| f(trace, row as usize))).unwrap_or_default()
    };
    let has_children = move || {
        row.get().is_some_and(|row| view.trace.with(|trace| trace.spans.subtree_size[row as usize] > 1))
    };
    let folded = move || {
        view.collapse.track();
        row.get().is_some_and(|row| view.is_folded(row))
    };
    let depth = move || row.get().map_or(0, |row| view.trace.with(|trace| trace.spans.depth[row as usize]));
    let service = move || {
        with(&|trace, row| trace.services.get(trace.spans.service[row] as usize).cloned().unwrap_or_default())
    };
    let operation = move || {
        with(&|trace, row| {
            trace.operations.get(trace.spans.operation[row] as usize).cloned().unwrap_or_default()
        })
    };
    let is_error = move || {
        row.get().is_some_and(|row| {
            view.trace.with(|trace| trace.spans.status[row as usize] == waterfall::STATUS_ERROR)
        })
    };
    let dot = move || {
        let index =
            row.get().map_or(0, |row| view.trace.with(|trace| trace.spans.service[row as usize])) as usize;
        view.looks.with(|looks| looks.get(index).map(|look| super::dot::classes(*look)).unwrap_or_default())
    };
    let hidden_errors = move || {
        let below = row.get().map_or(0, |row| view.errors_below.with(|below| below[row as usize]));
        (folded() && below > 0).then(|| format!("✖ {below} inside"))
    };
    let orphan = move || {
        row.get().is_some_and(|row| view.trace.with(|trace| trace.spans.parent_missing[row as usize]))
    };
    let label = move || {
        let duration = with(&|trace, row| format::duration_ns(trace.spans.duration_ns[row]));
        let error = if is_error() { ", error" } else { "" };
        format!("{} {}, {duration}{error}", service(), operation())
    };
    let is_selected = move || row.get().is_some() && view.selected.get() == row.get();
    // Deep trees stay readable: beyond this, levels share an indent.
    let indent = move || depth().min(24).to_string();
    view! {
        <div class="span-row" id=format!("span-{index}") data-slot=index.to_string() data-testid="span-row" role="treeitem"
            {..custom_attribute("aria-level", move || (depth() + 1).to_string())} aria-label=label class:error=is_error
            aria-selected=move || is_selected().to_string()
            aria-expanded=move || has_children().then(|| (!folded()).to_string())>
            <div class="label">
            <span class="indent" style=("--depth", indent)></span>
            <button type="button" class="fold" tabindex="-1" aria-hidden="true" data-fold="" class:none=move || !has_children()>
                {move || if folded() { "▸" } else { "▾" }}
            </button>
            <span class=dot aria-hidden="true"></span>
            <span class="glyph err">{move || is_error().then_some("✖")}</span>
            <span class="service">{service}</span>
            <span class="operation">{operation}</span>
            <span class="hint">{move || orphan().then_some("parent missing")}</span>
            <span class="hidden-errors">{hidden_errors}</span>
            </div>
        </div>
    }
}

/// Ticks of the zoomed part, in time since the start of the trace.
fn ruler_ticks(zoom: (f64, f64), width: f64) -> Vec<f64> {
    let step = ticks::round_step(zoom.1 - zoom.0, (width / RULER_TICK_PX).max(1.0) as usize);
    let first = (zoom.0 / step).ceil();
    (0..100).map(|n| (first + f64::from(n)) * step).take_while(|tick| *tick < zoom.1).collect()
}

#[component]
fn Ruler(view: TraceView) -> impl IntoView {
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
                view! { <span style:left=format!("{x:.1}px")>{format::duration(tick)}</span> }
            })
            .collect_view()
    };
    view! { <div class="ruler num" node_ref=ruler aria-hidden="true">{marks}</div> }
}

#[component]
fn Bars(view: TraceView, first: Signal<usize>, count: Signal<usize>, shift: Signal<f64>) -> impl IntoView {
    let context = Context::get();
    let canvas = NodeRef::<html::Canvas>::new();
    let size = size_of(move || canvas.get().map(|canvas| canvas.unchecked_into()));
    Effect::new(move |_| {
        context.dark.track();
        let (width, height) = size.get();
        let Some(canvas) = canvas.get().and_then(|canvas| Canvas::prepare(&canvas, width, height)) else {
            return;
        };
        let looks: Vec<(String, bool)> = view
            .looks
            .with(|looks| looks.iter().map(|look| (colour(look.variable()), look.striped)).collect());
        let (rows, trace) = (view.rows.get(), view.trace.get());
        let end = (first.get() + count.get()).min(rows.len());
        let frame = Frame {
            spans: &trace.spans,
            rows: rows.get(first.get()..end).unwrap_or_default(),
            shift_px: shift.get(),
            window: view.zoom.get(),
            selected: view.selected.get(),
            looks: &looks,
        };
        timeline::draw(&canvas, &frame, &ruler_ticks(frame.window, width));
    });
    // The rows say the same in words.
    view! { <canvas class="bars" node_ref=canvas aria-hidden="true"></canvas> }
}
