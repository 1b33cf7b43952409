//! Who is told of which alerts, when: a state machine over a time that comes in.
//!
//! Source: Alertmanager's documentation, and how its dispatcher, its notification log and the stages of its
//! pipeline behave. Three things are different, for whoever is paged: an alert that nobody was told of is not
//! told as resolved; one that was told of is told as resolved although it is silenced or inhibited by then, so
//! that no incident stays open; and times of groups outlive the process.

mod acknowledged;
mod flush;
mod inhibition;
pub mod kept;
mod nodes;
mod silences;
mod views;

pub use acknowledged::AcknowledgeError;
pub use kept::Record;
pub use silences::SilenceError;

use super::config::Config;
use super::silence::{CompiledSilence, Silence};
use super::{Acknowledgement, Alert, Fingerprint};
use crate::promql::labels::Labels;
use inhibition::{Inhibition, Sides};
use kept::{Changed, KeptAlert, KeptGroup, Told};
use nodes::Nodes;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// An alert, and what its labels decide once and for all.
struct Entry {
    alert: Alert,
    sides: Sides,
    /// Ids of silences of it, active or not.
    silences: Vec<String>,
    /// Keys of its groups.
    groups: Vec<String>,
    /// Of the alert as it fires now; it may hold no more.
    acknowledged: Option<Acknowledgement>,
    /// Whether it counted as firing at the last look.
    fires: bool,
}

/// The alerts that one receiver is told of together.
struct Group {
    /// Place among the routes.
    node: usize,
    labels: Labels,
    members: BTreeSet<Fingerprint>,
    next_ms: i64,
    flushed: bool,
}

pub struct Dispatcher {
    config: Config,
    nodes: Nodes,
    inhibition: Inhibition,
    entries: BTreeMap<Fingerprint, Entry>,
    /// By key.
    groups: BTreeMap<String, Group>,
    /// Groups by the time at which they are looked at.
    due: BTreeSet<(i64, String)>,
    /// When alerts end that say so beforehand.
    ends: BTreeSet<(i64, Fingerprint)>,
    /// What integrations were told, by group and place.
    told: HashMap<String, Told>,
    silences: BTreeMap<String, CompiledSilence>,
    changed: Changed,
}

impl Dispatcher {
    /// The spaces of all records.
    pub const SPACES: [&'static str; 4] = [kept::ALERT, kept::GROUP, kept::NOTIFIED, kept::SILENCE];

    pub fn new(config: Config, _now_ms: i64) -> Dispatcher {
        Dispatcher {
            nodes: Nodes::of(&config.route),
            inhibition: Inhibition::of(&config.inhibit_rules),
            config,
            entries: BTreeMap::new(),
            groups: BTreeMap::new(),
            due: BTreeSet::new(),
            ends: BTreeSet::new(),
            told: HashMap::new(),
            silences: BTreeMap::new(),
            changed: Changed::default(),
        }
    }

    /// Goes on from what another process kept: space, name and content of its records. What can't be read is
    /// left out.
    pub fn restore(config: Config, records: Vec<(String, String, String)>, now_ms: i64) -> Dispatcher {
        let mut dispatcher = Dispatcher::new(config, now_ms);
        let (mut alerts, mut groups) = (Vec::new(), HashMap::new());
        for (space, name, content) in records {
            let read = match space.as_str() {
                kept::ALERT => {
                    serde_json::from_str(&content).map(|kept: KeptAlert| alerts.push(kept.into_parts()))
                }
                kept::GROUP => serde_json::from_str(&content)
                    .map(|kept: KeptGroup| groups.insert(name.clone(), kept))
                    .map(|_| ()),
                kept::NOTIFIED => serde_json::from_str(&content)
                    .map(|told: Told| dispatcher.told.insert(name.clone(), told))
                    .map(|_| ()),
                kept::SILENCE => {
                    serde_json::from_str(&content).map(|silence: Silence| dispatcher.take_silence(silence))
                }
                _ => continue,
            };
            if let Err(error) = read {
                tracing::error!(space, name, %error, "a record of alerting can't be read; it is left out");
            }
        }
        for (alert, acknowledged) in alerts {
            dispatcher.insert(alert, acknowledged, now_ms);
        }
        dispatcher.take_times(&groups, now_ms);
        dispatcher.changed = Changed::default();
        dispatcher
    }

    /// Groups go on at the times that they had; a time that lies far ahead was set by another clock.
    fn take_times(&mut self, kept: &HashMap<String, KeptGroup>, now_ms: i64) {
        for (key, group) in &mut self.groups {
            let Some(known) = kept.get(key) else { continue };
            let route = self.nodes.get(group.node).map(|node| &node.route);
            let wait_ms = route.map_or(0, |route| route.group_wait_ms.max(route.group_interval_ms));
            self.due.remove(&(group.next_ms, key.clone()));
            (group.next_ms, group.flushed) = (known.next_ms.min(now_ms + wait_ms), known.flushed);
            self.due.insert((group.next_ms, key.clone()));
        }
    }

    fn take_silence(&mut self, silence: Silence) {
        match CompiledSilence::new(silence) {
            Ok(compiled) => drop(self.silences.insert(compiled.silence.id.clone(), compiled)),
            Err(why) => tracing::error!(why, "a silence can't be used; it is left out"),
        }
    }

    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Works by another configuration from now on. Groups whose key is the same go on.
    pub fn replace_config(&mut self, config: Config, now_ms: i64) {
        let old = std::mem::replace(self, Dispatcher::new(config, now_ms));
        let kept = old
            .groups
            .iter()
            .map(|(key, group)| (key.clone(), KeptGroup { next_ms: group.next_ms, flushed: group.flushed }));
        let kept: HashMap<String, KeptGroup> = kept.collect();
        (self.told, self.silences, self.changed) = (old.told, old.silences, old.changed);
        for entry in old.entries.into_values() {
            self.insert(entry.alert, entry.acknowledged, now_ms);
        }
        self.take_times(&kept, now_ms);
        let gone: Vec<String> = kept.into_keys().filter(|key| !self.groups.contains_key(key)).collect();
        for key in gone {
            self.forget_group(&key);
        }
    }

    /// Alerts as rules or other systems tell them. One without an end fires until it is told to be over.
    pub fn receive(&mut self, alerts: Vec<Alert>, now_ms: i64) {
        for alert in alerts {
            let fingerprint = alert.fingerprint();
            match self.entries.get_mut(&fingerprint) {
                None if alert.is_resolved(now_ms) => {}
                None => {
                    self.insert(alert, None, now_ms);
                    self.changed.note(kept::ALERT, fingerprint.to_string());
                }
                Some(entry) => {
                    let before = std::mem::replace(&mut entry.alert, alert);
                    if before.is_resolved(now_ms) {
                        entry.acknowledged = None;
                    } else {
                        entry.alert.starts_at_ms = entry.alert.starts_at_ms.min(before.starts_at_ms);
                    }
                    let figures =
                        |alert: &Alert| (alert.starts_at_ms, alert.ends_at_ms, alert.unknown_since_ms);
                    let is_same = figures(&before) == figures(&entry.alert)
                        && before.annotations.len() == entry.alert.annotations.len();
                    if !is_same {
                        self.changed.note(kept::ALERT, fingerprint.to_string());
                    }
                    self.ends.remove(&(before.ends_at_ms.unwrap_or_default(), fingerprint));
                    self.settle(fingerprint, now_ms);
                    self.join_groups(fingerprint, now_ms);
                }
            }
        }
    }

    /// The groups that are due, as messages. What they say counts as told from now on: the caller keeps both
    /// together.
    pub fn tick(&mut self, now_ms: i64) -> Vec<super::Flush> {
        while let Some((_, fingerprint)) = self.ends.first().copied().filter(|(at, _)| *at <= now_ms) {
            self.ends.pop_first();
            self.settle(fingerprint, now_ms);
        }
        self.forget_silences(now_ms);
        let mut flushes = Vec::new();
        while let Some((_, key)) = self.due.first().cloned().filter(|(at, _)| *at <= now_ms) {
            self.due.pop_first();
            self.flush(&key, now_ms, &mut flushes);
        }
        flushes
    }

    /// When `tick` has something to do.
    pub fn next_due_ms(&self) -> Option<i64> {
        let end = self.ends.first().map(|(at, _)| *at);
        self.due.first().map(|(at, _)| *at).into_iter().chain(end).min()
    }

    fn insert(&mut self, alert: Alert, acknowledged: Option<Acknowledgement>, now_ms: i64) {
        let fingerprint = alert.fingerprint();
        let is_of =
            |(id, silence): (&String, &CompiledSilence)| silence.is_of(&alert.labels).then(|| id.clone());
        let entry = Entry {
            sides: self.inhibition.sides(&alert.labels),
            silences: self.silences.iter().filter_map(is_of).collect(),
            groups: Vec::new(),
            acknowledged,
            fires: false,
            alert,
        };
        self.entries.insert(fingerprint, entry);
        self.settle(fingerprint, now_ms);
        self.join_groups(fingerprint, now_ms);
    }

    /// Whether an alert fires is looked at anew.
    fn settle(&mut self, fingerprint: Fingerprint, now_ms: i64) {
        let Some(entry) = self.entries.get_mut(&fingerprint) else { return };
        if let Some(end) = entry.alert.ends_at_ms.filter(|end| *end > now_ms) {
            self.ends.insert((end, fingerprint));
        }
        let fires = !entry.alert.is_resolved(now_ms);
        if !fires && entry.acknowledged.take().is_some() {
            self.changed.note(kept::ALERT, fingerprint.to_string());
        }
        if fires != entry.fires {
            entry.fires = fires;
            self.inhibition.set(fingerprint, &entry.alert.labels, &entry.sides, fires);
        }
    }

    /// Puts an alert into the groups of its routes; new ones begin to wait.
    fn join_groups(&mut self, fingerprint: Fingerprint, now_ms: i64) {
        let Some(entry) = self.entries.get_mut(&fingerprint) else { return };
        // One that is over joins nothing new.
        if !entry.fires && !entry.groups.is_empty() {
            return;
        }
        for at in self.nodes.matching(&entry.alert.labels) {
            let Some(node) = self.nodes.get(at) else { continue };
            let (labels, key) = node.group_of(&entry.alert.labels);
            let wait_ms = node.route.group_wait_ms;
            let group = self.groups.entry(key.clone()).or_insert_with(|| {
                let next_ms = now_ms.saturating_add(wait_ms);
                self.due.insert((next_ms, key.clone()));
                self.changed.note(kept::GROUP, key.clone());
                Group { node: at, labels, members: BTreeSet::new(), next_ms, flushed: false }
            });
            group.members.insert(fingerprint);
            if !entry.groups.contains(&key) {
                entry.groups.push(key);
            }
        }
    }

    fn forget_group(&mut self, key: &str) {
        if let Some(group) = self.groups.remove(key) {
            self.due.remove(&(group.next_ms, key.to_owned()));
        }
        self.changed.note(kept::GROUP, key);
        let start = format!("{key}\n");
        let gone: Vec<String> = self.told.keys().filter(|name| name.starts_with(&start)).cloned().collect();
        for name in gone {
            self.told.remove(&name);
            self.changed.note(kept::NOTIFIED, name);
        }
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
