//! Which attributes the rows of a source have, without reading many rows.

use super::Source;
use crate::error::Result;
use crate::segment::Segment;
use arrow::array::types::Int32Type;
use arrow::array::{AsArray, RecordBatch};
use ocelli_signal::Attributes;
use ocelli_signal::origin::Resource;
use std::collections::{BTreeMap, BTreeSet};

/// Rows of a part in memory that are looked at, which takes some 10 ms.
const MEMORY_ROWS: usize = 100_000;

/// Keys of the attributes of some rows and of their resources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttributeKeys {
    /// With how many rows have it, at least.
    pub own: BTreeMap<String, u64>,
    pub resource: BTreeSet<String>,
    /// Whether there are no others.
    pub whole: bool,
}

impl Default for AttributeKeys {
    fn default() -> AttributeKeys {
        AttributeKeys { own: BTreeMap::new(), resource: BTreeSet::new(), whole: true }
    }
}

impl AttributeKeys {
    /// Adds those of other rows.
    pub fn join(&mut self, other: AttributeKeys) {
        other.own.into_iter().for_each(|(key, rows)| *self.own.entry(key).or_default() += rows);
        self.resource.extend(other.resource);
        self.whole &= other.whole;
    }

    fn of_rows(rows: &RecordBatch) -> AttributeKeys {
        let mut keys = AttributeKeys { whole: rows.num_rows() <= MEMORY_ROWS, ..AttributeKeys::default() };
        let lists = rows.column_by_name("attributes").and_then(|lists| lists.as_binary_opt::<i32>());
        for list in lists.into_iter().flatten().flatten().take(MEMORY_ROWS) {
            for (key, _) in Attributes::of_column(list).iter() {
                match keys.own.get_mut(key) {
                    Some(count) => *count += 1,
                    None => drop(keys.own.insert(key.to_owned(), 1)),
                }
            }
        }
        let resources =
            rows.column_by_name("resource").and_then(|coded| coded.as_dictionary_opt::<Int32Type>());
        let resources = resources.and_then(|coded| coded.values().as_binary_opt::<i32>());
        for resource in resources.into_iter().flatten().flatten() {
            let resource = Resource::parse(resource).unwrap_or_default();
            keys.resource.extend(resource.attributes().iter().map(|(key, _)| key.to_owned()));
        }
        keys
    }
}

impl Source {
    /// The attributes that its rows have, of spans or logs.
    pub fn attribute_keys(&self) -> Result<AttributeKeys> {
        match self {
            Source::Memory(part) => Ok(AttributeKeys::of_rows(&part.rows)),
            Source::Segment(segment) => of_segment(segment),
        }
    }
}

fn of_segment(segment: &Segment) -> Result<AttributeKeys> {
    let footer = segment.rows_footer()?;
    let layout = &footer.layout;
    let mut keys = AttributeKeys { whole: layout.keys().is_some(), ..AttributeKeys::default() };
    for column in layout.keys().into_iter().flat_map(|columns| columns.iter()) {
        *keys.own.entry(column.key.clone()).or_default() += column.rows;
    }
    match layout.residual().list() {
        Some(residual) => residual.for_each(|key| *keys.own.entry(key.to_owned()).or_default() += 1),
        None => keys.whole = false,
    }
    match layout.resources().list() {
        Some(resources) => keys.resource.extend(resources.map(str::to_owned)),
        None => keys.whole = false,
    }
    Ok(keys)
}
