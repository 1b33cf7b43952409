//! Rows that may match, run by run: who wants the newest few need not have all of them found.

use crate::rows::Rows;
use std::ops::Range;
use tantivy::postings::SegmentPostings;
use tantivy::{DocSet, TERMINATED};

/// With so many times more rows of a word than rows that are left, those that are left are looked up
/// one by one; else both are read.
const LOOK_UP: u64 = 16;

/// An open question to one index.
pub struct Candidates {
    node: Node,
    rows: u32,
}

/// A part of a question, with the words that it is about found.
pub(super) enum Node {
    Word(Box<SegmentPostings>),
    /// Rows that were found already, and how many of them lie before what is asked next.
    Rows(Rows, usize),
    /// Those with the fewest rows first.
    And(Vec<Node>),
    Or(Vec<Node>),
}

impl Candidates {
    pub(super) fn new(node: Node, rows: u32) -> Candidates {
        Candidates { node, rows }
    }

    /// The part of all rows that they are about, from 0 to 1: as if words came independently of each
    /// other. What the dictionary tells is enough for that.
    pub fn share(&self) -> f64 {
        self.node.share(f64::from(self.rows.max(1)))
    }

    /// No more rows than these are found.
    pub fn at_most(&self) -> u64 {
        self.node.at_most()
    }

    /// Those in a run of rows. Runs must be asked for in ascending order.
    pub fn within(&mut self, run: Range<u32>) -> Rows {
        Rows::from_sorted(self.node.within(&run))
    }
}

impl Node {
    pub fn rows(rows: Rows) -> Node {
        Node::Rows(rows, 0)
    }

    /// `None` without parts: then any row may match.
    pub fn all(mut parts: Vec<Node>) -> Option<Node> {
        parts.sort_by_key(Node::at_most);
        if parts.len() < 2 { parts.pop() } else { Some(Node::And(parts)) }
    }

    fn at_most(&self) -> u64 {
        match self {
            Node::Word(postings) => u64::from(postings.doc_freq()),
            Node::Rows(rows, _) => rows.len() as u64,
            Node::And(parts) => parts.iter().map(Node::at_most).min().unwrap_or(0),
            Node::Or(parts) => parts.iter().map(Node::at_most).sum(),
        }
    }

    fn share(&self, rows: f64) -> f64 {
        match self {
            Node::Word(_) | Node::Rows(..) => (self.at_most() as f64 / rows).min(1.0),
            Node::And(parts) => parts.iter().map(|part| part.share(rows)).product(),
            Node::Or(parts) => 1.0 - parts.iter().map(|part| 1.0 - part.share(rows)).product::<f64>(),
        }
    }

    fn within(&mut self, run: &Range<u32>) -> Vec<u32> {
        match self {
            Node::Word(postings) => read(postings, run),
            Node::Rows(rows, before) => {
                let left = &rows.as_slice()[*before..];
                let (begin, end) = (
                    left.partition_point(|row| *row < run.start),
                    left.partition_point(|row| *row < run.end),
                );
                *before += end;
                left[begin.min(end)..end].to_vec()
            }
            Node::And(parts) => {
                let mut parts = parts.iter_mut();
                let mut found = parts.next().map_or_else(Vec::new, |part| part.within(run));
                parts.for_each(|part| part.narrow(&mut found, run));
                found
            }
            Node::Or(parts) => {
                let mut found: Vec<u32> = parts.iter_mut().flat_map(|part| part.within(run)).collect();
                found.sort_unstable();
                found.dedup();
                found
            }
        }
    }

    /// Takes out rows of a run that are not among these.
    fn narrow(&mut self, found: &mut Vec<u32>, run: &Range<u32>) {
        if found.is_empty() {
            return;
        }
        if let Node::Word(postings) = self
            && found.len() as u64 * LOOK_UP < u64::from(postings.doc_freq())
        {
            found.retain(|row| has(postings, *row));
            return;
        }
        let others = self.within(run);
        let mut at = 0;
        found.retain(|row| {
            while others.get(at).is_some_and(|other| other < row) {
                at += 1;
            }
            others.get(at) == Some(row)
        });
    }
}

/// Whether the word is in the row; rows are asked for in ascending order.
fn has(postings: &mut SegmentPostings, row: u32) -> bool {
    if postings.doc() < row {
        postings.seek(row);
    }
    postings.doc() == row
}

fn read(postings: &mut SegmentPostings, run: &Range<u32>) -> Vec<u32> {
    let mut found = Vec::new();
    if postings.doc() < run.start {
        postings.seek(run.start);
    }
    let mut row = postings.doc();
    while row < run.end && row != TERMINATED {
        found.push(row);
        row = postings.advance();
    }
    found
}
