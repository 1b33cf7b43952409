//! One element of the waterfall's pool of labels: fold button, service, operation, errors. Which span it
//! shows changes as the list scrolls.

use crate::components::dot;
use crate::components::log_list::glyph;
use crate::components::trace_view::TraceView;
use crate::dynamic::{dynamic, memo};
use crate::prelude::*;
use crate::view::trace_lines::Line;
use crate::view::{format, waterfall};
use leptos::attr::custom::custom_attribute;
use ocelli_api::logs::{LogRecord, severity_class};
use ocelli_api::traces::TraceResponse;

/// A line shows no more of a body than this.
const BODY_BYTES: usize = 512;

const ORPHAN: &str = "parent missing";

#[component]
pub fn SpanRow(index: usize, view: TraceView, first: Signal<usize>) -> impl IntoView {
    let line = memo(move || view.lines.with(|lines| lines.get(first.get() + index).copied()));
    let row = memo(move || line.get().filter(|line| line.record == 0).map(|line| line.row));
    let record = memo(move || {
        let place = line.get()?.record_place()?;
        view.logs.with(|logs| logs?.records.get(place).map(Told::of))
    });
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
    // A record is one level below its span.
    let depth = move || {
        let of = |line: Line| {
            let depth = view.trace.with(|trace| trace.spans.depth.get(line.row as usize).copied());
            depth.unwrap_or_default() + u32::from(line.record > 0)
        };
        line.get().map_or(0, of)
    };
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
        let Some(row) = row.get() else { return "hide".to_owned() };
        let index = view.trace.with(|trace| trace.spans.service[row as usize]) as usize;
        view.looks.with(|looks| looks.get(index).map(|look| dot::classes(*look)).unwrap_or_default())
    };
    let hidden_errors = move || {
        let below = row.get().map_or(0, |row| view.errors_below.with(|below| below[row as usize]));
        (folded() && below > 0).then(|| format!("{} inside", format::plural(below.into(), "error", "errors")))
    };
    let orphan = move || {
        row.get().is_some_and(|row| view.trace.with(|trace| trace.spans.parent_missing[row as usize]))
    };
    let label = move || {
        if let Some(told) = record.get() {
            return format!("log, {}: {}", told.class, told.text);
        }
        let duration = with(&|trace, row| format::duration_ns(trace.spans.duration_ns[row]));
        let error = if is_error() { ", error" } else { "" };
        let path = match view.path.with(|path| path.is_empty()) {
            true => String::new(),
            false => with(&critical),
        };
        // What is seen comes first, as it is seen.
        let orphan = if orphan() { format!(" {ORPHAN}") } else { String::new() };
        let hidden = hidden_errors().map(|hidden| format!(" {hidden}")).unwrap_or_default();
        format!("{} {}{orphan}{hidden}, {duration}{error}{path}", service(), operation())
    };
    let is_selected = move || row.get().is_some() && view.selected.get() == row.get();
    // Deep trees stay readable: beyond this, levels share an indent.
    let indent = move || depth().min(24).to_string();
    let test = move || if record.with(Option::is_some) { "span-row-log" } else { "span-row" };
    let is_dim =
        move || row.get().is_some_and(|row| view.found.with(|found| found.get(row as usize) == Some(&false)));
    let level = move || record.with(|told| told.as_ref().map(|told| format!("level sev-{}", told.class)));
    let mark = move || record.with(|told| told.as_ref().map(|told| glyph(told.class)));
    let body = move || record.get().map(|told| told.text);
    view! {
        <div class="span-row" id=format!("span-{index}") data-slot=index.to_string() data-testid=dynamic(test) role="treeitem" class:dim=dynamic(is_dim)
            {..custom_attribute("aria-level", move || (depth() + 1).to_string())} aria-label=dynamic(label) class:error=dynamic(is_error)
            aria-selected=dynamic(move || is_selected().to_string())
            aria-expanded=dynamic(move || has_children().then(|| (!folded()).to_string()))>
            <div class="label">
            <span class="indent" style=("--depth", indent)></span>
            <button type="button" class="fold" tabindex="-1" aria-hidden="true" data-fold="" class:none=dynamic(move || !has_children())>
                {dynamic(move || if folded() { "▸" } else { "▾" })}
            </button>
            <span class=dynamic(dot) aria-hidden="true"></span>
            <span class="glyph err" aria-hidden="true">{dynamic(move || is_error().then_some("✖"))}</span>
            <span class="service">{dynamic(service)}</span>" "
            <span class="operation">{dynamic(operation)}</span>" "
            <span class=dynamic(level)><span class="glyph" aria-hidden="true">{dynamic(mark)}</span></span>
            <span class="log-text mono">{dynamic(body)}</span>
            <span class="hint">{dynamic(move || orphan().then_some(ORPHAN))}</span>" "
            <span class="hidden-errors">{dynamic(hidden_errors)}</span>
            </div>
        </div>
    }
}

/// What a line says of a record.
#[derive(Clone, PartialEq)]
struct Told {
    class: &'static str,
    text: String,
}

impl Told {
    fn of(record: &LogRecord) -> Self {
        let text = format::clip(&record.body_text, BODY_BYTES).0.to_owned();
        Self { class: severity_class(record.severity_number), text }
    }
}

/// What a span has of the critical path, for a reader who does not see it drawn.
fn critical(trace: &TraceResponse, row: usize) -> String {
    match trace.spans.critical_ns.get(row).copied().unwrap_or_default() {
        0 => String::new(),
        ns => format!(", {} of the critical path", format::duration_ns(ns)),
    }
}
