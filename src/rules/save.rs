//! Saves documents, and puts them to work at once.

use super::merge::{Read, clash, file_of, merge, noun};
use super::saved::{self, Document, Documents, MOST};
use super::{Loaded, RuleEngine};
use async_trait::async_trait;
use ocelli_query::Error;
use ocelli_query::http::written::{Kept, Kind, Saved, Written};
use ocelli_query::rules::{Group, Problem};
use ocelli_query::slo::Definitions;
use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::watch;

/// How soon what another server has saved is in force here.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Names that an address of the API can't have.
const UNREACHABLE: [&str; 3] = [".", "..", "preview"];

/// What of the files and the saved documents is in force.
#[derive(Debug, Default)]
pub struct InForce {
    /// Of the files alone.
    pub files: Loaded,
    documents: Documents,
    /// By place; why a document is not in force.
    left_out: Vec<Option<String>>,
    /// Of files and documents; none that is made of an objective.
    groups: Vec<Group>,
}

/// One document is to become another, to be there, or to go.
#[derive(Debug)]
enum Change {
    Create { text: String },
    Replace { id: String, revision: u64, text: String },
    Delete { id: String, revision: u64 },
}

impl RuleEngine {
    /// Reads the documents, and puts them to work together with what the files say.
    pub(super) async fn take_up(&self, files: Loaded) -> anyhow::Result<()> {
        let documents = saved::read(&self.work.store).await?;
        let (loaded, left_out) = merge(&files, &documents);
        for (document, why) in documents.all.iter().zip(&left_out) {
            if let Some(why) = why {
                let (kind, id) = (noun(document.kind), &document.id);
                tracing::error!(kind, id, why, "what was saved is left out");
            }
        }
        let in_force = InForce { files, documents, left_out, groups: loaded.groups.clone() };
        self.put_to_work(loaded).await?;
        *self.in_force.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(in_force);
        Ok(())
    }

    pub(super) fn in_force(&self) -> Arc<InForce> {
        self.in_force.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn change(&self, kind: Kind, change: Change) -> Result<Kept, Error> {
        let _one = self.changing.lock().await;
        let (store, files) = (&self.work.store, self.in_force().files.clone());
        let documents = saved::read(store).await?;
        let (from, to) = decide(&files, &documents, kind, change)?;
        let id = to.as_ref().or(from.as_ref()).map(|document| document.id.clone()).unwrap_or_default();
        if !saved::swap(store, from.as_ref(), to.as_ref()).await? {
            // Another server was faster.
            let now = saved::read(store).await?;
            let revision = now.find(kind, &id).map(|document| document.revision);
            let message = format!("{} {id:?} was changed meanwhile; look at it and save again", noun(kind));
            return Err(Error::Conflict { message, revision });
        }
        if let Err(error) = self.take_up(files).await {
            tracing::error!(%error, "what was saved is not in force yet; that is tried again");
        }
        Ok(Kept { id, revision: to.map(|document| document.revision).unwrap_or_default() })
    }
}

type Swap = (Option<Document>, Option<Document>);

/// What is to be written, or why not.
fn decide(files: &Loaded, documents: &Documents, kind: Kind, change: Change) -> Result<Swap, Error> {
    match change {
        Change::Create { text } => {
            let read = Read::parse(kind, &text, &files.definitions).map_err(Error::BadDocument)?;
            fits(files, documents, kind, None, &read)?;
            Ok((None, Some(Document::new(kind, read.id(), 1, text))))
        }
        Change::Replace { id, revision, text } => {
            let old = found(files, documents, kind, &id, revision)?;
            let read = Read::parse(kind, &text, &files.definitions).map_err(Error::BadDocument)?;
            fits(files, documents, kind, Some(&id), &read)?;
            Ok((Some(old.clone()), Some(Document::new(kind, read.id(), revision + 1, text))))
        }
        Change::Delete { id, revision } => {
            Ok((Some(found(files, documents, kind, &id, revision)?.clone()), None))
        }
    }
}

/// The document that a caller wants to change, if it is what they have seen.
fn found<'a>(
    files: &Loaded,
    documents: &'a Documents,
    kind: Kind,
    id: &str,
    revision: u64,
) -> Result<&'a Document, Error> {
    let noun = noun(kind);
    let Some(document) = documents.find(kind, id) else {
        return Err(match file_of(files, kind, id) {
            Some(file) => Error::conflict(format!(
                "{noun} {id:?} is from {file}; it is changed there, not over the API"
            )),
            None => Error::NotFound(format!("there is no {noun} {id:?}")),
        });
    };
    if document.revision != revision {
        let now = document.revision;
        let message =
            format!("{noun} {id:?} is at revision {now}, not {revision}; look at it and save again");
        return Err(Error::Conflict { message, revision: Some(now) });
    }
    Ok(document)
}

/// Whether there is room for a document in the place of `old`.
fn fits(
    files: &Loaded,
    documents: &Documents,
    kind: Kind,
    old: Option<&str>,
    read: &Read,
) -> Result<(), Error> {
    let (noun, id) = (noun(kind), read.id());
    if UNREACHABLE.contains(&id.as_str()) {
        let message =
            format!("{id:?} can't be the name of what is saved: it means something else in an address");
        return Err(Error::BadDocument(vec![Problem {
            field: "name".to_owned(),
            ..Problem::whole(message)
        }]));
    }
    if let Some(other) = documents.find(kind, &id).filter(|_| old != Some(id.as_str())) {
        let message = format!("{noun} {id:?} is saved already; change that one, or choose another name");
        return Err(Error::Conflict { message, revision: Some(other.revision) });
    }
    let others = |document: &&Document| document.kind != kind || Some(document.id.as_str()) != old;
    let rest =
        Documents { all: documents.all.iter().filter(others).cloned().collect(), ..Documents::default() };
    let none = Loaded { definitions: files.definitions.clone(), ..Loaded::default() };
    let saved = merge(&none, &rest).0;
    if let Some(why) = clash(files, &saved, read) {
        return Err(Error::conflict(why));
    }
    let count = documents.of(kind).count();
    if old.is_none() && count >= MOST {
        return Err(Error::LimitExceeded(format!(
            "{count} {noun}s are saved and {MOST} is the limit (saved_documents); delete one, or write it in a file"
        )));
    }
    Ok(())
}

/// The engine as the API asks it. What is begun is ended, also where the client goes away meanwhile.
pub struct Editor(pub Arc<RuleEngine>);

impl Editor {
    async fn change(&self, kind: Kind, change: Change) -> Result<Kept, Error> {
        let engine = self.0.clone();
        let task = tokio::spawn(async move { engine.change(kind, change).await });
        task.await.map_err(Error::internal)?
    }
}

#[async_trait]
impl Written for Editor {
    fn saved(&self, kind: Kind) -> Vec<Saved> {
        let in_force = self.0.in_force();
        let all = in_force.documents.all.iter().zip(&in_force.left_out);
        all.filter(|(document, _)| document.kind == kind)
            .map(|(document, why)| Saved {
                id: document.id.clone(),
                revision: document.revision,
                text: document.text.clone(),
                left_out: why.clone(),
            })
            .collect()
    }

    fn definitions(&self) -> Arc<Definitions> {
        self.0.in_force().files.definitions.clone()
    }

    fn groups(&self) -> Vec<Group> {
        self.0.in_force().groups.clone()
    }

    async fn create(&self, kind: Kind, text: String) -> Result<Kept, Error> {
        self.change(kind, Change::Create { text }).await
    }

    async fn replace(&self, kind: Kind, id: String, revision: u64, text: String) -> Result<Kept, Error> {
        self.change(kind, Change::Replace { id, revision, text }).await
    }

    async fn delete(&self, kind: Kind, id: String, revision: u64) -> Result<(), Error> {
        self.change(kind, Change::Delete { id, revision }).await.map(drop)
    }
}

/// Takes up what other servers have saved, until the engine stops.
pub async fn follow(engine: Weak<RuleEngine>, mut stop: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            _ = tokio::time::sleep(LOOK_EVERY) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        let Some(engine) = engine.upgrade() else { return };
        if let Err(error) = engine.look().await {
            tracing::debug!(%error, "whether anything new was saved can't be found out");
        }
    }
}

impl RuleEngine {
    async fn look(&self) -> anyhow::Result<()> {
        if saved::mark(&self.work.store).await? == self.in_force().documents.mark {
            return Ok(());
        }
        let _one = self.changing.lock().await;
        let files = self.in_force().files.clone();
        self.take_up(files).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(name: &str) -> Document {
        Document::new(Kind::Group, name.to_owned(), 3, format!("name: {name}"))
    }

    fn refused(documents: &Documents, change: Change) -> String {
        decide(&Loaded::default(), documents, Kind::Group, change).unwrap_err().to_string()
    }

    #[test]
    fn a_change_names_what_it_is_made_to() {
        let documents = Documents { all: vec![group("a"), group("b")], ..Documents::default() };
        let put =
            |id: &str, revision, text: &str| Change::Replace { id: id.into(), revision, text: text.into() };
        let swap = decide(&Loaded::default(), &documents, Kind::Group, put("a", 3, "name: c"));
        let (from, to) = swap.unwrap();
        assert_eq!(
            (from.unwrap().id, to.map(|to| (to.id, to.revision))),
            ("a".into(), Some(("c".into(), 4)))
        );
        assert!(refused(&documents, put("a", 2, "name: a")).contains("is at revision 3, not 2"));
        assert!(refused(&documents, put("a", 3, "name: b")).contains("\"b\" is saved already"));
        assert!(refused(&documents, put("z", 1, "name: z")).contains("there is no group \"z\""));
        assert!(refused(&documents, put("a", 3, "nam: a")).contains("did you mean name?"));
        assert!(refused(&documents, put("a", 3, "name: ..")).contains("means something else in an address"));
    }

    #[test]
    fn there_is_room_for_so_many() {
        let all = (0..MOST).map(|n| group(&format!("g{n}"))).collect();
        let full = Documents { all, ..Documents::default() };
        let why = refused(&full, Change::Create { text: "name: one-more".into() });
        assert!(why.contains("500 groups are saved and 500 is the limit"), "{why}");
        let same = Change::Replace { id: "g1".into(), revision: 3, text: "name: g1".into() };
        assert!(decide(&Loaded::default(), &full, Kind::Group, same).is_ok());
    }
}
