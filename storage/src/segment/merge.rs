//! Several segments of a partition as one, without the rows that have expired.
//!
//! A merge never loses, doubles or reorders a row: among equal keys of the sort the order of arrival
//! stays, which is that of the inputs.

mod rows;

use super::Segment;
use super::about::About;
use super::partition::Partition;
use super::points;
use super::services::Services;
use super::sink::discard;
use crate::catalog::SegmentEntry;
use crate::disk::Disk;
use crate::error::{Error, Result};
use crate::paths;
use ocelli_signal::Signal;
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
    /// Whether a row of a service (by name) and time (nanoseconds; of spans the start) stays. What stays
    /// at a time stays at every later one.
    pub keep: &'a (dyn Fn(&str, i64) -> bool + Sync),
    /// An output of logs with fewer rows gets no index.
    pub index_min_rows: usize,
    /// Asked between batches: when true, the merge ends as `Unavailable`.
    pub stop: &'a AtomicBool,
}

impl<'a> Merge<'a> {
    /// The merge of some neighbours, oldest first. `None` without inputs.
    pub fn of(
        inputs: &'a [Arc<Segment>],
        keep: &'a (dyn Fn(&str, i64) -> bool + Sync),
        index_min_rows: usize,
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
    pub fn about(&self) -> About {
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
    let merged = match job.signal {
        Signal::Points => points::merge(disk, job),
        Signal::Spans | Signal::Logs => rows::merge(disk, job),
    };
    merged.inspect_err(|_| discard(disk, &job.about().stem()))
}

#[cfg(test)]
mod tests;
