//! The orders' tables.

use axum::http::StatusCode;

use crate::{contracts::NewOrder, database::Database, failure::Failure};

/// Order numbers begin above 5000, so that they look like order numbers.
pub(crate) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS orders (
        id INTEGER PRIMARY KEY AUTOINCREMENT, customer_id INTEGER NOT NULL, email TEXT NOT NULL,
        status TEXT NOT NULL, total_cents INTEGER, payment_id TEXT,
        created_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
    );
    CREATE TABLE IF NOT EXISTS order_lines (
        order_id INTEGER NOT NULL REFERENCES orders (id), sku TEXT NOT NULL, quantity INTEGER NOT NULL
    );
    INSERT INTO sqlite_sequence (name, seq)
        SELECT 'orders', 5000 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'orders');
";

const ADD_ORDER: &str = "INSERT INTO orders (customer_id, email, status) VALUES (?, ?, 'new') RETURNING id";
const ADD_LINE: &str = "INSERT INTO order_lines (order_id, sku, quantity) VALUES (?, ?, ?)";
const SET_TOTAL: &str = "UPDATE orders SET status = 'reserved', total_cents = ? WHERE id = ?";
const SET_STATUS: &str = "UPDATE orders SET status = ? WHERE id = ?";
const MARK_PAID: &str = "UPDATE orders SET status = 'paid', payment_id = ? \
    WHERE id = ? AND status = 'reserved' RETURNING total_cents, email";

/// Stores a new order with its lines, all or nothing, and numbers it.
pub(crate) async fn insert(database: &Database, order: &NewOrder) -> Result<i64, Failure> {
    let mut transaction = database.pool.begin_with("BEGIN IMMEDIATE").await?;
    let add = sqlx::query_scalar(ADD_ORDER).bind(order.customer.id).bind(&order.customer.email);
    let order_id: i64 = database.query(ADD_ORDER, add.fetch_one(&mut *transaction)).await?;
    for line in &order.lines {
        let add = sqlx::query(ADD_LINE).bind(order_id).bind(&line.sku).bind(line.quantity);
        database.query(ADD_LINE, add.execute(&mut *transaction)).await?;
    }
    transaction.commit().await?;
    Ok(order_id)
}

pub(crate) async fn set_total(database: &Database, order_id: i64, total_cents: i64) -> Result<(), Failure> {
    let update = sqlx::query(SET_TOTAL).bind(total_cents).bind(order_id).execute(&database.pool);
    database.query(SET_TOTAL, update).await?;
    Ok(())
}

pub(crate) async fn set_status(database: &Database, order_id: i64, status: &str) -> Result<(), Failure> {
    let update = sqlx::query(SET_STATUS).bind(status).bind(order_id).execute(&database.pool);
    if database.query(SET_STATUS, update).await?.rows_affected() == 0 {
        return Err(Failure::new(StatusCode::NOT_FOUND, format!("there is no order {order_id}")));
    }
    Ok(())
}

/// Marks a reserved order as paid; answers with its total and the customer's address.
pub(crate) async fn mark_paid(
    database: &Database,
    order_id: i64,
    payment_id: &str,
) -> Result<(i64, String), Failure> {
    let update = sqlx::query_as(MARK_PAID).bind(payment_id).bind(order_id).fetch_optional(&database.pool);
    let paid: Option<(i64, String)> = database.query(MARK_PAID, update).await?;
    paid.ok_or_else(|| {
        Failure::new(StatusCode::CONFLICT, format!("order {order_id} does not wait for a payment"))
    })
}
