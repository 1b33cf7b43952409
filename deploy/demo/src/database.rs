//! A service's own SQLite file, whose every query is a span.

use std::{path::Path, time::Duration};

use anyhow::Context;
use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::service::Service;

/// How long a writer waits for another before it gives up.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Two processes that open one new file at once can refuse each other while it becomes a WAL database.
const OPEN_ATTEMPTS: usize = 20;
const OPEN_PAUSE: Duration = Duration::from_millis(100);

/// A pool and the spans of its queries.
#[derive(Clone)]
pub(crate) struct Database {
    pub(crate) pool: SqlitePool,
    spans: ocelli_sdk::Database,
}

impl Database {
    /// Opens `NAME.sqlite` in the shop's data directory and makes its tables if they aren't there.
    pub(crate) async fn open(
        service: &Service,
        name: &'static str,
        schema: &'static str,
    ) -> anyhow::Result<Self> {
        let path = service.options.data_dir.join(format!("{name}.sqlite"));
        let pool = open(&path, schema).await?;
        Ok(Database { pool, spans: service.telemetry.database("sqlite", name) })
    }

    /// Runs a query in its span: `database.query(SQL, sqlx::query(SQL).execute(&database.pool))`.
    pub(crate) async fn query<T>(
        &self,
        sql: &'static str,
        query: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, sqlx::Error> {
        self.spans.query(sql, query).await
    }
}

/// Opens a file without spans: for the queue, whose messages have spans of their own.
pub(crate) async fn open(path: &Path, schema: &'static str) -> anyhow::Result<SqlitePool> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal);
    let mut attempt = 1;
    loop {
        match connect(&options, schema).await {
            Ok(pool) => return Ok(pool),
            Err(error) if attempt < OPEN_ATTEMPTS => {
                tracing::debug!(%error, attempt, "the database is busy, trying again");
                attempt += 1;
                tokio::time::sleep(OPEN_PAUSE).await;
            }
            Err(error) => return Err(error).with_context(|| format!("{} can't be opened", path.display())),
        }
    }
}

async fn connect(options: &SqliteConnectOptions, schema: &'static str) -> Result<SqlitePool, sqlx::Error> {
    let pool = SqlitePoolOptions::new().max_connections(4).connect_with(options.clone()).await?;
    sqlx::raw_sql(schema).execute(&pool).await?;
    Ok(pool)
}
