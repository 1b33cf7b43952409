//! The objective itself, its budget, and what is left of it.

use super::{Made, number};
use crate::promql::duration_text;
use crate::rules::Rule;
use crate::slo::model::{DAY_MS, Labels};
use crate::slo::shape::INFO;

pub const LEFT: &str = "slo:period_error_budget_remaining:ratio";

/// The names of all that is recorded here.
pub const NAMES: [&str; 7] = [
    "slo:objective:ratio",
    "slo:error_budget:ratio",
    "slo:time_period:days",
    INFO,
    "slo:current_burn_rate:ratio",
    "slo:period_burn_rate:ratio",
    LEFT,
];

impl Made<'_> {
    pub(super) fn metadata(&self) -> Vec<Rule> {
        let (of, slo) = (self.selector(), self.slo);
        let info = [
            ("sloth_mode", "ocelli".to_owned()),
            ("sloth_objective", number(slo.objective * 100.0)),
            ("sloth_spec", "prometheus/v1".to_owned()),
        ];
        let info: Labels = info.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let budget = number(slo.budget());
        let days = number(self.period_ms as f64 / DAY_MS as f64);
        let metadata = |name: &str, expr: String| self.with_labels(name, expr, Labels::new());
        let mut rules = vec![
            metadata("slo:objective:ratio", format!("vector({})", number(slo.objective))),
            metadata("slo:error_budget:ratio", format!("vector({budget})")),
            metadata("slo:time_period:days", format!("vector({days})")),
            self.with_labels(INFO, "vector(1)".to_owned(), info),
        ];
        if let Some(shortest) = self.windows().first() {
            let window = duration_text(*shortest);
            let expr =
                format!("max without (sloth_window) (slo:sli_error:ratio_rate{window}{of}) / {budget}");
            rules.push(metadata("slo:current_burn_rate:ratio", expr));
        }
        rules
    }

    /// Over the whole window; for one of the calendar over its usual length up to now.
    pub(super) fn period(&self) -> Vec<Rule> {
        let (of, budget) = (self.selector(), number(self.slo.budget()));
        let window = duration_text(self.period_ms);
        let burn = format!("max without (sloth_window) (slo:sli_error:ratio_rate{window}{of}) / {budget}");
        let left = format!("1 - slo:period_burn_rate:ratio{of}");
        vec![
            self.with_labels("slo:period_burn_rate:ratio", burn, Labels::new()),
            self.with_labels(LEFT, left, Labels::new()),
        ]
    }
}
