//! Which spans are so related to spans of a set: one pass over the trace each.

use super::Trace;
use crate::traces::traceql::ast::Relation;

/// The spans, marked, that are a `relation` of one that is marked in `of`.
pub fn related(trace: &Trace<'_>, relation: Relation, of: &[bool]) -> Vec<bool> {
    let count = trace.len();
    let mut related = vec![false; count];
    match relation {
        Relation::Child => {
            (0..count).for_each(|span| related[span] = trace.parent(span).is_some_and(|parent| of[parent]));
        }
        // Parents are numbered before their children.
        Relation::Descendant => {
            for span in 0..count {
                related[span] = trace.parent(span).is_some_and(|parent| of[parent] || related[parent]);
            }
        }
        Relation::Parent => {
            let marked = (0..count).filter(|span| of[*span]);
            marked.filter_map(|span| trace.parent(span)).for_each(|parent| related[parent] = true);
        }
        Relation::Ancestor => {
            for span in (0..count).rev().filter(|span| of[*span]).collect::<Vec<_>>() {
                let mut above = trace.parent(span);
                // Above a span that is marked, all are.
                while let Some(ancestor) = above.filter(|ancestor| !related[*ancestor]) {
                    related[ancestor] = true;
                    above = trace.parent(ancestor);
                }
            }
        }
        Relation::Sibling => {
            let mut marked_children = vec![0u32; count];
            let marked = (0..count).filter(|span| of[*span]);
            marked.filter_map(|span| trace.parent(span)).for_each(|parent| marked_children[parent] += 1);
            for span in 0..count {
                let others = trace.parent(span).map_or(0, |parent| marked_children[parent]);
                related[span] = others > u32::from(of[span]);
            }
        }
    }
    related
}

/// What the left side is to the right side.
pub fn inverse(relation: Relation) -> Relation {
    match relation {
        Relation::Child => Relation::Parent,
        Relation::Descendant => Relation::Ancestor,
        Relation::Parent => Relation::Child,
        Relation::Ancestor => Relation::Descendant,
        Relation::Sibling => Relation::Sibling,
    }
}
