//! What release 1.5.0 brought, and what is wrong with it: it asks the database once for every line
//! instead of once, waits for every answer, and knows no rule for gold customers.

use std::time::Duration;

use crate::{contracts::NewOrder, database::Database, failure::Failure};

/// Has no index to use, so it reads all lines that were ever ordered.
const SOLD_BEFORE: &str = "SELECT coalesce(sum(quantity), 0) FROM order_lines WHERE sku = ?";

/// How long one rule takes to be evaluated.
const EVALUATION: Duration = Duration::from_millis(150);

/// The slow and failing path of the bad release.
#[tracing::instrument(name = "apply price rules", skip_all, fields(shop.customer.tier = order.customer.tier))]
pub(crate) async fn apply(database: &Database, order: &NewOrder) -> Result<(), Failure> {
    for line in &order.lines {
        let sold = sqlx::query_scalar(SOLD_BEFORE).bind(&line.sku).fetch_one(&database.pool);
        let sold: i64 = database.query(SOLD_BEFORE, sold).await?;
        tokio::time::sleep(EVALUATION).await;
        tracing::debug!(sku = line.sku, sold, "price rule evaluated");
    }
    match order.customer.tier.as_str() {
        "standard" => Ok(()),
        tier => {
            let reason = format!("no price rule for customers of the tier {tier}");
            ocelli_sdk::fail("no_price_rule", reason.as_str());
            Err(Failure::internal(reason))
        }
    }
}
