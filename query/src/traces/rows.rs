//! The spans of one trace, each once.

use super::layout::Node;
use crate::Error;
use arrow::array::RecordBatch;
use ocelli_signal::spans::Spans;
use std::collections::HashSet;

/// The typed columns of a batch of spans.
pub fn spans_of(batch: &RecordBatch) -> Result<Spans<'_>, Error> {
    Spans::new(batch).map_err(|error| Error::Corrupt(error.to_string()))
}

/// One span in its batch.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    pub view: &'a Spans<'a>,
    /// Which of the views it is in.
    pub batch: usize,
    pub at: usize,
}

impl<'a> Row<'a> {
    pub fn start(&self) -> i64 {
        self.view.start_time.value(self.at)
    }

    pub fn end(&self) -> i64 {
        self.view.end_time.value(self.at)
    }

    pub fn duration(&self) -> i64 {
        self.end().saturating_sub(self.start())
    }

    pub fn name(&self) -> &'a str {
        self.view.name.value(self.at)
    }

    pub fn service(&self) -> &'a str {
        self.view.service(self.at)
    }

    pub fn is_error(&self) -> bool {
        self.view.status_code.value(self.at) == ocelli_signal::spans::STATUS_ERROR
    }

    pub fn node(&self) -> Node {
        Node {
            span_id: self.view.span_id(self.at),
            parent: self.view.parent_span_id(self.at),
            start: self.start(),
        }
    }
}

/// Every span once, and how many were left out because a sender's retry brought them again. Spans
/// that share an id but differ (as Zipkin's client and server halves do) are both kept.
pub fn distinct<'a>(views: &'a [Spans<'a>]) -> (Vec<Row<'a>>, usize) {
    let mut seen = HashSet::new();
    let mut rows = Vec::new();
    let mut twice = 0;
    let all = views.iter().enumerate();
    for row in all.flat_map(|(batch, view)| (0..view.len()).map(move |at| Row { view, batch, at })) {
        let kind = row.view.kind.value(row.at);
        let identity = (row.view.span_id(row.at), row.start(), row.end(), kind, row.name(), row.service());
        if seen.insert(identity) {
            rows.push(row);
        } else {
            twice += 1;
        }
    }
    (rows, twice)
}
