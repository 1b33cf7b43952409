//! Reads some columns of some rows of a points file, on two threads where they are many.

use super::values_read::ReadPoints;
use crate::error::{Error, Result};
use crate::limits;
use crate::segment::read::Chunks;
use arrow::array::RecordBatch;
use ocelli_signal::Kind;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder, RowSelection,
};
use std::ops::Range;
use std::sync::LazyLock;
use std::sync::mpsc::sync_channel;

/// The rows of a series, and what is known of them before they are read.
#[derive(Clone, Debug)]
pub struct SeriesRows {
    pub rows: Range<u32>,
    pub kind: Kind,
    /// The first and the last time, in nanoseconds since the Unix epoch.
    pub times: (i64, i64),
}

/// Some rows of the series at a place.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    pub place: usize,
    pub rows: Range<usize>,
}

/// Gets some rows of what was read, of the series at a place.
pub type Each<'e> = dyn FnMut(usize, &ReadPoints<'_>, Range<usize>) -> Result<()> + 'e;

/// One reading of a file: of series that have the same columns.
pub struct Reading<'a> {
    pub file: &'a Chunks,
    pub footer: &'a ArrowReaderMetadata,
    /// Besides those that all have.
    pub columns: &'a [&'a str],
}

impl Reading<'_> {
    pub fn read(&self, wanted: &[Wanted], each: &mut Each<'_>) -> Result<()> {
        let all: usize = wanted.iter().map(|wanted| wanted.rows.len()).sum();
        if all < limits::READ_APART_ROWS || *CORES < 2 {
            let mut passed = Passed::new(wanted);
            return self.batches(wanted)?.try_for_each(|batch| passed.give(&batch?, each));
        }
        let mut before = 0;
        let middle = wanted.iter().position(|wanted| {
            before += wanted.rows.len();
            before >= all / 2
        });
        let (own, other) = wanted.split_at(middle.map_or(wanted.len(), |at| at + 1));
        self.read_apart(own, other, each)
    }

    /// All columns, on this thread.
    pub fn read_every_column(&self, series: &[Range<u32>], each: &mut Each<'_>) -> Result<()> {
        let wanted = |(place, rows): (usize, &Range<u32>)| Wanted {
            place,
            rows: rows.start as usize..rows.end as usize,
        };
        let wanted: Vec<Wanted> =
            series.iter().enumerate().map(wanted).filter(|wanted| !wanted.rows.is_empty()).collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let mut passed = Passed::new(&wanted);
        let of_points = |name: &str| !["metric", "series"].contains(&name);
        self.columns_of(&wanted, of_points)?.try_for_each(|batch| passed.give(&batch?, each))
    }

    /// Another thread decodes the second half. What it has decoded is given first, since it waits with little.
    fn read_apart(&self, own: &[Wanted], other: &[Wanted], each: &mut Each<'_>) -> Result<()> {
        std::thread::scope(|scope| {
            let (send, receive) = sync_channel(limits::READ_APART_BATCHES);
            scope.spawn(move || match self.batches(other) {
                Ok(batches) => {
                    drop(batches.map(|batch| send.send(batch.map_err(Error::from))).find(Result::is_err))
                }
                // Nobody listens any more where that fails.
                Err(why) => drop(send.send(Err(why))),
            });
            let (mut own_passed, mut passed) = (Passed::new(own), Passed::new(other));
            for batch in self.batches(own)? {
                while let Ok(decoded) = receive.try_recv() {
                    passed.give(&decoded?, each)?;
                }
                own_passed.give(&batch?, each)?;
            }
            receive.iter().try_for_each(|batch| passed.give(&batch?, each))
        })
    }

    fn batches(&self, wanted: &[Wanted]) -> Result<ParquetRecordBatchReader> {
        let always = ["time", "start_time", "flags", "exemplars"];
        self.columns_of(wanted, |name| self.columns.contains(&name) || always.contains(&name))
    }

    /// The columns that are named so.
    pub fn columns_of(
        &self,
        wanted: &[Wanted],
        named: impl Fn(&str) -> bool,
    ) -> Result<ParquetRecordBatchReader> {
        let total = self.footer.metadata().file_metadata().num_rows() as usize;
        let names = self.footer.schema().fields().iter().map(|field| field.name().as_str());
        let columns = names.enumerate().filter(|(_, name)| named(name)).map(|(at, _)| at);
        let mask = ProjectionMask::roots(self.footer.parquet_schema(), columns);
        let mut builder =
            ParquetRecordBatchReaderBuilder::new_with_metadata(self.file.clone(), self.footer.clone())
                .with_batch_size(limits::READ_ROWS)
                .with_projection(mask);
        let ranges = ranges(wanted);
        if ranges.iter().map(Range::len).sum::<usize>() < total {
            let rows = RowSelection::from_consecutive_ranges(ranges.into_iter(), total);
            builder = builder.with_row_selection(rows);
        }
        Ok(builder.build()?)
    }
}

/// Asking for it reads files.
static CORES: LazyLock<usize> = LazyLock::new(|| std::thread::available_parallelism().map_or(1, usize::from));

/// Which series the next rows are of.
struct Passed<'a> {
    wanted: &'a [Wanted],
    /// Rows of the first that have passed.
    passed: usize,
}

impl<'a> Passed<'a> {
    fn new(wanted: &'a [Wanted]) -> Passed<'a> {
        Passed { wanted, passed: 0 }
    }

    fn give(&mut self, batch: &RecordBatch, each: &mut Each<'_>) -> Result<()> {
        let points = ReadPoints::new(batch)?;
        let mut row = 0;
        while row < batch.num_rows()
            && let Some((first, later)) = self.wanted.split_first()
        {
            let end = batch.num_rows().min(row + first.rows.len() - self.passed);
            each(first.place, &points, row..end)?;
            self.passed += end - row;
            row = end;
            if self.passed == first.rows.len() {
                *self = Passed::new(later);
            }
        }
        Ok(())
    }
}

/// The rows; neighbours joined.
fn ranges(wanted: &[Wanted]) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for Wanted { rows, .. } in wanted {
        match ranges.last_mut() {
            Some(last) if last.end == rows.start => last.end = rows.end,
            _ => ranges.push(rows.clone()),
        }
    }
    ranges
}
