//! Log records as rows of one height in a recycled pool: the page holds as many elements as fit on the
//! screen, however many records there are.

use crate::components::log_text::coloured;
use crate::components::moment::Moment;
use crate::components::size::size_of;
use crate::context::Context;
use crate::dynamic::{dynamic, effect, handler, memo};
use crate::prelude::*;
use crate::view::{format, length, log_columns, window};
use leptos::html;
use ocelli_api::logs::{LogRecord, severity_class};
use std::sync::Arc;
use wasm_bindgen::JsCast;
use web_sys::{KeyboardEvent, MouseEvent};

/// Height of a row in CSS pixels, and of one whose text is wrapped; the style sheet has the same.
const ROW_PX: f64 = 20.0;
const WRAPPED_PX: f64 = 60.0;

/// A row shows no more of a body than this: a line of 200 KB would stall the layout.
const BODY_BYTES: usize = 4_096;
const CELL_BYTES: usize = 128;

/// Older records are asked for when so many rows are left below the view.
const AHEAD_ROWS: usize = 50;

/// A record and what names it in the URL.
#[derive(Clone)]
pub struct LogRow {
    pub record: Arc<LogRecord>,
    pub key: String,
}

impl LogRow {
    pub fn new(record: LogRecord) -> Self {
        Self { key: record.id.clone(), record: Arc::new(record) }
    }
}

#[component]
pub fn LogList(
    rows: RwSignal<Vec<LogRow>>,
    /// The key of the chosen row, empty for none.
    #[prop(into)]
    selected: Signal<String>,
    select: Callback<String>,
    /// Asked for when the end comes near.
    older: Callback<()>,
) -> impl IntoView {
    let scroller = NodeRef::<html::Div>::new();
    let size = size_of(move || scroller.get().map(|scroller| scroller.unchecked_into()));
    let scroll = RwSignal::new(0.0);
    let total = memo(move || rows.with(Vec::len));
    let location = Context::get().location;
    let wrap = location.value("wrap");
    let row_px = memo(move || if wrap.with(|wrap| wrap == "1") { WRAPPED_PX } else { ROW_PX });
    let shown = location.value("cols");
    let columns = memo(move || shown.with(|text| log_columns::parse(text)));
    let view = memo(move || window::window(scroll.get(), size.get().1, row_px.get(), total.get()));
    let on_scroll = move |_| {
        if let Some(scroller) = scroller.get_untracked() {
            scroll.set(f64::from(scroller.scroll_top()));
        }
    };
    effect(move || {
        let view = view.get();
        if view.count > 0 && view.first + view.count + AHEAD_ROWS >= total.get_untracked() {
            older.run(());
        }
    });
    let place_of = move |key: &str| rows.with_untracked(|rows| rows.iter().position(|row| row.key == key));
    let choose = move |place: usize| {
        let key = rows.with_untracked(|rows| rows.get(place).map(|row| row.key.clone()));
        let Some(key) = key else { return };
        if let Some(scroller) = scroller.get_untracked() {
            let (top, height) = (f64::from(scroller.scroll_top()), size.get_untracked().1);
            if let Some(top) = window::scroll_to(place, top, height, row_px.get_untracked()) {
                scroller.set_scroll_top(top as i32);
            }
        }
        select.run(key);
    };
    let click = move |event: MouseEvent| {
        let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        let row = target.and_then(|target| target.closest("[data-slot]").ok().flatten());
        let slot =
            row.and_then(|row| row.get_attribute("data-slot")).and_then(|slot| slot.parse::<usize>().ok());
        if let Some(slot) = slot {
            choose(view.get_untracked().first + slot);
        }
    };
    let key = move |event: KeyboardEvent| {
        let last = total.get_untracked().saturating_sub(1);
        let here = place_of(&selected.get_untracked());
        let next = match event.key().as_str() {
            "j" | "ArrowDown" => here.map_or(0, |here| (here + 1).min(last)),
            "k" | "ArrowUp" => here.map_or(0, |here| here.saturating_sub(1)),
            "Home" => 0,
            "End" => last,
            "Escape" => {
                select.run(String::new());
                return;
            }
            _ => return,
        };
        event.prevent_default();
        choose(next);
    };
    let active = move || {
        let place = rows.with(|rows| selected.with(|key| rows.iter().position(|row| row.key == *key)))?;
        let view = view.get();
        (view.first..view.first + view.count).contains(&place).then(|| format!("log-{}", place - view.first))
    };
    let heads = move || {
        let head = move |name: String| {
            let without = log_columns::toggled(&untrack(|| shown.get()), &name);
            let label = format!("Without the column {name}");
            view! { <span class="column"><span class="clip">{name}</span><a href=dynamic(move || location.href(&[("cols", &without)])) aria-label=label.clone() title=label>"✕"</a></span> }
        };
        let columns = columns.get();
        (!columns.is_empty()).then(|| {
            view! { <div class="log-row log-head" data-testid="log-columns"><span class="before"></span>{columns.into_iter().map(head).collect_view()}<span class="body">"text"</span></div> }
        })
    };
    view! {
        <div class="log-frame">{dynamic(heads)}
        <div class="log-list" class:wrap=dynamic(move || row_px.get() > ROW_PX) node_ref=scroller tabindex="0" data-nav="" role="listbox" aria-label="Log records, newest first"
            aria-activedescendant=dynamic(active) on:scroll=handler(on_scroll) on:click=handler(click) on:keydown=handler(key)>
            <div class="log-space" style:height=dynamic(move || length::px(total.get() as f64 * row_px.get()))>
                <div class="log-window" style:transform=dynamic(move || format!("translateY({})", length::px(view.get().first as f64 * row_px.get())))>
                    <For each=move || 0..view.get().count key=|index| *index let:index>
                        <PoolRow index rows selected columns first=Signal::derive(move || view.get().first)/>
                    </For>
                </div>
            </div>
        </div>
        </div>
    }
}

/// One element of the pool; which record it shows changes as the list scrolls.
#[component]
fn PoolRow(
    index: usize,
    rows: RwSignal<Vec<LogRow>>,
    selected: Signal<String>,
    columns: Memo<Vec<String>>,
    first: Signal<usize>,
) -> impl IntoView {
    let row = move || rows.with(|rows| rows.get(first.get() + index).cloned());
    let is_selected = move || row().is_some_and(|row| selected.with(|key| *key == row.key));
    let place = move || (first.get() + index + 1).to_string();
    let cells = move || {
        row().map(|LogRow { record, .. }| {
            let class = severity_class(record.severity_number);
            let level = if record.severity_text.is_empty() { class.to_owned() } else { record.severity_text.clone() };
            let cell = |name: &String| {
                let value = format::clip(&log_columns::value(&record, name), CELL_BYTES).0.to_owned();
                view! { <span class="column mono">{value}</span> }
            };
            let cells = columns.with(|columns| columns.iter().map(cell).collect_view());
            let trace = (!record.trace_id.is_empty()).then_some("⎇");
            view! {
                <Moment at=record.time clock_only=true/>
                <span class=format!("level sev-{class}")><span class="glyph" aria-hidden="true">{glyph(class)}</span>{format::clip(&level, 16).0.to_owned()}</span>
                <span class="service">{record.service.clone()}</span>
                <span class="has-trace" title="belongs to a trace">{trace}</span>
                {cells}
                <span class="body mono">{coloured(format::clip(&record.body_text, BODY_BYTES).0)}</span>
            }
        })
    };
    view! {
        <div class="log-row" id=format!("log-{index}") data-slot=index.to_string() data-testid="log-row" role="option"
            aria-selected=dynamic(move || is_selected().to_string()) aria-posinset=dynamic(place)>{dynamic(cells)}</div>
    }
}

/// Severity by shape too.
pub fn glyph(class: &str) -> &'static str {
    match class {
        "fatal" => "■",
        "error" => "✖",
        "warn" => "▲",
        "info" => "●",
        "debug" => "◆",
        "trace" => "·",
        _ => "○",
    }
}
