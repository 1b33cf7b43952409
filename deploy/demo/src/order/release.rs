//! The fault `order-release`: a real deployment. The process ends cleanly and comes back as the other
//! release under the same pid, so that `service.version` changes as it does in life.

use axum::{
    Json,
    http::StatusCode,
    routing::{MethodRouter, get},
};

use crate::{
    faults::State,
    options::{BAD_RELEASE, GOOD_RELEASE},
    service::Service,
    stop::Ending,
};

/// `GET` says whether the bad release runs, `PUT` deploys the one that is asked for.
pub(crate) fn switch(service: &Service) -> MethodRouter {
    let running = service.options.order_release.clone();
    let bad_runs = running == BAD_RELEASE;
    let stop = service.stop.clone();
    get(move || async move { Json(State { on: bad_runs }) }).put(
        move |Json(wanted): Json<State>| async move {
            if wanted.on != bad_runs {
                let release = if wanted.on { BAD_RELEASE } else { GOOD_RELEASE };
                tracing::warn!(from = running, to = release, "deploying another release of order");
                stop.request(Ending::Deploy { release: release.to_owned() });
            }
            (StatusCode::ACCEPTED, Json(wanted))
        },
    )
}
