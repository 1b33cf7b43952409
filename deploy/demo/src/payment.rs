//! Payments, made by a third party over the network.

use axum::{Json, Router, extract::State, http::StatusCode, routing::post};
use ocelli_sdk::HttpClient;
use serde_json::{Value, json};

use crate::{
    card_network::{self, HOST},
    contracts::{Payment, PaymentRequest},
    failure::Failure,
    faults::Switch,
    peer::with_causes,
    service::{Service, listen},
    stop::Ending,
};

pub(crate) async fn run(service: &Service) -> anyhow::Result<Ending> {
    let slow = Switch::default();
    let address = service.options.card_network_address();
    let listener = listen(address, "third party behind payment").await?;
    let network = service.serve_on(listener, card_network::routes(slow.clone()));

    let client = reqwest::Client::builder().no_proxy().resolve(HOST, address).build()?;
    let routes =
        Router::new().route("/payments", post(pay)).with_state(service.telemetry.http_client(client));
    let payment = service.serve(routes, slow.control());
    // Whichever fails first ends the process; both end together when the end is asked for.
    let (ending, _) = tokio::try_join!(payment, network)?;
    Ok(ending)
}

async fn pay(
    State(client): State<HttpClient>,
    Json(request): Json<PaymentRequest>,
) -> Result<Json<Payment>, Failure> {
    let order_id = request.order_id;
    ocelli_sdk::set_attribute("shop.order.id", order_id);
    let charge = json!({
        "amount_cents": request.amount_cents,
        "card": request.card,
        "reference": order_id.to_string(),
    });
    let response =
        client.post(format!("http://{HOST}/v1/charges")).template("/v1/charges").json(&charge).send().await;
    let unreachable = |error: reqwest::Error| {
        Failure::new(StatusCode::BAD_GATEWAY, format!("{HOST} failed: {}", with_causes(error)))
    };
    let response = response.map_err(unreachable)?;
    let status = response.status();
    let answer: Value = response.json().await.map_err(unreachable)?;
    match (status, answer["charge_id"].as_str()) {
        (StatusCode::CREATED, Some(payment_id)) => {
            tracing::info!(order_id, amount_cents = request.amount_cents, payment_id, "payment made");
            Ok(Json(Payment { payment_id: payment_id.to_owned() }))
        }
        (StatusCode::PAYMENT_REQUIRED, _) => {
            let reason = answer["decline_reason"].as_str().unwrap_or("no reason given");
            Err(Failure::new(StatusCode::PAYMENT_REQUIRED, format!("card declined: {reason}")))
        }
        _ => Err(Failure::new(StatusCode::BAD_GATEWAY, format!("{HOST} answered {}", status.as_u16()))),
    }
}
