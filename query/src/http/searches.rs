//! `/api/searches`: searches under a name, records of the catalog.

use super::Api;
use super::alerting::Json;
use super::answer::{Answer, ok};
use crate::Error;
use axum::extract::{Path, State};
use axum::routing::{MethodRouter, delete, get, post, put};
use ocelli_api::searches::{SavedSearch, SearchRequest, SearchesResponse};
use ocelli_storage::RecordChange;
use std::sync::Arc;
use tokio::sync::Mutex;

/// The space of the catalog's records.
const SPACE: &str = "search";

const MOST: usize = 500;
const NAME_CHARS: usize = 100;
const QUERY_BYTES: usize = 4_096;

/// What the handlers share; one change at a time, so that limits and names hold.
#[derive(Clone)]
struct Searches {
    api: Api,
    changing: Arc<Mutex<()>>,
}

pub fn endpoints(api: Api) -> Vec<(&'static str, MethodRouter)> {
    let searches = Searches { api, changing: Arc::default() };
    vec![
        ("GET /api/searches", get(list).with_state(searches.clone())),
        ("POST /api/searches", post(keep).with_state(searches.clone())),
        ("PUT /api/searches/{id}", put(change).with_state(searches.clone())),
        ("DELETE /api/searches/{id}", delete(forget).with_state(searches)),
    ]
}

async fn list(State(searches): State<Searches>) -> Answer<SearchesResponse> {
    let mut all = searches.all().await?;
    all.sort_by(|a, b| (a.page, &a.name).cmp(&(b.page, &b.name)));
    ok(SearchesResponse { searches: all })
}

async fn keep(State(searches): State<Searches>, Json(asked): Json<SearchRequest>) -> Answer<SavedSearch> {
    let _one_at_a_time = searches.changing.lock().await;
    let all = searches.all().await?;
    if all.len() >= MOST {
        return Err(Error::LimitExceeded(format!("{MOST} searches are kept already; delete one")));
    }
    // The moment names it; two of one moment follow each other.
    let free = (searches.api.now().0..).map(|at| format!("{at:016x}")).find(|id| find(&all, id).is_err());
    ok(searches.save(free.unwrap_or_default(), asked, &all).await?)
}

async fn change(
    State(searches): State<Searches>,
    Path(id): Path<String>,
    Json(asked): Json<SearchRequest>,
) -> Answer<SavedSearch> {
    let _one_at_a_time = searches.changing.lock().await;
    let all = searches.all().await?;
    find(&all, &id)?;
    ok(searches.save(id, asked, &all).await?)
}

async fn forget(State(searches): State<Searches>, Path(id): Path<String>) -> Answer<SavedSearch> {
    let _one_at_a_time = searches.changing.lock().await;
    let all = searches.all().await?;
    let gone = find(&all, &id)?.clone();
    searches.commit(&id, None).await?;
    ok(gone)
}

fn find<'a>(all: &'a [SavedSearch], id: &str) -> Result<&'a SavedSearch, Error> {
    let found = all.iter().find(|search| search.id == id);
    found.ok_or_else(|| Error::NotFound(format!("there is no search {id}")))
}

impl Searches {
    async fn all(&self) -> Result<Vec<SavedSearch>, Error> {
        let read = |(name, text): (String, String)| match serde_json::from_str(&text) {
            Ok(search) => Some(search),
            Err(error) => {
                tracing::error!(name, %error, "a saved search can't be read; it is left out");
                None
            }
        };
        Ok(self.api.store.records(SPACE).await?.into_iter().filter_map(read).collect())
    }

    /// Durable when this returns.
    async fn save(
        &self,
        id: String,
        asked: SearchRequest,
        all: &[SavedSearch],
    ) -> Result<SavedSearch, Error> {
        let search = checked(asked, id, all)?;
        let search = SavedSearch { updated_at: self.api.now(), ..search };
        let text = serde_json::to_string(&search).map_err(Error::internal)?;
        self.commit(&search.id, Some(text)).await?;
        Ok(search)
    }

    async fn commit(&self, id: &str, content: Option<String>) -> Result<(), Error> {
        let change = RecordChange { space: SPACE.to_owned(), name: id.to_owned(), content };
        Ok(self.api.store.commit_records(None, &[change]).await?)
    }
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
    use crate::http::testing::Client;
    use ocelli_api::searches::SearchPage;
    use serde_json::{Value, json};

    async fn client() -> (tempfile::TempDir, Client) {
        let dir = tempfile::tempdir().unwrap();
        let options = ocelli_storage::Options::new(dir.path());
        let store = ocelli_storage::Store::open(options, None).await.unwrap();
        (dir, Client::new(store))
    }

    fn search(name: &str, query: &str) -> Value {
        json!({"name": name, "page": "logs", "query": query})
    }

    #[tokio::test]
    async fn a_search_is_kept_changed_and_forgotten() {
        let (_dir, client) = client().await;
        let (status, kept) =
            client.send("POST", "/api/searches", &search(" failures ", "?q=level:error")).await;
        assert_eq!(
            (status, &kept["name"], &kept["query"]),
            (200, &json!("failures"), &json!("q=level:error"))
        );
        let uri = format!("/api/searches/{}", kept["id"].as_str().unwrap());
        let (status, error) = client.send("POST", "/api/searches", &search("failures", "")).await;
        assert_eq!((status, &error["error"]["parameter"]), (400, &json!("name")));
        // It may keep its own name.
        let (status, _) = client.send("PUT", &uri, &search("failures", "q=x")).await;
        assert_eq!(status, 200);
        let all = client.ok("/api/searches").await;
        assert_eq!(all["searches"].as_array().unwrap().len(), 1);
        assert_eq!(all["searches"][0]["query"], "q=x");
        assert_eq!(client.send("DELETE", &uri, &json!(null)).await.0, 200);
        assert_eq!(client.send("DELETE", &uri, &json!(null)).await.0, 404);
        assert_eq!(client.send("PUT", &uri, &search("a", "")).await.0, 404);
        assert_eq!(client.ok("/api/searches").await["searches"], json!([]));
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
