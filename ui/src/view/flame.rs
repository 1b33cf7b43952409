//! A trace as a flame graph: spans whose services and operations are the same from the root down are one
//! frame. A frame is as wide as the time of its own of all spans in it and below it, so that frames beside
//! each other never overlap, also where spans ran at the same time.

use super::order::sort_by;
use super::waterfall::STATUS_ERROR;
use ocelli_api::traces::TraceResponse;
use std::cmp::Reverse;
use std::collections::HashMap;

/// Spans of one way from a root down.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Node {
    /// The frame above, none for a root.
    pub parent: Option<usize>,
    pub depth: u32,
    /// Frames of the subtree, this one included; they follow in the list.
    pub size: usize,
    /// Indices into the names of the trace.
    pub service: u32,
    pub operation: u32,
    pub spans: u64,
    pub errors: u64,
    /// Of its spans alone.
    pub self_ns: i64,
    /// With all that is below.
    pub total_ns: i64,
    /// Of the total of all roots before it.
    pub start_ns: i64,
    /// The row of its first span, which names it in the URL.
    pub row: u32,
    /// The row of its longest span.
    pub longest: u32,
}

/// Frames in depth-first order, of brothers the widest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Flame {
    pub nodes: Vec<Node>,
}

impl Flame {
    pub fn of(trace: &TraceResponse) -> Self {
        let spans = &trace.spans;
        let len = spans.span_id.len();
        let mut found = Vec::<Node>::new();
        let mut node_of_row = vec![0usize; len];
        let mut ways = HashMap::new();
        for row in 0..len {
            // A parent comes before its children; what says otherwise is a root.
            let above = usize::try_from(spans.parent[row]).ok().filter(|parent| *parent < row);
            let parent = above.map(|above| node_of_row[above]);
            let (service, operation) = (spans.service[row], spans.operation[row]);
            let at = *ways.entry((parent, service, operation)).or_insert_with(|| {
                let depth = parent.map_or(0, |parent| found[parent].depth + 1);
                let row = row as u32;
                found.push(Node { parent, depth, service, operation, row, longest: row, ..Node::default() });
                found.len() - 1
            });
            node_of_row[row] = at;
            let node = &mut found[at];
            let duration = |row: u32| spans.duration_ns[row as usize];
            node.spans += 1;
            node.errors += u64::from(spans.status[row] == STATUS_ERROR);
            node.self_ns =
                node.self_ns.saturating_add(spans.self_ns.get(row).copied().unwrap_or_default().max(0));
            if duration(row as u32) > duration(node.longest) {
                node.longest = row as u32;
            }
        }
        Self { nodes: in_order(found) }
    }

    /// The frame whose first span has this id.
    pub fn find(&self, trace: &TraceResponse, span_id: &str) -> Option<usize> {
        self.nodes
            .iter()
            .position(|node| trace.spans.span_id.get(node.row as usize).is_some_and(|id| id == span_id))
    }

    pub fn total_ns(&self) -> i64 {
        self.nodes.iter().filter(|node| node.parent.is_none()).map(|node| node.total_ns).sum()
    }

    /// What is drawn in `width_px` when one frame is as wide as the picture: the frames above it, and those
    /// below it that are at least `least_px` wide.
    pub fn frames(&self, zoom: Option<usize>, width_px: f64, least_px: f64) -> Vec<Frame> {
        let zoomed = zoom.and_then(|zoom| self.nodes.get(zoom));
        let (from, whole) = zoomed.map_or((0, self.total_ns()), |node| (node.start_ns, node.total_ns));
        let per_ns = width_px / whole.max(1) as f64;
        let mut frames = Vec::new();
        let mut above = zoomed.and_then(|node| node.parent);
        while let Some(node) = above {
            frames.push(Frame { node, x: 0.0, width: width_px });
            above = self.nodes[node].parent;
        }
        frames.reverse();
        let mut at = zoom.filter(|_| zoomed.is_some()).unwrap_or(0);
        let end = zoomed.map_or(self.nodes.len(), |node| at + node.size);
        while at < end {
            let node = &self.nodes[at];
            let width = node.total_ns as f64 * per_ns;
            if width < least_px {
                at += node.size;
                continue;
            }
            frames.push(Frame { node: at, x: (node.start_ns - from) as f64 * per_ns, width });
            at += 1;
        }
        frames
    }

    /// The frame that a key leads to: into the widest below, out, or to a brother.
    pub fn step(&self, from: usize, key: &str) -> Option<usize> {
        let node = self.nodes.get(from)?;
        let end = node.parent.map_or(self.nodes.len(), |parent| parent + self.nodes[parent].size);
        match key {
            "ArrowDown" => (node.size > 1).then_some(from + 1),
            "ArrowUp" => node.parent,
            "ArrowRight" => Some(from + node.size).filter(|next| *next < end),
            "ArrowLeft" => (0..from)
                .rev()
                .find(|at| self.nodes[*at].parent == node.parent && self.nodes[*at].depth == node.depth),
            _ => None,
        }
    }
}

/// A frame as it is drawn, in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    pub node: usize,
    pub x: f64,
    pub width: f64,
}

/// The frame under a point; `depth` is its line.
pub fn hit(flame: &Flame, frames: &[Frame], x: f64, depth: u32) -> Option<usize> {
    let under = |frame: &&Frame| {
        flame.nodes[frame.node].depth == depth && (frame.x..frame.x + frame.width.max(1.0)).contains(&x)
    };
    frames.iter().find(under).map(|frame| frame.node)
}

/// Sums up, and puts subtrees behind each other.
fn in_order(mut found: Vec<Node>) -> Vec<Node> {
    let mut children = vec![Vec::new(); found.len()];
    let mut roots = Vec::new();
    // Parents are found before their children, so that going back sums up from the leaves.
    for at in (0..found.len()).rev() {
        found[at].total_ns = found[at].total_ns.saturating_add(found[at].self_ns);
        found[at].size += 1;
        let (total, size) = (found[at].total_ns, found[at].size);
        match found[at].parent {
            Some(parent) => {
                found[parent].total_ns = found[parent].total_ns.saturating_add(total);
                found[parent].size += size;
                children[parent].push(at);
            }
            None => roots.push(at),
        }
    }
    let key = |at: usize| (found[at].total_ns, Reverse(found[at].row));
    let widest_last = |of: &mut Vec<usize>| sort_by(of, |a, b| key(*a).cmp(&key(*b)));
    children.iter_mut().for_each(widest_last);
    widest_last(&mut roots);
    let mut ordered: Vec<Node> = Vec::with_capacity(found.len());
    // The place above, and where the next of its children begins.
    let mut next_ns = Vec::<i64>::with_capacity(found.len());
    let mut next_root_ns = 0i64;
    let mut open: Vec<(usize, Option<usize>)> = roots.into_iter().map(|at| (at, None)).collect();
    while let Some((at, parent)) = open.pop() {
        let node = found[at].clone();
        let next = parent.map_or(&mut next_root_ns, |parent| &mut next_ns[parent]);
        let start_ns = *next;
        *next = next.saturating_add(node.total_ns);
        open.extend(children[at].iter().map(|child| (*child, Some(ordered.len()))));
        ordered.push(Node { parent, start_ns, ..node });
        next_ns.push(start_ns);
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::waterfall::tests::tree;

    /// root 10 ─ a 10 ─ (b 30, c✗ 40); root ─ d 10, which is an operation of its own.
    fn flame() -> Flame {
        let mut spans = tree();
        spans.operation[4] = 4;
        Flame::of(&TraceResponse { spans, ..TraceResponse::default() })
    }

    #[test]
    fn the_widest_comes_first_and_nothing_overlaps() {
        let flame = flame();
        let short: Vec<_> =
            flame.nodes.iter().map(|n| (n.operation, n.depth, n.start_ns, n.total_ns, n.size)).collect();
        assert_eq!(
            short,
            [(0, 0, 0, 100, 5), (1, 1, 0, 80, 3), (3, 2, 0, 40, 1), (2, 2, 40, 30, 1), (4, 1, 80, 10, 1)]
        );
        assert_eq!(flame.nodes.iter().map(|n| n.errors).sum::<u64>(), 1);
        assert_eq!(flame.total_ns(), 100);
    }

    #[test]
    fn the_same_way_is_one_frame() {
        let mut spans = tree();
        (spans.service[3], spans.operation[3]) = (1, 2);
        let flame = Flame::of(&TraceResponse { spans, ..TraceResponse::default() });
        let twice = &flame.nodes[2];
        assert_eq!(
            (twice.operation, twice.spans, twice.total_ns, twice.row, twice.longest),
            (2, 2, 70, 2, 3)
        );
    }

    #[test]
    fn a_frame_as_wide_as_the_picture() {
        let flame = flame();
        let shown = |zoom| {
            let frames = flame.frames(zoom, 200.0, 1.0);
            frames.into_iter().map(|f| (f.node, f.x, f.width)).collect::<Vec<_>>()
        };
        assert_eq!(shown(None)[..3], [(0, 0.0, 200.0), (1, 0.0, 160.0), (2, 0.0, 80.0)]);
        assert_eq!(shown(Some(3)), [(0, 0.0, 200.0), (1, 0.0, 200.0), (3, 0.0, 200.0)]);
        assert_eq!(flame.frames(None, 200.0, 90.0).len(), 2, "what is too narrow is left out with all below");
        let frames = flame.frames(None, 200.0, 1.0);
        assert_eq!(hit(&flame, &frames, 100.0, 2), Some(3));
        assert_eq!(hit(&flame, &frames, 190.0, 2), None);
        assert_eq!(flame.frames(Some(99), 200.0, 1.0).len(), 5, "a frame that is gone is no zoom");
    }

    #[test]
    fn keys_walk() {
        let flame = flame();
        assert_eq!(flame.step(0, "ArrowDown"), Some(1));
        assert_eq!(flame.step(2, "ArrowRight"), Some(3));
        assert_eq!(flame.step(3, "ArrowRight"), None);
        assert_eq!(flame.step(4, "ArrowLeft"), Some(1));
        assert_eq!(flame.step(4, "ArrowUp"), Some(0));
    }

    #[test]
    fn hostile_parents_are_roots() {
        let mut spans = tree();
        spans.parent = vec![1, 0, 1, 1, 9];
        let flame = Flame::of(&TraceResponse { spans, ..TraceResponse::default() });
        assert_eq!(flame.nodes.iter().map(|node| node.spans).sum::<u64>(), 5);
        assert_eq!(Flame::of(&TraceResponse::default()), Flame::default());
    }
}
