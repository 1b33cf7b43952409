//! An alert as a text that a later process goes on from.

use super::alert::{Alert, AlertState};
use crate::promql::labels::Labels;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Times are milliseconds since the epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptAlert {
    /// Of its rule; see `Rule::key`.
    pub rule: String,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    series: BTreeMap<String, String>,
    state: AlertState,
    /// None of what is no number in JSON.
    value: Option<f64>,
    active_at_ms: i64,
    fired_at_ms: Option<i64>,
    keep_firing_since_ms: Option<i64>,
    unknown_since_ms: Option<i64>,
    resolved_at_ms: Option<i64>,
}

impl KeptAlert {
    pub fn new(rule: &str, alert: &Alert) -> KeptAlert {
        KeptAlert {
            rule: rule.to_owned(),
            labels: alert.labels.to_map(),
            annotations: alert.annotations.to_map(),
            series: alert.series.to_map(),
            state: alert.state,
            value: Some(alert.value).filter(|value| value.is_finite()),
            active_at_ms: alert.active_at_ms,
            fired_at_ms: alert.fired_at_ms,
            keep_firing_since_ms: alert.keep_firing_since_ms,
            unknown_since_ms: alert.unknown_since_ms,
            resolved_at_ms: alert.resolved_at_ms,
        }
    }

    /// Whether it says the same but for figures that change with each evaluation.
    pub fn is_as(&self, other: &KeptAlert) -> bool {
        let bare = |kept: &KeptAlert| KeptAlert { value: None, annotations: BTreeMap::new(), ..kept.clone() };
        bare(self) == bare(other)
    }

    pub fn alert(self) -> Alert {
        Alert {
            labels: Labels::new(self.labels),
            annotations: Labels::new(self.annotations),
            series: Labels::new(self.series),
            state: self.state,
            value: self.value.unwrap_or(f64::NAN),
            active_at_ms: self.active_at_ms,
            fired_at_ms: self.fired_at_ms,
            keep_firing_since_ms: self.keep_firing_since_ms,
            unknown_since_ms: self.unknown_since_ms,
            resolved_at_ms: self.resolved_at_ms,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_comes_back_as_it_was() {
        let labels = |text: &str| Labels::new([("alertname", text), ("job", "a")]);
        let alert = Alert {
            labels: labels("Down"),
            annotations: labels("ü"),
            series: labels("x"),
            state: AlertState::Firing,
            value: 0.5,
            active_at_ms: 1,
            fired_at_ms: Some(2),
            keep_firing_since_ms: None,
            unknown_since_ms: Some(3),
            resolved_at_ms: None,
        };
        let kept = KeptAlert::new("rule", &alert);
        let text = serde_json::to_string(&kept).unwrap();
        let read: KeptAlert = serde_json::from_str(&text).unwrap();
        assert_eq!(read.clone().alert(), alert);
        let later = KeptAlert::new("rule", &Alert { value: f64::INFINITY, ..alert.clone() });
        assert!(later.is_as(&kept) && later != kept);
        assert!(!KeptAlert::new("rule", &Alert { unknown_since_ms: None, ..alert }).is_as(&kept));
        assert!(later.alert().value.is_nan());
    }
}
