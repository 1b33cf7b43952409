//! Dashboards as records of the catalog: each is one text, changed only by who has read what it is.

use crate::records::Space;
use async_trait::async_trait;
use ocelli_api::UnixNano;
use ocelli_api::dashboards::Dashboard;
use ocelli_api::dashboards::limits::{MAX_DASHBOARDS, MAX_TOTAL_BYTES};
use ocelli_query::Error;
use ocelli_query::http::dashboards::Dashboards;
use ocelli_storage::{Clock, Store};

/// The dashboards of all servers on a catalog.
pub struct Shelf {
    dashboards: Space,
    clock: Clock,
}

impl Shelf {
    pub fn new(store: &Store, clock: Clock) -> Shelf {
        Shelf { dashboards: Space::new(store, "dashboard"), clock }
    }

    /// False where it was not what the caller took it to be.
    async fn swap(&self, id: &str, from: Option<String>, to: Option<String>) -> Result<bool, Error> {
        let swap = self.dashboards.swap(id, from, to);
        Ok(self.dashboards.store().swap_records(&[swap], &[]).await?)
    }

    /// One as it is kept and as it is read.
    async fn kept(&self, id: &str) -> Result<(String, Dashboard), Error> {
        let found = self.dashboards.one(id).await?;
        let found = found.ok_or_else(|| Error::NotFound(format!("there is no dashboard {id:?}")))?;
        Ok((found.text, found.value))
    }

    fn dated(&self, dashboard: Dashboard, revision: u64) -> Dashboard {
        Dashboard { revision, updated_at: UnixNano(self.clock.now_ns()), ..dashboard }
    }
}

fn text(dashboard: &Dashboard) -> Result<String, Error> {
    serde_json::to_string(dashboard).map_err(Error::internal)
}

fn changed(id: &str, revision: u64) -> Error {
    Error::Conflict {
        message: format!("{id} has been changed by somebody else: it is at revision {revision}"),
        revision: Some(revision),
    }
}

#[async_trait]
impl Dashboards for Shelf {
    async fn all(&self) -> Result<Vec<Dashboard>, Error> {
        Ok(self.dashboards.all().await?.into_iter().map(|one| one.value).collect())
    }

    async fn one(&self, id: &str) -> Result<Option<Dashboard>, Error> {
        Ok(self.dashboards.one(id).await?.map(|one| one.value))
    }

    async fn add(&self, dashboard: Dashboard) -> Result<Dashboard, Error> {
        let dashboard = self.dated(dashboard, 1);
        let content = text(&dashboard)?;
        let kept = self.dashboards.all::<Dashboard>().await?;
        if kept.len() >= MAX_DASHBOARDS {
            return Err(Error::LimitExceeded(format!(
                "there are {MAX_DASHBOARDS} dashboards, which is the limit"
            )));
        }
        let bytes = content.len() + kept.iter().map(|one| one.text.len()).sum::<usize>();
        if bytes > MAX_TOTAL_BYTES {
            let message = format!("all dashboards would have {bytes} bytes; {MAX_TOTAL_BYTES} is the limit");
            return Err(Error::LimitExceeded(message));
        }
        let id = dashboard.id.clone();
        if self.swap(&id, None, Some(content)).await? {
            return Ok(dashboard);
        }
        Err(Error::conflict(format!("there is a dashboard {id:?} already; without `id` a copy gets its own")))
    }

    async fn replace(&self, dashboard: Dashboard) -> Result<Dashboard, Error> {
        let id = dashboard.id.clone();
        let (was, kept) = self.kept(&id).await?;
        if kept.revision != dashboard.revision {
            return Err(changed(&id, kept.revision));
        }
        let dashboard = self.dated(dashboard, kept.revision + 1);
        if self.swap(&id, Some(was), Some(text(&dashboard)?)).await? {
            return Ok(dashboard);
        }
        let (_, kept) = self.kept(&id).await?;
        Err(changed(&id, kept.revision))
    }

    async fn remove(&self, id: &str, revision: Option<u64>) -> Result<Dashboard, Error> {
        let (was, kept) = self.kept(id).await?;
        if revision.is_some_and(|revision| revision != kept.revision) {
            return Err(changed(id, kept.revision));
        }
        if self.swap(id, Some(was), None).await? {
            return Ok(kept);
        }
        let (_, kept) = self.kept(id).await?;
        Err(changed(id, kept.revision))
    }
}
