//! A group that runs, and what is told of it.

use super::mark::Mark;
use ocelli_api::UnixNano;
use ocelli_api::rules::{ActiveAlert, Alerting, Backfill, RuleGroup, RuleHealth, RuleStatus};
use ocelli_query::promql::value::format_float;
use ocelli_query::rules::alert::{Alert, AlertState};
use ocelli_query::rules::schedule::Slots;
use ocelli_query::rules::{Context, Group, Rule};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// One group.
pub struct Unit {
    pub group: Group,
    pub slots: Slots,
    pub context: Context,
    /// The first slot since which every one is evaluated on time; what is before is filled in.
    live_from_ms: AtomicI64,
    state: Mutex<State>,
}

/// What changes. Milliseconds.
#[derive(Debug, Default)]
pub struct State {
    pub evaluations: u64,
    pub missed: u64,
    pub last_slot_ms: Option<i64>,
    pub evaluation_ms: f64,
    pub rules: Vec<RuleInfo>,
}

#[derive(Debug, Default)]
pub struct RuleInfo {
    pub health: RuleHealth,
    pub last_error: Option<String>,
    pub last_slot_ms: Option<i64>,
    pub evaluation_ms: f64,
    pub evaluations: u64,
    pub failures: u64,
    pub series: u64,
    pub alerts: Vec<Alert>,
    /// Of a recording rule.
    pub past: Option<Past>,
}

/// How far a rule is.
#[derive(Clone, Debug)]
pub struct Past {
    pub key: String,
    pub mark: Mark,
    /// What was saved last.
    pub saved: Option<Mark>,
    pub samples: u64,
    pub failures: u64,
    pub last_error: Option<String>,
}

impl Unit {
    pub fn new(
        group: Group,
        slots: Slots,
        context: Context,
        live_from_ms: i64,
        rules: Vec<RuleInfo>,
    ) -> Unit {
        let state = Mutex::new(State { rules, ..State::default() });
        Unit { group, slots, context, live_from_ms: AtomicI64::new(live_from_ms), state }
    }

    /// Of the rules that give alerts.
    pub fn alert_keys(&self) -> Vec<String> {
        self.group.rules.iter().filter(|rule| rule.alert.is_some()).map(Rule::key).collect()
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn live_from_ms(&self) -> i64 {
        self.live_from_ms.load(Ordering::Relaxed)
    }

    /// Slots before this one were left out: they are filled in, too.
    pub fn goes_on_from(&self, slot_ms: i64) {
        self.live_from_ms.store(slot_ms, Ordering::Relaxed);
    }

    /// The last slot before those that are evaluated on time.
    pub fn last_past_ms(&self) -> i64 {
        self.live_from_ms() - self.slots.interval_ms
    }

    pub fn shown(&self) -> RuleGroup {
        let state = self.state();
        RuleGroup {
            name: self.group.name.clone(),
            file: self.group.file.to_string(),
            interval_ms: self.slots.interval_ms,
            query_offset_ms: self.context.query_offset_ms,
            limit: self.context.limit as u64,
            evaluations: state.evaluations,
            missed: state.missed,
            last_evaluation: state.last_slot_ms.map(nanos),
            evaluation_ms: state.evaluation_ms,
            rules: self
                .group
                .rules
                .iter()
                .zip(&state.rules)
                .map(|(rule, info)| self.rule(rule, info))
                .collect(),
        }
    }

    fn rule(&self, rule: &Rule, info: &RuleInfo) -> RuleStatus {
        RuleStatus {
            name: rule.name.clone(),
            query: rule.expr.clone(),
            labels: rule.labels.iter().cloned().collect(),
            health: info.health,
            last_error: info.last_error.clone(),
            last_evaluation: info.last_slot_ms.map(nanos),
            evaluation_ms: info.evaluation_ms,
            failures: info.failures,
            series: info.series,
            backfill: info.past.as_ref().map(|past| self.backfill(past)),
            alerting: rule.alert.as_ref().map(|settings| Alerting {
                for_ms: settings.for_ms,
                keep_firing_for_ms: settings.keep_firing_for_ms,
                annotations: settings.annotations.iter().cloned().collect(),
                alerts: info.alerts.iter().filter_map(active).collect(),
            }),
        }
    }

    /// Slots that are evaluated on time are no part of the way.
    fn backfill(&self, past: &Past) -> Backfill {
        let (from, to) = (past.mark.from, self.last_past_ms().max(past.mark.from));
        let done = past.mark.done.clamp(from, to);
        Backfill {
            from: nanos(from),
            to: nanos(to),
            done: nanos(done),
            fraction: if done >= to { 1.0 } else { (done - from) as f64 / (to - from) as f64 },
            samples: past.samples,
            failures: past.failures,
            last_error: past.last_error.clone(),
        }
    }
}

fn nanos(ms: i64) -> UnixNano {
    UnixNano(ms.saturating_mul(1_000_000))
}

fn active(alert: &Alert) -> Option<ActiveAlert> {
    (alert.state != AlertState::Resolved).then(|| ActiveAlert {
        labels: alert.labels.to_map(),
        annotations: alert.annotations.to_map(),
        state: alert.state.as_str().to_owned(),
        active_at: nanos(alert.active_at_ms),
        keep_firing_since: alert.keep_firing_since_ms.map(nanos),
        unknown_since: alert.unknown_since_ms.map(nanos),
        value: format_float(alert.value),
    })
}
