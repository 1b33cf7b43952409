//! What dispatch tells of its alerts and groups.

use super::{Dispatcher, Entry};
use crate::alerting::Fingerprint;
use crate::http::alerting::{Group, Routed};

impl Dispatcher {
    /// All alerts, by their fingerprints.
    pub fn alerts(&self, now_ms: i64) -> Vec<Routed> {
        self.entries.iter().map(|(fingerprint, entry)| self.routed(*fingerprint, entry, now_ms)).collect()
    }

    /// All groups, by receiver and labels.
    pub fn groups(&self, now_ms: i64) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        for group in self.groups.values() {
            let Some(node) = self.nodes.get(group.node) else { continue };
            let entries = group.members.iter().filter_map(|one| Some((*one, self.entries.get(one)?)));
            groups.push(Group {
                receiver: node.route.receiver.clone(),
                labels: group.labels.clone(),
                alerts: entries.map(|(fingerprint, entry)| self.routed(fingerprint, entry, now_ms)).collect(),
            });
        }
        groups.sort_by(|a, b| (&a.receiver, &a.labels).cmp(&(&b.receiver, &b.labels)));
        groups
    }

    fn routed(&self, fingerprint: Fingerprint, entry: &Entry, now_ms: i64) -> Routed {
        let groups: Vec<_> = entry.groups.iter().filter_map(|key| self.groups.get(key)).collect();
        let mut receivers: Vec<String> = Vec::new();
        for node in groups.iter().filter_map(|group| self.nodes.get(group.node)) {
            if !receivers.contains(&node.route.receiver) {
                receivers.push(node.route.receiver.clone());
            }
        }
        let hidden_by = self.inhibition.hidden_by(fingerprint, &entry.alert.labels, &entry.sides);
        let mut muted_by: Vec<String> =
            groups.iter().flat_map(|group| self.muted_by(group.node, now_ms)).collect();
        muted_by.sort();
        muted_by.dedup();
        Routed {
            alert: entry.alert.clone(),
            receivers,
            unprocessed: !groups.iter().any(|group| group.flushed),
            silenced_by: self.silenced_by(&entry.silences, now_ms),
            inhibited_by: hidden_by.into_iter().map(|one| one.to_string()).collect(),
            muted_by,
            acknowledged: self.acknowledgement(fingerprint, now_ms).cloned(),
        }
    }

    /// The intervals that keep a route from telling anybody: those in which it is mute, or those outside of
    /// which it is.
    pub(super) fn muted_by(&self, node: usize, now_ms: i64) -> Vec<String> {
        let Some(node) = self.nodes.get(node) else { return Vec::new() };
        let holds = |name: &String| {
            let times = self.config.time_intervals.get(name);
            times.is_some_and(|times| times.iter().any(|interval| interval.holds(now_ms)))
        };
        let mut muted: Vec<String> =
            node.route.mute_time_intervals.iter().filter(|name| holds(name)).cloned().collect();
        let active = &node.route.active_time_intervals;
        if !active.is_empty() && !active.iter().any(holds) {
            muted.extend(active.iter().cloned());
        }
        muted
    }
}
