//! The third party that charges cards, as another company would run it: on a listener of its own and
//! without telemetry, so that all that is seen of it is the span of the client that waits.

use std::{ops::RangeInclusive, time::Duration};

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use rand::Rng;
use serde::Deserialize;
use serde_json::json;

use crate::{catalogue::DECLINED_CARD, faults::Switch};

/// The third party's host name; the client resolves it to a local port.
pub(crate) const HOST: &str = "api.payments.example";

/// How long a charge takes, in milliseconds: slow on purpose, as third parties are.
const USUAL_MS: RangeInclusive<u64> = 120..=380;
/// The same while the fault `payment-slow` is on.
const SLOW_MS: RangeInclusive<u64> = 1_500..=3_200;

#[derive(Deserialize)]
struct Charge {
    card: String,
}

pub(crate) fn routes(slow: Switch) -> Router {
    Router::new().route("/v1/charges", post(charge)).with_state(slow)
}

async fn charge(State(slow): State<Switch>, Json(charge): Json<Charge>) -> Response {
    let range = if slow.is_on() { SLOW_MS } else { USUAL_MS };
    let milliseconds = rand::rng().random_range(range);
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    if charge.card == DECLINED_CARD {
        let declined = Json(json!({"decline_reason": "insufficient funds"}));
        return (StatusCode::PAYMENT_REQUIRED, declined).into_response();
    }
    let charge_id = format!("ch_{:016x}", rand::random::<u64>());
    (StatusCode::CREATED, Json(json!({ "charge_id": charge_id }))).into_response()
}
