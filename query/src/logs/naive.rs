//! The language over one record, word for word as its description says: the yardstick for the
//! evaluator over columns.

use super::fixture::{Record, Value};
use super::language::{Expr, Literal, Op, Term, Value as Wanted};
use ocelli_api::logs::severity_class;
use ocelli_storage::tokenize;

pub fn matches(expr: &Expr, record: &Record) -> bool {
    match expr {
        Expr::All => true,
        Expr::Not(inner) => !matches(inner, record),
        Expr::And(all) => all.iter().all(|inner| matches(inner, record)),
        Expr::Or(any) => any.iter().any(|inner| matches(inner, record)),
        Expr::Term(term) => term_matches(term, record),
    }
}

fn term_matches(term: &Term, record: &Record) -> bool {
    let text = |text: &str| value_matches(&term.value, &Value::Text(text.to_owned()));
    match term.field.as_deref() {
        None | Some("body") => body_matches(&term.value, &record.body),
        Some("service") => text(&record.service),
        Some("trace_id") => match (&term.value, record.trace_id) {
            (Wanted::Text(wanted), Some(id)) => id.map(|b| format!("{b:02x}")).concat() == wanted.text,
            (Wanted::Any, id) => id.is_some(),
            _ => false,
        },
        Some("level") => match &term.value {
            Wanted::Text(wanted) => severity_class(record.severity) == wanted.text,
            Wanted::Compare(Op::GreaterOrEqual, wanted) if wanted.text == "warn" => record.severity >= 13,
            other => panic!("the yardstick does not know level:{other}"),
        },
        Some("resource.host.name") => text(&record.host),
        Some("host.name") => match record.attribute("host.name") {
            Some(value) => value_matches(&term.value, value),
            None => text(&record.host),
        },
        Some(key) => {
            let key = key.strip_prefix("attributes.").unwrap_or(key);
            record.attribute(key).is_some_and(|value| value_matches(&term.value, value))
        }
    }
}

fn body_matches(wanted: &Wanted, body: &str) -> bool {
    let body_words = tokenize(body);
    let phrase = |literal: &Literal, open: bool| {
        let words = tokenize(&literal.text);
        body_words.windows(words.len()).any(|window| {
            let last = words.len() - 1;
            window[..last] == words[..last]
                && (window[last] == words[last] || open && window[last].starts_with(&words[last]))
        })
    };
    match wanted {
        Wanted::Text(literal) => phrase(literal, false),
        Wanted::Prefix(literal) => phrase(literal, true),
        Wanted::Regex(pattern) => regex::Regex::new(pattern).is_ok_and(|regex| regex.is_match(body)),
        Wanted::Any => !body.is_empty(),
        other => panic!("the yardstick does not know body:{other}"),
    }
}

fn value_matches(wanted: &Wanted, value: &Value) -> bool {
    let text = match value {
        Value::Int(n) => n.to_string(),
        Value::Double(n) => format!("{n:?}"),
        Value::Text(text) => text.clone(),
    };
    let number: Option<f64> = text.parse().ok();
    let numeric = |end: &Option<Literal>, holds: fn(f64, f64) -> bool| match end {
        None => number.is_some(),
        Some(end) => number.is_some_and(|number| holds(number, end.text.parse().expect("a number"))),
    };
    match wanted {
        Wanted::Any => true,
        Wanted::Text(literal) => match value {
            Value::Text(text) => *text == literal.text,
            _ => number.is_some() && number == literal.text.parse().ok(),
        },
        Wanted::Prefix(literal) => text.starts_with(&literal.text),
        Wanted::Regex(pattern) => regex::Regex::new(pattern).is_ok_and(|regex| regex.is_match(&text)),
        Wanted::Range(low, high) => numeric(low, |n, end| n >= end) && numeric(high, |n, end| n <= end),
        Wanted::Compare(op, end) => {
            let end = Some(end.clone());
            match op {
                Op::Less => numeric(&end, |n, end| n < end),
                Op::LessOrEqual => numeric(&end, |n, end| n <= end),
                Op::Greater => numeric(&end, |n, end| n > end),
                Op::GreaterOrEqual => numeric(&end, |n, end| n >= end),
            }
        }
    }
}
