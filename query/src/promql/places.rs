//! What depends on the times of samples alone, found once for all series that share them.

use super::window::{advance, count_until};
use std::collections::HashMap;
use std::sync::Arc;

/// Stands for a step at which there is no sample.
const NONE: usize = usize::MAX;
/// Series that have times of their own are not remembered by the million …
const MOST: usize = 1 << 10;
/// … and what is found for each step takes no more than for so many steps together.
const MOST_STEPS: usize = 1 << 19;

/// By times, which are the same where they are one list.
pub struct ByTimes<P> {
    /// Lists are held, so that no other one comes to lie where they are.
    found: Vec<(Arc<Vec<i64>>, P)>,
    places: HashMap<usize, usize>,
    /// What was asked for last: neighbours mostly share their times.
    last: (usize, usize),
    most: usize,
}

impl<P> ByTimes<P> {
    pub fn new() -> ByTimes<P> {
        ByTimes { found: Vec::new(), places: HashMap::new(), last: (0, 0), most: MOST }
    }

    /// Where something is found for each of so many steps.
    pub fn of_steps(steps: usize) -> ByTimes<P> {
        ByTimes { most: (MOST_STEPS / steps.max(1)).clamp(1, MOST), ..ByTimes::new() }
    }

    /// What was found for some times, which is found when they are met first.
    pub fn of(&mut self, times: &Arc<Vec<i64>>, find: impl FnOnce(&[i64]) -> P) -> &P {
        let key = Arc::as_ptr(times) as usize;
        if self.last.0 != key {
            let known = self.places.get(&key).copied();
            self.last = (key, known.unwrap_or_else(|| self.add(key, times, find(times))));
        }
        &self.found[self.last.1].1
    }

    fn add(&mut self, key: usize, times: &Arc<Vec<i64>>, found: P) -> usize {
        if self.found.len() >= self.most {
            self.found.clear();
            self.places.clear();
        }
        self.found.push((times.clone(), found));
        let place = self.found.len() - 1;
        self.places.insert(key, place);
        place
    }
}

/// The place of the newest time in `(step - lookback, step]` for each of the rising steps.
pub fn latest(times: &[i64], steps: &[i64], lookback_ms: i64) -> Vec<Current> {
    let mut passed = 0;
    let find = |step: &i64| {
        let step = *step;
        passed += count_until(&times[passed..], step);
        let current = passed.checked_sub(1).filter(|at| times[*at] > step - lookback_ms);
        Current(current.unwrap_or(NONE))
    };
    steps.iter().map(find).collect()
}

/// A place, if there is one.
#[derive(Clone, Copy)]
pub struct Current(usize);

impl Current {
    pub fn get(self) -> Option<usize> {
        (self.0 != NONE).then_some(self.0)
    }
}

/// Where the windows `(start, end]` begin and end, whose ends only rise.
pub fn windows(times: &[i64], bounds: impl Iterator<Item = (i64, i64)>) -> Vec<(usize, usize)> {
    let mut places = (0, 0);
    let find = |(start, end): (i64, i64)| {
        advance(times, &mut places, start, end);
        places
    };
    bounds.map(find).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_is_that_of_the_times() {
        let lists: Vec<Arc<Vec<i64>>> = (0..3 * MOST as i64).map(|at| Arc::new(vec![at])).collect();
        let mut firsts = ByTimes::new();
        for times in lists.iter().chain(&lists).flat_map(|times| [times, times]) {
            assert_eq!(*firsts.of(times, |times| times[0]), times[0]);
            assert_eq!(*firsts.of(times, |_| unreachable!("it is known")), times[0]);
            assert!(firsts.found.len() <= MOST);
        }
    }

    #[test]
    fn the_newest_of_a_step_is_young_enough() {
        let found = latest(&[10, 20, 30], &[5, 10, 29, 34, 35, 40], 5);
        let places: Vec<Option<usize>> = found.into_iter().map(Current::get).collect();
        assert_eq!(places, [None, Some(0), None, Some(2), None, None]);
        assert_eq!(windows(&[10, 20, 30], [(0, 9), (0, 20), (10, 30)].into_iter()), [(0, 0), (0, 2), (1, 3)]);
    }
}
