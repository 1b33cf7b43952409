//! What is on the shelves: products, reservations, deliveries.

use std::time::Duration;

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{get, post},
};
use rand::Rng;
use serde_json::{Value, json};

use crate::{
    catalogue::PRODUCTS,
    contracts::{Nothing, Reservation, Reserved},
    database::Database,
    failure::Failure,
    faults::Switch,
    service::Service,
    stop::Ending,
};

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS products (
        sku TEXT PRIMARY KEY, name TEXT NOT NULL, price_cents INTEGER NOT NULL,
        stock INTEGER NOT NULL, full_stock INTEGER NOT NULL
    );
    CREATE TABLE IF NOT EXISTS reservations (
        order_id INTEGER NOT NULL, sku TEXT NOT NULL REFERENCES products (sku), quantity INTEGER NOT NULL,
        PRIMARY KEY (order_id, sku)
    );
";

const SEED: &str =
    "INSERT OR IGNORE INTO products (sku, name, price_cents, stock, full_stock) VALUES (?, ?, ?, ?, ?)";
const LIST: &str = "SELECT sku, name, price_cents, stock FROM products ORDER BY name";
const FIND: &str = "SELECT sku, name, price_cents, stock FROM products WHERE sku = ?";
const TAKE: &str = "UPDATE products SET stock = stock - ? WHERE sku = ? AND stock >= ? RETURNING price_cents";
const RESERVE: &str = "INSERT INTO reservations (order_id, sku, quantity) VALUES (?, ?, ?)";
const RELEASE: &str = "DELETE FROM reservations WHERE order_id = ? RETURNING sku, quantity";
const GIVE_BACK: &str = "UPDATE products SET stock = stock + ? WHERE sku = ?";
const RESTOCK: &str = "UPDATE products SET stock = full_stock WHERE stock * 2 < full_stock";
/// A table that was never made: what a forgotten migration looks like.
const LEDGER: &str = "SELECT balance FROM stock_ledger WHERE order_id = ?";

/// The share of reservations that the fault `inventory-errors` breaks.
const ERROR_SHARE: f64 = 0.4;
/// How often a delivery fills the shelves.
const DELIVERY_INTERVAL: Duration = Duration::from_secs(20);

#[derive(Clone)]
struct Inventory {
    database: Database,
    errors: Switch,
}

pub(crate) async fn run(service: &Service) -> anyhow::Result<Ending> {
    let database = Database::open(service, "stock", SCHEMA).await?;
    for (sku, name, price_cents, stock) in PRODUCTS {
        sqlx::query(SEED)
            .bind(sku)
            .bind(name)
            .bind(price_cents)
            .bind(stock)
            .bind(stock)
            .execute(&database.pool)
            .await?;
    }
    let inventory = Inventory { database: database.clone(), errors: Switch::default() };
    let control = inventory.errors.control();
    let routes = Router::new()
        .route("/products", get(list))
        .route("/products/{sku}", get(view))
        .route("/reservations", post(reserve))
        .route("/reservations/{order_id}/release", post(release))
        .with_state(inventory);
    tokio::select! {
        ending = service.serve(routes, control) => ending,
        never = take_deliveries(database) => never,
    }
}

async fn take_deliveries(database: Database) -> anyhow::Result<Ending> {
    let mut interval = tokio::time::interval(DELIVERY_INTERVAL);
    loop {
        interval.tick().await;
        restock(&database).await;
    }
}

#[tracing::instrument(name = "take delivery", skip_all)]
async fn restock(database: &Database) {
    match database.query(RESTOCK, sqlx::query(RESTOCK).execute(&database.pool)).await {
        Ok(done) => tracing::info!(products = done.rows_affected(), "delivery taken"),
        Err(error) => tracing::error!(%error, "the delivery can't be booked"),
    }
}

type Product = (String, String, i64, i64);

fn to_json((sku, name, price_cents, stock): Product) -> Value {
    json!({"sku": sku, "name": name, "price_cents": price_cents, "in_stock": stock > 0})
}

async fn list(State(inventory): State<Inventory>) -> Result<Json<Value>, Failure> {
    let list = sqlx::query_as(LIST).fetch_all(&inventory.database.pool);
    let products: Vec<Product> = inventory.database.query(LIST, list).await?;
    Ok(Json(products.into_iter().map(to_json).collect()))
}

async fn view(State(inventory): State<Inventory>, Path(sku): Path<String>) -> Result<Json<Value>, Failure> {
    let find = sqlx::query_as(FIND).bind(&sku).fetch_optional(&inventory.database.pool);
    let product: Option<Product> = inventory.database.query(FIND, find).await?;
    product
        .map(|product| Json(to_json(product)))
        .ok_or_else(|| Failure::new(StatusCode::NOT_FOUND, format!("there is no product {sku:?}")))
}

/// Takes the goods of an order off the shelf, all or nothing.
async fn reserve(
    State(inventory): State<Inventory>,
    Json(reservation): Json<Reservation>,
) -> Result<Json<Reserved>, Failure> {
    let order_id = reservation.order_id;
    ocelli_sdk::set_attribute("shop.order.id", order_id);
    let database = &inventory.database;
    if inventory.errors.is_on() && rand::rng().random_bool(ERROR_SHARE) {
        let ledger = sqlx::query(LEDGER).bind(order_id).execute(&database.pool);
        database.query(LEDGER, ledger).await?;
    }
    let mut total_cents = 0;
    let mut transaction = database.pool.begin_with("BEGIN IMMEDIATE").await?;
    for line in &reservation.lines {
        let take = sqlx::query_scalar(TAKE).bind(line.quantity).bind(&line.sku).bind(line.quantity);
        let price: Option<i64> = database.query(TAKE, take.fetch_optional(&mut *transaction)).await?;
        let Some(price_cents) = price else {
            let reason = format!("{} of {} are not in stock", line.quantity, line.sku);
            return Err(Failure::new(StatusCode::CONFLICT, reason));
        };
        let reserve = sqlx::query(RESERVE).bind(order_id).bind(&line.sku).bind(line.quantity);
        database.query(RESERVE, reserve.execute(&mut *transaction)).await?;
        total_cents += price_cents * i64::from(line.quantity);
    }
    transaction.commit().await?;
    tracing::info!(order_id, lines = reservation.lines.len(), total_cents, "goods reserved");
    Ok(Json(Reserved { total_cents }))
}

/// Puts the goods of a cancelled order back.
async fn release(
    State(inventory): State<Inventory>,
    Path(order_id): Path<i64>,
) -> Result<Json<Nothing>, Failure> {
    let database = &inventory.database;
    let mut transaction = database.pool.begin_with("BEGIN IMMEDIATE").await?;
    let free = sqlx::query_as(RELEASE).bind(order_id).fetch_all(&mut *transaction);
    let lines: Vec<(String, i64)> = database.query(RELEASE, free).await?;
    for (sku, quantity) in &lines {
        let give_back = sqlx::query(GIVE_BACK).bind(quantity).bind(sku);
        database.query(GIVE_BACK, give_back.execute(&mut *transaction)).await?;
    }
    transaction.commit().await?;
    tracing::info!(order_id, lines = lines.len(), "goods released");
    Ok(Json(Nothing {}))
}
