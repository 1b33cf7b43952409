//! How many a second.

/// A token bucket that counts in time: each send costs an interval of it, and no more than a burst is saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateLimit {
    interval_ms: i64,
    most_ms: i64,
    credit_ms: i64,
    counted_ms: Option<i64>,
}

impl RateLimit {
    /// One each `interval_ms`, and after a rest up to `burst` at once. An interval of 0 is no limit.
    pub fn new(interval_ms: i64, burst: u32) -> RateLimit {
        let interval_ms = interval_ms.max(0);
        let most_ms = interval_ms.saturating_mul(i64::from(burst.max(1)));
        RateLimit { interval_ms, most_ms, credit_ms: most_ms, counted_ms: None }
    }

    /// When the next may be sent: `now_ms` or later.
    pub fn next_ms(&self, now_ms: i64) -> i64 {
        now_ms.saturating_add((self.interval_ms - self.credit_at(now_ms)).max(0))
    }

    /// Takes a place, if there is one.
    pub fn take(&mut self, now_ms: i64) -> bool {
        let credit_ms = self.credit_at(now_ms);
        let free = credit_ms >= self.interval_ms;
        self.credit_ms = if free { credit_ms - self.interval_ms } else { credit_ms };
        self.counted_ms = Some(now_ms);
        free
    }

    /// A clock that was set back adds nothing, and takes nothing away.
    fn credit_at(&self, now_ms: i64) -> i64 {
        let rested_ms = self.counted_ms.map_or(0, |counted| now_ms.saturating_sub(counted).max(0));
        self.credit_ms.saturating_add(rested_ms).min(self.most_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_a_second_after_a_burst() {
        let mut limit = RateLimit::new(1_000, 2);
        assert!(limit.take(5_000) && limit.take(5_000) && !limit.take(5_000));
        assert_eq!(limit.next_ms(5_000), 6_000);
        assert!(!limit.take(5_999) && limit.take(6_000) && !limit.take(6_000));
        assert!(limit.take(60_000) && limit.take(60_000) && !limit.take(60_000));
    }

    #[test]
    fn a_clock_set_back_stops_nothing() {
        let mut limit = RateLimit::new(1_000, 1);
        assert!(limit.take(90_000_000));
        assert!(!limit.take(1_000));
        assert_eq!(limit.next_ms(1_000), 2_000);
        assert!(limit.take(2_000));
        let mut free = RateLimit::new(0, 1);
        assert!((0..100).all(|_| free.take(7)));
    }

    proptest! {
        /// In no stretch of time are there more than its intervals and one burst.
        #[test]
        fn no_more_than_the_rate(steps in prop::collection::vec(0_i64..700, 1..200), burst in 1_u32..4) {
            let mut limit = RateLimit::new(1_000, burst);
            let mut now = 0;
            let mut sent = Vec::new();
            for step in steps {
                now += step;
                prop_assert_eq!(limit.next_ms(now) == now, limit.clone().take(now));
                if limit.take(now) {
                    sent.push(now);
                }
            }
            for (i, from) in sent.iter().enumerate() {
                for (j, to) in sent.iter().enumerate().skip(i) {
                    prop_assert!((j - i) as i64 <= (to - from) / 1_000 + i64::from(burst));
                }
            }
        }
    }
}
