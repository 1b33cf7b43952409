//! Search against an evaluator that is slow and plain: every trace, every span, every pair of spans.

use super::*;
use crate::logs::filter::id::to_hex;
use crate::logs::fixture::{Random, TENANT};
use crate::traces::fixture::{Span, filled, trace_id};
use crate::traces::traceql::ast::*;
use crate::traces::traceql::parse;
use ocelli_api::UnixNano;
use std::collections::BTreeMap;
use std::time::Duration;

const START: i64 = 1_000_000_000_000;
const END: i64 = START + 60_000_000_000;
const MS: i64 = 1_000_000;

/// Small trees, some with a parent that never came or that is below them.
fn spans(random: &mut Random) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for trace in 0..80 {
        let start = START - 2_000 * MS + random.below(64_000) as i64 * MS;
        let count = 1 + random.below(7);
        for number in 0..count {
            let service = ["web", "cart", "db"][random.below(3) as usize];
            let at = start + random.below(50) as i64 * MS;
            let id = trace * 100 + number + 1;
            let mut span = Span::new(trace as u8, id, 0, service, at, random.below(9) as i64 * 100 * MS);
            span.status = random.below(3) as i32;
            span.user = (random.below(3) > 0).then(|| random.below(6) as i64);
            span.parent = match random.below(12) {
                0 => None,
                1 => Some(9_999),
                2 => Some(trace * 100 + 1 + random.below(count)),
                _ if number == 0 => None,
                _ => Some(trace * 100 + 1 + random.below(number)),
            };
            spans.push(span);
        }
    }
    for at in (1..spans.len()).rev() {
        spans.swap(at, random.below(at as u64 + 1) as usize);
    }
    spans
}

fn field(random: &mut Random, deep: u64) -> String {
    let number = random.below(6);
    let compare = ["=", "!=", "<", "<=", ">", ">="][random.below(6) as usize];
    match random.below(if deep == 0 { 13 } else { 16 }) {
        0 => format!(".user {compare} {number}"),
        1 => format!("span.user {compare} {number}.5"),
        2 => format!("{number} {compare} .user"),
        3 => format!("duration {compare} {}ms", number * 100),
        4 => format!("resource.service.name {} \"cart\"", ["=", "!="][random.below(2) as usize]),
        5 => format!("name =~ \"{}.*\"", ["web", "d", "x"][random.below(3) as usize]),
        6 => format!("status {} error", ["=", "!="][random.below(2) as usize]),
        7 => format!(".user {} nil", ["=", "!="][random.below(2) as usize]),
        8 => format!("parent.user {compare} {number}"),
        9 => format!("childCount {compare} {}", number / 2),
        10 => format!("traceDuration {compare} {}ms", number * 200),
        11 => format!(".user * 2 + 1 {compare} {number}"),
        12 => {
            ["true", "rootServiceName = \"web\"", "nestedSetParent < 0"][random.below(3) as usize].to_owned()
        }
        13 => format!("!({})", field(random, deep - 1)),
        14 => format!("({} && {})", field(random, deep - 1), field(random, deep - 1)),
        _ => format!("({} || {})", field(random, deep - 1), field(random, deep - 1)),
    }
}

fn spanset(random: &mut Random, deep: u64) -> String {
    const OPERATORS: [&str; 17] = [
        "&&", "||", ">", ">>", "<", "<<", "~", "!>", "!>>", "!<", "!<<", "!~", "&>", "&>>", "&<", "&<<", "&~",
    ];
    if deep == 0 || random.below(3) == 0 {
        return format!("{{ {} }}", field(random, 1));
    }
    let operator = OPERATORS[random.below(17) as usize];
    format!("({} {operator} {})", spanset(random, deep - 1), spanset(random, deep - 1))
}

fn query(random: &mut Random) -> String {
    let spanset = spanset(random, 2);
    match random.below(5) {
        0 => format!("{spanset} | count() > {}", random.below(3)),
        1 => format!("{spanset} | avg(.user) >= {}", random.below(5)),
        2 => format!("{spanset} | by(resource.service.name) | max(duration) < {}ms", random.below(9) * 100),
        _ => spanset,
    }
}

/// A trace and, for every span, the span that is its parent.
struct Naive<'a> {
    spans: Vec<&'a Span>,
    parents: Vec<Option<usize>>,
}

impl<'a> Naive<'a> {
    /// A ring of parents is opened at its earliest span.
    fn of(mut spans: Vec<&'a Span>) -> Naive<'a> {
        spans.sort_by_key(|span| (span.start, span.id));
        let find = |id: u64| spans.iter().position(|span| span.id == id);
        let mut parents: Vec<Option<usize>> = spans.iter().map(|span| span.parent.and_then(find)).collect();
        for span in 0..spans.len() {
            let (mut at, mut steps) = (parents[span], 0);
            while let Some(above) = at.filter(|above| *above != span && steps <= spans.len()) {
                (at, steps) = (parents[above], steps + 1);
            }
            if at == Some(span) {
                parents[span] = None;
            }
        }
        Naive { spans, parents }
    }

    fn above(&self, span: usize) -> Vec<usize> {
        std::iter::successors(self.parents[span], |above| self.parents[*above]).collect()
    }

    fn root(&self) -> usize {
        let parentless = (0..self.spans.len()).find(|span| self.spans[*span].parent.is_none());
        parentless.unwrap_or(0)
    }

    fn number(&self, span: usize, expr: &Expr) -> Option<f64> {
        let of = self.spans[span];
        match &expr.kind {
            ExprKind::Constant(Constant::Int(n) | Constant::Duration(n)) => Some(*n as f64),
            ExprKind::Constant(Constant::Float(n)) => Some(*n),
            ExprKind::Attribute(attribute) => match (&attribute.what, attribute.of_parent) {
                (What::Key(..), false) => of.user.map(|user| user as f64),
                (What::Key(..), true) => self.spans[self.parents[span]?].user.map(|user| user as f64),
                (What::Intrinsic(Intrinsic::Duration), _) => Some(of.duration as f64),
                (What::Intrinsic(Intrinsic::ChildCount), _) => {
                    Some(self.parents.iter().filter(|parent| **parent == Some(span)).count() as f64)
                }
                (What::Intrinsic(Intrinsic::TraceDuration), _) => {
                    let start = self.spans.iter().map(|span| span.start).min()?;
                    let end = self.spans.iter().map(|span| span.start + span.duration).max()?;
                    Some((end - start) as f64)
                }
                (What::Intrinsic(Intrinsic::NestedSetParent), _) => {
                    Some(if self.parents[span].is_some() { 1.0 } else { -1.0 })
                }
                other => panic!("the yardstick does not know {other:?}"),
            },
            ExprKind::Arithmetic(left, operator, right) => {
                let (left, right) = (self.number(span, left)?, self.number(span, right)?);
                Some(match operator {
                    Arithmetic::Add => left + right,
                    Arithmetic::Multiply => left * right,
                    other => panic!("the yardstick does not know {other}"),
                })
            }
            other => panic!("the yardstick knows no number {other:?}"),
        }
    }

    fn passes(&self, span: usize, expr: &Expr) -> bool {
        let of = self.spans[span];
        match &expr.kind {
            ExprKind::Constant(Constant::Bool(flag)) => *flag,
            ExprKind::Not(inner) => !self.passes(span, inner),
            ExprKind::And(left, right) => self.passes(span, left) && self.passes(span, right),
            ExprKind::Or(left, right) => self.passes(span, left) || self.passes(span, right),
            ExprKind::Regex { pattern, .. } => {
                let beginning = pattern.trim_end_matches(".*");
                of.name.starts_with(beginning)
            }
            ExprKind::Compare(left, compare, right) => {
                let same = |same: bool| same == (*compare == Compare::Equal);
                match (&left.kind, &right.kind) {
                    (_, ExprKind::Constant(Constant::Nil)) => same(of.user.is_none()),
                    (_, ExprKind::Constant(Constant::Status(n))) => same(of.status == *n),
                    (ExprKind::Attribute(attribute), ExprKind::Constant(Constant::Text(text))) => {
                        let root = attribute.what == What::Intrinsic(Intrinsic::RootService);
                        let of = if root { self.spans[self.root()] } else { of };
                        same(of.service == *text)
                    }
                    _ => match (self.number(span, left), self.number(span, right)) {
                        (Some(left), Some(right)) => match compare {
                            Compare::Equal => left == right,
                            Compare::NotEqual => left != right,
                            Compare::Less => left < right,
                            Compare::LessOrEqual => left <= right,
                            Compare::Greater => left > right,
                            Compare::GreaterOrEqual => left >= right,
                        },
                        _ => false,
                    },
                }
            }
            other => panic!("the yardstick does not know {other:?}"),
        }
    }

    /// Whether `other` is a `relation` of `span`.
    fn is(&self, other: usize, relation: Relation, span: usize) -> bool {
        match relation {
            Relation::Child => self.parents[other] == Some(span),
            Relation::Descendant => self.above(other).contains(&span),
            Relation::Parent => self.parents[span] == Some(other),
            Relation::Ancestor => self.above(span).contains(&other),
            Relation::Sibling => {
                other != span && self.parents[span].is_some() && self.parents[span] == self.parents[other]
            }
        }
    }

    fn select(&self, spanset: &Spanset, input: &[usize]) -> Vec<usize> {
        match spanset {
            Spanset::Filter(expr) => input.iter().copied().filter(|span| self.passes(*span, expr)).collect(),
            Spanset::Pipeline(_) => panic!("the yardstick knows no pipelines in parentheses"),
            Spanset::Binary(left, operator, right) => {
                let (left, right) = (self.select(left, input), self.select(right, input));
                let found: Vec<usize> = match *operator {
                    SpansetOp::And if left.is_empty() || right.is_empty() => Vec::new(),
                    SpansetOp::And | SpansetOp::Or => left.into_iter().chain(right).collect(),
                    SpansetOp::Related { relation, negated, union } => {
                        let partner = |b: &usize| left.iter().any(|a| self.is(*b, relation, *a));
                        let of_left = |a: &usize| union && right.iter().any(|b| self.is(*b, relation, *a));
                        let of_right = right.iter().copied().filter(|b| partner(b) != negated);
                        let both: Vec<usize> = left.iter().copied().filter(of_left).chain(of_right).collect();
                        both
                    }
                };
                let mut found = found;
                found.sort_unstable();
                found.dedup();
                found
            }
        }
    }

    /// The ids of the spans of every spanset that is left.
    fn run(&self, pipeline: &Pipeline) -> Vec<Vec<u64>> {
        let inside = |span: &usize| (START..END).contains(&self.spans[*span].start);
        let mut sets: Vec<Vec<usize>> = vec![(0..self.spans.len()).filter(inside).collect()];
        for stage in &pipeline.0 {
            sets = match stage {
                Stage::Spanset(spanset) => sets.iter().map(|set| self.select(spanset, set)).collect(),
                Stage::By(_) => sets.iter().flat_map(|set| self.by_service(set)).collect(),
                Stage::Scalar(filter) => sets.into_iter().filter(|set| self.holds(filter, set)).collect(),
                other => panic!("the yardstick does not know {other}"),
            };
            sets.retain(|set| !set.is_empty());
        }
        let ids = |set: Vec<usize>| {
            let mut ids: Vec<u64> = set.into_iter().map(|span| self.spans[span].id).collect();
            ids.sort_unstable();
            ids
        };
        let mut sets: Vec<Vec<u64>> = sets.into_iter().map(ids).collect();
        sets.sort();
        sets
    }

    fn by_service(&self, set: &[usize]) -> Vec<Vec<usize>> {
        let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        set.iter().for_each(|span| groups.entry(&self.spans[*span].service).or_default().push(*span));
        groups.into_values().collect()
    }

    fn holds(&self, filter: &ScalarFilter, set: &[usize]) -> bool {
        let value = |scalar: &Scalar| match scalar {
            Scalar::Constant(Constant::Int(n) | Constant::Duration(n)) => Some(*n as f64),
            Scalar::Aggregate(Aggregate::Count) => Some(set.len() as f64),
            Scalar::Aggregate(Aggregate::Of(fold, expr)) => {
                let values: Vec<f64> = set.iter().filter_map(|span| self.number(*span, expr)).collect();
                match fold {
                    Fold::Max => values.into_iter().reduce(f64::max),
                    Fold::Avg if values.is_empty() => None,
                    Fold::Avg => Some(values.iter().sum::<f64>() / values.len() as f64),
                    other => panic!("the yardstick does not know {other:?}"),
                }
            }
            other => panic!("the yardstick does not know {other}"),
        };
        match (value(&filter.left), value(&filter.right)) {
            (Some(left), Some(right)) => match filter.op {
                Compare::Greater => left > right,
                Compare::GreaterOrEqual => left >= right,
                Compare::Less => left < right,
                other => panic!("the yardstick does not know {other}"),
            },
            _ => false,
        }
    }
}

/// Trace ids in the order of the pages, with the spans of the spansets.
fn walk(
    store: &ocelli_storage::Store,
    query: &Query,
    sort: Sort,
    limit: usize,
) -> Vec<(String, Vec<Vec<u64>>)> {
    let range = TimeRange { from: UnixNano(START), to: UnixNano(END) };
    let (mut cursor, mut found) = (None, Vec::new());
    loop {
        let wanted = TraceqlSearch { query, range, sort, limit, cursor, spans: 100, memory_bytes: u64::MAX };
        let page = search(&store.snapshot(TENANT), &wanted, &Budget::new(Duration::from_secs(60))).unwrap();
        assert!(page.traces.len() <= limit && page.partial.is_none());
        for trace in page.traces {
            let ids = |spanset: &ocelli_api::traces::Spanset| {
                let id =
                    |span: &ocelli_api::traces::SpansetSpan| u64::from_str_radix(&span.span_id, 16).unwrap();
                let mut ids: Vec<u64> = spanset.spans.iter().map(id).collect();
                ids.sort_unstable();
                ids
            };
            let mut sets: Vec<Vec<u64>> = trace.spansets.iter().map(ids).collect();
            sets.sort();
            found.push((trace.trace_id, sets));
        }
        cursor = page.next.map(|cursor| TraceCursor::parse(&cursor.encode()).unwrap());
        if cursor.is_none() {
            return found;
        }
    }
}

#[tokio::test]
async fn search_finds_what_the_naive_evaluator_finds() {
    let mut random = Random(11);
    let spans = spans(&mut random);
    let (store, _directory) = filled(&spans).await;
    let mut of_trace: BTreeMap<u8, Vec<&Span>> = BTreeMap::new();
    spans.iter().for_each(|span| of_trace.entry(span.trace).or_default().push(span));
    let traces: BTreeMap<String, Naive<'_>> =
        of_trace.into_iter().map(|(trace, spans)| (to_hex(&trace_id(trace)), Naive::of(spans))).collect();
    let (mut matching, mut nothing) = (0, 0);
    for _ in 0..400 {
        let text = query(&mut random);
        let query = parse(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let expected: BTreeMap<String, Vec<Vec<u64>>> = traces
            .iter()
            .map(|(id, trace)| (id.clone(), trace.run(&query.pipeline)))
            .filter(|(_, sets)| !sets.is_empty())
            .collect();
        if expected.is_empty() {
            nothing += 1
        } else {
            matching += 1
        }
        let whole = walk(&store, &query, Sort::Newest, 1_000);
        assert_eq!(whole.iter().cloned().collect::<BTreeMap<_, _>>(), expected, "{text}");
        assert_eq!(whole.len(), expected.len(), "{text}");
        // Pages hold the same in the same order.
        assert_eq!(walk(&store, &query, Sort::Newest, 3), whole, "{text}");
        let slowest = walk(&store, &query, Sort::Slowest, 7);
        assert_eq!(slowest.iter().cloned().collect::<BTreeMap<_, _>>(), expected, "{text}");
        assert_eq!(slowest.len(), expected.len(), "{text}");
    }
    assert!(matching > 100 && nothing > 20, "{matching} {nothing}");
}
