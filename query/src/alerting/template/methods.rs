//! The methods of Alertmanager's types: label sets, pairs, lists of names and of alerts.

use super::data::record;
use crate::promql::labels::Labels;
use crate::rules::template::Value;

/// None where the value has no such method.
pub fn call(of: &Value, name: &str, arguments: &[Value]) -> Option<Result<Value, String>> {
    Some(match (of, name, arguments) {
        (Value::Map(labels), "SortedPairs", []) => Ok(Value::List(pairs(labels))),
        (Value::Map(labels), "Names" | "Values", []) => Ok(column(&pairs(labels), name)),
        (Value::Map(labels), "Remove", [Value::List(names)]) => {
            let stays = |label: &str| !names.iter().any(|name| name.string() == Ok(label));
            Ok(Value::Map(labels.filtered(stays)))
        }
        (Value::List(pairs), "Names" | "Values", []) => Ok(column(pairs, name)),
        (Value::List(alerts), "Firing", []) => Ok(Value::List(with_status(alerts, "firing"))),
        (Value::List(alerts), "Resolved", []) => Ok(Value::List(with_status(alerts, "resolved"))),
        (Value::List(_), "Join", [by]) => by.string().and_then(|by| join(by, of)),
        _ => return None,
    })
}

/// The name of the alert first, then by name.
fn pairs(labels: &Labels) -> Vec<Value> {
    let pair = |(name, value): (&str, &str)| {
        let text = |text: &str| Value::Text(text.to_owned());
        record("Pair", [("Name", text(name)), ("Value", text(value))])
    };
    let (first, others): (Vec<_>, Vec<_>) = labels.iter().partition(|(name, _)| *name == "alertname");
    first.into_iter().chain(others).map(pair).collect()
}

/// The names or the values of pairs.
fn column(pairs: &[Value], name: &str) -> Value {
    let field = if name == "Names" { "Name" } else { "Value" };
    Value::List(pairs.iter().filter_map(|pair| pair.field(field).ok()).collect())
}

fn with_status(alerts: &[Value], status: &str) -> Vec<Value> {
    let has = |alert: &&Value| alert.field("Status").is_ok_and(|found| found.text() == status);
    alerts.iter().filter(has).cloned().collect()
}

pub fn join(by: &str, list: &Value) -> Result<Value, String> {
    match list {
        Value::List(items) => Ok(Value::Text(items.iter().map(Value::text).collect::<Vec<_>>().join(by))),
        Value::Nil => Ok(Value::Text(String::new())),
        other => Err(format!("join expects a slice or array, got {}", other.text())),
    }
}

/// Label sets and pairs are written `a=b, c=d`.
pub fn text(value: &Value) -> String {
    let is_pair = |item: &Value| matches!(item, Value::Record("Pair", _));
    let pairs = match value {
        Value::Map(labels) => pairs(labels),
        Value::List(items) if !items.is_empty() && items.iter().all(is_pair) => items.clone(),
        other => return other.text(),
    };
    let shown = pairs.iter().map(|pair| {
        let part = |name| pair.field(name).map_or(String::new(), |value| value.text());
        format!("{}={}", part("Name"), part("Value"))
    });
    shown.collect::<Vec<_>>().join(", ")
}
