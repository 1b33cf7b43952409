//! Random expressions against an evaluator that is slow and obvious: it answers for one moment at
//! a time, looks at every sample of every series, and knows no index, window or plan.

use super::*;
use crate::promql::select::StoredSeries;
use crate::promql::value::{Samples, is_stale, stale_nan};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const LOOKBACK: i64 = DEFAULT_LOOKBACK_MS;
const NAME: &str = "__name__";

type Set = BTreeMap<String, String>;
type Stored = Vec<(Set, Vec<(i64, f64)>)>;

/// One sample of an instant vector. The name goes at the end where it is to be dropped.
#[derive(Clone, Debug)]
struct Cell {
    labels: Set,
    drop_name: bool,
    value: f64,
}

/// What can't be answered: two series are the same, or match more than they may.
#[derive(Clone, Copy, Debug)]
struct Ambiguous;

type Vector = Result<Vec<Cell>, Ambiguous>;

#[derive(Clone, Debug)]
enum Node {
    Select { name: &'static str, x: Option<u8>, offset_s: i64 },
    Range { function: &'static str, name: &'static str, range_s: i64 },
    Subquery { function: &'static str, inner: Box<Node>, range_s: i64, step_s: i64 },
    Aggregate { op: &'static str, by: bool, labels: Vec<&'static str>, inner: Box<Node> },
    Number { op: &'static str, number: i64, inner: Box<Node> },
    Pair { op: &'static str, on: Option<Vec<&'static str>>, left: Box<Node>, right: Box<Node> },
    Negate(Box<Node>),
}

impl Node {
    fn text(&self) -> String {
        match self {
            Node::Select { name, x, offset_s } => {
                let x = x.map_or(String::new(), |x| format!("{{x=\"{x}\"}}"));
                let offset = if *offset_s == 0 { String::new() } else { format!(" offset {offset_s}s") };
                format!("{name}{x}{offset}")
            }
            Node::Range { function, name, range_s } => format!("{function}({name}[{range_s}s])"),
            Node::Subquery { function, inner, range_s, step_s } => {
                format!("{function}(({})[{range_s}s:{step_s}s])", inner.text())
            }
            Node::Aggregate { op, by, labels, inner } => {
                let clause = if *by { "by" } else { "without" };
                format!("{op} {clause} ({}) ({})", labels.join(", "), inner.text())
            }
            Node::Number { op, number, inner } => format!("({} {op} {number})", inner.text()),
            Node::Pair { op, on, left, right } => {
                let on = on.as_ref().map_or(String::new(), |labels| format!("on ({})", labels.join(", ")));
                format!("({} {op} {on} {})", left.text(), right.text())
            }
            Node::Negate(inner) => format!("-({})", inner.text()),
        }
    }

    /// Whether a subquery is ambiguous between the ranges of the steps: it is asked once, for all
    /// of the time from the first range's start, also with Prometheus.
    fn ambiguous_between(&self, start: i64, end: i64, stored: &Stored) -> bool {
        match self {
            Node::Select { .. } | Node::Range { .. } => false,
            Node::Subquery { inner, range_s, step_s, .. } => {
                let start = start - range_s * 1000;
                let mut times = (start + 1..=end).filter(|at| at % (step_s * 1000) == 0);
                times.any(|at| inner.at(at, stored).is_err()) || inner.ambiguous_between(start, end, stored)
            }
            Node::Aggregate { inner, .. } | Node::Number { inner, .. } | Node::Negate(inner) => {
                inner.ambiguous_between(start, end, stored)
            }
            Node::Pair { left, right, .. } => {
                [left, right].iter().any(|side| side.ambiguous_between(start, end, stored))
            }
        }
    }

    fn at(&self, time: i64, stored: &Stored) -> Vector {
        match self {
            Node::Select { name, x, offset_s } => {
                let time = time - offset_s * 1000;
                let wanted = |labels: &Set| {
                    labels[NAME] == *name && x.is_none_or(|x| labels.get("x") == Some(&x.to_string()))
                };
                let current = |samples: &[(i64, f64)]| {
                    let last = samples.iter().rev().find(|(at, _)| *at <= time)?;
                    (last.0 > time - LOOKBACK && !is_stale(last.1)).then_some(last.1)
                };
                let found = stored.iter().filter(|(labels, _)| wanted(labels));
                let cell = |(labels, samples): &(Set, Vec<(i64, f64)>)| {
                    Some(Cell { labels: labels.clone(), drop_name: false, value: current(samples)? })
                };
                Ok(found.filter_map(cell).collect())
            }
            Node::Range { function, name, range_s } => {
                let found = stored.iter().filter(|(labels, _)| labels[NAME] == *name);
                let series = found.map(|(labels, samples)| (labels.clone(), false, samples.clone()));
                Ok(over(function, series, time - range_s * 1000, time))
            }
            Node::Subquery { function, inner, range_s, step_s } => {
                let (start, step) = (time - range_s * 1000, step_s * 1000);
                let mut series: BTreeMap<Set, (bool, Vec<(i64, f64)>)> = BTreeMap::new();
                for at in (start + 1..=time).filter(|at| at % step == 0) {
                    for cell in inner.at(at, stored)? {
                        let entry = series.entry(cell.labels).or_default();
                        entry.0 = cell.drop_name;
                        entry.1.push((at, cell.value));
                    }
                }
                let series = series.into_iter().map(|(labels, (drop, samples))| (labels, drop, samples));
                Ok(over(function, series, start, time))
            }
            Node::Aggregate { op, by, labels, inner } => {
                let mut groups: BTreeMap<Set, Vec<f64>> = BTreeMap::new();
                for cell in inner.at(time, stored)? {
                    let listed = |name: &str| labels.contains(&name);
                    let keep = |name: &str| if *by { listed(name) } else { !listed(name) && name != NAME };
                    groups.entry(only(&cell.labels, keep)).or_default().push(cell.value);
                }
                let cell = |(labels, values): (Set, Vec<f64>)| Cell {
                    labels,
                    drop_name: false,
                    value: folded(op, &values),
                };
                Ok(groups.into_iter().map(cell).collect())
            }
            Node::Number { op, number, inner } => {
                let number = *number as f64;
                let cells = inner.at(time, stored)?.into_iter();
                Ok(cells
                    .filter_map(|cell| {
                        let value = computed(op, cell.value, number)?;
                        let drop_name = cell.drop_name || !is_filter(op);
                        Some(Cell { value, drop_name, ..cell })
                    })
                    .collect())
            }
            Node::Pair { op, on, left, right } => {
                let (left, right) = (left.at(time, stored)?, right.at(time, stored)?);
                let matched = |cell: &Cell| match on {
                    Some(labels) => only(&cell.labels, |name| labels.contains(&name)),
                    None => only(&cell.labels, |name| name != NAME),
                };
                if ["and", "or", "unless"].contains(op) {
                    return Ok(chosen(op, left, right, matched));
                }
                paired(op, on.is_some(), &left, &right, matched)
            }
            Node::Negate(inner) => {
                let cells = inner.at(time, stored)?.into_iter();
                Ok(cells.map(|cell| Cell { value: -cell.value, drop_name: true, ..cell }).collect())
            }
        }
    }
}

fn only(labels: &Set, keep: impl Fn(&str) -> bool) -> Set {
    labels.iter().filter(|(name, _)| keep(name)).map(|(n, v)| (n.clone(), v.clone())).collect()
}

fn over(
    function: &str,
    series: impl Iterator<Item = (Set, bool, Vec<(i64, f64)>)>,
    start: i64,
    end: i64,
) -> Vec<Cell> {
    let cell = |(labels, drop, samples): (Set, bool, Vec<(i64, f64)>)| {
        let inside = samples.iter().filter(|(at, value)| *at > start && *at <= end && !is_stale(*value));
        let values: Vec<f64> = inside.map(|(_, value)| *value).collect();
        let last = *values.last()?;
        let changed = values.windows(2).filter(|pair| pair[0] != pair[1]).count();
        let value = match function {
            "sum_over_time" => values.iter().sum(),
            "count_over_time" => values.len() as f64,
            "max_over_time" => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            "changes" => changed as f64,
            _ => last,
        };
        Some(Cell { labels, drop_name: drop || function != "last_over_time", value })
    };
    series.filter_map(cell).collect()
}

fn folded(op: &str, values: &[f64]) -> f64 {
    let sum: f64 = values.iter().sum();
    match op {
        "sum" => sum,
        "avg" => sum / values.len() as f64,
        "min" => values.iter().copied().fold(f64::INFINITY, f64::min),
        "max" => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        _ => values.len() as f64,
    }
}

fn is_filter(op: &str) -> bool {
    [">", "<=", "=="].contains(&op)
}

/// None where a comparison fails.
fn computed(op: &str, a: f64, b: f64) -> Option<f64> {
    match op {
        "+" => Some(a + b),
        "-" => Some(a - b),
        "*" => Some(a * b),
        "> bool" => Some(f64::from(u8::from(a > b))),
        ">" => (a > b).then_some(a),
        "<=" => (a <= b).then_some(a),
        _ => (a == b).then_some(a),
    }
}

fn chosen(op: &str, left: Vec<Cell>, right: Vec<Cell>, matched: impl Fn(&Cell) -> Set) -> Vec<Cell> {
    let of = |cells: &[Cell]| cells.iter().map(&matched).collect::<BTreeSet<Set>>();
    match op {
        "and" => {
            let there = of(&right);
            left.into_iter().filter(|cell| there.contains(&matched(cell))).collect()
        }
        "unless" => {
            let there = of(&right);
            left.into_iter().filter(|cell| !there.contains(&matched(cell))).collect()
        }
        _ => {
            let there = of(&left);
            left.into_iter().chain(right.into_iter().filter(|cell| !there.contains(&matched(cell)))).collect()
        }
    }
}

/// One to one.
fn paired(op: &str, on: bool, left: &[Cell], right: &[Cell], matched: impl Fn(&Cell) -> Set) -> Vector {
    if left.is_empty() || right.is_empty() {
        return Ok(Vec::new());
    }
    let mut one: BTreeMap<Set, &Cell> = BTreeMap::new();
    for cell in right {
        if one.insert(matched(cell), cell).is_some() {
            return Err(Ambiguous);
        }
    }
    let mut used = BTreeSet::new();
    let mut out = Vec::new();
    for cell in left {
        let key = matched(cell);
        let Some(other) = one.get(&key) else { continue };
        if !used.insert(key.clone()) {
            return Err(Ambiguous);
        }
        let Some(value) = computed(op, cell.value, other.value) else { continue };
        let labels = if on || !(is_filter(op) || op == "> bool") { key } else { cell.labels.clone() };
        out.push(Cell { labels, drop_name: op == "> bool", value });
    }
    Ok(out)
}

/// What the query answers at one time, names taken off. An error where two series are the same.
fn finished(vector: Vector) -> Result<BTreeMap<Set, f64>, Ambiguous> {
    let mut out = BTreeMap::new();
    for cell in vector? {
        let labels = if cell.drop_name { only(&cell.labels, |name| name != NAME) } else { cell.labels };
        if out.insert(labels, cell.value).is_some() {
            return Err(Ambiguous);
        }
    }
    Ok(out)
}

/// Both sides of an `or` without names: whether a series that both can make loses its name is told
/// by the step at which it comes first, and this evaluator knows only one step.
fn pair(op: &'static str, on: Option<Vec<&'static str>>, left: Box<Node>, right: Box<Node>) -> Node {
    let unnamed = |inner| Box::new(Node::Aggregate { op: "sum", by: false, labels: Vec::new(), inner });
    let (left, right) = if op == "or" { (unnamed(left), unnamed(right)) } else { (left, right) };
    Node::Pair { op, on, left, right }
}

fn nodes() -> impl Strategy<Value = Node> {
    let name = prop::sample::select(vec!["a", "b"]);
    let functions = vec!["sum_over_time", "count_over_time", "max_over_time", "last_over_time", "changes"];
    let function = prop::sample::select(functions);
    let labels = prop::sample::subsequence(vec!["x", "y"], 0..=2);
    let offset = prop::sample::select(vec![0, 0, 25, -15]);
    let leaf = prop_oneof![
        (name.clone(), prop::option::of(1..=2_u8), offset).prop_map(|(name, x, offset_s)| Node::Select {
            name,
            x,
            offset_s
        }),
        (function.clone(), name, 5..60_i64).prop_map(|(function, name, range_s)| Node::Range {
            function,
            name,
            range_s
        }),
    ];
    leaf.prop_recursive(3, 12, 2, move |inner| {
        let boxed = inner.prop_map(Box::new);
        let op = prop::sample::select(vec!["+", "-", "*", ">", "<=", "==", "> bool"]);
        let set = prop::sample::select(vec!["and", "or", "unless"]);
        let aggregation = prop::sample::select(vec!["sum", "avg", "min", "max", "count"]);
        let both = prop_oneof![op.clone(), set];
        prop_oneof![
            (function.clone(), boxed.clone(), 10..90_i64, 5..30_i64).prop_map(
                |(function, inner, range_s, step_s)| Node::Subquery { function, inner, range_s, step_s }
            ),
            (aggregation, any::<bool>(), labels.clone(), boxed.clone())
                .prop_map(|(op, by, labels, inner)| Node::Aggregate { op, by, labels, inner }),
            (op, -3..9_i64, boxed.clone()).prop_map(|(op, number, inner)| Node::Number { op, number, inner }),
            (both, prop::option::of(labels.clone()), boxed.clone(), boxed.clone())
                .prop_map(|(op, on, left, right)| pair(op, on, left, right)),
            boxed.prop_map(Node::Negate),
        ]
    })
}

/// Samples about every 10 s, with gaps and stale markers; whole numbers, so that sums are exact.
fn stores() -> impl Strategy<Value = Stored> {
    let value = prop_oneof![8 => (-9..9_i64).prop_map(|v| Some(v as f64)), 1 => Just(Some(stale_nan())), 2 => Just(None)];
    let samples = prop::collection::vec((value, 0..9_000_i64), 25);
    let samples = samples.prop_map(|all| {
        let at =
            |(i, (value, jitter)): (usize, (Option<f64>, i64))| Some((i as i64 * 10_000 + jitter, value?));
        all.into_iter().enumerate().filter_map(at).collect::<Vec<_>>()
    });
    let keys =
        [("a", "1", "1"), ("a", "1", "2"), ("a", "2", ""), ("b", "1", "1"), ("b", "2", "2"), ("b", "", "2")];
    prop::collection::vec(samples, keys.len()).prop_map(move |all| {
        let set = |(name, x, y): (&str, &str, &str)| -> Set {
            let pairs = [(NAME, name), ("x", x), ("y", y)].into_iter().filter(|(_, value)| !value.is_empty());
            pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
        };
        keys.into_iter().map(set).zip(all).collect()
    })
}

fn engine(query: &Query, stored: &Stored) -> Result<BTreeMap<i64, BTreeMap<Set, f64>>, Error> {
    let mut select = |selection: &crate::promql::select::Selection| {
        let mut found = Vec::new();
        for (set, samples) in stored {
            let labels = Labels::new(set.iter().map(|(name, value)| (name.as_str(), value.as_str())));
            let mut kept = Samples::default();
            samples.iter().for_each(|(time, value)| kept.push(*time, Sample::Float(*value)));
            // Samples of other times than those that were asked for must not matter.
            if selection.matches(&labels) {
                found.push(StoredSeries { labels, samples: Arc::new(kept) });
            }
        }
        Ok(found)
    };
    let Data::Matrix(matrix) = run(query, &mut select, &|| Ok(()))?.data else {
        panic!("a range query gives a matrix");
    };
    let mut out: BTreeMap<i64, BTreeMap<Set, f64>> = BTreeMap::new();
    for (labels, samples) in matrix {
        let set: Set = labels.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        for (time, sample) in samples {
            out.entry(time).or_default().insert(set.clone(), sample.float().expect("floats alone"));
        }
    }
    Ok(out)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn random_expressions_agree(node in nodes(), stored in stores(), start in 0..200_000_i64, step in 1..60_000_i64) {
        let text = node.text();
        let query = Query::range(&text, start, start + 5 * step, step);
        let times = (0..=5).map(|i| start + i * step);
        let expected: Result<BTreeMap<i64, _>, Ambiguous> =
            times.map(|time| Ok((time, finished(node.at(time, &stored))?))).collect();
        match (engine(&query, &stored), expected) {
            (Ok(mut found), Ok(expected)) => {
                for (time, cells) in expected {
                    let found = found.remove(&time).unwrap_or_default();
                    let close = |(a, b): ((&Set, &f64), (&Set, &f64))| {
                        a.0 == b.0 && (a.1 - b.1).abs() <= 1e-9 * b.1.abs().max(1.0)
                    };
                    let same = found.len() == cells.len() && found.iter().zip(&cells).all(close);
                    prop_assert!(same, "{text} at {time}:\nengine   {found:?}\nexpected {cells:?}");
                }
            }
            (Err(Error::Execution(_)), Err(Ambiguous)) => {}
            (Err(Error::Execution(_)), Ok(_))
                if node.ambiguous_between(start, start + 5 * step, &stored) => {}
            (found, expected) => prop_assert!(false, "{text}:\nengine   {found:?}\nexpected {expected:?}"),
        }
    }
}
