//! Sorting, compiled once: the standard library's sort is a good kilobyte for each type and each comparison,
//! and what a page sorts is short.

use std::cmp::Ordering;

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
    fn each_text_once() {
        assert_eq!(distinct(["b", "a", "b", "", "a"].into_iter()), ["", "a", "b"]);
    }
}
