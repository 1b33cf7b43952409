//! Where a series is, by the hash of what names it.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Indexes by a hash of 128 bits, which need not be hashed again.
pub type Known = HashMap<u128, usize, BuildHasherDefault<HashedAlready>>;

/// Takes the low half of a hash as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct HashedAlready(u64);

impl Hasher for HashedAlready {
    fn write_u128(&mut self, hash: u128) {
        self.0 = hash as u64;
    }

    fn write(&mut self, bytes: &[u8]) {
        // Only `u128` is a key; other keys would still be told apart.
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(5) ^ u64::from(*byte));
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
