//! What is left of a budget, from counts of events.
//!
//! All figures are sums over slots, so that none is a mean of ratios. The budget of a window is the share of
//! its events so far that may be bad: of a calendar window that has just begun it is small yet, and grows with
//! the traffic.

use super::model::{Slo, Window};
use ocelli_api::UnixNano;
use ocelli_api::slos::{Exhaustion, SloEvents};

/// Events of the time since the slot before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slot {
    pub time_ms: i64,
    pub total: f64,
    pub bad: f64,
}

/// Slots in the order of time, with what they sum up to.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    interval_ms: i64,
    times: Vec<i64>,
    /// Sums of all slots before; one more than there are slots.
    totals: Vec<f64>,
    bads: Vec<f64>,
    /// The window of whose mean traffic bad events are a share, where it is not their own.
    traffic_ms: Option<i64>,
}

impl Counts {
    /// Of two slots of the same time the first counts.
    pub fn new(interval_ms: i64, mut slots: Vec<Slot>) -> Counts {
        slots.sort_by_key(|slot| slot.time_ms);
        slots.dedup_by_key(|slot| slot.time_ms);
        let mut counts = Counts { interval_ms, totals: vec![0.0], bads: vec![0.0], ..Counts::default() };
        let (mut total, mut bad) = (0.0, 0.0);
        for slot in slots {
            (total, bad) = (total + slot.total, bad + slot.bad.clamp(0.0, slot.total.max(0.0)));
            counts.times.push(slot.time_ms);
            counts.totals.push(total);
            counts.bads.push(bad);
        }
        counts
    }

    /// Burn rates weigh bad events by the mean traffic of a window of this length.
    pub fn by_traffic_of(self, window_ms: i64) -> Counts {
        Counts { traffic_ms: Some(window_ms), ..self }
    }

    pub fn interval_ms(&self) -> i64 {
        self.interval_ms
    }

    /// The times of the slots in a range, of which the begin does not belong to it.
    pub fn times(&self, after_ms: i64, until_ms: i64) -> &[i64] {
        &self.times[self.places(after_ms, until_ms)]
    }

    fn places(&self, after_ms: i64, until_ms: i64) -> std::ops::Range<usize> {
        let from = self.times.partition_point(|time| *time <= after_ms);
        from..from.max(self.times.partition_point(|time| *time <= until_ms))
    }

    /// Good and bad events; none where no slot is known.
    pub fn events(&self, after_ms: i64, until_ms: i64) -> Option<SloEvents> {
        let places = self.places(after_ms, until_ms);
        if places.is_empty() {
            return None;
        }
        let total = self.totals[places.end] - self.totals[places.start];
        let bad = self.bads[places.end] - self.bads[places.start];
        Some(SloEvents { good: (total - bad).max(0.0), bad })
    }

    /// How much of a range is known, 0 to 1.
    pub fn known(&self, after_ms: i64, until_ms: i64) -> f64 {
        let wanted = (until_ms - after_ms) / self.interval_ms.max(1);
        let have = self.places(after_ms, until_ms).len() as f64;
        if wanted > 0 { (have / wanted as f64).min(1.0) } else { 1.0 }
    }

    /// How fast the budget burns over a window; 0 without traffic.
    pub fn burn_rate(&self, window_ms: i64, at_ms: i64, budget: f64) -> Option<f64> {
        let events = self.events(at_ms - window_ms, at_ms)?;
        let Some(traffic_ms) = self.traffic_ms else { return Some(burn(events, budget)) };
        // Of each the mean of the slots that are known.
        let slots = |ms: i64| self.places(at_ms - ms, at_ms).len() as f64;
        let traffic = total(self.events(at_ms - traffic_ms, at_ms)?) / slots(traffic_ms);
        let bad = events.bad / slots(window_ms);
        Some(if traffic > 0.0 { bad / traffic / budget } else { 0.0 })
    }
}

fn total(events: SloEvents) -> f64 {
    events.good + events.bad
}

/// The share of bad events in budgets.
pub fn burn(events: SloEvents, budget: f64) -> f64 {
    if total(events) > 0.0 { events.bad / total(events) / budget } else { 0.0 }
}

/// Good of all; none without traffic.
pub fn sli(events: SloEvents) -> Option<f64> {
    (total(events) > 0.0).then(|| events.good / total(events))
}

/// The window that a time lies in: where it begins, and where it ends.
pub fn bounds(window: &Window, at_ms: i64) -> (i64, i64) {
    match window {
        Window::Rolling { ms } => (at_ms - ms, at_ms),
        // A slot holds what came before it: that of the very begin belongs to the window before.
        Window::Calendar(calendar) => calendar.window_at(at_ms),
    }
}

/// What is left of the budget at a time: 1 is all, 0 nothing, below 0 it is overspent.
pub fn left(slo: &Slo, counts: &Counts, at_ms: i64) -> Option<f64> {
    let (start, _) = bounds(&slo.window, at_ms);
    counts.events(start, at_ms).map(|events| 1.0 - burn(events, slo.budget()))
}

/// Steps in which the future is looked at.
const FORECAST_STEPS: i64 = 720;

/// When the budget will be spent if events go on coming, and going bad, as over a recent time. What leaves a
/// rolling window is given back. None if that is not within one window's length.
pub fn exhaustion(slo: &Slo, counts: &Counts, at_ms: i64, recent_ms: i64) -> Option<Exhaustion> {
    let budget = slo.budget();
    let recent = counts.events(at_ms - recent_ms, at_ms)?;
    let (start, end) = bounds(&slo.window, at_ms);
    let exhausted = |at_ms: i64| Exhaustion {
        at: UnixNano(at_ms.saturating_mul(1_000_000)),
        burn_rate: burn(recent, budget),
        measured_over: crate::promql::duration_text(recent_ms),
    };
    if left(slo, counts, at_ms)? <= 0.0 {
        let before = counts.times(start, at_ms).iter().rev();
        let spent = before.take_while(|time| left(slo, counts, **time).is_some_and(|left| left <= 0.0));
        return Some(exhausted(*spent.last().unwrap_or(&at_ms)));
    }
    // Of a time of which only a part is known, that part is what was measured.
    let measured_ms = (recent_ms as f64 * counts.known(at_ms - recent_ms, at_ms)).max(1.0);
    let window_ms = slo.window.nominal_ms();
    let step_ms = (window_ms / FORECAST_STEPS).max(counts.interval_ms);
    let is_rolling = matches!(slo.window, Window::Rolling { .. });
    let last_ms = if is_rolling { at_ms + window_ms } else { end };
    let mut then_ms = at_ms + step_ms;
    while then_ms <= last_ms {
        let share = (then_ms - at_ms) as f64 / measured_ms;
        let start = if is_rolling { then_ms - window_ms } else { start };
        let kept = counts.events(start, at_ms).unwrap_or_default();
        let add = |kept: f64, recent: f64| kept + recent * share;
        let events = SloEvents { good: add(kept.good, recent.good), bad: add(kept.bad, recent.bad) };
        if burn(events, budget) >= 1.0 {
            return Some(exhausted(then_ms));
        }
        then_ms += step_ms;
    }
    None
}

#[cfg(test)]
mod tests;
