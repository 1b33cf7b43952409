//! Reads all of a segment and says everything that is wrong with it: bytes, numbers of rows, their
//! order, and whether index, list of traces, series and catalog agree with them.

use super::columns::typed;
use super::layout::Wanted;
use super::points::SeriesEntry;
use super::services::Services;
use super::sort::{self, SortKey};
use super::sums;
use super::{INDEX_SUFFIX, ROWS_SUFFIX, SERIES_SUFFIX, Segment, TRACES_SUFFIX};
use crate::catalog::FileEntry;
use crate::error::{Error, IoContext, Result};
use crate::limits;
use crate::log_index::words_sum;
use crate::trace_list::{TraceList, TraceListBuilder};
use arrow::array::{RecordBatch, StringArray};
use ocelli_signal::Signal;
use std::fmt::Display;

impl Segment {
    /// Everything that is wrong; nothing for a segment that is as it was written.
    pub fn verify(&self) -> Vec<Error> {
        let mut found = Vec::new();
        let mut whole = Vec::new();
        for file in &self.entry.files {
            match self.verify_bytes(file) {
                Ok(()) => whole.push(file.suffix.as_str()),
                Err(error) => found.push(error),
            }
        }
        // What wrong bytes mean is not worth a word.
        let outcome = match self.signal() {
            _ if !whole.contains(&ROWS_SUFFIX) => Ok(()),
            Signal::Points if !whole.contains(&SERIES_SUFFIX) => Ok(()),
            Signal::Points => self.verify_points(),
            Signal::Spans | Signal::Logs => self.verify_rows(&whole, &mut found),
        };
        found.extend(outcome.err());
        found
    }

    fn wrong(&self, suffix: &str, detail: impl Display) -> Error {
        Error::corrupt(&self.entry.path(suffix), detail)
    }

    fn verify_bytes(&self, file: &FileEntry) -> Result<()> {
        let open = self.open(&file.suffix)?;
        if open.bytes() != file.bytes {
            let detail = format!("it has {} bytes, the catalog says {}", open.bytes(), file.bytes);
            return Err(self.wrong(&file.suffix, detail));
        }
        let path = self.entry.path(&file.suffix);
        let sums = sums::of_file(open.as_ref()).context("read", &path)?;
        if sums.whole() == file.crc32c {
            Ok(())
        } else {
            Err(self.wrong(&file.suffix, "its checksum is wrong"))
        }
    }

    fn verify_rows(&self, whole: &[&str], found: &mut Vec<Error>) -> Result<()> {
        let indexed = whole.contains(&INDEX_SUFFIX);
        let mut seen = Seen::new(self.signal(), indexed);
        let footer = self.rows_footer()?;
        let attributes = Wanted { columns: Some(&["attributes"]), ..Wanted::default() };
        for batch in self.stream(&footer, limits::READ_ROWS)? {
            let batch = batch?;
            seen.add(&batch).map_err(|error| self.wrong(ROWS_SUFFIX, error))?;
            // They are put together from several columns, which must agree.
            footer.layout.to_signal(&batch, &attributes).map_err(|error| self.wrong(ROWS_SUFFIX, error))?;
        }
        found.extend(seen.compare(self).err());
        if whole.contains(&TRACES_SUFFIX) {
            found.extend(self.verify_traces(seen.traces).err());
        }
        if indexed {
            found.extend(self.verify_index(&seen.words).err());
        }
        Ok(())
    }

    fn verify_traces(&self, expected: TraceListBuilder) -> Result<()> {
        let (path, file) = (self.entry.path(TRACES_SUFFIX), self.open(TRACES_SUFFIX)?);
        let listed = TraceList::open(&path, file.as_ref(), self.entry.rows)?.read_all(file.as_ref())?;
        if listed == expected.into_sorted() {
            return Ok(());
        }
        Err(self.wrong(TRACES_SUFFIX, "its entries are not those of the rows"))
    }

    fn verify_index(&self, expected: &[u64]) -> Result<()> {
        let found = self.index()?.words_of_rows()?;
        match found.iter().zip(expected).position(|(found, expected)| found != expected) {
            None => Ok(()),
            Some(row) => {
                Err(self.wrong(INDEX_SUFFIX, format_args!("row {row} has other words than its body")))
            }
        }
    }

    fn verify_points(&self) -> Result<()> {
        let all = self.series()?;
        let of_series: Vec<_> = all.iter().map(SeriesEntry::rows).collect();
        let (mut rows, mut bounds, mut wrong) = (0, None, None);
        let mut last: Option<(usize, i64)> = None;
        self.whole_points(&of_series, |place, read, of_place| {
            let entry = &all[place];
            for row in of_place {
                // Every column is decoded, and must be what the series is.
                let time = read.point(row, entry.series.kind)?.time;
                if last.is_some_and(|last| last > (place, time)) {
                    wrong.get_or_insert("its points are not in order");
                }
                if !(entry.min_time..=entry.max_time).contains(&time) {
                    wrong.get_or_insert("a point lies outside of the times of its series");
                }
                last = Some((place, time));
                bounds = extend(bounds, (time, time));
                rows += 1;
            }
            Ok(())
        })?;
        if let Some(detail) = wrong {
            return Err(self.wrong(ROWS_SUFFIX, detail));
        }
        self.compare(rows, bounds)
    }

    /// With what the catalog says.
    fn compare(&self, rows: u64, bounds: Option<(i64, i64)>) -> Result<()> {
        let entry = &self.entry;
        if rows != entry.rows {
            return Err(self.wrong(ROWS_SUFFIX, format_args!("{rows} rows, the catalog says {}", entry.rows)));
        }
        if bounds.is_some_and(|bounds| bounds != (entry.min_time, entry.max_time)) {
            return Err(self.wrong(ROWS_SUFFIX, "its rows have other times than the catalog says"));
        }
        Ok(())
    }
}

fn extend(bounds: Option<(i64, i64)>, (min, max): (i64, i64)) -> Option<(i64, i64)> {
    Some(bounds.map_or((min, max), |bounds| (bounds.0.min(min), bounds.1.max(max))))
}

/// What the rows say that were read so far.
struct Seen {
    signal: Signal,
    indexed: bool,
    rows: u64,
    last: Option<SortKey>,
    bounds: Option<(i64, i64)>,
    services: Services,
    traces: TraceListBuilder,
    /// Of each row a sum of its body's words.
    words: Vec<u64>,
}

impl Seen {
    fn new(signal: Signal, indexed: bool) -> Seen {
        Seen {
            signal,
            indexed,
            rows: 0,
            last: None,
            bounds: None,
            services: Services::default(),
            traces: TraceListBuilder::default(),
            words: Vec::new(),
        }
    }

    fn add(&mut self, batch: &RecordBatch) -> std::result::Result<(), String> {
        let told = |error: Error| error.to_string();
        let keys = sort::keys(self.signal, batch).map_err(told)?;
        if !keys.is_sorted() || self.last.is_some_and(|last| keys.first().is_some_and(|key| *key < last)) {
            return Err("its rows are not in order".into());
        }
        self.last = keys.last().copied().or(self.last);
        self.services.extend(&Services::of_rows(self.signal, batch).map_err(told)?);
        if batch.num_rows() > 0 {
            self.bounds = extend(self.bounds, sort::time_bounds(self.signal, batch).map_err(told)?);
        }
        if self.signal == Signal::Spans {
            let ids = typed(batch, "trace_id").map_err(told)?;
            (0..batch.num_rows()).for_each(|row| self.traces.push(&sort::trace_id(ids, row)));
        }
        if self.indexed {
            let bodies: &StringArray = typed(batch, "body").map_err(told)?;
            self.words.extend(bodies.iter().map(|body| words_sum(body.unwrap_or_default())));
        }
        self.rows += batch.num_rows() as u64;
        Ok(())
    }

    fn compare(&self, segment: &Segment) -> Result<()> {
        segment.compare(self.rows, self.bounds)?;
        // Of many services not all are named, and which are depends on the order of counting.
        if !segment.entry.services.more && segment.entry.services != self.services {
            return Err(segment.wrong(ROWS_SUFFIX, "its rows are of other services than the catalog says"));
        }
        Ok(())
    }
}
