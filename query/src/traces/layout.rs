//! The order in which a trace is drawn: depth first, children by start.
//!
//! Iterative, because a trace may be a chain of 100,000 spans. Broken traces are laid out too: a
//! span whose parent is missing is a root, and a ring of parents is opened at its earliest span.

use std::collections::HashMap;

pub type SpanId = [u8; 8];

/// What the order depends on.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Node {
    pub span_id: SpanId,
    pub parent: Option<SpanId>,
    pub start: i64,
}

/// Columns in drawing order; a subtree is a run of rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    /// Which node is drawn in a row.
    pub node: Vec<usize>,
    /// Row of the parent, -1 for a root.
    pub parent: Vec<i32>,
    /// A parent is named, but is not among the nodes.
    pub parent_missing: Vec<bool>,
    pub depth: Vec<u32>,
    /// Rows of the subtree, the row itself included.
    pub subtree_size: Vec<u32>,
    /// Rings of parents that were opened.
    pub cycles: usize,
    /// Nodes whose id an earlier one has; children belong to the earliest.
    pub reused_ids: usize,
}

pub fn layout(nodes: &[Node]) -> Layout {
    let mut by_start: Vec<usize> = (0..nodes.len()).collect();
    by_start.sort_by_key(|at| (nodes[*at].start, nodes[*at].span_id, *at));
    let mut of_id: HashMap<SpanId, usize> = HashMap::with_capacity(nodes.len());
    for at in &by_start {
        of_id.entry(nodes[*at].span_id).or_insert(*at);
    }
    let mut parents: Vec<Option<usize>> =
        nodes.iter().map(|node| node.parent.and_then(|id| of_id.get(&id).copied())).collect();
    let cycles = open_cycles(&by_start, &mut parents);
    let children = Children::of(&by_start, &parents);
    let mut layout =
        Layout { cycles, reused_ids: nodes.len() - of_id.len(), ..walk(&by_start, &parents, &children) };
    let missing = |at: &usize| nodes[*at].parent.is_some_and(|id| !of_id.contains_key(&id));
    layout.parent_missing = layout.node.iter().map(missing).collect();
    layout
}

/// Cuts every ring of parents above its earliest node; gives how many there were.
fn open_cycles(by_start: &[usize], parents: &mut [Option<usize>]) -> usize {
    const UNSEEN: usize = 0;
    // The number of the climb that came by first.
    let mut seen = vec![UNSEEN; parents.len()];
    let mut rank = vec![0; parents.len()];
    by_start.iter().enumerate().for_each(|(at, node)| rank[*node] = at);
    let mut cycles = 0;
    for (climb, start) in by_start.iter().enumerate() {
        let climb = climb + 1;
        let mut at = *start;
        while seen[at] == UNSEEN {
            seen[at] = climb;
            match parents[at] {
                Some(parent) => at = parent,
                None => break,
            }
        }
        if seen[at] != climb || parents[at].is_none() {
            continue;
        }
        // This climb met itself: `at` lies on a ring.
        let (mut earliest, mut next) = (at, parents[at]);
        while let Some(node) = next.filter(|node| *node != at) {
            if rank[node] < rank[earliest] {
                earliest = node;
            }
            next = parents[node];
        }
        parents[earliest] = None;
        cycles += 1;
    }
    cycles
}

/// The children of all nodes in one list, each node's a run of it, by start.
struct Children {
    first: Vec<usize>,
    list: Vec<usize>,
}

impl Children {
    fn of(by_start: &[usize], parents: &[Option<usize>]) -> Children {
        let mut first = vec![0; parents.len() + 1];
        parents.iter().flatten().for_each(|parent| first[parent + 1] += 1);
        for at in 0..parents.len() {
            first[at + 1] += first[at];
        }
        let mut next = first.clone();
        let mut list = vec![0; first[parents.len()]];
        for node in by_start {
            if let Some(parent) = parents[*node] {
                list[next[parent]] = *node;
                next[parent] += 1;
            }
        }
        Children { first, list }
    }

    fn of_node(&self, node: usize) -> &[usize] {
        &self.list[self.first[node]..self.first[node + 1]]
    }
}

fn walk(by_start: &[usize], parents: &[Option<usize>], children: &Children) -> Layout {
    let mut layout = Layout::default();
    // Next on top; roots and children are pushed latest first.
    let mut stack: Vec<(usize, i32, u32)> =
        by_start.iter().rev().filter(|node| parents[**node].is_none()).map(|node| (*node, -1, 0)).collect();
    while let Some((node, parent_row, depth)) = stack.pop() {
        let row = layout.node.len() as i32;
        layout.node.push(node);
        layout.parent.push(parent_row);
        layout.depth.push(depth);
        stack.extend(children.of_node(node).iter().rev().map(|child| (*child, row, depth + 1)));
    }
    layout.subtree_size = vec![1; layout.node.len()];
    for row in (0..layout.node.len()).rev() {
        if let Ok(parent) = usize::try_from(layout.parent[row]) {
            layout.subtree_size[parent] += layout.subtree_size[row];
        }
    }
    layout
}

#[cfg(test)]
#[path = "layout_tests.rs"]
mod tests;
