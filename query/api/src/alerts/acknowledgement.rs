//! Who has taken an alert on.

use super::yes;
use crate::UnixNano;
use serde::{Deserialize, Serialize};

/// Somebody has taken an alert on: its receivers are not told of it again while it fires.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Acknowledgement {
    pub by: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    pub at: UnixNano,
    /// Absent where it holds until the alert is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<UnixNano>,
}

/// Body of `POST /api/alerts/{fingerprint}/acknowledgement`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AcknowledgeRequest {
    /// Who takes it on.
    pub by: String,
    #[serde(default)]
    pub note: String,
    /// For as long as the alert fires, where not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<UnixNano>,
    /// Also the alerts that receivers are told of together with it.
    #[serde(default = "yes")]
    pub together: bool,
}

/// The alerts that are acknowledged, or are no more: their fingerprints.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AcknowledgeResponse {
    pub alerts: Vec<String>,
}
