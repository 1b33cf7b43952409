//! An objective, in whatever format it was written.

use super::calendar::Calendar;
use super::expr::Events;
use super::shape::Shape;
use super::windows::Pace;
use crate::rules::Language;
use ocelli_api::slos::SloSpans;
use std::sync::Arc;

/// Names and values, sorted by name.
pub type Labels = Vec<(String, String)>;

pub const MINUTE_MS: i64 = 60_000;
pub const DAY_MS: i64 = 86_400_000;

#[derive(Clone, Debug, PartialEq)]
pub struct Slo {
    /// The file's name as it was given.
    pub file: Arc<str>,
    pub name: String,
    /// Empty where it is about none.
    pub service: String,
    pub description: String,
    pub labels: Labels,
    /// 0 to 1, both excluded.
    pub objective: f64,
    pub window: Window,
    pub indicator: Indicator,
    /// What is counted.
    pub method: Method,
    pub alerting: Alerting,
    pub shape: Shape,
}

impl Slo {
    /// As Sloth's `sloth_id`.
    pub fn id(&self) -> String {
        if self.service.is_empty() { self.name.clone() } else { format!("{}-{}", self.service, self.name) }
    }

    /// The share of events that may be bad.
    pub fn budget(&self) -> f64 {
        // 1 - 0.999 is not 0.001 in binary: rounded to what people write.
        ((1.0 - self.objective) * 1e9).round() / 1e9
    }

    /// How often events are counted; each slot holds those of the time since the slot before.
    pub fn interval_ms(&self) -> i64 {
        match self.method {
            Method::Occurrences => self.shape.slot_ms.unwrap_or(MINUTE_MS),
            Method::Timeslices { slice_ms, .. } | Method::RatioTimeslices { slice_ms } => slice_ms,
        }
    }
}

/// The time that the budget is for.
#[derive(Clone, Debug, PartialEq)]
pub enum Window {
    Rolling { ms: i64 },
    Calendar(Calendar),
}

impl Window {
    /// As it was written: `30d`, or `month`.
    pub fn text(&self) -> String {
        match self {
            Window::Rolling { ms } => crate::promql::duration_text(*ms),
            Window::Calendar(calendar) => calendar.text(),
        }
    }

    /// Of a calendar window the usual length: a month has 30 days.
    pub fn nominal_ms(&self) -> i64 {
        match self {
            Window::Rolling { ms } => *ms,
            Window::Calendar(calendar) => calendar.nominal_ms(),
        }
    }
}

/// OpenSLO's budgeting methods.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Method {
    /// Events are counted.
    #[default]
    Occurrences,
    /// Slices of time are: one is good where at least `target` of its events are.
    Timeslices { slice_ms: i64, target: f64 },
    /// The mean over slices of time of the share of good events.
    RatioTimeslices { slice_ms: i64 },
}

/// What is good and what is bad.
#[derive(Clone, Debug, PartialEq)]
pub enum Indicator {
    /// Spans of a service that did not fail.
    Availability(Spans),
    /// Spans of a service that were fast enough.
    Latency {
        spans: Spans,
        under_ms: i64,
    },
    Ratio {
        counted: Counted,
        total: Events,
    },
    /// An expression for the share of bad events, or of good ones.
    Share {
        events: Events,
        is_bad: bool,
    },
    /// A value that must hold: `value op bound` is good.
    Threshold {
        value: Events,
        op: &'static str,
        bound: f64,
    },
}

/// Which of the two is counted beside the total.
#[derive(Clone, Debug, PartialEq)]
pub enum Counted {
    Good(Events),
    Bad(Events),
}

/// Which spans; of an empty list of kinds all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spans {
    pub service: String,
    pub operation: Option<String>,
    pub kinds: Vec<&'static str>,
}

/// The spans by which a service is called.
pub const ENTRY_KINDS: [&str; 2] = ["SPAN_KIND_SERVER", "SPAN_KIND_CONSUMER"];

#[derive(Clone, Debug, PartialEq)]
pub struct Alerting {
    pub name: String,
    pub labels: Labels,
    pub annotations: Labels,
    pub page: Option<Alert>,
    pub ticket: Option<Alert>,
    /// OpenSLO's burn-rate conditions, instead of the pairs of windows.
    pub conditions: Vec<Condition>,
    /// The pairs of windows, where a catalog for the objective's length says other ones.
    pub paces: Option<[Pace; 4]>,
}

pub const ALERT_NAME: &str = "SLOErrorBudgetBurn";

impl Default for Alerting {
    fn default() -> Alerting {
        Alerting {
            name: ALERT_NAME.to_owned(),
            labels: Labels::new(),
            annotations: Labels::new(),
            page: Some(Alert::default()),
            ticket: Some(Alert::default()),
            conditions: Vec::new(),
            paces: None,
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Alert {
    pub labels: Labels,
    pub annotations: Labels,
    /// How long the budget must burn before it fires.
    pub for_ms: i64,
}

/// The budget burns at `op threshold` over one window, for so long.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    pub name: String,
    pub severity: String,
    pub description: String,
    pub op: &'static str,
    pub threshold: f64,
    pub lookback_ms: i64,
    pub after_ms: i64,
}

/// Pairs over others: a later one of the same name wins.
pub fn merged<'a>(all: impl IntoIterator<Item = &'a Labels>) -> Labels {
    let mut merged = std::collections::BTreeMap::new();
    merged.extend(all.into_iter().flatten().cloned());
    merged.into_iter().collect()
}

impl Indicator {
    /// What is good, in words.
    pub fn in_words(&self) -> String {
        let of = |spans: &Spans| match &spans.operation {
            Some(operation) => format!("{operation} of {}", spans.service),
            None => spans.service.clone(),
        };
        // A slot of logs or spans is counted once, when nearly all of it is there.
        let late = |events: &Events| match events.language {
            Language::PromQl => "",
            Language::LogQl | Language::TraceQl => " (what comes late is not counted)",
        };
        match self {
            Indicator::Availability(spans) => format!("availability of {}", of(spans)),
            Indicator::Latency { spans, under_ms } => {
                format!("latency of {} under {}", of(spans), crate::promql::duration_text(*under_ms))
            }
            Indicator::Ratio { counted: Counted::Good(good), .. } => {
                format!("good: {}{}", good.expr, late(good))
            }
            Indicator::Ratio { counted: Counted::Bad(bad), .. } => {
                format!("not bad: {}{}", bad.expr, late(bad))
            }
            Indicator::Share { events, is_bad: true } => format!("not the share {}", events.expr),
            Indicator::Share { events, is_bad: false } => format!("the share {}", events.expr),
            Indicator::Threshold { value, op, bound } => format!("{} {op} {bound}", value.expr),
        }
    }

    /// The same as the API tells it.
    pub fn counted_spans(&self) -> Option<SloSpans> {
        let spans = self.spans()?;
        let kind = |kind: &&str| kind.trim_start_matches("SPAN_KIND_").to_ascii_lowercase();
        Some(SloSpans {
            service: spans.service.clone(),
            operation: spans.operation.clone(),
            kinds: spans.kinds.iter().map(kind).collect(),
            under_ms: match self {
                Indicator::Latency { under_ms, .. } => Some(*under_ms),
                _ => None,
            },
        })
    }

    pub fn spans(&self) -> Option<&Spans> {
        match self {
            Indicator::Availability(spans) | Indicator::Latency { spans, .. } => Some(spans),
            _ => None,
        }
    }
}
