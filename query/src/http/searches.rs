//! `/api/searches`: searches under a name.
//!
//! This crate doesn't write; who keeps them implements [`Searches`].

use super::alerting::Json;
use super::answer::{Answer, ok};
use crate::Error;
use async_trait::async_trait;
use axum::extract::{Path, State};
use axum::routing::{MethodRouter, delete, get, post, put};
use ocelli_api::UnixNano;
use ocelli_api::searches::{SavedSearch, SearchRequest, SearchesResponse};
use std::sync::Arc;

const MOST: usize = 500;
const NAME_CHARS: usize = 100;
const QUERY_BYTES: usize = 4_096;

/// Where searches are kept. What is added, changed or removed is decided by [`added`], [`changed`] and [`known`] of all
/// that are there at that moment, and durable when it is answered.
#[async_trait]
pub trait Searches: Send + Sync {
    /// In any order.
    async fn all(&self) -> Result<Vec<SavedSearch>, Error>;

    async fn add(&self, asked: SearchRequest) -> Result<SavedSearch, Error>;

    async fn replace(&self, id: &str, asked: SearchRequest) -> Result<SavedSearch, Error>;

    async fn remove(&self, id: &str) -> Result<SavedSearch, Error>;
}

type Keeper = Arc<dyn Searches>;

pub fn endpoints(keeper: Arc<dyn Searches>) -> Vec<(&'static str, MethodRouter)> {
    vec![
        ("GET /api/searches", get(list).with_state(keeper.clone())),
        ("POST /api/searches", post(keep).with_state(keeper.clone())),
        ("PUT /api/searches/{id}", put(change).with_state(keeper.clone())),
        ("DELETE /api/searches/{id}", delete(forget).with_state(keeper)),
    ]
}

async fn list(State(keeper): State<Keeper>) -> Answer<SearchesResponse> {
    let mut all = keeper.all().await?;
    all.sort_by(|a, b| (a.page, &a.name).cmp(&(b.page, &b.name)));
    ok(SearchesResponse { searches: all })
}

async fn keep(State(keeper): State<Keeper>, Json(asked): Json<SearchRequest>) -> Answer<SavedSearch> {
    ok(keeper.add(asked).await?)
}

async fn change(
    State(keeper): State<Keeper>,
    Path(id): Path<String>,
    Json(asked): Json<SearchRequest>,
) -> Answer<SavedSearch> {
    ok(keeper.replace(&id, asked).await?)
}

async fn forget(State(keeper): State<Keeper>, Path(id): Path<String>) -> Answer<SavedSearch> {
    ok(keeper.remove(&id).await?)
}

/// A new search beside all others.
pub fn added(all: &[SavedSearch], asked: SearchRequest, now: UnixNano) -> Result<SavedSearch, Error> {
    if all.len() >= MOST {
        return Err(Error::LimitExceeded(format!("{MOST} searches are kept already; delete one")));
    }
    // The moment names it; two of one moment follow each other.
    let free = (now.0..).map(|at| format!("{at:016x}")).find(|id| known(all, id).is_err());
    let search = checked(asked, free.unwrap_or_default(), all)?;
    Ok(SavedSearch { updated_at: now, ..search })
}

/// What one becomes.
pub fn changed(
    all: &[SavedSearch],
    id: &str,
    asked: SearchRequest,
    now: UnixNano,
) -> Result<SavedSearch, Error> {
    known(all, id)?;
    let search = checked(asked, id.to_owned(), all)?;
    Ok(SavedSearch { updated_at: now, ..search })
}

pub fn known<'a>(all: &'a [SavedSearch], id: &str) -> Result<&'a SavedSearch, Error> {
    let found = all.iter().find(|search| search.id == id);
    found.ok_or_else(|| Error::NotFound(format!("there is no search {id}")))
}

fn checked(asked: SearchRequest, id: String, all: &[SavedSearch]) -> Result<SavedSearch, Error> {
    let name = asked.name.trim().to_owned();
    if name.is_empty() || name.chars().count() > NAME_CHARS || name.chars().any(char::is_control) {
        let message = format!("must be 1 to {NAME_CHARS} characters in one line");
        return Err(Error::bad_parameter("name", message));
    }
    if all.iter().any(|other| other.id != id && other.page == asked.page && other.name == name) {
        return Err(Error::bad_parameter("name", format!("there is another search \"{name}\" of this page")));
    }
    let query = asked.query.trim_start_matches('?').to_owned();
    if query.len() > QUERY_BYTES {
        return Err(Error::bad_parameter("query", format!("is longer than {QUERY_BYTES} bytes")));
    }
    if query.contains('#') || query.chars().any(|c| c.is_control() || c.is_whitespace()) {
        let message = "must be encoded as in an address: no blank, no #, no control character";
        return Err(Error::bad_parameter("query", message));
    }
    Ok(SavedSearch { id, name, page: asked.page, query, ..SavedSearch::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ocelli_api::searches::SearchPage;

    fn search(name: &str, query: &str) -> SearchRequest {
        SearchRequest { name: name.into(), page: SearchPage::Logs, query: query.into() }
    }

    #[test]
    fn a_name_is_of_one_search_of_a_page() {
        let now = UnixNano(16);
        let first = added(&[], search(" failures ", "?q=level:error"), now).unwrap();
        assert_eq!(
            (&*first.name, &*first.query, &*first.id),
            ("failures", "q=level:error", "0000000000000010")
        );
        let all = [first];
        let again = added(&all, search("failures", ""), now).unwrap_err();
        assert!(matches!(&again, Error::BadParameter { parameter, .. } if parameter == "name"), "{again}");
        assert_eq!(
            added(&all, search("other", ""), now).unwrap().id,
            "0000000000000011",
            "of the same moment"
        );
        // It may keep its own name.
        let later = changed(&all, &all[0].id, search("failures", "q=x"), UnixNano(17)).unwrap();
        assert_eq!((&*later.query, later.updated_at, &later.id), ("q=x", UnixNano(17), &all[0].id));
        assert!(matches!(changed(&all, "1", search("a", ""), now), Err(Error::NotFound(_))));
        let many: Vec<SavedSearch> =
            (0..MOST).map(|n| SavedSearch { id: n.to_string(), ..Default::default() }).collect();
        assert!(matches!(added(&many, search("a", ""), now), Err(Error::LimitExceeded(_))));
    }

    #[test]
    fn what_is_refused() {
        let asked = |name: &str, query: &str| {
            let page = SearchPage::Traces;
            let asked = SearchRequest { name: name.into(), page, query: query.into() };
            checked(asked, "1".into(), &[]).map_err(|why| why.to_string())
        };
        assert!(asked(&"n".repeat(100), &"q".repeat(4_096)).is_ok());
        for (name, query) in
            [("", ""), (" ", ""), ("a\nb", ""), ("a", "q=a b"), ("a", "q=1#x"), ("a", "q=\u{7}")]
        {
            assert!(asked(name, query).is_err(), "{name:?} {query:?}");
        }
        assert!(asked(&"n".repeat(101), "").is_err());
        assert!(asked("a", &"q".repeat(4_097)).is_err());
    }
}
