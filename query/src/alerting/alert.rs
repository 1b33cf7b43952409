//! An alert as those know it who are told of it.

use crate::promql::labels::Labels;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Which alert it is: a hash of its labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Fingerprint(pub u64);

impl fmt::Display for Fingerprint {
    /// As amtool shows it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0100_0000_01b3;

impl Fingerprint {
    /// Source: Prometheus `model.LabelSet.Fingerprint`, FNV-1a of sorted names and values, each with an end.
    pub fn of(labels: &Labels) -> Fingerprint {
        let mut hash = FNV_OFFSET;
        let mut add = |byte: u8| hash = (hash ^ u64::from(byte)).wrapping_mul(FNV_PRIME);
        for text in labels.iter().flat_map(|(name, value)| [name, value]) {
            text.bytes().for_each(&mut add);
            add(0xff);
        }
        Fingerprint(hash)
    }

    pub fn parse(text: &str) -> Option<Fingerprint> {
        u64::from_str_radix(text, 16).ok().filter(|_| text.len() == 16).map(Fingerprint)
    }
}

/// Times are milliseconds since the epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    pub labels: Labels,
    pub annotations: Labels,
    pub starts_at_ms: i64,
    /// When it was over; of an alert that an external Prometheus sends also when it will be, unless that
    /// sends it again. None while it fires.
    pub ends_at_ms: Option<i64>,
    pub updated_at_ms: i64,
    /// Where the expression can be looked at.
    pub generator_url: String,
    /// Since when its data is missing: it fires on, and nobody knows.
    pub unknown_since_ms: Option<i64>,
    /// Of the expression, at the last evaluation that gave one.
    pub value: Option<f64>,
}

impl Alert {
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.labels)
    }

    pub fn is_resolved(&self, now_ms: i64) -> bool {
        self.ends_at_ms.is_some_and(|ends| ends <= now_ms)
    }
}

/// A message to be made for one integration of a receiver, about the alerts of one group.
#[derive(Clone, Debug, PartialEq)]
pub struct Flush {
    pub receiver: String,
    /// Its place among the receiver's integrations.
    pub integration: usize,
    /// As Alertmanager's: `{}/{severity="page"}:{alertname="Down"}`.
    pub group_key: String,
    pub group_labels: Labels,
    /// Firing and resolved, the longest first.
    pub alerts: Vec<Alert>,
    pub at_ms: i64,
    /// Nothing is new: it fires on.
    pub is_repeat: bool,
    /// Nothing is told but that somebody has taken on what fires.
    pub is_acknowledgement: bool,
}

impl Flush {
    pub fn firing(&self) -> impl Iterator<Item = &Alert> {
        self.alerts.iter().filter(|alert| !alert.is_resolved(self.at_ms))
    }

    pub fn resolved(&self) -> impl Iterator<Item = &Alert> {
        self.alerts.iter().filter(|alert| alert.is_resolved(self.at_ms))
    }

    pub fn is_firing(&self) -> bool {
        self.firing().next().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_alertmanagers() {
        // Of an empty set it is FNV's offset; the others were worked out by hand from its definition.
        assert_eq!(Fingerprint::of(&Labels::default()).to_string(), "cbf29ce484222325");
        let one = Fingerprint::of(&Labels::new([("a", "b")]));
        assert_eq!(Fingerprint::parse(&one.to_string()), Some(one));
        assert_ne!(one, Fingerprint::of(&Labels::new([("ab", "")])));
        assert_eq!(Fingerprint::parse("xyz"), None);
    }
}
