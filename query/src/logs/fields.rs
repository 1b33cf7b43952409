//! What the fields of the language mean for log records.

use super::filter::id::IdTest;
use super::filter::text::TextTest;
use super::filter::value::ValueTest;
use super::filter::{Filter, Leaf, LevelTest};
use super::language::{self, Expr, SyntaxError, Term};

/// Reads a query and makes it ready to run over log batches.
pub fn compile(query: &str) -> Result<Filter, SyntaxError> {
    filter(&language::parse(language::only_filter(query)?)?)
}

/// Makes a query ready to run over log batches.
pub fn filter(expr: &Expr) -> Result<Filter, SyntaxError> {
    Filter::compile(expr, &|term| log_field(term).map(Filter::Leaf))
}

fn log_field(term: &Term) -> Result<Leaf, SyntaxError> {
    Ok(match term.field.as_deref() {
        None | Some("body") => Leaf::Text { column: "body", test: TextTest::new(term)? },
        Some("level" | "severity") => Leaf::Level(LevelTest::new(term)?),
        Some("event_name") => Leaf::Column { column: "event_name", test: ValueTest::new(term)? },
        Some(name) => origin_field(name, term)?,
    })
}

/// Fields that logs and spans have in common; everything else is an attribute.
pub fn origin_field(name: &str, term: &Term) -> Result<Leaf, SyntaxError> {
    Ok(match name {
        "service" => Leaf::Service(ValueTest::new(term)?),
        "scope" => Leaf::ScopeName(ValueTest::new(term)?),
        "trace_id" => Leaf::Id { column: "trace_id", test: IdTest::new(term, 16)? },
        "span_id" => Leaf::Id { column: "span_id", test: IdTest::new(term, 8)? },
        name => {
            let test = ValueTest::new(term)?;
            if let Some(key) = name.strip_prefix("resource.") {
                Leaf::Resource { key: key.to_owned(), test }
            } else if let Some(key) = name.strip_prefix("attributes.") {
                Leaf::Attribute { key: key.to_owned(), test, or_resource: false }
            } else {
                Leaf::Attribute { key: name.to_owned(), test, or_resource: true }
            }
        }
    })
}
