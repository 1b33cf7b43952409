//! Every HTTP and gRPC route, declared once: where it listens, what it is, who may use it, and its
//! limits. The routers are built from this table (`mount`); nothing else can be reached.

use axum::http::Method;
use std::time::Duration;

/// Which of the three ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Listener {
    OtlpGrpc,
    OtlpHttp,
    Api,
}

impl Listener {
    /// The name in logs and in `/api/system`.
    pub fn as_str(self) -> &'static str {
        match self {
            Listener::OtlpGrpc => "otlp_grpc",
            Listener::OtlpHttp => "otlp_http",
            Listener::Api => "api",
        }
    }
}

/// What a caller must be. Until log-in exists everybody who reaches a listener is all of them,
/// which is why listeners are on loopback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Anybody: health, and the files of the UI.
    Public,
    /// Sends telemetry.
    Ingest,
    /// Reads it.
    Viewer,
    /// Changes silences, acknowledgements, dashboards, rules and objectives.
    Editor,
    /// Manages users, tokens and retention.
    #[allow(dead_code, reason = "the first such route comes with log-in")]
    Admin,
}

/// Bounds of one route, over all callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouteLimits {
    /// The largest body; receivers have their own, configured one.
    pub body_bytes: Option<usize>,
    /// From the first byte of the request to the first byte of the answer.
    pub timeout: Duration,
    /// Requests at the same time; one more is refused with 503 and `Retry-After`.
    pub concurrent: usize,
}

/// One row of the table.
#[derive(Clone, Debug)]
pub struct Route {
    pub listener: Listener,
    pub method: Method,
    /// In axum's syntax.
    pub path: &'static str,
    pub role: Role,
    pub limits: RouteLimits,
}

impl Route {
    /// `"METHOD /path"`, as endpoints are named.
    pub fn key(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

const INGEST: RouteLimits =
    RouteLimits { body_bytes: None, timeout: Duration::from_secs(120), concurrent: 1024 };
/// Queries end themselves at their own, shorter deadline and say so better than this one would.
const QUERY: RouteLimits =
    RouteLimits { body_bytes: Some(1 << 20), timeout: Duration::from_secs(600), concurrent: 256 };
const WRITE: RouteLimits =
    RouteLimits { body_bytes: Some(16 << 20), timeout: Duration::from_secs(60), concurrent: 16 };
const SMALL: RouteLimits =
    RouteLimits { body_bytes: Some(0), timeout: Duration::from_secs(10), concurrent: 256 };

const fn grpc(path: &'static str) -> Route {
    Route { listener: Listener::OtlpGrpc, method: Method::POST, path, role: Role::Ingest, limits: INGEST }
}

const fn push(path: &'static str) -> Route {
    Route { listener: Listener::OtlpHttp, method: Method::POST, path, role: Role::Ingest, limits: INGEST }
}

const fn read(path: &'static str) -> Route {
    Route { listener: Listener::Api, method: Method::GET, path, role: Role::Viewer, limits: QUERY }
}

/// A query that may also come as a POST form, as Grafana sends long ones.
const fn form(path: &'static str) -> Route {
    Route { listener: Listener::Api, method: Method::POST, path, role: Role::Viewer, limits: QUERY }
}

const fn small(path: &'static str, role: Role) -> Route {
    Route { listener: Listener::Api, method: Method::GET, path, role, limits: SMALL }
}

const fn write(method: Method, path: &'static str) -> Route {
    Route { listener: Listener::Api, method, path, role: Role::Editor, limits: WRITE }
}

/// A page of the UI, for which the browser gets `index.html`.
const fn page(path: &'static str) -> Route {
    small(path, Role::Public)
}

pub const ROUTES: &[Route] = &[
    grpc("/opentelemetry.proto.collector.trace.v1.TraceService/Export"),
    grpc("/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"),
    grpc("/opentelemetry.proto.collector.logs.v1.LogsService/Export"),
    push("/v1/traces"),
    push("/v1/metrics"),
    push("/v1/logs"),
    push("/api/v1/write"),
    read("/api/services"),
    read("/api/services/{service}"),
    read("/api/traces"),
    read("/api/traces/metrics"),
    read("/api/service_graph"),
    read("/api/traces/statistics"),
    read("/api/traces/diff"),
    read("/api/traces/explain"),
    read("/api/traces/{trace_id}/statistics"),
    read("/api/traces/{trace_id}"),
    read("/api/traces/{trace_id}/spans/{span_id}"),
    read("/api/logs"),
    read("/api/logs/histogram"),
    read("/api/logs/context"),
    read("/api/logs/stats"),
    read("/api/logs/facets"),
    read("/api/logs/patterns"),
    read("/api/logs/export"),
    read("/api/logs/tail"),
    read("/api/metrics"),
    read("/api/metrics/cardinality"),
    read("/api/metrics/points"),
    read("/api/sql"),
    form("/api/sql"),
    read("/api/rules"),
    form("/api/rules/preview"),
    read("/api/rules/groups"),
    write(Method::POST, "/api/rules/groups"),
    form("/api/rules/groups/preview"),
    read("/api/rules/groups/{name}"),
    write(Method::PUT, "/api/rules/groups/{name}"),
    write(Method::DELETE, "/api/rules/groups/{name}"),
    read("/api/alerts"),
    read("/api/alerts/history"),
    read("/api/alerts/{fingerprint}"),
    write(Method::POST, "/api/alerts/{fingerprint}/acknowledgement"),
    write(Method::DELETE, "/api/alerts/{fingerprint}/acknowledgement"),
    read("/api/receivers"),
    write(Method::POST, "/api/receivers/{name}/test"),
    read("/api/outbox"),
    write(Method::POST, "/api/outbox/{id}/resend"),
    write(Method::DELETE, "/api/outbox/{id}"),
    read("/api/silences"),
    write(Method::POST, "/api/silences"),
    form("/api/silences/preview"),
    read("/api/silences/{id}"),
    write(Method::DELETE, "/api/silences/{id}"),
    read("/api/searches"),
    write(Method::POST, "/api/searches"),
    write(Method::PUT, "/api/searches/{id}"),
    write(Method::DELETE, "/api/searches/{id}"),
    read("/api/slos"),
    write(Method::POST, "/api/slos"),
    read("/api/slos/{id}"),
    write(Method::PUT, "/api/slos/{id}"),
    write(Method::DELETE, "/api/slos/{id}"),
    form("/api/slos/preview"),
    read("/api/dashboards"),
    write(Method::POST, "/api/dashboards"),
    read("/api/dashboards/{id}"),
    write(Method::PUT, "/api/dashboards/{id}"),
    write(Method::DELETE, "/api/dashboards/{id}"),
    write(Method::POST, "/api/dashboards/import/grafana"),
    read("/api/system"),
    read("/api/queries"),
    write(Method::DELETE, "/api/queries/{id}"),
    read("/api/openapi.json"),
    read("/prometheus/api/v1/query"),
    form("/prometheus/api/v1/query"),
    read("/prometheus/api/v1/query_range"),
    form("/prometheus/api/v1/query_range"),
    read("/prometheus/api/v1/query_exemplars"),
    form("/prometheus/api/v1/query_exemplars"),
    form("/prometheus/api/v1/read"),
    read("/prometheus/api/v1/format_query"),
    form("/prometheus/api/v1/format_query"),
    read("/prometheus/api/v1/parse_query"),
    form("/prometheus/api/v1/parse_query"),
    read("/prometheus/api/v1/series"),
    form("/prometheus/api/v1/series"),
    read("/prometheus/api/v1/labels"),
    form("/prometheus/api/v1/labels"),
    read("/prometheus/api/v1/label/{name}/values"),
    read("/prometheus/api/v1/metadata"),
    read("/prometheus/api/v1/rules"),
    read("/prometheus/api/v1/alerts"),
    read("/prometheus/api/v1/targets"),
    read("/prometheus/api/v1/targets/metadata"),
    read("/prometheus/api/v1/scrape_pools"),
    read("/prometheus/api/v1/alertmanagers"),
    small("/prometheus/-/healthy", Role::Public),
    small("/prometheus/-/ready", Role::Public),
    read("/prometheus/api/v1/status/buildinfo"),
    read("/prometheus/api/v1/status/config"),
    read("/prometheus/api/v1/status/flags"),
    read("/prometheus/api/v1/status/tsdb"),
    read("/jaeger/api/services"),
    read("/jaeger/api/services/{service}/operations"),
    read("/jaeger/api/operations"),
    read("/jaeger/api/traces"),
    read("/jaeger/api/traces/{trace_id}"),
    read("/jaeger/api/dependencies"),
    read("/tempo/api/echo"),
    read("/tempo/api/status/buildinfo"),
    read("/tempo/api/traces/{trace_id}"),
    read("/tempo/api/v2/traces/{trace_id}"),
    read("/tempo/api/search"),
    read("/tempo/api/search/tags"),
    read("/tempo/api/v2/search/tags"),
    read("/tempo/api/search/tag/{name}/values"),
    read("/tempo/api/v2/search/tag/{name}/values"),
    read("/tempo/api/metrics/query_range"),
    read("/tempo/api/metrics/query"),
    read("/alertmanager/api/v2/status"),
    read("/alertmanager/api/v2/receivers"),
    read("/alertmanager/api/v2/alerts"),
    write(Method::POST, "/alertmanager/api/v2/alerts"),
    read("/alertmanager/api/v2/alerts/groups"),
    read("/alertmanager/api/v2/silences"),
    write(Method::POST, "/alertmanager/api/v2/silences"),
    read("/alertmanager/api/v2/silence/{id}"),
    write(Method::DELETE, "/alertmanager/api/v2/silence/{id}"),
    read("/loki/api/v1/query"),
    form("/loki/api/v1/query"),
    read("/loki/api/v1/query_range"),
    form("/loki/api/v1/query_range"),
    read("/loki/api/v1/labels"),
    form("/loki/api/v1/labels"),
    read("/loki/api/v1/label"),
    form("/loki/api/v1/label"),
    read("/loki/api/v1/label/{name}/values"),
    form("/loki/api/v1/label/{name}/values"),
    read("/loki/api/v1/series"),
    form("/loki/api/v1/series"),
    read("/loki/api/v1/index/stats"),
    form("/loki/api/v1/index/stats"),
    read("/loki/api/v1/index/volume"),
    form("/loki/api/v1/index/volume"),
    read("/loki/api/v1/index/volume_range"),
    form("/loki/api/v1/index/volume_range"),
    read("/loki/api/v1/detected_labels"),
    form("/loki/api/v1/detected_labels"),
    read("/loki/api/v1/detected_fields"),
    form("/loki/api/v1/detected_fields"),
    read("/loki/api/v1/detected_field/{name}/values"),
    form("/loki/api/v1/detected_field/{name}/values"),
    read("/loki/api/v1/tail"),
    read("/loki/api/v1/patterns"),
    form("/loki/api/v1/patterns"),
    read("/loki/api/v1/format_query"),
    form("/loki/api/v1/format_query"),
    read("/loki/api/v1/status/buildinfo"),
    read("/loki/api/v1/drilldown-limits"),
    small("/loki/ready", Role::Public),
    small("/metrics", Role::Viewer),
    small("/health/live", Role::Public),
    small("/health/ready", Role::Public),
    small("/assets/{file}", Role::Public),
    page("/"),
    page("/services"),
    page("/services/{service}"),
    page("/traces"),
    page("/traces/explain"),
    page("/traces/diff"),
    page("/map"),
    page("/traces/{trace_id}"),
    page("/logs"),
    page("/alerts"),
    page("/alerts/{fingerprint}"),
    page("/slos"),
    page("/slos/{id}"),
    page("/dashboards"),
    page("/dashboards/{id}"),
    page("/system"),
];

/// Whether a row is a page of the UI.
pub fn is_page(route: &Route) -> bool {
    const NOT_PAGES: [&str; 9] = [
        "/api/",
        "/prometheus/",
        "/jaeger/",
        "/tempo/",
        "/loki/",
        "/alertmanager/",
        "/health/",
        "/assets/",
        "/metrics",
    ];
    route.listener == Listener::Api && !NOT_PAGES.iter().any(|prefix| route.path.starts_with(prefix))
}
