//! Orders: checked, stored, their goods reserved, confirmed or cancelled.

mod price_rules;
mod release;
mod store;
mod validation;

use axum::{
    Json, Router,
    extract::{Path, State},
    routing::post,
};

use crate::{
    contracts::{NewOrder, Nothing, OrderPaid, Payment, PlacedOrder, Reservation, Reserved},
    database::Database,
    failure::Failure,
    options::BAD_RELEASE,
    peer::Peer,
    process::Process,
    queue::Queue,
    service::Service,
    stop::Ending,
};

#[derive(Clone)]
struct Orders {
    database: Database,
    inventory: Peer,
    queue: Queue,
    /// The release that went wrong checks prices by rules.
    checks_price_rules: bool,
}

pub(crate) async fn run(service: &Service) -> anyhow::Result<Ending> {
    let orders = Orders {
        database: Database::open(service, "orders", store::SCHEMA).await?,
        inventory: service.peer(Process::Inventory)?,
        queue: Queue::open(service).await?,
        checks_price_rules: service.options.order_release == BAD_RELEASE,
    };
    let routes = Router::new()
        .route("/orders", post(place))
        .route("/orders/{id}/confirm", post(confirm))
        .route("/orders/{id}/cancel", post(cancel))
        .with_state(orders);
    service.serve(routes, release::switch(service)).await
}

async fn place(
    State(orders): State<Orders>,
    Json(order): Json<NewOrder>,
) -> Result<Json<PlacedOrder>, Failure> {
    ocelli_sdk::set_attribute("shop.customer.tier", order.customer.tier.clone());
    validation::validate(&order.lines)?;
    if orders.checks_price_rules {
        price_rules::apply(&orders.database, &order).await?;
    }
    let order_id = store::insert(&orders.database, &order).await?;
    ocelli_sdk::set_attribute("shop.order.id", order_id);
    let reservation = Reservation { order_id, lines: order.lines };
    let reserved: Result<Reserved, Failure> =
        orders.inventory.post("/reservations", "/reservations", &reservation).await;
    let total_cents = match reserved {
        Ok(reserved) => reserved.total_cents,
        Err(failure) => {
            store::set_status(&orders.database, order_id, "refused").await?;
            return Err(failure);
        }
    };
    store::set_total(&orders.database, order_id, total_cents).await?;
    tracing::info!(order_id, total_cents, customer_id = order.customer.id, "order placed");
    Ok(Json(PlacedOrder { order_id, total_cents }))
}

/// Marks an order as paid and tells the world through the queue.
async fn confirm(
    State(orders): State<Orders>,
    Path(order_id): Path<i64>,
    Json(payment): Json<Payment>,
) -> Result<Json<Nothing>, Failure> {
    ocelli_sdk::set_attribute("shop.order.id", order_id);
    let (total_cents, email) = store::mark_paid(&orders.database, order_id, &payment.payment_id).await?;
    orders.queue.send(&OrderPaid { order_id, total_cents, email }).await?;
    tracing::info!(order_id, payment_id = payment.payment_id, "order confirmed");
    Ok(Json(Nothing {}))
}

async fn cancel(State(orders): State<Orders>, Path(order_id): Path<i64>) -> Result<Json<Nothing>, Failure> {
    ocelli_sdk::set_attribute("shop.order.id", order_id);
    store::set_status(&orders.database, order_id, "cancelled").await?;
    let path = format!("/reservations/{order_id}/release");
    let Nothing {} = orders.inventory.post("/reservations/{order_id}/release", &path, &Nothing {}).await?;
    tracing::warn!(order_id, "order cancelled");
    Ok(Json(Nothing {}))
}
