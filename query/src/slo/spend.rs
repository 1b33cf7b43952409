//! What of the budget each value of a dimension burned.
//!
//! Operations come from the metrics of all spans; versions, routes and statuses are attributes, which only the
//! spans that are kept have.

use super::links;
use super::model::{Indicator, Slo};
use crate::promql::duration_text;
use crate::rules::Language;
use ocelli_api::slos::{Spend, SpendBy};
use std::collections::BTreeMap;

/// One dimension: how good and bad events are asked for, by which label.
pub struct Dimension {
    pub name: &'static str,
    pub source: &'static str,
    pub language: Language,
    /// As TraceQL calls it.
    field: &'static str,
    pub label: &'static str,
    pub total: String,
    pub bad: String,
}

const ATTRIBUTES: [(&str, &str, &str); 3] = [
    ("version", "resource.service.version", "service_version"),
    ("route", "span.http.route", "http_route"),
    ("status", "span.http.response.status_code", "http_response_status_code"),
];

/// The dimensions of an objective about spans; of any other there are none.
pub fn dimensions(slo: &Slo, window_ms: i64) -> Vec<Dimension> {
    let (Some(spans), Some(bad)) = (slo.indicator.spans(), links::bad_spans(slo)) else { return Vec::new() };
    let window = duration_text(window_ms);
    let all = links::all_spans(slo).unwrap_or_default();
    let of_spans = |(name, field, label): (&'static str, &'static str, &'static str)| Dimension {
        name,
        source: "spans",
        language: Language::TraceQl,
        field,
        label,
        total: format!("{all} | count_over_time() by ({field}) [{window}]"),
        bad: format!("{bad} | count_over_time() by ({field}) [{window}]"),
    };
    let mut found: Vec<Dimension> = ATTRIBUTES.into_iter().map(of_spans).collect();
    let series = |more: &str| {
        let labels = super::rules::span_labels(spans, more);
        format!("sum by (span_name) (increase(traces_span_metrics_calls_total{labels}[{window}] anchored))")
    };
    found.insert(
        0,
        match &slo.indicator {
            Indicator::Availability(_) => Dimension {
                name: "operation",
                source: "metrics",
                language: Language::PromQl,
                field: "name",
                label: "span_name",
                total: series(""),
                bad: series(r#"status_code="STATUS_CODE_ERROR""#),
            },
            _ => of_spans(("operation", "name", "name")),
        },
    );
    found
}

/// From counts by value. `whole`: the window's budgets that all bad events together have spent.
pub fn spend(
    slo: &Slo,
    of: &Dimension,
    total: &BTreeMap<String, f64>,
    bad: &BTreeMap<String, f64>,
    whole: f64,
    range: (&str, &str),
) -> SpendBy {
    let all: f64 = bad.values().sum();
    let value = |(value, total): (&String, &f64)| {
        let bad = bad.get(value).copied().unwrap_or_default();
        let share = if all > 0.0 { bad / all } else { 0.0 };
        Spend {
            value: value.clone(),
            good: (total - bad).max(0.0),
            bad,
            share,
            budget: share * whole,
            traces_url: links::traces_of(slo, of.field, value, range.0, range.1),
        }
    };
    let mut values: Vec<Spend> = total.iter().map(value).collect();
    values.sort_by(|a, b| b.bad.total_cmp(&a.bad).then_with(|| a.value.cmp(&b.value)));
    values.truncate(50);
    SpendBy { dimension: of.name.to_owned(), source: of.source.to_owned(), values }
}
