//! What is dear to open and cheap to keep, up to a number of bytes: the longest unused goes first.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Which thing of which segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// A number that no other segment of this process has.
    pub segment: u64,
    pub what: &'static str,
    /// Which of those, where there are several.
    pub part: u32,
}

impl Key {
    /// What a segment has one of.
    pub fn only(segment: u64, what: &'static str) -> Key {
        Key { segment, what, part: 0 }
    }
}

struct Kept {
    value: Arc<dyn Any + Send + Sync>,
    bytes: usize,
    used: u64,
}

#[derive(Default)]
struct State {
    kept: HashMap<Key, Kept>,
    bytes: usize,
    clock: u64,
}

/// Shared by all segments of a store.
pub struct Cache {
    state: Mutex<State>,
    limit_bytes: usize,
}

impl Cache {
    pub fn new(limit_bytes: usize) -> Cache {
        Cache { state: Mutex::default(), limit_bytes }
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The value of a key, made when it is not kept. Two who ask at once may both make it.
    pub fn get<V, E>(&self, key: Key, make: impl FnOnce() -> Result<(V, usize), E>) -> Result<Arc<V>, E>
    where
        V: Send + Sync + 'static,
    {
        if let Some(value) = self.kept(key) {
            return Ok(value);
        }
        let (value, bytes) = make()?;
        let value = Arc::new(value);
        self.keep(key, value.clone(), bytes);
        Ok(value)
    }

    fn kept<V: Send + Sync + 'static>(&self, key: Key) -> Option<Arc<V>> {
        let mut state = self.locked();
        state.clock += 1;
        let clock = state.clock;
        let kept = state.kept.get_mut(&key)?;
        kept.used = clock;
        kept.value.clone().downcast().ok()
    }

    fn keep(&self, key: Key, value: Arc<dyn Any + Send + Sync>, bytes: usize) {
        let mut state = self.locked();
        state.clock += 1;
        let kept = Kept { value, bytes, used: state.clock };
        state.bytes += bytes;
        if let Some(before) = state.kept.insert(key, kept) {
            state.bytes -= before.bytes;
        }
        while state.bytes > self.limit_bytes && state.kept.len() > 1 {
            let Some(oldest) = state.kept.iter().min_by_key(|(_, kept)| kept.used).map(|(key, _)| *key)
            else {
                break;
            };
            state.bytes -= state.kept.remove(&oldest).map_or(0, |kept| kept.bytes);
        }
    }

    /// Lets go of everything of a segment that is no more.
    pub fn forget(&self, segment: u64) {
        let mut state = self.locked();
        let gone: usize =
            state.kept.extract_if(|key, _| key.segment == segment).map(|(_, kept)| kept.bytes).sum();
        state.bytes -= gone;
    }

    pub fn bytes(&self) -> usize {
        self.locked().bytes
    }
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cache").field("bytes", &self.bytes()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_unused_goes_first() {
        let cache = Cache::new(100);
        let mut made = Vec::new();
        for segment in [1, 2, 1, 3, 1, 2] {
            let key = Key::only(segment, "footer");
            let value: Result<Arc<u64>, ()> = cache.get(key, || {
                made.push(segment);
                Ok((segment * 10, 50))
            });
            assert_eq!(*value.unwrap(), segment * 10);
        }
        assert_eq!(made, [1, 2, 3, 2]);
        assert!(cache.bytes() <= 100);
        cache.forget(2);
        assert_eq!((cache.bytes(), cache.kept::<u64>(Key::only(2, "footer"))), (50, None));
    }
}
