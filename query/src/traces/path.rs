//! Where the time of a trace went: self times, and the critical path.
//!
//! The critical path is that of CRISP (Zhang et al., "CRISP: Critical Path Analysis of Large-Scale
//! Microservice Architectures", USENIX ATC 2022): from the end of a root back in time, always into the
//! child that finished last before; what runs beside it does not count. Children are clipped to their
//! parents, so that clocks that disagree can't make the path longer than its root.

use super::layout::Layout;
use std::cmp::Reverse;

/// Of all spans, by row of the layout.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Times {
    /// The part of a span in which none of its children ran.
    pub self_ns: Vec<i64>,
    /// The part of the critical path of its root that a span has itself.
    pub critical_ns: Vec<i64>,
    /// The critical paths, each from the end of its root to its start.
    pub segments: Vec<Segment>,
}

/// A time in which the path is in a span itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    pub row: u32,
    pub start: i64,
    pub end: i64,
}

/// A span with the time of it that lies within all spans above it.
#[derive(Clone, Copy, Debug)]
struct Clipped {
    row: usize,
    start: i64,
    end: i64,
}

/// `start` and `end` are by row; a span that ends before it starts takes no time.
pub fn times(layout: &Layout, start: &[i64], end: &[i64]) -> Times {
    let count = layout.parent.len();
    let children = Children::of(layout);
    let mut times = Times { self_ns: vec![0; count], critical_ns: vec![0; count], segments: Vec::new() };
    let mut intervals = Vec::new();
    for row in 0..count {
        let whole = Clipped { row, start: start[row], end: end[row].max(start[row]) };
        intervals.clear();
        intervals.extend(children.of_row(row).iter().map(|child| clip(whole, *child, start, end)));
        times.self_ns[row] = whole.end.saturating_sub(whole.start).saturating_sub(covered(&mut intervals));
    }
    for root in (0..count).filter(|row| layout.parent[*row] < 0) {
        walk(
            Clipped { row: root, start: start[root], end: end[root].max(start[root]) },
            &children,
            start,
            end,
            &mut times,
        );
    }
    times
}

fn clip(parent: Clipped, row: usize, start: &[i64], end: &[i64]) -> Clipped {
    let start = start[row].clamp(parent.start, parent.end);
    Clipped { row, start, end: end[row].clamp(start, parent.end) }
}

/// The time in which at least one of them ran.
fn covered(intervals: &mut [Clipped]) -> i64 {
    intervals.sort_unstable_by_key(|interval| interval.start);
    let (mut sum, mut until) = (0i64, i64::MIN);
    for interval in intervals {
        let begin = interval.start.max(until);
        if interval.end > begin {
            sum += interval.end.saturating_sub(begin);
            until = interval.end;
        }
    }
    sum
}

/// The critical path of one span alone, from its end to its start.
pub fn of_span(layout: &Layout, start: &[i64], end: &[i64], row: usize) -> Vec<Segment> {
    let mut times = Times { critical_ns: vec![0; layout.parent.len()], ..Times::default() };
    let span = Clipped { row, start: start[row], end: end[row].max(start[row]) };
    walk(span, &Children::of(layout), start, end, &mut times);
    times.segments
}

/// A span on the path, and what of it has not been walked yet.
struct Open {
    span: Clipped,
    /// The path has come back to this time.
    at: i64,
    /// Children that end before, the last to finish on top.
    children: Vec<Clipped>,
}

impl Open {
    fn new(span: Clipped, children: &Children, start: &[i64], end: &[i64]) -> Open {
        let clipped = children.of_row(span.row).iter().map(|child| clip(span, *child, start, end));
        let mut children: Vec<Clipped> = clipped.filter(|child| child.end > child.start).collect();
        // Of two that finish at once, the one that ran longer; then the one drawn first.
        children.sort_unstable_by_key(|child| (child.end, Reverse(child.start), Reverse(child.row)));
        Open { span, at: span.end, children }
    }
}

/// Iterative, because a path may be as deep as the trace is large.
fn walk(root: Clipped, children: &Children, start: &[i64], end: &[i64], times: &mut Times) {
    let mut stack = vec![Open::new(root, children, start, end)];
    while let Some(open) = stack.last_mut() {
        while open.children.last().is_some_and(|child| child.end > open.at) {
            open.children.pop();
        }
        let child = open.children.pop();
        let until = child.map_or(open.span.start, |child| child.end);
        if open.at > until {
            let row = open.span.row;
            times.critical_ns[row] = times.critical_ns[row].saturating_add(open.at.saturating_sub(until));
            times.segments.push(Segment { row: row as u32, start: until, end: open.at });
        }
        match child {
            Some(child) => {
                open.at = child.start;
                stack.push(Open::new(child, children, start, end));
            }
            None => drop(stack.pop()),
        }
    }
}

/// The children of all rows in one list.
struct Children {
    first: Vec<usize>,
    list: Vec<usize>,
}

impl Children {
    fn of(layout: &Layout) -> Children {
        let parents = || layout.parent.iter().map(|parent| usize::try_from(*parent).ok());
        let mut first = vec![0; layout.parent.len() + 1];
        parents().flatten().for_each(|parent| first[parent + 1] += 1);
        for at in 1..first.len() {
            first[at] += first[at - 1];
        }
        let mut next = first.clone();
        let mut list = vec![0; first.last().copied().unwrap_or_default()];
        for (row, parent) in parents().enumerate() {
            if let Some(parent) = parent {
                list[next[parent]] = row;
                next[parent] += 1;
            }
        }
        Children { first, list }
    }

    fn of_row(&self, row: usize) -> &[usize] {
        &self.list[self.first[row]..self.first[row + 1]]
    }
}

#[cfg(test)]
#[path = "path_tests.rs"]
mod tests;
