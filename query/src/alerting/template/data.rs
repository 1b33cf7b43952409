//! What a notification's template sees.

use crate::alerting::{Alert, Flush};
use crate::promql::labels::Labels;
use crate::rules::template::{Time, Value};

/// `.Receiver`, `.Status`, `.Alerts` and the others.
#[derive(Clone, Debug)]
pub struct Data {
    pub(super) record: Value,
    /// When the message is made.
    pub(super) now: Time,
}

impl Data {
    /// `external_url` is where this server is reached.
    pub fn of(flush: &Flush, external_url: &str) -> Data {
        let text = |text: &str| Value::Text(text.to_owned());
        let status = if flush.is_firing() { "firing" } else { "resolved" };
        let alerts = flush.alerts.iter().map(|alert| self::alert(alert, flush.at_ms)).collect();
        let record = record(
            "Data",
            [
                ("Receiver", text(&flush.receiver)),
                ("Status", text(status)),
                ("Alerts", Value::List(alerts)),
                ("GroupLabels", Value::Map(flush.group_labels.clone())),
                ("CommonLabels", Value::Map(common(flush, |alert| &alert.labels))),
                ("CommonAnnotations", Value::Map(common(flush, |alert| &alert.annotations))),
                ("ExternalURL", text(external_url.trim_end_matches('/'))),
            ],
        );
        Data { record, now: time(flush.at_ms) }
    }
}

fn alert(alert: &Alert, now_ms: i64) -> Value {
    let text = |text: &str| Value::Text(text.to_owned());
    let ends_at = alert.ends_at_ms.filter(|ends| *ends <= now_ms);
    record(
        "Alert",
        [
            ("Status", text(if ends_at.is_some() { "resolved" } else { "firing" })),
            ("Labels", Value::Map(alert.labels.clone())),
            ("Annotations", Value::Map(alert.annotations.clone())),
            ("StartsAt", Value::Time(time(alert.starts_at_ms))),
            ("EndsAt", Value::Time(ends_at.map_or(Time::zero(), time))),
            ("GeneratorURL", text(&alert.generator_url)),
            ("Fingerprint", text(&alert.fingerprint().to_string())),
        ],
    )
}

pub(super) fn record<const N: usize>(what: &'static str, fields: [(&str, Value); N]) -> Value {
    Value::Record(what, fields.map(|(name, value)| (name.to_owned(), value)).into())
}

fn time(ms: i64) -> Time {
    Time::of_ns(ms.saturating_mul(1_000_000))
}

/// The pairs that all alerts have.
pub fn common(flush: &Flush, of: impl Fn(&Alert) -> &Labels) -> Labels {
    let Some((first, others)) = flush.alerts.split_first() else { return Labels::default() };
    let first = of(first);
    first.filtered(|name| others.iter().all(|other| of(other).get(name) == first.get(name)))
}
