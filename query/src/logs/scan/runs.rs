//! Runs of rows: ascending, and apart from each other.

use std::ops::Range;

pub type Runs = Vec<Range<u32>>;

/// Rows that are in a run of both.
pub fn both(a: &[Range<u32>], b: &[Range<u32>]) -> Runs {
    let common = |a: &Range<u32>, b: &Range<u32>| a.start.max(b.start)..a.end.min(b.end);
    let pairs = a.iter().flat_map(|a| b.iter().map(move |b| common(a, b)));
    pairs.filter(|run| run.start < run.end).collect()
}

/// Rows that are in a run of one of them.
pub fn either(a: &[Range<u32>], b: &[Range<u32>]) -> Runs {
    let mut all: Vec<Range<u32>> = a.iter().chain(b).cloned().collect();
    all.sort_unstable_by_key(|run| run.start);
    let mut joined: Runs = Vec::with_capacity(all.len());
    for run in all {
        match joined.last_mut().filter(|last| run.start <= last.end) {
            Some(last) => last.end = last.end.max(run.end),
            None => joined.push(run),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_runs() -> impl Strategy<Value = Vec<Range<u32>>> {
        let runs = prop::collection::vec((0u32..50, 1u32..9), 0..5);
        runs.prop_map(|runs| {
            let one = |(start, len): (u32, u32)| Vec::from_iter(std::iter::once(start..start + len));
            runs.into_iter().fold(Vec::new(), |all, run| either(&all, &one(run)))
        })
    }

    proptest! {
        #[test]
        fn are_sets_of_rows(a in any_runs(), b in any_runs()) {
            let has = |runs: &[Range<u32>], row: u32| runs.iter().any(|run| run.contains(&row));
            let (both, either) = (both(&a, &b), either(&a, &b));
            for row in 0..60 {
                prop_assert_eq!(has(&both, row), has(&a, row) && has(&b, row));
                prop_assert_eq!(has(&either, row), has(&a, row) || has(&b, row));
            }
            for runs in [&both, &either] {
                prop_assert!(runs.iter().is_sorted_by(|one, next| one.end < next.start), "{:?}", runs);
            }
        }
    }
}
