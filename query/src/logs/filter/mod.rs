//! A query made ready to run over batches, column by column.
//!
//! Compiling gives every term its column and its typed test. Running takes rows away from a mask,
//! cheap tests first, so that bodies and attributes are looked at only where nothing else decided.

pub mod attribute;
pub mod id;
mod leaf;
mod level;
pub mod mask;
pub mod regexes;
pub mod text;
pub mod value;

pub use leaf::{Leaf, column};
pub use level::LevelTest;

use super::language::{Expr, SyntaxError, Term};
use super::scan::runs::{self, Runs};
use crate::Error;
use arrow::array::RecordBatch;
use mask::Mask;
use ocelli_storage::{Rows, Source, TextQuery};
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::ops::Range;
use std::sync::Arc;

/// A test of whole rows that a language brings along.
pub trait RowTest: Debug + Send + Sync {
    /// The columns, and the attributes of the row, that are looked at.
    fn columns(&self) -> Vec<&'static str>;
    fn attributes(&self) -> Vec<&str>;
    /// Whether all attributes of the row are looked at.
    fn all_attributes(&self) -> bool {
        false
    }
    /// Runs of rows of a source, ascending, outside of which none passes; `None` for all.
    fn runs(&self, _source: &Source) -> Result<Option<Runs>, Error> {
        Ok(None)
    }
    /// Whether [`RowTest::runs`] may find few rows.
    fn names_a_value(&self) -> bool {
        false
    }
    /// What the index of bodies can say: every row that passes is among those that it finds.
    fn candidates(&self) -> Option<TextQuery> {
        None
    }
    /// Takes away the rows that do not pass.
    fn apply(&self, batch: &RecordBatch, rows: &mut Mask) -> Result<(), Error>;
}

/// Lets every row pass, and has all of its attributes read.
#[derive(Debug)]
pub struct AllAttributes;

impl RowTest for AllAttributes {
    fn columns(&self) -> Vec<&'static str> {
        vec!["attributes"]
    }

    fn attributes(&self) -> Vec<&str> {
        Vec::new()
    }

    fn all_attributes(&self) -> bool {
        true
    }

    fn apply(&self, _: &RecordBatch, _: &mut Mask) -> Result<(), Error> {
        Ok(())
    }
}

/// Passes or does not, for every row.
#[derive(Clone, Debug)]
pub enum Filter {
    All,
    Not(Box<Filter>),
    And(Vec<Filter>),
    Or(Vec<Filter>),
    Leaf(Leaf),
    Rows(Arc<dyn RowTest>),
}

impl Filter {
    /// Gives every term its meaning by `fields`.
    pub fn compile(
        expr: &Expr,
        fields: &dyn Fn(&Term) -> Result<Filter, SyntaxError>,
    ) -> Result<Filter, SyntaxError> {
        let list = |exprs: &[Expr]| {
            let mut filters: Vec<Filter> =
                exprs.iter().map(|expr| Filter::compile(expr, fields)).collect::<Result<_, _>>()?;
            filters.sort_by_key(Filter::cost);
            Ok(filters)
        };
        Ok(match expr {
            Expr::All => Filter::All,
            Expr::Not(inner) => Filter::Not(Box::new(Filter::compile(inner, fields)?)),
            Expr::And(all) => Filter::And(list(all)?),
            Expr::Or(any) => Filter::Or(list(any)?),
            Expr::Term(term) => fields(term)?,
        })
    }

    pub(crate) fn cost(&self) -> u32 {
        match self {
            Filter::All => 0,
            Filter::Not(inner) => inner.cost(),
            Filter::And(list) | Filter::Or(list) => list.iter().map(Filter::cost).sum(),
            Filter::Leaf(leaf) => u32::from(leaf.cost()),
            Filter::Rows(_) => 100,
        }
    }

    /// The columns that [`Filter::apply`] looks at.
    pub fn columns(&self) -> BTreeSet<&'static str> {
        match self {
            Filter::All => BTreeSet::new(),
            Filter::Not(inner) => inner.columns(),
            Filter::And(list) | Filter::Or(list) => list.iter().flat_map(Filter::columns).collect(),
            Filter::Leaf(leaf) => leaf.columns().into_iter().collect(),
            Filter::Rows(test) => test.columns().into_iter().collect(),
        }
    }

    /// The attributes of rows that [`Filter::apply`] looks at.
    pub fn attributes(&self) -> BTreeSet<&str> {
        match self {
            Filter::All => BTreeSet::new(),
            Filter::Not(inner) => inner.attributes(),
            Filter::And(list) | Filter::Or(list) => list.iter().flat_map(Filter::attributes).collect(),
            Filter::Leaf(leaf) => leaf.attribute().into_iter().collect(),
            Filter::Rows(test) => test.attributes().into_iter().collect(),
        }
    }

    /// Whether it looks at attributes that it can't name.
    pub fn all_attributes(&self) -> bool {
        match self {
            Filter::All | Filter::Leaf(_) => false,
            Filter::Not(inner) => inner.all_attributes(),
            Filter::And(list) | Filter::Or(list) => list.iter().any(Filter::all_attributes),
            Filter::Rows(test) => test.all_attributes(),
        }
    }

    /// Runs of rows of a source, ascending, outside of which none passes, as far as its footer and
    /// bloom filters tell; `None` for all.
    pub fn runs(&self, source: &Source) -> Result<Option<Runs>, Error> {
        match self {
            Filter::All | Filter::Not(_) => Ok(None),
            Filter::Rows(test) => test.runs(source),
            Filter::Leaf(leaf) => leaf.runs(source),
            Filter::And(all) => {
                let mut found: Option<Runs> = None;
                for filter in all {
                    if let Some(runs) = filter.runs(source)? {
                        found = Some(found.map_or_else(|| runs.clone(), |before| runs::both(&before, &runs)));
                    }
                    if found.as_ref().is_some_and(Vec::is_empty) {
                        break;
                    }
                }
                Ok(found)
            }
            Filter::Or(any) => {
                let mut found = Runs::new();
                for filter in any {
                    match filter.runs(source)? {
                        Some(runs) => found = runs::either(&found, &runs),
                        None => return Ok(None),
                    }
                }
                Ok(Some(found))
            }
        }
    }

    /// Rows of a run outside of which none in it passes, where one column alone tells of a rare value;
    /// `None` for all.
    pub fn rows(&self, source: &Source, run: Range<u32>) -> Result<Option<Rows>, Error> {
        match self {
            Filter::All | Filter::Not(_) | Filter::Rows(_) => Ok(None),
            Filter::Leaf(leaf) => leaf.rows(source, run),
            Filter::And(all) => {
                for filter in all {
                    if let Some(rows) = filter.rows(source, run.clone())? {
                        return Ok(Some(rows));
                    }
                }
                Ok(None)
            }
            Filter::Or(any) => {
                let mut found = Rows::default();
                for filter in any {
                    match filter.rows(source, run.clone())? {
                        Some(rows) => found = found.union(&rows),
                        None => return Ok(None),
                    }
                }
                Ok(Some(found))
            }
        }
    }

    /// Whether [`Filter::runs`] may find few rows: an id or a value of an attribute must be there.
    pub fn names_a_value(&self) -> bool {
        match self {
            Filter::All | Filter::Not(_) => false,
            Filter::Rows(test) => test.names_a_value(),
            Filter::Leaf(leaf) => leaf.names_a_value(),
            Filter::And(all) => all.iter().any(Filter::names_a_value),
            Filter::Or(any) => any.iter().all(Filter::names_a_value),
        }
    }

    /// Takes away the rows that do not pass.
    pub fn apply(&self, batch: &RecordBatch, rows: &mut Mask) -> Result<(), Error> {
        if rows.is_empty() {
            return Ok(());
        }
        match self {
            Filter::All => Ok(()),
            Filter::Leaf(leaf) => leaf.apply(batch, rows),
            Filter::Rows(test) => test.apply(batch, rows),
            Filter::And(all) => all.iter().try_for_each(|filter| filter.apply(batch, rows)),
            Filter::Not(inner) => {
                let mut passing = rows.clone();
                inner.apply(batch, &mut passing)?;
                rows.remove(&passing);
                Ok(())
            }
            Filter::Or(any) => {
                let mut passed = Mask::none(rows.len());
                for filter in any {
                    let mut passing = rows.clone();
                    filter.apply(batch, &mut passing)?;
                    rows.remove(&passing);
                    passed.add(&passing);
                }
                *rows = passed;
                Ok(())
            }
        }
    }

    /// What the index of bodies can say: every row that passes is among those that it finds.
    /// `None` when it can't narrow.
    pub fn candidates(&self) -> Option<TextQuery> {
        match self {
            Filter::Leaf(Leaf::Text { column: "body", test }) => test.candidates(),
            Filter::And(all) => {
                let mut queries: Vec<TextQuery> = all.iter().filter_map(Filter::candidates).collect();
                match queries.len() {
                    0 | 1 => queries.pop(),
                    _ => Some(TextQuery::And(queries)),
                }
            }
            Filter::Or(any) => any.iter().map(Filter::candidates).collect::<Option<_>>().map(TextQuery::Or),
            Filter::Rows(test) => test.candidates(),
            Filter::All | Filter::Not(_) | Filter::Leaf(_) => None,
        }
    }
}
