//! Series selectors, and the ranges, subqueries, offsets and `@` that follow an operand.

use super::lex::{Token, wrong};
use super::{Parser, number_word};
use crate::Error;
use crate::promql::ast::*;
use crate::promql::labels::METRIC_NAME;
use crate::promql::select::{MatchOp, Matcher};
use crate::promql::value::format_general;

impl Parser {
    /// The braces after a metric's name, or alone. `at` is where the selector starts.
    pub(super) fn selector(&mut self, name: Option<String>, at: usize) -> Result<Selector, Error> {
        let mut matchers = Vec::new();
        let named = name.is_some();
        if self.accept_sign("{") {
            self.matchers(&mut matchers)?;
        }
        if let Some(name) = name {
            if let Some(again) = matchers.iter().find(|matcher| matcher.name == METRIC_NAME) {
                let message = format!("metric name must not be set twice: {name:?} or {:?}", again.value);
                return Err(wrong(message, at));
            }
            matchers.insert(0, Matcher::equal(METRIC_NAME, &name));
        } else if !self.label_selectors && matchers.iter().all(|matcher| matcher.matches("")) {
            return Err(wrong("vector selector must contain at least one non-empty matcher", at));
        }
        Ok(Selector { matchers, named, time: TimeShift::default(), mode: RangeMode::Plain, id: 0 })
    }

    /// Up to the closing brace; a comma may trail. A quoted string alone is the metric's name.
    pub(super) fn matchers(&mut self, matchers: &mut Vec<Matcher>) -> Result<(), Error> {
        while !self.accept_sign("}") {
            let label_at = self.span().start;
            let (name, quoted) = match self.peek().clone() {
                Token::Word(word) if !word.contains(':') => (word, false),
                Token::Text(text) => (text, true),
                _ => return Err(self.unexpected("in label matching, expected identifier or \"}\"")),
            };
            self.advance();
            let op = match self.peek() {
                Token::Sign("=") => MatchOp::Equal,
                Token::Sign("!=") => MatchOp::NotEqual,
                Token::Sign("=~") => MatchOp::Regex,
                Token::Sign("!~") => MatchOp::NotRegex,
                Token::Sign("," | "}") if quoted => {
                    matchers.push(Matcher::equal(METRIC_NAME, &name));
                    self.separator()?;
                    continue;
                }
                _ => return Err(self.unexpected("in label matching, expected label matching operator")),
            };
            self.advance();
            let Token::Text(value) = self.peek().clone() else {
                return Err(self.unexpected("in label matching, expected string"));
            };
            self.advance();
            matchers.push(Matcher::new(op, &name, &value).map_err(|why| wrong(why, label_at))?);
            self.separator()?;
        }
        Ok(())
    }

    fn separator(&mut self) -> Result<(), Error> {
        if self.accept_sign(",") || self.is_sign("}") {
            return Ok(());
        }
        Err(self.unexpected("in label matching, expected \",\" or \"}\""))
    }

    /// `[5m]`, `[5m:1m]`, `offset`, `@`, `anchored` and `smoothed` behind an operand.
    pub(super) fn postfix(&mut self, mut expr: Expr) -> Result<Expr, Error> {
        const AFTER: &str =
            "modifier must be preceded by an instant vector selector or range vector selector or a subquery";
        loop {
            let start = expr.span.start;
            if self.is_sign("[") {
                expr = self.range(expr)?;
            } else if self.accept_word("offset") {
                let offset = self.signed_duration()?;
                let time = time_of(&mut expr).ok_or_else(|| wrong(format!("offset {AFTER}"), start))?;
                if time.offset.replace(offset).is_some() {
                    return Err(wrong("offset may not be set multiple times", start));
                }
            } else if self.accept_sign("@") {
                let moment = self.at_time(start)?;
                let time = time_of(&mut expr).ok_or_else(|| wrong(format!("@ {AFTER}"), start))?;
                if time.at.replace(moment).is_some() {
                    return Err(wrong("@ <timestamp> may not be set multiple times", start));
                }
            } else if self.accept_word("anchored") {
                set_mode(&mut expr, RangeMode::Anchored, "anchored")?;
            } else if self.accept_word("smoothed") {
                set_mode(&mut expr, RangeMode::Smoothed, "smoothed")?;
            } else {
                return Ok(expr);
            }
            expr.span.end = self.end();
        }
    }

    /// A range selector or a subquery, at the opening bracket.
    fn range(&mut self, expr: Expr) -> Result<Expr, Error> {
        let at = self.span().start;
        self.expect_sign("[", "range")?;
        let range = self.duration()?;
        let start = expr.span.start;
        let kind = if self.accept_sign(":") {
            // One behind the other they would be a tree without bound.
            if expr.value_type() == ValueType::Matrix {
                let message = "subquery is only allowed on instant vector, got matrix instead";
                return Err(wrong(message, start));
            }
            self.grown(self.height)?;
            let step = if self.is_sign("]") { None } else { Some(self.duration()?) };
            ExprKind::Subquery(Box::new(Subquery { expr, range, step, time: TimeShift::default() }))
        } else {
            match expr.kind {
                ExprKind::Vector(selector) if selector.time.offset.is_some() => {
                    return Err(wrong("no offset modifiers allowed before range", at));
                }
                ExprKind::Vector(selector) if selector.time.at.is_some() => {
                    return Err(wrong("no @ modifiers allowed before range", at));
                }
                ExprKind::Vector(selector) => ExprKind::Matrix(selector, range),
                _ => return Err(wrong("ranges only allowed for vector selectors", at)),
            }
        };
        self.expect_sign("]", "subquery or range")?;
        Ok(Expr { kind, span: start..self.end() })
    }

    /// What follows `@`: seconds since the epoch, `start()` or `end()`.
    fn at_time(&mut self, expr_at: usize) -> Result<At, Error> {
        const EXPECTED: &str = "in @, expected timestamp";
        for (word, moment) in [("start", At::Start), ("end", At::End)] {
            if self.accept_word(word) {
                if !self.accept_sign("(") || !self.accept_sign(")") {
                    return Err(self.unexpected(EXPECTED));
                }
                return Ok(moment);
            }
        }
        let negative = self.accept_sign("-");
        if !negative {
            self.accept_sign("+");
        }
        let seconds = match self.peek() {
            Token::Number(number) => *number,
            Token::Duration(ms) => *ms as f64 / 1e3,
            Token::Word(word) => number_word(word).ok_or_else(|| self.unexpected(EXPECTED))?,
            _ => return Err(self.unexpected(EXPECTED)),
        };
        self.advance();
        let ms = if negative { -seconds * 1e3 } else { seconds * 1e3 };
        if !ms.is_finite() || ms.abs() > i64::MAX as f64 / 2.0 {
            let found = format_general(ms / 1e3);
            return Err(wrong(format!("timestamp out of bounds for @ modifier: {found}"), expr_at));
        }
        Ok(At::Time(ms.round() as i64))
    }
}

fn set_mode(expr: &mut Expr, mode: RangeMode, word: &str) -> Result<(), Error> {
    let at = expr.span.start;
    match &mut expr.kind {
        ExprKind::Vector(selector) | ExprKind::Matrix(selector, _) => {
            if selector.mode != RangeMode::Plain && selector.mode != mode {
                return Err(wrong("anchored and smoothed modifiers cannot be used together", at));
            }
            selector.mode = mode;
            Ok(())
        }
        ExprKind::Subquery(_) => Err(wrong(format!("{word} modifier is not supported for subqueries"), at)),
        _ => Err(wrong(format!("{word} modifier not implemented"), at)),
    }
}

fn time_of(expr: &mut Expr) -> Option<&mut TimeShift> {
    match &mut expr.kind {
        ExprKind::Vector(selector) | ExprKind::Matrix(selector, _) => Some(&mut selector.time),
        ExprKind::Subquery(subquery) => Some(&mut subquery.time),
        _ => None,
    }
}
