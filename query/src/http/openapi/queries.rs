//! What can be asked of the queries themselves.

use super::{Change, Form, Route, Schemas, param};
use ocelli_api::queries;
use utoipa::openapi::path::HttpMethod;

pub static ROUTES: &[Route] = &[Route {
    path: "/api/queries",
    id: "listQueries",
    tag: "system",
    summary: "The queries that run, and the last ones that took long",
    parameters: &[],
    answer: Schemas::of::<queries::QueriesResponse>,
}];

pub static CHANGES: &[Change] = &[Change {
    method: HttpMethod::Delete,
    path: "/api/queries/{id}",
    id: "cancelQuery",
    tag: "system",
    summary: "Ends a query; its client is told so",
    parameters: &[param("id", Form::Required, "The id of a query that runs.")],
    body: None,
    answer: Some(Schemas::of::<queries::QueryRun>),
}];
