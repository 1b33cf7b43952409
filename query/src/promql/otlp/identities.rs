//! Labels of series that were asked for before: making them costs more than reading a few samples.

use super::identity::Identity;
use crate::Error;
use ocelli_signal::Series;
use ocelli_signal::hashed::HashedMap;
use ocelli_storage::budget::{Budget, Part, Reservation};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
    /// Values of labels: equal ones are one, which makes comparing label sets quick.
    texts: HashSet<Arc<str>>,
    memory: Reservation,
}

impl Kept {
    fn keep(&mut self, id: u128, mut identity: Identity, limit_bytes: usize) -> Arc<Identity> {
        if self.memory.bytes() >= limit_bytes {
            // Those that are asked for again are soon back.
            let all = self.memory.bytes();
            self.by_id.clear();
            self.texts.clear();
            self.memory.shrink(all);
        }
        identity.labels.share_values(|text| {
            let shared = self.texts.get(text).cloned();
            shared.unwrap_or_else(|| {
                self.texts.insert(text.clone());
                text.clone()
            })
        });
        let identity = Arc::new(identity);
        if self.by_id.insert(id, identity.clone()).is_none() {
            self.memory.grow_anyway(identity.bytes());
        }
        identity
    }
}

impl Identities {
    pub fn new(budget: &Arc<Budget>) -> Identities {
        let memory = budget.reserve(Part::Caches);
        let kept = Kept { by_id: HashedMap::default(), texts: HashSet::new(), memory };
        Identities { kept: Mutex::new(kept), limit_bytes: budget.limit(Part::Caches) / SHARE }
    }

    fn locked(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The identity of a series, made when it is not kept.
    pub fn of(&self, id: u128, series: &Series) -> Result<Arc<Identity>, Error> {
        if let Some(known) = self.locked().by_id.get(&id) {
            return Ok(known.clone());
        }
        let identity = Identity::of(series)?;
        Ok(self.locked().keep(id, identity, self.limit_bytes))
    }

    /// Those of many, in their order.
    pub fn of_all<'s>(
        &self,
        all: impl Iterator<Item = (u128, &'s Arc<Series>)> + Clone,
    ) -> Result<Vec<Arc<Identity>>, Error> {
        let kept = self.locked();
        let known: Vec<_> = all.clone().map(|(id, _)| kept.by_id.get(&id).cloned()).collect();
        drop(kept);
        let of = |(known, (id, series)): (Option<Arc<Identity>>, (u128, &Arc<Series>))| {
            known.map_or_else(|| self.of(id, series), Ok)
        };
        known.into_iter().zip(all).map(of).collect()
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
