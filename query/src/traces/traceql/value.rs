//! What an expression is of one span, and how values compare.

use super::ast::{Arithmetic, Compare, Constant};
use super::parse::constant_name;
use super::print::Nanoseconds;
use ocelli_signal::AnyValue;
use ocelli_signal::value_text::{display, to_otlp_json};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// Nothing is there.
    Nil,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// Nanoseconds.
    Duration(i64),
    Text(Cow<'a, str>),
    Status(i32),
    Kind(i32),
    /// Elements of an array, or what each event or link has. It compares as any of them does.
    Many(Vec<Value<'a>>),
    /// A map or bytes: only there or not there.
    Other(AnyValue<'a>),
}

impl<'a> Value<'a> {
    pub fn text(text: &'a str) -> Value<'a> {
        Value::Text(Cow::Borrowed(text))
    }

    pub fn of(value: AnyValue<'a>) -> Value<'a> {
        match value {
            AnyValue::Empty => Value::Nil,
            AnyValue::Bool(flag) => Value::Bool(flag),
            AnyValue::Int(n) => Value::Int(n),
            AnyValue::Double(n) => Value::Float(n),
            AnyValue::String(text) => Value::text(text),
            AnyValue::Array(_) => Value::Many(value.elements().map(Value::of).collect()),
            other => Value::Other(other),
        }
    }

    /// One value of several; none of none.
    pub fn one_or_many(mut values: Vec<Value<'a>>) -> Value<'a> {
        match values.len() {
            0 => Value::Nil,
            1 => values.swap_remove(0),
            _ => Value::Many(values),
        }
    }

    pub fn constant(constant: &'a Constant) -> Value<'a> {
        match constant {
            Constant::Nil => Value::Nil,
            Constant::Bool(flag) => Value::Bool(*flag),
            Constant::Int(n) => Value::Int(*n),
            Constant::Float(n) => Value::Float(*n),
            Constant::Duration(ns) => Value::Duration(*ns),
            Constant::Text(text) => Value::text(text),
            Constant::Status(n) => Value::Status(*n),
            Constant::Kind(n) => Value::Kind(*n),
        }
    }

    pub fn is_nil(&self) -> bool {
        *self == Value::Nil
    }

    pub fn is_true(&self) -> bool {
        *self == Value::Bool(true)
    }

    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Int(n) | Value::Duration(n) => Some(*n as f64),
            Value::Float(n) => Some(*n),
            _ => None,
        }
    }

    /// Without what it borrows.
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Value::Nil => Value::Nil,
            Value::Bool(flag) => Value::Bool(flag),
            Value::Int(n) => Value::Int(n),
            Value::Float(n) => Value::Float(n),
            Value::Duration(ns) => Value::Duration(ns),
            Value::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
            Value::Status(n) => Value::Status(n),
            Value::Kind(n) => Value::Kind(n),
            Value::Many(values) => Value::Many(values.into_iter().map(Value::into_owned).collect()),
            Value::Other(other) => Value::Text(Cow::Owned(display(&other))),
        }
    }

    /// As the API gives it.
    pub fn to_api(&self) -> ocelli_api::AnyValue {
        let json = match self {
            Value::Nil => serde_json::json!({}),
            Value::Bool(flag) => serde_json::json!({ "boolValue": flag }),
            Value::Int(n) => serde_json::json!({ "intValue": n.to_string() }),
            Value::Float(n) => to_otlp_json(&AnyValue::Double(*n)),
            Value::Duration(_) | Value::Status(_) | Value::Kind(_) | Value::Text(_) => {
                serde_json::json!({ "stringValue": self.to_string() })
            }
            Value::Many(values) => {
                let values: Vec<_> = values.iter().map(|value| value.to_api().0).collect();
                serde_json::json!({ "arrayValue": { "values": values } })
            }
            Value::Other(other) => to_otlp_json(other),
        };
        ocelli_api::AnyValue(json)
    }

    /// How it lies to another of its kind; `None` where the two can't be compared.
    fn order(&self, other: &Value<'_>) -> Option<Ordering> {
        match (self, other) {
            (Value::Int(a) | Value::Duration(a), Value::Int(b) | Value::Duration(b)) => Some(a.cmp(b)),
            (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
            (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
            (Value::Status(a), Value::Status(b)) | (Value::Kind(a), Value::Kind(b)) => Some(a.cmp(b)),
            (a, b) => a.as_f64()?.partial_cmp(&b.as_f64()?),
        }
    }

    /// Whether a comparison holds. Values of different kinds, and what is not there, neither equal nor
    /// differ; of many, `=` holds of any and `!=` of all.
    pub fn compare(&self, compare: Compare, other: &Value<'_>) -> bool {
        match (self, other, compare) {
            (Value::Many(many), one, Compare::NotEqual) | (one, Value::Many(many), Compare::NotEqual) => {
                let comparable = many.iter().any(|value| value.order(one).is_some());
                comparable && !many.iter().any(|value| value.compare(Compare::Equal, one))
            }
            (Value::Many(many), one, compare) => many.iter().any(|value| value.compare(compare, one)),
            (one, Value::Many(many), compare) => many.iter().any(|value| one.compare(compare, value)),
            (one, other, compare) => one.order(other).is_some_and(|order| compare.holds(order)),
        }
    }

    /// Nil where one of the two is no number. Whole numbers and durations stay what they are as
    /// long as the result fits.
    pub fn calculate(&self, operator: Arithmetic, other: &Value<'_>) -> Value<'static> {
        let whole = match (self, other) {
            (Value::Int(a), Value::Int(b)) => exact(*a, operator, *b).map(Value::Int),
            (Value::Duration(a), Value::Duration(b)) if operator != Arithmetic::Multiply => {
                exact(*a, operator, *b).map(Value::Duration)
            }
            _ => None,
        };
        let (Some(a), Some(b)) = (self.as_f64(), other.as_f64()) else { return Value::Nil };
        whole.unwrap_or_else(|| {
            let result = operator.of(a, b);
            let scaled = matches!(operator, Arithmetic::Multiply | Arithmetic::Divide);
            match (self, other) {
                (Value::Duration(_), Value::Int(_) | Value::Float(_)) if scaled => rounded(result),
                (Value::Int(_) | Value::Float(_), Value::Duration(_)) if operator == Arithmetic::Multiply => {
                    rounded(result)
                }
                _ => Value::Float(result),
            }
        })
    }
}

fn rounded(ns: f64) -> Value<'static> {
    if ns.abs() < i64::MAX as f64 { Value::Duration(ns.round() as i64) } else { Value::Float(ns) }
}

fn exact(a: i64, operator: Arithmetic, b: i64) -> Option<i64> {
    match operator {
        Arithmetic::Add => a.checked_add(b),
        Arithmetic::Subtract => a.checked_sub(b),
        Arithmetic::Multiply => a.checked_mul(b),
        Arithmetic::Remainder => a.checked_rem(b),
        Arithmetic::Divide | Arithmetic::Power => None,
    }
}

impl Arithmetic {
    pub fn of(self, a: f64, b: f64) -> f64 {
        match self {
            Arithmetic::Add => a + b,
            Arithmetic::Subtract => a - b,
            Arithmetic::Multiply => a * b,
            Arithmetic::Divide => a / b,
            Arithmetic::Remainder => a % b,
            Arithmetic::Power => a.powf(b),
        }
    }
}

impl Compare {
    pub fn holds(self, order: Ordering) -> bool {
        match self {
            Compare::Equal => order.is_eq(),
            Compare::NotEqual => order.is_ne(),
            Compare::Less => order.is_lt(),
            Compare::LessOrEqual => order.is_le(),
            Compare::Greater => order.is_gt(),
            Compare::GreaterOrEqual => order.is_ge(),
        }
    }

    /// The same comparison with the sides exchanged.
    pub fn flipped(self) -> Compare {
        match self {
            Compare::Less => Compare::Greater,
            Compare::LessOrEqual => Compare::GreaterOrEqual,
            Compare::Greater => Compare::Less,
            Compare::GreaterOrEqual => Compare::LessOrEqual,
            same => same,
        }
    }
}

/// As one reads it.
impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Nil => f.write_str("nil"),
            Value::Bool(flag) => write!(f, "{flag}"),
            Value::Int(n) => write!(f, "{n}"),
            Value::Float(n) => write!(f, "{n:?}"),
            Value::Duration(ns) => write!(f, "{}", Nanoseconds(*ns)),
            Value::Text(text) => f.write_str(text),
            Value::Status(n) => f.write_str(constant_name(&Constant::Status(*n))),
            Value::Kind(n) => f.write_str(constant_name(&Constant::Kind(*n))),
            Value::Many(values) => {
                f.write_str("[")?;
                for (at, value) in values.iter().enumerate() {
                    write!(f, "{}{value}", if at > 0 { ", " } else { "" })?;
                }
                f.write_str("]")
            }
            Value::Other(other) => f.write_str(&display(other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_different_kinds_neither_equal_nor_differ() {
        let text = Value::text("5");
        for compare in [Compare::Equal, Compare::NotEqual, Compare::Less, Compare::Greater] {
            assert!(!text.compare(compare, &Value::Int(5)));
            assert!(!Value::Nil.compare(compare, &Value::Nil));
        }
        assert!(Value::Int(5).compare(Compare::Equal, &Value::Float(5.0)));
        assert!(Value::Duration(5).compare(Compare::Less, &Value::Int(6)));
        let large = 9_007_199_254_740_993;
        assert!(!Value::Int(large).compare(Compare::Equal, &Value::Int(large - 1)));
    }

    #[test]
    fn many_are_any_of_them() {
        let many = Value::Many(vec![Value::text("a"), Value::text("b")]);
        assert!(many.compare(Compare::Equal, &Value::text("b")));
        assert!(!many.compare(Compare::NotEqual, &Value::text("b")));
        assert!(many.compare(Compare::NotEqual, &Value::text("c")));
    }

    #[test]
    fn arithmetic_keeps_what_it_can() {
        let calculate = |a: Value<'static>, operator, b: Value<'static>| a.calculate(operator, &b);
        let second = || Value::Duration(1_000_000_000);
        assert_eq!(calculate(second(), Arithmetic::Multiply, Value::Int(3)), Value::Duration(3_000_000_000));
        assert_eq!(calculate(second(), Arithmetic::Divide, second()), Value::Float(1.0));
        assert_eq!(calculate(Value::Int(7), Arithmetic::Remainder, Value::Int(4)), Value::Int(3));
        assert_eq!(
            calculate(Value::Int(i64::MAX), Arithmetic::Add, Value::Int(1)),
            Value::Float(2f64.powi(63))
        );
        assert_eq!(calculate(Value::Int(7), Arithmetic::Remainder, Value::Int(0)).to_string(), "NaN");
        assert_eq!(calculate(Value::text("7"), Arithmetic::Add, Value::Int(0)), Value::Nil);
    }
}
