//! Who a customer is: log-ins and sessions.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    routing::{MethodRouter, post},
};

use crate::{
    catalogue::{CUSTOMER_COUNT, customer},
    contracts::{Customer, Login, Session},
    database::Database,
    failure::Failure,
    service::Service,
    stop::Ending,
};

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS customers (
        id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL UNIQUE,
        passphrase TEXT NOT NULL, tier TEXT NOT NULL
    );
    CREATE TABLE IF NOT EXISTS sessions (
        token TEXT PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers (id),
        expires_at INTEGER NOT NULL
    );
    CREATE INDEX IF NOT EXISTS sessions_by_expiry ON sessions (expires_at);
";

const SEED: &str =
    "INSERT OR IGNORE INTO customers (id, name, email, passphrase, tier) VALUES (?, ?, ?, ?, ?)";
const FIND_CUSTOMER: &str = "SELECT id, passphrase FROM customers WHERE email = ?";
const ADD_SESSION: &str = "INSERT INTO sessions (token, customer_id, expires_at) VALUES (?, ?, ?)";
const DROP_EXPIRED: &str = "DELETE FROM sessions WHERE expires_at < ?";
const FIND_SESSION: &str = "SELECT c.id, c.name, c.email, c.tier FROM sessions s \
    JOIN customers c ON c.id = s.customer_id WHERE s.token = ? AND s.expires_at >= ?";

/// How long a log-in lasts.
const SESSION_LIFETIME: Duration = Duration::from_secs(30 * 60);

pub(crate) async fn run(service: &Service) -> anyhow::Result<Ending> {
    let database = Database::open(service, "customers", SCHEMA).await?;
    seed(&database).await?;
    let routes = Router::new()
        .route("/login", post(log_in))
        .route("/sessions/verify", post(verify))
        .with_state(database);
    service.serve(routes, MethodRouter::new()).await
}

async fn seed(database: &Database) -> anyhow::Result<()> {
    let mut transaction = database.pool.begin().await?;
    for profile in (1..=CUSTOMER_COUNT).map(customer) {
        sqlx::query(SEED)
            .bind(profile.id)
            .bind(profile.name)
            .bind(profile.email)
            .bind(profile.passphrase)
            .bind(profile.tier)
            .execute(&mut *transaction)
            .await?;
    }
    Ok(transaction.commit().await?)
}

async fn log_in(
    State(database): State<Database>,
    Json(login): Json<Login>,
) -> Result<Json<Session>, Failure> {
    let find = sqlx::query_as(FIND_CUSTOMER).bind(&login.email).fetch_optional(&database.pool);
    let known: Option<(i64, String)> = database.query(FIND_CUSTOMER, find).await?;
    let Some((customer_id, _)) = known.filter(|(_, passphrase)| *passphrase == login.passphrase) else {
        return Err(Failure::new(StatusCode::UNAUTHORIZED, "the e-mail address or the passphrase is wrong"));
    };
    let now = unix_seconds();
    database.query(DROP_EXPIRED, sqlx::query(DROP_EXPIRED).bind(now).execute(&database.pool)).await?;
    let session = Session { token: format!("{:032x}", rand::random::<u128>()) };
    let expires_at = now + SESSION_LIFETIME.as_secs().cast_signed();
    let add = sqlx::query(ADD_SESSION).bind(&session.token).bind(customer_id).bind(expires_at);
    database.query(ADD_SESSION, add.execute(&database.pool)).await?;
    tracing::info!(customer_id, "logged in");
    Ok(Json(session))
}

/// The token comes in the body: a path would be recorded in spans.
async fn verify(
    State(database): State<Database>,
    Json(session): Json<Session>,
) -> Result<Json<Customer>, Failure> {
    let find =
        sqlx::query_as(FIND_SESSION).bind(&session.token).bind(unix_seconds()).fetch_optional(&database.pool);
    let found: Option<(i64, String, String, String)> = database.query(FIND_SESSION, find).await?;
    let Some((id, name, email, tier)) = found else {
        return Err(Failure::new(StatusCode::UNAUTHORIZED, "the session is unknown or has expired"));
    };
    Ok(Json(Customer { id, name, email, tier }))
}

fn unix_seconds() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    since_epoch.as_secs().cast_signed()
}
