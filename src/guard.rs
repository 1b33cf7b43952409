//! What stands before every handler: its role and its limits, from the route table.

use crate::routes::{Role, Route, RouteLimits};
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use std::sync::Arc;
use tokio::sync::Semaphore;

struct Gate {
    key: String,
    role: Role,
    limits: RouteLimits,
    places: Semaphore,
}

/// The handler behind its gate.
pub fn guard(route: &Route, handler: MethodRouter) -> MethodRouter {
    let gate = Arc::new(Gate {
        key: route.key(),
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

/// Whether the caller has a role. There is no log-in yet: whoever reaches a listener, which is on
/// loopback unless the operator says `--insecure`, has every role.
fn holds(_role: Role) -> bool {
    true
}
