//! Published files: immutable, sorted, open to any Parquet reader. `docs/format/segment.md` is the format.

mod about;
mod between;
mod check;
pub mod columns;
mod convert;
mod filters;
mod kway;
pub mod layout;
mod merge;
mod pages;
mod partition;
pub mod points;
mod properties;
mod prune;
mod read;
mod series;
pub mod services;
pub mod sink;
mod sort;
mod stream;
pub mod sums;
mod traces;
mod verified;
mod verify;
mod write;

pub use about::{Found, entry_of};
pub use layout::{Wanted, value_column};
pub use merge::{Merge, merge};
use pages::KeptPages;
pub use partition::{DAY_NS, Partition, split};
pub use services::Services;
pub use sort::time_bounds;
pub use verified::{Checked, VerifiedReader};
pub use write::{Draft, write};

use crate::cache::{Cache, Key};
use crate::catalog::{FileEntry, SegmentEntry};
use crate::disk::{Disk, DiskReader};
use crate::error::{Error, IoContext, Result};
use crate::log_index::{Candidates, LogIndex, TextQuery};
use crate::paths::{INDEX_SUFFIX, ROWS_SUFFIX, SERIES_SUFFIX, SUMS_SUFFIX, TRACES_SUFFIX};
use crate::report::Reports;
use crate::rows::Rows;
use crate::trash::{Gone, Trash};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use ocelli_signal::Signal;
use parquet::arrow::arrow_reader::ArrowReaderMetadata;
use read::{Chunks, RowsFooter};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use verified::Failures;

/// What all segments of a store share.
#[derive(Clone, Debug)]
pub struct SegmentContext {
    pub disk: Arc<dyn Disk>,
    pub cache: Arc<Cache>,
    pub reports: Reports,
    pub trash: Trash,
}

impl SegmentContext {
    pub fn new(disk: Arc<dyn Disk>, cache: Arc<Cache>, reports: Reports) -> SegmentContext {
        SegmentContext { disk, cache, reports, trash: Trash::default() }
    }
}

/// A published segment. Files are opened when first asked for.
#[derive(Debug)]
pub struct Segment {
    pub entry: SegmentEntry,
    context: SegmentContext,
    number: u64,
    index_damaged: AtomicBool,
    traces_damaged: AtomicBool,
    /// Something is being made of it; it must stay as it is.
    busy: AtomicBool,
    /// The catalog knows it no more: its files go when nobody has it any more.
    replaced: AtomicBool,
    /// Once true, no later snapshot has this segment.
    damaged: AtomicBool,
    /// What is known of the files that were opened since the start.
    checked: Mutex<HashMap<&'static str, Arc<Checked>>>,
    failures: Arc<Failures>,
}

static NEXT_NUMBER: AtomicU64 = AtomicU64::new(1);

impl Segment {
    pub fn new(entry: SegmentEntry, context: SegmentContext) -> Segment {
        let number = NEXT_NUMBER.fetch_add(1, Ordering::Relaxed);
        Segment {
            entry,
            context,
            number,
            index_damaged: AtomicBool::new(false),
            traces_damaged: AtomicBool::new(false),
            busy: AtomicBool::new(false),
            replaced: AtomicBool::new(false),
            damaged: AtomicBool::new(false),
            checked: Mutex::default(),
            failures: Arc::default(),
        }
    }

    /// Whether its rows can't be trusted. Found when they are first read.
    pub fn is_damaged(&self) -> bool {
        self.damaged.load(Ordering::Relaxed)
    }

    /// Whether something is being made of it.
    pub fn is_busy(&self) -> bool {
        self.busy.load(Ordering::Relaxed)
    }

    pub fn set_busy(&self, busy: bool) {
        self.busy.store(busy, Ordering::Relaxed);
    }

    /// The catalog does not know it any more. Whoever has it can still read it.
    pub fn replace(&self) {
        self.replaced.store(true, Ordering::Relaxed);
    }

    /// A number that no other segment of this process has.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Compares the files with what the catalog says about their sizes. Rows can do without the
    /// index and the list of traces, so that these are only reported; sums are checked with their use.
    pub fn check_files(&self) -> Result<()> {
        for file in self.entry.files.iter().filter(|file| file.suffix != SUMS_SUFFIX) {
            let helper = match file.suffix.as_str() {
                INDEX_SUFFIX => Some(&self.index_damaged),
                TRACES_SUFFIX => Some(&self.traces_damaged),
                _ => None,
            };
            match (self.check_size(file), helper) {
                (Err(error), Some(damaged)) => self.do_without(&file.suffix, damaged, &error),
                (outcome, _) => outcome?,
            }
        }
        Ok(())
    }

    fn check_size(&self, file: &FileEntry) -> Result<()> {
        let bytes = self.open(&file.suffix)?.bytes();
        if bytes == file.bytes {
            return Ok(());
        }
        let detail = format!("it has {bytes} bytes, the catalog says {}", file.bytes);
        Err(Error::corrupt(&self.entry.path(&file.suffix), detail))
    }

    /// The rows themselves are there: they are all read from now on, and it is said why.
    fn do_without(&self, suffix: &str, damaged: &AtomicBool, error: &Error) {
        if error.is_unreachable() {
            return;
        }
        damaged.store(true, Ordering::Relaxed);
        self.context.reports.add(&self.entry.path(suffix), error);
    }

    /// Rows as batches of the signal's schema, in the order of the file.
    pub fn read(&self, columns: Option<&[&str]>, rows: Option<&Rows>) -> Result<Vec<RecordBatch>> {
        self.read_wanted(&Wanted { columns, ..Wanted::default() }, rows)
    }

    /// The same, with fewer attributes where that saves reading.
    pub fn read_wanted(&self, wanted: &Wanted<'_>, rows: Option<&Rows>) -> Result<Vec<RecordBatch>> {
        let mut batches = Vec::new();
        self.read_each(wanted, rows, &mut |batch| {
            batches.push(batch);
            Ok(())
        })?;
        Ok(batches)
    }

    /// The same, batch by batch.
    pub fn read_each(
        &self,
        wanted: &Wanted<'_>,
        rows: Option<&Rows>,
        each: &mut dyn FnMut(RecordBatch) -> Result<()>,
    ) -> Result<()> {
        let footer = self.rows_footer()?;
        let layout = &footer.layout;
        self.read_rows(&footer, &layout.needed(wanted)?, rows, |batch| {
            each(layout.to_signal(&batch, wanted)?)
        })
    }

    /// About what a row takes in memory once it is read.
    pub fn row_bytes(&self, wanted: &Wanted<'_>) -> Result<usize> {
        let footer = self.rows_footer()?;
        let needed = footer.layout.needed(wanted)?;
        Ok(read::row_bytes(&footer.arrow, &needed))
    }

    /// Rows that may match, to be asked for run by run; `None` when all must be read.
    pub fn candidates(&self, query: &TextQuery) -> Result<Option<Candidates>> {
        if self.entry.file(INDEX_SUFFIX).is_none() || self.index_damaged.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let outcome = self.index().and_then(|index| index.candidates(query));
        outcome.or_else(|error| {
            let error = match self.failures.take() {
                Some(source) => {
                    return Err(Error::Io { action: "read", path: self.entry.stem.clone(), source });
                }
                None => error,
            };
            self.do_without(INDEX_SUFFIX, &self.index_damaged, &error);
            Ok(None)
        })
    }

    fn index(&self) -> Result<Arc<LogIndex>> {
        self.context.cache.get(Key::only(self.number, INDEX_SUFFIX), || {
            let file = self.verified(INDEX_SUFFIX)?;
            let index = LogIndex::open(&self.entry.path(INDEX_SUFFIX), file, self.entry.rows)?;
            let bytes = index.memory_bytes;
            Ok((index, bytes))
        })
    }

    fn read_file(
        &self,
        suffix: &'static str,
        schema: &SchemaRef,
        columns: &[usize],
        rows: Option<&Rows>,
        each: impl FnMut(RecordBatch) -> Result<()>,
    ) -> Result<()> {
        let footer = self.footer(suffix, schema)?;
        let rows = rows.map(|rows| (rows, self.kept_pages("page of series")));
        read::read(Chunks(self.open_checked(suffix)?), &footer, columns, rows, each)
            .map_err(|error| self.blame(error))
    }

    fn read_rows(
        &self,
        footer: &RowsFooter,
        columns: &[usize],
        rows: Option<&Rows>,
        each: impl FnMut(RecordBatch) -> Result<()>,
    ) -> Result<()> {
        let rows = rows.map(|rows| (rows, self.kept_pages("page of rows")));
        read::read(Chunks(self.open_checked(ROWS_SUFFIX)?), &footer.arrow, columns, rows, each)
            .map_err(|error| self.blame(error))
    }

    fn kept_pages(&self, of: &'static str) -> KeptPages {
        KeptPages { cache: self.context.cache.clone(), segment: self.number, of }
    }

    /// The footer of a file of spans or logs.
    pub(crate) fn rows_footer(&self) -> Result<Arc<RowsFooter>> {
        self.context.cache.get(Key::only(self.number, "footer"), || {
            let file = Chunks(self.open_checked(ROWS_SUFFIX)?);
            let footer = read::rows_footer(&file, self.entry.signal).map_err(|error| self.blame(error))?;
            self.check_rows(&footer.arrow)?;
            let bytes = footer.arrow.metadata().memory_size();
            Ok((footer, bytes))
        })
    }

    fn check_rows(&self, footer: &ArrowReaderMetadata) -> Result<()> {
        let rows = footer.metadata().file_metadata().num_rows();
        if rows as u64 == self.entry.rows {
            return Ok(());
        }
        Err(self.damaged(format_args!("it has {rows} rows, the catalog says {}", self.entry.rows)))
    }

    fn footer(&self, suffix: &'static str, schema: &SchemaRef) -> Result<Arc<ArrowReaderMetadata>> {
        self.cached_footer(suffix, |file| read::footer(file, schema))
    }

    fn points_footer(&self) -> Result<Arc<ArrowReaderMetadata>> {
        self.cached_footer(ROWS_SUFFIX, points::footer)
    }

    fn cached_footer(
        &self,
        suffix: &'static str,
        load: impl Fn(&Chunks) -> Result<ArrowReaderMetadata>,
    ) -> Result<Arc<ArrowReaderMetadata>> {
        let what = if suffix == ROWS_SUFFIX { "footer" } else { "series footer" };
        self.context.cache.get(Key::only(self.number, what), || {
            let footer = load(&Chunks(self.open_checked(suffix)?)).map_err(|error| self.blame(error))?;
            if suffix == ROWS_SUFFIX {
                self.check_rows(&footer)?;
            }
            let bytes = footer.metadata().memory_size();
            Ok((footer, bytes))
        })
    }

    fn open(&self, suffix: &str) -> Result<Arc<dyn DiskReader>> {
        let path = self.entry.path(suffix);
        self.context.disk.open(&path).context("open", &path)
    }

    /// Opens a file whose every block is checked when it is first read. Parquet readers find only
    /// some of what can be wrong with a page, and a wrong answer is worse than none.
    fn open_checked(&self, suffix: &'static str) -> Result<Arc<dyn DiskReader>> {
        self.verified(suffix).map_err(|error| self.blame(error))
    }

    /// The same, without the verdict that the whole segment is damaged.
    fn verified(&self, suffix: &'static str) -> Result<Arc<dyn DiskReader>> {
        drop(self.failures.take());
        let file = self.open(suffix)?;
        let mut known = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        let checked = match known.get(suffix) {
            Some(checked) => checked.clone(),
            None => {
                let checked = Arc::new(check::begin(self, suffix, file.as_ref())?);
                known.insert(suffix, checked.clone());
                checked
            }
        };
        Ok(Arc::new(VerifiedReader::new(file, checked, self.failures.clone())))
    }

    /// Names the segment in the error of a reader, which only knows bytes.
    fn blame(&self, error: Error) -> Error {
        if let Some(source) = self.failures.take() {
            return Error::Io { action: "read", path: self.entry.stem.clone(), source };
        }
        match error {
            Error::Parquet(_) | Error::Arrow(_) | Error::Corrupt { .. } => self.damaged(error),
            Error::Io { ref source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
                self.damaged(error)
            }
            other => other,
        }
    }

    fn damaged(&self, detail: impl std::fmt::Display) -> Error {
        self.damaged.store(true, Ordering::Relaxed);
        let error = Error::corrupt(&self.entry.path(ROWS_SUFFIX), detail);
        self.context.reports.add(&self.entry.path(ROWS_SUFFIX), &error);
        error
    }

    pub fn signal(&self) -> Signal {
        self.entry.signal
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        self.context.cache.forget(self.number);
        if *self.replaced.get_mut() {
            let files = self.entry.files.iter().map(|file| self.entry.path(&file.suffix)).collect();
            self.context.trash.add(Gone { stem: std::mem::take(&mut self.entry.stem), files });
        }
    }
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod verify_tests;
