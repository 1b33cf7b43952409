//! A matcher, answered by the index of a chunk.

use super::keys::{LabelKey, OriginLabels, is_of_origin, is_target, label_keys, text};
use crate::Error;
use crate::promql::literals::{Literals, of_pattern};
use crate::promql::select::{MatchOp, Matcher};
use ocelli_storage::{ChunkRows, SeriesChunk};

/// A matcher with what is looked up for it.
#[derive(Debug)]
pub struct Narrow {
    matcher: Matcher,
    literals: Literals,
    /// The matcher says what must not be.
    negative: bool,
}

/// The series of a chunk that a matcher lets pass.
struct Passing {
    /// Those that have the label.
    with: ChunkRows,
    /// Of these, those that pass.
    hits: ChunkRows,
}

impl Narrow {
    pub fn new(matcher: &Matcher) -> Narrow {
        let literals = match matcher.op {
            MatchOp::Equal | MatchOp::NotEqual => Literals::Texts(vec![matcher.value.clone()]),
            MatchOp::Regex | MatchOp::NotRegex => of_pattern(&matcher.value),
        };
        let negative = matches!(matcher.op, MatchOp::NotEqual | MatchOp::NotRegex);
        Narrow { matcher: matcher.clone(), literals, negative }
    }

    /// Takes out the series that the matcher does not let pass. False when only labels can tell of some
    /// of them, which are left in.
    pub fn narrow(
        &self,
        chunk: &SeriesChunk,
        native: &ChunkRows,
        origins: &mut OriginLabels,
        rows: &mut ChunkRows,
    ) -> Result<bool, Error> {
        let label = &*self.matcher.name;
        let Some(keys) = label_keys(chunk, label, native) else { return Ok(false) };
        let of_origin = is_of_origin(label);
        if of_origin && !keys.is_empty() && !is_target(label) {
            return Ok(false);
        }
        let mut passing = self.by_attribute(&keys);
        if of_origin {
            let by_origin = self.by_origin(chunk, native, origins)?;
            passing.with.subtract(&by_origin.with);
            passing.hits.subtract(&by_origin.with);
            passing.with.union(&by_origin.with);
            passing.hits.union(&by_origin.hits);
        }
        if self.matcher.matches("") {
            passing.with.subtract(&passing.hits);
            rows.subtract(&passing.with);
        } else {
            rows.intersect(&passing.hits);
        }
        Ok(true)
    }

    fn by_attribute(&self, keys: &[LabelKey<'_>]) -> Passing {
        let mut passing = Passing { with: ChunkRows::default(), hits: ChunkRows::default() };
        for LabelKey { key, rows } in keys {
            // What the matcher names is looked up, whether it must be or must not be.
            let named = |value: &usize| self.matcher.matches(&text(key, *value)) != self.negative;
            let mut named_rows = match &self.literals {
                Literals::Texts(texts) => {
                    let strings = texts.iter().flat_map(|text| key.equal(text));
                    key.with(strings.chain(key.others()).filter(named))
                }
                Literals::Prefix(prefix) => key.with(key.beginning(prefix).chain(key.others()).filter(named)),
                Literals::Any => key.with(key.values().filter(named)),
            };
            named_rows.intersect(rows);
            passing.with.union(rows);
            if self.negative {
                let mut others = rows.clone();
                others.subtract(&named_rows);
                passing.hits.union(&others);
            } else {
                passing.hits.union(&named_rows);
            }
        }
        passing
    }

    /// Labels that a resource or a scope makes are there only where they are not empty.
    fn by_origin(
        &self,
        chunk: &SeriesChunk,
        native: &ChunkRows,
        origins: &mut OriginLabels,
    ) -> Result<Passing, Error> {
        let (label, mut failed) = (&self.matcher.name, None);
        let mut with = |wanted: &dyn Fn(&str) -> bool| {
            let mut rows = chunk.with_origin(|origin| {
                let value = origins.of(origin).map(|labels| labels.get(label));
                value.map_err(|why| failed = Some(why)).is_ok_and(|value| !value.is_empty() && wanted(value))
            });
            rows.subtract(native);
            rows
        };
        let passing = Passing { with: with(&|_| true), hits: with(&|value| self.matcher.matches(value)) };
        failed.map_or(Ok(passing), Err)
    }
}
