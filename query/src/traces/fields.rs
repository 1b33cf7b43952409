//! What the fields of the search language mean for spans.

use super::duration;
use crate::logs::filter::text::TextTest;
use crate::logs::filter::value::{Scalar, ValueTest};
use crate::logs::filter::{Filter, Leaf};
use crate::logs::language::{self, Literal, Op, Span, SyntaxError, Term, Value};
use crate::logs::origin_field;

/// Names of OTLP's `SpanKind`, by number.
pub const KINDS: [&str; 6] = ["unspecified", "internal", "server", "client", "producer", "consumer"];
/// Names of OTLP's `StatusCode`, by number.
pub const STATUSES: [&str; 3] = ["unset", "ok", "error"];

/// Reads a query and makes it ready to run over batches of spans.
pub fn compile(query: &str) -> Result<Filter, SyntaxError> {
    Filter::compile(&language::parse(query)?, &|term| span_field(term).map(Filter::Leaf))
}

/// The filter of one of a fixed list of names.
pub fn numbered(column: &'static str, names: &[&str], name: &str) -> Option<Leaf> {
    let number = names.iter().position(|known| known.eq_ignore_ascii_case(name))?;
    Some(Leaf::Number { column, test: ValueTest::Equals(Scalar::new(&number.to_string())) })
}

fn span_field(term: &Term) -> Result<Leaf, SyntaxError> {
    Ok(match term.field.as_deref() {
        None => Leaf::Text { column: "name", test: TextTest::new(term)? },
        Some("name" | "operation") => Leaf::Column { column: "name", test: ValueTest::new(term)? },
        Some("kind") => named("kind", "kind", &KINDS, term)?,
        Some("status") => named("status", "status_code", &STATUSES, term)?,
        Some("status_message") => Leaf::Column { column: "status_message", test: ValueTest::new(term)? },
        Some("duration") => duration_field(term)?,
        Some(name) => origin_field(name, term)?,
    })
}

fn named(field: &str, column: &'static str, names: &[&str], term: &Term) -> Result<Leaf, SyntaxError> {
    let found = match &term.value {
        Value::Text(literal) => numbered(column, names, &literal.text),
        _ => None,
    };
    found.ok_or_else(|| {
        let message = format!("'{}' is no {field} of a span; use {}", term.value, names.join(", "));
        SyntaxError::new(term.span.start, message)
    })
}

fn duration_field(term: &Term) -> Result<Leaf, SyntaxError> {
    let read = |literal: &Literal| length(literal, term.span);
    let (low, high) = match &term.value {
        Value::Any => (i64::MIN, i64::MAX),
        Value::Text(literal) => (read(literal)?, read(literal)?),
        Value::Compare(Op::Less, literal) => (i64::MIN, read(literal)?.saturating_sub(1)),
        Value::Compare(Op::LessOrEqual, literal) => (i64::MIN, read(literal)?),
        Value::Compare(Op::Greater, literal) => (read(literal)?.saturating_add(1), i64::MAX),
        Value::Compare(Op::GreaterOrEqual, literal) => (read(literal)?, i64::MAX),
        Value::Range(low, high) => (
            low.as_ref().map(read).transpose()?.unwrap_or(i64::MIN),
            high.as_ref().map(read).transpose()?.unwrap_or(i64::MAX),
        ),
        other => return Err(SyntaxError::new(term.span.start, format!("'{other}' {}", duration::FORM))),
    };
    Ok(Leaf::Duration { low, high })
}

fn length(literal: &Literal, span: Span) -> Result<i64, SyntaxError> {
    let wrong = || SyntaxError::new(span.start, format!("'{}' {}", literal.text, duration::FORM));
    duration::parse(&literal.text).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_name_what_would_be_right() {
        let message = |query: &str| compile(query).unwrap_err().message;
        assert_eq!(message("status:500"), "'500' is no status of a span; use unset, ok, error");
        assert!(message("kind:>server").contains("use unspecified, internal, server"));
        assert_eq!(message("duration:>500"), "'500' is not a duration; use 250ms, 1.5s or 2m");
        assert!(message("trace_id:abc").contains("32 hex digits"));
        assert!(compile("duration:1s..2s kind:SERVER -http.route:/health checkout").is_ok());
    }
}
