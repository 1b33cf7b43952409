//! Tokens to a tree, by recursive descent: `or` over `and` over `not` over terms.

use super::ast::{Expr, Span, Term, Value};
use super::lexer::Token;
use super::{MAX_DEPTH, MAX_TERMS, SyntaxError};
use crate::logs::filter::regexes::MAX_PATTERNS;

pub fn parse(text: &str, tokens: Vec<(Token, Span)>) -> Result<Expr, SyntaxError> {
    let mut parser = Parser { text, tokens, next: 0, depth: 0, terms: 0, patterns: 0 };
    if parser.tokens.is_empty() {
        return Ok(Expr::All);
    }
    let expr = parser.or(None)?;
    match parser.peek() {
        None => Ok(expr),
        Some(_) => Err(parser.error("this ')' closes nothing; remove it, or quote it to search for it")),
    }
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<(Token, Span)>,
    next: usize,
    depth: usize,
    terms: usize,
    patterns: usize,
}

/// The field that a group belongs to: `field:(a OR b)`.
type Field<'f> = Option<(&'f str, Span)>;

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

    fn or(&mut self, field: Field<'_>) -> Result<Expr, SyntaxError> {
        let mut any = vec![self.and(field)?];
        while self.peek() == Some(&Token::Or) {
            self.next += 1;
            any.push(self.and(field)?);
        }
        Ok(join(any, Expr::Or))
    }

    fn and(&mut self, field: Field<'_>) -> Result<Expr, SyntaxError> {
        let mut all = vec![self.not(field)?];
        loop {
            match self.peek() {
                None | Some(Token::Or | Token::Close) => return Ok(join(all, Expr::And)),
                Some(Token::And) => self.next += 1,
                Some(_) => {}
            }
            all.push(self.not(field)?);
        }
    }

    fn not(&mut self, field: Field<'_>) -> Result<Expr, SyntaxError> {
        if self.peek() != Some(&Token::Not) {
            return self.primary(field);
        }
        self.deeper()?;
        self.next += 1;
        let inner = self.not(field)?;
        self.depth -= 1;
        Ok(Expr::Not(Box::new(inner)))
    }

    fn deeper(&mut self) -> Result<(), SyntaxError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error(format!("the query nests deeper than {MAX_DEPTH}")));
        }
        Ok(())
    }

    fn primary(&mut self, field: Field<'_>) -> Result<Expr, SyntaxError> {
        let place = self.place();
        match self.peek().cloned() {
            Some(Token::Open) => self.group(field),
            Some(Token::Field(name)) => self.field(&name, place, field),
            Some(Token::Value(value)) => self.term(value, place, field),
            found => Err(self.operand_missing(found.as_ref())),
        }
    }

    fn group(&mut self, field: Field<'_>) -> Result<Expr, SyntaxError> {
        let open = self.place().start;
        self.deeper()?;
        self.next += 1;
        if self.peek() == Some(&Token::Close) {
            return Err(SyntaxError::new(open, "nothing is between these parentheses"));
        }
        let inner = self.or(field)?;
        if self.peek() != Some(&Token::Close) {
            return Err(SyntaxError::new(open, "the parenthesis that opens here is not closed"));
        }
        self.next += 1;
        self.depth -= 1;
        Ok(inner)
    }

    fn field(&mut self, name: &str, place: Span, outer: Field<'_>) -> Result<Expr, SyntaxError> {
        if let Some((outer, _)) = outer {
            return Err(self.error(format!("'{name}:' is inside the values of '{outer}:'; put it outside")));
        }
        self.next += 1;
        let value_at = self.place();
        match self.peek().cloned() {
            Some(Token::Open) => self.group(Some((name, place))),
            Some(Token::Value(value)) => {
                self.term(value, Span { start: place.start, end: value_at.end }, Some((name, place)))
            }
            _ => {
                let message =
                    format!("a value is missing after '{name}:'; quote the word if the colon belongs to it");
                Err(SyntaxError::new(place.end, message))
            }
        }
    }

    fn term(&mut self, value: Value, span: Span, field: Field<'_>) -> Result<Expr, SyntaxError> {
        self.terms += 1;
        if self.terms > MAX_TERMS {
            return Err(self.error(format!("the query has more than {MAX_TERMS} terms")));
        }
        self.patterns += usize::from(matches!(value, Value::Regex(_)));
        if self.patterns > MAX_PATTERNS {
            let message = format!("the query has more than {MAX_PATTERNS} regular expressions");
            return Err(SyntaxError::new(span.start, message));
        }
        self.next += 1;
        if value == Value::Any && field.is_none() {
            return Ok(Expr::All);
        }
        Ok(Expr::Term(Term { field: field.map(|(name, _)| name.to_owned()), value, span }))
    }

    fn operand_missing(&self, found: Option<&Token>) -> SyntaxError {
        let before = self.next.checked_sub(1).and_then(|at| self.tokens.get(at));
        let operator = before.and_then(|(token, span)| Some((name(token)?, span.start)));
        match (operator, found) {
            (Some((operator, at)), None | Some(Token::Close)) => {
                SyntaxError::new(at, format!("{operator} has nothing after it"))
            }
            (_, Some(Token::Close)) => {
                self.error("this ')' closes nothing; remove it, or quote it to search for it")
            }
            (None, Some(token @ (Token::And | Token::Or))) => {
                let operator = name(token).unwrap_or_default();
                self.error(format!("{operator} has nothing before it; quote it to search for the word"))
            }
            (Some((operator, at)), Some(_)) => {
                SyntaxError::new(at, format!("{operator} is followed by another operator"))
            }
            (None, _) => self.error("a word or a field is missing here"),
        }
    }
}

/// How an operator is called in messages.
fn name(token: &Token) -> Option<&'static str> {
    match token {
        Token::And => Some("AND"),
        Token::Or => Some("OR"),
        Token::Not => Some("NOT"),
        _ => None,
    }
}

/// One alone needs no list; lists in lists are kept as written.
fn join(mut exprs: Vec<Expr>, list: fn(Vec<Expr>) -> Expr) -> Expr {
    match exprs.len() {
        1 => exprs.swap_remove(0),
        _ => list(exprs),
    }
}
