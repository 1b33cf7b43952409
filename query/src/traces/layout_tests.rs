use super::*;
use proptest::prelude::*;

fn id(number: u64) -> SpanId {
    number.to_be_bytes()
}

/// `(id, parent, start)`; parent 0 is none.
fn nodes(spans: &[(u64, u64, i64)]) -> Vec<Node> {
    let node = |(span, parent, start): &(u64, u64, i64)| Node {
        span_id: id(*span),
        parent: (*parent != 0).then(|| id(*parent)),
        start: *start,
    };
    spans.iter().map(node).collect()
}

#[test]
fn children_are_in_order_of_start() {
    let layout = layout(&nodes(&[(3, 1, 30), (2, 1, 20), (1, 0, 10), (4, 2, 25)]));
    assert_eq!(layout.node, [2, 1, 3, 0]);
    assert_eq!(layout.parent, [-1, 0, 1, 0]);
    assert_eq!(layout.depth, [0, 1, 2, 1]);
    assert_eq!(layout.subtree_size, [4, 2, 1, 1]);
    assert_eq!(layout.parent_missing, [false; 4]);
}

#[test]
fn a_missing_parent_makes_a_root() {
    let layout = layout(&nodes(&[(1, 0, 10), (2, 9, 5), (3, 2, 6)]));
    assert_eq!(layout.node, [1, 2, 0]);
    assert_eq!(layout.parent_missing, [true, false, false]);
    assert_eq!(layout.parent, [-1, 0, -1]);
}

#[test]
fn rings_are_opened_at_their_earliest_span() {
    // 1 is its own parent; 2 → 3 → 4 → 2 is a ring with 5 hanging on it.
    let layout = layout(&nodes(&[(5, 3, 1), (1, 1, 2), (2, 4, 20), (3, 2, 10), (4, 3, 30)]));
    assert_eq!(layout.cycles, 2);
    assert_eq!(layout.node, [1, 3, 0, 4, 2]);
    assert_eq!(layout.depth, [0, 0, 1, 1, 2]);
}

#[test]
fn children_of_a_reused_id_belong_to_the_earliest() {
    let layout = layout(&nodes(&[(1, 0, 20), (1, 0, 10), (2, 1, 30)]));
    assert_eq!(layout.reused_ids, 1);
    assert_eq!(layout.node, [1, 2, 0]);
}

#[test]
fn a_chain_of_100_000_spans_needs_no_stack() {
    let count = 100_000u64;
    let spans: Vec<_> = (1..=count).map(|n| (n, n - 1, n as i64)).collect();
    let layout = layout(&nodes(&spans));
    assert_eq!(layout.depth.last(), Some(&(count as u32 - 1)));
    assert_eq!(layout.subtree_size[0], count as u32);
}

proptest! {
    /// Any graph of parents: every node once, parents above their children, subtrees are runs.
    #[test]
    fn every_node_is_drawn_once(spans in prop::collection::vec((1u64..30, 0u64..34, 0i64..20), 0..60)) {
        let nodes = nodes(&spans);
        let layout = layout(&nodes);
        let mut drawn = layout.node.clone();
        drawn.sort_unstable();
        prop_assert_eq!(drawn, (0..nodes.len()).collect::<Vec<_>>());
        for row in 0..nodes.len() {
            let end = row + layout.subtree_size[row] as usize;
            prop_assert!(end <= nodes.len());
            prop_assert!((row + 1..end).all(|below| layout.depth[below] > layout.depth[row]));
            prop_assert!(end == nodes.len() || layout.depth[end] <= layout.depth[row]);
            let node = &nodes[layout.node[row]];
            match usize::try_from(layout.parent[row]) {
                Ok(parent) => {
                    prop_assert!(parent < row && row < parent + layout.subtree_size[parent] as usize);
                    prop_assert_eq!(layout.depth[row], layout.depth[parent] + 1);
                    prop_assert_eq!(node.parent, Some(nodes[layout.node[parent]].span_id));
                }
                Err(_) => prop_assert_eq!(layout.depth[row], 0),
            }
        }
        let siblings = (1..nodes.len()).flat_map(|row| (0..row).map(move |before| (before, row)));
        for (before, row) in siblings.filter(|(before, row)| layout.parent[*before] == layout.parent[*row]) {
            prop_assert!(nodes[layout.node[before]].start <= nodes[layout.node[row]].start);
        }
        let orphans = nodes.iter().filter(|node| {
            node.parent.is_some_and(|parent| nodes.iter().all(|other| other.span_id != parent))
        });
        prop_assert_eq!(layout.parent_missing.iter().filter(|missing| **missing).count(), orphans.count());
    }
}
