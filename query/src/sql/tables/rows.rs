//! Tables of rows: logs and spans.

use super::columns::Column;
use super::{AttributeKeys, Batches, Reading, Table};
use crate::Error;
use crate::http::run::Held;
use crate::logs::filter::column;
use crate::logs::filter::id::parse_hex;
use crate::logs::scan::runs::{self, Runs};
use crate::sql::errors::Failures;
use crate::sql::run::Data;
use crate::sql::scan::Conditions;
use arrow::array::{RecordBatch, RecordBatchOptions, TimestampNanosecondArray};
use arrow::datatypes::{Schema, SchemaRef};
use datafusion::common::Result;
use ocelli_signal::Signal;
use ocelli_storage::{Rows, Source};
use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// Parts take turns by so many rows: the pages of a file are about as long.
const TURN_ROWS: u32 = if cfg!(test) { 64 } else { 1 << 15 };
/// The first read of a turn; the next ones grow, as a query for the newest rows ends early.
const FIRST_ROWS: u32 = if cfg!(test) { 16 } else { 1 << 11 };
/// No read should take more, as far as the one before it tells.
const READ_BYTES: usize = 16 << 20;

/// What a table is made of.
#[derive(Debug)]
pub struct Kind {
    pub name: &'static str,
    pub signal: Signal,
    pub time: &'static str,
    pub columns: &'static [Column],
}

pub struct RowsTable {
    kind: &'static Kind,
    schema: SchemaRef,
    /// The youngest first.
    sources: Vec<Source>,
    data: Arc<Data>,
    failures: Arc<Failures>,
    keys: AttributeKeys,
}

impl RowsTable {
    pub fn new(
        kind: &'static Kind,
        data: &Arc<Data>,
        failures: &Arc<Failures>,
        keys: &AttributeKeys,
    ) -> RowsTable {
        let schema = Arc::new(Schema::new(kind.columns.iter().map(Column::field).collect::<Vec<_>>()));
        let sources = data.snapshot.sources(kind.signal, i64::MIN, i64::MAX);
        let (data, failures, keys) = (data.clone(), failures.clone(), keys.clone());
        RowsTable { kind, schema, sources, data, failures, keys }
    }
}

impl fmt::Debug for RowsTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowsTable").field("name", &self.kind.name).finish_non_exhaustive()
    }
}

impl Table for RowsTable {
    fn name(&self) -> &'static str {
        self.kind.name
    }

    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn time(&self) -> Option<&'static str> {
        Some(self.kind.time)
    }

    fn rows(&self) -> Option<usize> {
        usize::try_from(self.data.snapshot.rows(self.kind.signal)).ok()
    }

    fn read(self: Arc<Self>, reading: Reading) -> Result<Batches> {
        let schema = Arc::new(self.schema.project(&reading.columns)?);
        let mut stored = BTreeSet::from([self.kind.time]);
        stored.extend(reading.columns.iter().flat_map(|at| self.kind.columns[*at].from));
        let most_rows = reading.most_rows.unwrap_or(usize::MAX);
        Ok(Box::new(Reader {
            schema,
            stored: stored.into_iter().collect(),
            left: most_rows,
            reading,
            source: 0,
            turns: None,
            grown: FIRST_ROWS,
            ready: VecDeque::new(),
            held: None,
            table: self,
        }))
    }
}

/// Reads one part of a table.
struct Reader {
    table: Arc<RowsTable>,
    reading: Reading,
    schema: SchemaRef,
    /// The stored columns that are read.
    stored: Vec<&'static str>,
    /// Rows that still matter.
    left: usize,
    source: usize,
    /// Runs of the current source that are still to be read, once it is begun.
    turns: Option<VecDeque<Range<u32>>>,
    /// How many rows the next read takes.
    grown: u32,
    /// Read, and not given yet; with their memory.
    ready: VecDeque<RecordBatch>,
    held: Option<Held>,
}

impl Iterator for Reader {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.batch() {
            Ok(batch) => batch.map(Ok),
            Err(why) => {
                self.left = 0;
                Some(Err(self.table.failures.reading(why)))
            }
        }
    }
}

impl Reader {
    fn batch(&mut self) -> Result<Option<RecordBatch>, Error> {
        while self.left > 0 {
            if let Some(batch) = self.ready.pop_front() {
                let rows = batch.num_rows().min(self.reading.batch_rows.max(1)).min(self.left);
                if rows < batch.num_rows() {
                    self.ready.push_front(batch.slice(rows, batch.num_rows() - rows));
                }
                self.left -= rows;
                return self.converted(&batch.slice(0, rows)).map(Some);
            }
            if !self.read()? {
                break;
            }
        }
        (self.ready, self.held) = (VecDeque::new(), None);
        Ok(None)
    }

    /// Reads some rows, or passes over those that can't count; false at the end.
    fn read(&mut self) -> Result<bool, Error> {
        self.held = None;
        self.table.data.budget.check()?;
        let table = self.table.clone();
        let Some(source) = table.sources.get(self.source) else { return Ok(false) };
        let conditions = (self.reading.conditions)();
        // The next ones are older still.
        if source.max_time() < conditions.from_ns {
            return Ok(false);
        }
        let turns = match &mut self.turns {
            Some(turns) => turns,
            None => {
                let keys: Option<Vec<&str>> =
                    table.keys.get().map(|keys| keys.iter().map(String::as_str).collect());
                let bytes = source.row_bytes(Some(&self.stored), keys.as_deref())?;
                self.grown = self.grown.min((READ_BYTES / bytes.max(1)) as u32).max(1);
                let all = own_turns(&runs_of(source, &conditions)?, self.source, &self.reading);
                self.turns.insert(all)
            }
        };
        let Some(turn) = turns.pop_front() else {
            (self.source, self.turns) = (self.source + 1, None);
            return Ok(true);
        };
        let end = turn.end.min(turn.start.saturating_add(self.grown));
        if end < turn.end {
            turns.push_front(end..turn.end);
        }
        self.read_rows(source, turn.start..end, &conditions)?;
        Ok(true)
    }

    fn read_rows(&mut self, source: &Source, rows: Range<u32>, conditions: &Conditions) -> Result<(), Error> {
        let count = rows.len();
        let rows = Rows::from_sorted(rows.collect());
        let budget = &self.table.data.budget;
        let batches = match self.table.keys.get() {
            Some(keys) if self.stored.contains(&"attributes") => {
                let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
                source.read_keys(Some(&self.stored), &keys, Some(&rows))?
            }
            _ => source.read(Some(&self.stored), Some(&rows))?,
        };
        self.held = Some(budget.hold(&batches)?);
        let bytes: usize = batches.iter().map(RecordBatch::get_array_memory_size).sum();
        budget.scanned(count as u64, bytes as u64);
        let fitting = (READ_BYTES / (bytes / count.max(1)).max(1)) as u32;
        self.grown = self.grown.saturating_mul(2).min(TURN_ROWS).min(fitting.max(1));
        if let Some(last) = batches.last().filter(|batch| batch.num_rows() > 0) {
            let times: &TimestampNanosecondArray = column(last, self.table.kind.time)?;
            if source.latest_behind(times.value(times.len() - 1)) < conditions.from_ns {
                self.turns = Some(VecDeque::new());
            }
        }
        self.ready = batches.into_iter().filter(|batch| batch.num_rows() > 0).collect();
        Ok(())
    }

    fn converted(&self, batch: &RecordBatch) -> Result<RecordBatch, Error> {
        let columns = self.reading.columns.iter().map(|at| &self.table.kind.columns[*at]);
        let arrays = columns.map(|column| column.array(batch, self.table.keys.get()));
        let arrays = arrays.collect::<Result<Vec<_>, Error>>()?;
        let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(self.schema.clone(), arrays, &rows).map_err(Error::internal)
    }
}

/// Runs of rows outside of which none can count.
fn runs_of(source: &Source, conditions: &Conditions) -> Result<Runs, Error> {
    let mut found: Runs = std::iter::once(0..source.rows() as u32).collect();
    if source.min_time() > conditions.to_ns || source.max_time() < conditions.from_ns {
        return Ok(Runs::new());
    }
    let mut narrow = |runs: Runs| found = runs::both(&found, &runs);
    if let Some(run) = source.rows_between(conditions.from_ns, conditions.to_ns)? {
        narrow(vec![run]);
    }
    for (key, value) in &conditions.attributes {
        narrow(source.runs_with_attribute(key, value, false)?);
    }
    for (column, bytes) in [("trace_id", 16), ("span_id", 8), ("parent_span_id", 8)] {
        let Some(texts) = conditions.texts.get(column) else { continue };
        let mut any = Runs::new();
        // What is no id in lowercase hex is no row's.
        let ids = texts.iter().filter(|text| text.bytes().all(|byte| !byte.is_ascii_uppercase()));
        for id in ids.filter_map(|text| parse_hex(text)).filter(|id| id.len() == bytes) {
            any = runs::either(&any, &source.runs_with_id(column, &id)?);
        }
        narrow(any);
    }
    Ok(found)
}

/// What of the runs is read by this part, cut where turns change.
fn own_turns(runs: &Runs, source: usize, reading: &Reading) -> VecDeque<Range<u32>> {
    let mut own = VecDeque::new();
    for run in runs {
        let mut start = run.start;
        while start < run.end {
            let turn = start / TURN_ROWS;
            let end = run.end.min((turn + 1).saturating_mul(TURN_ROWS));
            if (turn as usize + source) % reading.parts == reading.part {
                own.push_back(start..end);
            }
            start = end;
        }
    }
    own
}
