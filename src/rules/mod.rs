//! The rule engine: evaluates groups on time, keeps what they give, and computes new rules over what was
//! kept before they were there.
//!
//! What a rule gives at a time is decided in `ocelli_query::rules` without a clock or a store; here are
//! the clock, the store, and the order of work.

mod backfill;
mod group;
mod load;
mod mark;
mod merge;
mod metrics;
mod restore;
mod save;
mod saved;
mod status;
mod work;

pub use load::{LoadError, Loaded, load};
pub use metrics::register;
pub use save::Editor;

use crate::alerting::Alerts;
use crate::time::Arrivals;
use mark::Mark;
use ocelli_api::rules::RulesResponse;
use ocelli_query::rules::{Group, Rule, RuleState};
use ocelli_query::slo::Slo;
use ocelli_storage::{Clock, Store};
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use work::Work;

/// What the engine is started with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Patterns of rule files.
    pub files: Vec<PathBuf>,
    pub starter_pack: bool,
    /// Patterns of files of objectives.
    pub slo_files: Vec<PathBuf>,
    /// The configuration, which may have objectives too.
    pub config_file: Option<PathBuf>,
    /// Of groups that name none.
    pub interval_ms: i64,
    /// How long points are kept: further back nothing is computed.
    pub history_ms: i64,
    /// Of one evaluation.
    pub timeout: Duration,
    /// Samples, and bytes of what is read, that one evaluation may hold.
    pub max_samples: u64,
    pub max_bytes: usize,
    /// For so long after the start nothing is taken as over because its data is not there.
    pub settle_ms: i64,
}

/// A group that runs.
struct Running {
    unit: Arc<status::Unit>,
    stop: watch::Sender<bool>,
    /// Ends with what the rules remember.
    task: JoinHandle<Vec<RuleState>>,
}

/// The running engine.
pub struct RuleEngine {
    settings: Settings,
    work: Arc<Work>,
    running: Mutex<Vec<Running>>,
    /// The groups that run, or will when this server is the one that evaluates them.
    wanted: Mutex<Vec<Group>>,
    slos: Mutex<Arc<Vec<Slo>>>,
    in_force: Mutex<Arc<save::InForce>>,
    /// One change of what is in force at a time: none overtakes a newer one.
    changing: tokio::sync::Mutex<()>,
    /// One reload at a time.
    reloading: tokio::sync::Mutex<()>,
    units: Arc<Mutex<Vec<Arc<status::Unit>>>>,
    stopping: watch::Sender<bool>,
    backfill: Mutex<Option<JoinHandle<()>>>,
}

impl RuleEngine {
    /// Starts with groups that were read already.
    pub async fn start(
        store: Store,
        clock: Clock,
        arrivals: Arc<Arrivals>,
        alerts: Option<Arc<Alerts>>,
        settings: Settings,
        loaded: impl Into<Loaded>,
    ) -> anyhow::Result<Arc<RuleEngine>> {
        let (stopping, stops) = watch::channel(false);
        let work = Arc::new(Work::new(store, clock, arrivals, alerts, &settings));
        let units = Arc::<Mutex<Vec<_>>>::default();
        let worker = backfill::Worker { work: work.clone(), units: units.clone() };
        let engine = Arc::new(RuleEngine {
            settings,
            work,
            running: Mutex::default(),
            wanted: Mutex::default(),
            slos: Mutex::default(),
            in_force: Mutex::default(),
            changing: tokio::sync::Mutex::default(),
            reloading: tokio::sync::Mutex::default(),
            units,
            stopping,
            backfill: Mutex::new(Some(tokio::spawn(worker.run(stops.clone())))),
        });
        engine.take_up(loaded.into()).await?;
        tokio::spawn(save::follow(Arc::downgrade(&engine), stops));
        if let Some(alerts) = &engine.work.alerts {
            tokio::spawn(lead(Arc::downgrade(&engine), alerts.leads()));
        }
        Ok(engine)
    }

    /// Of servers that share a catalog one evaluates.
    fn is_leading(&self) -> bool {
        self.work.alerts.as_ref().is_none_or(|alerts| *alerts.leads().borrow())
    }

    /// Another server evaluates: what the rules remember here is old from now on.
    async fn pause(&self) {
        let _one = self.reloading.lock().await;
        let running = std::mem::take(&mut *self.running());
        for running in &running {
            let _ = running.stop.send(true);
        }
        for running in running {
            let _ = running.task.await;
        }
        self.units.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Reads the files again. Groups that are as they were go on; an error leaves all as it is.
    pub async fn reload(&self) {
        let _one = self.changing.lock().await;
        match load(&self.settings) {
            Ok(loaded) => match self.take_up(loaded).await {
                Ok(()) => tracing::info!(groups = self.status().groups.len(), "rule files were read again"),
                Err(error) => tracing::error!(%error, "rule files were read, and could not be put to work"),
            },
            Err(error) => tracing::error!(%error, "rule files can't be used; the rules from before go on"),
        }
    }

    /// The objectives that are in force.
    pub fn slos(&self) -> Arc<Vec<Slo>> {
        self.slos.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn put_to_work(&self, loaded: Loaded) -> anyhow::Result<()> {
        self.replace(loaded.all_groups()).await?;
        let slos = loaded.slos;
        *self.slos.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(slos);
        Ok(())
    }

    /// Runs these groups instead of those that run.
    async fn replace(&self, groups: Vec<Group>) -> anyhow::Result<()> {
        let _one = self.reloading.lock().await;
        *self.wanted.lock().unwrap_or_else(PoisonError::into_inner) = groups.clone();
        if let Some(alerts) = &self.work.alerts {
            alerts.know_rules(&groups);
        }
        if !self.is_leading() {
            return Ok(());
        }
        // What can fail comes before anything ends.
        let known = mark::read(&self.work.store).await?;
        let mut old = std::mem::take(&mut *self.running());
        let mut next = Vec::with_capacity(groups.len());
        let mut new = Vec::new();
        for group in groups {
            match old.iter().position(|running| running.unit.group == group) {
                Some(at) => next.push(old.swap_remove(at)),
                None => new.push(group),
            }
        }
        // What a rule remembers goes on with it, also into another group.
        let (mut remembered, mut ended) = (Vec::new(), Vec::new());
        for running in old {
            ended.push(running.unit.clone());
            let _ = running.stop.send(true);
            match running.task.await {
                Ok(states) => remembered.extend(states),
                Err(error) => tracing::error!(%error, "a group of rules had ended"),
            }
        }
        self.work.save(&ended).await;
        let marks = mark::read(&self.work.store).await.unwrap_or(known);
        let mut moved = Vec::new();
        for group in new {
            next.push(self.run(group, &marks, &mut remembered, &mut moved));
        }
        self.work.end(remembered).await;
        *self.units.lock().unwrap_or_else(PoisonError::into_inner) =
            next.iter().map(|running| running.unit.clone()).collect();
        if let Some(alerts) = &self.work.alerts {
            alerts.move_rules(&moved).await;
            let keys: HashSet<String> = next.iter().flat_map(|running| running.unit.alert_keys()).collect();
            alerts.retain_rules(|key| keys.contains(key)).await;
        }
        *self.running() = next;
        self.work.wake.notify_one();
        Ok(())
    }

    /// `moved`: the keys of rules whose alerts go on as those of another one.
    fn run(
        &self,
        group: Group,
        marks: &HashMap<String, Mark>,
        remembered: &mut Vec<RuleState>,
        moved: &mut Vec<(String, String)>,
    ) -> Running {
        let (unit, schedule) = self.work.unit(group, self.settings.interval_ms, marks);
        let unit = Arc::new(unit);
        // A rule whose expression has changed goes on with the series of the one before.
        let mut known = |rule: &Rule| {
            let same = |state: &RuleState| state.rule == *rule;
            let at = remembered.iter().position(same);
            let at = at.or_else(|| remembered.iter().position(|state| state.rule.is_successor(rule)))?;
            let mut state = remembered.swap_remove(at);
            let (old, new) = (state.rule.key(), rule.key());
            if old != new {
                moved.push((old, new));
            }
            state.rule = rule.clone();
            Some(state)
        };
        let states: Vec<Option<RuleState>> = unit.group.rules.iter().map(&mut known).collect();
        let (stop, stops) = watch::channel(false);
        let task = tokio::spawn(group::run(self.work.clone(), unit.clone(), schedule, states, stops));
        Running { unit, stop, task }
    }

    /// Of rules that another server evaluates it is known which there are, and their alerts.
    pub fn status(&self) -> RulesResponse {
        if self.is_leading() {
            let units = self.units.lock().unwrap_or_else(PoisonError::into_inner);
            return RulesResponse { groups: units.iter().map(|unit| unit.shown()).collect() };
        }
        let groups = self.wanted.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let shown = |group| self.work.elsewhere(group, self.settings.interval_ms).shown();
        RulesResponse { groups: groups.into_iter().map(shown).collect() }
    }

    /// Ends what is being evaluated, and remembers how far all rules are.
    pub async fn stop(&self) {
        self.work.stop();
        let _ = self.stopping.send(true);
        let running = std::mem::take(&mut *self.running());
        for running in running {
            let _ = running.stop.send(true);
            let _ = running.task.await;
        }
        let backfill = self.backfill.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = backfill {
            let _ = task.await;
        }
        let units = self.units.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.work.save(&units).await;
    }

    fn running(&self) -> std::sync::MutexGuard<'_, Vec<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Evaluates while this server leads.
async fn lead(engine: Weak<RuleEngine>, mut leads: watch::Receiver<bool>) {
    leads.mark_unchanged();
    while leads.changed().await.is_ok() {
        let Some(engine) = engine.upgrade() else { return };
        let leads = *leads.borrow();
        if !leads {
            engine.pause().await;
            continue;
        }
        let groups = engine.wanted.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Err(error) = engine.replace(groups).await {
            tracing::error!(%error, "rules could not be put to work");
        }
    }
}

#[cfg(test)]
mod tests;
