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
    /// Stable, for programs: `bad_query`, `bad_parameter`, `bad_document`, `not_found`, `conflict`, `limit_exceeded`,
    /// `timeout`, `overloaded`, `not_kept`, `internal`.
    pub code: String,
    /// For people: what is wrong and what to do.
    pub message: String,
    /// The parameter that is wrong, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// Byte offset in the query text where it goes wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<usize>,
    /// All that is wrong with a document that was sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<DocumentProblem>,
    /// Of a conflict: what the document is at by now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
}

/// Something wrong in a document. Line and column count from 1.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DocumentProblem {
    pub line: u64,
    pub column: u64,
    /// Which field it is about: `slos[0].objective`. Empty where it is about the whole text.
    #[serde(default)]
    pub field: String,
    pub message: String,
}
