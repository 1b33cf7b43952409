//! What is recorded of each window: the share of bad events, and what Sloth's plugins want beside it.

use super::{BAD, Made, TOTAL};
use crate::promql::duration_text;
use crate::rules::Rule;
use crate::slo::model::{Indicator, Labels};

impl Made<'_> {
    pub(super) fn of_window(&self, window_ms: i64) -> Vec<Rule> {
        let shape = &self.slo.shape;
        let correction = shape.by_traffic.then(|| self.correction(window_ms));
        let total = shape.has_totals.then(|| self.total(window_ms));
        correction.into_iter().chain([self.ratio(window_ms)]).chain(total).collect()
    }

    /// The share of bad events. Without traffic it is 0; without data there is none.
    pub(super) fn ratio(&self, window_ms: i64) -> Rule {
        let window = duration_text(window_ms);
        let (bad, total) = if self.slo.shape.by_traffic && window_ms < self.period_ms {
            // Means of slots, so that a window that is not known as a whole weighs as one that is.
            let period = duration_text(self.period_ms);
            (self.sum("avg", BAD, &window), self.sum("avg", TOTAL, &period))
        } else {
            (self.sum("sum", BAD, &window), self.sum("sum", TOTAL, &window))
        };
        let of = Labels::from([("sloth_window".to_owned(), window.clone())]);
        let expr = format!("{bad} / ({total} > 0) or {total} * 0");
        self.with_labels(format!("slo:sli_error:ratio_rate{window}"), expr, of)
    }

    /// How the traffic of a window compares with that of the whole one.
    fn correction(&self, window_ms: i64) -> Rule {
        let (window, period) = (duration_text(window_ms), duration_text(self.period_ms));
        let (near, whole) = (self.sum("avg", TOTAL, &window), self.sum("avg", TOTAL, &period));
        let name = format!("slo:numerator_correction:ratio{window}");
        self.with_labels(name, format!("{near} / ({whole} > 0)"), Labels::new())
    }

    /// What the query for the total gives: a count, or one a second where it is a rate.
    fn total(&self, window_ms: i64) -> Rule {
        let window = duration_text(window_ms);
        let total = self.sum("sum", TOTAL, &window);
        let is_rate = match &self.slo.indicator {
            Indicator::Ratio { total, .. } => total.seconds(window_ms) != 1.0,
            _ => false,
        };
        let expr = if is_rate { format!("{total} / {}", window_ms as f64 / 1e3) } else { total };
        self.with_labels(format!("slo:sli_total:amount{window}"), expr, Labels::new())
    }

    fn sum(&self, over_time: &str, series: &str, window: &str) -> String {
        format!("sum({over_time}_over_time({series}{}[{window}]))", self.selector())
    }
}
