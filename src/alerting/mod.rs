//! Alerting at work: takes the alerts of the rules, keeps what must not be forgotten, and sends.
//!
//! What is decided, `ocelli_query::alerting` decides without a clock; how a message is sent, `ocelli_notify`
//! knows. Here are the clock, the catalog and the order: a state and the messages about it are written in
//! one transaction, and only what is written is sent.

mod acknowledgements;
mod answers;
mod core;
mod delivery;
mod evidence;
mod letter;
mod outbox;
mod records;
mod requests;
mod rule_alerts;
mod settings;
mod silences;
mod standby;
mod targets;

pub use records::LEASE;
pub use rule_alerts::RuleOf;
pub use settings::{Loaded, Settings, load};

use core::{Core, Role};
use letter::Letter;
use ocelli_notify::{Guard, Notifier, Target, Verdict};
use ocelli_query::Api;
use ocelli_query::rules::alert::Alert;
use ocelli_query::rules::{Group, Rule};
use ocelli_storage::{Clock, Store};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

/// Groups are looked at this often, whatever the clocks say.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How soon another server takes over from one that is gone.
const LEASE_EVERY: Duration = Duration::from_secs(2);

pub struct Alerts {
    store: Store,
    clock: Clock,
    api: Api,
    notifier: Notifier,
    settings: Settings,
    loaded: Mutex<Arc<Loaded>>,
    core: Mutex<Core>,
    /// The rules that are in force, by their keys.
    rules: Mutex<Arc<HashMap<String, Arc<RuleOf>>>>,
    /// One transaction at a time, so that none overtakes an older one.
    writing: tokio::sync::Mutex<()>,
    /// Whether this is the server that alerts, of those on a catalog.
    leading: watch::Sender<bool>,
    pub(self) outbox_changed: Notify,
    dispatch_changed: Notify,
    started_ms: i64,
}

/// The tasks of alerting.
pub struct Running {
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Running {
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        for task in self.tasks {
            let _ = task.await;
        }
    }
}

impl Alerts {
    /// Reads what an earlier process left, if this server is the one that alerts.
    pub async fn start(
        store: Store,
        clock: Clock,
        api: Api,
        settings: Settings,
        loaded: Loaded,
    ) -> anyhow::Result<(Arc<Alerts>, Running)> {
        let now_ms = clock.now_ns().div_euclid(1_000_000);
        let alerts = Arc::new(Alerts {
            notifier: Notifier::new(Guard::new(&settings.allow_targets)?),
            core: Mutex::new(Core::empty(&loaded, now_ms)),
            loaded: Mutex::new(Arc::new(loaded)),
            rules: Mutex::default(),
            writing: tokio::sync::Mutex::default(),
            leading: watch::Sender::new(false),
            outbox_changed: Notify::new(),
            dispatch_changed: Notify::new(),
            started_ms: now_ms,
            store,
            clock,
            api,
            settings,
        });
        alerts.look_for_lease().await?;
        let (stop, stops) = watch::channel(false);
        let tasks = vec![
            tokio::spawn(dispatch(alerts.clone(), stops.clone())),
            tokio::spawn(watch_lease(alerts.clone(), stops.clone())),
            tokio::spawn(standby::run(alerts.clone(), stops.clone())),
            tokio::spawn(delivery::run(alerts.clone(), stops)),
        ];
        Ok((alerts, Running { stop, tasks }))
    }

    pub fn now_ms(&self) -> i64 {
        self.clock.now_ns().div_euclid(1_000_000)
    }

    pub fn leads(&self) -> watch::Receiver<bool> {
        self.leading.subscribe()
    }

    /// Reads the file again; an error leaves all as it is.
    pub async fn reload(&self) {
        match load(&self.settings) {
            Ok(loaded) => {
                let (loaded, now_ms) = (Arc::new(loaded), self.now_ms());
                *self.loaded.lock().unwrap_or_else(PoisonError::into_inner) = loaded.clone();
                {
                    let mut core = self.core();
                    core.dispatcher.replace_config(loaded.config.clone(), now_ms);
                    core.pace(&loaded);
                    core.absorb();
                }
                self.save().await;
                self.dispatch_changed.notify_one();
            }
            Err(error) => {
                tracing::error!(%error, "the file of alerting can't be used; the one from before goes on")
            }
        }
    }

    /// The alerts of a rule at an evaluation.
    pub async fn report(self: &Arc<Self>, rule: &Arc<RuleOf>, alerts: &[Alert]) {
        let now_ms = self.now_ms();
        let fired = {
            let core = &mut *self.core();
            if core.role == Role::StandsBy {
                return;
            }
            let news = core.rules.note(rule, alerts, now_ms, &mut core.unsaved);
            core.dispatcher.receive(news.told, now_ms);
            core.absorb();
            news.fired
        };
        self.save().await;
        self.dispatch_changed.notify_one();
        if !fired.is_empty() {
            tokio::spawn(evidence::gather(self.clone(), rule.clone(), fired));
        }
    }

    /// Where people open this server.
    pub fn external_url(&self) -> String {
        self.loaded().external_url.clone()
    }

    /// The rules that are in force from now on, whichever server evaluates them.
    pub fn know_rules(&self, groups: &[Group]) {
        let rules = groups.iter().flat_map(|group| group.rules.iter().map(|rule| self.rule_of(group, rule)));
        let known: HashMap<_, _> = rules.map(|rule| (rule.key.clone(), rule)).collect();
        self.core().rules.know(&known);
        *self.rules.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(known);
    }

    fn known_rules(&self) -> Arc<HashMap<String, Arc<RuleOf>>> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Which rule it is that alerts are of.
    pub fn rule_of(&self, group: &Group, rule: &Rule) -> Arc<RuleOf> {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("query", &rule.expr);
        Arc::new(RuleOf {
            key: rule.key(),
            name: rule.name.clone(),
            group: group.name.clone(),
            file: group.file.to_string(),
            expr: rule.expr.clone(),
            language: rule.language.as_str(),
            url: format!("{}/metrics?{}", self.loaded().external_url, query.finish()),
        })
    }

    /// What an earlier process kept of a rule's alerts.
    pub fn kept(&self, rule: &str) -> Vec<Alert> {
        self.core().rules.of_rule(rule)
    }

    /// A rule has become another one whose alerts go on: pairs of keys.
    pub async fn move_rules(&self, moved: &[(String, String)]) {
        {
            let core = &mut *self.core();
            for (from, to) in moved {
                core.rules.move_rule(from, to, &mut core.unsaved);
            }
        }
        self.save().await;
    }

    /// Ends the alerts of rules that there are no more.
    pub async fn retain_rules(self: &Arc<Self>, is_there: impl Fn(&str) -> bool) {
        let keys = self.core().rules.rule_keys();
        for key in keys.into_iter().filter(|key| !is_there(key)) {
            let rule = RuleOf { key, ..RuleOf::gone() };
            self.report(&Arc::new(rule), &[]).await;
        }
    }

    /// Writes what is not durable yet; letters can be sent then. What fails is tried again.
    pub async fn save(&self) {
        if let Err(error) = self.keep().await {
            tracing::warn!(%error, "states of alerts could not be written; nobody is told before they are");
        }
    }

    async fn keep(&self) -> ocelli_storage::Result<()> {
        let _one = self.writing.lock().await;
        let mut changes = self.core().unsaved.take();
        if changes.is_empty() {
            return Ok(());
        }
        if self.store.shares_catalog() {
            changes.push(standby::mark(&self.store).moved());
        }
        let written = self.store.commit_records(Some(LEASE), &changes).await;
        let core = &mut *self.core();
        match &written {
            Ok(()) => core.outbox.written(&changes),
            Err(_) => core.unsaved.give_back(changes),
        }
        self.outbox_changed.notify_one();
        written
    }

    fn next_letters(&self) -> (Vec<Letter>, Option<i64>) {
        let core = &mut *self.core();
        match core.role {
            Role::Tells => core.outbox.next(self.now_ms()),
            Role::StandsBy => (Vec::new(), None),
        }
    }

    async fn delivered(&self, id: &str, verdict: &Verdict) {
        let (now_ms, random) = (self.now_ms(), rand::random::<f64>());
        {
            let core = &mut *self.core();
            core.outbox.report(id, verdict, now_ms, random, &mut core.unsaved);
        }
        self.save().await;
    }

    fn notifier(&self) -> &Notifier {
        &self.notifier
    }

    fn target(&self, receiver: &str, integration: &str) -> Option<Target> {
        self.loaded().target(receiver, integration).cloned()
    }

    fn loaded(&self) -> Arc<Loaded> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn core(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Looks whether this server leads, until it is told to stop.
async fn watch_lease(alerts: Arc<Alerts>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        tokio::select! {
            _ = tokio::time::sleep(LEASE_EVERY) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        if let Err(error) = alerts.look_for_lease().await {
            tracing::debug!(%error, "whether this server alerts can't be found out");
        }
    }
}

/// Makes letters of the groups that are due, until it is told to stop.
async fn dispatch(alerts: Arc<Alerts>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let wait = {
            let (loaded, now_ms) = (alerts.loaded(), alerts.now_ms());
            let core = &mut *alerts.core();
            core.dispatch(&loaded, now_ms);
            core.dispatcher.next_due_ms().map_or(LOOK_EVERY, |due| {
                Duration::from_millis(u64::try_from(due - now_ms).unwrap_or(0).max(1)).min(LOOK_EVERY)
            })
        };
        alerts.save().await;
        tokio::select! {
            _ = alerts.dispatch_changed.notified() => {}
            _ = tokio::time::sleep(wait) => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }
}
