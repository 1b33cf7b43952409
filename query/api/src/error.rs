//! What a refused request is answered with.

use serde::{Deserialize, Serialize};

/// The body of every 4xx and 5xx answer of the native API.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErrorBody {
    pub error: ApiError,
}

/// Names the thing, the place and the fix.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApiError {
    /// Stable, for programs: `bad_query`, `bad_parameter`, `not_found`, `timeout`, `overloaded`, `internal`.
    pub code: String,
    /// For people: what is wrong and what to do.
    pub message: String,
    /// The parameter that is wrong, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// Byte offset in the query text where it goes wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<usize>,
}
