//! The steps of a chart: aligned cells, and the windows that a value looks back over.

use ocelli_api::TimeRange;

/// How often span metrics are emitted.
const EMISSION_MS: i64 = 5_000;
/// A value looks at so many emissions at least, so that their jitter does not show.
const MIN_WINDOW_MS: i64 = 4 * EMISSION_MS;
/// About so many steps are wanted.
const STEPS: i64 = 60;
/// Steps that are readable on an axis, in seconds.
const READABLE_S: [i64; 18] =
    [5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 604_800];

/// Cells of one step each. Those before the range only feed the windows of the first ones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    /// Start of the first cell of the range, a multiple of the step.
    pub start_ms: i64,
    pub step_ms: i64,
    /// Cells of the range; the last one holds its end.
    pub steps: usize,
    /// Cells that a value looks at: its own and those before.
    pub window: usize,
    pub from_ms: i64,
    pub to_ms: i64,
}

impl Grid {
    pub fn of(range: &TimeRange) -> Grid {
        let (from_ms, to_ms) = (range.from.0.div_euclid(1_000_000), -(-range.to.0).div_euclid(1_000_000));
        let wanted = (to_ms - from_ms) / 1_000 / STEPS;
        let longest = READABLE_S[READABLE_S.len() - 1];
        let step_s = READABLE_S.into_iter().find(|step| *step >= wanted).unwrap_or_else(|| {
            // Longer than a year: whole weeks.
            (wanted / longest + 1) * longest
        });
        let step_ms = step_s * 1_000;
        let start_ms = from_ms.div_euclid(step_ms) * step_ms;
        let steps = ((to_ms - start_ms + step_ms - 1) / step_ms).max(1) as usize;
        let window = ((MIN_WINDOW_MS + step_ms - 1) / step_ms).max(1) as usize;
        Grid { start_ms, step_ms, steps, window, from_ms, to_ms }
    }

    /// Cells with those before the range.
    pub fn cells(&self) -> usize {
        self.steps + self.window - 1
    }

    fn first_cell_ms(&self) -> i64 {
        self.start_ms - (self.window as i64 - 1) * self.step_ms
    }

    /// The cell that holds a time, where there is one. A cell is closed on the right, as a counter's
    /// point stands for the time before it.
    pub fn cell_of(&self, time_ms: i64) -> Option<usize> {
        let cell = (time_ms - 1 - self.first_cell_ms()).div_euclid(self.step_ms);
        usize::try_from(cell).ok().filter(|cell| *cell < self.cells())
    }

    /// Whether a point belongs to the range itself and so to the totals.
    pub fn in_range(&self, time_ms: i64) -> bool {
        time_ms > self.from_ms && time_ms <= self.to_ms
    }

    /// Some emissions before the first cell, so that it has a point to be compared with.
    pub fn read_from_ms(&self) -> i64 {
        self.first_cell_ms().min(self.from_ms) - 6 * EMISSION_MS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ocelli_api::UnixNano;

    fn grid(from_s: i64, to_s: i64) -> Grid {
        Grid::of(&TimeRange { from: UnixNano(from_s * 1_000_000_000), to: UnixNano(to_s * 1_000_000_000) })
    }

    #[test]
    fn steps_are_aligned_and_about_sixty() {
        for (length, step, window) in [(60, 5, 4), (900, 15, 2), (3_600, 60, 1), (86_400, 1_800, 1)] {
            let grid = grid(1_000_007, 1_000_007 + length);
            assert_eq!((grid.step_ms, grid.window), (step * 1_000, window), "{length} s");
            assert_eq!(grid.start_ms % grid.step_ms, 0);
            let end = grid.start_ms + grid.steps as i64 * grid.step_ms;
            assert!(grid.start_ms <= grid.from_ms && end >= grid.to_ms && grid.steps <= 62, "{grid:?}");
        }
    }

    #[test]
    fn a_point_belongs_to_the_cell_that_it_ends() {
        let grid = grid(1_000_000, 1_000_060);
        let start = grid.start_ms;
        assert_eq!(grid.cell_of(start), Some(grid.window - 2));
        assert_eq!(grid.cell_of(start + 1), Some(grid.window - 1));
        assert_eq!(grid.cell_of(start + 5_000), Some(grid.window - 1));
        assert_eq!(grid.cell_of(start + 60_001), None);
    }
}
