//! `rate`, `increase` and `delta` over all windows of a series of floats at once. A window takes its first and its
//! last sample then, and what the resets in it add; how far it reaches is found once for series that share their
//! times.

use super::rate::{Growth, Reach};
use crate::Error;
use crate::promql::places::ByTimes;
use crate::promql::resets::Resets;
use crate::promql::value::Sample;
use crate::promql::windows::{STEPS_BETWEEN_CHECKS, SeriesWindows};

/// Which of them.
#[derive(Clone, Copy)]
pub struct Slope {
    pub counter: bool,
    pub per_second: bool,
}

/// By the times of samples: how far each step's window reaches.
pub type Reaches = ByTimes<Vec<Option<Reach>>>;

impl Slope {
    pub fn named(function: &str) -> Option<Slope> {
        let (counter, per_second) = match function {
            "rate" => (true, true),
            "increase" => (true, false),
            "delta" => (false, false),
            _ => return None,
        };
        Some(Slope { counter, per_second })
    }

    /// Of the floats of one window, with the places in it before which the counter was reset, and whether it
    /// began in the window.
    pub fn of_floats(
        self,
        floats: &[f64],
        resets: impl Iterator<Item = usize>,
        began: bool,
        reach: Reach,
    ) -> f64 {
        let first = floats[0];
        let mut increase = floats[floats.len() - 1] - first;
        resets.for_each(|at| increase += floats[at - 1]);
        if began {
            increase += first;
        }
        let growth = self.counter.then_some(Growth { first, total: increase });
        increase * reach.factor(growth, self.per_second)
    }

    /// One cell a step. None where start times tell of several counters, or there are histograms: then each
    /// window is looked at by itself.
    pub fn over(
        self,
        windows: &SeriesWindows,
        reaches: &mut Reaches,
    ) -> Result<Option<Vec<Option<Sample>>>, Error> {
        let samples = windows.samples;
        let all = windows.all_floats();
        if !windows.is_plain()
            || !samples.histograms.is_empty()
            || samples.float_starts.within(all.clone()).differ()
        {
            return Ok(None);
        }
        let (times, values) = (&samples.float_times, &samples.floats);
        let reaches = reaches.of(times, |times| {
            let reach = |(&(from, to), range)| Reach::of(&times[from..to], range, None);
            windows.floats.iter().zip(windows.ranges()).map(reach).collect()
        });
        windows.eval.touched.add_floats(windows.floats);
        let began_ms = samples.float_starts.get(all.start);
        let resets = if self.counter { Resets::of(samples, all, 0..0) } else { Resets::default() };
        let cell = |step: usize, range: (i64, i64)| {
            let (from, to) = windows.floats[step];
            if from == to {
                return None;
            }
            let began = self.counter && began_ms != 0 && began_ms > range.0 && began_ms < times[from];
            let reach =
                if began { Reach::of(&times[from..to], range, Some(began_ms))? } else { reaches[step]? };
            let slope = self.of_floats(&values[from..to], resets.in_floats(from..to), began, reach);
            Some(Sample::Float(slope))
        };
        let mut cells = Vec::with_capacity(windows.floats.len());
        for (step, range) in windows.ranges().enumerate() {
            // A window may have very many resets.
            if step % STEPS_BETWEEN_CHECKS == 0 {
                windows.eval.check()?;
            }
            cells.push(cell(step, range));
        }
        Ok(Some(cells))
    }
}
