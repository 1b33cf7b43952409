//! The search language of logs, used for the attributes of spans too.
//!
//! ```text
//! level:error service:payment "card declined" -path:/health duration_ms:>500
//! ```
//!
//! | written | means |
//! |---|---|
//! | `word`, `"a phrase"`, `pre*` | these words in the body, in any case; a phrase in this order |
//! | `field:value`, `field:"a value"`, `field:pre*` | the field has this value, or one that begins so |
//! | `field:*` | the field is there |
//! | `field:>5`, `>=`, `<`, `<=`, `field:[1 TO 5]`, `field:1..5` | numbers by size, text by order; ranges include both ends, `*` leaves one open |
//! | `/regex/`, `field:/regex/` | Rust's regular expressions, found anywhere in the text; `(?i)` ignores case |
//! | `a b`, `a AND b`, `a OR b`, `NOT a`, `-a`, `( )`, `field:(a OR b)` | AND binds tighter than OR; NOT tightest |
//!
//! What is made of the records that are found follows behind a bar ([`split`]): `… | stats count() by (service)`.
//!
//! Operators are upper case, so that `and` is a word like any other. A backslash takes a character
//! as it is. What looks like a field but hardly is one (`http://host`, `std::io`, `12:30:05`) is text;
//! a key that begins with a digit is quoted: `"5xx":true`.

mod ast;
mod lexer;
mod parser;
mod pipe;

pub use ast::{Expr, Literal, Op, Span, Term, Value};
pub use pipe::{Pipe, only_filter, split};

use crate::Error;
use std::collections::BTreeSet;

/// Bytes of a query. A person's query has a hundred, a generated one a thousand.
pub const MAX_BYTES: usize = 16 << 10;
/// Parentheses and NOTs inside each other; bounds the stack of parser and evaluator.
pub const MAX_DEPTH: usize = 64;
/// Words, phrases and comparisons; each costs a pass over the rows that are left.
pub const MAX_TERMS: usize = 256;

/// Where a query is wrong, in bytes from its start, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SyntaxError {
    pub message: String,
    pub offset: usize,
}

impl SyntaxError {
    pub(crate) fn new(offset: usize, message: impl Into<String>) -> SyntaxError {
        SyntaxError { message: message.into(), offset }
    }
}

impl From<SyntaxError> for Error {
    fn from(error: SyntaxError) -> Error {
        let message = format!("{} (at offset {})", error.message, error.offset);
        Error::BadQuery { message, offset: Some(error.offset) }
    }
}

/// Reads a query. An empty one matches everything.
pub fn parse(text: &str) -> Result<Expr, SyntaxError> {
    if text.len() > MAX_BYTES {
        let message = format!("the query has {} bytes; {MAX_BYTES} is the limit", text.len());
        return Err(SyntaxError::new(MAX_BYTES, message));
    }
    parser::parse(text, lexer::tokens(text)?)
}

impl Expr {
    /// The fields that it names, each once, as they are written.
    pub fn fields(&self) -> BTreeSet<&str> {
        match self {
            Expr::All => BTreeSet::new(),
            Expr::Not(inner) => inner.fields(),
            Expr::And(inner) | Expr::Or(inner) => inner.iter().flat_map(Expr::fields).collect(),
            Expr::Term(term) => term.field.as_deref().into_iter().collect(),
        }
    }
}

#[cfg(test)]
mod tests;
