//! The rule engine in `/metrics`.

use ocelli_api::rules::{RuleGroup, RulesResponse};
use prometheus::{CounterVec, GaugeVec, Opts, Registry};

/// Fills a registry with the figures of all groups.
pub fn register(rules: &RulesResponse, registry: &Registry) -> prometheus::Result<()> {
    type Figure = fn(&RuleGroup) -> f64;
    let counters: [(&str, &str, Figure); 3] = [
        ("ocelli_rule_group_evaluations_total", "Evaluations of a group of rules.", |group| {
            group.evaluations as f64
        }),
        (
            "ocelli_rule_group_missed_total",
            "Evaluations that were left out: too slow, or a clock that jumped.",
            |group| group.missed as f64,
        ),
        ("ocelli_rule_failures_total", "Evaluations of a rule that failed.", |group| {
            group.rules.iter().map(|rule| rule.failures as f64).sum()
        }),
    ];
    let gauges: [(&str, &str, Figure); 5] = [
        ("ocelli_rule_group_rules", "Rules of a group.", |group| group.rules.len() as f64),
        ("ocelli_rule_group_interval_seconds", "Between two evaluations.", |group| {
            group.interval_ms as f64 / 1e3
        }),
        ("ocelli_rule_group_last_duration_seconds", "How long the last evaluation took.", |group| {
            group.evaluation_ms / 1e3
        }),
        (
            "ocelli_rule_group_last_evaluation_timestamp_seconds",
            "The time of the last evaluation.",
            |group| group.last_evaluation.map_or(0.0, |at| at.0 as f64 / 1e9),
        ),
        ("ocelli_rule_group_backfill_pending_seconds", "Of the past, what is not computed yet.", pending),
    ];
    for (name, help, figure) in counters {
        let counter = CounterVec::new(Opts::new(name, help), &["file", "rule_group"])?;
        registry.register(Box::new(counter.clone()))?;
        for group in &rules.groups {
            counter.with_label_values(&[&group.file, &group.name]).inc_by(figure(group));
        }
    }
    for (name, help, figure) in gauges {
        let gauge = GaugeVec::new(Opts::new(name, help), &["file", "rule_group"])?;
        registry.register(Box::new(gauge.clone()))?;
        for group in &rules.groups {
            gauge.with_label_values(&[&group.file, &group.name]).set(figure(group));
        }
    }
    Ok(())
}

/// The rule that is furthest behind counts.
fn pending(group: &RuleGroup) -> f64 {
    let behind = group.rules.iter().filter_map(|rule| rule.backfill.as_ref());
    behind.map(|past| (past.to.0 - past.done.0) as f64 / 1e9).fold(0.0, f64::max)
}
