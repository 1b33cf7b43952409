//! What can be asked of objectives.

use super::{FROM, Form, Param, Route, Schemas, TIME, TO, operation, param};
use ocelli_api::slos;
use utoipa::openapi::path::{HttpMethod, PathItem};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{ContentBuilder, RefOr, Required};

const AT: Param = param("at", Form::Default("now"), TIME);

pub static ROUTES: &[Route] = &[
    Route {
        path: "/api/slos",
        id: "listSlos",
        tag: "slos",
        summary: "Every objective: what of its budget is left, and how fast it burns",
        parameters: &[AT],
        answer: Schemas::of::<slos::SlosResponse>,
    },
    Route {
        path: "/api/slos/{id}",
        id: "getSlo",
        tag: "slos",
        summary: "One objective: its history, what burned the budget, and when alerts fired",
        parameters: &[
            param("id", Form::Required, "`SERVICE-NAME`, the label `sloth_id`."),
            AT,
            param("from", Form::Text, FROM.about),
            param("to", Form::Text, TO.about),
        ],
        answer: Schemas::of::<slos::SloResponse>,
    },
];

static PREVIEW: Route = Route {
    path: "/api/slos/preview",
    id: "previewSlos",
    tag: "slos",
    summary: "What is wrong with a file of objectives, or what they would have told and paged over the past",
    parameters: &[],
    answer: Schemas::of::<slos::SloPreviewResponse>,
};

/// The one operation that is sent a body.
pub fn preview(error: &RefOr<Schema>, schemas: &mut Schemas) -> (&'static str, PathItem) {
    let body = schemas.answer::<slos::SloPreviewRequest>();
    let content = ContentBuilder::new().schema(Some(body)).build();
    let body =
        RequestBodyBuilder::new().content("application/json", content).required(Some(Required::True)).build();
    let operation = operation(&PREVIEW, error, schemas).request_body(Some(body));
    (PREVIEW.path, PathItem::new(HttpMethod::Post, operation))
}
