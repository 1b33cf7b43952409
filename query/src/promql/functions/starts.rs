//! Resets that the start times of counters tell of, although their values may hide them.

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
pub fn overlaps(before: Started, after: Started) -> bool {
    after.start != 0 && after.start < before.time && after.start != before.start
}

/// The samples of a window as `is_reset` wants them: floats or histograms. Empty where no start
/// is known.
pub fn floats<'a>(window: &'a Window) -> impl Iterator<Item = Started> + 'a {
    joined(window.float_starts, window.float_times)
}

pub fn histograms<'a>(window: &'a Window) -> impl Iterator<Item = Started> + 'a {
    joined(window.histogram_starts, window.histogram_times)
}

fn joined<'a>(starts: &'a [i64], times: &'a [i64]) -> impl Iterator<Item = Started> + 'a {
    starts.iter().zip(times).map(|(start, time)| Started { start: *start, time: *time })
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
