//! The functions that a template may call: those of Go's `text/template` and of Prometheus.

use super::OfAlert;
use super::format::{print, printf, println};
use super::humanize::{humanize, humanize_1024, humanize_duration, humanize_percentage, timestamp};
use super::span::Span;
use super::texts;
use super::time::Time;
use super::value::Value;
use crate::promql::duration_ms;
use crate::rules::language::Language;
use crate::rules::state::vector;
use form_urlencoded::byte_serialize;
use regex::Regex;
use std::cmp::Ordering;

/// Go's own.
const OF_GO: [&str; 19] = [
    "and", "call", "eq", "ge", "gt", "html", "index", "js", "le", "len", "lt", "ne", "not", "or", "print",
    "printf", "println", "slice", "urlquery",
];

/// Those of Prometheus.
const KNOWN: [&str; 29] = [
    "args",
    "externalURL",
    "first",
    "graphLink",
    "humanize",
    "humanize1024",
    "humanizeDuration",
    "humanizePercentage",
    "humanizeTimestamp",
    "label",
    "match",
    "now",
    "parseDuration",
    "pathPrefix",
    "query",
    "reReplaceAll",
    "safeHtml",
    "sortByLabel",
    "stripDomain",
    "stripPort",
    "strvalue",
    "tableLink",
    "title",
    "toDuration",
    "toLower",
    "toTime",
    "toUpper",
    "urlQueryEscape",
    "value",
];

pub fn is_known(name: &str) -> bool {
    KNOWN.contains(&name) || OF_GO.contains(&name)
}

pub fn go_names() -> &'static [&'static str] {
    &OF_GO
}

/// A compiled regular expression may take this much.
const MAX_REGEX_BYTES: usize = 1 << 20;

/// Go's own functions, but for `and` and `or`; `None` where it is none of them.
pub fn of_go(name: &str, arguments: &[Value]) -> Option<Result<Value, String>> {
    let text = |text: String| Ok(Value::Text(text));
    Some(match (name, arguments) {
        ("not", [value]) => Ok(Value::Bool(!value.is_true())),
        ("eq", [first, others @ ..]) if !others.is_empty() => {
            let same = |other: &Value| Ok(compare(first, other)? == Some(Ordering::Equal));
            let found: Result<Vec<bool>, String> = others.iter().map(same).collect();
            found.map(|found| Value::Bool(found.contains(&true)))
        }
        ("ne" | "lt" | "le" | "gt" | "ge", [a, b]) => {
            compare(a, b).map(|order| Value::Bool(holds(name, order)))
        }
        ("len", [value]) => length(value),
        ("index", [value, keys @ ..]) => keys.iter().try_fold(value.clone(), |value, key| index(&value, key)),
        ("slice", [value, bounds @ ..]) if bounds.len() <= 2 => slice(value, bounds),
        ("print", all) => text(print(all)),
        ("println", all) => text(println(all)),
        ("printf", [Value::Text(format), values @ ..]) => printf(format, values).map(Value::Text),
        ("urlquery", all) => text(byte_serialize(print(all).as_bytes()).collect()),
        ("call", _) => Err("no value here is a function".to_owned()),
        ("html", all) => text(texts::html(&print(all))),
        ("js", all) => text(texts::js(&print(all))),
        _ => return None,
    })
}

pub fn call(name: &str, arguments: Vec<Value>, of: &mut OfAlert) -> Result<Value, String> {
    if let Some(value) = of_go(name, &arguments) {
        return value;
    }
    let text = |text: String| Ok(Value::Text(text));
    match (name, &arguments[..]) {
        ("urlQueryEscape", [value]) => text(byte_serialize(value.string()?.as_bytes()).collect()),
        ("humanize", [value]) => text(humanize(value.number()?)),
        ("humanize1024", [value]) => text(humanize_1024(value.number()?)),
        ("humanizeDuration", [value]) => text(humanize_duration(value.number()?)),
        ("humanizePercentage", [value]) => text(humanize_percentage(value.number()?)),
        ("humanizeTimestamp", [value]) => timestamp(value.number()?).map(Value::Text),
        ("toTime", [value]) => Time::of_seconds(value.number()?).map(Value::Time),
        ("toDuration", [value]) => Ok(Value::Duration(Span::of_seconds(value.number()?))),
        ("now", []) => Ok(Value::Float(of.data.time_ms as f64 / 1e3)),
        ("parseDuration", [value]) => {
            let written = value.string()?;
            let (sign, length) = written.strip_prefix('-').map_or((1, written), |length| (-1, length));
            let ms = if length == "0" { Some(0) } else { duration_ms(length) };
            let ms = ms.ok_or_else(|| format!("not a valid duration string: {written:?}"))?;
            Ok(Value::Float((sign * ms) as f64 / 1e3))
        }
        ("args", all) => Ok(Value::Args(all.to_vec())),
        ("externalURL", []) => text(of.data.external_url.clone()),
        ("pathPrefix", []) => text(path_of(&of.data.external_url).to_owned()),
        ("graphLink" | "tableLink", [expr]) => {
            let encoded: String = byte_serialize(expr.string()?.as_bytes()).collect();
            text(format!("/graph?g0.expr={encoded}&g0.tab={}", u8::from(name == "tableLink")))
        }
        ("title" | "toUpper" | "toLower" | "safeHtml" | "stripPort" | "stripDomain", [value]) => {
            value.string().map(|written| Value::Text(texts::changed(name, written)))
        }
        ("match", [pattern, value]) => Ok(Value::Bool(regex(pattern)?.is_match(value.string()?))),
        ("reReplaceAll", [pattern, with, value]) => {
            text(regex(pattern)?.replace_all(value.string()?, with.string()?).into_owned())
        }
        _ => of_queries(name, &arguments, of),
    }
}

/// The functions over the answer to a query.
fn of_queries(name: &str, arguments: &[Value], of: &mut OfAlert) -> Result<Value, String> {
    match (name, arguments) {
        ("query", [expr]) => {
            let answer = (of.ask)(Language::PromQl, expr.string()?, of.data.time_ms).and_then(vector);
            let samples = answer.map_err(|error| error.to_string())?.into_iter();
            Ok(Value::List(samples.map(|(labels, sample)| Value::Sample(labels, sample)).collect()))
        }
        ("first", [Value::List(items)]) => {
            items.first().cloned().ok_or_else(|| "first() called on vector with no elements".to_owned())
        }
        ("value", [Value::Sample(_, value)]) => Ok(Value::from(value)),
        ("label", [Value::Text(label), Value::Sample(labels, _)]) => {
            Ok(Value::Text(labels.get(label).to_owned()))
        }
        ("strvalue", [Value::Sample(labels, _)]) => Ok(Value::Text(labels.get("__value__").to_owned())),
        ("sortByLabel", [Value::Text(label), Value::List(items)]) => {
            let key = |item: &Value| match item {
                Value::Sample(labels, _) => labels.get(label).to_owned(),
                _ => String::new(),
            };
            let mut items = items.clone();
            items.sort_by_key(key);
            Ok(Value::List(items))
        }
        (_, given) => {
            Err(format!("wrong number or kind of arguments: {}", Value::List(given.to_vec()).text()))
        }
    }
}

/// None for a NaN.
fn compare(a: &Value, b: &Value) -> Result<Option<Ordering>, String> {
    match (a, b) {
        (Value::Text(a), Value::Text(b)) => Ok(Some(a.cmp(b))),
        (Value::Bool(a), Value::Bool(b)) => Ok(Some(a.cmp(b))),
        (Value::Int(a), Value::Int(b)) => Ok(Some(a.cmp(b))),
        // Go refuses to compare an integer with a float; what was meant is plain.
        (Value::Int(_) | Value::Float(_), Value::Int(_) | Value::Float(_)) => {
            Ok(a.number()?.partial_cmp(&b.number()?))
        }
        _ => Err("incompatible types for comparison".to_owned()),
    }
}

fn holds(name: &str, order: Option<Ordering>) -> bool {
    match name {
        "ne" => order != Some(Ordering::Equal),
        "lt" => order == Some(Ordering::Less),
        "gt" => order == Some(Ordering::Greater),
        "le" => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        _ => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
    }
}

fn length(value: &Value) -> Result<Value, String> {
    match value {
        Value::Text(text) => Ok(Value::Int(text.len() as i64)),
        Value::List(items) | Value::Args(items) => Ok(Value::Int(items.len() as i64)),
        Value::Map(labels) => Ok(Value::Int(labels.len() as i64)),
        other => Err(format!("len of {}", other.text())),
    }
}

fn index(value: &Value, key: &Value) -> Result<Value, String> {
    match (value, key) {
        (Value::Map(labels), Value::Text(name)) => Ok(Value::Text(labels.get(name).to_owned())),
        (Value::List(items) | Value::Args(items), Value::Int(at)) => usize::try_from(*at)
            .ok()
            .and_then(|at| items.get(at).cloned())
            .ok_or_else(|| format!("index out of range: {at}")),
        _ => Err(format!("can't index {} by {}", value.text(), key.text())),
    }
}

/// From one place to another, of text or of a list.
fn slice(value: &Value, bounds: &[Value]) -> Result<Value, String> {
    let place = |at: usize, default: usize| match bounds.get(at) {
        None => Ok(default),
        Some(Value::Int(place)) => {
            usize::try_from(*place).map_err(|_| format!("index out of range: {place}"))
        }
        Some(other) => Err(format!("cannot index slice/array with {}", other.text())),
    };
    let out_of_range = || "slice index out of range".to_owned();
    match value {
        Value::Text(text) => {
            let cut = text.get(place(0, 0)?..place(1, text.len())?).ok_or_else(out_of_range)?;
            Ok(Value::Text(cut.to_owned()))
        }
        Value::List(items) => {
            let cut = items.get(place(0, 0)?..place(1, items.len())?).ok_or_else(out_of_range)?;
            Ok(Value::List(cut.to_vec()))
        }
        other => Err(format!("slice of {}", other.text())),
    }
}

pub fn regex(pattern: &Value) -> Result<Regex, String> {
    let built = regex::RegexBuilder::new(pattern.string()?).size_limit(MAX_REGEX_BYTES).build();
    built.map_err(|why| why.to_string().lines().last().unwrap_or_default().to_owned())
}

/// The path of a URL, without a slash at its end.
fn path_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/').map_or("", |at| &rest[at..]).trim_end_matches('/')
}
