//! Which rows of a trace an answer has.

use super::layout::{Layout, SpanId};

/// Rows of one answer: what a browser draws without delay.
pub const MAX_ROWS: usize = 100_000;

/// What is wanted of a trace.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// Only the subtree of this span.
    pub root: Option<SpanId>,
    /// Levels below the root.
    pub depth: u32,
    /// Of the rows that are left, in drawing order.
    pub offset: usize,
    pub limit: usize,
}

impl Default for Window {
    fn default() -> Window {
        Window { root: None, depth: u32::MAX, offset: 0, limit: MAX_ROWS }
    }
}

/// Rows of the layout, ascending.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chosen {
    pub rows: Vec<usize>,
    /// How many root and depth leave.
    pub total: usize,
    /// Where a row of the layout is in the answer, -1 for nowhere.
    place: Vec<i32>,
}

impl Window {
    /// `None` where no span has the id of the root; the earliest of several that have it.
    pub fn choose(&self, layout: &Layout, id: impl Fn(usize) -> SpanId) -> Option<Chosen> {
        let count = layout.parent.len();
        let (subtree, top) = match self.root {
            Some(root) => {
                let row = (0..count).find(|row| id(*row) == root)?;
                (row..row + layout.subtree_size[row] as usize, layout.depth[row])
            }
            None => (0..count, 0),
        };
        let left: Vec<usize> = subtree.filter(|row| layout.depth[*row] - top <= self.depth).collect();
        let rows: Vec<usize> = left.iter().copied().skip(self.offset).take(self.limit).collect();
        let mut place = vec![-1; count];
        rows.iter().enumerate().for_each(|(at, row)| place[*row] = at as i32);
        Some(Chosen { rows, total: left.len(), place })
    }
}

impl Chosen {
    /// Where a row is in the answer.
    pub fn place(&self, row: usize) -> Option<usize> {
        usize::try_from(self.place[row]).ok()
    }

    /// Rows of the parents in the answer.
    pub fn parents(&self, layout: &Layout) -> Vec<i32> {
        let parent =
            |row: &usize| usize::try_from(layout.parent[*row]).map_or(-1, |parent| self.place[parent]);
        self.rows.iter().map(parent).collect()
    }

    /// Rows of the answer in the subtree of each: they are a run, because rows are in drawing order.
    pub fn subtree_sizes(&self, layout: &Layout) -> Vec<u32> {
        let end = |row: &usize| row + layout.subtree_size[*row] as usize;
        let size =
            |(at, row): (usize, &usize)| (self.rows[at..].partition_point(|other| *other < end(row))) as u32;
        self.rows.iter().enumerate().map(size).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traces::layout::{Node, layout};

    /// 1 ─ (2 ─ (3, 4 ─ 5), 6)
    fn tree() -> Layout {
        let node = |(id, parent): (u64, u64)| Node {
            span_id: id.to_be_bytes(),
            parent: (parent != 0).then(|| parent.to_be_bytes()),
            start: id as i64,
        };
        layout(&[(1, 0), (2, 1), (3, 2), (4, 2), (5, 4), (6, 1)].map(node))
    }

    /// Rows, their number without offset and limit, parents, sizes of subtrees.
    type Answer = (Vec<usize>, usize, Vec<i32>, Vec<u32>);

    fn choose(window: Window) -> Option<Answer> {
        let layout = tree();
        let chosen = window.choose(&layout, |row| (row as u64 + 1).to_be_bytes())?;
        let (parents, sizes) = (chosen.parents(&layout), chosen.subtree_sizes(&layout));
        Some((chosen.rows, chosen.total, parents, sizes))
    }

    #[test]
    fn windows() {
        let all = Window::default();
        let found = choose(all).unwrap();
        assert_eq!(found, ((0..6).collect(), 6, vec![-1, 0, 1, 1, 3, 0], vec![6, 4, 1, 2, 1, 1]));
        let root = Some(2u64.to_be_bytes());
        assert_eq!(
            choose(Window { root, depth: 1, ..all }).unwrap(),
            (vec![1, 2, 3], 3, vec![-1, 0, 0], vec![3, 1, 1])
        );
        assert_eq!(
            choose(Window { offset: 2, limit: 3, ..all }).unwrap(),
            (vec![2, 3, 4], 6, vec![-1, -1, 1], vec![1, 2, 1])
        );
        assert_eq!(choose(Window { offset: 9, ..all }).unwrap().0, Vec::<usize>::new());
        assert_eq!(choose(Window { root: Some([9; 8]), ..all }), None);
    }
}
