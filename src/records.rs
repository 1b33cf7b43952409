//! Spaces of the catalog's records that several servers write: each record is a JSON text, and becomes another one
//! only if it still is what was read.

use ocelli_storage::{RecordChange, RecordSwap, Result, Store};
use serde::de::DeserializeOwned;

#[derive(Clone)]
pub struct Space {
    store: Store,
    name: &'static str,
}

/// A record as the catalog has it, and as it is read.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept<T> {
    pub name: String,
    pub text: String,
    pub value: T,
}

impl Space {
    pub fn new(store: &Store, name: &'static str) -> Space {
        Space { store: store.clone(), name }
    }

    pub fn store(&self) -> &Store {
        &self.store
    }

    /// By name. One that can't be read is told, and left where it is.
    pub async fn all<T: DeserializeOwned>(&self) -> Result<Vec<Kept<T>>> {
        let records = self.store.records(self.name).await?;
        Ok(records.into_iter().filter_map(|(name, text)| self.read(name, text)).collect())
    }

    pub async fn one<T: DeserializeOwned>(&self, name: &str) -> Result<Option<Kept<T>>> {
        let text = self.store.record(self.name, name).await?;
        Ok(text.and_then(|text| self.read(name.to_owned(), text)))
    }

    fn read<T: DeserializeOwned>(&self, name: String, text: String) -> Option<Kept<T>> {
        match serde_json::from_str(&text) {
            Ok(value) => Some(Kept { name, text, value }),
            Err(error) => {
                let space = self.name;
                tracing::error!(space, name, %error, "a record can't be read; it is left out");
                None
            }
        }
    }

    /// A record that is to become another one, to be there, or to go.
    pub fn swap(&self, name: &str, from: Option<String>, to: Option<String>) -> RecordSwap {
        RecordSwap { space: self.name.to_owned(), name: name.to_owned(), from, to }
    }
}

/// A record that is another whenever some records have changed.
#[derive(Clone)]
pub struct Mark(Space);

impl Mark {
    pub fn new(store: &Store, name: &'static str) -> Mark {
        Mark(Space::new(store, name))
    }

    /// None where nothing was ever written.
    pub async fn read(&self) -> Result<Option<String>> {
        self.0.store.record(self.0.name, self.0.name).await
    }

    /// Whatever it was before.
    pub fn moved(&self) -> RecordChange {
        RecordChange { space: self.0.name.to_owned(), name: self.0.name.to_owned(), content: Some(drawn()) }
    }

    /// If it still is what was read.
    pub fn moved_from(&self, read: Option<String>) -> RecordSwap {
        self.0.swap(self.0.name, read, Some(drawn()))
    }
}

fn drawn() -> String {
    format!("{:032x}", rand::random::<u128>())
}
