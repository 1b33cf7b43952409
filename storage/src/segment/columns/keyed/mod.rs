//! Attributes with a column of their own: a column for a key and a type of value, where enough rows
//! of a segment have it. What has no column stays in the `attributes` map.
//!
//! A third column, `attribute_keys`, says for each row in which order its attributes came and where
//! each of them is: the row's *shape*. Rows of one instrumentation have one shape, so that it costs
//! next to nothing, and all work is done by shape, not by row. See `docs/format/segment.md`.

mod join;
mod promoted;
mod residual;
mod shape;
mod split;
mod survey;

pub use join::{Joiner, lists_of};
pub use residual::{ResidualKeys, ResourceKeys};
pub use split::Splitter;
pub use survey::survey;

use super::{dictionary_text, field};
use crate::error::{Error, Result};
use crate::limits;
use arrow::datatypes::{DataType, Field};
use ocelli_signal::AnyValue;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};
use std::path::Path;

/// The column of the shapes.
pub const SHAPES: &str = "attribute_keys";
const SHAPES_ID: i32 = 104;
/// Names of the columns begin so, and go on with the key.
pub const PREFIX: &str = "attr.";

/// The types that a column can have. Other values stay in the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ValueType {
    String,
    Int,
    Double,
    Bool,
}

impl ValueType {
    const COUNT: usize = 4;

    /// `None` for a value that no column can hold.
    pub fn of(value: &AnyValue<'_>) -> Option<ValueType> {
        match value {
            AnyValue::String(_) => Some(ValueType::String),
            AnyValue::Int(_) => Some(ValueType::Int),
            AnyValue::Double(_) => Some(ValueType::Double),
            AnyValue::Bool(_) => Some(ValueType::Bool),
            AnyValue::Empty | AnyValue::Array(_) | AnyValue::KvList(_) | AnyValue::Bytes(_) => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            ValueType::String => "string",
            ValueType::Int => "int",
            ValueType::Double => "double",
            ValueType::Bool => "bool",
        }
    }

    fn data_type(self) -> DataType {
        match self {
            ValueType::String => DataType::Utf8,
            ValueType::Int => DataType::Int64,
            ValueType::Double => DataType::Float64,
            ValueType::Bool => DataType::Boolean,
        }
    }
}

/// One column: whose values it holds, and what it is called in the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyColumn {
    pub key: String,
    #[serde(rename = "type")]
    pub value_type: ValueType,
    pub column: String,
    pub id: i32,
    /// Rows with a value in it. 0 until the file is written.
    pub rows: u64,
    /// Whether its values repeat so much that a dictionary pays.
    pub repeats: bool,
}

impl KeyColumn {
    fn field(&self) -> Field {
        let mut field = field(self.id, &self.column, self.value_type.data_type(), true);
        let distinct = (!self.repeats).then(|| (DISTINCT.to_owned(), String::new()));
        field.metadata_mut().extend(distinct);
        field
    }
}

/// Marks a field whose values rarely repeat; only the writer of a file looks at it.
pub const DISTINCT: &str = "ocelli.distinct";

/// The columns of a file, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyColumns(Vec<KeyColumn>);

impl KeyColumns {
    /// Gives every key and type a name and a field id. Names differ also for readers to whom `A` and
    /// `a` are the same.
    pub fn new(mut keys: Vec<(String, ValueType, bool)>) -> KeyColumns {
        keys.sort();
        let mut names = HashSet::new();
        let columns = keys.into_iter().enumerate().map(|(at, (key, value_type, repeats))| {
            let id = promoted::field_id(&key, value_type);
            let id = id.unwrap_or(promoted::FIRST_ID_OF_FILE + at as i32);
            let column = unused_name(&key, value_type, &mut names);
            KeyColumn { key, value_type, column, id, rows: 0, repeats }
        });
        KeyColumns(columns.collect())
    }

    /// The columns of some files, each with its rows, that are frequent in `all` rows: a little less
    /// is asked for than of new rows, because a key that keeps its column costs a merge nothing.
    pub fn union(files: &[(&KeyColumns, u64)], all: u64) -> KeyColumns {
        let mut counts: BTreeMap<(&str, ValueType), (u64, u64)> = BTreeMap::new();
        for column in files.iter().flat_map(|(columns, _)| columns.iter()) {
            let (rows, repeating) = counts.entry((&column.key, column.value_type)).or_default();
            *rows += column.rows;
            *repeating += if column.repeats { column.rows } else { 0 };
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.retain(|((key, value_type), (rows, _))| {
            rows * 2 * survey::one_row_in(key, *value_type) as u64 >= all
        });
        counts.sort_by_key(|(_, (rows, _))| Reverse(*rows));
        counts.truncate(limits::KEY_COLUMNS);
        let chosen = counts.into_iter().map(|((key, value_type), (rows, repeating))| {
            (key.to_owned(), value_type, repeating * 2 >= rows)
        });
        KeyColumns::new(chosen.collect())
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = &KeyColumn> {
        self.0.iter()
    }

    /// The columns in Arrow's terms, the shapes first.
    pub fn fields(&self) -> Vec<Field> {
        let keyed = self.0.iter().map(KeyColumn::field);
        [field(SHAPES_ID, SHAPES, dictionary_text(), false)].into_iter().chain(keyed).collect()
    }

    /// As the file's footer has them, once it is known how many rows have each.
    pub fn to_json(&self, rows: &[u64]) -> String {
        let told = self.0.iter().zip(rows).map(|(column, rows)| KeyColumn { rows: *rows, ..column.clone() });
        serde_json::to_string(&told.collect::<Vec<_>>()).unwrap_or_default()
    }

    pub fn from_json(text: &str) -> Result<KeyColumns> {
        serde_json::from_str(text).map(KeyColumns).map_err(|error| Error::corrupt(Path::new(SHAPES), error))
    }
}

/// `attr.` and the key; where that is taken, with the type, then with a number.
fn unused_name(key: &str, value_type: ValueType, taken: &mut HashSet<String>) -> String {
    let plain = format!("{PREFIX}{key}");
    let typed = format!("{plain}:{}", value_type.name());
    let numbered = (2..).map(|n| format!("{typed}#{n}"));
    let mut names = [plain, typed.clone()].into_iter().chain(numbered);
    names.find(|name| taken.insert(name.to_lowercase())).unwrap_or(typed)
}

#[cfg(test)]
mod tests;
