//! Of several servers on one catalog one tells of alerts. The others answer from what that one has written, a
//! second old at most while little happens, and hand on what they are asked: through the catalog, so that it is
//! kept as soon as it is answered and the two need not reach each other.

use super::Alerts;
use super::core::{Core, Role};
use super::records::{LEASE, spaces};
use super::requests::Request;
use super::silences::uuid;
use crate::records::Mark;
use ocelli_storage::{RecordChange, Result, Store};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Both sides look at the catalog this often.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Reading everything takes at most this part of the time.
const READING_SHARE: u32 = 10;

/// What is another record whenever the server that tells has written something.
pub fn mark(store: &Store) -> Mark {
    Mark::new(store, "alerting_mark")
}

/// Carries out what others were asked, or follows the one that does, until it is told to stop.
pub async fn run(alerts: Arc<Alerts>, mut stop: watch::Receiver<bool>) {
    if !alerts.store.shares_catalog() {
        return;
    }
    while !*stop.borrow() {
        let started = Instant::now();
        let role = alerts.core().role;
        let done = match role {
            Role::Tells => alerts.take_requests().await,
            Role::StandsBy => alerts.follow().await,
        };
        if let Err(error) = done {
            tracing::debug!(%error, "what other servers do about alerts can't be read");
        }
        let wait = LOOK_EVERY.max(started.elapsed() * READING_SHARE);
        tokio::select! {
            _ = tokio::time::sleep(wait) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

impl Alerts {
    /// Takes what the server that tells has written, where that is another than what was read last.
    async fn follow(&self) -> Result<()> {
        let mark = mark(&self.store).read().await?;
        if mark.is_some() && mark == self.core().copied_at {
            return Ok(());
        }
        let (loaded, now_ms) = (self.loaded(), self.now_ms());
        let mut copy = Core::read(&self.store, &loaded, Role::StandsBy, now_ms).await?;
        for (_, content) in self.store.records(spaces::REQUEST).await? {
            // What can't be is told where it is carried out.
            if let Ok(request) = serde_json::from_str::<Request>(&content) {
                let _ = request.carry_out(&mut copy, &loaded, now_ms);
            }
        }
        copy.absorb();
        copy.rules.know(&self.known_rules());
        copy.copied_at = mark;
        let core = &mut *self.core();
        if core.role == Role::StandsBy {
            *core = copy;
        }
        Ok(())
    }

    /// Durable when this returns.
    pub(super) async fn hand_on(&self, request: &Request) -> Result<()> {
        // They are carried out in the order of their names.
        let name = format!("{:013}-{}", self.now_ms(), uuid(rand::random()));
        let content = super::records::text(request);
        self.store
            .commit_records(None, &[RecordChange { space: spaces::REQUEST.to_owned(), name, content }])
            .await
    }

    /// Carries out what was handed on. What becomes of it and that it is done are one transaction.
    async fn take_requests(&self) -> Result<()> {
        let requests = self.store.records(spaces::REQUEST).await?;
        if requests.is_empty() {
            return Ok(());
        }
        let (loaded, now_ms) = (self.loaded(), self.now_ms());
        {
            let core = &mut *self.core();
            if core.role == Role::StandsBy {
                return Ok(());
            }
            for (name, content) in requests {
                let done = serde_json::from_str::<Request>(&content)
                    .map_err(|error| error.to_string())
                    .and_then(|one| one.carry_out(core, &loaded, now_ms).map_err(|error| error.to_string()));
                if let Err(error) = done {
                    tracing::warn!(
                        name,
                        content,
                        error,
                        "what another server was asked can't be done any more"
                    );
                }
                core.unsaved.put(spaces::REQUEST, &name, None);
            }
            core.absorb();
        }
        self.save().await;
        self.dispatch_changed.notify_one();
        Ok(())
    }

    /// Takes the lease where it is free, and steps down where another server has it.
    pub async fn look_for_lease(&self) -> Result<()> {
        let has = self.store.lease(LEASE).await?;
        let role = if has { Role::Tells } else { Role::StandsBy };
        if self.core().role == role {
            return Ok(());
        }
        let (loaded, now_ms) = (self.loaded(), self.now_ms());
        let mut core = match role {
            Role::Tells => Core::read(&self.store, &loaded, role, now_ms).await?,
            Role::StandsBy => Core::empty(&loaded, now_ms),
        };
        core.rules.know(&self.known_rules());
        *self.core() = core;
        tracing::info!(leading = has, "whether this server evaluates rules and tells of alerts has changed");
        self.leading.send_replace(has);
        Ok(())
    }
}
