//! Where counters began anew: found once for all windows over a series, not once for each window.

use super::functions::{Started, is_reset};
use super::starts::Starts;
use super::value::Samples;
use std::ops::Range;

/// Places of samples before which the counter was reset, rising.
#[derive(Clone, Debug, Default)]
pub struct Resets {
    floats: Vec<usize>,
    histograms: Vec<usize>,
}

impl Resets {
    /// Those among some floats and some histograms of a series.
    pub fn of(samples: &Samples, floats: Range<usize>, histograms: Range<usize>) -> Resets {
        let (values, points) = (&samples.floats, &samples.histograms);
        let of_floats = Restarts::new(&samples.float_starts, &samples.float_times, &floats);
        let of_histograms = Restarts::new(&samples.histogram_starts, &samples.histogram_times, &histograms);
        let never_fell = !of_floats.any && !falls(&values[floats.clone()]);
        let floats = if never_fell { 0..0 } else { floats };
        let fell = |at: &usize| values[*at] < values[at - 1] || of_floats.before(*at);
        let was_reset = |at: &usize| points[*at].is_reset_from(&points[at - 1]) || of_histograms.before(*at);
        Resets {
            floats: pairs(floats).filter(fell).collect(),
            histograms: pairs(histograms).filter(was_reset).collect(),
        }
    }

    /// Those inside of a window, as places in it.
    pub fn in_floats(&self, window: Range<usize>) -> impl Iterator<Item = usize> + '_ {
        inside(&self.floats, window)
    }

    pub fn in_histograms(&self, window: Range<usize>) -> impl Iterator<Item = usize> + '_ {
        inside(&self.histograms, window)
    }
}

/// Whether any value is below the one before it. Most counters are never reset, and looking at all is quick.
fn falls(values: &[f64]) -> bool {
    let pairs = values.iter().zip(values.get(1..).unwrap_or_default());
    pairs.fold(false, |any, (before, after)| any | (after < before))
}

/// The second samples of all pairs of neighbours.
fn pairs(range: Range<usize>) -> Range<usize> {
    (range.start + 1).min(range.end)..range.end
}

/// What start times tell of. Most series have one start.
struct Restarts<'a> {
    starts: &'a Starts,
    times: &'a [i64],
    any: bool,
}

impl<'a> Restarts<'a> {
    fn new(starts: &'a Starts, times: &'a [i64], places: &Range<usize>) -> Restarts<'a> {
        Restarts { starts, times, any: starts.within(places.clone()).differ() }
    }

    fn before(&self, at: usize) -> bool {
        let started = |at: usize| Started { start: self.starts.get(at), time: self.times[at] };
        self.any && is_reset(started(at - 1), started(at))
    }
}

fn inside(places: &[usize], window: Range<usize>) -> impl Iterator<Item = usize> + '_ {
    let first = places.partition_point(|at| *at <= window.start);
    places[first..].iter().take_while(move |at| **at < window.end).map(move |at| at - window.start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::value::Sample;

    #[test]
    fn a_reset_is_between_two_samples_of_a_window() {
        let mut samples = Samples::default();
        for (time, value) in [3.0, 5.0, 1.0, 2.0, 0.0, f64::NAN, 1.0].into_iter().enumerate() {
            samples.push(time as i64, Sample::Float(value));
        }
        let resets = Resets::of(&samples, 0..7, 0..0);
        let inside = |window| resets.in_floats(window).collect::<Vec<_>>();
        assert_eq!(inside(0..7), [2, 4]);
        assert_eq!(inside(1..5), [1, 3]);
        assert_eq!(inside(2..4), [] as [usize; 0]);
        assert_eq!(inside(2..5), [2]);
        assert_eq!(Resets::of(&samples, 0..0, 0..0).in_floats(0..7).count(), 0);
    }
}
