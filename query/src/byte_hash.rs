//! A quick hash for maps whose keys are texts or bytes of any length.

use std::hash::{BuildHasherDefault, Hasher};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// For [`std::collections::HashMap`].
pub type ByteHash = BuildHasherDefault<ByteHasher>;

/// XXH3 of each piece at once: its state for pieces costs more than the hash of a short text.
#[derive(Clone, Copy, Debug, Default)]
pub struct ByteHasher(u64);

impl Hasher for ByteHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = xxh3_64_with_seed(bytes, self.0);
    }

    /// What ends a text.
    fn write_u8(&mut self, number: u8) {
        self.0 = self.0.wrapping_add(u64::from(number));
    }

    /// Lengths, and which variant of an enum it is: the seed of what comes next.
    fn write_usize(&mut self, number: usize) {
        self.0 = self.0.rotate_left(5) ^ number as u64;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::hash::BuildHasher;

    #[test]
    fn short_keys_are_spread() {
        let build = ByteHash::default();
        let numbers: HashSet<u64> =
            (0..10_000u32).map(|n| build.hash_one(Some(n.to_string())) >> 32).collect();
        assert!(numbers.len() > 9_950, "{}", numbers.len());
        let low: HashSet<u64> =
            (0..10_000u32).map(|n| build.hash_one(n.to_le_bytes().to_vec()) & 0xffff_ffff).collect();
        assert!(low.len() > 9_950, "{}", low.len());
        assert_ne!(build.hash_one("a"), build.hash_one("b"));
    }
}
