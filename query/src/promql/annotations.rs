//! Warnings and infos that travel beside an answer, in Prometheus' words, each with the place in
//! the query that it is about.

use super::ast::Span;
use std::cell::RefCell;
use std::collections::BTreeSet;

/// What was noticed during one evaluation; equal texts are kept once.
#[derive(Debug, Default)]
pub struct Annotations {
    query: String,
    warnings: RefCell<BTreeSet<String>>,
    infos: RefCell<BTreeSet<String>>,
}

impl Annotations {
    pub fn new(query: &str) -> Annotations {
        Annotations { query: query.to_owned(), ..Annotations::default() }
    }

    /// A part of the query as it was written.
    pub fn source(&self, at: &Span) -> &str {
        self.query.get(at.clone()).unwrap_or_default()
    }

    pub fn warn(&self, at: &Span, text: impl AsRef<str>) {
        let text = format!("PromQL warning: {} ({})", text.as_ref(), line_and_column(&self.query, at.start));
        self.warnings.borrow_mut().insert(text);
    }

    pub fn info(&self, at: &Span, text: impl AsRef<str>) {
        let text = format!("PromQL info: {} ({})", text.as_ref(), line_and_column(&self.query, at.start));
        self.infos.borrow_mut().insert(text);
    }

    /// Warnings, then infos.
    pub fn into_texts(self) -> (Vec<String>, Vec<String>) {
        let texts = |set: RefCell<BTreeSet<String>>| set.into_inner().into_iter().collect();
        (texts(self.warnings), texts(self.infos))
    }

    // The texts that more than one room uses.

    pub fn mixed_floats_histograms(&self, at: &Span, metric: &str) {
        self.warn(at, format!("encountered a mix of histograms and floats for metric name {metric:?}"));
    }

    pub fn mixed_schemas(&self, at: &Span, metric: &str) {
        self.warn(
            at,
            format!(
                "vector contains a mix of histograms with exponential and custom buckets schemas for metric name {metric:?}"
            ),
        );
    }

    pub fn not_a_counter(&self, at: &Span, metric: &str) {
        self.warn(at, format!("this native histogram metric is not a counter: {metric:?}"));
    }

    /// A counter's name ends in one of four ways.
    pub fn possibly_no_counter(&self, at: &Span, metric: &str) {
        let counter = ["_total", "_sum", "_count", "_bucket"].iter().any(|end| metric.ends_with(end));
        if !metric.is_empty() && !counter {
            let text = "metric might not be a counter, name does not end in _total/_sum/_count/_bucket";
            self.info(at, format!("{text}: {metric:?}"));
        }
    }

    pub fn not_a_gauge(&self, at: &Span, metric: &str) {
        self.warn(at, format!("this native histogram metric is not a gauge: {metric:?}"));
    }

    pub fn histograms_ignored_in_range(&self, at: &Span, metric: &str) {
        self.info(
            at,
            format!(
                "ignored histograms in a range containing both floats and histograms for metric name {metric:?}"
            ),
        );
    }

    /// `operation` is `addition`, `subtraction` or `aggregation`.
    pub fn reset_collision(&self, at: &Span, operation: &str) {
        self.warn(at, format!("conflicting counter resets during histogram {operation}"));
    }

    pub fn bounds_reconciled(&self, at: &Span, operation: &str) {
        self.info(at, format!("mismatched custom buckets were reconciled during {operation}"));
    }

    pub fn invalid_quantile(&self, at: &Span, quantile: f64) {
        let quantile = super::value::format_float(quantile);
        self.warn(at, format!("quantile value should be between 0 and 1, got {quantile}"));
    }
}

/// `line:column`, both from 1, the column in bytes.
pub fn line_and_column(query: &str, offset: usize) -> String {
    let before = &query.as_bytes()[..offset.min(query.len())];
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
    format!("{line}:{column}")
}

/// ` for metric name "x"`, or nothing where the name is not known.
pub fn for_metric(name: &str) -> String {
    if name.is_empty() { String::new() } else { format!(" for metric name {name:?}") }
}
