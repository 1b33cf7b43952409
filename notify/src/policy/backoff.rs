//! When a parcel is tried again, and when no more.

use super::{LONGEST_WAIT_MS, millis};
use std::time::Duration;

/// Exponential, with full jitter: many parcels that failed together do not come back together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The most that the first wait takes; each further one may take twice as long …
    pub first_ms: i64,
    /// … up to this.
    pub cap_ms: i64,
    /// A parcel that is older is given up …
    pub give_up_after_ms: i64,
    /// … if it was tried this often. A clock that jumps a day ahead makes everything old at once.
    pub least_attempts: u32,
}

impl Default for Backoff {
    /// 1 s to 5 min, for a day; twelve tries take about half an hour.
    fn default() -> Backoff {
        Backoff { first_ms: 1_000, cap_ms: 300_000, give_up_after_ms: 86_400_000, least_attempts: 12 }
    }
}

/// What becomes of a parcel that was not delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Again, not before this time.
    At(i64),
    /// It becomes a dead letter.
    GiveUp,
}

impl Backoff {
    /// After the `attempts`-th try (1 is the first) failed at `now_ms`. What the receiver asks for counts
    /// more than what is drawn, but "at once" is no answer to one that fails. `random` is from 0 to 1.
    pub fn next(
        &self,
        attempts: u32,
        created_ms: i64,
        now_ms: i64,
        retry_after: Option<Duration>,
        random: f64,
    ) -> Next {
        let wait_ms = match retry_after {
            Some(asked) => millis(asked).clamp(self.first_ms.min(LONGEST_WAIT_MS), LONGEST_WAIT_MS),
            None => self.drawn_ms(attempts, random),
        };
        let at_ms = now_ms.saturating_add(wait_ms);
        let old = at_ms.saturating_sub(created_ms) > self.give_up_after_ms;
        if old && attempts >= self.least_attempts { Next::GiveUp } else { Next::At(at_ms) }
    }

    fn drawn_ms(&self, attempts: u32, random: f64) -> i64 {
        let doubled = 1_i64.checked_shl(attempts.saturating_sub(1).min(40)).unwrap_or(i64::MAX);
        let most_ms = self.first_ms.saturating_mul(doubled).min(self.cap_ms);
        // A random number out of bounds draws the nearest bound.
        (most_ms as f64 * random.clamp(0.0, 1.0)) as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: i64 = 1_700_000_000_000;

    #[test]
    fn waits_double_up_to_the_cap() {
        let backoff = Backoff::default();
        let waits = (1..=11).map(|attempts| backoff.next(attempts, NOW, NOW, None, 1.0));
        let expected = [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300].map(|s| Next::At(NOW + s * 1_000));
        assert!(waits.eq(expected));
        assert_eq!(backoff.next(5, NOW, NOW, None, 0.25), Next::At(NOW + 4_000));
    }

    #[test]
    fn what_the_receiver_asks_for_counts_more() {
        let asked = |s| Backoff::default().next(3, NOW, NOW, Some(Duration::from_secs(s)), 0.5);
        assert_eq!(asked(0), Next::At(NOW + 1_000));
        assert_eq!(asked(90), Next::At(NOW + 90_000));
        assert_eq!(asked(86_400), Next::At(NOW + LONGEST_WAIT_MS));
    }

    #[test]
    fn it_gives_up_what_is_old_and_was_tried() {
        let backoff = Backoff::default();
        let day_old = NOW - 86_400_000;
        assert_eq!(backoff.next(600, day_old, NOW, None, 0.5), Next::GiveUp);
        assert_eq!(backoff.next(12, day_old + 300_000, NOW, None, 0.5), Next::At(NOW + 150_000));
        // The clock jumped: it is not old, it only looks so.
        assert_eq!(backoff.next(11, day_old, NOW, None, 0.5), Next::At(NOW + 150_000));
        assert_eq!(backoff.next(600, NOW + 86_400_000, NOW, None, 0.5), Next::At(NOW + 150_000));
    }

    proptest! {
        #[test]
        fn a_wait_is_within_its_bounds(attempts in 0..=u32::MAX, random in any::<f64>(), now in any::<i64>()) {
            let backoff = Backoff { give_up_after_ms: i64::MAX, ..Backoff::default() };
            let Next::At(at) = backoff.next(attempts, now, now, None, random) else {
                return Err(TestCaseError::fail("given up"));
            };
            prop_assert!((0..=backoff.cap_ms).contains(&at.saturating_sub(now)));
        }
    }
}
