//! What the store tells of a rule's state before this process.

use ocelli_query::Error;
use ocelli_query::promql::labels::{Labels, METRIC_NAME};
use ocelli_query::promql::otlp::{Stored, select_from};
use ocelli_query::promql::select::{Matcher, Selection, StoredSeries};
use ocelli_query::promql::value::Sample;
use ocelli_query::rules::Rule;
use ocelli_query::rules::alert::{ALERT_NAME, ALERTS_FOR_STATE};

/// An alert that was heard of longer ago is a new one. As `--rules.alert.for-outage-tolerance` of
/// Prometheus.
const OUTAGE_MS: i64 = 3_600_000;
/// An alert that was about to fire waits at least this long again. As `for-grace-period`.
const GRACE_MS: i64 = 600_000;

#[derive(Debug, Default)]
pub struct Found {
    /// The series of the last slot.
    pub series: Vec<Labels>,
    /// Alerts, and since when they are active.
    pub alerts: Vec<(Labels, i64)>,
}

/// Of a recording rule the series at the last slot, of an alerting rule its alerts.
pub fn found(stored: Stored<'_>, rule: &Rule, last_ms: i64, now_ms: i64) -> Result<Found, Error> {
    let select = |matchers, after_ms, until_ms| {
        select_from(stored, &Selection { matchers, after_ms, until_ms }, &|_, _| {})
    };
    let Some(settings) = &rule.alert else {
        let series = select(vec![Matcher::equal(METRIC_NAME, &rule.name)], last_ms - 1, last_ms)?;
        let is_there =
            |series: &StoredSeries| series.samples.in_order().iter().any(|(_, one)| !one.is_stale());
        let series = series.into_iter().filter(is_there).map(|series| series.labels).collect();
        return Ok(Found { series, ..Found::default() });
    };
    let matchers =
        vec![Matcher::equal(METRIC_NAME, ALERTS_FOR_STATE), Matcher::equal(ALERT_NAME, &rule.name)];
    let series = select(matchers, now_ms - OUTAGE_MS, now_ms)?;
    let alert = |series: &StoredSeries| {
        let (seen_ms, sample) = series.samples.in_order().pop()?;
        let Sample::Float(since_s) = sample else { return None };
        let since_ms = (since_s * 1e3) as i64;
        let active = (!sample.is_stale()).then(|| restored(settings.for_ms, since_ms, seen_ms, now_ms))?;
        Some((series.labels.without_name(), active))
    };
    Ok(Found { alerts: series.iter().filter_map(alert).collect(), ..Found::default() })
}

/// Since when an alert counts as active: the time without a server is no time in which it was seen.
/// Source: Prometheus `Group.RestoreForState`.
fn restored(for_ms: i64, since_ms: i64, seen_ms: i64, now_ms: i64) -> i64 {
    let remaining_ms = for_ms - (seen_ms - since_ms);
    if remaining_ms <= 0 {
        since_ms
    } else if remaining_ms < GRACE_MS {
        (now_ms + GRACE_MS - for_ms).max(since_ms)
    } else {
        since_ms + (now_ms - seen_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::restored;

    const MINUTE: i64 = 60_000;

    fn check(for_m: i64, since_m: i64, seen_m: i64, now_m: i64, expect_m: i64) {
        let found = restored(for_m * MINUTE, since_m * MINUTE, seen_m * MINUTE, now_m * MINUTE);
        assert_eq!(found, expect_m * MINUTE);
    }

    #[test]
    fn an_outage_is_no_time_of_an_alert() {
        check(5, 100, 110, 115, 100);
        check(60, 100, 110, 115, 105);
        check(60, 100, 155, 157, 107);
    }
}
