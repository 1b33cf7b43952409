//! Rate, errors and duration as columns of tables and lines of charts.

use super::series::Series;
use ocelli_api::services::{Red, RedSeries};
use std::cmp::Ordering;

/// What a table of RED figures is sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    Name,
    Rate,
    Errors,
    P50,
    P95,
    P99,
}

const COLUMNS: [(Column, &str); 6] = [
    (Column::Name, "name"),
    (Column::Rate, "rate"),
    (Column::Errors, "errors"),
    (Column::P50, "p50"),
    (Column::P95, "p95"),
    (Column::P99, "p99"),
];

/// Reads `sort=`: a column, `-` before it for descending. By name when it says nothing else.
pub fn parse_sort(text: &str) -> (Column, bool) {
    let (name, descending) = match text.strip_prefix('-') {
        Some(name) => (name, true),
        None => (text, false),
    };
    COLUMNS
        .iter()
        .find(|column| column.1 == name)
        .map_or((Column::Name, false), |column| (column.0, descending))
}

/// What a click on a column's head leads to: figures first from the top, then the other way.
pub fn next_sort(text: &str, column: Column) -> String {
    let name = COLUMNS.iter().find(|known| known.0 == column).map_or("", |known| known.1);
    let descending = match parse_sort(text) {
        (now, descending) if now == column => !descending,
        _ => column != Column::Name,
    };
    if descending { format!("-{name}") } else { name.to_owned() }
}

/// Missing figures are last either way; equals are in the order of their names.
pub fn compare(column: Column, descending: bool, a: (&str, &Red), b: (&str, &Red)) -> Ordering {
    let by_name = a.0.cmp(b.0);
    let figure = |red: &Red| match column {
        Column::Name => None,
        Column::Rate => Some(red.rate),
        Column::Errors => red.error_ratio,
        Column::P50 => red.p50_ms,
        Column::P95 => red.p95_ms,
        Column::P99 => red.p99_ms,
    };
    let order = match (figure(a.1), figure(b.1)) {
        (None, None) if column == Column::Name && descending => return by_name.reverse(),
        (None, None) => return by_name,
        (None, Some(_)) => return Ordering::Greater,
        (Some(_), None) => return Ordering::Less,
        (Some(a), Some(b)) => a.total_cmp(&b),
    };
    (if descending { order.reverse() } else { order }).then(by_name)
}

/// One column of RED figures over time as a line.
pub fn line(
    name: &str,
    colour: &'static str,
    series: &RedSeries,
    pick: fn(&RedSeries) -> &Vec<Option<f64>>,
) -> Series {
    Series {
        name: name.to_owned(),
        colour,
        start_ms: series.start_ms,
        step_ms: series.step_ms,
        values: pick(series).clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_click_turns_the_order() {
        assert_eq!(next_sort("", Column::Rate), "-rate");
        assert_eq!(next_sort("-rate", Column::Rate), "rate");
        assert_eq!(next_sort("-rate", Column::Name), "name");
        assert_eq!(next_sort("", Column::Name), "-name");
        assert_eq!(parse_sort("nonsense"), (Column::Name, false));
    }

    #[test]
    fn missing_figures_are_last() {
        let red = |p95_ms| Red { p95_ms, ..Red::default() };
        let services = [("a", red(None)), ("b", red(Some(5.0))), ("c", red(Some(9.0)))];
        let sorted = |sort: &str| {
            let (column, descending) = parse_sort(sort);
            let mut rows: Vec<_> = services.iter().collect();
            rows.sort_by(|a, b| compare(column, descending, (a.0, &a.1), (b.0, &b.1)));
            rows.iter().map(|row| row.0).collect::<String>()
        };
        assert_eq!(sorted("p95"), "bca");
        assert_eq!(sorted("-p95"), "cba");
        assert_eq!(sorted("-name"), "cba");
    }
}
