//! Several segments of a partition as one, without the rows that have expired.
//!
//! A merge never loses, doubles or reorders a row: among equal keys of the sort the order of arrival
//! stays, which is that of the inputs.

mod rows;

use super::Segment;
use super::about::About;
use super::partition::Partition;
use super::points::SeriesEntry;
use super::services::{Services, service_of};
use super::sink::discard;
use super::write::{Draft, write};
use crate::catalog::SegmentEntry;
use crate::disk::Disk;
use crate::error::{Error, Result};
use crate::memtable::SeriesCache;
use crate::paths;
use crate::snapshot::{Point, PointValue};
use arrow::array::RecordBatch;
use ocelli_signal::Signal;
use ocelli_signal::points::{PointBody, PointRow, PointsBuilder};
use ocelli_signal::span_parts::Number;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What is to be made of which segments.
#[derive(Clone, Copy)]
pub struct Merge<'a> {
    pub tenant: &'a str,
    pub signal: Signal,
    pub partition: Partition,
    /// From the first of the oldest input to the last of the youngest.
    pub first_sequence: u64,
    pub last_sequence: u64,
    /// One above the highest of the inputs.
    pub level: u32,
    /// Neighbours in their partition, oldest sequence first; at least one.
    pub inputs: &'a [Arc<Segment>],
    /// Whether a row of a service (by name) and time (nanoseconds; of spans the start) stays.
    pub keep: &'a (dyn Fn(&str, i64) -> bool + Sync),
    /// An output of logs with fewer rows gets no index.
    pub index_min_rows: usize,
    /// Series that were parsed before.
    pub series: &'a SeriesCache,
    /// Asked between batches: when true, the merge ends as `Unavailable`.
    pub stop: &'a AtomicBool,
}

impl<'a> Merge<'a> {
    /// The merge of some neighbours, oldest first. `None` without inputs.
    pub fn of(
        inputs: &'a [Arc<Segment>],
        keep: &'a (dyn Fn(&str, i64) -> bool + Sync),
        index_min_rows: usize,
        series: &'a SeriesCache,
        stop: &'a AtomicBool,
    ) -> Option<Merge<'a>> {
        let (first, last) = (&inputs.first()?.entry, &inputs.last()?.entry);
        Some(Merge {
            tenant: &first.tenant,
            signal: first.signal,
            partition: first.partition,
            first_sequence: first.first_sequence,
            last_sequence: last.last_sequence,
            level: inputs.iter().map(|input| input.entry.level).max().unwrap_or(0) + 1,
            inputs,
            keep,
            index_min_rows,
            series,
            stop,
        })
    }

    /// The output's path, without suffix.
    pub fn stem(&self) -> PathBuf {
        let range = (self.first_sequence, self.last_sequence);
        paths::segment_stem(self.tenant, self.signal, self.partition, range, self.level)
    }

    /// What the output's emissions tell about.
    pub fn covered(&self) -> u64 {
        self.inputs.iter().map(|input| input.entry.covered_sequence).max().unwrap_or(0)
    }

    /// The output is as old as its youngest input: merging makes no row live longer.
    pub fn created_at(&self) -> i64 {
        self.inputs.iter().map(|input| input.entry.created_at).max().unwrap_or(0)
    }

    /// What the output will say about itself, without the times and services of its rows.
    fn about(&self) -> About {
        About {
            tenant: self.tenant.to_owned(),
            signal: self.signal,
            partition: self.partition,
            level: self.level,
            first_sequence: self.first_sequence,
            last_sequence: self.last_sequence,
            covered_sequence: self.covered(),
            min_time: 0,
            max_time: 0,
            created_at: self.created_at(),
            services: Services::default(),
            flush_partitions: Vec::new(),
        }
    }

    /// An error once somebody asked to stop.
    pub fn check_stop(&self) -> Result<()> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(Error::unavailable("the store is closing"));
        }
        Ok(())
    }
}

/// Writes the output under its name; it counts when the catalog has it in place of the inputs.
/// `None` when no row is kept.
pub fn merge(disk: &dyn Disk, job: &Merge<'_>) -> Result<Option<SegmentEntry>> {
    match job.signal {
        Signal::Points => merge_points(disk, job),
        Signal::Spans | Signal::Logs => {
            rows::merge(disk, job).inspect_err(|_| discard(disk, &job.about().stem()))
        }
    }
}

fn merge_points(disk: &dyn Disk, job: &Merge<'_>) -> Result<Option<SegmentEntry>> {
    let mut batches = Vec::new();
    for input in job.inputs {
        job.check_stop()?;
        batches.extend(points_of(input, job)?);
    }
    if batches.iter().all(|batch| batch.num_rows() == 0) {
        return Ok(None);
    }
    let draft = Draft {
        tenant: job.tenant,
        signal: job.signal,
        partition: job.partition,
        level: job.level,
        batches,
        first_sequence: job.first_sequence,
        last_sequence: job.last_sequence,
        covered: job.covered(),
        created_at: job.created_at(),
        flush_partitions: Vec::new(),
        series: job.series,
    };
    write(disk, &draft, job.index_min_rows).map(Some)
}

/// The kept points of a segment, by series and time.
fn points_of(input: &Segment, job: &Merge<'_>) -> Result<Vec<RecordBatch>> {
    let list = input.series()?;
    let all: Vec<&SeriesEntry> = list.0.iter().collect();
    let mut builder = PointsBuilder::new();
    let mut current = None;
    input.points(&all, i64::MIN, i64::MAX, |place, point| {
        let series = &all[place].series;
        if !(job.keep)(service_of(&series.resource), point.time) {
            return;
        }
        if current != Some(place) {
            builder.set_series(&series.encode());
            current = Some(place);
        }
        push(&mut builder, &point);
    })?;
    Ok(vec![builder.finish()])
}

fn push(builder: &mut PointsBuilder, point: &Point) {
    builder.push(&PointRow {
        start_time: point.start,
        time: point.time,
        flags: point.flags,
        body: match &point.value {
            PointValue::None => PointBody::Empty,
            PointValue::Double(n) => PointBody::Number(Number::Double(*n)),
            PointValue::Int(n) => PointBody::Number(Number::Int(*n)),
            PointValue::Other(point) => PointBody::Other(point),
        },
        exemplars: &point.exemplars,
    });
}

#[cfg(test)]
mod tests;
