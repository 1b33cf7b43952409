//! Span filters, how they are joined, and the stages behind them, over one trace.

use super::relation::{inverse, related};
use super::{SpanRef, Trace};
use crate::traces::traceql::Value;
use crate::traces::traceql::ast::{
    Aggregate, Attribute, Expr, Fold, Pipeline, Scalar, ScalarFilter, Spanset, SpansetOp, Stage,
};
use ocelli_api::TimeRange;

/// Spans of one trace that passed together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SpansetResult<'a> {
    /// Numbers in the trace, ascending.
    pub spans: Vec<usize>,
    /// Values of `by()` and of aggregates, by how they are written.
    pub attributes: Vec<(String, Value<'a>)>,
}

/// The spansets that a pipeline leaves of a trace; none where the trace does not match. Only spans
/// that start in the range are looked at; what lies between them may lie outside.
pub fn run<'a>(trace: &Trace<'a>, pipeline: &'a Pipeline, range: TimeRange) -> Vec<SpansetResult<'a>> {
    let inside = |span: &usize| (range.from.0..range.to.0).contains(&trace.start_of(*span));
    let all = SpansetResult { spans: (0..trace.len()).filter(inside).collect(), attributes: Vec::new() };
    stages(trace, pipeline, vec![all])
}

fn stages<'a>(
    trace: &Trace<'a>,
    pipeline: &'a Pipeline,
    mut spansets: Vec<SpansetResult<'a>>,
) -> Vec<SpansetResult<'a>> {
    for stage in &pipeline.0 {
        spansets = match stage {
            Stage::Spanset(spanset) => {
                let passed = spansets.into_iter().map(|input| {
                    let spans = select(trace, spanset, &input);
                    SpansetResult { spans, ..input }
                });
                passed.filter(|spanset| !spanset.spans.is_empty()).collect()
            }
            Stage::Scalar(filter) => {
                spansets.into_iter().filter_map(|spanset| scalar_filter(trace, filter, spanset)).collect()
            }
            Stage::By(expr) => spansets.into_iter().flat_map(|spanset| group(trace, expr, spanset)).collect(),
            Stage::Coalesce => coalesce(spansets),
            Stage::Select(_) => spansets,
        };
        if spansets.is_empty() {
            break;
        }
    }
    spansets
}

/// The spans of a set that pass.
fn select<'a>(trace: &Trace<'a>, spanset: &'a Spanset, input: &SpansetResult<'a>) -> Vec<usize> {
    match spanset {
        Spanset::Filter(expr) => {
            let passes = |span: &usize| SpanRef::of_trace(trace, *span).passes(expr);
            input.spans.iter().copied().filter(passes).collect()
        }
        Spanset::Pipeline(pipeline) => {
            let mut spans: Vec<usize> = stages(trace, pipeline, vec![input.clone()])
                .into_iter()
                .flat_map(|spanset| spanset.spans)
                .collect();
            spans.sort_unstable();
            spans.dedup();
            spans
        }
        Spanset::Binary(left, operator, right) => {
            let (left, right) = (select(trace, left, input), select(trace, right, input));
            join(trace, left, *operator, right)
        }
    }
}

fn join(trace: &Trace<'_>, left: Vec<usize>, operator: SpansetOp, right: Vec<usize>) -> Vec<usize> {
    let (relation, negated, union) = match operator {
        SpansetOp::And if left.is_empty() || right.is_empty() => return Vec::new(),
        SpansetOp::And | SpansetOp::Or => return merge(left, right),
        SpansetOp::Related { relation, negated, union } => (relation, negated, union),
    };
    let is_related = related(trace, relation, &marks(trace, &left));
    let mut of_right = right.clone();
    of_right.retain(|span| is_related[*span] != negated);
    if !union {
        return of_right;
    }
    let has_partner = related(trace, inverse(relation), &marks(trace, &right));
    merge(left.into_iter().filter(|span| has_partner[*span]).collect(), of_right)
}

fn marks(trace: &Trace<'_>, spans: &[usize]) -> Vec<bool> {
    let mut marks = vec![false; trace.len()];
    spans.iter().for_each(|span| marks[*span] = true);
    marks
}

fn merge(mut left: Vec<usize>, right: impl IntoIterator<Item = usize>) -> Vec<usize> {
    left.extend(right);
    left.sort_unstable();
    left.dedup();
    left
}

/// One spanset a value, in the order in which the values come up.
fn group<'a>(trace: &Trace<'a>, expr: &'a Expr, spanset: SpansetResult<'a>) -> Vec<SpansetResult<'a>> {
    let mut groups: Vec<SpansetResult<'a>> = Vec::new();
    let mut of_value = std::collections::HashMap::new();
    for span in &spanset.spans {
        let value = SpanRef::of_trace(trace, *span).value(expr);
        // Values of different kinds may read alike.
        let key = format!("{:?}", value);
        let at = *of_value.entry(key).or_insert_with(|| {
            let mut attributes = spanset.attributes.clone();
            attributes.push((format!("by({expr})"), value));
            groups.push(SpansetResult { spans: Vec::new(), attributes });
            groups.len() - 1
        });
        groups[at].spans.push(*span);
    }
    groups
}

fn coalesce(spansets: Vec<SpansetResult<'_>>) -> Vec<SpansetResult<'_>> {
    let spans = merge(Vec::new(), spansets.into_iter().flat_map(|spanset| spanset.spans));
    if spans.is_empty() { Vec::new() } else { vec![SpansetResult { spans, attributes: Vec::new() }] }
}

fn scalar_filter<'a>(
    trace: &Trace<'a>,
    filter: &'a ScalarFilter,
    mut spanset: SpansetResult<'a>,
) -> Option<SpansetResult<'a>> {
    let left = scalar(trace, &filter.left, &mut spanset);
    let right = scalar(trace, &filter.right, &mut spanset);
    left.compare(filter.op, &right).then_some(spanset)
}

/// The value of a scalar expression; aggregates are noted at the spanset.
fn scalar<'a>(trace: &Trace<'a>, scalar_: &'a Scalar, spanset: &mut SpansetResult<'a>) -> Value<'a> {
    match scalar_ {
        Scalar::Constant(constant) => Value::constant(constant),
        Scalar::Binary(left, operator, right) => {
            let left = scalar(trace, left, spanset);
            left.calculate(*operator, &scalar(trace, right, spanset))
        }
        Scalar::Aggregate(aggregate) => {
            let value = match aggregate {
                Aggregate::Count => Value::Int(spanset.spans.len() as i64),
                Aggregate::Of(fold, expr) => fold_values(trace, *fold, expr, &spanset.spans),
            };
            let name = aggregate.to_string();
            if spanset.attributes.iter().all(|(other, _)| *other != name) {
                spanset.attributes.push((name, value.clone()));
            }
            value
        }
    }
}

/// Nil where no span has a number.
fn fold_values<'a>(trace: &Trace<'a>, fold: Fold, expr: &'a Expr, spans: &[usize]) -> Value<'a> {
    let values: Vec<Value<'a>> = spans
        .iter()
        .map(|span| SpanRef::of_trace(trace, *span).value(expr))
        .filter(|value| value.as_f64().is_some_and(|number| !number.is_nan()))
        .collect();
    let by_size = |a: &&Value<'a>, b: &&Value<'a>| {
        a.as_f64().unwrap_or_default().total_cmp(&b.as_f64().unwrap_or_default())
    };
    let sum = || values.iter().fold(0.0, |sum, value| sum + value.as_f64().unwrap_or_default());
    let result = match fold {
        Fold::Min => return values.iter().min_by(by_size).cloned().unwrap_or(Value::Nil),
        Fold::Max => return values.iter().max_by(by_size).cloned().unwrap_or(Value::Nil),
        _ if values.is_empty() => return Value::Nil,
        Fold::Sum => sum(),
        Fold::Avg => sum() / values.len() as f64,
    };
    let durations = values.iter().all(|value| matches!(value, Value::Duration(_)));
    if durations && result.abs() < i64::MAX as f64 {
        return Value::Duration(result.round() as i64);
    }
    Value::Float(result)
}

/// The attributes that a query shows of spans: those it selects, and those its filters ask for.
pub fn shown(pipeline: &Pipeline) -> Vec<&Attribute> {
    let mut shown = Vec::new();
    for stage in &pipeline.0 {
        match stage {
            Stage::Select(list) => list.iter().for_each(|attribute| shown.push(attribute)),
            Stage::Spanset(spanset) => super::needs::asked_for(spanset, &mut shown),
            _ => {}
        }
    }
    shown.sort();
    shown.dedup();
    shown
}
