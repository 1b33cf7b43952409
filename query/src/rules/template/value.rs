//! What a template computes with.

use crate::promql::labels::Labels;
use crate::promql::value::{Sample, format_general};

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Nil,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    /// Names and texts, as `.Labels`.
    Map(Labels),
    /// An element of a query's answer: `.Labels`, `.Value`.
    Sample(Labels, f64),
    List(Vec<Value>),
    /// `tmpl` data made by `args`: `.arg0`.
    Args(Vec<Value>),
    /// The template's own data: `.Labels`, `.Value`, `.ExternalLabels`, `.ExternalURL`.
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
            Value::Text(text) => text.clone(),
            Value::Map(labels) => {
                let pairs: Vec<String> =
                    labels.iter().map(|(name, value)| format!("{name}:{value}")).collect();
                format!("map[{}]", pairs.join(" "))
            }
            Value::Sample(labels, value) => {
                format!("{{{} {}}}", Value::Map(labels.clone()).text(), format_general(*value))
            }
            Value::List(items) | Value::Args(items) => {
                format!("[{}]", items.iter().map(Value::text).collect::<Vec<_>>().join(" "))
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
            Value::Text(text) => !text.is_empty(),
            Value::Map(labels) => !labels.is_empty(),
            Value::List(items) | Value::Args(items) => !items.is_empty(),
            Value::Sample(..) | Value::Root => true,
        }
    }

    /// Prometheus' functions take numbers also as text.
    pub fn number(&self) -> Result<f64, String> {
        match self {
            Value::Float(float) => Ok(*float),
            Value::Int(int) => Ok(*int as f64),
            Value::Text(text) => {
                text.trim().parse().map_err(|_| format!("can't convert {text:?} to a number"))
            }
            other => Err(format!("can't convert {} to a number", other.text())),
        }
    }

    pub fn string(&self) -> Result<&str, String> {
        match self {
            Value::Text(text) => Ok(text),
            other => Err(format!("wrong type of value; expected string; got {}", other.text())),
        }
    }
}
