//! Operands: literals, parentheses, calls, aggregations, and what may follow an operand.

use super::lex::{Token, wrong};
use super::{Parser, is_reserved, number_word};
use crate::Error;
use crate::promql::ast::*;
use crate::promql::functions;

impl Parser {
    pub(super) fn operand(&mut self) -> Result<Expr, Error> {
        let expr = self.primary()?;
        self.postfix(expr)
    }

    fn primary(&mut self) -> Result<Expr, Error> {
        let start = self.span().start;
        self.height = 0;
        let kind = match self.peek().clone() {
            Token::Number(number) => {
                self.advance();
                ExprKind::Number(number)
            }
            // A duration as a number is its seconds.
            Token::Duration(ms) => {
                self.advance();
                ExprKind::Number(ms as f64 / 1e3)
            }
            Token::Text(text) => {
                self.advance();
                ExprKind::Text(text)
            }
            Token::Sign("(") => {
                self.advance();
                let inner = self.expr(0)?;
                self.expect_sign(")", "paren expression")?;
                self.grown(self.height)?;
                ExprKind::Paren(Box::new(inner))
            }
            Token::Sign("{") => ExprKind::Vector(self.selector(None, start)?),
            Token::Word(word) => self.word(word)?,
            _ => return Err(self.unexpected("")),
        };
        Ok(Expr { kind, span: start..self.end() })
    }

    /// A word in the place of an operand: aggregation, call, number or metric name.
    fn word(&mut self, word: String) -> Result<ExprKind, Error> {
        let at = self.span();
        let next = self.tokens.get(self.at + 1).map_or(Token::End, |(token, _)| token.clone());
        if let Some(op) = AggregateOp::parse(&word) {
            let clause = matches!(&next, Token::Word(word)
                if word.eq_ignore_ascii_case("by") || word.eq_ignore_ascii_case("without"));
            if clause || next == Token::Sign("(") {
                self.advance();
                return self.aggregate(op, at.start);
            }
        }
        if let Some(number) = number_word(&word) {
            self.advance();
            return Ok(ExprKind::Number(number));
        }
        if next == Token::Sign("(") {
            self.advance();
            return self.call(&word, at);
        }
        if is_reserved(&word) {
            return Err(self.unexpected(""));
        }
        self.advance();
        Ok(ExprKind::Vector(self.selector(Some(word), at.start)?))
    }

    fn call(&mut self, name: &str, at: Span) -> Result<ExprKind, Error> {
        let Some(function) = functions::find(name) else {
            return Err(wrong(format!("unknown function with name {name:?}"), at.start));
        };
        self.expect_sign("(", "function call")?;
        let outer = self.label_selectors;
        self.label_selectors = name == "info";
        let args = self.arguments("function call")?;
        self.label_selectors = outer;
        Ok(ExprKind::Call(Call { function, args }))
    }

    /// Expressions up to the closing parenthesis; a comma may trail.
    fn arguments(&mut self, place: &str) -> Result<Vec<Expr>, Error> {
        let mut args = Vec::new();
        let mut highest = 0;
        while !self.accept_sign(")") {
            args.push(self.expr(0)?);
            highest = highest.max(self.height);
            if !self.accept_sign(",") {
                self.expect_sign(")", place)?;
                break;
            }
        }
        self.grown(highest)?;
        Ok(args)
    }

    /// `op [by|without (labels)] ([param,] expr) [by|without (labels)]`, the operator being read.
    fn aggregate(&mut self, op: AggregateOp, at: usize) -> Result<ExprKind, Error> {
        let before = self.grouping()?;
        self.expect_sign("(", "aggregation")?;
        let mut args = self.arguments("aggregation")?;
        let grouping = match before {
            Some(grouping) => grouping,
            None => self.grouping()?.unwrap_or_default(),
        };
        let wanted = 1 + usize::from(op.param_type().is_some());
        if args.is_empty() {
            return Err(wrong("no arguments for aggregate expression provided", at));
        }
        if args.len() != wanted {
            let message = format!(
                "wrong number of arguments for aggregate expression provided, expected {wanted}, got {}",
                args.len()
            );
            return Err(wrong(message, at));
        }
        let expr = args.remove(wanted - 1);
        let param = args.pop();
        Ok(ExprKind::Aggregate(Box::new(Aggregate { op, expr, param, grouping })))
    }

    fn grouping(&mut self) -> Result<Option<Grouping>, Error> {
        let without = self.is_word("without");
        if !without && !self.is_word("by") {
            return Ok(None);
        }
        self.advance();
        Ok(Some(Grouping { without, labels: self.label_list()? }))
    }

    /// `(a, b, "c.d")`; a comma may trail.
    pub(super) fn label_list(&mut self) -> Result<Vec<String>, Error> {
        self.expect_sign("(", "grouping opts")?;
        let mut labels = Vec::new();
        while !self.accept_sign(")") {
            match self.peek().clone() {
                Token::Word(word) if !word.contains(':') && number_word(&word).is_none() => labels.push(word),
                Token::Text(text) if !text.is_empty() => labels.push(text),
                _ => return Err(self.unexpected("in grouping opts, expected label")),
            }
            self.advance();
            if !self.accept_sign(",") && !self.is_sign(")") {
                return Err(self.unexpected("in grouping opts, expected \",\" or \")\""));
            }
        }
        Ok(labels)
    }
}
