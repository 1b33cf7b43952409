//! Warnings and infos that travel beside an answer, in Prometheus' words, each with the place in
//! the query that it is about.

use super::ast::Span;
use super::functions::date;
use super::histogram::classic::Forced;
use super::value::{format_general, format_two_digits};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What was noticed during one evaluation. Equal texts are kept once, with the place that came last.
#[derive(Debug, Default)]
pub struct Annotations {
    query: String,
    warnings: Mutex<Notes>,
    infos: Mutex<Notes>,
}

type Notes = BTreeMap<String, Note>;

#[derive(Debug)]
struct Note {
    /// Byte offset in the query.
    at: usize,
    detail: Detail,
}

/// What is added up over all notes of one text.
#[derive(Debug)]
enum Detail {
    None,
    Occurrences(u32),
    Monotonicity(Monotonicity),
}

/// Where counts of classic buckets had to be raised, over all steps and histograms.
#[derive(Debug)]
struct Monotonicity {
    forced: Forced,
    count: u32,
    /// Milliseconds of the first and the last step.
    times: (i64, i64),
}

impl Annotations {
    pub fn new(query: &str) -> Annotations {
        Annotations { query: query.to_owned(), ..Annotations::default() }
    }

    /// A part of the query as it was written.
    pub fn source(&self, at: &Span) -> &str {
        self.query.get(at.clone()).unwrap_or_default()
    }

    pub fn warn(&self, at: &Span, text: impl Into<String>) {
        let note = Note { at: at.start, detail: Detail::None };
        locked(&self.warnings).insert(text.into(), note);
    }

    pub fn info(&self, at: &Span, text: impl Into<String>) {
        let note = Note { at: at.start, detail: Detail::None };
        locked(&self.infos).insert(text.into(), note);
    }

    /// Warnings, then infos.
    pub fn into_texts(self) -> (Vec<String>, Vec<String>) {
        let Annotations { query, warnings, infos } = self;
        let texts = |kind: &str, notes: Mutex<Notes>| {
            let text = |(text, note): (String, Note)| {
                let place = line_and_column(&query, note.at);
                format!("PromQL {kind}: {text}{} ({place})", note.detail.text())
            };
            notes.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter().map(text).collect()
        };
        (texts("warning", warnings), texts("info", infos))
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

    /// Comes once for every series and step.
    pub fn start_overlap(&self, at: &Span, metric: &str) {
        let text = "sample has start time that overlaps with previous sample timestamp";
        let mut warnings = locked(&self.warnings);
        let note = warnings
            .entry(format!("{text} for metric {metric:?}"))
            .or_insert(Note { at: at.start, detail: Detail::Occurrences(0) });
        if let Detail::Occurrences(count) = &mut note.detail {
            *count += 1;
        }
    }

    pub fn forced_monotonicity(&self, at: &Span, metric: &str, time_ms: i64, forced: Forced) {
        let text = "input to histogram_quantile needed to be fixed for monotonicity (see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)";
        let mut infos = locked(&self.infos);
        let first = Monotonicity { forced, count: 0, times: (time_ms, time_ms) };
        let note = infos
            .entry(format!("{text}{}", for_metric(metric)))
            .or_insert(Note { at: at.start, detail: Detail::Monotonicity(first) });
        if let Detail::Monotonicity(all) = &mut note.detail {
            all.count += 1;
            all.times = (all.times.0.min(time_ms), all.times.1.max(time_ms));
            all.forced.min_bucket = all.forced.min_bucket.min(forced.min_bucket);
            all.forced.max_bucket = all.forced.max_bucket.max(forced.max_bucket);
            all.forced.max_diff = all.forced.max_diff.max(forced.max_diff);
        }
    }

    /// `operation` is `addition`, `subtraction` or `aggregation`.
    pub fn reset_collision(&self, at: &Span, operation: &str) {
        self.warn(at, format!("conflicting counter resets during histogram {operation}"));
    }

    pub fn bounds_reconciled(&self, at: &Span, operation: &str) {
        self.info(at, format!("mismatched custom buckets were reconciled during {operation}"));
    }

    pub fn invalid_quantile(&self, at: &Span, quantile: f64) {
        let quantile = format_general(quantile);
        self.warn(at, format!("quantile value should be between 0 and 1, got {quantile}"));
    }
}

fn locked(notes: &Mutex<Notes>) -> MutexGuard<'_, Notes> {
    notes.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Detail {
    /// What follows the text that the notes have in common.
    fn text(&self) -> String {
        match self {
            Detail::None | Detail::Occurrences(1) => String::new(),
            Detail::Occurrences(count) => format!(" ({count} occurrences)"),
            Detail::Monotonicity(all) => {
                let [low, high] = [all.forced.min_bucket, all.forced.max_bucket].map(format_general);
                let difference = format_two_digits(all.forced.max_diff);
                let (count, from, to) = (all.count, date::rfc3339(all.times.0), date::rfc3339(all.times.1));
                format!(
                    ", from buckets {low} to {high}, with a max diff of {difference}, over {count} samples from {from} to {to}"
                )
            }
        }
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
