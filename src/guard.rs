//! What stands before every handler: who is asking, its role and its limits, from the route table.

use crate::routes::{Role, Route, RouteLimits};
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::StatusCode;
use axum::http::header::HOST;
use axum::http::uri::Authority;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use std::net::IpAddr;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Under which names a request may call this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hosts {
    /// Addresses and `localhost`. A page of another site can have its own name resolved to
    /// 127.0.0.1 and then read what is here as if it were its own (DNS rebinding); it can't use
    /// these.
    Local,
    /// Any: the operator said `--insecure`.
    Any,
}

struct Gate {
    key: String,
    hosts: Hosts,
    role: Role,
    limits: RouteLimits,
    places: Semaphore,
}

/// The handler behind its gate.
pub fn guard(route: &Route, hosts: Hosts, handler: MethodRouter) -> MethodRouter {
    let gate = Arc::new(Gate {
        key: route.key(),
        hosts,
        role: route.role,
        limits: route.limits,
        places: Semaphore::new(route.limits.concurrent),
    });
    let body_limit = match route.limits.body_bytes {
        Some(bytes) => DefaultBodyLimit::max(bytes),
        None => DefaultBodyLimit::disable(),
    };
    handler.layer(body_limit).layer(from_fn_with_state(gate, pass))
}

async fn pass(State(gate): State<Arc<Gate>>, request: Request, next: Next) -> Response {
    if let Some(host) = foreign_host(gate.hosts, &request) {
        let why = format!(
            "'{host}' is not a name of this machine; use 127.0.0.1 or localhost, or start with --insecure\n"
        );
        return (StatusCode::MISDIRECTED_REQUEST, why).into_response();
    }
    if !holds(gate.role) {
        return (StatusCode::FORBIDDEN, format!("{} needs the role {:?}\n", gate.key, gate.role))
            .into_response();
    }
    let Ok(_place) = gate.places.try_acquire() else {
        let why =
            format!("{} is already answering {} requests; try again\n", gate.key, gate.limits.concurrent);
        return (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "1")], why).into_response();
    };
    match tokio::time::timeout(gate.limits.timeout, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let why = format!("{} took longer than {} s\n", gate.key, gate.limits.timeout.as_secs());
            (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "1")], why).into_response()
        }
    }
}

/// The host that the request names, if it must not.
fn foreign_host(hosts: Hosts, request: &Request) -> Option<String> {
    if hosts == Hosts::Any {
        return None;
    }
    let header = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let authority = header.or_else(|| request.uri().authority().map(Authority::as_str))?;
    let host =
        authority.parse::<Authority>().map_or_else(|_| authority.to_owned(), |it| it.host().to_owned());
    let name = host.trim_start_matches('[').trim_end_matches(']');
    let local = name.parse::<IpAddr>().is_ok() || name == "localhost" || name.ends_with(".localhost");
    (!local).then_some(host)
}

/// Whether the caller has a role. There is no log-in yet: whoever reaches a listener, which is on
/// loopback unless the operator says `--insecure`, has every role.
fn holds(_role: Role) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn check(host: &str, local: bool) {
        let request = Request::builder().uri("/").header("host", host).body(Body::empty()).unwrap();
        assert_eq!(foreign_host(Hosts::Local, &request).is_none(), local, "{host}");
        assert_eq!(foreign_host(Hosts::Any, &request), None);
    }

    #[test]
    fn a_name_of_somebody_else_is_refused() {
        check("127.0.0.1:4319", true);
        check("[::1]:4319", true);
        check("localhost:4319", true);
        check("ocelli.localhost", true);
        check("192.168.1.7:4319", true);
        check("evil.example:4319", false);
        check("localhost.evil.example", false);
        check("127.0.0.1.evil.example:4319", false);
        check("not a host", false);
    }
}
