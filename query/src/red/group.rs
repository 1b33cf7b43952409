//! The figures of one service, operation or edge over all cells.

use super::cells::{Cell, add_histogram};
use super::grid::Grid;
use super::increase::increases;
use crate::Error;
use crate::promql::histogram::Histogram;
use ocelli_api::services::{Red, RedSeries};
use ocelli_storage::SeriesPoints;
use std::collections::BTreeMap;

/// What the numbers of a series stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Durations of calls, which also count them.
    CallsAndDurations {
        failed: bool,
    },
    /// Durations of calls that are counted by another series.
    Durations,
    Calls,
    Errors,
}

pub struct Group {
    grid: Grid,
    cells: Vec<Cell>,
    total: Cell,
    /// Observed time by its end. Series of one emission end together and count once.
    observed: BTreeMap<i64, i64>,
}

impl Group {
    pub fn new(grid: &Grid) -> Group {
        let cells = vec![Cell::default(); grid.cells()];
        Group { grid: *grid, cells, total: Cell::default(), observed: BTreeMap::new() }
    }

    pub fn add(&mut self, series: &SeriesPoints, role: Role) -> Result<(), Error> {
        let Group { grid, cells, total, observed } = self;
        increases(
            series,
            grid,
            |increase| {
                if let Some(cell) = increase.cell {
                    count(&mut cells[cell], role, &increase.value);
                }
                if increase.in_range {
                    count(total, role, &increase.value);
                }
            },
            |time| {
                let length = observed.entry(time.until_ms).or_default();
                *length = (*length).max(time.length_ms);
            },
        )
    }

    /// Durations of another series where this group has none of its own.
    pub fn has_durations(&self) -> bool {
        self.total.durations.count > 0.0
    }

    pub fn calls(&self) -> f64 {
        self.total.calls
    }

    /// The totals, and the chart where it is wanted.
    pub fn finish(mut self) -> (Red, RedSeries) {
        let observed = std::mem::take(&mut self.observed);
        for (until_ms, length_ms) in observed {
            if let Some(cell) = self.grid.cell_of(until_ms) {
                self.cells[cell].observed_ms += length_ms;
            }
            if self.grid.in_range(until_ms) {
                self.total.observed_ms += length_ms.min(until_ms - self.grid.from_ms);
            }
        }
        (self.total.red(), self.chart())
    }

    /// Each step looks at its own cell and those before it in the window.
    fn chart(&self) -> RedSeries {
        let mut chart =
            RedSeries { start_ms: self.grid.start_ms, step_ms: self.grid.step_ms, ..RedSeries::default() };
        for cells in self.cells.windows(self.grid.window) {
            let mut seen = Cell::default();
            cells.iter().for_each(|cell| seen.add(cell));
            let [p50, p95, p99] = seen.percentiles_ms();
            chart.rate.push(seen.is_observed().then(|| seen.rate()));
            chart.error_ratio.push(seen.error_ratio());
            chart.p50_ms.push(p50);
            chart.p95_ms.push(p95);
            chart.p99_ms.push(p99);
        }
        chart
    }
}

fn count(cell: &mut Cell, role: Role, value: &Histogram) {
    match role {
        Role::CallsAndDurations { failed } => {
            cell.calls += value.count;
            cell.errors += if failed { value.count } else { 0.0 };
            add_histogram(&mut cell.durations, value);
        }
        Role::Durations => add_histogram(&mut cell.durations, value),
        Role::Calls => cell.calls += value.count,
        Role::Errors => cell.errors += value.count,
    }
}
