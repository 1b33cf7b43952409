//! Objectives and groups of rules that were written over the API: records of the catalog, shared by all servers on it.

use ocelli_query::http::written::Kind;
use ocelli_storage::{RecordChange, RecordSwap, Store};
use serde::{Deserialize, Serialize};

/// Documents of a kind, at most.
pub const MOST: usize = 500;

/// A record of one name: another whenever a document has changed.
const MARK: &str = "saved_mark";

fn space(kind: Kind) -> &'static str {
    match kind {
        Kind::Slo => "saved_slo",
        Kind::Group => "saved_rule_group",
    }
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

#[derive(Serialize, Deserialize)]
struct Content {
    revision: u64,
    text: String,
}

impl Document {
    pub fn new(kind: Kind, id: String, revision: u64, text: String) -> Document {
        let record = serde_json::json!({ "revision": revision, "text": text }).to_string();
        Document { kind, id, revision, text, record }
    }

    fn read(kind: Kind, id: String, record: String) -> Option<Document> {
        match serde_json::from_str::<Content>(&record) {
            Ok(Content { revision, text }) => Some(Document { kind, id, revision, text, record }),
            Err(error) => {
                tracing::error!(space = space(kind), id, %error, "a saved document can't be read; it is left out");
                None
            }
        }
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
        let records = store.records(space(kind)).await?;
        all.extend(records.into_iter().filter_map(|(id, record)| Document::read(kind, id, record)));
    }
    Ok(Documents { all, mark })
}

/// Which state of all documents this is.
pub async fn mark(store: &Store) -> ocelli_storage::Result<String> {
    Ok(store.records(MARK).await?.into_iter().next().map(|(_, mark)| mark).unwrap_or_default())
}

/// Writes a document in the place of another one, of no other, or takes it away; durable when this returns. False
/// where the catalog has something else by now.
pub async fn swap(
    store: &Store,
    from: Option<&Document>,
    to: Option<&Document>,
) -> ocelli_storage::Result<bool> {
    let of = |document: &Document, from: Option<&Document>, to: Option<&Document>| RecordSwap {
        space: space(document.kind).to_owned(),
        name: document.id.clone(),
        from: from.map(|document| document.record.clone()),
        to: to.map(|document| document.record.clone()),
    };
    let swaps = match (from, to) {
        (Some(old), Some(new)) if old.id == new.id => vec![of(old, from, to)],
        _ => [from.map(|old| of(old, from, None)), to.map(|new| of(new, None, to))]
            .into_iter()
            .flatten()
            .collect(),
    };
    let mark = RecordChange {
        space: MARK.to_owned(),
        name: MARK.to_owned(),
        content: Some(format!("{:032x}", rand::random::<u128>())),
    };
    store.swap_records(&swaps, &[mark]).await
}
