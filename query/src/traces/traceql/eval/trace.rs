//! All spans of one trace, numbered in drawing order, so that a subtree is a run of numbers.

use super::View;
use crate::traces::layout::{Layout, Node, layout};
use std::collections::HashSet;

/// Where a span lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub view: usize,
    pub row: usize,
}

pub struct Trace<'a> {
    pub views: &'a [View<'a>],
    /// By number.
    pub places: Vec<Place>,
    /// In numbers too: its `node` is not needed any more.
    pub layout: Layout,
    /// Children of every span.
    pub child_count: Vec<u32>,
    pub start: i64,
    pub end: i64,
    /// The earliest span without a parent, else the earliest span.
    pub root: Option<usize>,
}

impl<'a> Trace<'a> {
    /// Of rows that are all of one trace. What was sent twice counts once, as everywhere.
    pub fn new(views: &'a [View<'a>], rows: impl IntoIterator<Item = Place>) -> Trace<'a> {
        let mut seen = HashSet::new();
        let mut places = Vec::new();
        for place in rows {
            let (view, row) = (&views[place.view], place.row);
            let end = view.start(row).saturating_add(view.duration(row));
            let identity =
                (view.span_id(row), view.start(row), end, view.kind(row), view.name(row), view.service(row));
            if seen.insert(identity) {
                places.push(place);
            }
        }
        let node = |place: &Place| Node {
            span_id: views[place.view].span_id(place.row),
            parent: views[place.view].parent(place.row),
            start: views[place.view].start(place.row),
        };
        let nodes: Vec<Node> = places.iter().map(node).collect();
        let layout = layout(&nodes);
        let places: Vec<Place> = layout.node.iter().map(|node| places[*node]).collect();
        let mut child_count = vec![0; places.len()];
        layout
            .parent
            .iter()
            .filter_map(|parent| usize::try_from(*parent).ok())
            .for_each(|p| child_count[p] += 1);
        let mut trace = Trace { views, places, layout, child_count, start: 0, end: 0, root: None };
        let all = 0..trace.places.len();
        trace.start = all.clone().map(|span| trace.start_of(span)).min().unwrap_or_default();
        let end = |span| trace.start_of(span).saturating_add(trace.duration_of(span).max(0));
        trace.end = all.clone().map(end).max().unwrap_or_default();
        let is_root = |span: &usize| trace.view(*span).parent(trace.places[*span].row).is_none();
        let earliest = |span: &usize| trace.start_of(*span);
        trace.root = all.clone().filter(is_root).min_by_key(earliest).or(all.min_by_key(earliest));
        trace
    }

    pub fn len(&self) -> usize {
        self.places.len()
    }

    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    pub fn view(&self, span: usize) -> &'a View<'a> {
        &self.views[self.places[span].view]
    }

    pub fn start_of(&self, span: usize) -> i64 {
        self.view(span).start(self.places[span].row)
    }

    pub fn duration_of(&self, span: usize) -> i64 {
        self.view(span).duration(self.places[span].row)
    }

    /// The span's parent, if it is there.
    pub fn parent(&self, span: usize) -> Option<usize> {
        usize::try_from(self.layout.parent[span]).ok()
    }

    /// The numbers of a span and of all below it.
    pub fn subtree(&self, span: usize) -> std::ops::Range<usize> {
        span..span + self.layout.subtree_size[span] as usize
    }

    /// The left number of the nested-set model, counted from 1 over all roots.
    pub fn nested_left(&self, span: usize) -> i64 {
        2 * span as i64 - i64::from(self.layout.depth[span]) + 1
    }

    pub fn nested_right(&self, span: usize) -> i64 {
        self.nested_left(span) + 2 * i64::from(self.layout.subtree_size[span]) - 1
    }
}
