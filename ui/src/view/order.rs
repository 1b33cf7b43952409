//! Sorting, compiled once: the standard library's sort is a good kilobyte for each type and each comparison,
//! and what a page sorts is short.

use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Equal ones keep their order.
pub fn sort_by<T>(items: &mut [T], compare: impl Fn(&T, &T) -> Ordering) {
    let mut order = order(items.len(), &|a, b| compare(&items[a], &items[b]));
    // Each cycle of the permutation once; a place that is done names itself.
    for first in 0..order.len() {
        let mut at = first;
        while order[at] != first {
            let next = order[at];
            items.swap(at, next);
            order[at] = at;
            at = next;
        }
        order[at] = at;
    }
}

/// The places of `len` items in their order.
#[inline(never)]
pub fn order(len: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..len).collect();
    order.sort_by(|a, b| compare(*a, *b));
    order
}

/// A map of all. `collect` would sort them first.
pub fn map<K: Ord, V>(items: impl Iterator<Item = (K, V)>) -> BTreeMap<K, V> {
    let mut map = BTreeMap::new();
    map.extend(items);
    map
}

/// The value of a key in a list that is in the order of its keys; that of a new key is the default. A map of the
/// standard library is two kilobytes for each type, and what a page counts by is short.
pub fn entry<K: Ord, V: Default>(items: &mut Vec<(K, V)>, key: K) -> &mut V {
    let place = match items.binary_search_by(|item| item.0.cmp(&key)) {
        Ok(place) => place,
        Err(place) => {
            items.insert(place, (key, V::default()));
            place
        }
    };
    &mut items[place].1
}

/// Each text once, in order.
pub fn distinct<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut texts: Vec<&str> = texts.collect();
    sort_by(&mut texts, |a, b| a.cmp(b));
    texts.dedup();
    texts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_as_the_standard_library_does() {
        // A generator with a long period; equal keys show whether the sort is stable.
        let mut state = 1u64;
        for len in 0..200usize {
            let mut ours: Vec<(u64, usize)> = (0..len)
                .map(|place| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    ((state >> 60), place)
                })
                .collect();
            let mut theirs = ours.clone();
            sort_by(&mut ours, |a, b| a.0.cmp(&b.0));
            theirs.sort_by_key(|item| item.0);
            assert_eq!(ours, theirs);
        }
    }

    #[test]
    fn entries_are_in_order_and_found_again() {
        let mut counts = Vec::new();
        for word in ["b", "a", "c", "a", "b", "a"] {
            *entry(&mut counts, word) += 1;
        }
        assert_eq!(counts, [("a", 3), ("b", 2), ("c", 1)]);
        assert!(map(counts.into_iter()).into_iter().eq([("a", 3), ("b", 2), ("c", 1)]));
    }

    #[test]
    fn each_text_once() {
        assert_eq!(distinct(["b", "a", "b", "", "a"].into_iter()), ["", "a", "b"]);
    }
}
