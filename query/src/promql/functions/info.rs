//! `info`: adds the labels of a target's info metric (`target_info` unless the second argument
//! names another) to the series of that target, which are told by `job` and `instance`.

use crate::Error;
use crate::promql::ast::{Call, Expr, ExprKind, Selector, Span, TimeShift, ValueType};
use crate::promql::duration::DurationExpr;
use crate::promql::eval::Eval;
use crate::promql::labels::{Labels, METRIC_NAME};
use crate::promql::merge::merge_equal;
use crate::promql::select::{MatchOp, Matcher};
use crate::promql::value::{Series, Value};
use std::collections::{BTreeMap, HashMap};

const TARGET_INFO: &str = "target_info";
/// What tells a target.
const IDENTITY: [&str; 2] = ["instance", "job"];

/// The matchers by which the info metrics are selected: their names. The others choose labels.
pub fn name_matchers(selector: &Selector) -> Vec<Matcher> {
    let names = selector.matchers.iter().filter(|matcher| matcher.name == METRIC_NAME);
    let mut names: Vec<Matcher> = names.cloned().collect();
    if names.is_empty() {
        return vec![Matcher::equal(METRIC_NAME, TARGET_INFO)];
    }
    if !names.iter().any(|matcher| matches!(matcher.op, MatchOp::Equal | MatchOp::Regex)) {
        names.extend(Matcher::new(MatchOp::Regex, METRIC_NAME, ".+_info"));
    }
    names
}

/// The time that all selectors of the first argument look at, which the info metrics are then
/// looked at too. None where they differ, or where some vector comes without a selector.
pub fn common_time(expr: &Expr) -> Option<TimeShift> {
    let mut found = Vec::new();
    let mut path = Vec::new();
    let complete = collect_times(expr, &mut path, &mut found).0;
    let first = found.first()?;
    let same = |other: &TimeShift| match (&first.at, &other.at) {
        (Some(_), Some(_)) => first.apply(0) == other.apply(0),
        (None, None) => first.offset == other.offset,
        _ => false,
    };
    (complete && found.iter().all(same)).then(|| first.clone())
}

/// Whether every vector below comes from a selector, and whether there is one. `path` holds the
/// subqueries around.
fn collect_times<'a>(
    expr: &'a Expr,
    path: &mut Vec<&'a TimeShift>,
    found: &mut Vec<TimeShift>,
) -> (bool, bool) {
    if !matches!(expr.value_type(), ValueType::Vector | ValueType::Matrix) {
        return (true, false);
    }
    let children: Vec<&Expr> = match &expr.kind {
        ExprKind::Vector(selector) | ExprKind::Matrix(selector, _) => {
            found.push(shifted(&selector.time, path));
            return (true, true);
        }
        ExprKind::Subquery(subquery) => {
            path.push(&subquery.time);
            let below = collect_times(&subquery.expr, path, found);
            path.pop();
            return below;
        }
        ExprKind::Call(call) if call.function.name == "info" => vec![&call.args[0]],
        ExprKind::Call(call) => call.args.iter().collect(),
        ExprKind::Paren(inner) | ExprKind::Negate(inner) => vec![inner],
        ExprKind::Binary(binary) => vec![&binary.lhs, &binary.rhs],
        ExprKind::Aggregate(aggregate) => aggregate.param.iter().chain([&aggregate.expr]).collect(),
        ExprKind::Number(_) | ExprKind::Text(_) => Vec::new(),
    };
    let (mut complete, mut any) = (true, false);
    for child in children {
        let (child_complete, child_any) = collect_times(child, path, found);
        complete &= child_complete;
        any |= child_any;
    }
    (complete && any, any)
}

/// Subqueries around shift a selector further, until one of them is pinned.
fn shifted(time: &TimeShift, path: &[&TimeShift]) -> TimeShift {
    let offset = |time: &TimeShift| match time.offset {
        Some(DurationExpr::Ms(ms)) => ms,
        _ => 0,
    };
    let (mut at, mut total) = (time.at, offset(time));
    for outer in path.iter().rev() {
        if at.is_some() {
            break;
        }
        total += offset(outer);
        at = outer.at;
    }
    TimeShift { offset: Some(DurationExpr::Ms(total)), at }
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
    let mut targets: HashMap<Labels, Vec<Info>> = HashMap::new();
    for stored in eval.shared.data[selector.id].iter().filter(|series| passes(&series.labels)) {
        let identity = identity(&stored.labels);
        if !identity.is_empty() {
            let times = eval.sample_times(selector, stored);
            targets.entry(identity).or_default().push(Info { labels: stored.labels.clone(), times });
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

/// A series of an info metric, with the time of the sample that is current at each step.
struct Info {
    labels: Labels,
    times: Vec<Option<i64>>,
}

fn identity(labels: &Labels) -> Labels {
    labels.filtered(|name| IDENTITY.contains(&name))
}

/// The series once for every set of labels that its target had over the steps.
fn enrich(
    series: &Series,
    infos: &[Info],
    data: &[&Matcher],
    optional: bool,
    out: &mut Vec<Series>,
) -> Result<(), Error> {
    let mut places: HashMap<Labels, usize> = HashMap::new();
    for (step, cell) in series.values.iter().enumerate() {
        let Some(sample) = cell else { continue };
        let newest = newest_by_name(infos, step)?;
        if newest.is_empty() && !optional {
            continue;
        }
        let mut labels = series.labels.clone();
        for info in newest.values() {
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

/// The newest series of each info metric. Two that are equally new contradict each other.
fn newest_by_name(infos: &[Info], step: usize) -> Result<BTreeMap<&str, &Info>, Error> {
    let mut newest: BTreeMap<&str, (&Info, i64)> = BTreeMap::new();
    for info in infos {
        let Some(time) = info.times[step] else { continue };
        match newest.get(info.labels.metric_name()) {
            Some((known, known_time)) if *known_time == time => {
                return Err(Error::Execution(format!(
                    "found duplicate series for info metric: existing {} @ {time}, new {} @ {time}",
                    known.labels, info.labels
                )));
            }
            Some((_, known_time)) if *known_time > time => {}
            _ => {
                newest.insert(info.labels.metric_name(), (info, time));
            }
        }
    }
    Ok(newest.into_iter().map(|(name, (info, _))| (name, info)).collect())
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
