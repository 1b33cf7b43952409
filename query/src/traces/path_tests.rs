use super::*;
use crate::traces::layout::{Node, layout};
use proptest::prelude::*;

/// `(id, parent, start, end)`; parent 0 is none.
type Span = (u64, u64, i64, i64);

/// The layout, with start and end by row, and the id of each row.
fn laid_out(spans: &[Span]) -> (Layout, Vec<i64>, Vec<i64>, Vec<u64>) {
    let node = |(id, parent, start, _): &Span| Node {
        span_id: id.to_be_bytes(),
        parent: (*parent != 0).then(|| parent.to_be_bytes()),
        start: *start,
    };
    let nodes: Vec<Node> = spans.iter().map(node).collect();
    let layout = layout(&nodes);
    let of = |get: fn(&Span) -> i64| layout.node.iter().map(|at| get(&spans[*at])).collect();
    let ids = layout.node.iter().map(|at| spans[*at].0).collect();
    (layout.clone(), of(|span| span.2), of(|span| span.3), ids)
}

/// The path from its beginning, as `(id, start, end)`.
fn path(spans: &[Span]) -> Vec<(u64, i64, i64)> {
    let (layout, start, end, ids) = laid_out(spans);
    let segments = times(&layout, &start, &end).segments;
    segments.iter().rev().map(|segment| (ids[segment.row as usize], segment.start, segment.end)).collect()
}

#[test]
fn the_path_goes_into_the_child_that_finished_last() {
    // 3 runs beside 2 and ends before it, so it does not count; 4 is before both.
    let spans = [(1, 0, 0, 100), (2, 1, 30, 90), (3, 1, 20, 80), (4, 1, 5, 15), (5, 2, 40, 60)];
    assert_eq!(
        path(&spans),
        [(1, 0, 5), (4, 5, 15), (1, 15, 30), (2, 30, 40), (5, 40, 60), (2, 60, 90), (1, 90, 100)]
    );
}

#[test]
fn children_outside_of_their_parents_are_clipped() {
    // 2 starts early and ends late; 3 was only begun when the parent had ended.
    let spans = [(1, 0, 10, 50), (2, 1, 0, 70), (3, 1, 60, 90), (4, 2, 5, 45)];
    assert_eq!(path(&spans), [(4, 10, 45), (2, 45, 50)]);
    // A span that ends before it starts takes no time.
    assert_eq!(path(&[(1, 0, 0, 10), (2, 1, 8, 3)]), [(1, 0, 10)]);
}

#[test]
fn self_time_is_what_no_child_covers() {
    let spans = [(1, 0, 0, 100), (2, 1, 10, 40), (3, 1, 30, 60), (4, 1, 90, 200), (5, 9, 0, 5)];
    let (layout, start, end, ids) = laid_out(&spans);
    let mut of_id: Vec<(u64, i64)> = ids.into_iter().zip(times(&layout, &start, &end).self_ns).collect();
    of_id.sort_unstable();
    assert_eq!(of_id, [(1, 40), (2, 30), (3, 30), (4, 110), (5, 5)]);
}

#[test]
fn a_chain_of_100_000_spans_needs_no_stack() {
    let spans: Vec<Span> = (1..=100_000).map(|n| (n, n - 1, n as i64, 200_000 - n as i64)).collect();
    let (layout, start, end, _) = laid_out(&spans);
    let times = times(&layout, &start, &end);
    assert_eq!(times.critical_ns.iter().sum::<i64>(), 199_998);
    assert_eq!(times.self_ns.iter().sum::<i64>(), 199_998);
}

/// The same by its definition: a moment of a root belongs to the span that the walk back is in.
fn naive(row: usize, from: i64, to: i64, layout: &Layout, start: &[i64], end: &[i64], own: &mut [i64]) {
    let mut at = to;
    loop {
        let children = (0..start.len()).filter(|child| layout.parent[*child] == row as i32);
        let clipped = children.map(|child| {
            let begin = start[child].clamp(from, to);
            (end[child].clamp(begin, to), begin, child)
        });
        let before = clipped.filter(|(end, begin, _)| *end <= at && end > begin);
        let last = before.max_by_key(|(end, begin, child)| (*end, -begin, std::cmp::Reverse(*child)));
        let Some((finish, begin, child)) = last else { break };
        own[row] += at - finish;
        naive(child, begin, finish, layout, start, end, own);
        at = begin;
    }
    own[row] += at - from;
}

proptest! {
    #[test]
    fn the_path_is_as_long_as_its_root_and_self_times_are_what_is_left(
        spans in prop::collection::vec((1u64..20, 0u64..22, 0i64..40, -3i64..40), 1..25),
    ) {
        let spans: Vec<Span> =
            spans.into_iter().map(|(id, parent, start, took)| (id, parent, start, start + took)).collect();
        let (layout, start, end, _) = laid_out(&spans);
        let times = times(&layout, &start, &end);
        let mut own = vec![0; start.len()];
        for root in (0..start.len()).filter(|row| layout.parent[*row] < 0) {
            let rows = root..root + layout.subtree_size[root] as usize;
            let length = (end[root] - start[root]).max(0);
            prop_assert_eq!(times.critical_ns[rows.clone()].iter().sum::<i64>(), length);
            let mut at = end[root].max(start[root]);
            for segment in times.segments.iter().filter(|segment| rows.contains(&(segment.row as usize))) {
                prop_assert_eq!(segment.end, at);
                prop_assert!(segment.start < segment.end);
                at = segment.start;
            }
            prop_assert_eq!(at, start[root]);
            naive(root, start[root], end[root].max(start[root]), &layout, &start, &end, &mut own);
        }
        prop_assert_eq!(&times.critical_ns, &own);
        for row in 0..start.len() {
            let alone = (start[row]..end[row]).filter(|moment| {
                (0..start.len()).all(|child| {
                    layout.parent[child] != row as i32 || !(start[child]..end[child]).contains(moment)
                })
            });
            prop_assert_eq!(times.self_ns[row], alone.count() as i64);
        }
    }

    /// Where children are in their parents and one after the other, self times and the critical
    /// path both part the root's time, alike.
    #[test]
    fn without_concurrency_self_times_partition_the_root(cuts in prop::collection::vec((0u64..8, 0i64..20, 0i64..20), 0..20)) {
        let mut spans: Vec<Span> = vec![(1, 0, 0, 10_000)];
        let mut free = vec![0];
        for (parent, gap, took) in cuts {
            let parent = parent as usize % spans.len();
            let begin = free[parent] + gap;
            if begin + took > spans[parent].3 {
                continue;
            }
            free[parent] = begin + took;
            spans.push((spans.len() as u64 + 1, parent as u64 + 1, begin, begin + took));
            free.push(begin);
        }
        let (layout, start, end, _) = laid_out(&spans);
        let times = times(&layout, &start, &end);
        prop_assert_eq!(times.self_ns.iter().sum::<i64>(), 10_000);
        prop_assert_eq!(times.self_ns, times.critical_ns);
    }
}
