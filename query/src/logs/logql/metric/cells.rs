//! Values of a series by time: windows of neighbouring steps overlap, and what they have in common is
//! kept once.

use super::fold::Fold;
use super::{Grid, RangeSeries};
use crate::Error;
use crate::http::run::Budget;
use crate::logs::logql::ast::RangeAggregation;
use crate::promql::labels::Labels;
use std::collections::BTreeMap;

/// The first and the last step in whose windows a time is: all times of a cell are in the same windows.
pub type Place = (u32, u32);

/// The windows of a range aggregation: `(step - range, step]`.
#[derive(Clone, Copy, Debug)]
pub struct Windows {
    grid: Grid,
    range_ns: i64,
    offset_ns: i64,
}

impl Windows {
    pub fn new(grid: &Grid, of: &RangeAggregation) -> Windows {
        Windows { grid: *grid, range_ns: of.range_ns, offset_ns: of.offset_ns }
    }

    /// From the first time that is in a window to behind the last one.
    pub fn bounds(&self) -> (i64, i64) {
        let first = self.grid.time_ns(0).saturating_sub(self.range_ns).saturating_sub(self.offset_ns);
        let last = self.grid.time_ns(self.grid.steps - 1).saturating_sub(self.offset_ns);
        (first.saturating_add(1), last.saturating_add(1))
    }

    pub fn place(&self, time: i64) -> Option<Place> {
        let step_ns = self.grid.step_ms.max(1).saturating_mul(1_000_000);
        let since = time.saturating_add(self.offset_ns).saturating_sub(self.grid.time_ns(0));
        let up = |ns: i64| -ns.saturating_neg().div_euclid(step_ns);
        let first = up(since).max(0);
        let last = (up(since.saturating_add(self.range_ns)) - 1).min(self.grid.steps as i64 - 1);
        (first <= last).then_some((first as u32, last as u32))
    }
}

/// The values of one series.
#[derive(Clone, Debug, Default)]
pub struct Cells(BTreeMap<Place, Fold>);

impl Cells {
    /// Bytes that it takes more than before.
    pub fn add(&mut self, place: Place, fold: &Fold) -> usize {
        match self.0.get_mut(&place) {
            Some(known) => {
                known.join(fold);
                fold.extra_bytes()
            }
            None => {
                self.0.insert(place, fold.clone());
                fold.extra_bytes() + size_of::<(Place, Fold)>() + 32
            }
        }
    }

    pub fn join(&mut self, other: Cells) {
        for (place, fold) in &other.0 {
            self.add(*place, fold);
        }
    }

    /// The value of each window.
    pub fn finish(
        &self,
        labels: Labels,
        of: &RangeAggregation,
        grid: &Grid,
        budget: &Budget,
    ) -> Result<RangeSeries, Error> {
        let cells: Vec<(&Place, &Fold)> = self.0.iter().collect();
        let (parameter, range_s) = (of.parameter.unwrap_or_default(), of.range_ns as f64 / 1e9);
        let mut values = Vec::with_capacity(grid.steps);
        let mut from = 0;
        for step in 0..grid.steps as u32 {
            budget.check()?;
            while cells.get(from).is_some_and(|((_, last), _)| *last < step) {
                from += 1;
            }
            let within = cells[from..].iter().take_while(|((first, _), _)| *first <= step);
            let mut window: Option<Fold> = None;
            for (_, fold) in within {
                match &mut window {
                    Some(all) => all.join(fold),
                    None => window = Some((*fold).clone()),
                }
            }
            values.push(window.map(|fold| fold.value(of.op, parameter, range_s)));
        }
        Ok(RangeSeries { labels, values })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_time_is_in_the_windows_between(
            start in 0i64..50, step in 1i64..9, steps in 1usize..9, range in 1i64..40, offset in -9i64..9, time in -60i64..160,
        ) {
            let grid = Grid { start_ms: start, step_ms: step, steps };
            let ms = 1_000_000;
            let windows = Windows { grid, range_ns: range * ms, offset_ns: offset * ms };
            let is_in = |at: usize| {
                let end = start + step * at as i64 - offset;
                end - range < time && time <= end
            };
            let expected: Vec<usize> = (0..steps).filter(|at| is_in(*at)).collect();
            let found: Vec<usize> = match windows.place(time * ms) {
                Some((first, last)) => (first as usize..=last as usize).collect(),
                None => Vec::new(),
            };
            prop_assert_eq!(&found, &expected);
            let (from, to) = windows.bounds();
            prop_assert!(expected.is_empty() || (from..to).contains(&(time * ms)));
        }
    }
}
