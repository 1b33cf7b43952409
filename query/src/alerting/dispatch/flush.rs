//! One group at its time: what each integration is to be told.

use super::kept::{self, Told};
use super::{Dispatcher, Group};
use crate::alerting::{Alert, Fingerprint, Flush, Integration};
use std::collections::BTreeSet;

/// The name under which it is kept what an integration was told of a group.
pub(super) fn told_name(group: &str, integration: &Integration) -> String {
    format!("{group}\n{}", integration.key)
}

/// The alerts of a group as they are now.
pub(super) struct Members {
    /// Those that somebody may be told of.
    pub firing: Vec<Fingerprint>,
    resolved: Vec<Fingerprint>,
    is_muted: bool,
}

impl Dispatcher {
    pub(super) fn flush(&mut self, key: &str, now_ms: i64, flushes: &mut Vec<Flush>) {
        let Some(group) = self.groups.get(key) else { return };
        let Some(route) = self.nodes.get(group.node).map(|node| node.route.clone()) else { return };
        let members = self.members(group, now_ms);
        let mut open: BTreeSet<String> = BTreeSet::new();
        let receiver = self.config.receiver(&route.receiver);
        let names: Vec<String> = receiver
            .into_iter()
            .flat_map(|known| known.integrations.iter().map(|integration| told_name(key, integration)))
            .collect();
        for (integration, name) in names.iter().enumerate() {
            if !members.is_muted {
                let repeat_ms = route.repeat_interval_ms;
                flushes.extend(self.tell(key, &route.receiver, integration, &members, repeat_ms, now_ms));
            }
            flushes.extend(self.tell_acknowledged(key, &route.receiver, integration, &members, now_ms));
            open.extend(self.told.get(name).into_iter().flat_map(|told| told.firing.iter().cloned()));
        }
        // What is over and need not be told any more leaves.
        let over: Vec<Fingerprint> =
            members.resolved.iter().filter(|one| !open.contains(&one.to_string())).copied().collect();
        over.iter().for_each(|fingerprint| self.leave(key, *fingerprint));
        let Some(group) = self.groups.get_mut(key) else { return };
        if group.members.is_empty() {
            self.forget_group(key);
            return;
        }
        group.flushed = true;
        group.next_ms = now_ms.saturating_add(route.group_interval_ms.max(1));
        self.due.insert((group.next_ms, key.to_owned()));
        self.changed.note(kept::GROUP, key);
    }

    pub(super) fn members(&self, group: &Group, now_ms: i64) -> Members {
        let (mut firing, mut resolved) = (Vec::new(), Vec::new());
        for fingerprint in &group.members {
            let Some(entry) = self.entries.get(fingerprint) else { continue };
            if entry.alert.is_resolved(now_ms) {
                resolved.push(*fingerprint);
            } else if self.silenced_by(&entry.silences, now_ms).is_empty()
                && self.inhibition.hidden_by(*fingerprint, &entry.alert.labels, &entry.sides).is_empty()
            {
                firing.push(*fingerprint);
            }
        }
        Members { firing, resolved, is_muted: !self.muted_by(group.node, now_ms).is_empty() }
    }

    /// The message for one integration, if it needs one; then it counts as told.
    fn tell(
        &mut self,
        key: &str,
        receiver: &str,
        integration: usize,
        members: &Members,
        repeat_ms: i64,
        now_ms: i64,
    ) -> Option<Flush> {
        let known = self.config.receiver(receiver)?.integrations.get(integration)?;
        let (send_resolved, name) = (known.send_resolved, told_name(key, known));
        let lives_by_repeats = known.kind.lives_by_repeats();
        let before = self.told.get(&name).cloned().unwrap_or_default();
        let was_told = |one: &&Fingerprint| before.firing.contains(&one.to_string());
        let resolved: Vec<Fingerprint> = members.resolved.iter().filter(was_told).copied().collect();
        let is_new = members.firing.iter().any(|one| !before.firing.contains(&one.to_string()));
        let is_repeat = !is_new && resolved.is_empty();
        let is_idle = !lives_by_repeats && self.all_acknowledged_ms(&members.firing, now_ms).is_some();
        let is_due =
            !members.firing.is_empty() && now_ms.saturating_sub(before.at_ms) >= repeat_ms && !is_idle;
        if is_repeat && !is_due {
            return None;
        }
        let shown = if send_resolved { resolved.clone() } else { Vec::new() };
        let sends = !shown.is_empty() || is_new || is_due;
        // Of those that are hidden by now it is known that they were told of: they will be told as over.
        let over: BTreeSet<String> = resolved.iter().map(Fingerprint::to_string).collect();
        let firing = members.firing.iter().map(Fingerprint::to_string);
        let told = Told {
            firing: before.firing.difference(&over).cloned().chain(firing).collect(),
            at_ms: if sends { now_ms } else { before.at_ms },
            acknowledged_ms: before.acknowledged_ms,
        };
        self.told.insert(name.clone(), told);
        self.changed.note(kept::NOTIFIED, name);
        if !sends {
            return None;
        }
        let alerts = self.longest_first(&members.firing).chain(self.longest_first(&shown)).collect();
        let group_labels = self.groups.get(key)?.labels.clone();
        Some(Flush {
            receiver: receiver.to_owned(),
            integration,
            group_key: key.split('\n').next().unwrap_or(key).to_owned(),
            group_labels,
            alerts,
            at_ms: now_ms,
            is_repeat,
            is_acknowledgement: false,
        })
    }

    pub(super) fn longest_first(&self, fingerprints: &[Fingerprint]) -> impl Iterator<Item = Alert> + use<> {
        let entries = fingerprints.iter().filter_map(|one| self.entries.get(one));
        let mut alerts: Vec<Alert> = entries.map(|entry| entry.alert.clone()).collect();
        alerts.sort_by(|a, b| (a.starts_at_ms, &a.labels).cmp(&(b.starts_at_ms, &b.labels)));
        alerts.into_iter()
    }

    /// An alert that is over leaves a group; without any it is forgotten.
    fn leave(&mut self, key: &str, fingerprint: Fingerprint) {
        if let Some(group) = self.groups.get_mut(key) {
            group.members.remove(&fingerprint);
        }
        let Some(entry) = self.entries.get_mut(&fingerprint) else { return };
        entry.groups.retain(|known| known != key);
        if entry.groups.is_empty() {
            self.entries.remove(&fingerprint);
            self.changed.note(kept::ALERT, fingerprint.to_string());
        }
    }
}
