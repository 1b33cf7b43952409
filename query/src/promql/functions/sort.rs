//! Sorting. It shows in instant queries only: a range query's answer is sorted by labels anyway.

use super::label::text;
use crate::Error;
use crate::promql::ast::{Call, Span};
use crate::promql::eval::Eval;
use crate::promql::value::{Sample, Series, Value};
use std::cmp::Ordering;

pub fn ascending(eval: &Eval, call: &Call, span: &Span) -> Result<Value, Error> {
    note_range(eval, span);
    by_value(eval, call, |a, b| a.total_cmp(&b))
}

pub fn descending(eval: &Eval, call: &Call, span: &Span) -> Result<Value, Error> {
    note_range(eval, span);
    by_value(eval, call, |a, b| b.total_cmp(&a))
}

fn note_range(eval: &Eval, span: &Span) {
    if eval.steps() > 1 {
        let text = "sort is ineffective for range queries since results are always ordered by labels";
        eval.annotations.warn(span, text);
    }
}

/// Only floats; NaN comes last either way.
fn by_value(eval: &Eval, call: &Call, order: fn(f64, f64) -> Ordering) -> Result<Value, Error> {
    let mut vector = eval.vector(&call.args[0])?;
    for series in &mut vector {
        series
            .values
            .iter_mut()
            .for_each(|cell| *cell = cell.take().filter(|sample| sample.float().is_some()));
    }
    vector.retain(|series| series.values.iter().any(Option::is_some));
    let value = |series: &Series| series.values.first()?.as_ref().and_then(Sample::float);
    vector.sort_by(|a, b| match (value(a), value(b)) {
        (Some(a), Some(b)) => a.is_nan().cmp(&b.is_nan()).then_with(|| order(a + 0.0, b + 0.0)),
        _ => Ordering::Equal,
    });
    Ok(Value::Vector(vector))
}

pub fn by_label(eval: &Eval, call: &Call, span: &Span) -> Result<Value, Error> {
    note_range(eval, span);
    let names: Vec<&str> = call.args[1..].iter().map(text).collect();
    let mut vector = eval.vector(&call.args[0])?;
    vector.sort_by(|a, b| compare(a, b, &names));
    Ok(Value::Vector(vector))
}

pub fn by_label_desc(eval: &Eval, call: &Call, span: &Span) -> Result<Value, Error> {
    note_range(eval, span);
    let names: Vec<&str> = call.args[1..].iter().map(text).collect();
    let mut vector = eval.vector(&call.args[0])?;
    vector.sort_by(|a, b| compare(b, a, &names));
    Ok(Value::Vector(vector))
}

fn compare(a: &Series, b: &Series, names: &[&str]) -> Ordering {
    let by_names = names.iter().map(|name| natural(a.labels.get(name), b.labels.get(name)));
    by_names.fold(Ordering::Equal, Ordering::then).then_with(|| a.labels.cmp(&b.labels))
}

/// Runs of digits compare as numbers: `node2` before `node10`.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (chunks(a).into_iter(), chunks(b).into_iter());
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(a), Some(b)) => match (a.parse::<u128>(), b.parse::<u128>()) {
                (Ok(a), Ok(b)) => a.cmp(&b),
                _ => a.cmp(b),
            },
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// Runs of digits and runs of anything else.
fn chunks(text: &str) -> Vec<&str> {
    let mut chunks = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let digits = first.is_ascii_digit();
        let length = rest.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(rest.len());
        let (chunk, after) = rest.split_at(length);
        chunks.push(chunk);
        rest = after;
    }
    chunks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_count() {
        let mut names = ["node10", "node2", "node", "a9", "node2b"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["a9", "node", "node2", "node2b", "node10"]);
    }
}
