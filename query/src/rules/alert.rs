//! The alerts of one rule: pending, firing, resolved.
//!
//! Source: Prometheus `rules` package (`AlertingRule.Eval`).

use super::file::Rule;
use super::inputs::Inputs;
use super::state::{Asked, Context};
use super::template::{self, Data as TemplateData};
use crate::Error;
use crate::promql::labels::{Labels, METRIC_NAME};
use crate::promql::value::Sample;
use serde::{Deserialize, Serialize};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// The label that carries the alert's name.
pub const ALERT_NAME: &str = "alertname";
/// The label of `ALERTS` that says how an alert is.
const ALERT_STATE: &str = "alertstate";
/// One series an alert that is pending or firing.
pub const ALERTS: &str = "ALERTS";
/// The same with the time, in seconds, since when it is; by it a restart knows how long.
pub const ALERTS_FOR_STATE: &str = "ALERTS_FOR_STATE";
/// A resolved alert is remembered this long, so that whoever is told of it is told again.
const RESOLVED_KEPT_MS: i64 = 15 * 60_000;
/// An alert of which nothing is known fires on for so long; then its source is taken as gone.
pub const UNKNOWN_KEPT_MS: i64 = 60 * 60_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertState {
    /// True for less than the rule's `for`.
    Pending,
    Firing,
    /// Was firing.
    Resolved,
}

impl AlertState {
    /// Prometheus' word.
    pub fn as_str(self) -> &'static str {
        match self {
            AlertState::Pending => "pending",
            AlertState::Firing => "firing",
            AlertState::Resolved => "inactive",
        }
    }
}

/// Times are milliseconds since the epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    pub labels: Labels,
    pub annotations: Labels,
    pub state: AlertState,
    pub value: f64,
    pub active_at_ms: i64,
    /// What the expression gave, without the metric's name.
    pub series: Labels,
    /// When `for` was over.
    pub fired_at_ms: Option<i64>,
    /// It is true no more, and fires on because of `keep_firing_for`.
    pub keep_firing_since_ms: Option<i64>,
    /// Since when nothing is known of it: it stays as it was.
    pub unknown_since_ms: Option<i64>,
    pub resolved_at_ms: Option<i64>,
}

/// All alerts of a rule, by their labels.
#[derive(Clone, Debug, Default)]
pub struct Alerts {
    active: BTreeMap<Labels, Alert>,
    /// Since when, by an earlier process.
    restored: BTreeMap<Labels, i64>,
}

impl Alerts {
    pub fn iter(&self) -> impl Iterator<Item = &Alert> {
        self.active.values()
    }

    /// The next evaluation that finds this alert takes it as active since then.
    pub fn restore(&mut self, labels: &Labels, active_at_ms: i64) {
        self.restored.insert(labels.clone(), active_at_ms);
    }

    /// Takes back alerts as an earlier process knew them.
    pub fn resume(&mut self, alerts: impl IntoIterator<Item = Alert>) {
        self.active.extend(alerts.into_iter().map(|alert| (alert.labels.clone(), alert)));
    }

    /// Whether one is pending or firing that is not among these series.
    pub fn are_missed_by(&self, vector: &[(Labels, Sample)]) -> bool {
        let given: BTreeSet<Labels> = vector.iter().map(|(labels, _)| labels.without_name()).collect();
        let mut active = self.active.values().filter(|alert| alert.state != AlertState::Resolved);
        active.any(|alert| !given.contains(&alert.series))
    }

    /// Moves every alert on; gives the series that tell of them.
    pub fn evaluate(
        &mut self,
        rule: &Rule,
        vector: Vec<(Labels, Sample)>,
        inputs: &Inputs,
        time_ms: i64,
        context: &Context,
        ask: &mut Asked,
    ) -> Result<Vec<(Labels, Sample)>, Error> {
        let mut found: BTreeMap<Labels, Alert> = BTreeMap::new();
        for (labels, sample) in vector {
            let alert = expanded(rule, &labels, &sample, time_ms, context, ask);
            match found.entry(alert.labels.clone()) {
                Entry::Vacant(entry) => drop(entry.insert(alert)),
                Entry::Occupied(_) => {
                    let message =
                        "vector contains metrics with the same labelset after applying alert labels";
                    return Err(Error::Execution(message.to_owned()));
                }
            }
        }
        let present: BTreeSet<Labels> = found.keys().cloned().collect();
        for (labels, mut alert) in found {
            match self.active.get_mut(&labels).filter(|known| known.state != AlertState::Resolved) {
                Some(known) => (known.value, known.annotations) = (alert.value, alert.annotations),
                // What seems absent may only not have come yet.
                None if context.settling && rule.expr.contains("absent") => {}
                None => {
                    alert.active_at_ms = self.restored.remove(&labels).unwrap_or(time_ms);
                    self.active.insert(labels, alert);
                }
            }
        }
        self.restored.clear();
        self.active.retain(|labels, alert| {
            let seen = match present.contains(labels) {
                true => Seen::True,
                false if inputs.are_missing(&alert.series) => Seen::Nothing,
                false => Seen::False,
            };
            step(alert, rule, seen, time_ms)
        });
        let told: Vec<&Alert> =
            self.active.values().filter(|alert| alert.state != AlertState::Resolved).collect();
        if context.limit > 0 && told.len() > context.limit {
            let message = format!("exceeded limit of {} with {} alerts", context.limit, told.len());
            self.active.clear();
            return Err(Error::LimitExceeded(message));
        }
        Ok(told.into_iter().flat_map(series).collect())
    }
}

/// What an evaluation saw of an alert's condition.
#[derive(Clone, Copy, PartialEq)]
enum Seen {
    True,
    False,
    Nothing,
}

/// One alert at an evaluation; false when it is to be forgotten.
fn step(alert: &mut Alert, rule: &Rule, seen: Seen, time_ms: i64) -> bool {
    let settings = rule.alert.clone().unwrap_or_default();
    if seen == Seen::Nothing && alert.state != AlertState::Resolved {
        let since = *alert.unknown_since_ms.get_or_insert(time_ms);
        if time_ms - since < UNKNOWN_KEPT_MS {
            return true;
        }
    } else {
        alert.unknown_since_ms = None;
    }
    if seen == Seen::True {
        alert.keep_firing_since_ms = None;
    } else {
        match alert.state {
            AlertState::Pending => return false,
            AlertState::Resolved => {
                return alert.resolved_at_ms.is_none_or(|at| time_ms - at <= RESOLVED_KEPT_MS);
            }
            AlertState::Firing => {
                let since = *alert.keep_firing_since_ms.get_or_insert(time_ms);
                if time_ms - since >= settings.keep_firing_for_ms {
                    alert.keep_firing_since_ms = None;
                    (alert.state, alert.resolved_at_ms) = (AlertState::Resolved, Some(time_ms));
                }
                return true;
            }
        }
    }
    if alert.state == AlertState::Pending && time_ms - alert.active_at_ms >= settings.for_ms {
        (alert.state, alert.fired_at_ms) = (AlertState::Firing, Some(time_ms));
    }
    true
}

/// The alert of one series, with its templates filled in.
fn expanded(
    rule: &Rule,
    labels: &Labels,
    sample: &Sample,
    time_ms: i64,
    context: &Context,
    ask: &mut Asked,
) -> Alert {
    let data = TemplateData {
        labels: labels.clone(),
        external_labels: Labels::new(context.external_labels.iter().cloned()),
        external_url: context.external_url.clone(),
        value: sample.clone(),
        time_ms,
    };
    let mut expand = |(name, text): &(String, String)| (name.clone(), template::expand(text, &data, ask));
    let own: Vec<(String, String)> = rule.labels.iter().map(&mut expand).collect();
    let annotations: Vec<(String, String)> =
        rule.alert.iter().flat_map(|alert| &alert.annotations).map(&mut expand).collect();
    let series = labels.without_name();
    let found = series.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
    let name = [(ALERT_NAME.to_owned(), rule.name.clone())];
    Alert {
        labels: Labels::new(found.chain(own).chain(name)),
        annotations: Labels::new(annotations),
        state: AlertState::Pending,
        value: sample.float().unwrap_or(0.0),
        active_at_ms: time_ms,
        series,
        fired_at_ms: None,
        keep_firing_since_ms: None,
        unknown_since_ms: None,
        resolved_at_ms: None,
    }
}

/// The annotations of an alert with these labels.
pub fn annotations(rule: &Rule, labels: &Labels, value: f64, time_ms: i64, ask: &mut Asked) -> Labels {
    let data = TemplateData {
        labels: labels.clone(),
        external_labels: Labels::default(),
        external_url: String::new(),
        value: Sample::Float(value),
        time_ms,
    };
    let texts = rule.alert.iter().flat_map(|alert| &alert.annotations);
    Labels::new(texts.map(|(name, text)| (name.clone(), template::expand(text, &data, ask))))
}

/// What `ALERTS` and `ALERTS_FOR_STATE` say of an alert.
fn series(alert: &Alert) -> [(Labels, Sample); 2] {
    let state = alert.labels.with(ALERT_STATE, alert.state.as_str()).with(METRIC_NAME, ALERTS);
    let since = alert.active_at_ms.div_euclid(1_000) as f64;
    [(state, Sample::Float(1.0)), (alert.labels.with(METRIC_NAME, ALERTS_FOR_STATE), Sample::Float(since))]
}

#[cfg(test)]
mod tests {
    use crate::promql::labels::Labels;
    use crate::promql::value::Sample;
    use crate::promql::{Answer, Data};
    use crate::rules::{Context, Inputs, RuleState};

    fn state(settings: &str) -> RuleState {
        let text = format!("groups: [{{name: g, rules: [{{alert: Down, expr: up == 0, {settings}}}]}}]");
        RuleState::new(crate::rules::file::parse("r.yml", &text).unwrap()[0].rules[0].clone())
    }

    /// The states after an evaluation at this minute, at which the expression is true or not.
    fn check(state: &mut RuleState, minute: i64, is_true: bool) -> String {
        check_with(state, minute, is_true, Inputs::Complete)
    }

    fn check_with(state: &mut RuleState, minute: i64, is_true: bool, inputs: Inputs) -> String {
        let vector = is_true.then(|| (Labels::new([("job", "a")]), Sample::Float(0.0)));
        let data = Data::Vector(0, vector.into_iter().collect());
        let answer = Answer { data, warnings: Vec::new(), infos: Vec::new(), samples: Default::default() };
        let mut ask = |_, _: &_, _| Ok(answer.clone());
        state
            .evaluate(minute * 60_000, &Context::default(), &mut ask, &mut |_, _, _| inputs.clone())
            .unwrap();
        let shown = |alert: &super::Alert| {
            format!("{}{}", alert.state.as_str(), if alert.unknown_since_ms.is_some() { "?" } else { "" })
        };
        state.alerts().map(shown).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_is_not_known_neither_resolves_nor_fires() {
        let mut state = state("for: 2m");
        let course: Vec<String> = [
            (1, true, Inputs::Complete),
            (2, false, Inputs::Incomplete),
            (3, true, Inputs::Complete),
            (4, false, Inputs::Incomplete),
            (5, true, Inputs::Complete),
            (6, false, Inputs::Incomplete),
            (65, false, Inputs::Incomplete),
            (66, false, Inputs::Incomplete),
        ]
        .into_iter()
        .map(|(minute, is_true, inputs)| check_with(&mut state, minute, is_true, inputs))
        .collect();
        assert_eq!(
            course,
            ["pending", "pending?", "firing", "firing?", "firing", "firing?", "firing?", "inactive?"],
            "after an hour its source is taken as gone"
        );
    }

    #[test]
    fn an_alert_waits_fires_and_resolves() {
        let mut state = state("for: 2m");
        let course: Vec<String> =
            (0..7).map(|minute| check(&mut state, minute, (1..5).contains(&minute))).collect();
        assert_eq!(course, ["", "pending", "pending", "firing", "firing", "inactive", "inactive"]);
        assert_eq!(check(&mut state, 21, false), "", "forgotten after a while");
        assert_eq!(
            (check(&mut state, 22, true), check(&mut state, 23, false)),
            ("pending".into(), "".into())
        );
    }

    #[test]
    fn keep_firing_for_bridges_a_gap() {
        let mut state = state("keep_firing_for: 2m");
        let course: Vec<String> = [true, false, false, true, false, false, false]
            .iter()
            .enumerate()
            .map(|(minute, is_true)| check(&mut state, minute as i64, *is_true))
            .collect();
        assert_eq!(course, ["firing", "firing", "firing", "firing", "firing", "firing", "inactive"]);
    }

    #[test]
    fn a_restored_alert_goes_on_waiting() {
        let mut state = state("for: 10m");
        state.restore_alert(&Labels::new([("alertname", "Down"), ("job", "a")]), 60_000);
        assert_eq!(check(&mut state, 10, true), "pending");
        assert_eq!(check(&mut state, 11, true), "firing");
    }
}
