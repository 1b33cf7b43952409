//! Builds each listener's router from the route table and the handlers that the parts export.

use crate::guard::{Hosts, guard};
use crate::routes::{Listener, ROUTES};
use crate::ui_files;
use anyhow::bail;
use axum::Router;
use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use ocelli_collector::{Ledger, Refusal, Source};
use std::collections::HashMap;
use std::sync::Arc;

/// A handler under the name `"METHOD /path"`.
pub type Endpoint = (String, MethodRouter);

/// The endpoints that a part exports.
pub fn exported(endpoints: Vec<(&'static str, MethodRouter)>) -> impl Iterator<Item = Endpoint> {
    endpoints.into_iter().map(|(key, handler)| (key.to_owned(), handler))
}

/// The router of a listener. Fails when table and handlers are not the same set.
pub fn router(
    listener: Listener,
    hosts: Hosts,
    endpoints: Vec<Endpoint>,
    ledger: &Arc<Ledger>,
) -> anyhow::Result<Router> {
    let mut handlers: HashMap<String, MethodRouter> = HashMap::new();
    for (key, handler) in endpoints {
        if handlers.insert(key.clone(), handler).is_some() {
            bail!("two handlers for '{key}'");
        }
    }
    let mut router = Router::new();
    for route in ROUTES.iter().filter(|route| route.listener == listener) {
        let key = route.key();
        let Some(handler) = handlers.remove(&key) else {
            bail!("'{key}' is declared in src/routes.rs and nothing handles it");
        };
        router = router.route(route.path, guard(route, hosts, handler));
    }
    if let Some(key) = handlers.keys().min() {
        bail!("'{key}' has a handler and is not declared in src/routes.rs");
    }
    let ledger = ledger.clone();
    let unknown = move |uri: Uri, headers: HeaderMap| async move {
        match listener {
            Listener::Api if is_browser(&headers) => ui_files::unknown_page(&headers),
            _ => unknown_path(listener, &uri, &ledger),
        }
    };
    Ok(router.fallback(unknown))
}

/// A person who looks for a page, rather than a program or a script of one.
fn is_browser(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

/// What is sent to nowhere is counted like all that is refused.
fn unknown_path(listener: Listener, uri: &Uri, ledger: &Ledger) -> Response {
    let refusal = Refusal::UnknownPath { path: uri.path().to_owned() };
    let message = match listener {
        Listener::OtlpGrpc => {
            ledger.refuse(Source::OtlpGrpc, &refusal);
            // gRPC's own way to say so: status 12 is UNIMPLEMENTED.
            let headers = [("content-type", "application/grpc"), ("grpc-status", "12")];
            return (headers, ()).into_response();
        }
        Listener::OtlpHttp => {
            ledger.refuse(Source::OtlpHttp, &refusal);
            format!("{refusal}\n")
        }
        Listener::Api => {
            let path = uri.path();
            format!("there is nothing at {path}; the UI is at /, the API is described at /api/openapi.json\n")
        }
    };
    (StatusCode::NOT_FOUND, [("content-type", "text/plain; charset=utf-8")], message).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::{get, post};

    const GRPC: [&str; 3] = [
        "POST /opentelemetry.proto.collector.trace.v1.TraceService/Export",
        "POST /opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
        "POST /opentelemetry.proto.collector.logs.v1.LogsService/Export",
    ];

    fn all() -> Vec<Endpoint> {
        exported(GRPC.into_iter().map(|key| (key, post(|| async {}))).collect()).collect()
    }

    #[test]
    fn what_is_not_declared_is_refused() {
        assert!(router(Listener::OtlpGrpc, Hosts::Local, all(), &Arc::default()).is_ok());
        let mut more = all();
        more.push(("GET /secret".to_owned(), get(|| async {})));
        let why = router(Listener::OtlpGrpc, Hosts::Local, more, &Arc::default()).unwrap_err().to_string();
        assert_eq!(why, "'GET /secret' has a handler and is not declared in src/routes.rs");
    }

    #[test]
    fn what_is_declared_needs_a_handler() {
        let fewer = all().split_off(1);
        let why = router(Listener::OtlpGrpc, Hosts::Local, fewer, &Arc::default()).unwrap_err().to_string();
        assert!(why.contains("TraceService/Export' is declared"), "{why}");
    }
}
