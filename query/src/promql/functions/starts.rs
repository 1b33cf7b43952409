//! Resets that the start times of counters tell of, although their values may hide them.

use crate::promql::starts::StartsWithin;
use crate::promql::window::Window;

/// A sample's time and the start of its counter, in milliseconds; a start of 0 is not known.
#[derive(Clone, Copy, Debug)]
pub struct Started {
    pub start: i64,
    pub time: i64,
}

/// Whether the counter began anew between two samples.
///
/// A start that lies at the sample's own time, or behind it, says nothing. One that equals the time
/// of the sample before is how delta series look; so do cumulative ones whose start is not known,
/// which the sample before gives away by its own start.
pub fn is_reset(before: Started, after: Started) -> bool {
    if after.start == 0 || after.start >= after.time || after.start == before.start {
        return false;
    }
    let before_is_known = before.start != 0 && before.start < before.time;
    after.start > before.time || (after.start == before.time && before_is_known)
}

/// The counter claims to have begun before a sample that belongs to another one.
fn overlaps(before: Started, after: Started) -> bool {
    after.start != 0 && after.start < before.time && after.start != before.start
}

/// The samples of a window as `is_reset` wants them. Where all have one start there is nothing to
/// find, and most windows are such.
#[derive(Clone, Copy, Debug)]
pub struct Life<'a> {
    starts: StartsWithin<'a>,
    times: &'a [i64],
    restarts: bool,
}

impl<'a> Life<'a> {
    pub fn of_floats(window: &Window<'a>) -> Life<'a> {
        Life::new(window.float_starts, window.float_times)
    }

    pub fn of_histograms(window: &Window<'a>) -> Life<'a> {
        Life::new(window.histogram_starts, window.histogram_times)
    }

    fn new(starts: StartsWithin<'a>, times: &'a [i64]) -> Life<'a> {
        Life { starts, times, restarts: starts.differ() }
    }

    fn at(&self, place: usize) -> Started {
        Started { start: self.starts.get(place), time: self.times[place] }
    }

    /// Whether the counter began anew before the sample at `place`, which is not the first.
    pub fn restarted(&self, place: usize) -> bool {
        self.restarts && is_reset(self.at(place - 1), self.at(place))
    }

    /// Whether a sample claims to have begun before the one before it, of another counter.
    pub fn overlaps(&self) -> bool {
        self.restarts && (1..self.times.len()).any(|place| overlaps(self.at(place - 1), self.at(place)))
    }

    /// When the counter of a sample began, where that is behind the sample before, or `after_ms`.
    fn began(&self, place: usize, after_ms: i64) -> Option<i64> {
        let Some(before) = place.checked_sub(1) else { return self.began_after(after_ms) };
        let at = self.at(place).start.max(self.times[before] + 1);
        (self.restarted(place) && at < self.times[place]).then_some(at)
    }

    /// The samples with one of nothing wherever a counter began; none where that is nowhere.
    pub fn with_beginnings<T: Clone>(
        &self,
        values: &[T],
        after_ms: i64,
        zero: impl Fn(&T) -> T,
    ) -> Option<(Vec<i64>, Vec<T>)> {
        if self.times.is_empty() || (!self.restarts && self.began_after(after_ms).is_none()) {
            return None;
        }
        let (mut times, mut all) = (Vec::new(), Vec::new());
        for (place, value) in values.iter().enumerate() {
            if let Some(at) = self.began(place, after_ms) {
                times.push(at);
                all.push(zero(value));
            }
            times.push(self.times[place]);
            all.push(value.clone());
        }
        (times.len() > values.len()).then_some((times, all))
    }

    /// Where the counter of the first sample began, if that is behind `after_ms`: it was 0 then.
    pub fn began_after(&self, after_ms: i64) -> Option<i64> {
        let Started { start, time } = self.at(0);
        (start != 0 && start > after_ms && start < time).then_some(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(before: (i64, i64), after: (i64, i64), reset: bool, overlap: bool) {
        let started = |(start, time)| Started { start, time };
        assert_eq!(is_reset(started(before), started(after)), reset, "{before:?} {after:?}");
        assert_eq!(overlaps(started(before), started(after)), overlap, "{before:?} {after:?}");
    }

    #[test]
    fn a_start_between_two_samples_is_a_reset() {
        check((1, 10), (1, 20), false, false);
        check((1, 10), (15, 20), true, false);
        check((1, 10), (5, 20), false, true);
        check((1, 10), (0, 20), false, false);
        check((1, 10), (20, 20), false, false);
    }

    #[test]
    fn deltas_are_told_from_unknown_starts() {
        check((1, 10), (10, 20), true, false);
        check((10, 10), (10, 20), false, false);
        check((0, 10), (10, 20), false, false);
        check((12, 10), (10, 20), false, false);
    }
}
