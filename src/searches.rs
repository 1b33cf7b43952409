//! Saved searches as records of the catalog.

use crate::records::{Mark, Space};
use async_trait::async_trait;
use ocelli_api::UnixNano;
use ocelli_api::searches::{SavedSearch, SearchRequest};
use ocelli_query::Error;
use ocelli_query::http::searches::{Searches, added, changed, known};
use ocelli_storage::{Clock, Store};

/// Names and limits are of all searches, so that each change is one of them all: it is made anew where another
/// server was faster. As often as nobody who waits for an answer minds.
const TRIES: usize = 20;

/// The searches of all servers on a catalog.
pub struct Drawer {
    searches: Space,
    mark: Mark,
    clock: Clock,
}

impl Drawer {
    pub fn new(store: &Store, clock: Clock) -> Drawer {
        Drawer { searches: Space::new(store, "search"), mark: Mark::new(store, "search_mark"), clock }
    }

    /// `decide` says of all searches which one is to be there in the place of one of its id, or which is to go.
    async fn change(
        &self,
        decide: impl Fn(&[SavedSearch], UnixNano) -> Result<SavedSearch, Error> + Send + Sync,
        stays: bool,
    ) -> Result<SavedSearch, Error> {
        for _ in 0..TRIES {
            // The mark comes first: what is written while the others are read is seen by it.
            let mark = self.mark.read().await?;
            let kept = self.searches.all::<SavedSearch>().await?;
            let all: Vec<SavedSearch> = kept.iter().map(|one| one.value.clone()).collect();
            let search = decide(&all, UnixNano(self.clock.now_ns()))?;
            let from = kept.iter().find(|one| one.name == search.id).map(|one| one.text.clone());
            let text = serde_json::to_string(&search).map_err(Error::internal)?;
            let swap = self.searches.swap(&search.id, from, stays.then_some(text));
            if self.searches.store().swap_records(&[swap, self.mark.moved_from(mark)], &[]).await? {
                return Ok(search);
            }
        }
        Err(Error::conflict("others save searches all the time; try again".to_owned()))
    }
}

#[async_trait]
impl Searches for Drawer {
    async fn all(&self) -> Result<Vec<SavedSearch>, Error> {
        let kept = self.searches.all().await?;
        Ok(kept.into_iter().map(|one| one.value).collect())
    }

    async fn add(&self, asked: SearchRequest) -> Result<SavedSearch, Error> {
        self.change(|all, now| added(all, asked.clone(), now), true).await
    }

    async fn replace(&self, id: &str, asked: SearchRequest) -> Result<SavedSearch, Error> {
        self.change(|all, now| changed(all, id, asked.clone(), now), true).await
    }

    async fn remove(&self, id: &str) -> Result<SavedSearch, Error> {
        self.change(|all, _| known(all, id).cloned(), false).await
    }
}
