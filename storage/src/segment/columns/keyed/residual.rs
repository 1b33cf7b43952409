//! Which keys the maps of a file have, so that a search for a key that is not among them reads only
//! the key's column.

use crate::error::Result;
use crate::limits;
use crate::segment::columns::downcast;
use arrow::array::types::Int32Type;
use arrow::array::{Array, ArrayRef, BinaryArray, DictionaryArray};
use ocelli_signal::origin::Resource;
use std::collections::{BTreeSet, HashSet};

/// Keys in the maps of some rows; all that there are could be, once they are too many to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResidualKeys {
    keys: Option<BTreeSet<String>>,
    bytes: usize,
}

impl Default for ResidualKeys {
    fn default() -> ResidualKeys {
        ResidualKeys { keys: Some(BTreeSet::new()), bytes: 0 }
    }
}

impl ResidualKeys {
    pub fn unknown() -> ResidualKeys {
        ResidualKeys { keys: None, bytes: 0 }
    }

    pub fn add(&mut self, key: &str) {
        let Some(keys) = &mut self.keys else { return };
        if keys.contains(key) {
            return;
        }
        self.bytes += key.len();
        if keys.len() == limits::RESIDUAL_KEYS || self.bytes > limits::RESIDUAL_KEY_BYTES {
            *self = ResidualKeys::unknown();
        } else {
            keys.insert(key.to_owned());
        }
    }

    /// Adds the keys of another file.
    pub fn join(&mut self, other: &ResidualKeys) {
        match &other.keys {
            Some(keys) => keys.iter().for_each(|key| self.add(key)),
            None => *self = ResidualKeys::unknown(),
        }
    }

    fn is_known(&self) -> bool {
        self.keys.is_some()
    }

    /// The keys; `None` for too many.
    pub fn list(&self) -> Option<impl Iterator<Item = &str>> {
        Some(self.keys.as_ref()?.iter().map(String::as_str))
    }

    pub fn may_have(&self, key: &str) -> bool {
        self.keys.as_ref().is_none_or(|keys| keys.contains(key))
    }

    /// As the file's footer has them; `None` for too many.
    pub fn to_json(&self) -> Option<String> {
        self.keys.as_ref().and_then(|keys| serde_json::to_string(keys).ok())
    }

    pub fn from_json(text: Option<&str>) -> ResidualKeys {
        match text.and_then(|text| serde_json::from_str::<BTreeSet<String>>(text).ok()) {
            Some(keys) => ResidualKeys { bytes: keys.iter().map(String::len).sum(), keys: Some(keys) },
            None => ResidualKeys::unknown(),
        }
    }
}

/// The keys of the resources of some rows.
#[derive(Debug, Default)]
pub struct ResourceKeys {
    keys: ResidualKeys,
    /// The dictionary that was looked at last: batches of one memtable share theirs.
    last: Option<ArrayRef>,
    seen: HashSet<Vec<u8>>,
}

impl ResourceKeys {
    /// Adds those of a `resource` column, which may say more than its rows have.
    pub fn add_all(&mut self, column: &ArrayRef) -> Result<()> {
        let coded: &DictionaryArray<Int32Type> = downcast(column, "resource")?;
        if self.last.as_ref().is_some_and(|last| last.to_data().ptr_eq(&coded.values().to_data())) {
            return Ok(());
        }
        self.last = Some(coded.values().clone());
        let values: &BinaryArray = downcast(coded.values(), "resource")?;
        for value in values.iter().flatten() {
            if self.keys.is_known() && self.seen.insert(value.to_vec()) {
                let resource = Resource::parse(value).unwrap_or_default();
                resource.attributes().iter().for_each(|(key, _)| self.keys.add(key));
            }
        }
        Ok(())
    }

    /// Adds those of another file.
    pub fn add_other(&mut self, keys: &ResidualKeys) {
        self.keys.join(keys);
    }

    pub fn keys(&self) -> &ResidualKeys {
        &self.keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_keys_are_any_key() {
        let mut few = ResidualKeys::default();
        few.add("a");
        assert!(few.may_have("a") && !few.may_have("b"));
        assert_eq!(ResidualKeys::from_json(few.to_json().as_deref()), few);
        let mut many = ResidualKeys::default();
        (0..=limits::RESIDUAL_KEYS).for_each(|n| many.add(&n.to_string()));
        assert!(many.may_have("b") && many.to_json().is_none());
        few.join(&many);
        assert_eq!(few, ResidualKeys::unknown());
        let mut long = ResidualKeys::default();
        long.add(&"x".repeat(limits::RESIDUAL_KEY_BYTES + 1));
        assert!(long.may_have("b"));
    }
}
