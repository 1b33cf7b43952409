//! When a group is evaluated: at slots of its interval, shifted by a hash of its name so that not all
//! groups are evaluated at once. Source: Prometheus `rules.Group.EvalTimestamp`.
//!
//! Pure: the clock comes in as a number, so that a clock which jumps is a test.

use xxhash_rust::xxh3::xxh3_64;

/// The times of a group, in milliseconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slots {
    pub interval_ms: i64,
    offset_ms: i64,
}

impl Slots {
    pub fn new(group: &str, interval_ms: i64) -> Slots {
        let interval_ms = interval_ms.max(1);
        let offset_ms = (xxh3_64(group.as_bytes()) % interval_ms as u64) as i64;
        Slots { interval_ms, offset_ms }
    }

    /// The last slot that is not after a time.
    pub fn at_or_before(&self, time_ms: i64) -> i64 {
        time_ms - (time_ms - self.offset_ms).rem_euclid(self.interval_ms)
    }

    /// The first slot after a time.
    pub fn after(&self, time_ms: i64) -> i64 {
        self.at_or_before(time_ms) + self.interval_ms
    }
}

/// What is to be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Nothing for so many milliseconds.
    Wait(i64),
    Evaluate {
        slot_ms: i64,
        /// Slots before it that passed without an evaluation.
        missed: u64,
        /// The clock went back: this slot may have been evaluated already.
        again: bool,
    },
}

/// A group's place in its slots.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    pub slots: Slots,
    next_ms: i64,
    /// The latest slot that was evaluated.
    latest_ms: i64,
}

impl Schedule {
    /// Begins with the first slot after now. `latest_ms` is the latest slot that was ever evaluated, by an
    /// earlier process; `i64::MIN` where none is known.
    pub fn new(slots: Slots, now_ms: i64, latest_ms: i64) -> Schedule {
        Schedule { slots, next_ms: slots.after(now_ms), latest_ms }
    }

    /// The slot that is evaluated next.
    pub fn next_ms(&self) -> i64 {
        self.next_ms
    }

    /// To be asked when something may be due; a slot that is given is taken as evaluated.
    pub fn due(&mut self, now_ms: i64) -> Due {
        let interval_ms = self.slots.interval_ms;
        if self.next_ms - now_ms > 2 * interval_ms {
            // The clock went back by more than is corrected now and then. Waiting until it is where it was
            // might take a day; what is already there is not written again.
            self.next_ms = self.slots.after(now_ms);
        }
        if now_ms < self.next_ms {
            return Due::Wait(self.next_ms - now_ms);
        }
        let slot_ms = self.slots.at_or_before(now_ms);
        let missed = ((slot_ms - self.next_ms) / interval_ms) as u64;
        let again = slot_ms <= self.latest_ms;
        self.latest_ms = self.latest_ms.max(slot_ms);
        self.next_ms = slot_ms + interval_ms;
        Due::Evaluate { slot_ms, missed, again }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(now_ms: i64) -> Schedule {
        Schedule::new(Slots { interval_ms: 100, offset_ms: 7 }, now_ms, i64::MIN)
    }

    fn evaluate(slot_ms: i64, missed: u64, again: bool) -> Due {
        Due::Evaluate { slot_ms, missed, again }
    }

    #[test]
    fn slots_are_aligned_and_spread() {
        let slots = Slots { interval_ms: 100, offset_ms: 7 };
        assert_eq!((slots.at_or_before(207), slots.at_or_before(206), slots.after(207)), (207, 107, 307));
        assert_eq!(slots.at_or_before(-1), -93);
        let offsets: std::collections::BTreeSet<i64> =
            ["a", "b", "c", "d"].map(|name| Slots::new(name, 60_000).offset_ms).into();
        assert!(offsets.len() > 2, "{offsets:?}");
        assert_eq!(Slots::new("a", 60_000), Slots::new("a", 60_000), "the same after a restart");
    }

    #[test]
    fn a_slot_is_evaluated_once_and_on_time() {
        let mut schedule = schedule(150);
        assert_eq!(schedule.due(150), Due::Wait(57));
        assert_eq!(schedule.due(206), Due::Wait(1));
        assert_eq!(schedule.due(207), evaluate(207, 0, false));
        assert_eq!(schedule.due(207), Due::Wait(100));
    }

    #[test]
    fn slots_that_passed_are_counted_and_skipped() {
        let mut schedule = schedule(150);
        assert_eq!(schedule.due(520), evaluate(507, 3, false));
        assert_eq!(schedule.due(520), Due::Wait(87));
    }

    #[test]
    fn a_clock_that_goes_back_is_followed() {
        let mut schedule = schedule(100_000);
        assert_eq!(schedule.due(100_010), evaluate(100_007, 0, false));
        assert_eq!(schedule.due(99_990), Due::Wait(117), "a small correction is waited for");
        assert_eq!(schedule.due(50_000), Due::Wait(7));
        assert_eq!(schedule.due(50_007), evaluate(50_007, 0, true));
        assert_eq!(schedule.due(50_107), evaluate(50_107, 0, true));
        assert_eq!(schedule.due(200_010), evaluate(200_007, 1_498, false), "and forward again");
    }
}
