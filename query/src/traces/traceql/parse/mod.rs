//! Tokens to a query, by recursive descent.
//!
//! Operators bind as in Tempo's grammar: `&&` and `||` bind alike and from the left, comparisons
//! and relations tighter, then `+ -`, then `!` and the sign, then `* / %`, then `^` from the right.

mod expr;
mod fields;
mod metrics;
mod pipeline;
mod types;

pub use fields::{INTRINSICS, constant_name, intrinsic_name};

use super::ast::{Arithmetic, Constant, Hint, Query};
use super::lex::{self, Token};
use super::{MAX_BYTES, MAX_DEPTH, MAX_OPERANDS, MAX_STAGES};
use crate::logs::filter::regexes::MAX_PATTERNS;
use crate::logs::language::{Span, SyntaxError};

/// What binds alike, weakest first.
const SUMS: [(&str, Arithmetic); 2] = [("+", Arithmetic::Add), ("-", Arithmetic::Subtract)];
const PRODUCTS: [(&str, Arithmetic); 3] =
    [("*", Arithmetic::Multiply), ("/", Arithmetic::Divide), ("%", Arithmetic::Remainder)];

/// Reads a query, or says where it is wrong and what would be right.
pub fn parse(text: &str) -> Result<Query, SyntaxError> {
    if text.len() > MAX_BYTES {
        let message = format!("the query has {} bytes; {MAX_BYTES} is the limit", text.len());
        return Err(SyntaxError::new(MAX_BYTES, message));
    }
    let mut parser =
        Parser { text, tokens: lex::tokens(text)?, next: 0, depth: 0, operands: 0, stages: 0, patterns: 0 };
    parser.query()
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<(Token, Span)>,
    next: usize,
    depth: usize,
    operands: usize,
    stages: usize,
    patterns: usize,
}

type Parsed<T> = Result<T, SyntaxError>;

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|(token, _)| token)
    }

    /// The place of the next token, or the end of the text.
    fn place(&self) -> Span {
        let end = Span { start: self.text.len(), end: self.text.len() };
        self.tokens.get(self.next).map_or(end, |(_, span)| *span)
    }

    fn error(&self, message: impl Into<String>) -> SyntaxError {
        SyntaxError::new(self.place().start, message)
    }

    /// The next token as it was written.
    fn written(&self) -> String {
        match self.place() {
            span if span.start == self.text.len() => "the end of the query".to_owned(),
            span => format!("'{}'", &self.text[span.start..span.end]),
        }
    }

    fn is_operator(&self, operator: &str) -> bool {
        matches!(self.peek(), Some(Token::Operator(next)) if *next == operator)
    }

    /// Goes on behind an operator, if it is there.
    fn take(&mut self, operator: &str) -> bool {
        let is_it = self.is_operator(operator);
        self.next += usize::from(is_it);
        is_it
    }

    /// The next token, where it is one of some operators.
    fn take_operator(&mut self, known: &[(&str, Arithmetic)]) -> Option<Arithmetic> {
        let found = known.iter().find(|(operator, _)| self.is_operator(operator))?.1;
        self.next += 1;
        Some(found)
    }

    fn word(&self) -> Option<&str> {
        if let Some(Token::Word(word)) = self.peek() { Some(word) } else { None }
    }

    fn take_word(&mut self, word: &str) -> bool {
        let is_it = self.word() == Some(word);
        self.next += usize::from(is_it);
        is_it
    }

    fn expect(&mut self, operator: &str, after: &str) -> Parsed<()> {
        if self.take(operator) {
            return Ok(());
        }
        Err(self.error(format!("'{operator}' is missing {after}, before {}", self.written())))
    }

    /// Expects the bracket that closes one; the message is about the one that is open.
    fn close(&mut self, open: usize, operator: &str) -> Parsed<()> {
        if self.take(operator) {
            return Ok(());
        }
        if self.peek().is_none() {
            let opened = &self.text[open..open + 1];
            return Err(SyntaxError::new(open, format!("the '{opened}' that opens here is not closed")));
        }
        Err(self.error(format!("'{operator}' or an operator is missing before {}", self.written())))
    }

    fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error(format!("the query nests deeper than {MAX_DEPTH}")));
        }
        let parsed = inner(self);
        self.depth -= 1;
        parsed
    }

    /// Counts an attribute, an intrinsic or a constant.
    fn operand(&mut self) -> Parsed<()> {
        self.operands += 1;
        if self.operands > MAX_OPERANDS {
            return Err(self.error(format!("the query has more than {MAX_OPERANDS} operands")));
        }
        Ok(())
    }

    /// Counts a regular expression.
    fn pattern(&mut self, at: Span) -> Parsed<()> {
        self.patterns += 1;
        if self.patterns > MAX_PATTERNS {
            let message = format!("the query has more than {MAX_PATTERNS} regular expressions");
            return Err(SyntaxError::new(at.start, message));
        }
        Ok(())
    }

    fn stage_counts(&mut self) -> Parsed<()> {
        self.stages += 1;
        if self.stages > MAX_STAGES {
            return Err(self.error(format!("the query has more than {MAX_STAGES} stages")));
        }
        Ok(())
    }

    fn query(&mut self) -> Parsed<Query> {
        if self.tokens.is_empty() {
            return Err(self.error("the query is empty; {} finds every trace"));
        }
        let (pipeline, metrics) = self.pipeline(true)?;
        let hints = if self.take_word("with") { self.hints()? } else { Vec::new() };
        if self.peek().is_some() {
            return Err(self.behind());
        }
        Ok(Query { pipeline, metrics, hints })
    }

    /// What is wrong with a token behind a whole query.
    fn behind(&self) -> SyntaxError {
        let hint = match self.peek() {
            Some(Token::Operator(")" | "}" | "]")) => "it closes nothing",
            Some(Token::Operator("{" | "(")) => "join span filters by && || > >> < << or ~",
            Some(Token::Word(_)) => "a stage begins behind a '|'",
            _ => "the query ends before it",
        };
        self.error(format!("{} is not expected here: {hint}", self.written()))
    }

    fn hints(&mut self) -> Parsed<Vec<Hint>> {
        let open = self.place().start;
        self.expect("(", "behind with")?;
        let mut hints = Vec::new();
        loop {
            let Some(name) = self.word().map(str::to_owned) else {
                return Err(self.error("the name of a hint is missing: with(exemplars=true)"));
            };
            self.next += 1;
            self.expect("=", "behind the name of a hint")?;
            let at = self.place().start;
            let constant = self.constant()?;
            let value =
                constant.ok_or_else(|| SyntaxError::new(at, "a hint is a number, text, true or false"))?;
            hints.push(Hint { name, value });
            if !self.take(",") {
                break;
            }
        }
        self.close(open, ")")?;
        Ok(hints)
    }

    /// A number, text or a word that is a value; `None` for anything else.
    fn constant(&mut self) -> Parsed<Option<Constant>> {
        let constant = match self.peek() {
            Some(Token::Int(n)) => Constant::Int(*n),
            Some(Token::Float(n)) => Constant::Float(*n),
            Some(Token::Duration(n)) => Constant::Duration(*n),
            Some(Token::Text(text)) => Constant::Text(text.clone()),
            Some(Token::Word(word)) => match fields::constant(word) {
                Some(constant) => constant,
                None => return Ok(None),
            },
            _ => return Ok(None),
        };
        self.operand()?;
        self.next += 1;
        Ok(Some(constant))
    }
}

#[cfg(test)]
mod tests;
