//! Query text into an expression tree: a precedence-climbing parser over the grammar of
//! Prometheus 3, with the experimental duration expressions, `fill`, `anchored` and `smoothed`.
//!
//! Our own and not the crate `promql-parser`, because warnings, infos and errors must name their
//! place in the query and that crate's tree carries no places; it also drops the parser's error
//! list, so every wrong query would be answered with "invalid promql query".

mod check;
mod durations;
mod lex;
mod operand;
mod selector;
mod unquote;

use super::ast::*;
use super::duration::format_ms;
use super::labels::{Labels, METRIC_NAME};
use crate::Error;
use lex::{Token, wrong};

/// Nesting and chains of operators beyond this are refused, so that a hostile query can't overflow
/// the stack of the thread that parses and evaluates it.
const MAX_DEPTH: usize = 250;
/// Longer queries are refused.
const MAX_QUERY_BYTES: usize = 200_000;

/// Parses and type-checks a query. Errors carry the byte where it goes wrong.
pub fn parse(query: &str) -> Result<Expr, Error> {
    if query.len() > MAX_QUERY_BYTES {
        return Err(wrong(format!("the query is longer than {MAX_QUERY_BYTES} bytes"), MAX_QUERY_BYTES));
    }
    let mut parser =
        Parser { tokens: lex::tokens(query), at: 0, depth: 0, height: 0, label_selectors: false };
    if *parser.peek() == Token::End {
        return Err(wrong("no expression found in input", 0));
    }
    let expr = parser.expr(0)?;
    parser.expect_end()?;
    check::check(&expr)?;
    Ok(expr)
}

/// Parses only a series selector, as `match[]` takes it.
pub fn parse_selector(text: &str) -> Result<Selector, Error> {
    match parse(text)?.kind {
        ExprKind::Vector(selector) if selector.time.offset.is_none() && selector.time.at.is_none() => {
            Ok(selector)
        }
        _ => Err(wrong("expected a series selector such as up{job=\"api\"}", 0)),
    }
}

/// Parses a label set with an optional name in front, `up{job="api"}`, and nothing else.
pub fn parse_labels(text: &str) -> Result<Labels, Error> {
    let mut parser = Parser { tokens: lex::tokens(text), at: 0, depth: 0, height: 0, label_selectors: false };
    let name = match parser.peek().clone() {
        Token::Word(word) => {
            parser.advance();
            Some(word)
        }
        _ => None,
    };
    let mut pairs: Vec<(String, String)> =
        name.into_iter().map(|name| (METRIC_NAME.to_owned(), name)).collect();
    if parser.is_sign("{") {
        let mut matchers = Vec::new();
        parser.advance();
        parser.matchers(&mut matchers)?;
        pairs.extend(matchers.into_iter().map(|matcher| (matcher.name, matcher.value)));
    }
    parser.expect_end()?;
    Ok(Labels::new(pairs))
}

/// The value of a string literal that is the whole text.
pub fn unquoted(text: &str) -> Result<String, String> {
    if !text.starts_with(['"', '\'', '`']) {
        return Err("expected a quoted string".to_owned());
    }
    match unquote::unquote(text)? {
        (value, length) if length == text.len() => Ok(value),
        _ => Err("unexpected text after the string".to_owned()),
    }
}

/// The value of the string literal that a text starts with, and the literal's length in bytes.
pub fn unquote_prefix(text: &str) -> Result<(String, usize), String> {
    unquote::unquote(text)
}

struct Parser {
    tokens: Vec<(Token, Span)>,
    at: usize,
    /// How deep the parser is, and how high the tree is that it gave last. They differ: in
    /// `((a + b) + c) + d` what is deepest was read first.
    depth: usize,
    height: usize,
    /// Selectors only name labels here and may match everything.
    label_selectors: bool,
}

impl Parser {
    fn peek(&self) -> &Token {
        &self.tokens[self.at].0
    }

    fn span(&self) -> Span {
        self.tokens[self.at].1.clone()
    }

    /// Where the token before ended.
    fn end(&self) -> usize {
        self.tokens[self.at.saturating_sub(1)].1.end
    }

    fn advance(&mut self) -> Token {
        let token = self.tokens[self.at].0.clone();
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        token
    }

    fn is_sign(&self, sign: &str) -> bool {
        matches!(self.peek(), Token::Sign(other) if *other == sign)
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Token::Word(other) if other.eq_ignore_ascii_case(word))
    }

    fn accept_sign(&mut self, sign: &str) -> bool {
        let found = self.is_sign(sign);
        if found {
            self.advance();
        }
        found
    }

    fn accept_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        if found {
            self.advance();
        }
        found
    }

    fn expect_sign(&mut self, sign: &'static str, place: &str) -> Result<(), Error> {
        if self.accept_sign(sign) {
            return Ok(());
        }
        Err(self.unexpected(&format!("in {place}, expected {sign:?}")))
    }

    fn expect_end(&self) -> Result<(), Error> {
        if *self.peek() == Token::End { Ok(()) } else { Err(self.unexpected("")) }
    }

    /// The error that the next token is not what should stand here. `place` says where that is and
    /// what was expected, where there is something to say.
    fn unexpected(&self, place: &str) -> Error {
        let found = match self.peek() {
            Token::Wrong(message) => return wrong(message.clone(), self.span().start),
            Token::End => "end of input".to_owned(),
            Token::Word(word) => described(word),
            Token::Number(number) => format!("number \"{number}\""),
            Token::Duration(ms) => format!("duration \"{}\"", format_ms(*ms)),
            Token::Text(text) => format!("string {:?}", format!("{text:?}")),
            Token::Sign(sign @ ("(" | ")" | "{" | "}" | "[" | "]" | "," | "=" | ":")) => format!("{sign:?}"),
            Token::Sign(sign) => format!("<op:{sign}>"),
        };
        let space = if place.is_empty() { "" } else { " " };
        wrong(format!("unexpected {found}{space}{place}"), self.span().start)
    }

    /// An expression whose operators bind at least as tight as `floor`.
    fn expr(&mut self, floor: u8) -> Result<Expr, Error> {
        let outer = self.depth;
        self.deeper()?;
        let mut lhs = self.unary()?;
        let mut height = self.height;
        while let Some(op) = self.binary_op() {
            if op.precedence() < floor {
                break;
            }
            let op_at = self.span().start;
            self.advance();
            let (bool, matching) = self.binary_modifiers(op, op_at)?;
            let tighter = if op == BinaryOp::Pow { op.precedence() } else { op.precedence() + 1 };
            let rhs = self.expr(tighter)?;
            self.grown(height.max(self.height))?;
            height = self.height;
            let span = lhs.span.start..rhs.span.end;
            lhs = Expr {
                kind: ExprKind::Binary(Box::new(Binary { op, op_at, lhs, rhs, bool, matching })),
                span,
            };
        }
        (self.depth, self.height) = (outer, height);
        Ok(lhs)
    }

    /// A node stands on a tree of this height.
    fn grown(&mut self, below: usize) -> Result<(), Error> {
        self.height = below + 1;
        if self.height > MAX_DEPTH {
            return Err(wrong("the query is nested too deeply", self.span().start));
        }
        Ok(())
    }

    fn deeper(&mut self) -> Result<(), Error> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(wrong("the query is nested too deeply", self.span().start));
        }
        Ok(())
    }

    /// A sign before an operand: weaker than `^`, stronger than everything else.
    fn unary(&mut self) -> Result<Expr, Error> {
        let start = self.span().start;
        let negative = match self.peek() {
            Token::Sign("-") => true,
            Token::Sign("+") => false,
            _ => return self.operand(),
        };
        self.advance();
        let inner = self.expr(BinaryOp::Pow.precedence())?;
        self.grown(self.height)?;
        let span = start..inner.span.end;
        let kind = match inner.kind {
            ExprKind::Number(number) => ExprKind::Number(if negative { -number } else { number }),
            _ if negative => ExprKind::Negate(Box::new(inner)),
            kind => kind,
        };
        Ok(Expr { kind, span })
    }

    fn binary_op(&self) -> Option<BinaryOp> {
        Some(match self.peek() {
            Token::Sign(sign) => match *sign {
                "+" => BinaryOp::Add,
                "-" => BinaryOp::Sub,
                "*" => BinaryOp::Mul,
                "/" => BinaryOp::Div,
                "%" => BinaryOp::Mod,
                "^" => BinaryOp::Pow,
                "==" => BinaryOp::Eq,
                "!=" => BinaryOp::Ne,
                "<" => BinaryOp::Lt,
                "<=" => BinaryOp::Le,
                ">" => BinaryOp::Gt,
                ">=" => BinaryOp::Ge,
                "</" => BinaryOp::TrimUpper,
                ">/" => BinaryOp::TrimLower,
                _ => return None,
            },
            Token::Word(word) => match word.to_ascii_lowercase().as_str() {
                "and" => BinaryOp::And,
                "or" => BinaryOp::Or,
                "unless" => BinaryOp::Unless,
                "atan2" => BinaryOp::Atan2,
                _ => return None,
            },
            _ => return None,
        })
    }

    /// What may follow an operator: `bool`, then `on` or `ignoring` with `group_left` or
    /// `group_right`, then values to fill in.
    fn binary_modifiers(&mut self, op: BinaryOp, op_at: usize) -> Result<(bool, Matching), Error> {
        let bool = self.accept_word("bool");
        if bool && !op.is_comparison() {
            return Err(wrong("bool modifier can only be used on comparison operators", op_at));
        }
        let mut matching = Matching::default();
        if op.is_set() {
            matching.card = Cardinality::ManyToMany;
        }
        if self.is_word("on") || self.is_word("ignoring") {
            matching.on = self.is_word("on");
            self.advance();
            matching.labels = self.label_list()?;
            self.grouping_modifier(op_at, &mut matching)?;
        }
        self.fill_modifiers(&mut matching)?;
        Ok((bool, matching))
    }

    fn grouping_modifier(&mut self, op_at: usize, matching: &mut Matching) -> Result<(), Error> {
        matching.grouped = match self.peek() {
            Token::Word(word) if word.eq_ignore_ascii_case("group_left") => Some(Cardinality::ManyToOne),
            Token::Word(word) if word.eq_ignore_ascii_case("group_right") => Some(Cardinality::OneToMany),
            _ => return Ok(()),
        };
        self.advance();
        if matching.card == Cardinality::OneToOne {
            matching.card = matching.grouped.unwrap_or_default();
        }
        if self.is_sign("(") {
            matching.include = self.label_list()?;
        }
        if let Some(both) = matching.include.iter().find(|name| matching.on && matching.labels.contains(name))
        {
            let message = format!("label {both:?} must not occur in ON and GROUP clause at once");
            return Err(wrong(message, op_at));
        }
        Ok(())
    }

    /// `fill` alone, or `fill_left` and `fill_right`, each once.
    fn fill_modifiers(&mut self, matching: &mut Matching) -> Result<(), Error> {
        if let Some(value) = self.fill("fill")? {
            (matching.fill_left, matching.fill_right) = (Some(value), Some(value));
            return Ok(());
        }
        matching.fill_left = self.fill("fill_left")?;
        matching.fill_right = self.fill("fill_right")?;
        if matching.fill_left.is_none() && matching.fill_right.is_some() {
            matching.fill_left = self.fill("fill_left")?;
        }
        Ok(())
    }

    /// The word with a number in parentheses, if it is next.
    fn fill(&mut self, word: &str) -> Result<Option<f64>, Error> {
        let called = matches!(self.tokens.get(self.at + 1), Some((Token::Sign("("), _)));
        if !called || !self.accept_word(word) {
            return Ok(None);
        }
        self.advance();
        let negative = self.accept_sign("-");
        if !negative {
            self.accept_sign("+");
        }
        let value = match self.peek() {
            Token::Number(number) => *number,
            Token::Duration(ms) => *ms as f64 / 1e3,
            Token::Word(word) => number_word(word).ok_or_else(|| self.unexpected(""))?,
            _ => return Err(self.unexpected("")),
        };
        self.advance();
        if !self.accept_sign(")") {
            return Err(self.unexpected(""));
        }
        Ok(Some(if negative { -value } else { value }))
    }
}

/// `inf` and `nan` in any case.
fn number_word(word: &str) -> Option<f64> {
    match word.to_ascii_lowercase().as_str() {
        "inf" => Some(f64::INFINITY),
        "nan" => Some(f64::NAN),
        _ => None,
    }
}

/// A word as Prometheus names it in errors: keywords and operators are no identifiers.
fn described(word: &str) -> String {
    const KEYWORDS: [&str; 8] =
        ["by", "without", "on", "ignoring", "group_left", "group_right", "bool", "offset"];
    let lower = word.to_ascii_lowercase();
    if KEYWORDS.contains(&lower.as_str()) {
        return format!("<{lower}>");
    }
    if AggregateOp::parse(word).is_some() {
        return format!("<aggr:{lower}>");
    }
    if ["and", "or", "unless", "atan2"].contains(&lower.as_str()) {
        return format!("<op:{lower}>");
    }
    let kind = if number_word(word).is_some() { "number" } else { "identifier" };
    format!("{kind} {word:?}")
}

/// Words that can't be a metric's name, as they stand between operands.
fn is_reserved(word: &str) -> bool {
    ["bool", "on", "ignoring", "group_left", "group_right", "atan2"]
        .iter()
        .any(|reserved| word.eq_ignore_ascii_case(reserved))
}

#[cfg(test)]
mod tests;
