//! Rate, errors and duration as columns of tables and lines of charts.

use super::series::Series;
use super::text;
use ocelli_api::services::{Red, RedSeries};
use ocelli_api::traces::{SpanSeries, TraceMetricsResponse};
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

/// Spans a second, and those of them that failed, of the answer to `… | histogram_over_time(duration) by (status)`.
/// Nothing where no span was found.
pub fn of_spans(answer: &TraceMetricsResponse) -> Vec<Series> {
    let ms = |ns: i64| ns / 1_000_000;
    let (start_ms, step_ms) = (ms(answer.start.0), ms(answer.step_ns));
    let is_failed = |series: &SpanSeries| {
        let status = series.labels.iter().find(|label| label.key == "status");
        status.is_some_and(|status| text::value(&status.value) == "error")
    };
    let steps = answer.series.iter().map(|series| series.values.len()).max().unwrap_or(0);
    let rate = |only_failed: bool| {
        let all = answer.series.iter().filter(|series| !only_failed || is_failed(series));
        let mut counts = vec![0.0; steps];
        for (count, value) in all.flat_map(|series| (0..).zip(&series.values)) {
            counts[count] += value.unwrap_or_default();
        }
        let of_step = |(step, count): (i64, f64)| {
            // Of the first and the last step only a part may lie in the range; of less than a half a rate would be chance.
            let begin = start_ms + step * step_ms;
            let seconds = ((begin + step_ms).min(ms(answer.range.to.0)) - begin.max(ms(answer.range.from.0)))
                as f64
                / 1e3;
            (seconds * 2e3 >= step_ms as f64).then(|| count / seconds)
        };
        (0..).zip(counts).map(of_step).collect()
    };
    let line = |name: &str, colour, only_failed| Series {
        name: name.to_owned(),
        colour,
        start_ms,
        step_ms,
        values: rate(only_failed),
    };
    match steps {
        0 => Vec::new(),
        _ => vec![line("all", "--accent", false), line("errors", "--err", true)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ocelli_api::{AnyValue, KeyValue, TimeRange, UnixNano};

    #[test]
    fn rates_of_spans_by_whether_they_failed() {
        let of = |status: &str, values: &[f64]| SpanSeries {
            labels: vec![KeyValue {
                key: "status".into(),
                value: AnyValue(serde_json::json!({ "stringValue": status })),
            }],
            values: values.iter().map(|value| Some(*value)).collect(),
            ..SpanSeries::default()
        };
        let second = |s: i64| UnixNano(s * 1_000_000_000);
        let answer = TraceMetricsResponse {
            range: TimeRange { from: second(105), to: second(125) },
            start: second(100),
            step_ns: 10_000_000_000,
            series: vec![of("unset", &[10.0, 20.0, 0.0]), of("error", &[5.0, 0.0, 10.0])],
            ..TraceMetricsResponse::default()
        };
        let lines = of_spans(&answer);
        assert_eq!(lines[0].values, [Some(3.0), Some(2.0), Some(2.0)], "half of the ends is in the range");
        assert_eq!(lines[1].values, [Some(1.0), Some(0.0), Some(2.0)]);
        assert_eq!((lines[0].start_ms, lines[0].step_ms), (100_000, 10_000));
        let range = TimeRange { from: UnixNano(109_500_000_000), ..answer.range };
        assert_eq!(of_spans(&TraceMetricsResponse { range, ..answer })[0].values[0], None);
        assert!(of_spans(&TraceMetricsResponse::default()).is_empty());
    }

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
