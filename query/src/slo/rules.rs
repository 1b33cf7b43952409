//! The rules that are made of an objective: counts of events, error ratios over windows, alerts.
//!
//! Each slot of the group holds the events of the time since the slot before, so that a window of whatever
//! length is the sum of counts: exact, and cheap. A mean of ratios, which is what Sloth has for the
//! whole period, would weigh an hour of the night as one of the day. Names and labels are Sloth's, so that
//! its dashboards show them.

mod alerts;
mod counts;
mod metadata;
mod ratios;

pub use counts::labels as span_labels;
pub use metadata::NAMES as METADATA;

use super::model::{Labels, Slo, merged};
use super::windows::{Pair, RECORDED_MS, pairs};
use crate::promql::duration_text;
use crate::rules::{AlertSettings, Group, Language, Rule};
use std::collections::BTreeSet;

pub const TOTAL: &str = "slo:sli_events:total";
pub const BAD: &str = "slo:sli_events:bad";

/// Points that are sent at a slot's time have this long to come in.
const OFFSET_MS: i64 = 15_000;
/// Long windows move slowly. Still within the time that a query looks back for a sample, where slots are not longer.
const SLOW_MS: i64 = 4 * 60_000;
/// Windows up to here are evaluated at every slot.
const FAST_MS: i64 = 6 * 3_600_000;

/// The names of all groups that an objective may have; the first counts its events.
pub fn group_names(slo: &Slo) -> [String; 4] {
    let id = slo.id();
    ["", "-slow", "-metadata", "-alerts"].map(|end| format!("slo-{id}{end}"))
}

/// The groups of an objective: what pages, what may wait, and what is to be evaluated at intervals of its own.
pub fn groups(slo: &Slo) -> Vec<Group> {
    let made = Made::new(slo);
    let (mut fast, mut slow) = (counts::rules(&made), Vec::new());
    let (quick, long): (Vec<i64>, Vec<i64>) = made.windows().into_iter().partition(|ms| *ms <= FAST_MS);
    fast.extend(quick.iter().flat_map(|ms| made.of_window(*ms)));
    slow.extend(long.iter().flat_map(|ms| made.of_window(*ms)));
    let interval_ms = slo.interval_ms();
    let slow_ms = interval_ms * (SLOW_MS / interval_ms).max(1);
    // More often than its inputs nothing changes.
    let own_ms = |asked: Option<i64>| asked.filter(|ms| *ms > interval_ms);
    let (metadata_ms, alert_ms) = (own_ms(slo.shape.metadata_ms), own_ms(slo.shape.alert_ms));
    let (mut metadata, mut alerts) = (Vec::new(), Vec::new());
    if slo.shape.has_metadata {
        let at_once = metadata_ms.is_none();
        (if at_once { &mut fast } else { &mut metadata }).extend(made.metadata());
        (if at_once { &mut slow } else { &mut metadata }).extend(made.period());
    }
    for (rule, is_fast) in alerts::rules(&made) {
        let into = match (alert_ms, is_fast) {
            (Some(_), _) => &mut alerts,
            (None, true) => &mut fast,
            (None, false) => &mut slow,
        };
        into.push(rule);
    }
    let is_of_events = fast.first().is_some_and(|rule| rule.language != Language::PromQl);
    let group = |name: String, interval_ms: i64, rules: Vec<Rule>| Group {
        file: slo.file.clone(),
        name,
        interval_ms: Some(interval_ms),
        // Late spans and lines are waited for by the group itself.
        query_offset_ms: (!is_of_events).then_some(OFFSET_MS),
        limit: 0,
        rules,
    };
    let [fast_name, slow_name, metadata_name, alerts_name] = group_names(slo);
    let mut groups = vec![group(fast_name, interval_ms, fast), group(slow_name, slow_ms, slow)];
    groups.extend(metadata_ms.map(|ms| group(metadata_name, ms, metadata)));
    groups.extend(alert_ms.map(|ms| group(alerts_name, ms, alerts)));
    groups.retain(|group| !group.rules.is_empty());
    groups
}

/// What the rules of an objective share.
struct Made<'a> {
    slo: &'a Slo,
    pairs: [Pair; 4],
    period_ms: i64,
}

impl<'a> Made<'a> {
    fn new(slo: &'a Slo) -> Made<'a> {
        let period_ms = slo.window.nominal_ms();
        Made { slo, pairs: pairs(slo), period_ms }
    }

    fn ids(&self) -> Labels {
        ids(self.slo)
    }

    /// `{sloth_id="…",…}`.
    fn selector(&self) -> String {
        selector(self.slo)
    }

    /// Every window that has a ratio, shortest first.
    fn windows(&self) -> BTreeSet<i64> {
        let of_pairs = self.pairs.iter().flat_map(|pair| [pair.long_ms, pair.short_ms]);
        let of_conditions = self.slo.alerting.conditions.iter().map(|condition| condition.lookback_ms);
        let interval_ms = self.slo.interval_ms();
        let all = RECORDED_MS.into_iter().chain(of_pairs).chain(of_conditions).chain([self.period_ms]);
        all.filter(|ms| *ms >= interval_ms).collect()
    }

    fn record(&self, name: impl Into<String>, expr: String, labels: Labels) -> Rule {
        Rule { name: name.into(), expr, language: Language::PromQl, labels, alert: None }
    }

    /// Of metadata and ratios: labels of the objective's own too.
    fn with_labels(&self, name: impl Into<String>, expr: String, more: Labels) -> Rule {
        let name = name.into();
        let labels = merged([&self.slo.labels, &self.ids(), &more]);
        let labels = self.slo.shape.labels(&name, &labels, &self.slo.labels);
        self.record(name, expr, labels)
    }
}

/// The labels by which the series of an objective are found.
pub fn ids(slo: &Slo) -> Labels {
    let ids =
        [("sloth_id", slo.id()), ("sloth_service", slo.service.clone()), ("sloth_slo", slo.name.clone())];
    ids.into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

pub fn selector(slo: &Slo) -> String {
    let ids: Vec<String> = ids(slo).iter().map(|(name, value)| format!("{name}={}", quoted(value))).collect();
    format!("{{{}}}", ids.join(","))
}

/// As PromQL quotes a text.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

/// Without the digits that binary adds.
pub(super) fn number(value: f64) -> String {
    ((value * 1e9).round() / 1e9).to_string()
}

fn alert_settings(for_ms: i64, annotations: Labels) -> Option<AlertSettings> {
    Some(AlertSettings { for_ms, keep_firing_for_ms: 0, annotations })
}

/// The groups as a Prometheus rule file, to be looked at.
pub fn as_yaml(groups: &[Group]) -> String {
    use serde_json::{Map, Value, json};
    let pairs = |labels: &Labels| -> Value {
        labels
            .iter()
            .map(|(name, value)| (name.clone(), Value::from(value.clone())))
            .collect::<Map<_, _>>()
            .into()
    };
    let rule = |rule: &Rule| {
        let mut of = Map::new();
        let kind = if rule.alert.is_some() { "alert" } else { "record" };
        of.insert(kind.to_owned(), json!(rule.name));
        of.insert("expr".to_owned(), json!(rule.expr));
        of.insert("labels".to_owned(), pairs(&rule.labels));
        if let Some(alert) = &rule.alert {
            if alert.for_ms > 0 {
                of.insert("for".to_owned(), json!(duration_text(alert.for_ms)));
            }
            of.insert("annotations".to_owned(), pairs(&alert.annotations));
        }
        Value::Object(of)
    };
    let group = |group: &Group| {
        let mut of = Map::new();
        of.insert("name".to_owned(), json!(group.name));
        of.extend(group.interval_ms.map(|ms| ("interval".to_owned(), json!(duration_text(ms)))));
        of.extend(group.query_offset_ms.map(|ms| ("query_offset".to_owned(), json!(duration_text(ms)))));
        of.insert("rules".to_owned(), group.rules.iter().map(rule).collect());
        Value::Object(of)
    };
    let file = json!({ "groups": groups.iter().map(group).collect::<Vec<_>>() });
    serde_yaml_ng::to_string(&file).unwrap_or_default()
}

#[cfg(test)]
mod tests;
