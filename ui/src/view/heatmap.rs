//! How many spans took how long, over time: cells of a step and a doubling of the duration, and what a
//! box over some of them stands for.

use ocelli_api::traces::TraceMetricsResponse;

use super::text;

/// So few rows at least, so that one cell is not as high as the chart.
const LEAST_ROWS: usize = 6;
/// Durations are at most 2^63 ns.
const MOST_POWER: i32 = 63;

/// Column and row; the lowest row is 0.
pub type Cell = (usize, usize);

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heatmap {
    /// The range that was asked for.
    pub from_ms: f64,
    pub to_ms: f64,
    start_ms: f64,
    step_ms: f64,
    pub columns: usize,
    pub rows: usize,
    /// Row `r` has the durations above 2^(low + r - 1) ns and up to 2^(low + r) ns.
    low: i32,
    /// Row after row.
    counts: Vec<u64>,
    most: u64,
    pub total: u64,
}

/// A box of cells, both corners in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chosen {
    pub from: Cell,
    pub to: Cell,
}

impl Chosen {
    /// The box between two corners, whichever they are.
    pub fn between(a: Cell, b: Cell) -> Self {
        Self { from: (a.0.min(b.0), a.1.min(b.1)), to: (a.0.max(b.0), a.1.max(b.1)) }
    }
}

impl Heatmap {
    /// Of the answer to `… | histogram_over_time(duration)`; `None` where no span was found.
    pub fn of(answer: &TraceMetricsResponse) -> Option<Self> {
        let power = |series: &ocelli_api::traces::SpanSeries| {
            let bound = series.labels.iter().find(|label| label.key == "__bucket")?;
            let bound_ns = text::number(&text::value(&bound.value))? * 1e9;
            Some(if bound_ns > 1.0 { (doublings(bound_ns).round() as i32).min(MOST_POWER) } else { 0 })
        };
        let found: Vec<(i32, &[Option<f64>])> =
            answer.series.iter().filter_map(|series| Some((power(series)?, &*series.values))).collect();
        let low = found.iter().map(|(power, _)| *power).min()?;
        let high = found.iter().map(|(power, _)| *power).max()?;
        let rows = (high - low + 1) as usize;
        let padding = LEAST_ROWS.saturating_sub(rows);
        let low = (low - (padding / 2) as i32).max(0);
        let rows = rows.max(LEAST_ROWS);
        let columns = found.iter().map(|(_, values)| values.len()).max()?;
        let mut counts = vec![0; columns * rows];
        for (power, values) in found {
            let row = (power - low) as usize * columns;
            for (count, value) in counts[row..row + columns].iter_mut().zip(values) {
                *count += value.unwrap_or_default() as u64;
            }
        }
        let (most, total) = (counts.iter().copied().max()?, counts.iter().sum());
        let ms = |ns: i64| ns as f64 / 1e6;
        (total > 0).then(|| Self {
            from_ms: ms(answer.range.from.0),
            to_ms: ms(answer.range.to.0),
            start_ms: ms(answer.start.0),
            step_ms: ms(answer.step_ns),
            columns,
            rows,
            low,
            counts,
            most,
            total,
        })
    }

    pub fn count(&self, (column, row): Cell) -> u64 {
        self.counts.get(row * self.columns + column).copied().unwrap_or_default()
    }

    /// How strongly a cell is filled, 0 to 1: one span among thousands is still seen.
    pub fn strength(&self, cell: Cell) -> f64 {
        match self.count(cell) {
            0 => 0.0,
            count => 0.2 + 0.8 * (1.0 + count as f64).log10() / (1.0 + self.most as f64).log10(),
        }
    }

    /// The time of a cell's column, as far as it lies in the range.
    fn column_ms(&self, column: usize) -> (f64, f64) {
        let begin = self.start_ms + column as f64 * self.step_ms;
        (begin.max(self.from_ms), (begin + self.step_ms).min(self.to_ms))
    }

    /// The time of a box.
    pub fn time_ms(&self, chosen: &Chosen) -> (f64, f64) {
        (self.column_ms(chosen.from.0).0, self.column_ms(chosen.to.0).1)
    }

    /// The heights of a box as shares of the chart's, bottom and top.
    pub fn heights(&self, chosen: &Chosen) -> (f64, f64) {
        let share = |row: usize| row as f64 / self.rows as f64;
        (share(chosen.from.1), share(chosen.to.1 + 1))
    }

    /// The durations of a box in nanoseconds, the lower one not included.
    pub fn durations_ns(&self, chosen: &Chosen) -> (f64, f64) {
        let low = match self.low + chosen.from.1 as i32 {
            0 => 0.0,
            power => 2f64.powi(power - 1),
        };
        (low, 2f64.powi(self.low + chosen.to.1 as i32))
    }

    /// The same as durations of a query, inside of the box by less than a hundredth. No lower end where
    /// the box begins at nothing.
    pub fn band(&self, chosen: &Chosen) -> (String, String) {
        let (low, high) = self.durations_ns(chosen);
        let least = if low > 0.0 { duration_text(low, f64::ceil) } else { String::new() };
        (least, duration_text(high, f64::floor))
    }

    pub fn count_in(&self, chosen: &Chosen) -> u64 {
        let rows = chosen.from.1..=chosen.to.1;
        rows.flat_map(|row| (chosen.from.0..=chosen.to.0).map(move |column| (column, row)))
            .map(|cell| self.count(cell))
            .sum()
    }

    /// The cell at a place of the chart: time, and height as a share from the bottom. What lies outside
    /// is the nearest one.
    pub fn cell_at(&self, at_ms: f64, height: f64) -> Cell {
        let nearest = |place: f64, count: usize| (place.max(0.0) as usize).min(count.saturating_sub(1));
        let column = (at_ms - self.start_ms) / self.step_ms.max(f64::MIN_POSITIVE);
        (nearest(column, self.columns), nearest(height * self.rows as f64, self.rows))
    }

    /// The cell that has the most, from which a keyboard begins.
    pub fn fullest(&self) -> Cell {
        let at = self.counts.iter().position(|count| *count == self.most).unwrap_or_default();
        (at % self.columns.max(1), at / self.columns.max(1))
    }

    /// The next cell in a direction, inside of the chart.
    pub fn step(&self, (column, row): Cell, key: &str) -> Option<Cell> {
        Some(match key {
            "ArrowLeft" => (column.saturating_sub(1), row),
            "ArrowRight" => ((column + 1).min(self.columns.saturating_sub(1)), row),
            "ArrowDown" => (column, row.saturating_sub(1)),
            "ArrowUp" => (column, (row + 1).min(self.rows.saturating_sub(1))),
            _ => return None,
        })
    }

    /// Powers of ten between the rows: height from the bottom as a share of 1, and nanoseconds.
    pub fn ticks(&self) -> Vec<(f64, f64)> {
        let lowest = self.low - 1;
        let decades = super::ticks::decades(2f64.powi(lowest), 2f64.powi(lowest + self.rows as i32));
        let share = |ns: f64| (doublings(ns) - f64::from(lowest)) / self.rows as f64;
        decades.into_iter().map(|ns| (share(ns), ns)).collect()
    }
}

/// The logarithm to base 2, by the one that the page has anyway: each comes with tables of its own.
fn doublings(number: f64) -> f64 {
    number.log10() / 2f64.log10()
}

/// Three significant digits with a unit that queries know.
fn duration_text(ns: f64, round: fn(f64) -> f64) -> String {
    let units = [("s", 1e9), ("ms", 1e6), ("us", 1e3), ("ns", 1.0)];
    let (unit, scale) = units.into_iter().find(|(_, scale)| ns >= *scale).unwrap_or(("ns", 1.0));
    let number = ns / scale;
    let places = 2 - number.log10().floor() as i32;
    let factor = 10f64.powi(places.abs());
    let number = if places >= 0 { round(number * factor) / factor } else { round(number / factor) * factor };
    text::shortest(number) + unit
}

#[cfg(test)]
mod tests {
    use super::*;
    use ocelli_api::traces::SpanSeries;
    use ocelli_api::{AnyValue, KeyValue, TimeRange, UnixNano};

    fn series(power: i32, values: &[f64]) -> SpanSeries {
        let bound = f64::from(power).exp2() / 1e9;
        let value = AnyValue(serde_json::json!({ "doubleValue": bound }));
        SpanSeries {
            labels: vec![KeyValue { key: "__bucket".to_owned(), value }],
            values: values.iter().map(|value| (*value > 0.0).then_some(*value)).collect(),
            exemplars: Vec::new(),
        }
    }

    /// Two columns of a second, the first of which begins half a second before the range.
    fn map() -> Heatmap {
        let answer = TraceMetricsResponse {
            range: TimeRange { from: UnixNano(1_500_000_000), to: UnixNano(3_000_000_000) },
            start: UnixNano(1_000_000_000),
            step_ns: 1_000_000_000,
            series: vec![series(30, &[3.0, 0.0]), series(20, &[0.0, 40.0])],
            ..TraceMetricsResponse::default()
        };
        Heatmap::of(&answer).unwrap()
    }

    #[test]
    fn rows_are_doublings_without_gaps() {
        let map = map();
        assert_eq!((map.columns, map.rows, map.total), (2, 11, 43));
        assert_eq!(
            (map.count((1, 0)), map.count((0, 10)), map.count((0, 5)), map.count((9, 9))),
            (40, 3, 0, 0)
        );
        assert!(map.strength((1, 0)) == 1.0 && map.strength((0, 10)) > 0.3 && map.strength((0, 0)) == 0.0);
        assert_eq!(map.fullest(), (1, 0));
        assert_eq!(Heatmap::of(&TraceMetricsResponse::default()), None);
    }

    #[test]
    fn a_box_is_a_range_and_a_band() {
        let map = map();
        let all = Chosen::between((1, 10), (0, 0));
        assert_eq!((map.time_ms(&all), map.count_in(&all)), ((1_500.0, 3_000.0), 43));
        // 2^19 ns and 2^30 ns.
        assert_eq!(map.band(&all), ("525us".to_owned(), "1.07s".to_owned()));
        assert_eq!(map.heights(&all), (0.0, 1.0));
        let top = Chosen::between((0, 10), (0, 10));
        assert_eq!((map.count_in(&top), map.time_ms(&top)), (3, (1_500.0, 2_000.0)));
        assert_eq!(map.band(&top), ("537ms".to_owned(), "1.07s".to_owned()));
    }

    #[test]
    fn places_and_keys_stay_inside() {
        let map = map();
        assert_eq!(map.cell_at(2_400.0, 0.999), (1, 10));
        assert_eq!(map.cell_at(-5.0, -1.0), (0, 0));
        assert_eq!(map.cell_at(1e9, 7.0), (1, 10));
        assert_eq!(map.step((0, 10), "ArrowUp"), Some((0, 10)));
        assert_eq!(map.step((1, 3), "ArrowLeft"), Some((0, 3)));
        assert_eq!(map.step((0, 0), "Enter"), None);
    }

    #[test]
    fn one_row_is_not_alone() {
        let answer =
            TraceMetricsResponse { series: vec![series(0, &[2.0])], ..TraceMetricsResponse::default() };
        let map = Heatmap::of(&answer).unwrap();
        assert_eq!((map.rows, map.count((0, 0))), (LEAST_ROWS, 2));
        assert_eq!(map.band(&Chosen::between((0, 0), (0, 1))), (String::new(), "2ns".to_owned()));
        assert!(map.ticks().iter().all(|(share, _)| (0.0..=1.0).contains(share)));
    }

    #[test]
    fn long_durations_keep_three_digits() {
        assert_eq!(duration_text(4_398e9, f64::floor), "4390s");
        assert_eq!(duration_text(4_398e9, f64::ceil), "4400s");
        assert_eq!(duration_text(67_108_864.0, f64::ceil), "67.2ms");
        assert_eq!(duration_text(512.0, f64::ceil), "512ns");
    }
}
