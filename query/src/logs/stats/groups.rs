//! The groups of the records that pass, with their figures.

use super::aggregate::Aggregate;
use super::known::Known;
use super::{Column, Key, Stats};
use crate::Error;
use crate::byte_hash::ByteHash;
use crate::http::run::Budget;
use crate::logs::field::Reader;
use crate::logs::meter::Meter;
use crate::logs::scan::{Chunk, Collector, Mergeable};
use std::collections::HashMap;

/// More groups than these are of no use to anybody, and would take the memory of others.
pub const MAX_GROUPS: usize = 100_000;

/// Buckets of time, in nanoseconds; a group's bucket is counted from `start`.
#[derive(Clone, Copy, Debug)]
pub struct Buckets {
    pub start: i64,
    pub step: i64,
}

#[derive(Debug)]
pub struct Group {
    pub records: u64,
    pub figures: Vec<Aggregate>,
}

pub struct Groups<'a> {
    stats: &'a Stats,
    buckets: Buckets,
    meter: Meter<'a>,
    places: HashMap<Vec<u8>, usize, ByteHash>,
    groups: Vec<Group>,
    /// Of each key, then of each figure: whether some row had a value.
    pub seen: Vec<bool>,
    key: Vec<u8>,
}

impl<'a> Groups<'a> {
    pub fn new(stats: &'a Stats, buckets: Buckets, budget: &'a Budget) -> Groups<'a> {
        Groups {
            stats,
            buckets,
            meter: Meter::new(budget),
            places: HashMap::default(),
            groups: Vec::new(),
            seen: vec![false; stats.keys.len() + stats.columns.len()],
            key: Vec::new(),
        }
    }

    /// The groups by their keys, in no order. Nothing counted, of all together, is a group too.
    pub fn into_groups(mut self) -> impl Iterator<Item = (Vec<u8>, Group)> {
        if self.stats.keys.is_empty() && self.groups.is_empty() {
            self.insert();
        }
        let mut groups: Vec<Option<Group>> = self.groups.into_iter().map(Some).collect();
        self.places.into_iter().filter_map(move |(key, place)| Some((key, groups[place].take()?)))
    }

    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// A group for the key at hand.
    fn insert(&mut self) -> usize {
        let figures = self.stats.columns.iter().map(|column| Aggregate::of(column.function)).collect();
        self.groups.push(Group { records: 0, figures });
        self.places.insert(self.key.clone(), self.groups.len() - 1);
        self.groups.len() - 1
    }

    /// The group of a row, made if need be.
    fn place(&mut self, keys: &[KeyReader<'_>], time: i64, row: usize) -> Result<usize, Error> {
        let Buckets { start, step } = self.buckets;
        let bucket = || time.saturating_sub(start) / step;
        encode(keys, bucket, row, &mut self.key, &mut self.seen);
        if let Some(place) = self.places.get(self.key.as_slice()) {
            return Ok(*place);
        }
        self.one_more()?;
        Ok(self.insert())
    }

    /// Refuses one more group than there may be, or its memory.
    fn one_more(&mut self) -> Result<(), Error> {
        if self.groups.len() >= MAX_GROUPS {
            return Err(Error::LimitExceeded(format!(
                "the query makes more than {MAX_GROUPS} groups; group by fewer fields, or by one with fewer values"
            )));
        }
        self.meter.add(self.group_bytes())
    }

    fn group_bytes(&self) -> usize {
        self.key.len() + size_of::<Group>() + self.stats.columns.len() * size_of::<Aggregate>() + 64
    }
}

/// The key's reader; `None` for time.
type KeyReader<'r> = Option<Reader<'r>>;

impl<'a> Collector for Groups<'a> {
    fn take(&mut self, chunk: &Chunk<'_>) -> Result<(), Error> {
        let stats: &'a Stats = self.stats;
        let of_key = |key: &'a Key| match key {
            Key::Field { field, .. } => field.reader(chunk.batch).map(Some),
            Key::Time { .. } => Ok(None),
        };
        let keys: Vec<KeyReader<'_>> = stats.keys.iter().map(of_key).collect::<Result<_, _>>()?;
        let of_column = |column: &'a Column| match &column.of {
            Some((_, field)) => field.reader(chunk.batch).map(Some),
            None => Ok(None),
        };
        let columns: Vec<Option<Reader<'_>>> =
            stats.columns.iter().map(of_column).collect::<Result<_, _>>()?;
        let mut known = if let [Some(reader)] = &keys[..] { Known::of(reader) } else { Known::Nothing };
        for row in chunk.passed.iter() {
            let place = match known.get(row) {
                Some(place) => place,
                None => {
                    let place = self.place(&keys, chunk.times.value(row), row)?;
                    known.set(row, place);
                    place
                }
            };
            let group = &mut self.groups[place];
            group.records += 1;
            let mut bytes = 0;
            for (at, (figure, reader)) in group.figures.iter_mut().zip(&columns).enumerate() {
                let before = figure.bytes();
                self.seen[keys.len() + at] |= figure.add(reader.as_ref(), row);
                bytes += figure.bytes().saturating_sub(before);
            }
            if bytes > 0 {
                self.meter.add(bytes)?;
            }
        }
        Ok(())
    }

    fn reads_values(&self) -> bool {
        true
    }
}

/// The group of a row as bytes: of each field 0 where it has none, else 1, the length and the text.
fn encode(
    keys: &[KeyReader<'_>],
    bucket: impl Fn() -> i64,
    row: usize,
    out: &mut Vec<u8>,
    seen: &mut [bool],
) {
    out.clear();
    for (at, key) in keys.iter().enumerate() {
        let Some(reader) = key else {
            out.extend_from_slice(&bucket().to_le_bytes());
            seen[at] = true;
            continue;
        };
        match reader.text(row) {
            None => out.push(0),
            Some(text) => {
                seen[at] = true;
                out.push(1);
                out.extend_from_slice(&(text.len() as u32).to_le_bytes());
                out.extend_from_slice(text.as_bytes());
            }
        }
    }
}

/// What of a group's key a field is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Number of the bucket.
    Bucket(i64),
    Text(Option<String>),
}

/// The other way round.
pub fn decode(stats: &Stats, mut key: &[u8]) -> Vec<Part> {
    let mut take = |count: usize| {
        let (taken, rest) = key.split_at(count.min(key.len()));
        key = rest;
        taken
    };
    let part = |of: &Key| match of {
        Key::Time { .. } => Part::Bucket(i64::from_le_bytes(take(8).try_into().unwrap_or_default())),
        Key::Field { .. } => match take(1) {
            [1] => {
                let length = u32::from_le_bytes(take(4).try_into().unwrap_or_default());
                Part::Text(Some(String::from_utf8_lossy(take(length as usize)).into_owned()))
            }
            _ => Part::Text(None),
        },
    };
    stats.keys.iter().map(part).collect()
}

impl Mergeable for Groups<'_> {
    fn fork(&self) -> Self {
        let (places, groups) = (HashMap::default(), Vec::new());
        let (seen, key) = (vec![false; self.seen.len()], Vec::new());
        Groups {
            stats: self.stats,
            buckets: self.buckets,
            meter: self.meter.fork(),
            places,
            groups,
            seen,
            key,
        }
    }

    fn merge(&mut self, other: Self) -> Result<(), Error> {
        self.seen.iter_mut().zip(&other.seen).for_each(|(own, more)| *own |= more);
        // In the order in which they came, so that sums come out the same each time.
        let mut keys: Vec<(usize, Vec<u8>)> = other.places.into_iter().map(|(key, at)| (at, key)).collect();
        keys.sort_unstable();
        for (more, (_, key)) in other.groups.into_iter().zip(keys) {
            match self.places.get(&key) {
                Some(place) => {
                    let own = &mut self.groups[*place];
                    own.records += more.records;
                    own.figures.iter_mut().zip(more.figures).for_each(|(own, more)| own.merge(more));
                }
                None => {
                    self.places.insert(key, self.groups.len());
                    self.groups.push(more);
                    self.one_more()?;
                }
            }
        }
        Ok(())
    }
}
