//! A durable queue between processes: a table that one writes and another reads, in order, each message
//! until it was processed. The trace travels in the message.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ocelli_sdk::context::Carrier;
use serde::Serialize;
use sqlx::SqlitePool;
use tracing::{Instrument, Span};

use crate::{database::open, failure::Failure, service::Service};

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS messages (
        id INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL, headers TEXT NOT NULL,
        claimed_until INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0
    );
";
const NEXT_ID: &str = "INSERT INTO messages (body, headers, claimed_until) VALUES ('', '', ?) RETURNING id";
const FILL: &str = "UPDATE messages SET body = ?, headers = ?, claimed_until = 0 WHERE id = ?";
const CLAIM: &str = "UPDATE messages SET claimed_until = ?, attempts = attempts + 1 \
    WHERE id = (SELECT id FROM messages WHERE claimed_until < ? ORDER BY id LIMIT 1) \
    RETURNING id, body, headers, attempts";
const DELETE: &str = "DELETE FROM messages WHERE id = ?";

/// How long a consumer may take before its message is given to another.
const CLAIM_LIFETIME: Duration = Duration::from_secs(30);

/// The shop's one queue, `order-events`.
#[derive(Clone)]
pub(crate) struct Queue {
    pool: SqlitePool,
    spans: ocelli_sdk::Queue,
}

/// A message that this process has claimed.
pub(crate) struct Message {
    pub(crate) id: i64,
    pub(crate) body: String,
    /// How often it was given out, this time included.
    pub(crate) attempts: i64,
    /// The consumer's span, a child of the producer's; process the message inside of it.
    pub(crate) span: Span,
}

impl Queue {
    pub(crate) async fn open(service: &Service) -> anyhow::Result<Self> {
        let pool = open(&service.options.data_dir.join("queue.sqlite"), SCHEMA).await?;
        Ok(Queue { pool, spans: service.telemetry.queue("sqlite", "order-events") })
    }

    /// Stores a message durably, in a producer span.
    pub(crate) async fn send(&self, message: &impl Serialize) -> Result<(), Failure> {
        let body = serde_json::to_string(message)?;
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        // The id comes first because the span names it, and the message carries the span.
        let id: i64 = sqlx::query_scalar(NEXT_ID).bind(i64::MAX).fetch_one(&mut *transaction).await?;
        let (span, carrier) = self.spans.send(&id.to_string());
        let headers = serde_json::to_string(&carrier)?;
        let sent = async {
            sqlx::query(FILL).bind(body).bind(headers).bind(id).execute(&mut *transaction).await?;
            transaction.commit().await
        };
        let outcome = sent.instrument(span.clone()).await;
        if let Err(error) = &outcome {
            self.failed(&span, &error.to_string());
        }
        Ok(outcome?)
    }

    /// The oldest message that nobody works on.
    pub(crate) async fn claim(&self) -> anyhow::Result<Option<Message>> {
        let now = unix_ms();
        let until = now + CLAIM_LIFETIME.as_millis() as i64;
        let claimed: Option<(i64, String, String, i64)> =
            sqlx::query_as(CLAIM).bind(until).bind(now).fetch_optional(&self.pool).await?;
        Ok(claimed.map(|(id, body, headers, attempts)| {
            // Headers that can't be read cost the message its trace, not its processing.
            let carrier: Carrier = serde_json::from_str(&headers).unwrap_or_default();
            let span = self.spans.process(&id.to_string(), &carrier);
            Message { id, body, attempts, span }
        }))
    }

    /// Forgets a message that was processed, or given up.
    pub(crate) async fn done(&self, id: i64) -> anyhow::Result<()> {
        sqlx::query(DELETE).bind(id).execute(&self.pool).await?;
        Ok(())
    }

    /// Marks a span of this queue as failed.
    pub(crate) fn failed(&self, span: &Span, description: &str) {
        self.spans.failed(span, "processing", description);
    }
}

fn unix_ms() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    since_epoch.as_millis() as i64
}
