//! Tests of one value: an attribute, a name, a service.

use super::regexes;
use crate::logs::language::{Literal, Op, SyntaxError, Term, Value};
use ocelli_signal::AnyValue;
use ocelli_signal::value_text::display;
use regex::Regex;
use std::cmp::Ordering;

/// What must hold of a value. An array passes when one of its elements does.
#[derive(Clone, Debug)]
pub enum ValueTest {
    /// Any value at all.
    Exists,
    /// Numbers by size, everything else by its text, letter by letter.
    Equals(Scalar),
    Prefix(String),
    Regex(Box<Regex>),
    Compare(Op, Scalar),
    /// Both ends belong to it.
    Range(Option<Scalar>, Option<Scalar>),
}

/// A value of a query: text that may be a number too.
#[derive(Clone, Debug)]
pub struct Scalar {
    text: String,
    number: Option<Number>,
}

/// Integers stay integers, because ids above 2^53 are common.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    Int(i64),
    Double(f64),
}

impl Number {
    /// Decimal text only: `inf`, `nan` and hexadecimal are words.
    pub fn parse(text: &str) -> Option<Number> {
        let numeric = |b: u8| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E');
        if !text.bytes().all(numeric) {
            return None;
        }
        text.parse().map(Number::Int).ok().or_else(|| text.parse().map(Number::Double).ok())
    }

    pub fn as_f64(self) -> f64 {
        match self {
            Number::Int(n) => n as f64,
            Number::Double(n) => n,
        }
    }

    /// `None` against NaN only.
    pub fn compare(self, other: Number) -> Option<Ordering> {
        match (self, other) {
            (Number::Int(a), Number::Int(b)) => Some(a.cmp(&b)),
            (a, b) => a.as_f64().partial_cmp(&b.as_f64()),
        }
    }
}

impl Scalar {
    pub fn new(text: &str) -> Scalar {
        Scalar { text: text.to_owned(), number: Number::parse(text) }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn number(&self) -> Option<Number> {
        self.number
    }

    /// How a value lies to this one; `None` where the two can't be compared: a number of the query
    /// is compared with numbers and with text that is one.
    fn order_of(&self, value: &AnyValue<'_>) -> Option<Ordering> {
        match (*value, self.number) {
            (AnyValue::Int(n), Some(number)) => Number::Int(n).compare(number),
            (AnyValue::Double(n), Some(number)) => Number::Double(n).compare(number),
            (AnyValue::String(text), Some(number)) => Number::parse(text.trim())?.compare(number),
            (AnyValue::String(text), None) => Some(text.cmp(&self.text)),
            _ => None,
        }
    }

    fn equals(&self, value: &AnyValue<'_>) -> bool {
        match *value {
            AnyValue::String(text) => text == self.text,
            AnyValue::Int(_) | AnyValue::Double(_) => {
                self.order_of(value).map_or_else(|| display(value) == self.text, Ordering::is_eq)
            }
            AnyValue::Empty => self.text.is_empty(),
            _ => display(value) == self.text,
        }
    }
}

impl From<&Literal> for Scalar {
    fn from(literal: &Literal) -> Scalar {
        Scalar::new(&literal.text)
    }
}

impl ValueTest {
    pub fn new(term: &Term) -> Result<ValueTest, SyntaxError> {
        Ok(match &term.value {
            Value::Any => ValueTest::Exists,
            Value::Text(literal) => ValueTest::Equals(literal.into()),
            Value::Prefix(literal) => ValueTest::Prefix(literal.text.clone()),
            Value::Regex(pattern) => ValueTest::Regex(Box::new(regexes::compile(pattern, term.span)?)),
            Value::Compare(op, literal) => ValueTest::Compare(*op, literal.into()),
            Value::Range(low, high) => {
                ValueTest::Range(low.as_ref().map(Scalar::from), high.as_ref().map(Scalar::from))
            }
        })
    }

    pub fn matches(&self, value: &AnyValue<'_>) -> bool {
        if let AnyValue::Array(_) = value {
            return match self {
                ValueTest::Exists => true,
                _ => value.elements().any(|element| self.matches(&element)) || self.matches_whole(value),
            };
        }
        self.matches_whole(value)
    }

    pub fn matches_str(&self, text: &str) -> bool {
        self.matches_whole(&AnyValue::String(text))
    }

    pub fn matches_int(&self, n: i64) -> bool {
        self.matches_whole(&AnyValue::Int(n))
    }

    fn matches_whole(&self, value: &AnyValue<'_>) -> bool {
        let text = |test: &dyn Fn(&str) -> bool| match value.as_str() {
            Some(text) => test(text),
            None => test(&display(value)),
        };
        match self {
            ValueTest::Exists => true,
            ValueTest::Equals(scalar) => scalar.equals(value),
            ValueTest::Prefix(prefix) => text(&|text| text.starts_with(prefix.as_str())),
            ValueTest::Regex(regex) => text(&|text| regex.is_match(text)),
            ValueTest::Compare(op, scalar) => scalar.order_of(value).is_some_and(|order| op.holds(order)),
            ValueTest::Range(low, high) => {
                let holds = |end: &Option<Scalar>, op: Op| match end {
                    Some(end) => end.order_of(value).is_some_and(|order| op.holds(order)),
                    None => true,
                };
                holds(low, Op::GreaterOrEqual) && holds(high, Op::LessOrEqual)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::language::{Expr, parse};
    use ocelli_signal::wire::Writer;

    /// Whether `field:QUERY` passes for a value.
    fn check(query: &str, value: AnyValue<'_>, expected: bool) {
        let Ok(Expr::Term(term)) = parse(&format!("x:{query}")) else { panic!("{query} is one term") };
        let test = ValueTest::new(&term).unwrap();
        assert_eq!(test.matches(&value), expected, "{query} on {}", display(&value));
    }

    #[test]
    fn equality() {
        check("5001", AnyValue::Int(5001), true);
        check("5001", AnyValue::String("5001"), true);
        check("5001", AnyValue::String("5001.0"), false);
        check("5001.0", AnyValue::Int(5001), true);
        check("9007199254740993", AnyValue::Int(9_007_199_254_740_992), false);
        check("0.5", AnyValue::Double(0.5), true);
        check("true", AnyValue::Bool(true), true);
        check("nan", AnyValue::Double(f64::NAN), false);
        check("payment", AnyValue::String("Payment"), false);
        check("\"\"", AnyValue::String(""), true);
        check("*", AnyValue::Empty, true);
        check("AQI", AnyValue::Bytes(&[1, 2]), false);
    }

    #[test]
    fn order() {
        check(">500", AnyValue::Int(501), true);
        check(">500", AnyValue::Int(500), false);
        check(">=500", AnyValue::Double(500.0), true);
        check(">500", AnyValue::String("9"), false);
        check("<500", AnyValue::String("9"), true);
        check("<500", AnyValue::String("abc"), false);
        check(">=v2", AnyValue::String("v3"), true);
        check("<=5", AnyValue::Bool(true), false);
        check("[400 TO 499]", AnyValue::Int(499), true);
        check("[400 TO 499]", AnyValue::Int(500), false);
        check("[* TO 499]", AnyValue::Int(-1), true);
        check("[* TO 499]", AnyValue::String("x"), false);
        check("a..c", AnyValue::String("b"), true);
    }

    #[test]
    fn text_of_every_type() {
        check("5*", AnyValue::Int(503), true);
        check("/^5..$/", AnyValue::Int(503), true);
        check("/(?i)DECLINED/", AnyValue::String("card declined"), true);
        check("tr*", AnyValue::Bool(true), true);
    }

    #[test]
    fn an_array_passes_by_any_element() {
        let mut array = Writer::new();
        for value in [AnyValue::String("a"), AnyValue::Int(7)] {
            array.put_message(1, |element| value.encode(element));
        }
        let array = AnyValue::Array(array.as_bytes());
        check("7", array, true);
        check("a", array, true);
        check("b", array, false);
        check(">6", array, true);
    }
}
