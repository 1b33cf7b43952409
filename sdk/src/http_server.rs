//! Server spans and request durations for axum.
//!
//! Names and attributes: OpenTelemetry semantic conventions, HTTP server spans and metrics (stable).

use std::time::Instant;

use axum::{
    extract::{ConnectInfo, MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, Method, StatusCode, Version, header, request::Parts};
use tracing::{Instrument, Span, field::Empty};

use crate::{
    context::{context_of_headers, continue_from},
    durations::{Description, Durations},
    url_text,
};

pub(crate) const DURATION: Description = Description {
    name: "http.server.request.duration",
    help: "Duration of HTTP server requests.",
    attributes: &[
        "http.request.method",
        "url.scheme",
        "http.route",
        "http.response.status_code",
        "error.type",
    ],
};

/// The middleware behind [`crate::Telemetry::http_server`]. Added with `Router::layer`, it runs after
/// routing, so that the route's template is known.
pub(crate) async fn observe(State(durations): State<Durations>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let method = known_method(&parts.method);
    let route = parts.extensions.get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let span = server_span(&parts, method, route.as_deref());
    continue_from(&span, context_of_headers(&parts.headers));
    let mut under_way = UnderWay {
        started: Instant::now(),
        method,
        scheme: scheme_of(&parts),
        route,
        span: span.clone(),
        durations,
        status: None,
    };
    let response = next.run(Request::from_parts(parts, body)).instrument(span).await;
    under_way.status = Some(response.status());
    response
}

/// A request that is being answered. Dropping it ends the account of it, so that a handler that panics and
/// a caller that goes away are counted too.
struct UnderWay {
    started: Instant,
    method: &'static str,
    scheme: &'static str,
    route: Option<String>,
    span: Span,
    durations: Durations,
    /// The response's, once there is one.
    status: Option<StatusCode>,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let status = self.status.as_ref().map_or("", StatusCode::as_str);
        let error_type = match self.status {
            Some(status) if !status.is_server_error() => "",
            Some(_) => status,
            None if std::thread::panicking() => "panic",
            None => "cancelled",
        };
        if let Some(status) = self.status {
            self.span.record("http.response.status_code", i64::from(status.as_u16()));
        }
        if !error_type.is_empty() {
            self.span.record("error.type", error_type);
        }
        // A server's span is in error only for what is the server's fault: not for a caller that left.
        if !error_type.is_empty() && error_type != "cancelled" {
            self.span.record("otel.status_code", "ERROR");
        }
        let labels = [self.method, self.scheme, self.route.as_deref().unwrap_or(""), status, error_type];
        self.durations.record(self.started.elapsed().as_secs_f64(), &labels);
    }
}

fn server_span(parts: &Parts, method: &'static str, route: Option<&str>) -> Span {
    let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let host = host.or_else(|| parts.uri.authority().map(|authority| authority.as_str())).unwrap_or("");
    let (address, port) = split_host(host);
    let peer = parts.extensions.get::<ConnectInfo<std::net::SocketAddr>>().map(|info| info.0);
    tracing::info_span!(
        target: "ocelli_sdk",
        "http.server",
        "otel.name" = span_name(method, route),
        "otel.kind" = "server",
        "http.request.method" = method,
        "http.request.method_original" = (method == "_OTHER").then(|| parts.method.as_str()),
        "http.route" = route,
        "url.path" = parts.uri.path(),
        "url.query" = parts.uri.query().map(url_text::query).as_deref(),
        "url.scheme" = scheme_of(parts),
        "server.address" = (!address.is_empty()).then_some(address),
        "server.port" = port,
        "client.address" = peer.map(|peer| tracing::field::display(peer.ip())),
        "user_agent.original" = text_of(&parts.headers, header::USER_AGENT),
        "network.protocol.version" = protocol_version(parts.version),
        "http.response.status_code" = Empty,
        "error.type" = Empty,
        "otel.status_code" = Empty,
    )
}

/// A request in origin form doesn't say how it came; TLS ends before this server.
fn scheme_of(parts: &Parts) -> &'static str {
    if parts.uri.scheme_str() == Some("https") { "https" } else { "http" }
}

/// `GET /orders/{id}`; only the method where no route matched, since a path as it came has no bound.
fn span_name(method: &str, route: Option<&str>) -> String {
    let method = if method == "_OTHER" { "HTTP" } else { method };
    route.map_or_else(|| method.to_owned(), |route| format!("{method} {route}"))
}

/// The method, or `_OTHER` for one that the conventions don't list: a caller invents those.
pub(crate) fn known_method(method: &Method) -> &'static str {
    const KNOWN: [&str; 9] = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "CONNECT", "TRACE"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("_OTHER")
}

fn split_host(host: &str) -> (&str, Option<i64>) {
    match host.rsplit_once(':') {
        Some((name, port)) if port.parse::<u16>().is_ok() => (name, port.parse().ok()),
        _ => (host, None),
    }
}

fn text_of(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn protocol_version(version: Version) -> Option<&'static str> {
    match version {
        Version::HTTP_10 => Some("1.0"),
        Version::HTTP_11 => Some("1.1"),
        Version::HTTP_2 => Some("2"),
        Version::HTTP_3 => Some("3"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use axum::{Router, body::Body, routing::get};
    use opentelemetry::trace::{SpanKind, Status};
    use tower::ServiceExt;

    use super::*;
    use crate::testing::{Recorder, attribute};

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn call(recorder: &Recorder, request: http::Request<Body>) -> StatusCode {
        let telemetry = recorder.telemetry();
        let routes = Router::new()
            .route("/orders/{id}", get(|| async { "an order" }))
            .route("/broken", get(|| async { StatusCode::SERVICE_UNAVAILABLE }))
            .route("/missing", get(|| async { StatusCode::NOT_FOUND }));
        let app = telemetry.http_server(routes).route("/metrics", telemetry.metrics_handler());
        recorder.run_async(async move { app.oneshot(request).await.unwrap().status() })
    }

    fn request(method: &str, path: &str) -> http::Request<Body> {
        let request = http::Request::builder().method(method).uri(path).header("host", "shop.example:8080");
        request.header("traceparent", PARENT).body(Body::empty()).unwrap()
    }

    #[test]
    fn a_request_continues_the_callers_trace_under_its_route() {
        let recorder = Recorder::new();
        assert_eq!(call(&recorder, request("GET", "/orders/7?full=1")), StatusCode::OK);
        let span = recorder.spans().remove(0);
        assert_eq!(span.name, "GET /orders/{id}");
        assert_eq!(span.span_kind, SpanKind::Server);
        assert_eq!(span.span_context.trace_id().to_string(), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(span.parent_span_id.to_string(), "b7ad6b7169203331");
        assert!(span.parent_span_is_remote);
        assert_eq!(span.status, Status::Unset);
        for (name, value) in [
            ("http.request.method", "GET"),
            ("http.route", "/orders/{id}"),
            ("url.path", "/orders/7"),
            ("url.query", "full=1"),
            ("url.scheme", "http"),
            ("server.address", "shop.example"),
            ("server.port", "8080"),
            ("http.response.status_code", "200"),
            ("network.protocol.version", "1.1"),
        ] {
            assert_eq!(attribute(&span, name).as_deref(), Some(value), "{name}");
        }
        assert_eq!(attribute(&span, "error.type"), None);
    }

    #[test]
    fn only_a_5xx_is_the_servers_error() {
        let recorder = Recorder::new();
        call(&recorder, request("GET", "/broken"));
        call(&recorder, request("GET", "/missing"));
        let spans = recorder.spans();
        assert!(matches!(spans[0].status, Status::Error { .. }), "{:?}", spans[0].status);
        assert_eq!(attribute(&spans[0], "error.type").as_deref(), Some("503"));
        assert_eq!(spans[1].status, Status::Unset);
        assert_eq!(attribute(&spans[1], "http.response.status_code").as_deref(), Some("404"));
    }

    #[test]
    fn a_panic_is_the_servers_error_and_a_caller_that_leaves_is_not() {
        let recorder = Recorder::new();
        let routes = Router::new()
            .route(
                "/panic",
                get(|| async {
                    if true {
                        panic!("a mistake")
                    }
                }),
            )
            .route("/slow", get(std::future::pending::<()>));
        let app = recorder.telemetry().http_server(routes);
        recorder.run_async(async {
            let panicking = tokio::spawn(app.clone().oneshot(request("GET", "/panic")));
            assert!(panicking.await.unwrap_err().is_panic());
            let slow = app.oneshot(request("GET", "/slow"));
            tokio::time::timeout(std::time::Duration::ZERO, slow).await.unwrap_err();
        });
        let spans = recorder.spans();
        assert_eq!(attribute(&spans[0], "error.type").as_deref(), Some("panic"));
        assert!(matches!(spans[0].status, Status::Error { .. }), "{:?}", spans[0].status);
        assert_eq!(attribute(&spans[1], "error.type").as_deref(), Some("cancelled"));
        assert_eq!(spans[1].status, Status::Unset);
    }

    #[test]
    fn what_a_caller_invents_does_not_become_a_name() {
        let recorder = Recorder::new();
        call(&recorder, request("BREW", "/pot/4711"));
        let span = recorder.spans().remove(0);
        assert_eq!(span.name, "HTTP");
        assert_eq!(attribute(&span, "http.request.method").as_deref(), Some("_OTHER"));
        assert_eq!(attribute(&span, "http.request.method_original").as_deref(), Some("BREW"));
    }

    #[test]
    fn durations_are_counted_by_route_and_scrapes_are_not() {
        let recorder = Recorder::new();
        call(&recorder, request("GET", "/orders/7"));
        call(&recorder, request("GET", "/orders/8"));
        call(&recorder, request("GET", "/metrics"));
        let point = recorder.histogram("http.server.request.duration");
        assert_eq!(point.count, 2);
        let route = ("http.route".to_owned(), "/orders/{id}".into());
        assert!(point.attributes.contains(&route), "{:?}", point.attributes);
        assert_eq!(recorder.spans().len(), 2);
        let text = recorder.telemetry().metrics_text();
        assert!(text.contains("http_server_request_duration_seconds_count{"), "{text}");
        assert!(text.contains(r#"http_route="/orders/{id}""#), "{text}");
    }
}
