//! What stands before a receiver: its rate, its breaker, the patience that it asked for.

use super::{Breaker, BreakerSettings, RateLimit, is_past, millis};
use crate::verdict::Verdict;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GateSettings {
    /// Sends at the same time.
    pub in_flight: usize,
    /// One each so many milliseconds; 0 is no limit.
    pub interval_ms: i64,
    /// So many at once after a rest.
    pub burst: u32,
    pub breaker: BreakerSettings,
}

impl Default for GateSettings {
    fn default() -> GateSettings {
        GateSettings { in_flight: 4, interval_ms: 50, burst: 20, breaker: BreakerSettings::default() }
    }
}

impl GateSettings {
    /// Slack takes one message a second for each webhook. The tenth more is for messages that arrive
    /// closer together than they were sent.
    pub fn slack() -> GateSettings {
        GateSettings { in_flight: 1, interval_ms: 1_100, burst: 1, ..GateSettings::default() }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    in_flight: usize,
    rate: RateLimit,
    breaker: Breaker,
    paused_until_ms: i64,
    recovered_ms: Option<i64>,
}

impl Gate {
    pub fn new(settings: GateSettings) -> Gate {
        Gate {
            in_flight: settings.in_flight.max(1),
            rate: RateLimit::new(settings.interval_ms, settings.burst),
            breaker: Breaker::new(settings.breaker),
            paused_until_ms: i64::MIN,
            recovered_ms: None,
        }
    }

    /// For pages: whether the receiver is being left alone.
    pub fn breaker(&self) -> &Breaker {
        &self.breaker
    }

    /// What a send came to. A refusal is an answer too: the receiver is there.
    pub fn report(&mut self, verdict: &Verdict, now_ms: i64) {
        match verdict {
            Verdict::Delivered { .. } | Verdict::Refused { .. } => {
                if self.breaker.succeeded() {
                    self.recovered_ms = Some(now_ms);
                }
            }
            // It says itself when it can be asked again, and that holds for all that goes to it.
            Verdict::Retry { after: Some(after), .. } => {
                self.breaker.succeeded();
                self.paused_until_ms = now_ms.saturating_add(millis(*after));
            }
            Verdict::Retry { after: None, .. } => self.breaker.failed(now_ms),
        }
    }

    pub(super) fn has_place(&self, in_flight: usize) -> bool {
        in_flight < self.in_flight
    }

    /// When the next may be sent: `now_ms` or later.
    pub(super) fn next_ms(&self, now_ms: i64) -> i64 {
        let paused = if is_past(self.paused_until_ms, now_ms) { now_ms } else { self.paused_until_ms };
        paused.max(self.rate.next_ms(now_ms)).max(self.breaker.next_ms(now_ms))
    }

    pub(super) fn take(&mut self, now_ms: i64) {
        self.rate.take(now_ms);
        self.breaker.sent(now_ms);
    }

    /// Whether the receiver was found well again after this time: what waits since then need not wait on.
    pub(super) fn recovered_since(&self, tried_ms: i64) -> bool {
        self.recovered_ms.is_some_and(|recovered| recovered >= tried_ms)
    }
}
