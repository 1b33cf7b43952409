//! What can be asked of dashboards.

use super::{Change, Form, Param, Route, Schemas, param};
use ocelli_api::dashboards;
use utoipa::openapi::RefOr;
use utoipa::openapi::path::HttpMethod;
use utoipa::openapi::schema::{ObjectBuilder, Schema};

const ID: Param = param("id", Form::Required, "The id of a dashboard.");

pub static ROUTES: &[Route] = &[
    Route {
        path: "/api/dashboards",
        id: "listDashboards",
        tag: "dashboards",
        summary: "Every dashboard, by title",
        parameters: &[
            param("search", Form::Text, "Words that are in the title, the description, the id or a tag."),
            param("tag", Form::Text, "A tag that it has; it may be repeated."),
        ],
        answer: Schemas::of::<dashboards::DashboardsResponse>,
    },
    Route {
        path: "/api/dashboards/{id}",
        id: "getDashboard",
        tag: "dashboards",
        summary: "One dashboard, in the form that POST and PUT take",
        parameters: &[ID],
        answer: Schemas::of::<dashboards::Dashboard>,
    },
];

/// Bodies are JSON with its content type.
pub static CHANGES: &[Change] = &[
    Change {
        method: HttpMethod::Post,
        path: "/api/dashboards",
        id: "createDashboard",
        tag: "dashboards",
        summary: "Keeps a new dashboard: under its id, or under one that is made of the title",
        parameters: &[],
        body: Some(Schemas::of::<dashboards::Dashboard>),
        answer: Some(Schemas::of::<dashboards::Dashboard>),
    },
    Change {
        method: HttpMethod::Put,
        path: "/api/dashboards/{id}",
        id: "replaceDashboard",
        tag: "dashboards",
        summary: "Changes a dashboard whose revision is still the one of the body",
        parameters: &[ID],
        body: Some(Schemas::of::<dashboards::Dashboard>),
        answer: Some(Schemas::of::<dashboards::Dashboard>),
    },
    Change {
        method: HttpMethod::Delete,
        path: "/api/dashboards/{id}",
        id: "deleteDashboard",
        tag: "dashboards",
        summary: "Deletes a dashboard, and answers with it",
        parameters: &[
            ID,
            param("revision", Form::Text, "Where given, it is deleted only if it is still at this one."),
        ],
        body: None,
        answer: Some(Schemas::of::<dashboards::Dashboard>),
    },
    Change {
        method: HttpMethod::Post,
        path: "/api/dashboards/import/grafana",
        id: "importGrafanaDashboard",
        tag: "dashboards",
        summary: "Makes a dashboard of Grafana's JSON, and tells what is left out",
        parameters: &[param("dry_run", Form::Choice(&["true", "false"]), "With true it is not saved.")],
        body: Some(any),
        answer: Some(Schemas::of::<dashboards::GrafanaImportResponse>),
    },
];

/// A document of somebody else's.
fn any(_: &mut Schemas) -> RefOr<Schema> {
    RefOr::T(ObjectBuilder::new().build().into())
}
