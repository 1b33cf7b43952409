//! What is dear to open and cheap to keep, up to a number of bytes: the longest unused goes first, and before
//! all else what is merely quicker to find than to read again.

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
    /// Goes before others.
    spare: bool,
    used: u64,
}

/// Looking for the longest unused looks at all, so that room is made for some time where that costs little: one
/// part in so many.
const ROOM_ONE_IN: usize = 8;

#[derive(Default)]
struct State {
    kept: HashMap<Key, Kept>,
    bytes: usize,
    clock: u64,
}

impl State {
    /// Lets go until no more than the limit is left, but for what was used last.
    fn make_room(&mut self, limit_bytes: usize) {
        let mut order: Vec<_> = self.kept.iter().map(|(key, kept)| (!kept.spare, kept.used, *key)).collect();
        order.sort_unstable_by_key(|(dear, used, _)| (*dear, *used));
        let newest = self.clock;
        for (dear, used, key) in order {
            let enough = if dear { limit_bytes } else { limit_bytes - limit_bytes / ROOM_ONE_IN };
            if self.bytes <= enough {
                break;
            }
            if used != newest {
                self.bytes -= self.kept.remove(&key).map_or(0, |kept| kept.bytes);
            }
        }
    }
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

    pub fn limit_bytes(&self) -> usize {
        self.limit_bytes
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
        self.keep(key, value.clone(), bytes, false);
        Ok(value)
    }

    /// The value of a key, if it is kept.
    pub fn kept<V: Send + Sync + 'static>(&self, key: Key) -> Option<Arc<V>> {
        let mut state = self.locked();
        state.clock += 1;
        let clock = state.clock;
        let kept = state.kept.get_mut(&key)?;
        kept.used = clock;
        kept.value.clone().downcast().ok()
    }

    /// Keeps a value as long as nothing else needs the room.
    pub fn keep_spare<V: Send + Sync + 'static>(&self, key: Key, value: Arc<V>, bytes: usize) {
        self.keep(key, value, bytes, true);
    }

    fn keep(&self, key: Key, value: Arc<dyn Any + Send + Sync>, bytes: usize, spare: bool) {
        let mut state = self.locked();
        state.clock += 1;
        let kept = Kept { value, bytes, spare, used: state.clock };
        state.bytes += bytes;
        if let Some(before) = state.kept.insert(key, kept) {
            state.bytes -= before.bytes;
        }
        if state.bytes > self.limit_bytes {
            state.make_room(self.limit_bytes);
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

    #[test]
    fn what_is_spare_goes_before_what_is_older() {
        let cache = Cache::new(100);
        let dear = |segment| cache.get(Key::only(segment, "footer"), || Ok::<_, ()>(((), 40))).unwrap();
        dear(1);
        (0..4).for_each(|part| {
            cache.keep_spare(Key { segment: 1, what: "points", part }, Arc::new(part), 10);
        });
        dear(2);
        let left = |part| cache.kept::<u32>(Key { segment: 1, what: "points", part }).is_some();
        assert_eq!([0, 1, 2, 3].map(left), [false; 4]);
        assert!(cache.kept::<()>(Key::only(1, "footer")).is_some());
        assert_eq!(cache.bytes(), 80);
    }
}
