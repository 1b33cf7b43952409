//! A trace and how the URL says to look at it: what is folded, zoomed and chosen.

use crate::dynamic::memo;
use crate::location::Location;
use crate::view::collapse::{Base, Collapse};
use crate::view::colours::{Look, looks};
use crate::view::waterfall;
use crate::view::where_time::{self, Pieces};
use leptos::prelude::*;
use ocelli_api::traces::TraceResponse;
use std::sync::Arc;

/// A trace and how the URL says to look at it; cheap to copy.
#[derive(Clone, Copy)]
pub struct TraceView {
    pub location: Location,
    pub trace: Memo<Arc<TraceResponse>>,
    pub looks: Memo<Vec<Look>>,
    pub collapse: Memo<Collapse>,
    /// Rows that are not folded away.
    pub rows: Memo<Arc<Vec<u32>>>,
    pub errors_below: Memo<Arc<Vec<u32>>>,
    /// Part of the trace in view, nanoseconds from its start.
    pub zoom: Memo<(f64, f64)>,
    /// The pieces of the critical path by row, where `path=1` asks for them.
    pub path: Memo<Arc<Vec<Pieces>>>,
    /// The row of `span=`.
    pub selected: Memo<Option<u32>>,
}

impl TraceView {
    pub fn new(trace: Memo<Arc<TraceResponse>>) -> Self {
        let location = Location::get();
        let (fold, zoom, span) = (location.value("fold"), location.value("zoom"), location.value("span"));
        let path = location.value("path");
        let collapse = memo(move || Collapse::parse(&fold.get()));
        Self {
            location,
            trace,
            looks: memo(move || trace.with(|trace| looks(&trace.services))),
            collapse,
            rows: memo(move || {
                trace.with(|trace| {
                    collapse.with(|collapse| Arc::new(waterfall::visible_rows(&trace.spans, collapse)))
                })
            }),
            errors_below: memo(move || trace.with(|trace| Arc::new(waterfall::errors_below(&trace.spans)))),
            zoom: memo(move || trace.with(|trace| waterfall::parse_zoom(&zoom.get(), trace.duration_ns))),
            path: memo(move || {
                let shown = path.with(|path| path == "1");
                let pieces = || trace.with(|trace| where_time::path_by_row(trace));
                Arc::new(if shown { pieces() } else { Vec::new() })
            }),
            selected: memo(move || {
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

    /// Folds all alike; what was folded by hand is forgotten.
    pub fn fold(self, base: Base) {
        let collapse = Collapse { base, ..Collapse::default() };
        self.location.set(&[("fold", &collapse.encode())], true);
    }

    pub fn is_folded(self, row: u32) -> bool {
        let row = row as usize;
        let (trace, collapse) = (self.trace.get_untracked(), self.collapse.get_untracked());
        trace.spans.subtree_size[row] > 1
            && collapse.is_collapsed(&trace.spans.span_id[row], trace.spans.depth[row])
    }
}
