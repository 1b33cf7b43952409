//! Names of services are few and come with every span: each is kept once.

use std::collections::HashMap;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

/// Beyond so many names the table is begun anew; who holds a name keeps it.
const MAX_NAMES: usize = 16_384;

/// Shared copies of names.
#[derive(Debug, Default)]
pub struct Names {
    known: HashMap<u64, Arc<str>>,
}

impl Names {
    /// The shared copy; allocates only for a name that is new.
    pub fn share(&mut self, name: &str) -> Arc<str> {
        let hash = xxh3_64(name.as_bytes());
        if let Some(known) = self.known.get(&hash).filter(|known| ***known == *name) {
            return known.clone();
        }
        if self.known.len() >= MAX_NAMES {
            self.known.clear();
        }
        let shared: Arc<str> = name.into();
        self.known.insert(hash, shared.clone());
        shared
    }
}
