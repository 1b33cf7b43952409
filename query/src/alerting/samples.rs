//! Alerts for tests.

use super::{Alert, Flush};
use crate::promql::labels::Labels;

/// 2026-11-26, 12:00:00.
pub const NOON_MS: i64 = 1_795_694_400_000;
const MINUTE_MS: i64 = 60_000;

pub fn labels(pairs: &[(&str, &str)]) -> Labels {
    Labels::new(pairs.iter().copied())
}

/// Fires since so many minutes before noon.
pub fn alert(pairs: &[(&str, &str)], annotations: &[(&str, &str)], minutes: i64) -> Alert {
    Alert {
        labels: labels(pairs),
        annotations: labels(annotations),
        starts_at_ms: NOON_MS - minutes * MINUTE_MS,
        ends_at_ms: None,
        updated_at_ms: NOON_MS,
        generator_url: "https://ocelli.example/explore?query=errors".to_owned(),
        unknown_since_ms: None,
        value: Some(0.083),
    }
}

pub fn resolved(alert: Alert, minutes: i64) -> Alert {
    Alert { ends_at_ms: Some(NOON_MS - minutes * MINUTE_MS), ..alert }
}

pub fn flush(group: &[(&str, &str)], alerts: Vec<Alert>) -> Flush {
    let group_labels = labels(group);
    let pairs: Vec<String> = group_labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    Flush {
        receiver: "team-shop".to_owned(),
        integration: 0,
        group_key: format!("{{}}:{{{}}}", pairs.join(", ")),
        group_labels,
        alerts,
        at_ms: NOON_MS,
        is_repeat: false,
        is_acknowledgement: false,
    }
}
