//! The worker at the end of the queue: tells customers that their order is paid.

use std::time::Duration;

use axum::{Router, routing::MethodRouter};
use tracing::Instrument;

use crate::{
    contracts::OrderPaid,
    database::Database,
    queue::{Message, Queue},
    service::Service,
    stop::Ending,
};

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS notifications (
        message_id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL, email TEXT NOT NULL, text TEXT NOT NULL,
        sent_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
    );
";
/// A message that comes twice makes one notification.
const ADD: &str =
    "INSERT OR IGNORE INTO notifications (message_id, order_id, email, text) VALUES (?, ?, ?, ?)";

/// How long the worker waits when the queue is empty.
const IDLE_PAUSE: Duration = Duration::from_millis(100);
/// After so many attempts a message is given up.
const MAX_ATTEMPTS: i64 = 5;

pub(crate) async fn run(service: &Service) -> anyhow::Result<Ending> {
    let database = Database::open(service, "notifications", SCHEMA).await?;
    let queue = Queue::open(service).await?;
    tokio::select! {
        ending = service.serve(Router::new(), MethodRouter::new()) => ending,
        failed = work(&database, &queue) => failed,
    }
}

async fn work(database: &Database, queue: &Queue) -> anyhow::Result<Ending> {
    loop {
        match queue.claim().await? {
            Some(message) => process(database, queue, message).await?,
            None => tokio::time::sleep(IDLE_PAUSE).await,
        }
    }
}

/// A message that fails stays in the queue for another attempt, up to a limit.
async fn process(database: &Database, queue: &Queue, message: Message) -> anyhow::Result<()> {
    let outcome = notify(database, &message).instrument(message.span.clone()).await;
    let Err(error) = outcome else { return queue.done(message.id).await };
    queue.failed(&message.span, &error.to_string());
    let given_up = message.attempts >= MAX_ATTEMPTS;
    message.span.in_scope(|| {
        tracing::error!(
            message_id = message.id,
            attempts = message.attempts,
            given_up,
            "not notified: {error}"
        );
    });
    if given_up { queue.done(message.id).await } else { Ok(()) }
}

async fn notify(database: &Database, message: &Message) -> anyhow::Result<()> {
    let event: OrderPaid = serde_json::from_str(&message.body)?;
    ocelli_sdk::set_attribute("shop.order.id", event.order_id);
    let text = render(&event);
    let add = sqlx::query(ADD).bind(message.id).bind(event.order_id).bind(&event.email).bind(&text);
    database.query(ADD, add.execute(&database.pool)).await?;
    tracing::info!(order_id = event.order_id, message_id = message.id, "customer notified");
    Ok(())
}

#[tracing::instrument(name = "render notification", skip_all)]
fn render(event: &OrderPaid) -> String {
    let (euros, cents) = (event.total_cents / 100, event.total_cents % 100);
    format!("Your order {} is paid: {euros}.{cents:02} EUR. It leaves us today.", event.order_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notification_names_the_order_and_its_price() {
        let event = OrderPaid { order_id: 5001, total_cents: 12_905, email: "customer1@shop.example".into() };
        assert_eq!(render(&event), "Your order 5001 is paid: 129.05 EUR. It leaves us today.");
    }
}
