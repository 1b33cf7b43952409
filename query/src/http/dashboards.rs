//! `/api/dashboards`: what is kept of dashboards, and Grafana's taken over.
//!
//! This crate doesn't write; who keeps them implements [`Dashboards`].

use super::alerting::Json;
use super::answer::{Answer, ok};
use super::params::Params;
use crate::Error;
use crate::dashboards::check::check;
use crate::dashboards::{grafana, id_of, is_id};
use async_trait::async_trait;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::routing::{MethodRouter, get, post};
use ocelli_api::dashboards::{Dashboard, DashboardSummary, DashboardsResponse, GrafanaImportResponse};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Where dashboards are kept. What it is given has been checked.
#[async_trait]
pub trait Dashboards: Send + Sync {
    /// In any order.
    async fn all(&self) -> Result<Vec<Dashboard>, Error>;

    async fn one(&self, id: &str) -> Result<Option<Dashboard>, Error>;

    /// Keeps a new one, durably; [`Error::Conflict`] where the id is taken. Revision and time are the keeper's.
    async fn add(&self, dashboard: Dashboard) -> Result<Dashboard, Error>;

    /// Keeps another revision of one, durably; [`Error::Conflict`] where the revision is not the newest.
    async fn replace(&self, dashboard: Dashboard) -> Result<Dashboard, Error>;

    /// [`Error::Conflict`] where a revision is given and not the newest.
    async fn remove(&self, id: &str, revision: Option<u64>) -> Result<Dashboard, Error>;
}

type Keeper = Arc<dyn Dashboards>;
type Id = Result<Path<String>, PathRejection>;

pub fn endpoints(keeper: Arc<dyn Dashboards>) -> Vec<(&'static str, MethodRouter)> {
    vec![
        ("GET /api/dashboards", get(list).with_state(keeper.clone())),
        ("POST /api/dashboards", post(create).with_state(keeper.clone())),
        ("GET /api/dashboards/{id}", get(one).with_state(keeper.clone())),
        ("PUT /api/dashboards/{id}", axum::routing::put(replace).with_state(keeper.clone())),
        ("DELETE /api/dashboards/{id}", axum::routing::delete(remove).with_state(keeper.clone())),
        ("POST /api/dashboards/import/grafana", post(import).with_state(keeper)),
    ]
}

async fn list(State(keeper): State<Keeper>, params: Params) -> Answer<DashboardsResponse> {
    let mut all = keeper.all().await?;
    all.sort_by_cached_key(|dashboard| (dashboard.title.to_lowercase(), dashboard.id.clone()));
    let tags: BTreeSet<String> = all.iter().flat_map(|dashboard| dashboard.tags.clone()).collect();
    let words = params.get("search").unwrap_or_default().to_lowercase();
    let words: Vec<&str> = words.split_whitespace().collect();
    let wanted: Vec<&str> = params.all("tag").filter(|tag| !tag.is_empty()).collect();
    all.retain(|dashboard| {
        let Dashboard { id, title, description, tags, .. } = dashboard;
        let text = format!("{id}\n{title}\n{description}\n{}", tags.join("\n")).to_lowercase();
        words.iter().all(|word| text.contains(word))
            && wanted.iter().all(|tag| tags.iter().any(|has| has == tag))
    });
    ok(DashboardsResponse {
        dashboards: all.into_iter().map(summary).collect(),
        tags: tags.into_iter().collect(),
    })
}

fn summary(of: Dashboard) -> DashboardSummary {
    DashboardSummary {
        id: of.id,
        revision: of.revision,
        updated_at: of.updated_at,
        title: of.title,
        description: of.description,
        tags: of.tags,
        panels: of.panels.len() as u64,
    }
}

fn named(id: Id) -> Result<String, Error> {
    let Path(id) = id.map_err(|why| Error::bad_parameter("id", why.body_text()))?;
    // Nothing else was ever kept, and some catalogs can't be asked for it.
    if is_id(&id) { Ok(id) } else { Err(unknown(&id)) }
}

fn unknown(id: &str) -> Error {
    Error::NotFound(format!("there is no dashboard {id:?}"))
}

async fn one(State(keeper): State<Keeper>, id: Id) -> Answer<Dashboard> {
    let id = named(id)?;
    ok(keeper.one(&id).await?.ok_or_else(|| unknown(&id))?)
}

async fn create(State(keeper): State<Keeper>, Json(dashboard): Json<Dashboard>) -> Answer<Dashboard> {
    check(&dashboard)?;
    ok(add(&keeper, dashboard).await?)
}

/// Under its own id, or under one that is made of the title and is free.
async fn add(keeper: &Keeper, mut dashboard: Dashboard) -> Result<Dashboard, Error> {
    if !dashboard.id.is_empty() {
        if !is_id(&dashboard.id) {
            return Err(Error::bad_parameter(
                "id",
                "may have lower-case letters, digits and dashes between them",
            ));
        }
        return keeper.add(dashboard).await;
    }
    let taken: BTreeSet<String> = keeper.all().await?.into_iter().map(|one| one.id).collect();
    let id = id_of(&dashboard.title);
    let numbered = (2..).map(|number: u32| format!("{id}-{number}"));
    let free = std::iter::once(id.clone()).chain(numbered).find(|id| !taken.contains(id));
    dashboard.id = free.unwrap_or(id);
    keeper.add(dashboard).await
}

async fn replace(
    State(keeper): State<Keeper>,
    id: Id,
    Json(dashboard): Json<Dashboard>,
) -> Answer<Dashboard> {
    let id = named(id)?;
    if !dashboard.id.is_empty() && dashboard.id != id {
        return Err(Error::bad_parameter("id", format!("{:?} is not the one of the path", dashboard.id)));
    }
    check(&dashboard)?;
    ok(keeper.replace(Dashboard { id, ..dashboard }).await?)
}

async fn remove(State(keeper): State<Keeper>, id: Id, params: Params) -> Answer<Dashboard> {
    let id = named(id)?;
    let revision = params.get("revision").map(|_| params.number("revision", 0, 0..=u64::MAX)).transpose()?;
    ok(keeper.remove(&id, revision).await?)
}

async fn import(
    State(keeper): State<Keeper>,
    params: Params,
    Json(document): Json<Value>,
) -> Answer<GrafanaImportResponse> {
    let is_dry = match params.get("dry_run") {
        None | Some("false") => false,
        Some("true") => true,
        Some(other) => {
            return Err(Error::bad_parameter("dry_run", format!("'{other}' is not true or false")));
        }
    };
    let (dashboard, left_out) = grafana::import(&document)?;
    check(&dashboard)?;
    let dashboard = if is_dry { dashboard } else { add(&keeper, dashboard).await? };
    ok(GrafanaImportResponse { dashboard, left_out, saved: !is_dry })
}
