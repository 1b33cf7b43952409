//! An objective as the API tells of it.

use super::budget::{Counts, bounds, burn, exhaustion, left, sli};
use super::episodes::share;
use super::links;
use super::model::{Slo, Window};
use super::rules::group_names;
use super::windows::{Pair, RECORDED_MS, longest_ms, pairs};
use crate::promql::duration_text;
use ocelli_api::UnixNano;
use ocelli_api::rules::RulesResponse;
use ocelli_api::slos::{
    BadInterval, BurnRate, BurnRateSeries, SloAlert, SloEvents, SloFiring, SloHistory, SloSeverity,
    SloStatus, SloWindow, WindowKind,
};
use std::collections::BTreeSet;

/// Steps of a history, at most.
const STEPS: i64 = 400;
/// Bad intervals that are told.
const INTERVALS: usize = 50;

pub fn nanos(ms: i64) -> UnixNano {
    UnixNano(ms.saturating_mul(1_000_000))
}

/// How far back counts must be known for all figures at a time.
pub fn reach_ms(slo: &Slo, at_ms: i64) -> i64 {
    let (start, _) = bounds(&slo.window, at_ms);
    start.min(at_ms - lookback_ms(slo))
}

/// How far back a burn rate looks.
pub fn lookback_ms(slo: &Slo) -> i64 {
    let longest = longest_ms(slo);
    if slo.shape.by_traffic { longest.max(slo.window.nominal_ms()) } else { longest }
}

pub fn status(slo: &Slo, counts: &Counts, at_ms: i64) -> SloStatus {
    let (start, end) = bounds(&slo.window, at_ms);
    let events = counts.events(start, at_ms);
    let budget = slo.budget();
    let burning = |window_ms: i64| BurnRate {
        window: duration_text(window_ms),
        window_ms,
        rate: counts.burn_rate(window_ms, at_ms, budget),
    };
    let pairs = pairs(slo);
    let mut windows: BTreeSet<i64> = pairs.iter().flat_map(|pair| [pair.long_ms, pair.short_ms]).collect();
    windows.extend(RECORDED_MS.iter().filter(|ms| **ms < slo.window.nominal_ms()));
    let mut burn_rates: Vec<BurnRate> = windows.into_iter().map(burning).collect();
    burn_rates.push(BurnRate {
        rate: events.map(|events| burn(events, budget)),
        ..burning(slo.window.nominal_ms())
    });
    let alert = |pair: &Pair| {
        let (long, short) = (burning(pair.long_ms), burning(pair.short_ms));
        let enabled = match pair.severity {
            SloSeverity::Page => slo.alerting.page.is_some(),
            SloSeverity::Ticket => slo.alerting.ticket.is_some(),
        };
        SloAlert {
            severity: pair.severity,
            threshold: pair.threshold,
            budget_spent: pair.budget_spent,
            state: pair.state(long.rate, short.rate),
            enabled,
            long,
            short,
        }
    };
    SloStatus {
        id: slo.id(),
        name: slo.name.clone(),
        service: slo.service.clone(),
        description: slo.description.clone(),
        labels: slo.labels.iter().cloned().collect(),
        indicator: slo.indicator.in_words(),
        spans: slo.indicator.counted_spans(),
        file: slo.file.to_string(),
        revision: None,
        objective: slo.objective,
        window: window_of(slo, start, end),
        sli: events.and_then(sli),
        events: events.unwrap_or_default(),
        budget_left: left(slo, counts, at_ms),
        burn_rates,
        alerts: pairs.iter().map(alert).collect(),
        exhaustion: exhaustion(slo, counts, at_ms, pairs[1].long_ms),
        firing: Vec::new(),
        known: counts.known(start, at_ms),
        problem: events.is_none().then(|| "nothing has been counted in its window yet".to_owned()),
    }
}

fn window_of(slo: &Slo, start: i64, end: i64) -> SloWindow {
    let (kind, time_zone) = match &slo.window {
        Window::Rolling { .. } => (WindowKind::Rolling, None),
        Window::Calendar(calendar) => (WindowKind::Calendar, Some(calendar.zone.name().to_owned())),
    };
    SloWindow { kind, length: slo.window.text(), time_zone, start: nanos(start), end: nanos(end) }
}

/// The alerts of an objective that fire.
pub fn firing(slo: &Slo, rules: &RulesResponse) -> Vec<SloFiring> {
    let names = group_names(slo);
    let groups = rules.groups.iter().filter(|group| names.contains(&group.name) && *group.file == *slo.file);
    let mut found = Vec::new();
    for rule in groups.flat_map(|group| &group.rules) {
        let alerts = rule.alerting.iter().flat_map(|alerting| &alerting.alerts);
        found.extend(alerts.filter(|alert| alert.state == "firing").map(|alert| SloFiring {
            alert: rule.name.clone(),
            severity: match alert.labels.get("sloth_severity").map(String::as_str) {
                Some("page") => SloSeverity::Page,
                _ => SloSeverity::Ticket,
            },
            since: alert.active_at,
            labels: alert.labels.clone(),
            annotations: alert.annotations.clone(),
            unknown: alert.unknown_since.is_some(),
        }));
    }
    found
}

/// Slots that are shown at least.
const FEWEST_SLOTS: i64 = 10;

/// Where the history of a window begins that is younger than the window: with what was counted first, so that an
/// hour is not one dot of a month.
pub fn begin_ms(counts: &Counts, from_ms: i64, to_ms: i64) -> i64 {
    let latest = (to_ms - FEWEST_SLOTS * counts.interval_ms()).max(from_ms);
    let first = counts.times(from_ms, to_ms).first();
    first.map_or(from_ms, |time| (time - counts.interval_ms()).clamp(from_ms, latest))
}

/// Steps are whole slots.
pub fn history(slo: &Slo, counts: &Counts, from_ms: i64, to_ms: i64) -> SloHistory {
    let interval_ms = counts.interval_ms().max(1);
    let step_ms = ((to_ms - from_ms) / STEPS / interval_ms + 1) * interval_ms;
    let start_ms = from_ms - from_ms.rem_euclid(interval_ms);
    let steps: Vec<i64> = (0..).map(|at| start_ms + at * step_ms).take_while(|time| *time < to_ms).collect();
    let events: Vec<Option<SloEvents>> =
        steps.iter().map(|time| counts.events(*time, (*time + step_ms).min(to_ms))).collect();
    let ends = || steps.iter().map(|time| (*time + step_ms).min(to_ms));
    // Behind the last slot nothing is known.
    let is_known = |time: i64| !counts.times(time - step_ms, time).is_empty();
    let windows: BTreeSet<i64> = pairs(slo).iter().flat_map(|pair| [pair.long_ms, pair.short_ms]).collect();
    SloHistory {
        start_ms,
        step_ms,
        sli: events.iter().map(|events| events.and_then(sli)).collect(),
        good: events.iter().map(|events| events.map(|events| events.good)).collect(),
        bad: events.iter().map(|events| events.map(|events| events.bad)).collect(),
        budget_left: ends().map(|time| left(slo, counts, time).filter(|_| is_known(time))).collect(),
        burn_rates: windows
            .into_iter()
            .map(|window_ms| BurnRateSeries {
                window: duration_text(window_ms),
                window_ms,
                rate: ends().map(|time| counts.burn_rate(window_ms, time, slo.budget())).collect(),
            })
            .collect(),
    }
}

/// Slots side by side in which more was bad than may be, those that spent most first.
pub fn bad_intervals(slo: &Slo, counts: &Counts, from_ms: i64, to_ms: i64) -> Vec<BadInterval> {
    let interval_ms = counts.interval_ms();
    let is_bad = |time: i64| {
        counts.events(time - interval_ms, time).is_some_and(|events| burn(events, slo.budget()) > 1.0)
    };
    let mut spans: Vec<(i64, i64)> = Vec::new();
    for &time in counts.times(from_ms, to_ms).iter().filter(|time| is_bad(**time)) {
        match spans.last_mut() {
            // A short pause does not end it.
            Some((_, until)) if time - *until <= 5 * interval_ms => *until = time,
            _ => spans.push((time - interval_ms, time)),
        }
    }
    let mut found: Vec<BadInterval> = spans
        .into_iter()
        .map(|(from, until)| {
            let events = counts.events(from, until).unwrap_or_default();
            // An event is counted when it has ended and was heard of: it may have begun a slot before.
            let (begin, end) = ((from - interval_ms).to_string(), until.to_string());
            BadInterval {
                from: nanos(from),
                to: nanos(until),
                good: events.good,
                bad: events.bad,
                budget_spent: share(slo, counts, from, until),
                traces_url: links::traces(slo, &begin, &end),
                logs_url: links::logs(slo, &begin, &end),
            }
        })
        .collect();
    found.sort_by(|a, b| b.budget_spent.total_cmp(&a.budget_spent));
    found.truncate(INTERVALS);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slo::budget::Slot;

    const MINUTE: i64 = 60_000;

    #[test]
    fn the_evidence_of_a_bad_slot_begins_before_it() {
        let text = "slos: [{name: a, objective: 99, availability: {service: s}}]";
        let slo = crate::slo::parse("s.yml", text).unwrap().remove(0);
        let slot = |minute: i64, bad: f64| Slot { time_ms: minute * MINUTE, total: 10.0, bad };
        let counts = Counts::new(MINUTE, vec![slot(9, 0.0), slot(10, 5.0), slot(11, 0.0)]);
        let found = bad_intervals(&slo, &counts, 0, 20 * MINUTE);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].from, found[0].to), (nanos(9 * MINUTE), nanos(10 * MINUTE)));
        for url in [&found[0].traces_url, &found[0].logs_url] {
            let range = format!("&from={}&to={}", 8 * MINUTE, 10 * MINUTE);
            assert!(url.ends_with(&range), "{url}");
        }
    }

    #[test]
    fn a_young_history_begins_with_what_was_counted() {
        let slot = |minute: i64| Slot { time_ms: minute * MINUTE, total: 10.0, bad: 0.0 };
        let counts = |from: i64| Counts::new(MINUTE, (from..=1_000).map(slot).collect());
        let begin = |counts: &Counts| begin_ms(counts, 0, 1_000 * MINUTE) / MINUTE;
        assert_eq!(begin(&counts(901)), 900);
        assert_eq!(begin(&counts(1_000)), 990, "some room for one slot");
        assert_eq!(begin(&counts(1)), 0, "all of the window is known");
        assert_eq!(begin(&Counts::new(MINUTE, Vec::new())), 0);
        assert_eq!(begin_ms(&counts(1), 995 * MINUTE, 1_000 * MINUTE), 995 * MINUTE);
    }
}
