//! Several segments of points become one: series by series, and of a series run by run of rows that
//! follow each other in time, so that memory holds a few batches of each input, however long they are.

use super::encoding;
use super::from_memory::series_columns;
use super::schema::Present;
use super::series_file::{SeriesEntry, SeriesFile};
use super::stream::{self, Run, Stream};
use crate::catalog::SegmentEntry;
use crate::disk::Disk;
use crate::error::{Error, Result};
use crate::limits;
use crate::memtable::Known;
use crate::paths::ROWS_SUFFIX;
use crate::segment::Segment;
use crate::segment::about::About;
use crate::segment::merge::Merge;
use crate::segment::services::{ServiceRows, Services, service_of};
use crate::segment::sink::{discard, name_files};
use crate::segment::write::{RowsFile, create_dir};
use arrow::array::{ArrayData, ArrayRef, MutableArrayData, RecordBatch, make_array};
use arrow::datatypes::SchemaRef;
use std::path::Path;
use std::sync::Arc;

/// Writes the segment of a merge. `None` when no row is kept.
pub fn merge(disk: &dyn Disk, job: &Merge<'_>) -> Result<Option<SegmentEntry>> {
    let stem = create_dir(disk, &job.about())?;
    let mut output = Output::create(disk, &stem, job.inputs)?;
    let columns = output.samples.clone();
    let mut streams: Vec<Stream<'_>> =
        job.inputs.iter().map(|segment| Stream::new(segment, columns.clone())).collect::<Result<_>>()?;
    while let Some(series) = next_series(&mut streams)? {
        let resource = series.known.series.clone();
        let service = service_of(&resource.resource);
        output.begin(series.known)?;
        while let Some(run) = next_run(&mut streams, &series.inputs)? {
            job.check_stop()?;
            if let Some(run) = kept(run, &|time| (job.keep)(service, time))? {
                output.push(run)?;
            }
        }
        output.end(service)?;
    }
    output.finish(disk, &stem, job)
}

/// A series, and the inputs that have rows of it.
struct Next {
    known: Known,
    inputs: Vec<usize>,
}

/// The series that comes first in any input. Of a description that changed the latest is kept.
fn next_series(streams: &mut [Stream<'_>]) -> Result<Option<Next>> {
    let mut first: Option<Next> = None;
    for (at, stream) in streams.iter_mut().enumerate() {
        let Some(entry) = stream.peek()? else { continue };
        let order = first.as_ref().map(|first| entry.order().cmp(&first.known.order()));
        match (order, &mut first) {
            (Some(std::cmp::Ordering::Greater), _) => {}
            (Some(std::cmp::Ordering::Equal), Some(first)) => {
                first.known = entry.known();
                first.inputs.push(at);
            }
            _ => first = Some(Next { known: entry.known(), inputs: vec![at] }),
        }
    }
    for at in first.iter().flat_map(|first| &first.inputs) {
        streams[*at].next_series();
    }
    Ok(first)
}

/// The next rows of a series by time that lie together in one input; of equal times those of the
/// earlier input first.
fn next_run(streams: &mut [Stream<'_>], inputs: &[usize]) -> Result<Option<Run>> {
    let mut best: Option<(i64, usize, Run)> = None;
    // The first time of any other input, and that input.
    let mut bound: Option<(i64, usize)> = None;
    for at in inputs {
        let Some(run) = streams[*at].rows()? else { continue };
        let key = (stream::times(&run.batch)?[run.rows.start], *at);
        match &mut best {
            Some((time, input, _)) if (*time, *input) <= key => {
                bound = Some(bound.map_or(key, |bound| bound.min(key)));
            }
            Some((time, input, best)) => {
                // The one that was best bounds it: it was less than all others.
                bound = Some((*time, *input));
                (*time, *input, *best) = (key.0, key.1, run);
            }
            None => best = Some((key.0, key.1, run)),
        }
    }
    let Some((_, input, mut run)) = best else { return Ok(None) };
    if let Some(bound) = bound {
        let times = &stream::times(&run.batch)?[run.rows.clone()];
        let length = times.partition_point(|time| (*time, input) < bound);
        run.rows.end = run.rows.start + length;
    }
    streams[input].take(run.rows.len());
    Ok(Some(run))
}

/// The part of a run that is kept: as what is kept is later than what is not, its end.
fn kept(mut run: Run, keep: &dyn Fn(i64) -> bool) -> Result<Option<Run>> {
    let times = &stream::times(&run.batch)?[run.rows.clone()];
    let dropped = if times.first().is_some_and(|time| keep(*time)) {
        0
    } else {
        times.partition_point(|time| !keep(*time))
    };
    run.rows.start += dropped;
    Ok((!run.rows.is_empty()).then_some(run))
}

/// Both files being written.
struct Output {
    points: RowsFile,
    series: SeriesFile,
    schema: SchemaRef,
    /// The same without `metric` and `series`.
    samples: SchemaRef,
    current: Option<SeriesEntry>,
    series_count: usize,
    /// What is not written yet: runs, and the metric, place and number of rows of each series.
    runs: Vec<Run>,
    pending: Vec<(Known, usize, usize)>,
    pending_rows: usize,
    rows: u64,
    times: Option<(i64, i64)>,
    services: Services,
}

impl Output {
    fn create(disk: &dyn Disk, stem: &Path, inputs: &[Arc<Segment>]) -> Result<Output> {
        let mut present = Present::default();
        for segment in inputs {
            present = present.or(stream::present(segment)?);
        }
        let schema = present.schema();
        let samples = stream::sample_columns(&schema);
        let trial = trial(inputs, &samples)?;
        let rows = inputs.iter().map(|segment| segment.entry.rows as usize).sum();
        let properties = encoding::properties(&trial, &schema, rows)?;
        let points = RowsFile::with_properties(disk, stem, ROWS_SUFFIX, &schema, properties)?;
        let series = SeriesFile::create(disk, stem)?;
        Ok(Output {
            points,
            series,
            schema,
            samples,
            current: None,
            series_count: 0,
            runs: Vec::new(),
            pending: Vec::new(),
            pending_rows: 0,
            rows: 0,
            times: None,
            services: Services::default(),
        })
    }

    fn begin(&mut self, known: Known) -> Result<()> {
        let too_many = |_| Error::invalid("a segment of points has at most 2^32 rows");
        let first_row = u32::try_from(self.rows).map_err(too_many)?;
        self.pending.push((known.clone(), self.series_count, 0));
        self.current = Some(SeriesEntry {
            id: known.id,
            origin: known.origin,
            series: known.series,
            first_row,
            row_count: 0,
            min_time: i64::MAX,
            max_time: i64::MIN,
        });
        Ok(())
    }

    fn push(&mut self, run: Run) -> Result<()> {
        let times = &stream::times(&run.batch)?[run.rows.clone()];
        if let (Some(series), Some(first), Some(last)) = (&mut self.current, times.first(), times.last()) {
            series.min_time = series.min_time.min(*first);
            series.max_time = series.max_time.max(*last);
            series.row_count += times.len() as u32;
        }
        self.rows += times.len() as u64;
        self.pending_rows += times.len();
        if let Some(pending) = self.pending.last_mut() {
            pending.2 += times.len();
        }
        self.runs.push(run);
        if self.pending_rows >= limits::WRITE_ROWS { self.write_pending() } else { Ok(()) }
    }

    /// The current series has all its rows; one of which none was kept is forgotten.
    fn end(&mut self, service: &str) -> Result<()> {
        let Some(series) = self.current.take().filter(|series| series.row_count > 0) else {
            self.pending.pop();
            return Ok(());
        };
        let SeriesEntry { row_count, min_time, max_time, .. } = series;
        let (low, high) = self.times.unwrap_or((i64::MAX, i64::MIN));
        self.times = Some((low.min(min_time), high.max(max_time)));
        self.services.add(service, ServiceRows { rows: u64::from(row_count), min_time, max_time });
        self.series_count += 1;
        self.series.push(series)
    }

    fn write_pending(&mut self) -> Result<()> {
        let runs = self.pending.iter();
        let mut columns =
            series_columns(runs.map(|(known, place, rows)| (&*known.series.name, *place, *rows)))?;
        for at in 0..self.samples.fields().len() {
            columns.push(joined(&self.runs, at)?);
        }
        self.points.write(&RecordBatch::try_new(self.schema.clone(), columns)?)?;
        self.runs.clear();
        self.pending_rows = 0;
        // Of the current series more rows may come.
        let last = self.pending.pop();
        self.pending.clear();
        self.pending.extend(last.map(|(known, place, _)| (known, place, 0)));
        Ok(())
    }

    fn finish(mut self, disk: &dyn Disk, stem: &Path, job: &Merge<'_>) -> Result<Option<SegmentEntry>> {
        let Some((min_time, max_time)) = self.times else {
            discard(disk, stem);
            return Ok(None);
        };
        if self.pending_rows > 0 {
            self.write_pending()?;
        }
        let about = About { min_time, max_time, services: self.services, ..job.about() };
        let files =
            vec![self.points.finish_with(about.key_values())?, self.series.finish(about.key_values())?];
        let files = name_files(disk, stem, files)?;
        Ok(Some(about.entry(stem, self.rows, files)))
    }
}

/// Rows of all inputs to choose encodings by.
fn trial(inputs: &[Arc<Segment>], columns: &SchemaRef) -> Result<Vec<RecordBatch>> {
    let mut rows = Vec::new();
    for (at, segment) in inputs.iter().enumerate() {
        let ranges = encoding::trial_ranges(segment.entry.rows as usize);
        let count = encoding::TRIAL_PIECES.div_ceil(inputs.len());
        let ranges: Vec<_> = ranges.into_iter().cycle().skip(at).step_by(inputs.len()).take(count).collect();
        let mut ranges = ranges;
        ranges.sort_by_key(|range| range.start);
        ranges.dedup();
        rows.extend(stream::read_ranges(segment, &ranges, columns)?);
    }
    Ok(rows)
}

/// One column of some runs, one after the other.
fn joined(runs: &[Run], column: usize) -> Result<ArrayRef> {
    let mut arrays: Vec<ArrayData> = Vec::new();
    let mut places = Vec::with_capacity(runs.len());
    let mut known: Vec<*const RecordBatch> = Vec::new();
    for run in runs {
        let batch = Arc::as_ptr(&run.batch);
        let place = known.iter().rposition(|other| *other == batch).unwrap_or_else(|| {
            known.push(batch);
            arrays.push(run.batch.column(column).to_data());
            known.len() - 1
        });
        places.push(place);
    }
    let rows = runs.iter().map(|run| run.rows.len()).sum();
    let mut data = MutableArrayData::new(arrays.iter().collect(), false, rows);
    for (run, place) in runs.iter().zip(places) {
        data.try_extend(place, run.rows.start, run.rows.end)?;
    }
    Ok(make_array(data.freeze()))
}
