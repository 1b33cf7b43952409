//! What acknowledgements do: an alert that somebody has taken on is told again to nobody, and receivers that
//! know acknowledgements are told of it.
//!
//! The acknowledgement is part of its alert and ends with it. A group counts as acknowledged while all of its
//! alerts that fire are.

use super::flush::{Members, told_name};
use super::{Dispatcher, kept};
use crate::alerting::acknowledgement::Acknowledgement;
use crate::alerting::{Fingerprint, Flush};
use std::collections::BTreeSet;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AcknowledgeError {
    #[error("no alert that fires has the fingerprint {0}")]
    NotFiring(Fingerprint),
    #[error("nobody has acknowledged the alert {0}")]
    NotAcknowledged(Fingerprint),
    #[error("{what}")]
    Invalid { field: &'static str, what: String },
}

impl Dispatcher {
    /// Acknowledges an alert, and with `is_together` all that its receivers are told of together with it. Returns
    /// all of them, and what is to be told at once.
    pub fn acknowledge(
        &mut self,
        fingerprint: Fingerprint,
        is_together: bool,
        given: &Acknowledgement,
        now_ms: i64,
    ) -> Result<(Vec<Fingerprint>, Vec<Flush>), AcknowledgeError> {
        given.check(now_ms).map_err(|(field, what)| AcknowledgeError::Invalid { field, what })?;
        let mut taken = self.together(fingerprint, now_ms);
        if !taken.contains(&fingerprint) {
            return Err(AcknowledgeError::NotFiring(fingerprint));
        }
        if !is_together {
            taken = BTreeSet::from([fingerprint]);
        }
        let mut groups = BTreeSet::new();
        for one in &taken {
            let Some(entry) = self.entries.get_mut(one) else { continue };
            entry.acknowledged = Some(given.clone());
            groups.extend(entry.groups.iter().cloned());
            self.changed.note(kept::ALERT, one.to_string());
        }
        let mut flushes = Vec::new();
        for key in groups {
            self.flush_acknowledged(&key, now_ms, &mut flushes);
        }
        Ok((taken.into_iter().collect(), flushes))
    }

    /// Takes back the acknowledgement of an alert, from all alerts that it was given for. Returns them.
    pub fn take_back(
        &mut self,
        fingerprint: Fingerprint,
        now_ms: i64,
    ) -> Result<Vec<Fingerprint>, AcknowledgeError> {
        let given = self.acknowledgement(fingerprint, now_ms).map(|given| given.id.clone());
        let id = given.ok_or(AcknowledgeError::NotAcknowledged(fingerprint))?;
        let mut freed = Vec::new();
        for (fingerprint, entry) in &mut self.entries {
            if entry.acknowledged.as_ref().is_some_and(|given| given.id == id) {
                entry.acknowledged = None;
                self.changed.note(kept::ALERT, fingerprint.to_string());
                freed.push(*fingerprint);
            }
        }
        Ok(freed)
    }

    /// The acknowledgement of an alert, while it holds.
    pub fn acknowledgement(&self, fingerprint: Fingerprint, now_ms: i64) -> Option<&Acknowledgement> {
        let entry = self.entries.get(&fingerprint).filter(|entry| !entry.alert.is_resolved(now_ms))?;
        entry.acknowledged.as_ref().filter(|given| given.holds(now_ms))
    }

    /// The alerts that fire and that anybody is told of together with this one, and itself; none where it does not
    /// fire.
    pub fn together(&self, fingerprint: Fingerprint, now_ms: i64) -> BTreeSet<Fingerprint> {
        let fires =
            |one: &Fingerprint| self.entries.get(one).is_some_and(|entry| !entry.alert.is_resolved(now_ms));
        if !fires(&fingerprint) {
            return BTreeSet::new();
        }
        let groups = self.entries.get(&fingerprint).into_iter().flat_map(|entry| &entry.groups);
        let members = groups.filter_map(|key| self.groups.get(key)).flat_map(|group| &group.members);
        members.copied().filter(fires).chain([fingerprint]).collect()
    }

    /// When the newest acknowledgement was given of alerts that are all acknowledged; None where one is not.
    pub(super) fn all_acknowledged_ms(&self, firing: &[Fingerprint], now_ms: i64) -> Option<i64> {
        let times: Option<Vec<i64>> =
            firing.iter().map(|one| Some(self.acknowledgement(*one, now_ms)?.at_ms)).collect();
        times?.into_iter().max()
    }

    fn flush_acknowledged(&mut self, key: &str, now_ms: i64, flushes: &mut Vec<Flush>) {
        let Some(group) = self.groups.get(key) else { return };
        let Some(receiver) = self.nodes.get(group.node).map(|node| node.route.receiver.clone()) else {
            return;
        };
        let members = self.members(group, now_ms);
        let integrations = self.config.receiver(&receiver).map_or(0, |known| known.integrations.len());
        for integration in 0..integrations {
            flushes.extend(self.tell_acknowledged(key, &receiver, integration, &members, now_ms));
        }
    }

    /// Tells an integration that what it was told of is acknowledged, once for each acknowledgement.
    pub(super) fn tell_acknowledged(
        &mut self,
        key: &str,
        receiver: &str,
        integration: usize,
        members: &Members,
        now_ms: i64,
    ) -> Option<Flush> {
        let known = self.config.receiver(receiver)?.integrations.get(integration)?;
        if !known.kind.knows_acknowledgements() {
            return None;
        }
        let given_ms = self.all_acknowledged_ms(&members.firing, now_ms)?;
        let name = told_name(key, known);
        let told = self.told.get_mut(&name)?;
        let is_told = members.firing.iter().any(|one| told.firing.contains(&one.to_string()));
        if !is_told || given_ms <= told.acknowledged_ms {
            return None;
        }
        told.acknowledged_ms = given_ms;
        // Later than the message that it is about, so that it is sent behind that.
        let at_ms = now_ms.max(told.at_ms.saturating_add(1));
        self.changed.note(kept::NOTIFIED, name);
        Some(Flush {
            receiver: receiver.to_owned(),
            integration,
            group_key: key.split('\n').next().unwrap_or(key).to_owned(),
            group_labels: self.groups.get(key)?.labels.clone(),
            alerts: self.longest_first(&members.firing).collect(),
            at_ms,
            is_repeat: false,
            is_acknowledgement: true,
        })
    }
}
