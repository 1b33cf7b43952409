//! The walk over the rows of a range aggregation.

use super::cells::{Cells, Place, Windows};
use super::fold::Fold;
use super::{Grid, RangeSeries};
use crate::Error;
use crate::byte_hash::ByteHash;
use crate::http::run::Budget;
use crate::logs::filter::column;
use crate::logs::logql::ast::{Conversion, RangeAggregation, RangeOp, Stage};
use crate::logs::logql::narrow::{self, CHECK_ROWS};
use crate::logs::logql::needs::{self, Names, Needs};
use crate::logs::logql::pipeline::{ERROR, Failure, Labels as LineLabels, run};
use crate::logs::logql::rows::LabelRows;
use crate::logs::logql::stream::{STREAM_COLUMNS, StreamRows};
use crate::logs::logql::units::{bytes, duration_ns};
use crate::logs::meter::Meter;
use crate::logs::scan::{Chunk, Collector, Mergeable, Scan};
use crate::promql::ast::Grouping;
use crate::promql::labels::Labels;
use arrow::array::StringArray;
use ocelli_api::{TimeRange, UnixNano};
use ocelli_signal::Signal;
use ocelli_storage::Snapshot;
use std::borrow::Cow;
use std::collections::HashMap;

/// What a series takes in memory beside the text of its labels, about.
const SERIES_BYTES: usize = 256;

pub fn series(
    snapshot: &Snapshot,
    of: &RangeAggregation,
    grid: &Grid,
    budget: &Budget,
) -> Result<(Vec<RangeSeries>, Option<String>), Error> {
    let windows = Windows::new(grid, of);
    let (from, to) = windows.bounds();
    let range = TimeRange { from: UnixNano(from), to: UnixNano(to) };
    let stages = narrow::rest_of(&of.query.stages);
    let names = names(of, &stages);
    let needs_line = stages.iter().any(Stage::reads_line) || of.unwrap.is_none() && is_of_bytes(of.op);
    let needs = Needs::of(snapshot, range, names)?;
    let only_stream = needs.are_of_streams();
    let mut columns = if only_stream { STREAM_COLUMNS.to_vec() } else { needs.columns() };
    columns.extend(needs_line.then_some("body"));
    let attributes = needs.keys.list().to_vec();
    let filter = narrow::for_labels(&of.query, &needs.keys);
    let sources = snapshot.sources(Signal::Logs, from, to.saturating_sub(1));
    let scan = Scan {
        filter: &filter,
        signal: Signal::Logs,
        range,
        columns: &columns,
        attributes: &attributes,
        newest_first: false,
    };
    let mut found = Found {
        of,
        windows,
        stages: &stages,
        grouping: grouping(of),
        needs_line,
        only_stream,
        needs: &needs,
        series: HashMap::default(),
        budget,
        meter: Meter::new(budget),
        scratch: String::new(),
    };
    let partial = scan.run_on_cores(&sources, budget, &mut found)?;
    let mut series = Vec::with_capacity(found.series.len());
    for (key, cells) in found.series {
        budget.keep(grid.steps * size_of::<Option<f64>>())?;
        series.push(cells.finish(labels_of(&key), of, grid, budget)?);
    }
    Ok((series, partial))
}

fn is_of_bytes(op: RangeOp) -> bool {
    matches!(op, RangeOp::BytesRate | RangeOp::BytesOverTime)
}

/// By which labels series are told apart; `None` for all.
fn grouping(of: &RangeAggregation) -> Option<Grouping> {
    if of.op == RangeOp::AbsentOverTime {
        return Some(Grouping::default());
    }
    let mut grouping = of.grouping.clone().or_else(|| of.outer.clone());
    // The label whose value a sample is tells no series apart.
    if let Some(unwrap) = &of.unwrap {
        let grouping = grouping.get_or_insert_with(|| Grouping { without: true, labels: Vec::new() });
        if grouping.without {
            grouping.labels.push(unwrap.label.clone());
        }
    }
    grouping
}

/// Labels that decide about the outcome.
fn names(of: &RangeAggregation, stages: &[Stage]) -> Names {
    let mut behind: Names = match grouping(of) {
        Some(Grouping { without: false, labels }) => Some(labels.into_iter().collect()),
        _ => None,
    };
    if let (Some(names), Some(unwrap)) = (&mut behind, &of.unwrap) {
        names.insert(unwrap.label.clone());
        unwrap.filters.iter().for_each(|filter| needs::add_filter(filter, names));
    }
    needs::names(stages, behind)
}

struct Found<'q> {
    of: &'q RangeAggregation,
    windows: Windows,
    /// Those that the filter has not done.
    stages: &'q [Stage],
    grouping: Option<Grouping>,
    needs_line: bool,
    only_stream: bool,
    needs: &'q Needs,
    /// By their labels as one text, see [`put_labels`].
    series: HashMap<String, Cells, ByteHash>,
    budget: &'q Budget,
    meter: Meter<'q>,
    scratch: String,
}

impl Found<'_> {
    /// One line, which is empty where it is not needed.
    fn line(&mut self, line: &str, mut labels: LineLabels<'_>, time: i64) -> Result<(), Error> {
        let mut line = Cow::Borrowed(line);
        if !run(self.stages, &mut line, &mut labels, time) {
            return Ok(());
        }
        let value = match &self.of.unwrap {
            Some(unwrap) => {
                let Some(value) = unwrapped(unwrap.conversion, &unwrap.label, &mut labels) else {
                    return Ok(());
                };
                if !unwrap.filters.iter().all(|filter| filter.passes(&mut labels)) {
                    return Ok(());
                }
                value
            }
            None if is_of_bytes(self.of.op) => line.len() as f64,
            None => 1.0,
        };
        if labels.has_error() {
            return Err(failed(&labels));
        }
        let Some(place) = self.windows.place(time) else { return Ok(()) };
        put_labels(&labels, self.grouping.as_ref(), &mut self.scratch);
        self.add(place, &Fold::of(self.of.op, time, value))
    }

    /// Lines that are counted as they are: neighbours of one stream in one cell are added up first.
    fn whole_streams(
        &mut self,
        chunk: &Chunk<'_>,
        streams: &StreamRows<'_>,
        bodies: Option<&StringArray>,
    ) -> Result<(), Error> {
        let mut last: Vec<Option<(Place, f64, usize)>> = vec![None; streams.keys()];
        for row in chunk.passed.iter() {
            let value = bodies.map_or(1.0, |bodies| bodies.value_length(row) as f64);
            let Some(place) = self.windows.place(chunk.times.value(row)) else { continue };
            match &mut last[streams.key(row)] {
                Some((known, sum, _)) if *known == place => *sum += value,
                other => {
                    if let Some((place, sum, row)) = other.replace((place, value, row)) {
                        self.add_whole(streams, row, place, sum)?;
                    }
                }
            }
        }
        let mut left = last.into_iter().flatten();
        left.try_for_each(|(place, sum, row)| self.add_whole(streams, row, place, sum))
    }

    fn add_whole(
        &mut self,
        streams: &StreamRows<'_>,
        row: usize,
        place: Place,
        sum: f64,
    ) -> Result<(), Error> {
        put_labels(&streams.labels(row), self.grouping.as_ref(), &mut self.scratch);
        self.add(place, &Fold::of(self.of.op, 0, sum))
    }

    /// To the series of the scratch text.
    fn add(&mut self, place: Place, fold: &Fold) -> Result<(), Error> {
        let cells = match self.series.get_mut(self.scratch.as_str()) {
            Some(cells) => cells,
            None => {
                self.meter.add(3 * self.scratch.len() + SERIES_BYTES)?;
                self.series.entry(self.scratch.clone()).or_default()
            }
        };
        let bytes = cells.add(place, fold);
        if bytes > 0 { self.meter.add(bytes) } else { Ok(()) }
    }
}

impl Collector for Found<'_> {
    fn take(&mut self, chunk: &Chunk<'_>) -> Result<(), Error> {
        let bodies: Option<&StringArray> =
            if self.needs_line { Some(column(chunk.batch, "body")?) } else { None };
        let line = |row: usize| bodies.map_or("", |bodies| bodies.value(row));
        if self.only_stream {
            let streams = StreamRows::of(chunk.batch)?;
            if self.stages.is_empty() && self.of.unwrap.is_none() {
                return self.whole_streams(chunk, &streams, bodies);
            }
            for (at, row) in chunk.passed.iter().enumerate() {
                if at.is_multiple_of(CHECK_ROWS) {
                    self.budget.check()?;
                }
                self.line(line(row), streams.labels(row), chunk.times.value(row))?;
            }
            return Ok(());
        }
        let rows = LabelRows::of(chunk.batch, self.needs)?;
        for (at, row) in chunk.passed.iter().enumerate() {
            if at.is_multiple_of(CHECK_ROWS) {
                self.budget.check()?;
            }
            self.line(line(row), rows.labels(row), chunk.times.value(row))?;
        }
        Ok(())
    }

    fn reads_values(&self) -> bool {
        true
    }
}

impl Mergeable for Found<'_> {
    fn fork(&self) -> Self {
        Found {
            of: self.of,
            windows: self.windows,
            stages: self.stages,
            grouping: self.grouping.clone(),
            needs_line: self.needs_line,
            only_stream: self.only_stream,
            needs: self.needs,
            series: HashMap::default(),
            budget: self.budget,
            meter: self.meter.fork(),
            scratch: String::new(),
        }
    }

    fn merge(&mut self, other: Self) -> Result<(), Error> {
        for (key, cells) in other.series {
            match self.series.get_mut(&key) {
                Some(known) => known.join(cells),
                None => drop(self.series.insert(key, cells)),
            }
        }
        Ok(())
    }
}

/// The value of a label; `None` where the line has none. What is no number is told as an error.
fn unwrapped(conversion: Conversion, name: &str, labels: &mut LineLabels<'_>) -> Option<f64> {
    let text = labels.get(name).filter(|text| !text.is_empty())?;
    let value = match conversion {
        Conversion::Number => text.parse().ok(),
        Conversion::Duration => duration_ns(text).map(|ns| ns / 1e9).or_else(|| text.parse().ok()),
        Conversion::Bytes => bytes(text),
    };
    if value.is_none() {
        let details = format!("can't read {text:?} of {name} as a number");
        labels.fail(Failure::SampleExtraction, details);
    }
    Some(value.unwrap_or_default())
}

/// Loki's words: a line that went wrong must be left out by intention.
fn failed(labels: &LineLabels<'_>) -> Error {
    let kind = labels.get(ERROR).unwrap_or_default();
    let series = Labels::new(labels.iter());
    Error::bad_query(format!(
        "pipeline error: '{kind}' for series: '{series}'.\n\
         Use a label filter to intentionally skip this error. (e.g | __error__!=\"{kind}\").\n\
         To skip all potential errors you can match empty errors.(e.g __error__=\"\")\n\
         The label filter can also be specified after unwrap. (e.g | unwrap latency | __error__=\"\" )\n"
    ))
}

/// The labels of a series as one text: each name, the length of its value, and the value.
fn put_labels(labels: &LineLabels<'_>, grouping: Option<&Grouping>, out: &mut String) {
    let stays = |name: &str| {
        grouping.is_none_or(|grouping| grouping.labels.iter().any(|label| label == name) != grouping.without)
    };
    out.clear();
    let mut pairs: Vec<(&str, &str)> = labels.iter().filter(|(name, _)| stays(name)).collect();
    pairs.sort_unstable();
    for (name, value) in pairs {
        out.push_str(name);
        out.push('\0');
        out.push_str(&value.len().to_string());
        out.push('\0');
        out.push_str(value);
    }
}

fn labels_of(mut key: &str) -> Labels {
    let mut pairs = Vec::new();
    while let Some((name, rest)) = key.split_once('\0') {
        let Some((length, rest)) = rest.split_once('\0') else { break };
        let Some((value, rest)) = rest.split_at_checked(length.parse().unwrap_or_default()) else { break };
        pairs.push((name, value));
        key = rest;
    }
    Labels::new(pairs)
}
