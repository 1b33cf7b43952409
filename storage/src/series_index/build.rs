//! Makes a chunk of its series.

use super::CHUNK_SERIES;
use super::attributes::{AttributeIndex, KeyPairs, pair};
use super::chunk::{Coded, Origin, SeriesChunk};
use ocelli_signal::Series;
use ocelli_signal::hashed::HashedMap;
use ocelli_signal::wire::Reader;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_128;

/// Takes series one by one.
#[derive(Debug, Default)]
pub struct ChunkBuilder {
    ids: Vec<u128>,
    metrics: Table<Series>,
    origins: Table<Origin>,
    pairs: Pairs,
}

/// Distinct values with their numbers.
#[derive(Debug)]
struct Table<T> {
    places: HashMap<T, u16>,
    values: Vec<T>,
    codes: Vec<u16>,
}

impl<T> Default for Table<T> {
    fn default() -> Table<T> {
        Table { places: HashMap::new(), values: Vec::new(), codes: Vec::new() }
    }
}

impl<T: Clone + Eq + Hash> Table<T> {
    /// Neighbours mostly have the same value, which `is_last` tells without looking at it.
    fn push(&mut self, is_last: impl Fn(&T) -> bool, make: impl FnOnce() -> T) {
        let last = self.codes.last().copied();
        let code = match last.filter(|code| is_last(&self.values[usize::from(*code)])) {
            Some(code) => code,
            None => {
                let (value, next) = (make(), self.values.len() as u16);
                let values = &mut self.values;
                *self.places.entry(value).or_insert_with_key(|value| {
                    values.push(value.clone());
                    next
                })
            }
        };
        self.codes.push(code);
    }

    fn finish(self) -> Coded<T> {
        Coded { values: self.values, codes: self.codes }
    }
}

impl ChunkBuilder {
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The next series; no more than `CHUNK_SERIES` of them.
    pub fn push(&mut self, id: u128, series: &Series) {
        debug_assert!(self.len() < CHUNK_SERIES);
        self.ids.push(id);
        let same = |a: &Arc<str>, b: &Arc<str>| Arc::ptr_eq(a, b);
        let is_last_metric = |last: &Series| {
            same(&last.name, &series.name)
                && same(&last.description, &series.description)
                && same(&last.unit, &series.unit)
                && (last.kind, last.temporality) == (series.kind, series.temporality)
                && (last.is_monotonic, &last.metadata) == (series.is_monotonic, &series.metadata)
        };
        let empty: Arc<[u8]> = Arc::default();
        let metric = || Series {
            attributes: empty.clone(),
            resource: empty.clone(),
            scope: empty.clone(),
            ..series.clone()
        };
        self.metrics.push(is_last_metric, metric);
        let is_last_origin = |last: &Origin| {
            Arc::ptr_eq(&last.resource, &series.resource) && Arc::ptr_eq(&last.scope, &series.scope)
        };
        let origin = || Origin { resource: series.resource.clone(), scope: series.scope.clone() };
        self.origins.push(is_last_origin, origin);
        self.pairs.push(&series.attributes);
    }

    pub fn finish(self) -> SeriesChunk {
        SeriesChunk {
            ids: self.ids,
            metrics: self.metrics.finish(),
            origins: self.origins.finish(),
            attributes: self.pairs.finish(),
        }
    }
}

/// Pairs in the order in which they come.
#[derive(Debug, Default)]
struct Pairs {
    places: HashedMap<u128, u32>,
    bytes: Vec<u8>,
    ends: Vec<u32>,
    codes: Vec<u32>,
    code_ends: Vec<u32>,
}

impl Pairs {
    fn push(&mut self, column: &[u8]) {
        let mut reader = Reader::new(column);
        let mut rest = column;
        while let Some(Ok(_)) = reader.next() {
            let pair = &rest[..rest.len() - reader.rest().len()];
            rest = reader.rest();
            let next = self.ends.len() as u32;
            let code = *self.places.entry(xxh3_128(pair)).or_insert_with(|| {
                self.bytes.extend_from_slice(pair);
                self.ends.push(self.bytes.len() as u32);
                next
            });
            self.codes.push(code);
        }
        self.code_ends.push(self.codes.len() as u32);
    }

    fn finish(self) -> AttributeIndex {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let pairs: Vec<&[u8]> =
            starts.zip(&self.ends).map(|(start, end)| &self.bytes[start as usize..*end as usize]).collect();
        let mut order: Vec<_> = pairs.iter().enumerate().map(|(code, bytes)| ordered(bytes, code)).collect();
        order.sort_unstable();
        let mut index = AttributeIndex { code_ends: self.code_ends, ..AttributeIndex::default() };
        let mut numbers = vec![0; pairs.len()];
        for (number, (name, is_other, _, code)) in order.into_iter().enumerate() {
            numbers[code] = number as u32;
            index.pairs.extend_from_slice(pairs[code]);
            index.pair_ends.push(index.pairs.len() as u32);
            if index.keys.last().is_none_or(|last| last.name != name) {
                let (name, pairs) = (name.to_owned(), number..number);
                index.keys.push(KeyPairs { name, pairs, strings_end: number, rows: None, repeated: false });
            }
            if let Some(key) = index.keys.last_mut() {
                key.pairs.end = number + 1;
                key.strings_end += usize::from(!is_other);
            }
        }
        index.codes = self.codes.iter().map(|code| numbers[*code as usize]).collect();
        add_postings(&mut index);
        index
    }
}

/// A pair as it is sorted: of a key's values, only strings have an order that somebody asks for.
fn ordered(bytes: &[u8], code: usize) -> (&str, bool, Option<&str>, usize) {
    let (key, value) = pair(bytes);
    (key, value.as_str().is_none(), value.as_str(), code)
}

fn add_postings(index: &mut AttributeIndex) {
    let mut ends = vec![0_u32; index.pair_ends.len()];
    index.codes.iter().for_each(|code| ends[*code as usize] += 1);
    let mut next: Vec<u32> = Vec::with_capacity(ends.len());
    let mut sum = 0;
    for end in &mut ends {
        next.push(sum);
        sum += *end;
        *end = sum;
    }
    let mut key_of = vec![0_u32; ends.len()];
    for (at, key) in index.keys.iter().enumerate() {
        key_of[key.pairs.clone()].fill(at as u32);
    }
    index.postings = vec![0; index.codes.len()];
    let mut start = 0;
    for (row, end) in index.code_ends.iter().enumerate() {
        let codes = &index.codes[start..*end as usize];
        for (at, code) in codes.iter().enumerate() {
            let code = *code as usize;
            if codes[..at].iter().any(|before| key_of[*before as usize] == key_of[code]) {
                index.keys[key_of[code] as usize].repeated = true;
            }
            index.postings[next[code] as usize] = row as u16;
            next[code] += 1;
        }
        start = *end as usize;
    }
    index.posting_ends = ends;
    index.add_rows();
}
