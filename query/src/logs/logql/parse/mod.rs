//! Tokens to a query, by recursive descent.

mod filter;
mod metric;
mod pipeline;

use super::ast::{LogQuery, MetricQuery, Query, RangeAggregation};
use super::lex::{self, Token};
use super::{MAX_BYTES, MAX_DEPTH, MAX_PATTERNS, MAX_TERMS};
use crate::logs::language::{Span, SyntaxError};
use crate::promql::select::{MatchOp, Matcher};

type Parsed<T> = Result<T, SyntaxError>;

/// Reads a query, or says where it is wrong.
pub fn parse(text: &str) -> Parsed<Query> {
    let mut parser = Parser::new(text)?;
    let query = match parser.is_log_query() {
        true => Query::Logs(parser.log_query()?),
        false => {
            let expr = parser.expression(0)?;
            Query::Metric(MetricQuery { expr, ranges: std::mem::take(&mut parser.ranges) })
        }
    };
    parser.end()?;
    Ok(query)
}

/// A stream selector alone; an empty one, as clients write it, is every stream.
pub fn parse_selector(text: &str) -> Parsed<Vec<Matcher>> {
    let mut parser = Parser::new(text)?;
    if parser.tokens.is_empty() {
        return Ok(Vec::new());
    }
    let matchers = parser.matchers()?;
    parser.end()?;
    Ok(matchers)
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<(Token, Span)>,
    next: usize,
    depth: usize,
    /// Tests of labels and operators.
    terms: usize,
    /// Regular expressions.
    patterns: usize,
    /// Those that were read, by their number.
    ranges: Vec<RangeAggregation>,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Parsed<Parser<'a>> {
        if text.len() > MAX_BYTES {
            let message = format!("the query has {} bytes; {MAX_BYTES} is the limit", text.len());
            return Err(SyntaxError::new(0, message));
        }
        Ok(Parser {
            text,
            tokens: lex::tokens(text)?,
            next: 0,
            depth: 0,
            terms: 0,
            patterns: 0,
            ranges: Vec::new(),
        })
    }

    fn end(&self) -> Parsed<()> {
        if self.peek().is_none() { Ok(()) } else { Err(self.unexpected("")) }
    }
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.peek_at(0)
    }

    fn peek_at(&self, ahead: usize) -> Option<&Token> {
        self.tokens.get(self.next + ahead).map(|(token, _)| token)
    }

    /// The place of the next token, or the end of the text.
    fn place(&self) -> usize {
        self.tokens.get(self.next).map_or(self.text.len(), |(_, span)| span.start)
    }

    fn is_sign(&self, sign: &str) -> bool {
        matches!(self.peek(), Some(Token::Sign(found)) if *found == sign)
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Some(Token::Word(found)) if found == word)
    }

    fn take_sign(&mut self, sign: &str) -> bool {
        let found = self.is_sign(sign);
        self.next += usize::from(found);
        found
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        self.next += usize::from(found);
        found
    }

    fn expect(&mut self, sign: &str) -> Parsed<()> {
        if self.take_sign(sign) { Ok(()) } else { Err(self.unexpected(sign)) }
    }

    /// What was found instead of what was expected, in Loki's words.
    fn unexpected(&self, expected: &str) -> SyntaxError {
        let found = self.peek().map_or("$end", Token::class);
        let expecting = if expected.is_empty() { String::new() } else { format!(", expecting {expected}") };
        SyntaxError::new(self.place(), format!("syntax error: unexpected {found}{expecting}"))
    }

    fn word(&mut self, expected: &str) -> Parsed<String> {
        match self.peek() {
            Some(Token::Word(word)) => {
                let word = word.clone();
                self.next += 1;
                Ok(word)
            }
            _ => Err(self.unexpected(expected)),
        }
    }

    fn quoted(&mut self) -> Parsed<String> {
        match self.peek() {
            Some(Token::Text(text)) => {
                let text = text.clone();
                self.next += 1;
                Ok(text)
            }
            _ => Err(self.unexpected("STRING")),
        }
    }

    /// Counts parentheses inside each other.
    fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth == MAX_DEPTH {
            let message = format!("more than {MAX_DEPTH} levels of parentheses");
            return Err(SyntaxError::new(self.place(), message));
        }
        self.depth += 1;
        let outcome = inner(self);
        self.depth -= 1;
        outcome
    }

    /// Counts what makes a tree deeper without parentheses.
    fn term(&mut self) -> Parsed<()> {
        self.terms += 1;
        if self.terms > MAX_TERMS {
            let message = format!("more than {MAX_TERMS} tests and operators");
            return Err(SyntaxError::new(self.place(), message));
        }
        Ok(())
    }

    /// Counts a regular expression that comes next.
    fn pattern(&mut self) -> Parsed<()> {
        self.patterns += 1;
        if self.patterns > MAX_PATTERNS {
            let message = format!("more than {MAX_PATTERNS} regular expressions; join some of them by '|'");
            return Err(SyntaxError::new(self.place(), message));
        }
        Ok(())
    }

    /// A selector stands first, if need be in parentheses.
    fn is_log_query(&self) -> bool {
        let mut ahead = 0;
        while matches!(self.peek_at(ahead), Some(Token::Sign("("))) {
            ahead += 1;
        }
        matches!(self.peek_at(ahead), Some(Token::Sign("{")))
    }

    fn log_query(&mut self) -> Parsed<LogQuery> {
        if self.take_sign("(") {
            let mut query = self.deeper(Self::log_query)?;
            self.expect(")")?;
            query.stages.extend(self.stages()?);
            return Ok(query);
        }
        Ok(LogQuery { matchers: self.selector()?, stages: self.stages()? })
    }

    fn selector(&mut self) -> Parsed<Vec<Matcher>> {
        let start = self.place();
        let matchers = self.matchers()?;
        if matchers.iter().all(|matcher| matcher.matches("")) {
            let message = "queries require at least one regexp or equality matcher that does not have an \
                           empty-compatible value. For instance, app=~\".*\" does not meet this requirement, but \
                           app=~\".+\" will";
            return Err(SyntaxError::new(start, message));
        }
        Ok(matchers)
    }

    fn matchers(&mut self) -> Parsed<Vec<Matcher>> {
        self.expect("{")?;
        let mut matchers = Vec::new();
        while !self.is_sign("}") {
            let name = self.word("IDENTIFIER or }")?;
            matchers.push(self.matcher(&name)?);
            if !self.take_sign(",") && !self.is_sign("}") {
                return Err(self.unexpected("} or ,"));
            }
        }
        self.expect("}")?;
        Ok(matchers)
    }

    /// What follows the name of a label: a sign and a text.
    fn matcher(&mut self, name: &str) -> Parsed<Matcher> {
        let op = match self.peek() {
            Some(Token::Sign("=" | "==")) => MatchOp::Equal,
            Some(Token::Sign("!=")) => MatchOp::NotEqual,
            Some(Token::Sign("=~")) => MatchOp::Regex,
            Some(Token::Sign("!~")) => MatchOp::NotRegex,
            _ => return Err(self.unexpected("=, !=, =~ or !~")),
        };
        self.next += 1;
        if matches!(op, MatchOp::Regex | MatchOp::NotRegex) {
            self.pattern()?;
        }
        let at = self.place();
        let value = self.quoted()?;
        Matcher::new(op, name, &value).map_err(|why| SyntaxError::new(at, why))
    }
}

#[cfg(test)]
mod tests;
