//! Everything that alerting knows at one moment, and what of it is still to be written.

use super::letter::Letter;
use super::outbox::Outbox;
use super::records::{self, Unsaved, spaces};
use super::rule_alerts::RuleAlerts;
use super::settings::Loaded;
use ocelli_query::alerting::Flush;
use ocelli_query::alerting::dispatch::Dispatcher;
use ocelli_query::alerting::render::{RenderContext, render};
use ocelli_storage::Store;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Instant;

/// What a server is, of those on a catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The one that evaluates rules and tells of alerts.
    Tells,
    /// What it knows is a copy of what the other one has written.
    StandsBy,
}

pub struct Core {
    pub role: Role,
    /// When it was read: what was not written of an older one is forgotten.
    pub since: Instant,
    /// The mark that a copy was read at.
    pub copied_at: Option<String>,
    pub dispatcher: Dispatcher,
    pub outbox: Outbox,
    pub rules: RuleAlerts,
    pub unsaved: Unsaved,
}

impl Core {
    /// Of a server that stands by and has not read what was kept.
    pub fn empty(loaded: &Loaded, now_ms: i64) -> Core {
        Core {
            role: Role::StandsBy,
            since: Instant::now(),
            copied_at: None,
            dispatcher: Dispatcher::new(loaded.config.clone(), now_ms),
            outbox: Outbox::default(),
            rules: RuleAlerts::default(),
            unsaved: Unsaved::default(),
        }
    }

    /// As an earlier process left it.
    pub async fn read(
        store: &Store,
        loaded: &Loaded,
        role: Role,
        now_ms: i64,
    ) -> ocelli_storage::Result<Core> {
        let mut kept = Vec::new();
        for space in Dispatcher::SPACES {
            let records = store.records(space).await?;
            kept.extend(records.into_iter().map(|(name, content)| (space.to_owned(), name, content)));
        }
        let letters: Vec<(String, Letter)> = records::read(store, spaces::OUTBOX).await?;
        let alerts = records::read(store, spaces::RULE_ALERT).await?;
        let changes = records::read(store, spaces::CHANGE).await?;
        let mut core = Core {
            role,
            since: Instant::now(),
            copied_at: None,
            dispatcher: Dispatcher::restore(loaded.config.clone(), kept, now_ms),
            outbox: Outbox::restored(letters.into_iter().map(|(_, letter)| letter)),
            rules: RuleAlerts::restored(alerts, changes),
            unsaved: Unsaved::default(),
        };
        core.pace(loaded);
        Ok(core)
    }

    /// Each receiver gets its letters at the pace that its kind bears.
    pub fn pace(&mut self, loaded: &Loaded) {
        for (gate, target) in &loaded.targets {
            self.outbox.gates.set(gate, target.gate_settings());
        }
    }

    /// Dispatch has moved: its records are to be written together with the letters. What happens to a copy, the
    /// other server writes.
    pub fn absorb(&mut self) {
        let records = self.dispatcher.changes();
        if self.role == Role::StandsBy {
            drop(self.unsaved.take());
            return;
        }
        for record in records {
            self.unsaved.put(record.space, &record.name, record.content);
        }
    }

    /// Makes the letters of the groups that are due.
    pub fn dispatch(&mut self, loaded: &Loaded, now_ms: i64) {
        if self.role == Role::Tells {
            let flushes = self.dispatcher.tick(now_ms);
            self.post(loaded, &flushes);
        }
    }

    /// Puts messages into the outbox, to be written together with what dispatch counts as told.
    pub fn post(&mut self, loaded: &Loaded, flushes: &[Flush]) {
        for (place, flush) in flushes.iter().enumerate() {
            if let Some(letter) = letter(loaded, flush, place) {
                self.outbox.add(letter, &mut self.unsaved);
            }
        }
        self.absorb();
    }
}

/// None where the receiver has no such integration any more.
pub fn letter(loaded: &Loaded, flush: &Flush, place: usize) -> Option<Letter> {
    let integration = loaded.config.receiver(&flush.receiver)?.integrations.get(flush.integration)?;
    let context = RenderContext { external_url: &loaded.external_url, templates: &loaded.templates };
    let parcel = render(flush, integration, &context);
    let mut hash = DefaultHasher::new();
    (&flush.receiver, &integration.key, &flush.group_key).hash(&mut hash);
    // Both may be of the same moment.
    if flush.is_acknowledgement {
        "acknowledgement".hash(&mut hash);
    }
    let target = loaded.target(&flush.receiver, &integration.key);
    Some(Letter {
        // The order of the outbox is that of the ids.
        id: format!("{:013}-{place:05}-{:016x}", flush.at_ms, hash.finish()),
        receiver: flush.receiver.clone(),
        integration: integration.key.clone(),
        kind: integration.kind.as_str().to_owned(),
        target: target.map(ToString::to_string).unwrap_or_default(),
        group_key: flush.group_key.clone(),
        dedup_key: parcel.dedup_key.clone(),
        fingerprints: flush.alerts.iter().map(|alert| alert.fingerprint().to_string()).collect(),
        firing: flush.firing().count() as u64,
        resolved: flush.resolved().count() as u64,
        created_ms: flush.at_ms,
        content: Some(super::settings::content(parcel)),
        status: ocelli_api::alerts::Delivery::Waiting,
        attempts: 0,
        not_before_ms: flush.at_ms,
        tried_ms: None,
        delivered_ms: None,
        last_error: None,
        acknowledges: flush.is_acknowledgement,
    })
}
