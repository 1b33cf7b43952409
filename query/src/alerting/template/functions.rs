//! The functions that a notification's template may call.

use super::methods::join;
use crate::rules::template::{Span, Time, Value, humanize_duration, of_go, of_go_names, regex, text_changed};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use serde_json::{Map, json};

const KNOWN: [&str; 22] = [
    "append",
    "base64decode",
    "base64encode",
    "date",
    "dict",
    "humanizeDuration",
    "join",
    "list",
    "match",
    "now",
    "reReplaceAll",
    "safeHtml",
    "safeUrl",
    "since",
    "stringSlice",
    "title",
    "toJson",
    "toLower",
    "toUpper",
    "trimSpace",
    "tz",
    "urlUnescape",
];

pub fn is_known(name: &str) -> bool {
    KNOWN.contains(&name) || of_go_names().contains(&name)
}

pub fn call(name: &str, arguments: Vec<Value>, now: Time) -> Result<Value, String> {
    if let Some(value) = of_go(name, &arguments) {
        return value;
    }
    let text = |text: String| Ok(Value::Text(text));
    match (name, &arguments[..]) {
        ("toUpper" | "toLower", [value]) => text(text_changed(name, value.string()?)),
        // What is no first letter is made small, other than in the templates of rules.
        ("title", [value]) => text(text_changed(name, &value.string()?.to_lowercase())),
        ("trimSpace", [value]) => text(value.string()?.trim().to_owned()),
        ("join", [by, list]) => join(by.string()?, list),
        ("match", [pattern, value]) => Ok(Value::Bool(regex(pattern)?.is_match(value.string()?))),
        ("reReplaceAll", [pattern, with, value]) => {
            text(regex(pattern)?.replace_all(value.string()?, with.string()?).into_owned())
        }
        ("safeHtml" | "safeUrl", [value]) => Ok(Value::Html(value.string()?.to_owned())),
        ("stringSlice" | "list", all) => Ok(Value::List(all.to_vec())),
        ("append", [Value::List(items), more @ ..]) => {
            Ok(Value::List(items.iter().chain(more).cloned().collect()))
        }
        ("dict", all) => dict(all),
        ("now", []) => Ok(Value::Time(now)),
        ("since", [Value::Time(time)]) => {
            Ok(Value::Duration(Span::of_ns(now.ns().saturating_sub(time.ns()))))
        }
        ("date", [Value::Text(layout), Value::Time(time)]) => text(time.format(layout)),
        ("tz", [Value::Text(zone), Value::Time(time)]) => time.in_zone(zone).map(Value::Time),
        ("humanizeDuration", [value]) => text(humanize_duration(value.number()?)),
        ("urlUnescape", [value]) => {
            let query = format!("x={}", value.string()?.replace('&', "%26"));
            text(form_urlencoded::parse(query.as_bytes()).map(|(_, value)| value.into_owned()).collect())
        }
        ("base64encode", [value]) => text(URL_SAFE.encode(value.string()?)),
        ("base64decode", [value]) => {
            let bytes = URL_SAFE.decode(value.string()?).map_err(|why| why.to_string())?;
            String::from_utf8(bytes).map(Value::Text).map_err(|why| why.to_string())
        }
        ("toJson", [value]) => text(json_of(value).to_string()),
        (_, given) => {
            Err(format!("wrong number or kind of arguments: {}", Value::List(given.to_vec()).text()))
        }
    }
}

fn dict(pairs: &[Value]) -> Result<Value, String> {
    if !pairs.len().is_multiple_of(2) {
        return Err("dict requires an even number of arguments".to_owned());
    }
    let field = |pair: &[Value]| Ok((pair[0].string()?.to_owned(), pair[1].clone()));
    let fields: Result<Vec<_>, String> = pairs.chunks(2).map(field).collect();
    Ok(Value::Record(DICT, fields?.into()))
}

/// The kind of a record that a template made.
const DICT: &str = "dict";

/// As Go marshals Alertmanager's types.
fn json_of(value: &Value) -> serde_json::Value {
    match value {
        Value::Nil | Value::Root => json!(null),
        Value::Bool(flag) => json!(flag),
        Value::Int(int) => json!(int),
        Value::Float(float) => json!(float),
        Value::Time(time) => json!(time.format("2006-01-02T15:04:05.999999999Z07:00")),
        Value::Duration(span) => json!(span.ns()),
        Value::Map(labels) => {
            labels.iter().map(|(name, value)| (name.to_owned(), json!(value))).collect::<Map<_, _>>().into()
        }
        Value::List(items) | Value::Args(items) => items.iter().map(json_of).collect(),
        Value::Record(what, fields) => {
            let is_named = matches!(*what, DICT | "Pair");
            let name = |name: &str| if is_named { name.to_owned() } else { small(name) };
            fields.iter().map(|(field, value)| (name(field), json_of(value))).collect::<Map<_, _>>().into()
        }
        Value::Text(_) | Value::Html(_) | Value::Sample(..) => json!(value.text()),
    }
}

/// `GeneratorURL` is `generatorURL`.
fn small(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or(String::new(), |first| first.to_lowercase().chain(letters).collect())
}
