//! Series that were seen lately, by the hash of their encoded bytes: a scrape repeats them all.

use crate::limits;
use ocelli_signal::Series;
use ocelli_signal::series::series_id;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use xxhash_rust::xxh3::xxh3_128;

/// Shared by whoever groups points.
#[derive(Debug, Default)]
pub struct SeriesCache(Mutex<HashMap<u128, (u128, Arc<Series>)>>);

impl SeriesCache {
    /// The id and parsed form of an encoded series. Bytes were validated at ingest; what can't be
    /// parsed all the same is a series without a name.
    pub fn get(&self, encoded: &[u8]) -> (u128, Arc<Series>) {
        // The whole bytes are the key, so a new description is a new entry with the same id.
        let key = xxh3_128(encoded);
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= limits::SERIES_CACHE {
            known.clear();
        }
        let parse = || (series_id(encoded), Arc::new(Series::parse(encoded).unwrap_or_default()));
        known.entry(key).or_insert_with(parse).clone()
    }
}
