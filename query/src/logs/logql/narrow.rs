//! Which rows a query need not look at: what of it can be decided on columns, and by indexes.

use super::ast::{LabelFilter, LogQuery, Stage};
use super::label::LabelTest;
use super::line::LineTest;
use super::needs::{Keys, Needs};
use super::pipeline::run;
use super::rows::LabelRows;
use super::stream::{OF_RECORD, STREAM_COLUMNS, StreamRows, is_of_stream, label_name};
use crate::Error;
use crate::http::run::Budget;
use crate::logs::filter::id::parse_hex;
use crate::logs::filter::mask::Mask;
use crate::logs::filter::{AllAttributes, Filter, RowTest, column};
use crate::logs::scan::runs::{self, Runs};
use crate::promql::select::{MatchOp, Matcher};
use arrow::array::{RecordBatch, StringArray, TimestampNanosecondArray};
use ocelli_storage::{Source, TextQuery};
use std::borrow::Cow;
use std::sync::Arc;

/// After so many lines it is looked whether the query is over.
pub const CHECK_ROWS: usize = 64;

/// Rows whose lines may come out of a query: what is left to be tested are its other stages.
pub fn streams_and_lines(query: &LogQuery) -> Filter {
    let mut all = Vec::new();
    if !query.matchers.is_empty() {
        all.push(Filter::Rows(Arc::new(StreamTest(query.matchers.clone()))));
    }
    let values = wanted_values(&query.stages);
    if !values.is_empty() {
        all.push(Filter::Rows(Arc::new(ValueHints(values))));
    }
    let lines: Vec<LineTest> =
        query.stages[..unchanged(&query.stages)].iter().filter_map(line_test).collect();
    if !lines.is_empty() {
        all.push(Filter::Rows(Arc::new(LinesTest(lines))));
    }
    Filter::And(all)
}

/// The same where labels are made of the rows.
pub fn for_labels(query: &LogQuery, keys: &Keys) -> Filter {
    let narrowed = streams_and_lines(query);
    match keys {
        Keys::All => Filter::And(vec![narrowed, Filter::Rows(Arc::new(AllAttributes))]),
        Keys::These(_) => narrowed,
    }
}

/// Rows whose lines come out of a query.
pub fn whole(query: &LogQuery, needs: &Needs, budget: &Budget) -> Filter {
    let Filter::And(mut all) = streams_and_lines(query) else { return Filter::All };
    let last = query.stages.iter().rposition(Stage::filters).map_or(0, |last| last + 1);
    let rest = rest_of(&query.stages[..last]);
    if rest.iter().any(Stage::filters) {
        all.push(Filter::Rows(Arc::new(PipelineTest {
            stages: rest,
            needs: needs.clone(),
            budget: budget.clone(),
        })));
    }
    Filter::And(all)
}

/// The stages without the tests of lines that [`streams_and_lines`] has done.
pub fn rest_of(stages: &[Stage]) -> Vec<Stage> {
    let done = unchanged(stages);
    let left = stages.iter().enumerate().filter(|(at, stage)| *at >= done || line_test(stage).is_none());
    left.map(|(_, stage)| stage.clone()).collect()
}

fn line_test(stage: &Stage) -> Option<LineTest> {
    if let Stage::Line(test) = stage { Some(test.clone()) } else { None }
}

/// How many stages from the first on see the line as it was sent.
fn unchanged(stages: &[Stage]) -> usize {
    let changes = |stage: &Stage| matches!(stage, Stage::LineFormat(_) | Stage::Unpack | Stage::Decolorize);
    stages.iter().position(changes).unwrap_or(stages.len())
}

/// Labels that must have a value, by filters in front of every stage that could make a label of the name.
fn wanted_values(stages: &[Stage]) -> Vec<(String, String)> {
    let keeps = |stage: &&Stage| {
        matches!(stage, Stage::Line(_) | Stage::Labels(_) | Stage::LineFormat(_) | Stage::Decolorize)
    };
    let filters = stages.iter().take_while(keeps).filter_map(|stage| match stage {
        Stage::Labels(filter) => Some(filter),
        _ => None,
    });
    filters.flat_map(LabelFilter::all_of).filter_map(wanted_value).collect()
}

fn wanted_value(test: &LabelTest) -> Option<(String, String)> {
    let LabelTest::Text(matcher) = test else { return None };
    let is_said = matcher.op == MatchOp::Equal && !matcher.value.is_empty() && !test.is_of_errors();
    is_said.then(|| (matcher.name.clone(), matcher.value.clone()))
}

/// The stream of a row has these labels.
#[derive(Debug)]
struct StreamTest(Vec<Matcher>);

impl RowTest for StreamTest {
    fn columns(&self) -> Vec<&'static str> {
        STREAM_COLUMNS.to_vec()
    }

    fn attributes(&self) -> Vec<&str> {
        Vec::new()
    }

    fn apply(&self, batch: &RecordBatch, rows: &mut Mask) -> Result<(), Error> {
        let streams = StreamRows::of(batch)?;
        let mut known: Vec<Option<bool>> = vec![None; streams.keys()];
        rows.retain(|row| {
            *known[streams.key(row)].get_or_insert_with(|| streams.origin(row).matches(&self.0))
        });
        Ok(())
    }
}

/// The line passes tests.
#[derive(Debug)]
struct LinesTest(Vec<LineTest>);

impl RowTest for LinesTest {
    fn columns(&self) -> Vec<&'static str> {
        vec!["body"]
    }

    fn attributes(&self) -> Vec<&str> {
        Vec::new()
    }

    fn candidates(&self) -> Option<TextQuery> {
        let mut all: Vec<TextQuery> = self.0.iter().filter_map(LineTest::candidates).collect();
        if all.len() > 1 { Some(TextQuery::And(all)) } else { all.pop() }
    }

    fn apply(&self, batch: &RecordBatch, rows: &mut Mask) -> Result<(), Error> {
        let bodies: &StringArray = column(batch, "body")?;
        rows.retain(|row| self.0.iter().all(|test| test.passes(bodies.value(row))));
        Ok(())
    }
}

/// Labels have these values: it lets every row pass, and tells where they may be.
#[derive(Debug)]
struct ValueHints(Vec<(String, String)>);

impl RowTest for ValueHints {
    fn columns(&self) -> Vec<&'static str> {
        Vec::new()
    }

    fn attributes(&self) -> Vec<&str> {
        Vec::new()
    }

    fn names_a_value(&self) -> bool {
        true
    }

    fn runs(&self, source: &Source) -> Result<Option<Runs>, Error> {
        let mut found: Option<Runs> = None;
        for (name, value) in &self.0 {
            if let Some(runs) = value_runs(source, name, value)? {
                found = Some(found.map_or_else(|| runs.clone(), |before| runs::both(&before, &runs)));
            }
        }
        Ok(found)
    }

    fn apply(&self, _: &RecordBatch, _: &mut Mask) -> Result<(), Error> {
        Ok(())
    }
}

/// Where rows of a source may have this value of a label.
fn value_runs(source: &Source, name: &str, value: &str) -> Result<Option<Runs>, Error> {
    let id = match name {
        "trace_id" => Some(("trace_id", 16)),
        "span_id" => Some(("span_id", 8)),
        _ => None,
    };
    if matches!(source, Source::Memory(_)) || is_of_stream(name) || id.is_none() && OF_RECORD.contains(&name)
    {
        return Ok(None);
    }
    let keys = source.attribute_keys()?;
    // A member of a map has a longer name than the attribute.
    let may_be = |key: &str| {
        let key = label_name(key);
        name.strip_prefix(&*key).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
    };
    let is = |key: &str| label_name(key) == name;
    let elsewhere = keys.resource.iter().any(|key| may_be(key));
    if !keys.whole || elsewhere || keys.own.keys().any(|key| may_be(key) && !is(key)) {
        return Ok(None);
    }
    let mut found = Runs::new();
    for key in keys.own.keys().filter(|key| is(key)) {
        found = runs::either(&found, &source.runs_with_attribute(key, value, false)?);
    }
    if let Some((column, bytes)) = id
        && let Some(id) = parse_hex(value).filter(|id| id.len() == bytes)
    {
        found = runs::either(&found, &source.runs_with_id(column, &id)?);
    }
    Ok(Some(found))
}

/// The line passes all stages.
#[derive(Debug)]
struct PipelineTest {
    stages: Vec<Stage>,
    needs: Needs,
    /// Stages may be costly, so it is asked more often than once a batch.
    budget: Budget,
}

impl RowTest for PipelineTest {
    fn columns(&self) -> Vec<&'static str> {
        let body = self.stages.iter().any(Stage::reads_line).then_some("body");
        self.needs.columns().into_iter().chain(body).chain(["time"]).collect()
    }

    fn attributes(&self) -> Vec<&str> {
        self.needs.keys.list().iter().map(String::as_str).collect()
    }

    fn all_attributes(&self) -> bool {
        self.needs.keys.are_all()
    }

    fn apply(&self, batch: &RecordBatch, rows: &mut Mask) -> Result<(), Error> {
        let reads_line = self.stages.iter().any(Stage::reads_line);
        let bodies: Option<&StringArray> = if reads_line { Some(column(batch, "body")?) } else { None };
        let times: &TimestampNanosecondArray = column(batch, "time")?;
        let labels = LabelRows::of(batch, &self.needs)?;
        let (mut tested, mut ended) = (0_usize, Ok(()));
        rows.retain(|row| {
            if tested.is_multiple_of(CHECK_ROWS) && ended.is_ok() {
                ended = self.budget.check();
            }
            tested += 1;
            let mut line = Cow::Borrowed(bodies.map_or("", |bodies| bodies.value(row)));
            ended.is_ok() && run(&self.stages, &mut line, &mut labels.labels(row), times.value(row))
        });
        ended
    }
}
