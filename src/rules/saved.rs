//! Objectives and groups of rules that were written over the API: records of the catalog, shared by all servers on it.

use crate::records::{Kept, Mark, Space};
use ocelli_query::http::written::Kind;
use ocelli_storage::Store;
use serde::Deserialize;

/// Documents of a kind, at most.
pub const MOST: usize = 500;

/// A record of one name: another whenever a document has changed.
const MARK: &str = "saved_mark";

fn space(store: &Store, kind: Kind) -> Space {
    let name = match kind {
        Kind::Slo => "saved_slo",
        Kind::Group => "saved_rule_group",
    };
    Space::new(store, name)
}

#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    pub kind: Kind,
    pub id: String,
    pub revision: u64,
    pub text: String,
    /// As the catalog has it.
    record: String,
}

#[derive(Deserialize)]
struct Content {
    revision: u64,
    text: String,
}

impl Document {
    pub fn new(kind: Kind, id: String, revision: u64, text: String) -> Document {
        let record = serde_json::json!({ "revision": revision, "text": text }).to_string();
        Document { kind, id, revision, text, record }
    }

    fn of(kind: Kind, kept: Kept<Content>) -> Document {
        let Kept { name, text, value } = kept;
        Document { kind, id: name, revision: value.revision, text: value.text, record: text }
    }
}

/// All of them, and at which mark.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Documents {
    pub all: Vec<Document>,
    pub mark: String,
}

impl Documents {
    pub fn find(&self, kind: Kind, id: &str) -> Option<&Document> {
        self.all.iter().find(|document| document.kind == kind && document.id == id)
    }

    pub fn of(&self, kind: Kind) -> impl Iterator<Item = &Document> {
        self.all.iter().filter(move |document| document.kind == kind)
    }
}

/// The mark comes first: what is written while the documents are read is read again later.
pub async fn read(store: &Store) -> ocelli_storage::Result<Documents> {
    let mark = mark(store).await?;
    let mut all = Vec::new();
    for kind in [Kind::Slo, Kind::Group] {
        let kept = space(store, kind).all().await?;
        all.extend(kept.into_iter().map(|one| Document::of(kind, one)));
    }
    Ok(Documents { all, mark })
}

/// Which state of all documents this is.
pub async fn mark(store: &Store) -> ocelli_storage::Result<String> {
    Ok(Mark::new(store, MARK).read().await?.unwrap_or_default())
}

/// Writes a document in the place of another one, of no other, or takes it away; durable when this returns. False
/// where the catalog has something else by now.
pub async fn swap(
    store: &Store,
    from: Option<&Document>,
    to: Option<&Document>,
) -> ocelli_storage::Result<bool> {
    let of = |document: &Document, from: Option<&Document>, to: Option<&Document>| {
        let record = |of: Option<&Document>| of.map(|document| document.record.clone());
        space(store, document.kind).swap(&document.id, record(from), record(to))
    };
    let swaps = match (from, to) {
        (Some(old), Some(new)) if old.id == new.id => vec![of(old, from, to)],
        _ => [from.map(|old| of(old, from, None)), to.map(|new| of(new, None, to))]
            .into_iter()
            .flatten()
            .collect(),
    };
    store.swap_records(&swaps, &[Mark::new(store, MARK).moved()]).await
}
