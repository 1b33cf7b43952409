//! Which keys get a column: those that a good part of the rows has, judged by a sample of them.

use super::{KeyColumns, ValueType, promoted};
use crate::limits;
use arrow::array::{Array, BinaryArray};
use ocelli_signal::{AnyValue, Attributes};
use std::collections::{HashMap, HashSet};
use xxhash_rust::xxh3::xxh3_64;

/// What the sample says of one key and type.
#[derive(Default)]
struct Seen {
    /// Row of the sample that had it last, and how many had it.
    last: Option<usize>,
    rows: usize,
    /// Hashes of its values.
    values: HashSet<u64>,
}

/// The columns for rows with these `attributes` values.
pub fn survey(lists: &[&BinaryArray]) -> KeyColumns {
    let total: usize = lists.iter().map(|lists| lists.len()).sum();
    if total < limits::KEY_COLUMNS_MIN_ROWS {
        return KeyColumns::default();
    }
    let step = total.div_ceil(limits::SURVEY_ROWS);
    let mut seen: HashMap<(&str, ValueType), Seen> = HashMap::new();
    let rows = lists.iter().flat_map(|lists| lists.iter().flatten()).step_by(step);
    let mut sampled = 0;
    for list in rows {
        sampled += 1;
        // A row with more has no shape.
        for (key, value) in Attributes::of_column(list).iter().take(limits::SHAPE_ATTRIBUTES) {
            let Some(value_type) = ValueType::of(&value) else { continue };
            if key.len() > limits::KEY_COLUMN_NAME_BYTES {
                continue;
            }
            seen.entry((key, value_type)).or_default().add(sampled, &value);
        }
    }
    choose(seen, sampled)
}

impl Seen {
    fn add(&mut self, row: usize, value: &AnyValue<'_>) {
        if self.last == Some(row) {
            return;
        }
        self.last = Some(row);
        self.rows += 1;
        self.values.insert(match *value {
            AnyValue::String(text) => xxh3_64(text.as_bytes()),
            AnyValue::Int(n) => n as u64,
            AnyValue::Double(n) => n.to_bits(),
            _ => 0,
        });
    }

    /// In a dictionary each value is there once, and each row pays for a number.
    fn repeats(&self) -> bool {
        self.values.len() * 4 < self.rows
    }
}

fn choose(seen: HashMap<(&str, ValueType), Seen>, sampled: usize) -> KeyColumns {
    let enough = |key: &str, value_type, rows: usize| rows * one_row_in(key, value_type) >= sampled;
    let mut keys: Vec<_> =
        seen.into_iter().filter(|((key, value_type), seen)| enough(key, *value_type, seen.rows)).collect();
    // The key decides between equals, so that the same rows give the same columns.
    keys.sort_by(|(a, more), (b, less)| less.rows.cmp(&more.rows).then(a.cmp(b)));
    keys.truncate(limits::KEY_COLUMNS);
    let chosen =
        keys.into_iter().map(|((key, value_type), seen)| (key.to_owned(), value_type, seen.repeats()));
    KeyColumns::new(chosen.collect())
}

/// A key gets a column when one row in so many has it.
pub fn one_row_in(key: &str, value_type: ValueType) -> usize {
    match promoted::field_id(key, value_type) {
        Some(_) => limits::PROMOTED_ONE_ROW_IN,
        None => limits::KEY_COLUMN_ONE_ROW_IN,
    }
}
