//! What can be asked of saved searches.

use super::{Change, Form, Param, Route, Schemas, param};
use ocelli_api::searches;
use utoipa::openapi::path::HttpMethod;

const SEARCH: Param = param("id", Form::Required, "The id of a search.");

pub static ROUTES: &[Route] = &[Route {
    path: "/api/searches",
    id: "listSearches",
    tag: "searches",
    summary: "Searches that are kept under a name",
    parameters: &[],
    answer: Schemas::of::<searches::SearchesResponse>,
}];

pub static CHANGES: &[Change] = &[
    Change {
        method: HttpMethod::Post,
        path: "/api/searches",
        id: "saveSearch",
        tag: "searches",
        summary: "Keeps a search; of one page no two have the same name",
        parameters: &[],
        body: Some(Schemas::of::<searches::SearchRequest>),
        answer: Some(Schemas::of::<searches::SavedSearch>),
    },
    Change {
        method: HttpMethod::Put,
        path: "/api/searches/{id}",
        id: "changeSearch",
        tag: "searches",
        summary: "Gives a search another name or query",
        parameters: &[SEARCH],
        body: Some(Schemas::of::<searches::SearchRequest>),
        answer: Some(Schemas::of::<searches::SavedSearch>),
    },
    Change {
        method: HttpMethod::Delete,
        path: "/api/searches/{id}",
        id: "deleteSearch",
        tag: "searches",
        summary: "Deletes a search, and answers with it",
        parameters: &[SEARCH],
        body: None,
        answer: Some(Schemas::of::<searches::SavedSearch>),
    },
];
