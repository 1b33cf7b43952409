//! Which traces matched last.

use super::cursor::TraceKey;
use super::slowest::{check_most, id_of};
use crate::Error;
use crate::logs::filter::column;
use crate::logs::scan::{Chunk, Collector, Mergeable};
use arrow::array::FixedSizeBinaryArray;
use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

/// The newest matching start of every trace, as far back as the `wanted` newest traces go. What is
/// known of a trace can only become newer while sources are read, so the floor only rises.
pub struct Newest<'a> {
    /// Other traces are passed over.
    only: Option<&'a HashSet<[u8; 16]>>,
    wanted: usize,
    most: usize,
    starts: HashMap<[u8; 16], i64>,
    floor: i64,
}

impl<'a> Newest<'a> {
    /// Meeting more than `most` traces is an error.
    pub fn new(wanted: usize, most: usize) -> Newest<'a> {
        Newest { only: None, wanted, most, starts: HashMap::new(), floor: i64::MIN }
    }

    pub fn among(self, only: &'a HashSet<[u8; 16]>) -> Newest<'a> {
        Newest { only: Some(only), ..self }
    }

    fn keys(&self) -> Vec<TraceKey> {
        self.starts.iter().map(|(id, start)| TraceKey { value: *start, trace_id: *id }).collect()
    }

    /// Forgets what is older than the traces that are wanted.
    fn shrink(&mut self) -> Result<(), Error> {
        check_most(self.starts.len(), self.most)?;
        let mut keys = self.keys();
        if keys.len() >= self.wanted {
            let (_, last, _) = keys.select_nth_unstable_by_key(self.wanted - 1, |key| Reverse(*key));
            self.floor = last.value;
            self.starts.retain(|_, start| *start >= self.floor);
        }
        Ok(())
    }

    /// The traces, in no order, and whether there may be more.
    pub fn into_keys(self) -> (Vec<TraceKey>, bool) {
        (self.keys(), self.floor > i64::MIN)
    }
}

impl Collector for Newest<'_> {
    fn take(&mut self, chunk: &Chunk<'_>) -> Result<(), Error> {
        let ids: &FixedSizeBinaryArray = column(chunk.batch, "trace_id")?;
        for row in chunk.passed.iter() {
            let start = chunk.times.value(row);
            let id = id_of(ids, row);
            if start >= self.floor && self.only.is_none_or(|only| only.contains(&id)) {
                let newest = self.starts.entry(id).or_insert(start);
                *newest = start.max(*newest);
            }
        }
        self.shrink()
    }

    fn floor(&self) -> i64 {
        self.floor
    }
}

impl Mergeable for Newest<'_> {
    fn fork(&self) -> Self {
        Newest { only: self.only, ..Newest::new(self.wanted, self.most) }
    }

    /// Each of the wanted traces is among those that are wanted of the part that has its newest start.
    fn merge(&mut self, other: Self) -> Result<(), Error> {
        for (id, start) in other.starts {
            let newest = self.starts.entry(id).or_insert(start);
            *newest = start.max(*newest);
        }
        self.floor = self.floor.max(other.floor);
        self.shrink()
    }
}
