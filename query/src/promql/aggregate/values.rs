//! `count_values`: how many series of a group have each value.

use super::group_labels;
use crate::Error;
use crate::promql::ast::{Aggregate, Grouping};
use crate::promql::eval::Eval;
use crate::promql::labels::Labels;
use crate::promql::value::{Sample, Series, Value};
use std::collections::HashMap;

pub fn count_values(eval: &Eval, aggregate: &Aggregate) -> Result<Vec<Series>, Error> {
    let label = match aggregate.param.as_ref().map(|param| eval.eval(param)).transpose()? {
        Some(Value::Text(label)) => label,
        _ => return Err(Error::Internal("a label name is missing".to_owned())),
    };
    if label.is_empty() || label.contains(char::REPLACEMENT_CHARACTER) {
        let written = aggregate.param.as_ref().map_or("", |param| eval.annotations.source(&param.span));
        return Err(Error::Execution(format!("invalid label name {written}")));
    }
    let vector = eval.vector(&aggregate.expr)?;
    let grouping = without_target(&aggregate.grouping, &label);
    let mut places: HashMap<Labels, usize> = HashMap::new();
    let mut out: Vec<Series> = Vec::new();
    for series in &vector {
        eval.check()?;
        let group = group_labels(&series.labels, &grouping);
        for (step, cell) in series.values.iter().enumerate() {
            let Some(sample) = cell else { continue };
            let labels = group.with(&label, &text(sample));
            let at = *places.entry(labels.clone()).or_insert_with(|| {
                out.push(Series { labels, drop_name: false, values: vec![None; eval.steps()] });
                out.len() - 1
            });
            let count = out[at].values[step].as_ref().and_then(Sample::float).unwrap_or_default();
            out[at].values[step] = Some(Sample::Float(count + 1.0));
        }
    }
    Ok(out)
}

/// The label that is set can't be grouped by: it is overwritten.
fn without_target(grouping: &Grouping, label: &str) -> Grouping {
    if grouping.without {
        return grouping.clone();
    }
    let labels = grouping.labels.iter().filter(|name| *name != label).cloned().collect();
    Grouping { without: false, labels }
}

/// Without an exponent, so that equal values have equal texts.
fn text(sample: &Sample) -> String {
    match sample {
        Sample::Float(value) if value.is_infinite() => {
            if *value > 0.0 {
                "+Inf".to_owned()
            } else {
                "-Inf".to_owned()
            }
        }
        Sample::Float(value) => value.to_string(),
        Sample::Histogram(histogram) => histogram.to_string(),
    }
}
