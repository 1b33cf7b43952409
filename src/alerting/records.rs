//! What is to be written of all that alerting must not forget: the newest of each record, until it is durable.

use crate::records::Space;
use ocelli_storage::{RecordChange, Store};
use std::collections::BTreeMap;

/// The lease that only one of the servers on a catalog has.
pub const LEASE: &str = "alerting";

/// Spaces of the catalog's records.
pub mod spaces {
    /// Letters.
    pub const OUTBOX: &str = "outbox";
    /// Alerts of rules, with what the rule remembers of them.
    pub const RULE_ALERT: &str = "rule_alert";
    /// Changes of the states of alerts.
    pub const CHANGE: &str = "alert_change";
    /// What servers that stand by were asked, for the one that tells.
    pub const REQUEST: &str = "alert_request";
}

/// Changes that are not durable yet.
#[derive(Debug, Default)]
pub struct Unsaved(BTreeMap<(String, String), Option<String>>);

impl Unsaved {
    pub fn put(&mut self, space: &str, name: &str, content: Option<String>) {
        self.0.insert((space.to_owned(), name.to_owned()), content);
    }

    pub fn take(&mut self) -> Vec<RecordChange> {
        let all = std::mem::take(&mut self.0);
        all.into_iter().map(|((space, name), content)| RecordChange { space, name, content }).collect()
    }

    /// They could not be written; what is newer stays.
    pub fn give_back(&mut self, changes: Vec<RecordChange>) {
        for RecordChange { space, name, content } in changes {
            self.0.entry((space, name)).or_insert(content);
        }
    }
}

/// The records of a space that can be read, by name.
pub async fn read<T: serde::de::DeserializeOwned>(
    store: &Store,
    space: &'static str,
) -> ocelli_storage::Result<Vec<(String, T)>> {
    let kept = Space::new(store, space).all().await?;
    Ok(kept.into_iter().map(|one| (one.name, one.value)).collect())
}

/// A record as text. All of them can be written: they have text keys, and no numbers that JSON lacks.
pub fn text<T: serde::Serialize>(record: &T) -> Option<String> {
    match serde_json::to_string(record) {
        Ok(text) => Some(text),
        Err(error) => {
            tracing::error!(%error, "a record can't be written");
            None
        }
    }
}
