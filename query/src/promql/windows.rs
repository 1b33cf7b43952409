//! The windows of one series at all steps.

use super::ast::RangeMode;
use super::eval::Eval;
use super::ranges::RangeSource;
use super::value::{Sample, Samples};
use super::window::{Window, Windows};
use crate::Error;
use std::ops::Range;
use std::sync::Arc;

/// A window may hold much, so that a series can take long.
pub const STEPS_BETWEEN_CHECKS: usize = 64;

pub struct SeriesWindows<'a> {
    pub eval: &'a Eval<'a>,
    pub source: &'a RangeSource,
    pub samples: &'a Arc<Samples>,
    /// Where the ranges end, step by step.
    pub ends: &'a [i64],
    /// Between which places the floats of each step's window are.
    pub floats: &'a [(usize, usize)],
}

impl SeriesWindows<'_> {
    /// Whether windows reach no further than their ranges.
    pub fn is_plain(&self) -> bool {
        self.source.mode == RangeMode::Plain
    }

    /// The ranges `(start, end]` of the steps.
    pub fn ranges(&self) -> impl Iterator<Item = (i64, i64)> + '_ {
        self.ends.iter().map(|end| (end - self.source.range_ms, *end))
    }

    /// The places of all floats in windows, and of those between.
    pub fn all_floats(&self) -> Range<usize> {
        match (self.floats.first(), self.floats.last()) {
            (Some((from, _)), Some((_, to))) => *from..*to.max(from),
            _ => 0..0,
        }
    }

    /// Shows every window, in the order of the steps.
    pub fn each(&self, mut visit: impl FnMut(usize, &Window) -> Result<(), Error>) -> Result<(), Error> {
        let mut windows = Windows::until(self.samples, self.source.bounds(self.eval).1);
        for (step, (time, end)) in self.eval.times.iter().zip(self.ends).enumerate() {
            let (from, to) = self.source.window(self.eval, *end);
            let mut window = windows.at_floats(self.floats[step], from, to, *time);
            (window.start_ms, window.end_ms) = (end - self.source.range_ms, *end);
            self.eval.touched.add_window(step, &window);
            if step % STEPS_BETWEEN_CHECKS == 0 {
                self.eval.check()?;
            }
            visit(step, &window)?;
        }
        Ok(())
    }

    /// What a function gives of each window that is not empty.
    pub fn cells(
        &self,
        mut run: impl FnMut(usize, &Window) -> Result<Option<Sample>, Error>,
    ) -> Result<Vec<Option<Sample>>, Error> {
        let mut cells = vec![None; self.ends.len()];
        self.each(|step, window| {
            if !window.is_empty() {
                cells[step] = run(step, window)?;
            }
            Ok(())
        })?;
        Ok(cells)
    }
}
