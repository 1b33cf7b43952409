//! One element of the waterfall's pool of labels: fold button, service, operation, errors. Which span it
//! shows changes as the list scrolls.

use crate::components::dot;
use crate::components::trace_view::TraceView;
use crate::dynamic::{dynamic, memo};
use crate::view::{format, waterfall};
use leptos::attr::custom::custom_attribute;
use leptos::prelude::*;
use ocelli_api::traces::TraceResponse;

#[component]
pub fn SpanRow(index: usize, view: TraceView, first: Signal<usize>) -> impl IntoView {
    let row = memo(move || view.rows.with(|rows| rows.get(first.get() + index).copied()));
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
        view.looks.with(|looks| looks.get(index).map(|look| dot::classes(*look)).unwrap_or_default())
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
        let path = match view.path.with(|path| path.is_empty()) {
            true => String::new(),
            false => with(&critical),
        };
        format!("{} {}, {duration}{error}{path}", service(), operation())
    };
    let is_selected = move || row.get().is_some() && view.selected.get() == row.get();
    // Deep trees stay readable: beyond this, levels share an indent.
    let indent = move || depth().min(24).to_string();
    view! {
        <div class="span-row" id=format!("span-{index}") data-slot=index.to_string() data-testid="span-row" role="treeitem"
            {..custom_attribute("aria-level", move || (depth() + 1).to_string())} aria-label=dynamic(label) class:error=dynamic(is_error)
            aria-selected=dynamic(move || is_selected().to_string())
            aria-expanded=dynamic(move || has_children().then(|| (!folded()).to_string()))>
            <div class="label">
            <span class="indent" style=("--depth", indent)></span>
            <button type="button" class="fold" tabindex="-1" aria-hidden="true" data-fold="" class:none=dynamic(move || !has_children())>
                {dynamic(move || if folded() { "▸" } else { "▾" })}
            </button>
            <span class=dynamic(dot) aria-hidden="true"></span>
            <span class="glyph err">{dynamic(move || is_error().then_some("✖"))}</span>
            <span class="service">{dynamic(service)}</span>
            <span class="operation">{dynamic(operation)}</span>
            <span class="hint">{dynamic(move || orphan().then_some("parent missing"))}</span>
            <span class="hidden-errors">{dynamic(hidden_errors)}</span>
            </div>
        </div>
    }
}

/// What a span has of the critical path, for a reader who does not see it drawn.
fn critical(trace: &TraceResponse, row: usize) -> String {
    match trace.spans.critical_ns.get(row).copied().unwrap_or_default() {
        0 => String::new(),
        ns => format!(", {} of the critical path", format::duration_ns(ns)),
    }
}
