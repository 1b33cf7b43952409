//! The front door: checks who is asking, and leads an order through the shop.

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    routing::{MethodRouter, get, post},
};
use serde_json::Value;

use crate::{
    contracts::{
        Checkout, Customer, Login, NewOrder, Nothing, Payment, PaymentRequest, PlacedOrder, Receipt, Session,
    },
    failure::Failure,
    peer::Peer,
    process::Process,
    service::Service,
    stop::Ending,
};

#[derive(Clone)]
struct Gateway {
    auth: Peer,
    order: Peer,
    inventory: Peer,
    payment: Peer,
}

pub(crate) async fn run(service: &Service) -> anyhow::Result<Ending> {
    let gateway = Gateway {
        auth: service.peer(Process::Auth)?,
        order: service.peer(Process::Order)?,
        inventory: service.peer(Process::Inventory)?,
        payment: service.peer(Process::Payment)?,
    };
    let routes = Router::new()
        .route("/api/products", get(list_products))
        .route("/api/products/{sku}", get(view_product))
        .route("/api/login", post(log_in))
        .route("/api/orders", post(check_out))
        .with_state(gateway);
    service.serve(routes, MethodRouter::new()).await
}

async fn list_products(State(gateway): State<Gateway>) -> Result<Json<Value>, Failure> {
    gateway.inventory.get("/products", "/products").await.map(Json)
}

async fn view_product(
    State(gateway): State<Gateway>,
    Path(sku): Path<String>,
) -> Result<Json<Value>, Failure> {
    // The path is put into another URL: a name of another shape can't be one of ours.
    if !sku.chars().all(|character| character.is_ascii_alphanumeric() || character == '-') {
        return Err(Failure::new(StatusCode::NOT_FOUND, format!("there is no product {sku:?}")));
    }
    gateway.inventory.get("/products/{sku}", &format!("/products/{sku}")).await.map(Json)
}

async fn log_in(State(gateway): State<Gateway>, Json(login): Json<Login>) -> Result<Json<Session>, Failure> {
    gateway.auth.post("/login", "/login", &login).await.map(Json)
}

/// Who asks → order placed → paid → confirmed. An order that isn't paid is cancelled, so that its goods go
/// back on the shelf.
async fn check_out(
    State(gateway): State<Gateway>,
    headers: HeaderMap,
    Json(checkout): Json<Checkout>,
) -> Result<Json<Receipt>, Failure> {
    let session = Session { token: bearer_token(&headers)? };
    let customer: Customer = gateway.auth.post("/sessions/verify", "/sessions/verify", &session).await?;
    ocelli_sdk::set_attribute("shop.customer.tier", customer.tier.clone());

    let new_order = NewOrder { customer, lines: checkout.lines };
    let placed: PlacedOrder = gateway.order.post("/orders", "/orders", &new_order).await?;
    let order_id = placed.order_id;
    ocelli_sdk::set_attribute("shop.order.id", order_id);

    let request = PaymentRequest { order_id, amount_cents: placed.total_cents, card: checkout.card };
    let payment: Payment = match gateway.payment.post("/payments", "/payments", &request).await {
        Ok(payment) => payment,
        Err(failure) => {
            gateway.cancel(order_id).await;
            return Err(failure);
        }
    };
    let path = format!("/orders/{order_id}/confirm");
    let Nothing {} = gateway.order.post("/orders/{id}/confirm", &path, &payment).await?;
    tracing::info!(order_id, total_cents = placed.total_cents, "order completed");
    Ok(Json(Receipt { order_id, total_cents: placed.total_cents, payment_id: payment.payment_id }))
}

impl Gateway {
    /// The caller gets the first failure; one more is only logged.
    async fn cancel(&self, order_id: i64) {
        let path = format!("/orders/{order_id}/cancel");
        let cancelled: Result<Nothing, Failure> =
            self.order.post("/orders/{id}/cancel", &path, &Nothing {}).await;
        if let Err(failure) = cancelled {
            tracing::error!(order_id, %failure, "the order can't be cancelled");
        }
    }
}

fn bearer_token(headers: &HeaderMap) -> Result<String, Failure> {
    headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .map(str::to_owned)
        .ok_or_else(|| Failure::new(StatusCode::UNAUTHORIZED, "log in first: no bearer token"))
}
