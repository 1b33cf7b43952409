//! `label_replace` and `label_join`: they change label sets, not samples.

use crate::Error;
use crate::promql::ast::{Call, Expr, ExprKind, Span};
use crate::promql::eval::Eval;
use crate::promql::labels::METRIC_NAME;
use crate::promql::merge::merge_equal;
use crate::promql::select::anchored;
use crate::promql::value::{Series, Value};

pub fn replace(eval: &Eval, call: &Call, _: &Span) -> Result<Value, Error> {
    let [target, template, source, pattern] = [1, 2, 3, 4].map(|at| text(&call.args[at]));
    let regex = anchored(pattern)
        .map_err(|_| Error::Execution(format!("invalid regular expression in label_replace(): {pattern}")))?;
    check_name(target, "destination", "label_replace")?;
    let template = braced(template);
    let mut vector = eval.vector(&call.args[0])?;
    for series in &mut vector {
        if let Some(captures) = regex.captures(series.labels.get(source)) {
            let mut value = String::new();
            captures.expand(&template, &mut value);
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
    if name.is_empty() {
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

/// `$1` and `${1}` mean the same to Go; Rust reads `$1x` as the group `1x` as Go does, so only the
/// `$` that starts no name has to be escaped.
fn braced(template: &str) -> String {
    let mut out = String::with_capacity(template.len());
    let mut chars = template.chars().peekable();
    while let Some(c) = chars.next() {
        out.push(c);
        if c == '$' {
            match chars.peek() {
                Some('$') => out.extend(chars.next()),
                Some(next) if *next == '{' || *next == '_' || next.is_alphanumeric() => {}
                _ => out.push('$'),
            }
        }
    }
    out
}
