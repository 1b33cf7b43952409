//! What outlives retention, kept in the catalog so that no start forgets it.

use super::{Shared, Store};
use crate::catalog::RecordChange;
use crate::error::Result;
use crate::retention::Pin;
use std::sync::PoisonError;

/// Of the catalog's records.
const SPACE: &str = "pin";

impl Store {
    /// Keeps the spans and logs of a time beyond their retention; durable when this returns. A pin of the same
    /// name is replaced. A full disk still takes the oldest segments, pinned or not.
    pub async fn pin(&self, name: &str, pin: Pin) -> Result<()> {
        let shared = &self.inner.shared;
        let now_ns = shared.options.clock.now_ns();
        let over: Vec<String> = shared
            .pins
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .filter(|(_, pin)| pin.until_ns <= now_ns)
            .map(|(name, _)| name.clone())
            .collect();
        let change =
            |name: &str, content| RecordChange { space: SPACE.to_owned(), name: name.to_owned(), content };
        let mut changes: Vec<RecordChange> = over.iter().map(|name| change(name, None)).collect();
        changes.push(change(name, serde_json::to_string(&pin).ok()));
        shared.catalog.commit_records(None, &changes).await?;
        let mut pins = shared.pins.lock().unwrap_or_else(PoisonError::into_inner);
        pins.retain(|(known, _)| known != name && !over.contains(known));
        pins.push((name.to_owned(), pin));
        Ok(())
    }

    /// What is pinned, by name.
    pub fn pins(&self) -> Vec<(String, Pin)> {
        self.inner.shared.pins.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Shared {
    pub(super) fn pins(&self) -> Vec<Pin> {
        let pins = self.pins.lock().unwrap_or_else(PoisonError::into_inner);
        pins.iter().map(|(_, pin)| pin.clone()).collect()
    }

    /// Before anything can be removed.
    pub(super) async fn read_pins(&self) -> Result<()> {
        let records = self.catalog.records(SPACE).await?;
        let read = |(name, text): (String, String)| Some((name, serde_json::from_str(&text).ok()?));
        *self.pins.lock().unwrap_or_else(PoisonError::into_inner) =
            records.into_iter().filter_map(read).collect();
        Ok(())
    }
}
