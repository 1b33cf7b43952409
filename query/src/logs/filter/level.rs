//! Severity: by class (`error`), by number, by order, or by the text that the logger sent.

use super::value::{Number, ValueTest};
use crate::logs::language::{Literal, Op, SyntaxError, Term, Value};
use ocelli_api::logs::severity_class;

/// Class names with what loggers call them, and the first and last OTLP `SeverityNumber`.
const CLASSES: [(&[&str], i32, i32); 6] = [
    (&["trace", "verbose", "finest", "silly"], 1, 4),
    (&["debug", "fine"], 5, 8),
    (&["info", "information", "informational", "notice", "log"], 9, 12),
    (&["warn", "warning"], 13, 16),
    (&["error", "err", "severe"], 17, 20),
    (&["fatal", "critical", "crit", "emergency", "emerg", "alert", "panic"], 21, 24),
];

#[derive(Clone, Debug)]
pub enum LevelTest {
    /// The number is in the range; a record without number passes by its text, if names are given.
    Numbers {
        low: i32,
        high: i32,
        names: &'static [&'static str],
    },
    /// No number was sent.
    Unset,
    /// A number or a text was sent.
    Exists,
    /// The text that was sent, in any case.
    Named(String),
    /// The class or the text begins so.
    Prefix(String),
    Text(ValueTest),
}

impl LevelTest {
    pub fn new(term: &Term) -> Result<LevelTest, SyntaxError> {
        let bounds = |literal: &Literal| bounds(literal, term);
        Ok(match &term.value {
            Value::Any => LevelTest::Exists,
            Value::Regex(_) => LevelTest::Text(ValueTest::new(term)?),
            Value::Prefix(literal) => LevelTest::Prefix(literal.text.to_lowercase()),
            Value::Text(literal) => equal(literal),
            Value::Compare(op, literal) => {
                let (low, high) = bounds(literal)?;
                let (low, high) = match op {
                    Op::Less => (1, low - 1),
                    Op::LessOrEqual => (1, high),
                    Op::Greater => (high + 1, 24),
                    Op::GreaterOrEqual => (low, 24),
                };
                LevelTest::Numbers { low, high, names: &[] }
            }
            Value::Range(low, high) => {
                let low = low.as_ref().map(bounds).transpose()?.map_or(1, |(low, _)| low);
                let high = high.as_ref().map(bounds).transpose()?.map_or(24, |(_, high)| high);
                LevelTest::Numbers { low, high, names: &[] }
            }
        })
    }

    pub fn matches(&self, number: i32, text: &str) -> bool {
        match self {
            LevelTest::Numbers { low, high, names } => {
                (*low..=*high).contains(&number)
                    || number == 0 && names.iter().any(|name| name.eq_ignore_ascii_case(text))
            }
            LevelTest::Unset => severity_class(number) == "unset",
            LevelTest::Exists => number != 0 || !text.is_empty(),
            LevelTest::Named(name) => text.to_lowercase() == *name,
            LevelTest::Prefix(prefix) => {
                severity_class(number).starts_with(prefix) || text.to_lowercase().starts_with(prefix)
            }
            LevelTest::Text(test) => test.matches_str(text),
        }
    }
}

fn equal(literal: &Literal) -> LevelTest {
    let name = literal.text.to_lowercase();
    if name == "unset" {
        return LevelTest::Unset;
    }
    match (class(&name), Number::parse(&name)) {
        (Some((names, low, high)), _) => LevelTest::Numbers { low, high, names },
        (None, Some(Number::Int(n))) => {
            let n = i32::try_from(n).unwrap_or(i32::MAX);
            LevelTest::Numbers { low: n, high: n, names: &[] }
        }
        _ => LevelTest::Named(name),
    }
}

fn class(name: &str) -> Option<(&'static [&'static str], i32, i32)> {
    CLASSES.into_iter().find(|(names, ..)| names.contains(&name))
}

/// First and last number of what is compared with.
fn bounds(literal: &Literal, term: &Term) -> Result<(i32, i32), SyntaxError> {
    let name = literal.text.to_lowercase();
    if let Some((_, low, high)) = class(&name) {
        return Ok((low, high));
    }
    match name.parse::<i32>() {
        Ok(n) if (0..=24).contains(&n) => Ok((n, n)),
        _ => Err(SyntaxError::new(
            term.span.start,
            format!(
                "'{}' is not a level; use trace, debug, info, warn, error, fatal or 1 to 24",
                literal.text
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::language::{Expr, parse};

    fn test(query: &str) -> Result<LevelTest, SyntaxError> {
        let Ok(Expr::Term(term)) = parse(&format!("level:{query}")) else { panic!("{query} is one term") };
        LevelTest::new(&term)
    }

    #[test]
    fn classes_numbers_and_order() {
        let check = |query: &str, number, text, expected| {
            assert_eq!(test(query).unwrap().matches(number, text), expected, "{query} on {number} {text}");
        };
        check("error", 17, "", true);
        check("ERROR", 20, "whatever", true);
        check("error", 21, "error", false);
        check("error", 0, "Error", true);
        check("warning", 13, "", true);
        check("17", 17, "", true);
        check("17", 18, "", false);
        check(">=warn", 13, "", true);
        check(">=warn", 24, "", true);
        check(">warn", 16, "", false);
        check("<warn", 12, "", true);
        check("<warn", 0, "", false);
        check("[info TO warn]", 16, "", true);
        check("[info TO warn]", 17, "", false);
        check("[* TO warn]", 5, "", true);
        check("err*", 18, "", true);
        check("*", 0, "", false);
        check("*", 0, "x", true);
        check("unset", 0, "", true);
        check("audit", 9, "AUDIT", true);
        check("/^AU/", 9, "AUDIT", true);
    }

    #[test]
    fn an_unknown_level_has_no_order() {
        let wrong = test(">=loud").unwrap_err();
        assert!(wrong.message.starts_with("'loud' is not a level; use trace"), "{wrong}");
    }
}
