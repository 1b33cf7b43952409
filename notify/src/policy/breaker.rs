//! A receiver that fails again and again is left alone for a while, and then asked with one parcel.

use super::is_past;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerSettings {
    /// It opens after this many failures in a row.
    pub failures: u32,
    /// How long it is open at first; each failed probe doubles that …
    pub first_ms: i64,
    /// … up to this.
    pub cap_ms: i64,
    /// A probe that was not reported after this is taken for lost.
    pub probe_ms: i64,
}

impl Default for BreakerSettings {
    fn default() -> BreakerSettings {
        BreakerSettings { failures: 5, first_ms: 5_000, cap_ms: 300_000, probe_ms: 120_000 }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerState {
    Closed { failures: u32 },
    Open { until_ms: i64, cooldown_ms: i64 },
    HalfOpen { since_ms: i64, cooldown_ms: i64 },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breaker {
    settings: BreakerSettings,
    state: BreakerState,
}

impl Breaker {
    pub fn new(settings: BreakerSettings) -> Breaker {
        Breaker { settings, state: BreakerState::Closed { failures: 0 } }
    }

    pub fn state(&self) -> BreakerState {
        self.state
    }

    /// When the next parcel may be sent: `now_ms` or later.
    pub fn next_ms(&self, now_ms: i64) -> i64 {
        let opens_ms = match self.state {
            BreakerState::Closed { .. } => now_ms,
            BreakerState::Open { until_ms, .. } => until_ms,
            BreakerState::HalfOpen { since_ms, .. } => since_ms.saturating_add(self.settings.probe_ms),
        };
        if is_past(opens_ms, now_ms) { now_ms } else { opens_ms }
    }

    /// A parcel is sent now, which [`Breaker::next_ms`] allowed. If it was open, that is the probe.
    pub fn sent(&mut self, now_ms: i64) {
        match self.state {
            BreakerState::Closed { .. } => {}
            BreakerState::Open { cooldown_ms, .. } | BreakerState::HalfOpen { cooldown_ms, .. } => {
                self.state = BreakerState::HalfOpen { since_ms: now_ms, cooldown_ms };
            }
        }
    }

    /// The receiver has answered. True if it had been given up.
    pub fn succeeded(&mut self) -> bool {
        let was_closed = matches!(self.state, BreakerState::Closed { .. });
        self.state = BreakerState::Closed { failures: 0 };
        !was_closed
    }

    pub fn failed(&mut self, now_ms: i64) {
        match self.state {
            BreakerState::Closed { failures } if failures + 1 < self.settings.failures => {
                self.state = BreakerState::Closed { failures: failures + 1 };
            }
            BreakerState::Closed { .. } => self.open(now_ms, self.settings.first_ms),
            BreakerState::HalfOpen { cooldown_ms, .. } => {
                self.open(now_ms, cooldown_ms.saturating_mul(2).min(self.settings.cap_ms));
            }
            // One of those that were on their way when it opened.
            BreakerState::Open { .. } => {}
        }
    }

    fn open(&mut self, now_ms: i64, cooldown_ms: i64) {
        self.state = BreakerState::Open { until_ms: now_ms.saturating_add(cooldown_ms), cooldown_ms };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn open_at(now_ms: i64) -> Breaker {
        let mut breaker = Breaker::new(BreakerSettings::default());
        for _ in 0..5 {
            assert_eq!(breaker.next_ms(now_ms), now_ms);
            breaker.sent(now_ms);
            breaker.failed(now_ms);
        }
        breaker
    }

    #[test]
    fn it_opens_and_asks_with_one() {
        let mut breaker = open_at(0);
        assert_eq!(breaker.next_ms(0), 5_000);
        assert_eq!(breaker.next_ms(5_000), 5_000);
        breaker.sent(5_000);
        assert_eq!(breaker.next_ms(5_001), 125_000, "one probe at a time");
        breaker.failed(6_000);
        assert_eq!(breaker.next_ms(6_000), 16_000, "twice as long");
        breaker.sent(16_000);
        assert!(breaker.succeeded());
        assert_eq!(breaker.state(), BreakerState::Closed { failures: 0 });
        assert!(!breaker.succeeded());
    }

    #[test]
    fn a_success_between_starts_the_count_anew() {
        let mut breaker = Breaker::new(BreakerSettings::default());
        for _ in 0..20 {
            (0..4).for_each(|_| breaker.failed(0));
            breaker.succeeded();
        }
        assert_eq!(breaker.next_ms(0), 0);
    }

    #[test]
    fn a_clock_set_back_does_not_keep_it_open() {
        let breaker = open_at(90_000_000);
        assert_eq!(breaker.next_ms(3_600_000), 3_600_000);
    }

    proptest! {
        /// Whatever happens, it is asked again within the cap, or the time for a lost probe.
        #[test]
        fn nobody_is_given_up_for_good(events in prop::collection::vec((0_u8..3, 0_i64..400_000), 0..100)) {
            let mut breaker = Breaker::new(BreakerSettings::default());
            let mut now = 0;
            for (event, step) in events {
                now += step;
                match event {
                    0 => drop(breaker.succeeded()),
                    1 => breaker.failed(now),
                    _ if breaker.next_ms(now) == now => breaker.sent(now),
                    _ => {}
                }
                prop_assert!((now..=now + 300_000).contains(&breaker.next_ms(now)));
            }
        }
    }
}
