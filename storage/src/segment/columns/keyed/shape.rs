//! Shapes: where each attribute of a row is, in the order in which they came.

use super::KeyColumns;
use crate::error::{Error, Result};
use std::path::Path;

/// Where one attribute is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Slot {
    /// The next entry of the map.
    Map,
    /// In the column at this place of [`KeyColumns`].
    Column(usize),
}

/// A shape as text: a JSON list of the columns' names, `null` for the next entry of the map. Entries
/// that are left over come after all others, so `[]` is a row with all of its attributes in the map.
pub fn to_text(slots: &[Slot], columns: &KeyColumns) -> String {
    let used = slots.iter().rposition(|slot| *slot != Slot::Map).map_or(0, |last| last + 1);
    let names: Vec<Option<&str>> = slots[..used].iter().map(|slot| columns.name(*slot)).collect();
    serde_json::to_string(&names).unwrap_or_default()
}

pub fn from_text(text: &str, columns: &KeyColumns) -> Result<Vec<Slot>> {
    let damaged = |detail: &dyn std::fmt::Display| Error::corrupt(Path::new(super::SHAPES), detail);
    let names: Vec<Option<String>> = serde_json::from_str(text).map_err(|error| damaged(&error))?;
    let slot = |name: Option<String>| match name {
        None => Ok(Slot::Map),
        Some(name) => match columns.0.iter().position(|column| column.column == name) {
            Some(at) => Ok(Slot::Column(at)),
            None => Err(damaged(&format_args!("no column is called '{name}'"))),
        },
    };
    names.into_iter().map(slot).collect()
}

impl KeyColumns {
    fn name(&self, slot: Slot) -> Option<&str> {
        match slot {
            Slot::Map => None,
            Slot::Column(at) => self.0.get(at).map(|column| column.column.as_str()),
        }
    }
}
