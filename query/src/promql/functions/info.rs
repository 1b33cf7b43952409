//! `info`: adds the labels of a target's info metric (`target_info` unless the second argument
//! names another) to the series of that target, which are told by `job` and `instance`.

use crate::Error;
use crate::promql::ast::{Call, ExprKind, Selector, Span};
use crate::promql::eval::Eval;
use crate::promql::labels::{Labels, METRIC_NAME};
use crate::promql::merge::merge_equal;
use crate::promql::select::Matcher;
use crate::promql::value::{Series, Value};
use std::collections::HashMap;

const TARGET_INFO: &str = "target_info";
/// What tells a target.
const IDENTITY: [&str; 2] = ["instance", "job"];

/// The matchers by which the info metrics are selected: their names. The others choose labels.
pub fn name_matchers(selector: &Selector) -> Vec<Matcher> {
    let names = selector.matchers.iter().filter(|matcher| matcher.name == METRIC_NAME);
    let names: Vec<Matcher> = names.cloned().collect();
    if names.is_empty() { vec![Matcher::equal(METRIC_NAME, TARGET_INFO)] } else { names }
}

pub fn info(eval: &Eval, call: &Call, _: &Span) -> Result<Value, Error> {
    let base = eval.vector(&call.args[0])?;
    let Some(ExprKind::Vector(selector)) = call.args.get(1).map(|arg| &arg.unwrapped().kind) else {
        return Err(Error::Internal("info() was planned without its selector".to_owned()));
    };
    let names = name_matchers(selector);
    let is_info = |labels: &Labels| names.iter().all(|matcher| matcher.matches(labels.metric_name()));
    let data: Vec<&Matcher> = selector.matchers.iter().filter(|m| m.name != METRIC_NAME).collect();
    let passes = |labels: &Labels| data.iter().all(|matcher| matcher.matches(labels.get(&matcher.name)));
    let mut targets: HashMap<Labels, Vec<Series>> = HashMap::new();
    for series in eval.select_instant(selector, |point| point.sample)? {
        if passes(&series.labels) {
            targets.entry(identity(&series.labels)).or_default().push(series);
        }
    }
    let optional = data.iter().all(|matcher| matcher.matches(""));
    let mut out = Vec::new();
    for series in base {
        eval.check()?;
        if is_info(&series.labels) {
            out.push(series);
            continue;
        }
        let infos = targets.get(&identity(&series.labels)).map_or(&[][..], Vec::as_slice);
        enrich(&series, infos, &data, optional, &mut out)?;
    }
    Ok(Value::Vector(merge_equal(out)?))
}

fn identity(labels: &Labels) -> Labels {
    labels.filtered(|name| IDENTITY.contains(&name))
}

/// The series once for every set of labels that its target had over the steps.
fn enrich(
    series: &Series,
    infos: &[Series],
    data: &[&Matcher],
    optional: bool,
    out: &mut Vec<Series>,
) -> Result<(), Error> {
    let mut places: HashMap<Labels, usize> = HashMap::new();
    for (step, cell) in series.values.iter().enumerate() {
        let Some(sample) = cell else { continue };
        let current: Vec<&Series> = infos.iter().filter(|info| info.values[step].is_some()).collect();
        if current.is_empty() && !optional {
            continue;
        }
        let mut labels = series.labels.clone();
        let mut seen: Vec<&str> = Vec::new();
        for info in current {
            let name = info.labels.metric_name();
            if seen.contains(&name) {
                return Err(Error::Execution(format!(
                    "found duplicate series for info metric: {}",
                    info.labels
                )));
            }
            seen.push(name);
            labels = with_data(&labels, &series.labels, &info.labels, data)?;
        }
        let place = *places.entry(labels.clone()).or_insert_with(|| {
            let values = vec![None; series.values.len()];
            out.push(Series { labels, drop_name: series.drop_name, values });
            out.len() - 1
        });
        out[place].values[step] = Some(sample.clone());
    }
    Ok(())
}

/// The series' own labels win; two info metrics must not disagree.
fn with_data(labels: &Labels, own: &Labels, info: &Labels, data: &[&Matcher]) -> Result<Labels, Error> {
    let mut labels = labels.clone();
    for (name, value) in info.iter() {
        let asked = data.is_empty() || data.iter().any(|matcher| matcher.name == name);
        if !asked || name == METRIC_NAME || IDENTITY.contains(&name) || !own.get(name).is_empty() {
            continue;
        }
        let known = labels.get(name);
        if !known.is_empty() && known != value {
            return Err(Error::Execution(format!("conflicting label: {name}")));
        }
        labels = labels.with(name, value);
    }
    Ok(labels)
}
