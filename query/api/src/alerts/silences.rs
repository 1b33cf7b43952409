//! Silences.

use super::{AlertSummary, yes};
use crate::UnixNano;
use serde::{Deserialize, Serialize};

/// Answer of `GET /api/silences`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SilencesResponse {
    pub now: UnixNano,
    /// Active, to come, over; those that end next first.
    pub silences: Vec<Silence>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Silence {
    pub id: String,
    pub state: SilenceState,
    /// All of them must match.
    pub matchers: Vec<LabelMatcher>,
    pub starts_at: UnixNano,
    pub ends_at: UnixNano,
    pub updated_at: UnixNano,
    pub created_by: String,
    pub comment: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum SilenceState {
    #[default]
    Active,
    Pending,
    Expired,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LabelMatcher {
    pub name: String,
    pub value: String,
    /// A regular expression over the whole value.
    #[serde(default)]
    pub is_regex: bool,
    /// False for `!=` and `!~`.
    #[serde(default = "yes")]
    pub is_equal: bool,
}

/// Body of `POST /api/silences`; the answer is the [`Silence`] that it makes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SilenceRequest {
    /// Of one that is changed; a new one has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    pub matchers: Vec<LabelMatcher>,
    /// Now, where not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<UnixNano>,
    pub ends_at: UnixNano,
    pub created_by: String,
    pub comment: String,
}

/// Body of `POST /api/silences/preview`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SilencePreviewRequest {
    pub matchers: Vec<LabelMatcher>,
}

/// The alerts of now that the silence would hide.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SilencePreviewResponse {
    pub alerts: Vec<AlertSummary>,
    /// How many of how many alerts.
    pub hidden: u64,
    pub total: u64,
}
