//! OpenSLO v1: documents that name each other.

mod read;
mod spec;

use super::documents::{Document, Found};
use super::model::{Condition, Slo};
use crate::promql::duration_ms;
use crate::rules::Problem;
use crate::rules::file::yaml::{self, Step};
use spec::{AnySpec, BurnSpec, ConditionSpec, Named, PolicySpec, SliSpec, SloSpec};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What other documents may name.
#[derive(Clone, Debug, Default)]
pub struct Known {
    indicators: BTreeMap<String, SliSpec>,
    policies: BTreeMap<String, PolicySpec>,
    conditions: BTreeMap<String, ConditionSpec>,
    /// Their type.
    sources: BTreeMap<String, String>,
}

const KINDS: &str = "Service, SLO, SLI, DataSource, AlertPolicy, AlertCondition, AlertNotificationTarget";

/// `others` are those of all files; the file's own go before them.
pub fn read(file: &Arc<str>, documents: &[Document], others: &Known) -> Result<Vec<Slo>, Vec<Problem>> {
    let (mut known, mut problems, mut slos) = (others.clone(), Vec::new(), Vec::new());
    for document in documents {
        if let Err(found) = known.take(document) {
            problems.extend(found);
        }
    }
    for document in documents.iter().filter(|document| document.word("kind").as_deref() == Some("SLO")) {
        match read_slo(file, document, &known) {
            Ok(read) => slos.extend(read),
            Err(found) => problems.extend(found),
        }
    }
    if problems.is_empty() { Ok(slos) } else { Err(problems) }
}

fn parse<T: Default + serde::de::DeserializeOwned>(document: &Document) -> Result<Named<T>, Vec<Problem>> {
    yaml::read(document.text).map_err(|problem| vec![document.placed(problem)])
}

impl Known {
    pub fn take(&mut self, document: &Document) -> Result<(), Vec<Problem>> {
        let mut found = Found::new(*document);
        let version = document.word("apiVersion").unwrap_or_default();
        if !matches!(version.as_str(), "openslo/v1" | "openslo/v1alpha") {
            let message = format!("apiVersion {version:?}: openslo/v1 and openslo/v1alpha are known");
            found.at(&[Step::Value("apiVersion")], message);
        }
        match document.word("kind").unwrap_or_default().as_str() {
            "SLO" => {}
            "SLI" => {
                let of = parse::<SliSpec>(document)?;
                self.indicators.insert(of.metadata.name, of.spec);
            }
            "AlertPolicy" => {
                let of = parse::<PolicySpec>(document)?;
                found.within(&[Step::Value("spec")], |found| check_policy(&of.spec, found));
                self.policies.insert(of.metadata.name, of.spec);
            }
            "AlertCondition" => {
                let of = parse::<ConditionSpec>(document)?;
                found.within(&[Step::Value("spec")], |found| {
                    condition_of("", &of.spec, found);
                });
                self.conditions.insert(of.metadata.name, of.spec);
            }
            "DataSource" => {
                let of = parse::<AnySpec>(document)?;
                self.sources.insert(of.metadata.name, of.spec.kind);
            }
            "Service" | "AlertNotificationTarget" => drop(parse::<AnySpec>(document)?),
            other => found.at(&[Step::Value("kind")], format!("kind {other:?}: there are {KINDS}")),
        }
        if found.problems.is_empty() { Ok(()) } else { Err(found.problems) }
    }
}

fn read_slo(file: &Arc<str>, document: &Document, known: &Known) -> Result<Vec<Slo>, Vec<Problem>> {
    let of = parse::<SloSpec>(document)?;
    let mut found = Found::new(*document);
    let slos = read::slos_of(file, &of, known, &mut found);
    if found.problems.is_empty() { Ok(slos) } else { Err(found.problems) }
}

fn check_policy(of: &PolicySpec, found: &mut Found) {
    for (key, is_set) in [
        ("alertWhenNoData", of.alert_when_no_data),
        ("alertWhenBreaching", of.alert_when_breaching == Some(false)),
    ] {
        if is_set {
            let message = format!(
                "{key} as it is here is not possible: an alert comes when the budget burns, and what is not known is a state of its own; leave it out"
            );
            found.at(&[Step::Key(key)], message);
        }
    }
}

/// A burn-rate condition, if nothing is wrong with it.
fn condition_of(name: &str, of: &ConditionSpec, found: &mut Found) -> Option<Condition> {
    let burn = &of.condition;
    found.within(&[Step::Value("condition")], |found| {
        if !burn.kind.is_empty() && !burn.kind.eq_ignore_ascii_case("burnrate") {
            let message = format!("condition kind {:?}: only burnrate is known", burn.kind);
            found.at(&[Step::Value("kind")], message);
        }
        let threshold = burn.threshold.filter(|threshold| *threshold >= 0.0);
        if threshold.is_none() {
            found.here("a condition needs `threshold`, a burn rate such as 2");
        }
        let op = op_of(burn, found);
        let lookback_ms = length(&burn.lookback_window, "lookbackWindow", found).filter(|ms| *ms > 0);
        if burn.lookback_window.is_empty() {
            found.here("a condition needs `lookbackWindow`, as 1h");
        }
        let after_ms = length(&burn.alert_after, "alertAfter", found).unwrap_or_default();
        Some(Condition {
            name: name.to_owned(),
            severity: of.severity.clone(),
            description: of.description.clone(),
            op: op?,
            threshold: threshold?,
            lookback_ms: lookback_ms?,
            after_ms,
        })
    })
}

/// `lte` says that the threshold is less than or equal to the burn rate; it is the one that OpenSLO's text has.
fn op_of(burn: &BurnSpec, found: &mut Found) -> Option<&'static str> {
    match burn.op.as_str() {
        "" | "lte" | "gte" => Some(">="),
        "lt" | "gt" => Some(">"),
        other => {
            found.at(&[Step::Value("op")], format!("op {other:?}: lt, lte, gt or gte"));
            None
        }
    }
}

fn length(text: &str, key: &'static str, found: &mut Found) -> Option<i64> {
    if text.is_empty() {
        return None;
    }
    let ms = duration_ms(text);
    if ms.is_none() {
        found.at(&[Step::Value(key)], format!("{text:?} is no duration such as 5m or 1h"));
    }
    ms
}
