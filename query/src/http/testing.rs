//! Asks the endpoints as a client does, without a socket.

use super::{Api, Limits, endpoints};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use ocelli_api::UnixNano;
use ocelli_api::ingest::SystemResponse;
use ocelli_storage::Store;
use serde_json::Value;
use std::sync::Arc;
use tower::ServiceExt;

/// What the clock shows, in nanoseconds: 2026-11-21T03:04:05Z.
pub const NOW: i64 = 1_795_230_245_000_000_000;

pub struct Client(Router);

impl Client {
    pub fn new(store: Store) -> Client {
        let system = || SystemResponse { version: "1.2.3".to_owned(), ..SystemResponse::default() };
        let api = Api::new(store, Arc::new(system), Arc::new(|| UnixNano(NOW)), Limits::default());
        let router = endpoints(api).into_iter().fold(Router::new(), |router, (route, handler)| {
            let (_, path) = route.split_once(' ').expect("a route is 'METHOD /path'");
            router.route(path, handler)
        });
        Client(router)
    }

    /// Status and JSON body of a GET.
    pub async fn get(&self, uri: &str) -> (u16, Value) {
        let request = Request::get(uri).body(Body::empty()).expect("a valid URI");
        let response = self.0.clone().oneshot(request).await.expect("handlers do not fail");
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        (status, serde_json::from_slice(&body).unwrap_or_else(|error| panic!("{uri}: {error}: {body:?}")))
    }

    /// A header and the text of an answer that is no JSON.
    pub async fn text(&self, uri: &str, header: &str) -> (String, String) {
        let response = self.stream(uri).await;
        assert_eq!(response.status(), 200, "{uri}");
        let header = response.headers().get(header).and_then(|value| value.to_str().ok());
        let header = header.unwrap_or_default().to_owned();
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        (header, String::from_utf8(body.to_vec()).expect("text"))
    }

    /// Status, content type and text of a GET.
    pub async fn raw(&self, uri: &str) -> (u16, String, String) {
        let response = self.stream(uri).await;
        let status = response.status().as_u16();
        let kind = response.headers().get("content-type").and_then(|value| value.to_str().ok());
        let kind = kind.unwrap_or_default().to_owned();
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        (status, kind, String::from_utf8(body.to_vec()).expect("text"))
    }

    /// The content type and the bytes of an answer to a request with a header.
    pub async fn bytes(&self, uri: &str, header: (&str, &str)) -> (String, Vec<u8>) {
        let request = Request::get(uri).header(header.0, header.1).body(Body::empty()).expect("a valid URI");
        let response = self.0.clone().oneshot(request).await.expect("handlers do not fail");
        assert_eq!(response.status(), 200, "{uri}");
        let kind = response.headers().get("content-type").and_then(|value| value.to_str().ok());
        let kind = kind.unwrap_or_default().to_owned();
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        (kind, body.to_vec())
    }

    /// An answer whose body is read while it comes.
    pub async fn stream(&self, uri: &str) -> axum::response::Response {
        let request = Request::get(uri).body(Body::empty()).expect("a valid URI");
        self.0.clone().oneshot(request).await.expect("handlers do not fail")
    }

    /// The JSON body of a POST of a form.
    pub async fn form(&self, uri: &str, form: &'static str) -> Value {
        let request = Request::post(uri).header("content-type", "application/x-www-form-urlencoded");
        let request = request.body(Body::from(form)).expect("a valid URI");
        let response = self.0.clone().oneshot(request).await.expect("handlers do not fail");
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        serde_json::from_slice(&body).unwrap_or_else(|error| panic!("{uri}: {error}: {body:?}"))
    }

    pub async fn ok(&self, uri: &str) -> Value {
        let (status, body) = self.get(uri).await;
        assert_eq!(status, 200, "{uri}: {body}");
        body
    }

    /// The `error` of an answer with this status.
    pub async fn error(&self, uri: &str, status: u16) -> Value {
        let (found, mut body) = self.get(uri).await;
        assert_eq!(found, status, "{uri}: {body}");
        body["error"].take()
    }
}
