//! Labels of series that were asked for before: making them costs more than reading a few samples.

use super::identity::Identity;
use crate::Error;
use ocelli_signal::Series;
use ocelli_signal::hashed::HashedMap;
use ocelli_storage::budget::{Budget, Part, Reservation};
use std::sync::{Arc, Mutex, PoisonError};

/// Those who keep identities are two, and each takes this part of the memory for caches: one in so many.
const SHARE: usize = 8;

/// By the id of a series, which stands for all that its labels are made of.
#[derive(Debug)]
pub struct Identities {
    kept: Mutex<Kept>,
    limit_bytes: usize,
}

#[derive(Debug)]
struct Kept {
    by_id: HashedMap<u128, Arc<Identity>>,
    memory: Reservation,
}

impl Identities {
    pub fn new(budget: &Arc<Budget>) -> Identities {
        let kept = Kept { by_id: HashedMap::default(), memory: budget.reserve(Part::Caches) };
        Identities { kept: Mutex::new(kept), limit_bytes: budget.limit(Part::Caches) / SHARE }
    }

    /// The identity of a series, made when it is not kept.
    pub fn of(&self, id: u128, series: &Series) -> Result<Arc<Identity>, Error> {
        let locked = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = locked().by_id.get(&id) {
            return Ok(known.clone());
        }
        let identity = Arc::new(Identity::of(series)?);
        let mut kept = locked();
        if kept.memory.bytes() >= self.limit_bytes {
            // Those that are asked for again are soon back.
            let all = kept.memory.bytes();
            kept.by_id.clear();
            kept.memory.shrink(all);
        }
        if kept.by_id.insert(id, identity.clone()).is_none() {
            kept.memory.grow_anyway(identity.bytes());
        }
        Ok(identity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_cache_is_emptied_and_goes_on() {
        let budget = Budget::new(64 << 20);
        let identities = Identities::new(&budget);
        for id in 0..60_000_u128 {
            let series = Series { name: format!("metric.{id}").into(), ..Series::default() };
            assert_eq!(identities.of(id, &series).unwrap().name, format!("metric_{id}"));
            assert!(identities.kept.lock().unwrap().memory.bytes() <= identities.limit_bytes + 1_000);
        }
        let kept = identities.kept.lock().unwrap();
        assert!(kept.by_id.len() < 60_000 && !kept.by_id.is_empty());
    }
}
