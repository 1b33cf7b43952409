//! The native API as an OpenAPI 3.1 document.
//!
//! Answers come from the types of `ocelli-api`; routes and parameters from the table below, which a
//! test holds against the routes that exist.

mod alerts;
mod dashboards;
mod logs;
mod queries;
mod searches;
mod slos;
mod traces;

use ocelli_api::{ErrorBody, ingest, metrics, rules, services, sql};
use utoipa::ToSchema;
use utoipa::openapi::path::{
    HttpMethod, OperationBuilder, Parameter, ParameterBuilder, ParameterIn, PathItem, PathsBuilder,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ComponentsBuilder, ObjectBuilder, Schema, Type};
use utoipa::openapi::{
    ContentBuilder, InfoBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, Required, Response, ResponseBuilder,
};

/// An operation that reads: GET.
struct Route {
    path: &'static str,
    id: &'static str,
    tag: &'static str,
    summary: &'static str,
    parameters: &'static [Param],
    answer: fn(&mut Schemas) -> RefOr<Schema>,
}

/// An operation that changes something, or has a body.
struct Change {
    method: HttpMethod,
    path: &'static str,
    id: &'static str,
    tag: &'static str,
    summary: &'static str,
    parameters: &'static [Param],
    body: Option<fn(&mut Schemas) -> RefOr<Schema>>,
    /// None where it is empty.
    answer: Option<fn(&mut Schemas) -> RefOr<Schema>>,
}

/// One parameter. Those in braces in the path are path parameters.
struct Param {
    name: &'static str,
    about: &'static str,
    form: Form,
}

enum Form {
    Required,
    Text,
    /// What it is when it is not given.
    Default(&'static str),
    Choice(&'static [&'static str]),
    /// Default, least and greatest.
    Number(i64, i64, i64),
}

const fn param(name: &'static str, form: Form, about: &'static str) -> Param {
    Param { name, about, form }
}

const TIME: &str = "now-15m, now/d, RFC 3339, a date, or s/ms/µs/ns since 1970";
const FROM: Param = param("from", Form::Default("now-1h"), TIME);
const TO: Param = param("to", Form::Default("now"), "Like `from`; the range does not include it.");
const CURSOR: Param = param("cursor", Form::Text, "`next_cursor` of the page before this one.");

/// Those of logs, traces and alerts have files of their own.
static ROUTES: &[Route] = &[
    Route {
        path: "/api/services",
        id: "listServices",
        tag: "services",
        summary: "Every service with its rate, errors and duration",
        parameters: &[FROM, TO],
        answer: Schemas::of::<services::ServicesResponse>,
    },
    Route {
        path: "/api/services/{service}",
        id: "getService",
        tag: "services",
        summary: "One service: its operations and neighbours",
        parameters: &[param("service", Form::Required, "`service.name` of the resource."), FROM, TO],
        answer: Schemas::of::<services::ServiceResponse>,
    },
    Route {
        path: "/api/service_graph",
        id: "getServiceGraph",
        tag: "services",
        summary: "Who calls whom, with rate, errors and duration",
        parameters: &[FROM, TO, param("limit", Form::Number(2_000, 1, 10_000), "Edges, the busiest first.")],
        answer: Schemas::of::<services::ServiceGraphResponse>,
    },
    Route {
        path: "/api/metrics",
        id: "listMetrics",
        tag: "metrics",
        summary: "Which metrics there are",
        parameters: &[FROM, TO],
        answer: Schemas::of::<metrics::MetricsResponse>,
    },
    Route {
        path: "/api/metrics/cardinality",
        id: "getCardinality",
        tag: "metrics",
        summary: "Which labels and values cost how many series and bytes",
        parameters: &[
            param("match", Form::Text, "A selector as `{job=\"cart\"}`; all series without."),
            FROM,
            TO,
            param("limit", Form::Number(50, 1, 1_000), "Labels, and values, that are told."),
        ],
        answer: Schemas::of::<metrics::CardinalityResponse>,
    },
    Route {
        path: "/api/metrics/points",
        id: "getMetricPoints",
        tag: "metrics",
        summary: "Every point of one metric as it was sent",
        parameters: &[param("name", Form::Required, "The OTLP name."), FROM, TO],
        answer: Schemas::of::<metrics::MetricPointsResponse>,
    },
    Route {
        path: "/api/sql",
        id: "querySql",
        tag: "sql",
        summary: "SQL over the tables logs, spans, samples and series; a POST takes the query as its body",
        parameters: &[
            param("query", Form::Required, "One statement that reads."),
            param("limit", Form::Number(10_000, 1, 1_000_000), "Rows of the answer."),
            param(
                "format",
                Form::Choice(&["json", "csv", "arrow"]),
                "JSON, where not given; CSV; or an Arrow IPC stream.",
            ),
        ],
        answer: Schemas::of::<sql::SqlResponse>,
    },
    Route {
        path: "/api/rules",
        id: "listRules",
        tag: "rules",
        summary: "Every recording and alerting rule: its evaluations, and how far its past is computed",
        parameters: &[],
        answer: Schemas::of::<rules::RulesResponse>,
    },
    Route {
        path: "/api/system",
        id: "getSystem",
        tag: "system",
        summary: "What came in, what was kept, what was refused and why",
        parameters: &[],
        answer: Schemas::of::<ingest::SystemResponse>,
    },
    Route {
        path: "/api/openapi.json",
        id: "getOpenApi",
        tag: "system",
        summary: "This document",
        parameters: &[],
        answer: |_| RefOr::T(ObjectBuilder::new().build().into()),
    },
];

/// The errors that every operation may answer with, by status.
const ERRORS: [(&str, &str); 7] = [
    ("400", "A parameter or the query is wrong: `error.parameter` names it, `error.offset` the place."),
    ("404", "What the path names is not here."),
    ("409", "It has changed, is there already, or is a file's: `error.revision` is what it is at."),
    ("422", "The query would exceed a limit; the message names it."),
    ("500", "A fault of the server."),
    (
        "503",
        "A limit of queries, a deadline, or a change that is not kept yet; `Retry-After` says when to ask.",
    ),
    ("default", "Any other error."),
];

pub fn document() -> OpenApi {
    let mut schemas = Schemas::default();
    let error = schemas.answer::<ErrorBody>();
    let reads = ROUTES.iter().chain(logs::ROUTES).chain(traces::ROUTES);
    let reads = reads.chain(alerts::ROUTES).chain(dashboards::ROUTES).chain(queries::ROUTES);
    let reads = reads.chain(searches::ROUTES).chain(slos::ROUTES);
    let paths = reads.fold(PathsBuilder::new(), |paths, route| {
        paths.path(route.path, PathItem::new(HttpMethod::Get, operation(route, &error, &mut schemas)))
    });
    let json_bodies = alerts::CHANGES.iter().chain(dashboards::CHANGES).chain(queries::CHANGES);
    let json_bodies = json_bodies.chain(searches::CHANGES).chain(slos::CHANGES);
    let json_bodies = json_bodies.map(|change| (change, "application/json"));
    let changes = json_bodies.chain(slos::DOCUMENTS.iter().map(|change| (change, "application/yaml")));
    let paths = changes.fold(paths, |paths, (change, body)| {
        let item = PathItem::new(change.method.clone(), changing(change, body, &error, &mut schemas));
        paths.path(change.path, item)
    });
    let info = InfoBuilder::new()
        .title("Ocelli")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Logs, metrics and traces. Times are nanoseconds since 1970 as decimal strings, ids lowercase hex, \
             attribute values OTLP/JSON `AnyValue`s. PromQL is answered at /prometheus/api/v1 as Prometheus does.",
        ))
        .build();
    let components = ComponentsBuilder::new().schemas_from_iter(schemas.0).build();
    OpenApiBuilder::new().info(info).paths(paths.build()).components(Some(components)).build()
}

fn operation(route: &Route, error: &RefOr<Schema>, schemas: &mut Schemas) -> OperationBuilder {
    let operation = OperationBuilder::new()
        .operation_id(Some(route.id))
        .tag(route.tag)
        .summary(Some(route.summary))
        .response("200", json("The answer.", (route.answer)(schemas)));
    described(operation, route.path, route.parameters, error)
}

fn changing(change: &Change, kind: &str, error: &RefOr<Schema>, schemas: &mut Schemas) -> OperationBuilder {
    let empty = || RefOr::T(ObjectBuilder::new().build().into());
    let answer = change.answer.map_or_else(empty, |answer| answer(schemas));
    let mut operation = OperationBuilder::new()
        .operation_id(Some(change.id))
        .tag(change.tag)
        .summary(Some(change.summary))
        .response("200", json("The answer.", answer));
    if let Some(body) = change.body {
        let content = ContentBuilder::new().schema(Some(body(schemas))).build();
        let body = RequestBodyBuilder::new().content(kind, content).required(Some(Required::True));
        operation = operation.request_body(Some(body.build()));
    }
    described(operation, change.path, change.parameters, error)
}

/// With errors and parameters.
fn described(
    mut operation: OperationBuilder,
    path: &str,
    parameters: &[Param],
    error: &RefOr<Schema>,
) -> OperationBuilder {
    for (status, about) in ERRORS {
        operation = operation.response(status, json(about, error.clone()));
    }
    parameters.iter().fold(operation, |operation, param| operation.parameter(parameter(path, param)))
}

fn parameter(path: &str, param: &Param) -> Parameter {
    let in_path = path.contains(&format!("{{{}}}", param.name));
    let text = ObjectBuilder::new().schema_type(Type::String);
    let schema = match param.form {
        Form::Required | Form::Text => text,
        Form::Default(value) => text.default(Some(value.into())),
        Form::Choice(values) => text.enum_values(Some(values.iter().copied())),
        Form::Number(default, least, greatest) => ObjectBuilder::new()
            .schema_type(Type::Integer)
            .default(Some(default.into()))
            .minimum(Some(least as f64))
            .maximum(Some(greatest as f64)),
    };
    let required = if matches!(param.form, Form::Required) { Required::True } else { Required::False };
    ParameterBuilder::new()
        .name(param.name)
        .parameter_in(if in_path { ParameterIn::Path } else { ParameterIn::Query })
        .required(required)
        .description(Some(param.about))
        .schema(Some(schema.build()))
        .build()
}

/// A body that is a document.
fn text() -> RefOr<Schema> {
    RefOr::T(ObjectBuilder::new().schema_type(Type::String).build().into())
}

fn json(about: &str, schema: RefOr<Schema>) -> Response {
    let content = ContentBuilder::new().schema(Some(schema)).build();
    ResponseBuilder::new().description(about).content("application/json", content).build()
}

/// The schemas that answers refer to, by name.
#[derive(Default)]
struct Schemas(Vec<(String, RefOr<Schema>)>);

impl Schemas {
    fn of<T: ToSchema>(schemas: &mut Schemas) -> RefOr<Schema> {
        schemas.answer::<T>()
    }

    fn answer<T: ToSchema>(&mut self) -> RefOr<Schema> {
        T::schemas(&mut self.0);
        self.0.push((T::name().into_owned(), T::schema()));
        RefOr::Ref(Ref::from_schema_name(T::name()))
    }
}

#[cfg(test)]
#[path = "openapi_tests.rs"]
mod tests;
