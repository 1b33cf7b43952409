//! Answers of all languages as lines: what a panel of figures draws, reads out and puts into tables.

use crate::view::expression::{RangeAnswer, Steps};
use crate::view::order::{entry, sort_by};
use crate::view::series::Series;
use crate::view::{colours, text};
use ocelli_api::dashboards::{Measure, PanelQuery, Reduce};
use ocelli_api::logs::{LogStatsResponse, StatsKind};
use ocelli_api::services::ServiceResponse;
use ocelli_api::traces::TraceMetricsResponse;
use serde_json::Value;

/// Lines of a panel; more are not told apart, and said.
pub const MOST: usize = 100;

type Labels = Vec<(String, String)>;
/// Values of the fields that records are grouped by, and which figure.
type Group = (Vec<String>, usize);
/// Milliseconds and what is known of them.
type Points = Vec<(i64, Option<f64>)>;

/// One series of an answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    pub labels: Labels,
    /// Which query of the panel it answers.
    pub query: usize,
    pub series: Series,
}

/// What is known of the query behind an answer.
#[derive(Clone, Debug)]
pub struct Source {
    pub number: usize,
    pub query: PanelQuery,
}

impl Source {
    fn line(
        &self,
        labels: Labels,
        what: &str,
        (start_ms, step_ms): (i64, i64),
        values: Vec<Option<f64>>,
    ) -> Line {
        let name = name(&self.query.legend, &labels, what);
        let series = Series { name, colour: "--c1", start_ms, step_ms, values };
        Line { labels, query: self.number, series }
    }
}

/// What a series is called: the legend with its labels, else the labels, else what it is.
pub fn name(legend: &str, labels: &[(String, String)], what: &str) -> String {
    if !legend.is_empty() {
        return filled(legend, labels);
    }
    let named: Vec<_> = labels.iter().filter(|(label, _)| label != "__name__").collect();
    match *named {
        [] => labels.first().map_or_else(|| what.to_owned(), |(_, name)| name.clone()),
        [(_, value)] if !value.is_empty() => value.clone(),
        _ => named.iter().map(|(label, value)| format!("{label}={value}")).collect::<Vec<_>>().join(" "),
    }
}

/// `{{label}}` as the label's value, which is nothing where there is none.
fn filled(legend: &str, labels: &[(String, String)]) -> String {
    let mut out = String::new();
    let mut rest = legend;
    while let Some((before, inside)) = rest.split_once("{{") {
        let Some((label, behind)) = inside.split_once("}}") else { break };
        out.push_str(before);
        out.push_str(labels.iter().find(|known| known.0 == label.trim()).map_or("", |known| &known.1));
        rest = behind;
    }
    out + rest
}

/// Of Prometheus' and Loki's `query_range`.
pub fn of_range(answer: &RangeAnswer, source: &Source, steps: Steps) -> Vec<Line> {
    let one = |series: &crate::view::expression::RangeSeries| {
        let labels: Labels =
            series.metric.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        let mut values = vec![None; steps.count];
        for (seconds, value) in &series.values {
            // Of one time only there is one value, be it from before the last refresh.
            let at_ms = if steps.count == 1 { steps.start_ms as f64 } else { seconds * 1e3 };
            let place = ((at_ms - steps.start_ms as f64) / steps.step_ms as f64).round();
            if let Some(cell) = (place >= 0.0).then(|| values.get_mut(place as usize)).flatten() {
                *cell = text::number(value);
            }
        }
        source.line(labels, "value", (steps.start_ms, steps.step_ms), values)
    };
    answer.data.result.iter().map(one).collect()
}

/// Of figures over spans.
pub fn of_spans(answer: &TraceMetricsResponse, source: &Source) -> Vec<Line> {
    let grid = (answer.start.0 / 1_000_000, (answer.step_ns / 1_000_000).max(1));
    let one = |series: &ocelli_api::traces::SpanSeries| {
        let labels =
            series.labels.iter().map(|label| (label.key.clone(), text::value(&label.value))).collect();
        source.line(labels, "spans", grid, series.values.clone())
    };
    answer.series.iter().map(one).collect()
}

/// The figure of a service that the query names.
pub fn of_service(answer: &ServiceResponse, source: &Source) -> Vec<Line> {
    let series = &answer.series;
    let seconds = |values: &[Option<f64>]| values.iter().map(|value| value.map(|ms| ms / 1e3)).collect();
    let values = match source.query.measure {
        Measure::Rate => series.rate.clone(),
        Measure::ErrorRatio => series.error_ratio.clone(),
        Measure::P50 => seconds(&series.p50_ms),
        Measure::P95 => seconds(&series.p95_ms),
        Measure::P99 => seconds(&series.p99_ms),
    };
    let what = match source.query.measure {
        Measure::ErrorRatio => "errors",
        measure => measure.as_str(),
    };
    let mut line = source.line(Vec::new(), what, (series.start_ms, series.step_ms), values);
    line.labels = vec![("service".to_owned(), answer.name.clone())];
    vec![line]
}

/// Of figures over log records: a line for each group and figure. Without a column of time a line has one value,
/// at the end of the range.
pub fn of_logs(answer: &LogStatsResponse, source: &Source) -> Vec<Line> {
    let places = |kind: StatsKind| {
        let columns = answer.columns.iter().enumerate();
        columns.filter(move |(_, column)| column.kind == kind).map(|(place, _)| place).collect::<Vec<_>>()
    };
    let (fields, figures, time) =
        (places(StatsKind::Field), places(StatsKind::Figure), places(StatsKind::Time));
    let end_ms = answer.range.to.0 / 1_000_000;
    let mut points: Vec<(Group, Points)> = Vec::new();
    for row in &answer.rows {
        let cell = |place: &usize| row.get(*place).and_then(Value::as_str).unwrap_or_default().to_owned();
        let at_ms = time
            .first()
            .and_then(|place| cell(place).parse::<i64>().ok())
            .map_or(end_ms, |ns| ns / 1_000_000);
        let group: Vec<String> = fields.iter().map(cell).collect();
        for figure in &figures {
            let value = row.get(*figure).and_then(Value::as_f64);
            entry(&mut points, (group.clone(), *figure)).push((at_ms, value));
        }
    }
    let step_ms = answer.step_ms.unwrap_or(1_000).max(1);
    let all = points.iter().flat_map(|(_, points)| points);
    let (first, last) = all.fold((i64::MAX, i64::MIN), |(low, high), (at, _)| (low.min(*at), high.max(*at)));
    let count = if first > last { 0 } else { ((last - first) / step_ms + 1).min(20_000) as usize };
    let line = |((group, figure), points): (Group, Points)| {
        let mut values = vec![None; count];
        for (at_ms, value) in points {
            if let Some(cell) = values.get_mut(((at_ms - first) / step_ms) as usize) {
                *cell = value;
            }
        }
        let what = &answer.columns[figure].name;
        let mut labels: Labels = fields
            .iter()
            .zip(group)
            .map(|(place, value)| (answer.columns[*place].name.clone(), value))
            .collect();
        if figures.len() > 1 {
            labels.push(("figure".to_owned(), what.clone()));
        }
        source.line(labels, what, (first, step_ms), values)
    };
    points.into_iter().map(line).collect()
}

/// All lines of a panel with their colours: a name has the same for everybody, and that of the service that is
/// called so.
pub fn coloured(mut lines: Vec<Line>) -> Vec<Line> {
    lines.truncate(MOST);
    let names: Vec<String> = lines.iter().map(|line| line.series.name.clone()).collect();
    for (line, look) in lines.iter_mut().zip(colours::looks(&names)) {
        line.series.colour = look.variable();
    }
    lines
}

/// A series as one number.
pub fn reduced(series: &Series, reduce: Reduce) -> Option<f64> {
    let values = || series.values.iter().flatten().copied().filter(|value| value.is_finite());
    match reduce {
        Reduce::Last => values().next_back(),
        Reduce::Min => values().reduce(f64::min),
        Reduce::Max => values().reduce(f64::max),
        Reduce::Sum => values().next().map(|_| values().sum()),
        Reduce::Mean => values().next().map(|_| values().sum::<f64>() / values().count() as f64),
    }
}

/// The lines on top of each other, the first at the bottom. A gap counts nothing, and stays a gap in its line.
pub fn stacked(lines: &[Series]) -> Vec<Series> {
    let mut below = Vec::<f64>::new();
    let mut out = lines.to_vec();
    for series in &mut out {
        below.resize(below.len().max(series.values.len()), 0.0);
        for (value, below) in series.values.iter_mut().zip(&mut below) {
            if let Some(value) = value {
                *below += *value;
                *value = *below;
            }
        }
    }
    out
}

/// Rows of a table: what names a row, and a number for each query.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    pub heads: Vec<String>,
    pub rows: Vec<(Vec<String>, Vec<Option<f64>>)>,
}

/// Lines with the same labels are one row; the rows with the highest first number are first.
pub fn table(lines: &[Line], queries: usize, reduce: Reduce) -> Table {
    let mut heads: Vec<String> = Vec::new();
    for (name, _) in lines.iter().flat_map(|line| &line.labels) {
        if name != "__name__" && !heads.contains(name) {
            heads.push(name.clone());
        }
    }
    let mut rows: Vec<(Vec<String>, Vec<Option<f64>>)> = Vec::new();
    for line in lines {
        let label =
            |head: &String| line.labels.iter().find(|known| known.0 == *head).map_or("", |known| &known.1);
        let key: Vec<String> = match *heads {
            [] => vec![line.series.name.clone()],
            _ => heads.iter().map(|head| label(head).to_owned()).collect(),
        };
        let value = reduced(&line.series, reduce);
        let free = rows.iter_mut().find(|row| row.0 == key && row.1[line.query].is_none());
        match free {
            Some(row) => row.1[line.query] = value,
            None => {
                let mut values = vec![None; queries.max(line.query + 1)];
                values[line.query] = value;
                rows.push((key, values));
            }
        }
    }
    if heads.is_empty() {
        heads.push("name".to_owned());
    }
    let first = |row: &(Vec<String>, Vec<Option<f64>>)| row.1.iter().flatten().next().copied();
    sort_by(&mut rows, |a, b| first(b).partial_cmp(&first(a)).unwrap_or(std::cmp::Ordering::Equal));
    Table { heads, rows }
}

#[cfg(test)]
#[path = "lines_tests.rs"]
mod tests;
