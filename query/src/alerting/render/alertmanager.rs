//! The alerts of a flush for another Alertmanager: the body of `POST /api/v2/alerts`.

use super::webhook::pairs;
use super::{Message, facts};
use serde_json::{Value, json};

/// How long an alert that fires is to fire there unless it is told of again. It is told of again with every
/// repetition, which Alertmanager's documentation has within its retention of five days, and its end is sent.
const HOLDS_MS: i64 = 5 * 86_400_000;

/// All of them: one that is left out would never be told of.
pub fn body(message: &Message) -> String {
    let flush = message.flush;
    let alerts = flush.alerts.iter().map(|alert| {
        let ends_at = alert.ends_at_ms.filter(|ends| *ends <= flush.at_ms);
        json!({
            "labels": pairs(&alert.labels),
            "annotations": pairs(&alert.annotations),
            "startsAt": facts::rfc3339(alert.starts_at_ms),
            "endsAt": facts::rfc3339(ends_at.unwrap_or_else(|| flush.at_ms.saturating_add(HOLDS_MS))),
            "generatorURL": alert.generator_url,
        })
    });
    alerts.collect::<Value>().to_string()
}
