//! Client spans and request durations for reqwest.
//!
//! Names and attributes: OpenTelemetry semantic conventions, HTTP client spans and metrics (stable).

use std::time::Instant;

use http::Method;
use reqwest::{IntoUrl, Request, Response, StatusCode, Url};
use serde::Serialize;
use tracing::{Instrument, Span, field::Empty};

use crate::{
    context::inject_headers,
    durations::{Description, Durations},
    http_server::known_method,
    url_text,
};

pub(crate) const DURATION: Description = Description {
    name: "http.client.request.duration",
    help: "Duration of HTTP client requests, until the response's headers.",
    attributes: &[
        "http.request.method",
        "server.address",
        "server.port",
        "url.template",
        "http.response.status_code",
        "error.type",
    ],
};

/// A reqwest client whose requests are client spans. Cheap to clone.
#[derive(Clone)]
pub struct HttpClient {
    client: reqwest::Client,
    durations: Durations,
}

impl HttpClient {
    pub(crate) fn new(client: reqwest::Client, durations: Durations) -> Self {
        HttpClient { client, durations }
    }

    /// A GET request.
    pub fn get(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::GET, url)
    }

    /// A POST request.
    pub fn post(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::POST, url)
    }

    /// A request of any method.
    pub fn request(&self, method: Method, url: impl IntoUrl) -> RequestBuilder {
        RequestBuilder { request: self.client.request(method, url), client: self.clone(), template: None }
    }

    /// Sends a request that was built with reqwest itself. `template` is the path with its variable
    /// parts named (`/orders/{id}`): it makes the span's name, which must not hold ids.
    ///
    /// # Errors
    /// As [`reqwest::Client::execute`]; an error status is no error here, but marks the span.
    pub async fn execute(&self, mut request: Request, template: Option<&str>) -> reqwest::Result<Response> {
        let started = Instant::now();
        let method = known_method(request.method());
        let span = client_span(&request, method, template);
        inject_headers(&span, request.headers_mut());
        let server = Server::of(request.url());

        let outcome = self.client.execute(request).instrument(span.clone()).await;

        let status = outcome.as_ref().ok().map(Response::status);
        let error_type = error_type(&outcome);
        record_outcome(&span, status, &error_type, outcome.as_ref().err());
        let code = status.as_ref().map_or("", StatusCode::as_str);
        let labels = [method, &server.address, &server.port, template.unwrap_or(""), code, &error_type];
        self.durations.record(started.elapsed().as_secs_f64(), &labels);
        outcome
    }
}

/// A request that becomes a client span when it is sent.
#[must_use = "a request is made by send"]
pub struct RequestBuilder {
    client: HttpClient,
    request: reqwest::RequestBuilder,
    template: Option<String>,
}

impl RequestBuilder {
    /// The path with its variable parts named, see [`HttpClient::execute`].
    pub fn template(mut self, template: impl Into<String>) -> Self {
        self.template = Some(template.into());
        self
    }

    /// A JSON body.
    pub fn json<T: Serialize + ?Sized>(self, body: &T) -> Self {
        self.map(|request| request.json(body))
    }

    /// Everything else that reqwest's builder can do: headers, timeouts, queries.
    pub fn map(mut self, change: impl FnOnce(reqwest::RequestBuilder) -> reqwest::RequestBuilder) -> Self {
        self.request = change(self.request);
        self
    }

    /// Sends it.
    ///
    /// # Errors
    /// As [`reqwest::RequestBuilder::send`].
    pub async fn send(self) -> reqwest::Result<Response> {
        let request = self.request.build()?;
        self.client.execute(request, self.template.as_deref()).await
    }
}

struct Server {
    address: String,
    port: String,
}

impl Server {
    fn of(url: &Url) -> Self {
        Server {
            address: url.host_str().unwrap_or("").to_owned(),
            port: url.port_or_known_default().map_or_else(String::new, |port| port.to_string()),
        }
    }
}

fn client_span(request: &Request, method: &'static str, template: Option<&str>) -> Span {
    let url = request.url();
    let shown = if method == "_OTHER" { "HTTP" } else { method };
    let name = template.map_or_else(|| shown.to_owned(), |template| format!("{shown} {template}"));
    tracing::info_span!(
        target: "ocelli_sdk",
        "http.client",
        "otel.name" = name,
        "otel.kind" = "client",
        "http.request.method" = method,
        "http.request.method_original" = (method == "_OTHER").then(|| request.method().as_str()),
        "url.full" = url_text::full(url),
        "url.template" = template,
        "server.address" = url.host_str(),
        "server.port" = url.port_or_known_default().map(i64::from),
        "http.response.status_code" = Empty,
        "error.type" = Empty,
        "otel.status_code" = Empty,
        "otel.status_description" = Empty,
    )
}

/// A status from 400 on is an error to the client that got it; otherwise the kind of failure.
/// Empty for a success.
fn error_type(outcome: &reqwest::Result<Response>) -> String {
    match outcome {
        Ok(response) if response.status().as_u16() < 400 => String::new(),
        Ok(response) => response.status().as_str().to_owned(),
        Err(error) if error.is_timeout() => "timeout".to_owned(),
        Err(error) if error.is_connect() => "connect".to_owned(),
        Err(error) if error.is_redirect() => "redirect".to_owned(),
        Err(error) if error.is_body() || error.is_decode() => "body".to_owned(),
        Err(_) => "request".to_owned(),
    }
}

fn record_outcome(span: &Span, status: Option<StatusCode>, error_type: &str, error: Option<&reqwest::Error>) {
    if let Some(status) = status {
        span.record("http.response.status_code", i64::from(status.as_u16()));
    }
    if error_type.is_empty() {
        return;
    }
    span.record("error.type", error_type);
    match error {
        Some(error) => span.record("otel.status_description", causes(error)),
        None => span.record("otel.status_code", "ERROR"),
    };
}

/// reqwest's own message hides the cause ("error sending request"); the chain names it.
fn causes(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use axum::{Router, http::HeaderMap, routing::get};
    use opentelemetry::{
        KeyValue,
        trace::{SpanKind, Status},
    };
    use tokio::net::TcpListener;

    use super::*;
    use crate::testing::{Recorder, attribute};

    /// A server on a free port that answers with the `traceparent` that it was sent.
    async fn echo() -> SocketAddr {
        let echo = |headers: HeaderMap| async move {
            headers.get("traceparent").and_then(|value| value.to_str().ok()).unwrap_or("none").to_owned()
        };
        let app = Router::new()
            .route("/orders/{id}", get(echo))
            .route("/teapot", get(|| async { StatusCode::IM_A_TEAPOT }));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        address
    }

    fn client(recorder: &Recorder) -> HttpClient {
        recorder.telemetry().http_client(reqwest::Client::builder().no_proxy().build().unwrap())
    }

    #[test]
    fn the_server_is_told_the_client_spans_id() {
        let recorder = Recorder::new();
        let client = client(&recorder);
        let (port, told) = recorder.run_async(async {
            let address = echo().await;
            let url = format!("http://{address}/orders/7");
            let response = client.get(url).template("/orders/{id}").send().await.unwrap();
            (address.port(), response.text().await.unwrap())
        });
        let span = recorder.spans().remove(0);
        assert_eq!(told, format!("00-{}-{}-01", span.span_context.trace_id(), span.span_context.span_id()));
        assert_eq!(span.name, "GET /orders/{id}");
        assert_eq!(span.span_kind, SpanKind::Client);
        assert_eq!(span.status, Status::Unset);
        assert!(span.attributes.contains(&KeyValue::new("server.port", i64::from(port))), "a number");
        let port = port.to_string();
        let full = format!("http://127.0.0.1:{port}/orders/7");
        for (name, value) in [
            ("http.request.method", "GET"),
            ("url.full", full.as_str()),
            ("url.template", "/orders/{id}"),
            ("server.address", "127.0.0.1"),
            ("server.port", port.as_str()),
            ("http.response.status_code", "200"),
        ] {
            assert_eq!(attribute(&span, name).as_deref(), Some(value), "{name}");
        }
    }

    #[test]
    fn a_4xx_is_an_error_to_the_client_and_counts_by_status() {
        let recorder = Recorder::new();
        let client = client(&recorder);
        recorder.run_async(async {
            let address = echo().await;
            client.get(format!("http://{address}/teapot")).send().await.unwrap();
        });
        let span = recorder.spans().remove(0);
        assert_eq!(span.name, "GET");
        assert!(matches!(span.status, Status::Error { .. }), "{:?}", span.status);
        assert_eq!(attribute(&span, "error.type").as_deref(), Some("418"));
        let point = recorder.histogram("http.client.request.duration");
        assert!(point.attributes.contains(&("http.response.status_code".to_owned(), 418.into())));
    }

    #[test]
    fn a_refused_connection_says_so() {
        let recorder = Recorder::new();
        let client = client(&recorder);
        recorder.run_async(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            drop(listener);
            client.get(format!("http://{address}/")).send().await.unwrap_err();
        });
        let span = recorder.spans().remove(0);
        assert_eq!(attribute(&span, "error.type").as_deref(), Some("connect"));
        let Status::Error { description } = &span.status else { panic!("{:?}", span.status) };
        assert!(description.contains("refused"), "{description}");
    }
}
