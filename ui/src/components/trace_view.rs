//! A trace and how the URL says to look at it: what is folded, zoomed and chosen.

use crate::charts::canvas::colour;
use crate::client::{Fetched, fetch};
use crate::components::span_panel::logs_url;
use crate::dynamic::memo;
use crate::location::Location;
use crate::prelude::*;
use crate::view::collapse::{Base, Collapse};
use crate::view::colours::{Look, looks};
use crate::view::text::lower;
use crate::view::trace_lines::{self, Line};
use crate::view::waterfall;
use crate::view::where_time::{self, Pieces};
use ocelli_api::UnixNano;
use ocelli_api::logs::LogsResponse;
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
    /// The same, with the records between them where `logs=1` asks for them.
    pub lines: Memo<Arc<Vec<Line>>>,
    /// The log records of the trace.
    pub logs: Fetched<LogsResponse>,
    /// Whether the names of a row hold the text of `find=`; empty where there is none.
    pub found: Memo<Arc<Vec<bool>>>,
    pub errors_below: Memo<Arc<Vec<u32>>>,
    /// Part of the trace in view, nanoseconds from its start.
    pub zoom: Memo<(f64, f64)>,
    /// The pieces of the critical path by row, where `path=1` asks for them.
    pub path: Memo<Arc<Vec<Pieces>>>,
    /// The row of `span=`.
    pub selected: Memo<Option<u32>>,
}

impl TraceView {
    /// The colour of each service, and whether it is striped, to paint with.
    pub fn paints(&self) -> Vec<(String, bool)> {
        self.looks.with(|looks| looks.iter().map(|look| (colour(look.variable()), look.striped)).collect())
    }

    pub fn new(trace: Memo<Arc<TraceResponse>>) -> Self {
        let location = Location::get();
        let (fold, zoom, span) = (location.value("fold"), location.value("zoom"), location.value("span"));
        let path = location.value("path");
        let collapse = memo(move || Collapse::parse(&fold.get()));
        let rows = memo(move || {
            trace.with(|trace| {
                collapse.with(|collapse| Arc::new(waterfall::visible_rows(&trace.spans, collapse)))
            })
        });
        let logs = fetch::<LogsResponse>(move || logs_url(trace));
        let (with_logs, find) = (location.value("logs"), location.value("find"));
        Self {
            location,
            trace,
            looks: memo(move || trace.with(|trace| looks(&trace.services))),
            collapse,
            rows,
            lines: memo(move || {
                let records = match with_logs.with(|shown| shown == "1") {
                    true => trace.with(|trace| logs.with(|logs| records_at(trace, logs))),
                    false => Vec::new(),
                };
                rows.with(|rows| Arc::new(trace_lines::lines(rows, &records)))
            }),
            logs,
            found: memo(move || {
                let find = find.with(|find| lower(find.trim()));
                Arc::new(
                    trace.with(|trace| {
                        waterfall::found(&trace.spans, &trace.services, &trace.operations, &find)
                    }),
                )
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

/// The row and time of each record.
fn records_at(trace: &TraceResponse, logs: Option<&LogsResponse>) -> Vec<(u32, UnixNano)> {
    let records = logs.map(|logs| logs.records.as_slice()).unwrap_or_default();
    let ids = records.iter().map(|record| record.span_id.as_str());
    let rows = trace_lines::rows_of_records(&trace.spans.span_id, ids);
    rows.into_iter().zip(records).map(|(row, record)| (row, record.time)).collect()
}
