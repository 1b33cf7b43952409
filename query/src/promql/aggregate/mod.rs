//! Aggregations: series are grouped by labels once, then every group is folded over all steps.

mod floats;
mod fold;
mod select;
mod top;
mod values;

use super::ast::{Aggregate, AggregateOp, Grouping, Span};
use super::eval::Eval;
use super::labels::{Labels, METRIC_NAME};
use super::value::Series;
use crate::Error;
use std::collections::HashMap;

pub fn eval(eval: &Eval, aggregate: &Aggregate, span: &Span) -> Result<Vec<Series>, Error> {
    match aggregate.op {
        AggregateOp::CountValues => values::count_values(eval, aggregate),
        AggregateOp::Topk | AggregateOp::Bottomk | AggregateOp::Limitk | AggregateOp::LimitRatio => {
            select::eval(eval, aggregate, span)
        }
        _ => fold::eval(eval, aggregate),
    }
}

/// Series that share the grouping labels, in the order of their first member.
struct Groups {
    labels: Vec<Labels>,
    members: Vec<Vec<usize>>,
}

impl Groups {
    fn of(vector: &[Series], grouping: &Grouping) -> Groups {
        let mut groups = Groups { labels: Vec::new(), members: Vec::new() };
        let all_in_one = !grouping.without && grouping.labels.is_empty();
        if all_in_one && !vector.is_empty() {
            return Groups { labels: vec![Labels::default()], members: vec![(0..vector.len()).collect()] };
        }
        let mut known: HashMap<Labels, usize> = HashMap::new();
        for (at, series) in vector.iter().enumerate() {
            let labels = group_labels(&series.labels, grouping);
            let group = *known.entry(labels.clone()).or_insert_with(|| {
                groups.labels.push(labels);
                groups.members.push(Vec::new());
                groups.labels.len() - 1
            });
            groups.members[group].push(at);
        }
        groups
    }
}

fn group_labels(labels: &Labels, grouping: &Grouping) -> Labels {
    let listed = |name: &str| grouping.labels.iter().any(|label| label == name);
    if grouping.without {
        labels.filtered(|name| name != METRIC_NAME && !listed(name))
    } else {
        labels.filtered(listed)
    }
}
