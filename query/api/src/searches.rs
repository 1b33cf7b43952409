//! Searches that somebody keeps under a name.

use crate::UnixNano;
use serde::{Deserialize, Serialize};

/// `GET /api/searches`: of all pages, by page and name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SearchesResponse {
    pub searches: Vec<SavedSearch>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SavedSearch {
    pub id: String,
    /// Of one page no two have the same.
    pub name: String,
    pub page: SearchPage,
    /// What follows `?` in the address of the page.
    pub query: String,
    pub updated_at: UnixNano,
}

/// The page that a search is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum SearchPage {
    #[default]
    Logs,
    Traces,
    Metrics,
}

/// `POST /api/searches` keeps one, `PUT /api/searches/{id}` changes one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SearchRequest {
    /// 1 to 100 characters.
    pub name: String,
    pub page: SearchPage,
    /// At most 4,096 bytes.
    pub query: String,
}
