//! Sloth's catalogs of windows, `kind: AlertWindows`: the pairs that alerts of objectives over one length judge by.
//!
//! Source: Sloth 0.16 `pkg/prometheus/alertwindows/v1`. Where Sloth checks only that a figure is there, what could
//! never be right is told too.

use super::spec::ResourceYaml;
use crate::promql::duration_text;
use crate::rules::Problem;
use crate::rules::file::yaml::{self, Span, Step};
use crate::slo::documents::{Document, Found};
use crate::slo::model::MINUTE_MS;
use crate::slo::windows::Pace;
use ocelli_api::slos::SloSeverity;
use serde::Deserialize;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
struct WindowsYaml {
    slo_period: Option<Span>,
    page: SpeedsYaml,
    ticket: SpeedsYaml,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SpeedsYaml {
    quick: Option<WindowYaml>,
    slow: Option<WindowYaml>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
struct WindowYaml {
    error_budget_percent: Option<f64>,
    short_window: Option<Span>,
    long_window: Option<Span>,
}

/// The pairs for objectives over a length.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Catalog {
    pub period_ms: i64,
    pub paces: [Pace; 4],
}

pub fn read_windows(document: Document) -> Result<Catalog, Vec<Problem>> {
    let of: ResourceYaml<WindowsYaml> =
        yaml::read(document.text).map_err(|problem| vec![document.placed(problem)])?;
    let mut found = Found::new(document);
    let catalog = found.within(&[Step::Value("spec")], |found| {
        let period_ms = of.spec.slo_period.map(|span| span.0).filter(|ms| *ms > 0);
        if period_ms.is_none() {
            found.missing("sloPeriod", "`sloPeriod` must be set, as 30d");
        }
        let WindowsYaml { page, ticket, .. } = &of.spec;
        let all = [
            (SloSeverity::Page, "page", "quick", &page.quick),
            (SloSeverity::Page, "page", "slow", &page.slow),
            (SloSeverity::Ticket, "ticket", "quick", &ticket.quick),
            (SloSeverity::Ticket, "ticket", "slow", &ticket.slow),
        ];
        let paces = all.map(|(severity, key, speed, window)| {
            found.within(&[Step::Value(key)], |found| match window {
                Some(window) => found.within(&[Step::Value(speed)], |found| {
                    pace_of(severity, window, period_ms.unwrap_or(i64::MAX), found)
                }),
                None => {
                    found.missing(
                        speed,
                        format!("`{speed}` is missing under `{key}`: a catalog has all four pairs"),
                    );
                    None
                }
            })
        });
        let [Some(a), Some(b), Some(c), Some(d)] = paces else { return None };
        Some(Catalog { period_ms: period_ms?, paces: [a, b, c, d] })
    });
    catalog.filter(|_| found.problems.is_empty()).ok_or(found.problems)
}

fn pace_of<'a>(
    severity: SloSeverity,
    of: &WindowYaml,
    period_ms: i64,
    found: &mut Found<'a>,
) -> Option<Pace> {
    let percent = of.error_budget_percent;
    if !percent.is_some_and(|percent| percent > 0.0 && percent <= 100.0) {
        let shown = percent.map(|percent| format!(" {percent}")).unwrap_or_default();
        found.at(
            &[Step::Value("errorBudgetPercent")],
            format!("errorBudgetPercent{shown}: the share of the budget that is spent, in percent, above 0 and up to 100"),
        );
    }
    let mut whole = |key: &'static str, span: Option<Span>| {
        let ms = span.map(|span| span.0).filter(|ms| *ms > 0 && ms % MINUTE_MS == 0);
        if ms.is_none() {
            let shown = span.map(|span| format!(" {}", duration_text(span.0))).unwrap_or_default();
            found.at(&[Step::Value(key)], format!("{key}{shown}: whole minutes are possible, as 5m"));
        }
        ms
    };
    let (short_ms, long_ms) = (whole("shortWindow", of.short_window)?, whole("longWindow", of.long_window)?);
    if short_ms >= long_ms {
        found.at(
            &[Step::Value("shortWindow")],
            format!(
                "shortWindow {} must be shorter than longWindow {}",
                duration_text(short_ms),
                duration_text(long_ms)
            ),
        );
    }
    if long_ms > period_ms {
        found.at(
            &[Step::Value("longWindow")],
            format!(
                "longWindow {} is longer than sloPeriod {}",
                duration_text(long_ms),
                duration_text(period_ms)
            ),
        );
    }
    Some(Pace { severity, long_ms, short_ms, budget_spent: percent? / 100.0 })
}
