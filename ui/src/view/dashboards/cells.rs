//! Lines as rows of a heatmap: buckets of a histogram where they are some, else one row a line.

use super::lines::Line;
use super::units::Unit;
use crate::view::order::sort_by;
use crate::view::text::number;

/// Rows of a heatmap; more are not told apart.
const MOST_ROWS: usize = 60;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cells {
    pub start_ms: f64,
    pub step_ms: f64,
    pub columns: usize,
    /// What the rows are called, the lowest first.
    pub rows: Vec<String>,
    /// Row after row.
    values: Vec<f64>,
    most: f64,
}

/// The upper end of a bucket, and whether the buckets below are counted in it.
fn bound(line: &Line) -> Option<(f64, bool)> {
    let label = |name: &str| line.labels.iter().find(|label| label.0 == name).map(|label| &*label.1);
    let read = |text: &str| if text == "+Inf" { Some(f64::INFINITY) } else { number(text) };
    let le = || Some((label("le").and_then(read)?, true));
    label("__bucket").and_then(read).map(|bound| (bound, false)).or_else(le)
}

impl Cells {
    /// None where nothing was found.
    pub fn of(lines: &[Line], unit: &Unit) -> Option<Self> {
        let bounds: Option<Vec<(f64, bool)>> = lines.iter().map(bound).collect();
        let mut rows: Vec<(String, f64, bool, &Line)> = match &bounds {
            Some(bounds) => {
                let all = lines.iter().zip(bounds);
                all.map(|(line, (bound, sums))| {
                    let name = if bound.is_finite() { unit.write(*bound) } else { "more".to_owned() };
                    (name, *bound, *sums, line)
                })
                .collect()
            }
            None => lines.iter().map(|line| (line.series.name.clone(), 0.0, false, line)).collect(),
        };
        sort_by(&mut rows, |a, b| a.1.total_cmp(&b.1));
        rows.truncate(MOST_ROWS);
        let first = &rows.first()?.3.series;
        let columns = rows.iter().map(|row| row.3.series.values.len()).max().unwrap_or_default();
        let mut values = Vec::with_capacity(rows.len() * columns);
        let mut below = vec![0.0; columns];
        for (_, _, sums, line) in &rows {
            for (column, below) in below.iter_mut().enumerate() {
                let at_ms = first.time_ms(column) as f64;
                let value = line.series.at(at_ms).filter(|value| value.is_finite()).unwrap_or_default();
                values.push(if *sums { (value - *below).max(0.0) } else { value });
                *below = value;
            }
        }
        let most = values.iter().copied().fold(0.0, f64::max);
        (most > 0.0).then(|| Self {
            start_ms: first.start_ms as f64,
            step_ms: first.step_ms as f64,
            columns,
            rows: rows.into_iter().map(|row| row.0).collect(),
            values,
            most,
        })
    }

    pub fn value(&self, column: usize, row: usize) -> f64 {
        self.values.get(row * self.columns + column).copied().unwrap_or_default()
    }

    /// How strongly a cell is filled, 0 to 1: little among much is still seen.
    pub fn strength(&self, column: usize, row: usize) -> f64 {
        let value = self.value(column, row);
        if value > 0.0 { 0.15 + 0.85 * (value / self.most).sqrt() } else { 0.0 }
    }

    /// The cell at a time and a height, a share from the bottom.
    pub fn at(&self, at_ms: f64, height: f64) -> Option<(usize, usize)> {
        let column = (at_ms - self.start_ms) / self.step_ms.max(f64::MIN_POSITIVE);
        let row = height * self.rows.len() as f64;
        let inside = column >= 0.0 && row >= 0.0;
        let (column, row) = (column as usize, row as usize);
        (inside && column < self.columns && row < self.rows.len()).then_some((column, row))
    }

    /// Some of the rows' names, at their heights as shares.
    pub fn ticks(&self, most: usize) -> Vec<(f64, String)> {
        let every = self.rows.len().div_ceil(most.max(1)).max(1);
        let middle = |row: usize| (row as f64 + 0.5) / self.rows.len() as f64;
        self.rows.iter().enumerate().step_by(every).map(|(row, name)| (middle(row), name.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::series::Series;

    fn line(label: &str, value: &str, values: &[f64]) -> Line {
        let series = Series {
            name: value.to_owned(),
            start_ms: 10,
            step_ms: 10,
            values: values.iter().copied().map(Some).collect(),
            ..Series::default()
        };
        Line { labels: vec![(label.to_owned(), value.to_owned())], query: 0, series }
    }

    #[test]
    fn buckets_that_count_those_below_are_taken_apart() {
        let lines =
            [line("le", "+Inf", &[9.0, 4.0]), line("le", "0.1", &[2.0, 4.0]), line("le", "1", &[8.0, 4.0])];
        let cells = Cells::of(&lines, &Unit::new("s", None)).unwrap();
        assert_eq!(
            cells.rows.iter().map(|name| name.replace('\u{202f}', " ")).collect::<Vec<_>>(),
            ["100 ms", "1 s", "more"]
        );
        assert_eq!([0, 1, 2].map(|row| cells.value(0, row)), [2.0, 6.0, 1.0]);
        assert_eq!([0, 1, 2].map(|row| cells.value(1, row)), [4.0, 0.0, 0.0]);
        assert!(cells.strength(0, 1) == 1.0 && cells.strength(0, 2) > 0.3 && cells.strength(1, 1) == 0.0);
    }

    #[test]
    fn other_lines_are_rows_as_they_are() {
        let lines = [line("job", "b", &[1.0]), line("job", "a", &[5.0])];
        let cells = Cells::of(&lines, &Unit::default()).unwrap();
        assert_eq!((cells.rows.len(), cells.value(0, 0), cells.value(0, 1)), (2, 1.0, 5.0));
        assert_eq!(cells.at(12.0, 0.6), Some((0, 1)));
        assert_eq!((cells.at(9.0, 0.1), cells.at(21.0, 0.1), cells.at(12.0, 1.0)), (None, None, None));
        assert_eq!(cells.ticks(1), [(0.25, "b".to_owned())]);
        assert_eq!(Cells::of(&[], &Unit::default()), None);
    }
}
