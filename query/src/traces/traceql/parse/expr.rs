//! Expressions over one span.

use super::fields;
use super::types::{self, Type};
use super::{PRODUCTS, Parsed, Parser, SUMS};
use crate::logs::filter::regexes;
use crate::logs::language::{Span, SyntaxError};
use crate::nearest::hint;
use crate::traces::traceql::ast::{Arithmetic, Attribute, Compare, Constant, Expr, ExprKind, What};
use crate::traces::traceql::lex::Token;

impl Parser<'_> {
    /// An expression that is true or false of a span.
    pub fn test(&mut self) -> Parsed<Expr> {
        let expr = self.expr()?;
        types::must_be_bool(&expr, "a span filter")?;
        Ok(expr)
    }

    pub fn expr(&mut self) -> Parsed<Expr> {
        self.deeper(Self::logic)
    }

    fn logic(&mut self) -> Parsed<Expr> {
        let mut left = self.comparison()?;
        loop {
            let and = match self.peek() {
                Some(Token::Operator("&&")) => true,
                Some(Token::Operator("||")) => false,
                Some(Token::Word(word)) if matches!(word.to_lowercase().as_str(), "and" | "or") => {
                    let operator = if word.eq_ignore_ascii_case("and") { "&&" } else { "||" };
                    return Err(self.error(format!("'{word}' is no operator; did you mean {operator}?")));
                }
                _ => return Ok(left),
            };
            self.next += 1;
            let right = self.comparison()?;
            let operator = if and { "&&" } else { "||" };
            types::must_be_bool(&left, operator)?;
            types::must_be_bool(&right, operator)?;
            let at = Span { start: left.at.start, end: right.at.end };
            let both = (Box::new(left), Box::new(right));
            let kind = if and { ExprKind::And(both.0, both.1) } else { ExprKind::Or(both.0, both.1) };
            left = Expr { kind, at };
        }
    }

    fn comparison(&mut self) -> Parsed<Expr> {
        let mut left = self.sum()?;
        loop {
            let Some(Token::Operator(operator)) = self.peek() else { return Ok(left) };
            let compare = match *operator {
                "=" if matches!(self.tokens.get(self.next + 1), Some((Token::Operator("="), _))) => {
                    return Err(self.error("'==' is no operator; did you mean = ?"));
                }
                "=~" | "!~" => None,
                other => match compare(other) {
                    Some(compare) => Some(compare),
                    None => return Ok(left),
                },
            };
            let negated = *operator == "!~";
            self.next += 1;
            let right = self.sum()?;
            let at = Span { start: left.at.start, end: right.at.end };
            left = match compare {
                Some(compare) => {
                    types::comparable(&left, compare, &right)?;
                    Expr { kind: ExprKind::Compare(Box::new(left), compare, Box::new(right)), at }
                }
                None => {
                    self.pattern(at)?;
                    regex(left, right, negated, at)?
                }
            };
        }
    }

    fn sum(&mut self) -> Parsed<Expr> {
        let mut left = self.product()?;
        loop {
            let Some(operator) = self.take_operator(&SUMS) else { return Ok(left) };
            let right = self.product()?;
            left = arithmetic(left, operator, right)?;
        }
    }

    fn product(&mut self) -> Parsed<Expr> {
        let mut left = self.power()?;
        loop {
            let Some(operator) = self.take_operator(&PRODUCTS) else { return Ok(left) };
            let right = self.power()?;
            left = arithmetic(left, operator, right)?;
        }
    }

    fn power(&mut self) -> Parsed<Expr> {
        let base = self.unary()?;
        if !self.take("^") {
            return Ok(base);
        }
        let exponent = self.deeper(Self::power)?;
        arithmetic(base, Arithmetic::Power, exponent)
    }

    fn unary(&mut self) -> Parsed<Expr> {
        let start = self.place().start;
        if self.take("!") {
            let inner = self.deeper(Self::product)?;
            types::must_be_bool(&inner, "!")?;
            let at = Span { start, end: inner.at.end };
            return Ok(Expr { kind: ExprKind::Not(Box::new(inner)), at });
        }
        if self.take("-") {
            let inner = self.deeper(Self::product)?;
            types::must_be_number(&inner, "-")?;
            let at = Span { start, end: inner.at.end };
            return Ok(Expr { kind: ExprKind::Negative(Box::new(inner)), at });
        }
        self.primary()
    }

    fn primary(&mut self) -> Parsed<Expr> {
        let at = self.place();
        if self.take("(") {
            let inner = self.expr()?;
            self.close(at.start, ")")?;
            return Ok(inner);
        }
        if let Some(attribute) = self.attribute()? {
            return Ok(Expr { kind: ExprKind::Attribute(attribute), at });
        }
        if let Some(constant) = self.constant()? {
            return Ok(Expr { kind: ExprKind::Constant(constant), at });
        }
        Err(self.operand_missing())
    }

    /// An attribute or an intrinsic; `None` where something else is.
    pub fn attribute(&mut self) -> Parsed<Option<Attribute>> {
        let (of_parent, what) = match self.peek() {
            Some(Token::Attribute { scope, name }) => fields::attribute(scope, name.clone()),
            Some(Token::Word(word)) => match fields::intrinsic(word) {
                Some(intrinsic) => (false, What::Intrinsic(intrinsic)),
                None => return Ok(None),
            },
            _ => return Ok(None),
        };
        self.operand()?;
        self.next += 1;
        Ok(Some(Attribute { of_parent, what }))
    }

    /// One or more attributes between parentheses.
    pub fn attributes(&mut self) -> Parsed<Vec<Attribute>> {
        let open = self.place().start;
        self.expect("(", "before a list of attributes")?;
        let mut list = Vec::new();
        loop {
            match self.attribute()? {
                Some(attribute) => list.push(attribute),
                None => return Err(self.operand_missing()),
            }
            if !self.take(",") {
                break;
            }
        }
        self.close(open, ")")?;
        Ok(list)
    }

    pub fn operand_missing(&self) -> SyntaxError {
        match self.peek() {
            Some(Token::Word(word)) => {
                let hint = hint(word, fields::words());
                self.error(format!(
                    "'{word}' is no intrinsic field; an attribute begins with a dot: .{word}{hint}"
                ))
            }
            None => self.error("the query ends where an attribute or a value is missing"),
            Some(_) => self.error(format!("an attribute or a value is missing before {}", self.written())),
        }
    }
}

pub fn compare(operator: &str) -> Option<Compare> {
    Some(match operator {
        "=" => Compare::Equal,
        "!=" => Compare::NotEqual,
        "<" => Compare::Less,
        "<=" => Compare::LessOrEqual,
        ">" => Compare::Greater,
        ">=" => Compare::GreaterOrEqual,
        _ => return None,
    })
}

fn arithmetic(left: Expr, operator: Arithmetic, right: Expr) -> Parsed<Expr> {
    types::must_be_number(&left, "arithmetic")?;
    types::must_be_number(&right, "arithmetic")?;
    let at = Span { start: left.at.start, end: right.at.end };
    Ok(Expr { kind: ExprKind::Arithmetic(Box::new(left), operator, Box::new(right)), at })
}

/// Tempo's patterns match the whole value.
fn regex(value: Expr, pattern: Expr, negated: bool, at: Span) -> Parsed<Expr> {
    if !matches!(types::of(&value), Type::Text | Type::Any) {
        return Err(SyntaxError::new(value.at.start, "a regular expression is for text; this is none"));
    }
    let ExprKind::Constant(Constant::Text(text)) = pattern.kind else {
        return Err(SyntaxError::new(pattern.at.start, "a regular expression is text in quotes"));
    };
    // By itself first, as `a)|(b` is whole only within the parentheses.
    regexes::compile(&text, pattern.at)?;
    let regex = Box::new(regexes::compile(&format!("^(?s:{text})$"), pattern.at)?);
    Ok(Expr { kind: ExprKind::Regex { value: Box::new(value), pattern: text, regex, negated }, at })
}
