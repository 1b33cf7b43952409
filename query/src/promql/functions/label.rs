//! `label_replace` and `label_join`: they change label sets, not samples.

use crate::Error;
use crate::promql::ast::{Call, Expr, ExprKind, Span};
use crate::promql::eval::Eval;
use crate::promql::labels::METRIC_NAME;
use crate::promql::merge::merge_equal;
use crate::promql::select::anchored;
use crate::promql::value::{Series, Value};
use regex::Captures;

pub fn replace(eval: &Eval, call: &Call, _: &Span) -> Result<Value, Error> {
    let [target, template, source, pattern] = [1, 2, 3, 4].map(|at| text(&call.args[at]));
    let regex = anchored(pattern)
        .map_err(|_| Error::Execution(format!("invalid regular expression in label_replace(): {pattern}")))?;
    check_name(target, "destination", "label_replace")?;
    let mut vector = eval.vector(&call.args[0])?;
    for series in &mut vector {
        if let Some(captures) = regex.captures(series.labels.get(source)) {
            let value = expanded(template, &captures);
            set(series, target, &value);
        }
    }
    Ok(Value::Vector(merge_equal(vector)?))
}

pub fn join(eval: &Eval, call: &Call, _: &Span) -> Result<Value, Error> {
    let (target, separator) = (text(&call.args[1]), text(&call.args[2]));
    let sources: Vec<&str> = call.args[3..].iter().map(text).collect();
    for source in &sources {
        check_name(source, "source", "label_join")?;
    }
    check_name(target, "destination", "label_join")?;
    let mut vector = eval.vector(&call.args[0])?;
    for series in &mut vector {
        let values: Vec<&str> = sources.iter().map(|source| series.labels.get(source)).collect();
        let joined = values.join(separator);
        set(series, target, &joined);
    }
    Ok(Value::Vector(merge_equal(vector)?))
}

fn set(series: &mut Series, name: &str, value: &str) {
    series.labels = series.labels.with(name, value);
    if name == METRIC_NAME {
        series.drop_name = false;
    }
}

fn check_name(name: &str, which: &str, function: &str) -> Result<(), Error> {
    if name.is_empty() || name.contains(char::REPLACEMENT_CHARACTER) {
        return Err(Error::Execution(format!("invalid {which} label name in {function}(): {name}")));
    }
    Ok(())
}

/// The value of a string argument; the parser has seen to its type.
pub fn text(expr: &Expr) -> &str {
    match &expr.unwrapped().kind {
        ExprKind::Text(text) => text,
        _ => "",
    }
}

/// The template with what its groups matched, as Go expands it: `$name` takes all letters, digits
/// and underscores, `${name}` ends at the brace, `$$` is a dollar. A group that is not there is empty.
fn expanded(template: &str, captures: &Captures) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('$') {
        out += before;
        if let Some(after) = after.strip_prefix('$') {
            out.push('$');
            rest = after;
            continue;
        }
        match group_name(after) {
            Some((name, after)) => {
                let group = match name.parse::<usize>() {
                    Ok(number) => captures.get(number),
                    Err(_) => captures.name(name),
                };
                out += group.map_or("", |group| group.as_str());
                rest = after;
            }
            None => {
                out.push('$');
                rest = after;
            }
        }
    }
    out + rest
}

/// The group's name behind a dollar, and what follows it.
fn group_name(text: &str) -> Option<(&str, &str)> {
    let (inside, braced) = match text.strip_prefix('{') {
        Some(inside) => (inside, true),
        None => (text, false),
    };
    let end = inside.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(inside.len());
    let (name, after) = inside.split_at(end);
    if name.is_empty() {
        return None;
    }
    if braced { Some((name, after.strip_prefix('}')?)) } else { Some((name, after)) }
}
