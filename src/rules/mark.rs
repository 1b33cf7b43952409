//! How far a rule has been computed: a note in the catalog for each rule.
//!
//! A mark is a lower bound. It is kept after what it tells of, so that after a crash some slots are
//! looked at again; what the store has of them is not written a second time.

use ocelli_storage::Store;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

const PREFIX: &str = "rule/";

/// Milliseconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    /// Where the rule's series begin.
    pub from: i64,
    /// All slots up to this one are done.
    pub done: i64,
}

/// The marks of all rules that were ever there, by the rule's key.
pub async fn read(store: &Store) -> ocelli_storage::Result<HashMap<String, Mark>> {
    let notes = store.notes(PREFIX).await?;
    let mark = |(name, text): (String, String)| {
        let key = name.strip_prefix(PREFIX)?.to_owned();
        Some((key, serde_json::from_str(&text).ok()?))
    };
    Ok(notes.into_iter().filter_map(mark).collect())
}

pub async fn keep(store: &Store, marks: &[(String, Mark)]) -> ocelli_storage::Result<()> {
    if marks.is_empty() {
        return Ok(());
    }
    let note = |(key, mark): &(String, Mark)| {
        let text = format!("{{\"from\":{},\"done\":{}}}", mark.from, mark.done);
        (format!("{PREFIX}{key}"), text)
    };
    store.keep_notes(&marks.iter().map(note).collect::<Vec<_>>()).await
}
