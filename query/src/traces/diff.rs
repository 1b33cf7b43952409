//! Two traces beside each other.
//!
//! Spans belong together whose services and operations are the same from the root down, so that a
//! loop of a hundred calls is one row with a count, and what was added or is gone stands alone.

use super::statistics;
use super::traceql::eval::Trace;
use super::{Interned, path::Times};
use crate::Error;
use crate::logs::filter::id::to_hex;
use ocelli_api::UnixNano;
use ocelli_api::traces::{DiffColumns, DiffResponse, DiffSide, DiffedTrace};
use ocelli_signal::spans::STATUS_ERROR;
use std::collections::HashMap;

/// Paths of an answer.
const MAX_PATHS: usize = 100_000;

/// Compares; `stats` are the caller's.
pub fn diff(a: (&[u8; 16], &Trace<'_>), b: (&[u8; 16], &Trace<'_>)) -> Result<DiffResponse, Error> {
    let (mut services, mut operations) = (Interned::default(), Interned::default());
    let mut paths = Paths::default();
    let sides = [side(a.1), side(b.1)];
    for (of, trace) in [a.1, b.1].into_iter().enumerate() {
        let mut node_of: Vec<usize> = Vec::with_capacity(trace.len());
        for span in 0..trace.len() {
            let (view, row) = (trace.view(span), trace.places[span].row);
            let key = (services.index(view.service(row)), operations.index(view.name(row)));
            let parent = trace.parent(span).map(|parent| node_of[parent]);
            let node = paths.node(parent, key)?;
            paths.nodes[node].add(of, trace, span, &sides[of]);
            node_of.push(node);
        }
    }
    Ok(DiffResponse {
        a: about(a.0, a.1),
        b: about(b.0, b.1),
        services: services.names,
        operations: operations.names,
        paths: paths.columns([a.1, b.1]),
        ..DiffResponse::default()
    })
}

fn side(trace: &Trace<'_>) -> Times {
    statistics::of_trace(trace)
}

fn about(trace_id: &[u8; 16], trace: &Trace<'_>) -> DiffedTrace {
    let is_error = |span: &usize| trace.view(*span).status(trace.places[*span].row) == STATUS_ERROR;
    DiffedTrace {
        trace_id: to_hex(trace_id),
        start: UnixNano(trace.start),
        duration_ns: trace.end.saturating_sub(trace.start),
        span_count: trace.len() as u32,
        error_count: (0..trace.len()).filter(is_error).count() as u32,
    }
}

/// A tree of paths.
#[derive(Default)]
struct Paths {
    nodes: Vec<Node>,
    /// Numbers of service and operation, below a node.
    of_key: HashMap<(Option<usize>, (u32, u32)), usize>,
}

#[derive(Default)]
struct Node {
    parent: Option<usize>,
    key: (u32, u32),
    /// The earliest start of its spans within their trace.
    first: i64,
    sums: [Sums; 2],
}

#[derive(Default)]
struct Sums {
    spans: u32,
    errors: u32,
    duration_ns: i64,
    self_ns: i64,
    critical_ns: i64,
    earliest: Option<usize>,
}

impl Node {
    fn add(&mut self, of: usize, trace: &Trace<'_>, span: usize, times: &Times) {
        let sums = &mut self.sums[of];
        sums.spans += 1;
        sums.errors += u32::from(trace.view(span).status(trace.places[span].row) == STATUS_ERROR);
        sums.duration_ns = sums.duration_ns.saturating_add(trace.duration_of(span));
        sums.self_ns = sums.self_ns.saturating_add(times.self_ns[span]);
        sums.critical_ns = sums.critical_ns.saturating_add(times.critical_ns[span]);
        if sums.earliest.is_none_or(|other| trace.start_of(span) < trace.start_of(other)) {
            sums.earliest = Some(span);
        }
        self.first = self.first.min(trace.start_of(span).saturating_sub(trace.start));
    }
}

impl Paths {
    fn node(&mut self, parent: Option<usize>, key: (u32, u32)) -> Result<usize, Error> {
        let next = self.nodes.len();
        let node = *self.of_key.entry((parent, key)).or_insert(next);
        if node == next {
            if next == MAX_PATHS {
                let message = format!("the two traces have more than {MAX_PATHS} different paths");
                return Err(Error::LimitExceeded(message));
            }
            self.nodes.push(Node { parent, key, first: i64::MAX, ..Node::default() });
        }
        Ok(node)
    }

    /// Depth first; below each other as they began, in whichever of the traces they began first.
    fn columns(&self, traces: [&Trace<'_>; 2]) -> DiffColumns {
        let mut by_start: Vec<usize> = (0..self.nodes.len()).collect();
        by_start.sort_by_key(|node| (self.nodes[*node].first, *node));
        let mut children: HashMap<Option<usize>, Vec<usize>> = HashMap::new();
        by_start
            .into_iter()
            .rev()
            .for_each(|node| children.entry(self.nodes[node].parent).or_default().push(node));
        let mut columns = DiffColumns::default();
        let mut stack: Vec<(usize, i32, u32)> =
            children.remove(&None).unwrap_or_default().into_iter().map(|node| (node, -1, 0)).collect();
        while let Some((node, parent, depth)) = stack.pop() {
            let row = columns.parent.len() as i32;
            let of = &self.nodes[node];
            columns.parent.push(parent);
            columns.depth.push(depth);
            columns.service.push(of.key.0);
            columns.operation.push(of.key.1);
            of.sums[0].push_to(&mut columns.a, traces[0]);
            of.sums[1].push_to(&mut columns.b, traces[1]);
            let below = children.remove(&Some(node)).unwrap_or_default();
            stack.extend(below.into_iter().map(|child| (child, row, depth + 1)));
        }
        columns.subtree_size = vec![1; columns.parent.len()];
        for row in (0..columns.parent.len()).rev() {
            if let Ok(parent) = usize::try_from(columns.parent[row]) {
                columns.subtree_size[parent] += columns.subtree_size[row];
            }
        }
        columns
    }
}

impl Sums {
    fn push_to(&self, side: &mut DiffSide, trace: &Trace<'_>) {
        let id = |span: usize| to_hex(&trace.view(span).span_id(trace.places[span].row));
        side.spans.push(self.spans);
        side.errors.push(self.errors);
        side.duration_ns.push(self.duration_ns);
        side.self_ns.push(self.self_ns);
        side.critical_ns.push(self.critical_ns);
        side.span_id.push(self.earliest.map(id).unwrap_or_default());
    }
}
