//! One test over one column of a batch.

use super::attribute::Own;
use super::id::IdTest;
use super::level::LevelTest;
use super::mask::Mask;
use super::text::TextTest;
use super::value::ValueTest;
use crate::Error;
use crate::logs::scan::runs::Runs;
use crate::traces::origin::resource;
use arrow::array::types::Int32Type;
use arrow::array::{
    Array, AsArray, BinaryArray, FixedSizeBinaryArray, Int32Array, RecordBatch, StringArray,
    TimestampNanosecondArray,
};
use ocelli_api::traces::Resource;
use ocelli_signal::AnyValue;
use ocelli_signal::origin::{self, Scope};
use ocelli_storage::{Rows, Source};
use std::ops::Range;

#[derive(Clone, Debug)]
pub enum Leaf {
    Level(LevelTest),
    /// An integer column: kind, status code.
    Number {
        column: &'static str,
        test: ValueTest,
    },
    /// `end_time` - `start_time` in nanoseconds lies in between, ends included.
    Duration {
        low: i64,
        high: i64,
    },
    Id {
        column: &'static str,
        test: IdTest,
    },
    Service(ValueTest),
    ScopeName(ValueTest),
    /// A text column as one value.
    Column {
        column: &'static str,
        test: ValueTest,
    },
    Resource {
        key: String,
        test: ValueTest,
    },
    /// The resource has the same attributes, whatever their order.
    SameResource(Box<Resource>),
    /// The attribute of the row; where it has none, that of its resource.
    Attribute {
        key: String,
        test: ValueTest,
        or_resource: bool,
    },
    /// A text column as words.
    Text {
        column: &'static str,
        test: TextTest,
    },
}

impl Leaf {
    /// Cheap tests go first. The numbers only rank.
    pub fn cost(&self) -> u8 {
        match self {
            Leaf::Level(_) | Leaf::Number { .. } | Leaf::Duration { .. } => 1,
            Leaf::Service(_) | Leaf::ScopeName(_) | Leaf::Resource { .. } | Leaf::SameResource(_) => 2,
            Leaf::Id { .. } => 3,
            Leaf::Column { .. } => 4,
            Leaf::Attribute { .. } => 6,
            Leaf::Text { .. } => 7,
        }
    }

    /// The columns that are looked at.
    pub fn columns(&self) -> Vec<&'static str> {
        match self {
            Leaf::Level(_) => vec!["severity_number", "severity_text"],
            Leaf::Duration { .. } => vec!["start_time", "end_time"],
            Leaf::Service(_) => vec!["service"],
            Leaf::ScopeName(_) => vec!["scope"],
            Leaf::Resource { .. } | Leaf::SameResource(_) => vec!["resource"],
            Leaf::Attribute { or_resource: true, .. } => vec!["attributes", "resource"],
            Leaf::Attribute { .. } => vec!["attributes"],
            Leaf::Number { column, .. }
            | Leaf::Id { column, .. }
            | Leaf::Column { column, .. }
            | Leaf::Text { column, .. } => vec![column],
        }
    }

    /// The attribute that is looked at.
    pub fn attribute(&self) -> Option<&str> {
        if let Leaf::Attribute { key, .. } = self { Some(key) } else { None }
    }

    /// Runs of rows of a source outside of which none passes; `None` for all.
    pub fn runs(&self, source: &Source) -> Result<Option<Runs>, Error> {
        Ok(match self {
            Leaf::Attribute { key, test: ValueTest::Equals(scalar), or_resource } => {
                Some(source.runs_with_attribute(key, scalar.text(), *or_resource)?)
            }
            Leaf::Id { column, test: IdTest::Equals(id) } => Some(source.runs_with_id(column, id)?),
            _ => None,
        })
    }

    /// Rows of a run outside of which none in it passes, where one column alone tells of a rare value.
    pub fn rows(&self, source: &Source, run: Range<u32>) -> Result<Option<Rows>, Error> {
        Ok(match self {
            Leaf::Attribute { key, test: ValueTest::Equals(scalar), or_resource } => {
                source.rows_with_attribute(key, scalar.text(), *or_resource, run)?
            }
            Leaf::Id { column, test: IdTest::Equals(id) } => source.rows_with_id(column, id, run)?,
            _ => None,
        })
    }

    pub fn names_a_value(&self) -> bool {
        matches!(
            self,
            Leaf::Attribute { test: ValueTest::Equals(_), .. } | Leaf::Id { test: IdTest::Equals(_), .. }
        )
    }

    /// Takes away the rows that do not pass.
    pub fn apply(&self, batch: &RecordBatch, rows: &mut Mask) -> Result<(), Error> {
        match self {
            Leaf::Level(test) => {
                let numbers: &Int32Array = column(batch, "severity_number")?;
                let texts: &StringArray = column(batch, "severity_text")?;
                rows.retain(|row| test.matches(numbers.value(row), texts.value(row)));
            }
            Leaf::Number { column: name, test } => {
                let numbers: &Int32Array = column(batch, name)?;
                rows.retain(|row| test.matches_int(i64::from(numbers.value(row))));
            }
            Leaf::Duration { low, high } => {
                let starts: &TimestampNanosecondArray = column(batch, "start_time")?;
                let ends: &TimestampNanosecondArray = column(batch, "end_time")?;
                rows.retain(|row| {
                    (*low..=*high).contains(&ends.value(row).saturating_sub(starts.value(row)))
                });
            }
            Leaf::Id { column: name, test } => {
                let ids: &FixedSizeBinaryArray = column(batch, name)?;
                rows.retain(|row| test.matches(ids.is_valid(row).then(|| ids.value(row))));
            }
            Leaf::Column { column: name, test } => {
                let texts: &StringArray = column(batch, name)?;
                // A column that is always there exists where it says something.
                let exists = matches!(test, ValueTest::Exists);
                rows.retain(|row| match texts.value(row) {
                    "" if exists => false,
                    text => test.matches_str(text),
                });
            }
            Leaf::Text { column: name, test } => {
                let texts: &StringArray = column(batch, name)?;
                let mut scratch = Vec::new();
                rows.retain(|row| test.matches(texts.value(row), &mut scratch));
            }
            Leaf::Service(test) => {
                let mut services = Distinct::<StringArray>::of(batch, "service")?;
                rows.retain(|row| services.holds(row, |names, key| test.matches_str(names.value(key))));
            }
            Leaf::ScopeName(test) => {
                let mut scopes = Distinct::<BinaryArray>::of(batch, "scope")?;
                rows.retain(|row| scopes.holds(row, |values, key| scope_passes(values.value(key), test)));
            }
            Leaf::Resource { key, test } => {
                let mut resources = Distinct::<BinaryArray>::of(batch, "resource")?;
                rows.retain(|row| {
                    resources.holds(row, |values, at| resource_passes(values.value(at), key, test))
                });
            }
            Leaf::SameResource(wanted) => {
                let mut resources = Distinct::<BinaryArray>::of(batch, "resource")?;
                rows.retain(|row| resources.holds(row, |values, at| is_same(values.value(at), wanted)));
            }
            Leaf::Attribute { key, test, or_resource } => {
                let own = Own::of(batch, key)?;
                if !or_resource {
                    rows.retain(|row| own.get(row).is_some_and(|value| test.matches(&value)));
                    return Ok(());
                }
                let mut resources = Distinct::<BinaryArray>::of(batch, "resource")?;
                rows.retain(|row| match own.get(row) {
                    Some(value) => test.matches(&value),
                    None => resources.holds(row, |values, at| resource_passes(values.value(at), key, test)),
                });
            }
        }
        Ok(())
    }
}

fn resource_passes(resource: &[u8], key: &str, test: &ValueTest) -> bool {
    let resource = origin::Resource::parse(resource).unwrap_or_default();
    resource.attributes().get(key).is_some_and(|value| test.matches(&value))
}

/// Files keep the attributes of a resource in an order of their own.
fn is_same(bytes: &[u8], wanted: &Resource) -> bool {
    let found = resource(bytes);
    let has = |attribute| wanted.attributes.contains(attribute);
    found.attributes.len() == wanted.attributes.len() && found.attributes.iter().all(has)
}

fn scope_passes(scope: &[u8], test: &ValueTest) -> bool {
    match Scope::parse(scope).unwrap_or_default().name {
        "" => matches!(test, ValueTest::Equals(_)) && test.matches(&AnyValue::String("")),
        name => test.matches_str(name),
    }
}

/// A dictionary column whose values are each tested once, when a row first asks.
struct Distinct<'a, V> {
    keys: &'a [i32],
    values: &'a V,
    known: Vec<Option<bool>>,
}

impl<'a, V: Array + 'static> Distinct<'a, V> {
    fn of(batch: &'a RecordBatch, name: &str) -> Result<Distinct<'a, V>, Error> {
        let array = batch.column_by_name(name).and_then(|array| array.as_dictionary_opt::<Int32Type>());
        let array = array.ok_or_else(|| missing(name))?;
        let values: &V = array.values().as_any().downcast_ref().ok_or_else(|| missing(name))?;
        Ok(Distinct { keys: array.keys().values(), values, known: vec![None; values.len()] })
    }

    fn holds(&mut self, row: usize, test: impl FnOnce(&V, usize) -> bool) -> bool {
        let key = self.keys[row] as usize;
        *self.known[key].get_or_insert_with(|| test(self.values, key))
    }
}

/// A column of a known type.
pub fn column<'a, A: Array + 'static>(batch: &'a RecordBatch, name: &str) -> Result<&'a A, Error> {
    let array = batch.column_by_name(name).ok_or_else(|| missing(name))?;
    array.as_any().downcast_ref().ok_or_else(|| missing(name))
}

fn missing(name: &str) -> Error {
    Error::Internal(format!("column '{name}' is missing or of another type"))
}
