//! Alerts as they are listed: what is shown of a state, which come first, how many fired when.

use super::order::{distinct, entry, sort_by};
use super::series::Series;
use ocelli_api::alerts::{AlertChange, AlertState, AlertSummary, SuppressedBy};
use ocelli_api::{TimeRange, UnixNano};

/// What a reader is shown: an alert that nobody is told of looks different from one that somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shown {
    Firing,
    Unknown,
    Suppressed,
    Pending,
    Resolved,
}

impl Shown {
    pub const ALL: [Self; 5] = [Self::Firing, Self::Unknown, Self::Suppressed, Self::Pending, Self::Resolved];

    pub fn of(alert: &AlertSummary) -> Self {
        match Self::from(alert.state) {
            Self::Firing | Self::Unknown if !alert.suppressed.is_empty() => Self::Suppressed,
            shown => shown,
        }
    }

    /// The value of `state=` in the URL.
    pub fn key(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Unknown => "unknown",
            Self::Suppressed => "suppressed",
            Self::Pending => "pending",
            Self::Resolved => "resolved",
        }
    }

    pub fn text(self) -> &'static str {
        match self {
            Self::Firing => "Firing",
            Self::Unknown => "Unknown",
            Self::Suppressed => "Suppressed",
            Self::Pending => "Pending",
            Self::Resolved => "Resolved",
        }
    }

    /// For a title: what the word means.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Firing => "Its condition holds, and its receivers are told",
            Self::Unknown => "It fired, and its data is missing or late since",
            Self::Suppressed => "Its condition holds, and nobody is told",
            Self::Pending => "Its condition holds, but not for long enough",
            Self::Resolved => "Its condition holds no more",
        }
    }

    pub fn glyph(self) -> &'static str {
        match self {
            Self::Firing => "✖",
            Self::Unknown => "?",
            Self::Suppressed => "⊘",
            Self::Pending => "▲",
            Self::Resolved => "✔",
        }
    }

    /// A class that sets the colour.
    pub fn class(self) -> &'static str {
        match self {
            Self::Firing => "sev-error",
            Self::Unknown => "sev-fatal",
            Self::Suppressed => "sev-debug",
            Self::Pending => "sev-warn",
            Self::Resolved => "ok",
        }
    }
}

impl From<AlertState> for Shown {
    fn from(state: AlertState) -> Self {
        match state {
            AlertState::Firing => Self::Firing,
            AlertState::Unknown => Self::Unknown,
            AlertState::Pending => Self::Pending,
            AlertState::Resolved => Self::Resolved,
        }
    }
}

/// How many alerts are in each state, in the order of [`Shown::ALL`].
pub fn counts(alerts: &[AlertSummary]) -> [u64; 5] {
    Shown::ALL.map(|shown| alerts.iter().filter(|alert| Shown::of(alert) == shown).count() as u64)
}

pub fn suppressed_by(by: SuppressedBy) -> &'static str {
    match by {
        SuppressedBy::Silence => "silence",
        SuppressedBy::Inhibition => "alert",
        SuppressedBy::MuteTime => "time interval",
    }
}

/// The worst first, then the newest.
pub fn sort(alerts: &mut [AlertSummary]) {
    sort_by(alerts, |a, b| {
        let key = |alert: &AlertSummary| (Shown::of(alert), -alert.since.0);
        key(a).cmp(&key(b)).then_with(|| (&a.name, &a.labels).cmp(&(&b.name, &b.labels)))
    });
}

/// Alerts by the value of a label, in the order of each group's first alert; all in one group without a
/// label.
pub fn groups(alerts: Vec<AlertSummary>, by: &str) -> Vec<(String, Vec<AlertSummary>)> {
    let mut groups: Vec<(String, Vec<AlertSummary>)> = Vec::new();
    // As many groups as a page can show, so that looking through them is quick.
    for alert in alerts {
        let value = alert.labels.get(by).cloned().unwrap_or_default();
        match groups.iter_mut().find(|(of, _)| *of == value) {
            Some((_, group)) => group.push(alert),
            None => groups.push((value, vec![alert])),
        }
    }
    groups
}

/// The names of all labels.
pub fn label_names(alerts: &[AlertSummary]) -> Vec<String> {
    let names = distinct(alerts.iter().flat_map(|alert| alert.labels.keys().map(String::as_str)));
    names.into_iter().map(str::to_owned).collect()
}

const STEPS: i64 = 240;

/// How many alerts fired at each of evenly spaced times of the range. Before the oldest of `changes`, which
/// come newest first, nothing is known where there are more that are not told.
pub fn firing_over_time(
    changes: &[AlertChange],
    now: &[AlertSummary],
    range: &TimeRange,
    truncated: bool,
) -> Series {
    let changed = distinct(changes.iter().map(|change| change.fingerprint.as_str()));
    let all_along = |alert: &&AlertSummary| {
        alert.state == AlertState::Firing
            && alert.fired_at.is_some_and(|fired| fired <= range.from)
            && changed.binary_search(&alert.fingerprint.as_str()).is_err()
    };
    let mut firing: Vec<(&str, bool)> = Vec::new();
    for change in changes {
        // The oldest change of an alert is seen last, and tells what it was before.
        *entry(&mut firing, change.fingerprint.as_str()) = change.from == Some(AlertState::Firing);
    }
    let base = now.iter().filter(all_along).count();
    let known_from = match changes.last() {
        Some(oldest) if truncated => oldest.time,
        _ => range.from,
    };
    let start_ms = range.from.0 / 1_000_000;
    let step_ms = (range.duration_ns() / 1_000_000 / STEPS).max(1);
    let mut left = changes.iter().rev().peekable();
    let values = (0..=STEPS).map(|step| {
        let at = UnixNano((start_ms + step * step_ms).saturating_mul(1_000_000));
        while let Some(change) = left.next_if(|change| change.time <= at) {
            *entry(&mut firing, change.fingerprint.as_str()) = change.to == AlertState::Firing;
        }
        let count = base + firing.iter().filter(|firing| firing.1).count();
        (at >= known_from).then_some(count as f64)
    });
    Series { name: "firing".to_owned(), colour: "--err", start_ms, step_ms, values: values.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ocelli_api::alerts::Suppression;
    use std::collections::BTreeMap;

    const MINUTE: i64 = 60_000_000_000;

    fn alert(name: &str, state: AlertState, since: i64) -> AlertSummary {
        let labels = BTreeMap::from([("team".to_owned(), name[..1].to_owned())]);
        let (name, fingerprint) = (name.to_owned(), name.to_owned());
        let (since, fired_at) = (UnixNano(since), Some(UnixNano(since)));
        AlertSummary { fingerprint, name, state, since, fired_at, labels, ..AlertSummary::default() }
    }

    fn change(name: &str, minute: i64, from: Option<AlertState>, to: AlertState) -> AlertChange {
        let time = UnixNano(minute * MINUTE);
        AlertChange { fingerprint: name.into(), name: name.into(), time, from, to, ..AlertChange::default() }
    }

    #[test]
    fn the_worst_come_first_and_what_is_suppressed_is_no_alarm() {
        let mut silent = alert("a1", AlertState::Firing, 9);
        silent.suppressed = vec![Suppression { by: SuppressedBy::Silence, id: "s".into() }];
        let mut pending = alert("b1", AlertState::Pending, 3);
        pending.suppressed = silent.suppressed.clone();
        let mut alerts = vec![
            alert("c1", AlertState::Resolved, 8),
            pending,
            silent,
            alert("a2", AlertState::Firing, 1),
            alert("a3", AlertState::Firing, 2),
            alert("b2", AlertState::Unknown, 1),
        ];
        sort(&mut alerts);
        let names: Vec<&str> = alerts.iter().map(|alert| alert.name.as_str()).collect();
        assert_eq!(names, ["a3", "a2", "b2", "a1", "b1", "c1"]);
        assert_eq!(counts(&alerts), [2, 1, 1, 1, 1]);
        assert_eq!(label_names(&alerts), ["team"]);
        let grouped = |by: &str| {
            let groups = groups(alerts.clone(), by);
            groups.into_iter().map(|(value, alerts)| (value, alerts.len())).collect::<Vec<_>>()
        };
        assert_eq!(grouped("team"), [("a".to_owned(), 3), ("b".to_owned(), 2), ("c".to_owned(), 1)]);
        assert_eq!(grouped(""), [(String::new(), 6)]);
    }

    #[test]
    fn what_fired_before_the_range_is_counted() {
        let range = TimeRange { from: UnixNano(0), to: UnixNano(240 * MINUTE) };
        let now = [
            alert("all along", AlertState::Firing, -5 * MINUTE),
            alert("later", AlertState::Firing, 500 * MINUTE),
            alert("ended", AlertState::Resolved, -9 * MINUTE),
        ];
        let changes = [
            change("new", 100, Some(AlertState::Firing), AlertState::Resolved),
            change("new", 50, Some(AlertState::Pending), AlertState::Firing),
            change("new", 40, None, AlertState::Pending),
            change("ended", 20, Some(AlertState::Firing), AlertState::Resolved),
        ];
        let series = firing_over_time(&changes, &now, &range, false);
        let at = |minute: f64| series.at(minute * 60_000.0);
        assert_eq!(
            [at(0.0), at(19.0), at(20.0), at(45.0), at(50.0), at(99.0), at(100.0), at(240.0)],
            [2.0, 2.0, 1.0, 1.0, 2.0, 2.0, 1.0, 1.0].map(Some)
        );
        let series = firing_over_time(&changes, &now, &range, true);
        assert_eq!((series.at(19.0 * 60_000.0), series.at(20.0 * 60_000.0)), (None, Some(1.0)));
    }
}
