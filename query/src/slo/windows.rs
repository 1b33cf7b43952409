//! The four pairs of windows that alerts judge by.
//!
//! Source: Google, "The Site Reliability Workbook", chapter 5, "Multiwindow, Multi-Burn-Rate Alerts", table 5-8, for
//! 30 days; Sloth has the same pairs. The share of the budget is what is held: an alert comes when so much
//! is spent at once. For 28 to 31 days the windows are the table's, and the burn rate follows from the share
//! (as in Sloth, whose rates for 28 days are 13.44, 5.6, 2.8 and 0.933). For other lengths the windows grow and
//! shrink with the objective's own, so that the burn rates stay what they are: a day's objective can't
//! wait three days, and a burn that spends a whole quarter's budget in 80 days is not missed.

use super::model::{DAY_MS, MINUTE_MS, Slo};
use ocelli_api::slos::{BurnState, SloSeverity};

/// Both burn rates must be above the threshold: the long one shows that it matters, the short one that it
/// still goes on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    pub severity: SloSeverity,
    pub long_ms: i64,
    pub short_ms: i64,
    pub threshold: f64,
    /// What the long window has spent of the budget at the threshold.
    pub budget_spent: f64,
}

/// What a pair is made of: an alert comes when the long window has spent that share of the budget.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    pub severity: SloSeverity,
    pub long_ms: i64,
    pub short_ms: i64,
    pub budget_spent: f64,
}

const HOUR_MS: i64 = 3_600_000;
const TABLE: [Pace; 4] = [
    pace(SloSeverity::Page, HOUR_MS, 5 * MINUTE_MS, 0.02),
    pace(SloSeverity::Page, 6 * HOUR_MS, 30 * MINUTE_MS, 0.05),
    pace(SloSeverity::Ticket, DAY_MS, 2 * HOUR_MS, 0.1),
    pace(SloSeverity::Ticket, 3 * DAY_MS, 6 * HOUR_MS, 0.1),
];

const fn pace(severity: SloSeverity, long_ms: i64, short_ms: i64, budget_spent: f64) -> Pace {
    Pace { severity, long_ms, short_ms, budget_spent }
}

/// What existing dashboards ask for.
pub const RECORDED_MS: [i64; 7] =
    [5 * MINUTE_MS, 30 * MINUTE_MS, HOUR_MS, 2 * HOUR_MS, 6 * HOUR_MS, DAY_MS, 3 * DAY_MS];

/// The pairs of an objective: what pages before what opens tickets, and of each the fastest first.
pub fn pairs(slo: &Slo) -> [Pair; 4] {
    let (window_ms, interval_ms) = (slo.window.nominal_ms(), slo.interval_ms());
    match slo.alerting.paces {
        Some(paces) => paces_as_pairs(paces, 1.0, [1, 1], window_ms, interval_ms),
        None => by_length(window_ms, interval_ms),
    }
}

/// How far back the pairs look.
pub fn longest_ms(slo: &Slo) -> i64 {
    pairs(slo).iter().map(|pair| pair.long_ms).max().unwrap_or_default()
}

/// The pairs of an objective over so long. Windows hold at least five and two slots of its interval.
fn by_length(window_ms: i64, interval_ms: i64) -> [Pair; 4] {
    let is_month = (28 * DAY_MS..=31 * DAY_MS).contains(&window_ms);
    let scale = if is_month { 1.0 } else { window_ms as f64 / (30 * DAY_MS) as f64 };
    paces_as_pairs(TABLE, scale, [5, 2], window_ms, interval_ms)
}

/// `fewest`: slots that a long window and a short one hold at least.
fn paces_as_pairs(
    paces: [Pace; 4],
    scale: f64,
    fewest: [i64; 2],
    window_ms: i64,
    interval_ms: i64,
) -> [Pair; 4] {
    let slots = |ms: i64, fewest: i64| {
        let slots = (ms as f64 * scale / interval_ms as f64).round() as i64;
        slots.max(fewest) * interval_ms
    };
    paces.map(|Pace { severity, long_ms, short_ms, budget_spent }| {
        let long_ms = slots(long_ms, fewest[0]);
        let threshold = budget_spent * window_ms as f64 / long_ms as f64;
        Pair { severity, long_ms, short_ms: slots(short_ms, fewest[1]), threshold, budget_spent }
    })
}

impl Pair {
    /// What the two burn rates say.
    pub fn state(&self, long: Option<f64>, short: Option<f64>) -> BurnState {
        let is_over = |rate: Option<f64>| rate.map(|rate| rate > self.threshold);
        match (is_over(long), is_over(short)) {
            (Some(true), Some(true)) => BurnState::Critical,
            (Some(true), Some(false)) => BurnState::Recovering,
            (Some(false), Some(true)) => BurnState::Increasing,
            (Some(false), Some(false)) => BurnState::Acceptable,
            _ => BurnState::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::duration_text;

    fn check(days: f64, expect: &str) {
        let pairs = by_length((days * DAY_MS as f64) as i64, MINUTE_MS);
        let shown = pairs.map(|pair| {
            let threshold = (pair.threshold * 1e3).round() / 1e3;
            format!("{}/{} {threshold}", duration_text(pair.long_ms), duration_text(pair.short_ms))
        });
        assert_eq!(shown.join(", "), expect);
    }

    #[test]
    fn windows_follow_the_objectives_own() {
        check(30.0, "1h/5m 14.4, 6h/30m 6, 1d/2h 3, 3d/6h 1");
        check(28.0, "1h/5m 13.44, 6h/30m 5.6, 1d/2h 2.8, 3d/6h 0.933");
        check(7.0, "14m/2m 14.4, 1h24m/7m 6, 5h36m/28m 3, 16h48m/1h24m 1");
        check(90.0, "3h/15m 14.4, 18h/1h30m 6, 3d/6h 3, 9d/18h 1");
        check(1.0, "5m/2m 5.76, 12m/2m 6, 48m/4m 3, 2h24m/12m 1");
    }

    #[test]
    fn two_rates_make_a_state() {
        let pair = by_length(30 * DAY_MS, MINUTE_MS)[0];
        let state = |long, short| pair.state(long, short);
        assert_eq!(state(Some(15.0), Some(15.0)), BurnState::Critical);
        assert_eq!(state(Some(15.0), Some(1.0)), BurnState::Recovering);
        assert_eq!(state(Some(1.0), Some(15.0)), BurnState::Increasing);
        assert_eq!(state(Some(14.4), Some(14.4)), BurnState::Acceptable);
        assert_eq!(state(Some(15.0), None), BurnState::Unknown);
    }
}
