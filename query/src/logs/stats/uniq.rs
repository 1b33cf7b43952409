//! How many different values there are: exact of few, of many by HyperLogLog (Flajolet et al. 2007).

use std::collections::HashSet;
use xxhash_rust::xxh3::xxh3_64;

/// So many different values are counted exactly.
const EXACT: usize = 4_096;
/// 2^12 registers are off by 1.6 % (one standard deviation).
const BITS: u32 = 12;

#[derive(Clone, Debug, PartialEq)]
pub enum Uniq {
    Exact(HashSet<u64>),
    Registers(Vec<u8>),
}

impl Default for Uniq {
    fn default() -> Uniq {
        Uniq::Exact(HashSet::new())
    }
}

impl Uniq {
    pub fn add(&mut self, value: &str) {
        self.add_hash(xxh3_64(value.as_bytes()));
    }

    fn add_hash(&mut self, hash: u64) {
        match self {
            Uniq::Registers(registers) => register(registers, hash),
            Uniq::Exact(hashes) => {
                hashes.insert(hash);
                if hashes.len() > EXACT {
                    let mut registers = vec![0; 1 << BITS];
                    hashes.iter().for_each(|hash| register(&mut registers, *hash));
                    *self = Uniq::Registers(registers);
                }
            }
        }
    }

    pub fn merge(&mut self, other: Uniq) {
        match (&mut *self, other) {
            (Uniq::Registers(own), Uniq::Registers(more)) => {
                own.iter_mut().zip(more).for_each(|(own, more)| *own = more.max(*own));
            }
            (Uniq::Exact(own), Uniq::Registers(mut more)) => {
                own.iter().for_each(|hash| register(&mut more, *hash));
                *self = Uniq::Registers(more);
            }
            (_, Uniq::Exact(more)) => more.into_iter().for_each(|hash| self.add_hash(hash)),
        }
    }

    pub fn is_exact(&self) -> bool {
        matches!(self, Uniq::Exact(_))
    }

    pub fn count(&self) -> u64 {
        let registers = match self {
            Uniq::Exact(hashes) => return hashes.len() as u64,
            Uniq::Registers(registers) => registers,
        };
        let count = registers.len() as f64;
        let sum: f64 = registers.iter().map(|rank| 0.5f64.powi(i32::from(*rank))).sum();
        let estimate = 0.7213 / (1.0 + 1.079 / count) * count * count / sum;
        let empty = registers.iter().filter(|rank| **rank == 0).count();
        // Few values are told better by how many registers have none.
        let few = estimate <= 2.5 * count && empty > 0;
        (if few { count * (count / empty as f64).ln() } else { estimate }).round() as u64
    }

    /// Bytes that it holds beyond its own size, about.
    pub fn bytes(&self) -> usize {
        match self {
            Uniq::Exact(hashes) => hashes.capacity() * 10,
            Uniq::Registers(registers) => registers.len(),
        }
    }
}

fn register(registers: &mut [u8], hash: u64) {
    let rank = ((hash << BITS) | 1 << (BITS - 1)).leading_zeros() + 1;
    let register = &mut registers[(hash >> (64 - BITS)) as usize];
    *register = (*register).max(rank as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_are_exact_and_many_near_in_any_order_of_merging() {
        for count in [0u64, 1, 4_096, 5_000, 50_000, 300_000] {
            let mut whole = Uniq::default();
            let (mut a, mut b) = (Uniq::default(), Uniq::default());
            for n in 0..count {
                let value = n.to_string();
                whole.add(&value);
                whole.add(&value);
                if n % 3 == 0 { a.add(&value) } else { b.add(&value) }
            }
            let mut merged = a.clone();
            merged.merge(b.clone());
            b.merge(a);
            assert_eq!((merged.count(), b.count()), (whole.count(), whole.count()));
            let off = (whole.count() as f64 - count as f64).abs();
            assert!(
                off <= count as f64 * if whole.is_exact() { 0.0 } else { 0.05 },
                "{count}: {}",
                whole.count()
            );
            assert_eq!(whole.is_exact(), count <= 4_096);
        }
    }
}
