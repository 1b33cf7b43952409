//! What a template computes with.

use super::span::Span;
use super::time::Time;
use crate::promql::labels::Labels;
use crate::promql::value::{Sample, format_general};
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Nil,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    /// Text that an HTML page takes as it is.
    Html(String),
    Time(Time),
    Duration(Span),
    /// Names and texts, as `.Labels`.
    Map(Labels),
    /// An element of a query's answer: `.Labels`, `.Value`.
    Sample(Labels, Sample),
    List(Vec<Value>),
    /// Made by `args`: `.arg0`.
    Args(Vec<Value>),
    /// A struct: what it is, and its fields by name.
    Record(&'static str, Arc<[(String, Value)]>),
    /// The template's own data, whose fields are those of its `Functions`.
    Root,
}

impl From<&Sample> for Value {
    fn from(sample: &Sample) -> Value {
        match sample {
            Sample::Float(value) => Value::Float(*value),
            Sample::Histogram(histogram) => Value::Text(histogram.to_string()),
        }
    }
}

impl Value {
    /// Go's `%v`.
    pub fn text(&self) -> String {
        match self {
            Value::Nil => "<no value>".to_owned(),
            Value::Bool(flag) => flag.to_string(),
            Value::Int(int) => int.to_string(),
            Value::Float(float) => format_general(*float),
            Value::Text(text) | Value::Html(text) => text.clone(),
            Value::Time(time) => time.to_string(),
            Value::Duration(span) => span.to_string(),
            Value::Map(labels) => {
                let pairs: Vec<String> =
                    labels.iter().map(|(name, value)| format!("{name}:{value}")).collect();
                format!("map[{}]", pairs.join(" "))
            }
            Value::Sample(labels, value) => {
                format!("{{{} {}}}", Value::Map(labels.clone()).text(), Value::from(value).text())
            }
            Value::List(items) => {
                format!("[{}]", items.iter().map(Value::text).collect::<Vec<_>>().join(" "))
            }
            Value::Args(items) => {
                let pairs = items.iter().enumerate().map(|(at, item)| format!("arg{at}:{}", item.text()));
                format!("map[{}]", pairs.collect::<Vec<_>>().join(" "))
            }
            Value::Record(_, fields) => {
                let values: Vec<String> = fields.iter().map(|(_, value)| value.text()).collect();
                format!("{{{}}}", values.join(" "))
            }
            Value::Root => "{}".to_owned(),
        }
    }

    /// Whether `if` takes it as true.
    pub fn is_true(&self) -> bool {
        match self {
            Value::Nil => false,
            Value::Bool(flag) => *flag,
            Value::Int(int) => *int != 0,
            Value::Float(float) => *float != 0.0,
            Value::Text(text) | Value::Html(text) => !text.is_empty(),
            Value::Duration(span) => *span != Span::default(),
            Value::Map(labels) => !labels.is_empty(),
            Value::List(items) | Value::Args(items) => !items.is_empty(),
            Value::Sample(..) | Value::Time(_) | Value::Record(..) | Value::Root => true,
        }
    }

    /// Prometheus' functions take numbers also as text.
    pub fn number(&self) -> Result<f64, String> {
        match self {
            Value::Float(float) => Ok(*float),
            Value::Int(int) => Ok(*int as f64),
            Value::Duration(span) => Ok(span.seconds()),
            Value::Text(text) => text.parse().map_err(|_| format!("parsing {text:?}: invalid syntax")),
            other => Err(format!("can't convert {} to a number", other.text())),
        }
    }

    pub fn string(&self) -> Result<&str, String> {
        match self {
            Value::Text(text) | Value::Html(text) => Ok(text),
            other => Err(format!("wrong type of value; expected string; got {}", other.text())),
        }
    }

    pub fn field(&self, name: &str) -> Result<Value, String> {
        match (self, name) {
            // A label that is not there is empty.
            (Value::Map(labels), _) => Ok(Value::Text(labels.get(name).to_owned())),
            (Value::Sample(labels, _), "Labels") => Ok(Value::Map(labels.clone())),
            (Value::Sample(_, value), "Value") => Ok(Value::from(value)),
            (Value::Record(what, fields), _) => {
                let found = fields.iter().find(|(field, _)| field == name);
                found
                    .map(|(_, value)| value.clone())
                    .ok_or_else(|| format!("can't evaluate field {name} in type {what}"))
            }
            // As a key that a map does not have.
            (Value::Args(values), _) => {
                let at = name.strip_prefix("arg").and_then(|at| at.parse::<usize>().ok());
                Ok(at.and_then(|at| values.get(at).cloned()).unwrap_or(Value::Nil))
            }
            (Value::Time(_) | Value::Duration(_), _) => self.method(name, &[]),
            (Value::Nil, _) => Err(format!("nil pointer evaluating {name}")),
            (other, _) => Err(format!("can't evaluate field {name} in {}", other.text())),
        }
    }

    /// A method of Go's `time.Time` or `time.Duration`.
    pub fn method(&self, name: &str, arguments: &[Value]) -> Result<Value, String> {
        let found = match self {
            Value::Time(time) => time.method(name, arguments),
            Value::Duration(span) => span.method(name, arguments),
            _ => return Err(format!("{name} has arguments but cannot be invoked as function")),
        };
        found.ok_or_else(|| format!("can't evaluate field {name} in {}", self.text()))
    }
}
