//! The body of a webhook: Alertmanager's version 4, or what the configuration makes of it.
//!
//! Source: Prometheus Alertmanager, "Webhook receiver".

use super::{Message, facts};
use crate::alerting::Alert;
use crate::alerting::receiver::Webhook;
use crate::alerting::template::common;
use crate::promql::labels::Labels;
use serde_json::{Map, Value, json};

/// Of all alerts together: those that come after are counted as truncated.
const MOST_BYTES: usize = 4 << 20;

pub fn body(message: &Message, webhook: &Webhook) -> String {
    if !webhook.body.is_empty() {
        return message.context.templates.fill(&webhook.body, &message.data);
    }
    let flush = message.flush;
    let most = if webhook.max_alerts == 0 { usize::MAX } else { webhook.max_alerts };
    let mut bytes = 0;
    let shown =
        flush.alerts.iter().take(most).map(|alert| self::alert(alert, flush.at_ms)).take_while(|alert| {
            bytes += alert.to_string().len();
            bytes <= MOST_BYTES
        });
    let alerts: Vec<Value> = shown.collect();
    let truncated = flush.alerts.len() - alerts.len();
    let body = json!({
        "receiver": flush.receiver,
        "status": if flush.is_firing() { "firing" } else { "resolved" },
        "alerts": alerts,
        "groupLabels": pairs(&flush.group_labels),
        "commonLabels": pairs(&common(flush, |alert| &alert.labels)),
        "commonAnnotations": pairs(&common(flush, |alert| &alert.annotations)),
        "externalURL": message.context.external_url.trim_end_matches('/'),
        "version": "4",
        "groupKey": flush.group_key,
        "truncatedAlerts": truncated,
    });
    body.to_string()
}

fn alert(alert: &Alert, at_ms: i64) -> Value {
    let ends_at = alert.ends_at_ms.filter(|ends| *ends <= at_ms);
    json!({
        "status": if ends_at.is_some() { "resolved" } else { "firing" },
        "labels": pairs(&alert.labels),
        "annotations": pairs(&alert.annotations),
        "startsAt": facts::rfc3339(alert.starts_at_ms),
        // Go's time of nothing.
        "endsAt": ends_at.map_or("0001-01-01T00:00:00Z".to_owned(), facts::rfc3339),
        "generatorURL": alert.generator_url,
        "fingerprint": alert.fingerprint().to_string(),
    })
}

pub fn pairs(labels: &Labels) -> Map<String, Value> {
    labels.iter().map(|(name, value)| (name.to_owned(), value.into())).collect()
}
