//! By how much a cumulative series grew in each cell.
//!
//! Points with the same start time belong to one life of the counter; a new start is a reset. So
//! only the last point of a cell has to be decoded, not every emission.

use super::grid::Grid;
use crate::Error;
use crate::promql::histogram::Histogram;
use crate::promql::otlp::native;
use ocelli_signal::point::ExponentialHistogram;
use ocelli_signal::points::FLAG_NO_RECORDED_VALUE;
use ocelli_storage::{Point, PointValue, SeriesPoints};

/// What a series adds to one cell. The part that lies in the range itself counts for the totals.
pub struct Increase {
    pub cell: Option<usize>,
    pub in_range: bool,
    /// A number is a histogram that has only a count.
    pub value: Histogram,
}

/// Time between two points that was observed, by the time that it ends.
pub struct Observed {
    pub until_ms: i64,
    pub length_ms: i64,
}

pub fn increases(
    series: &SeriesPoints,
    grid: &Grid,
    mut add: impl FnMut(Increase),
    mut observe: impl FnMut(Observed),
) -> Result<(), Error> {
    let points: Vec<Point> =
        series.points.iter().filter(|point| point.flags & FLAG_NO_RECORDED_VALUE == 0).collect();
    for life in points.chunk_by(|a, b| a.start == b.start) {
        let starts_in_view = ms(life[0].start) > grid.read_from_ms();
        let mut base = match starts_in_view {
            true => Histogram::default(),
            false => value(&life[0])?,
        };
        let mut before_ms = if starts_in_view { ms(life[0].start) } else { ms(life[0].time) };
        let counted = if starts_in_view { life } else { &life[1..] };
        for part in counted.chunk_by(|a, b| place(grid, a) == place(grid, b)) {
            for point in part {
                let until_ms = ms(point.time);
                observe(Observed { until_ms, length_ms: until_ms - before_ms });
                before_ms = until_ms;
            }
            let last = value(&part[part.len() - 1])?;
            let (cell, in_range) = place(grid, &part[0]);
            let grown = difference(&last, &base);
            base = last;
            if grown.count > 0.0 {
                add(Increase { cell, in_range, value: grown });
            }
        }
    }
    Ok(())
}

fn ms(ns: i64) -> i64 {
    ns.div_euclid(1_000_000)
}

fn place(grid: &Grid, point: &Point) -> (Option<usize>, bool) {
    let time = ms(point.time);
    (grid.cell_of(time), grid.in_range(time))
}

fn value(point: &Point) -> Result<Histogram, Error> {
    let count = |count: f64| Histogram { count, ..Histogram::default() };
    Ok(match &point.value {
        PointValue::Int(number) => count(*number as f64),
        PointValue::Double(number) => count(*number),
        PointValue::Other(bytes) => {
            let read = ExponentialHistogram::parse(bytes).map_err(|why| Error::Corrupt(why.to_string()))?;
            native(&read).unwrap_or_default()
        }
        PointValue::Exponential(read) => native(read).unwrap_or_default(),
        PointValue::None => Histogram::default(),
    })
}

/// Later minus earlier of one life. A later value that is smaller is a reset that no start told.
fn difference(later: &Histogram, earlier: &Histogram) -> Histogram {
    let mut grown = later.clone();
    if earlier.count > 0.0 && !later.is_reset_from(earlier) {
        let _ = grown.subtract(earlier);
        grown.compact();
    }
    grown
}
