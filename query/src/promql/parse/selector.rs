//! Series selectors, and the ranges, subqueries, offsets and `@` that follow an operand.

use super::Parser;
use super::lex::{Token, wrong};
use crate::Error;
use crate::promql::ast::*;
use crate::promql::labels::METRIC_NAME;
use crate::promql::select::{MatchOp, Matcher};

impl Parser {
    /// The braces after a metric's name, or alone.
    pub(super) fn selector(&mut self, name: Option<String>) -> Result<Selector, Error> {
        let at = self.span().start;
        let mut matchers = Vec::new();
        let named = name.is_some();
        if let Some(name) = name {
            matchers.push(Matcher::equal(METRIC_NAME, &name));
        }
        if self.accept_sign("{") {
            self.matchers(&mut matchers)?;
        }
        let names = matchers.iter().filter(|m| m.name == METRIC_NAME && m.op == MatchOp::Equal).count();
        if named && names > 1 {
            return Err(wrong("metric name must not be set twice", at));
        }
        if !self.label_selectors && matchers.iter().all(|matcher| matcher.matches("")) {
            return Err(wrong("vector selector must contain at least one non-empty matcher", at));
        }
        Ok(Selector { matchers, time: TimeShift::default(), mode: RangeMode::Plain, id: 0 })
    }

    /// Up to the closing brace; a comma may trail. A quoted string alone is the metric's name.
    pub(super) fn matchers(&mut self, matchers: &mut Vec<Matcher>) -> Result<(), Error> {
        while !self.accept_sign("}") {
            let at = self.span().start;
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
                    if matchers.iter().any(|m| m.name == METRIC_NAME && m.op == MatchOp::Equal) {
                        return Err(wrong("metric name must not be set twice", at));
                    }
                    matchers.push(Matcher::equal(METRIC_NAME, &name));
                    self.separator()?;
                    continue;
                }
                _ => return Err(self.unexpected("in label matching, expected label matching operator")),
            };
            self.advance();
            let value_at = self.span().start;
            let Token::Text(value) = self.peek().clone() else {
                return Err(self.unexpected("in label matching, expected string"));
            };
            self.advance();
            matchers.push(Matcher::new(op, &name, &value).map_err(|why| wrong(why, value_at))?);
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
        loop {
            let at = self.span().start;
            if self.is_sign("[") {
                expr = self.range(expr)?;
            } else if self.accept_word("offset") {
                let offset = self.signed_duration()?;
                let time = time_of(&mut expr).ok_or_else(|| {
                    wrong("offset modifier must be preceded by an instant vector selector or range vector selector or a subquery", at)
                })?;
                if time.offset.replace(offset).is_some() {
                    return Err(wrong("offset may not be set multiple times", at));
                }
            } else if self.accept_sign("@") {
                let moment = self.at_time()?;
                let time = time_of(&mut expr).ok_or_else(|| {
                    wrong("@ modifier must be preceded by an instant vector selector or range vector selector or a subquery", at)
                })?;
                if time.at.replace(moment).is_some() {
                    return Err(wrong("@ <timestamp> may not be set multiple times", at));
                }
            } else if self.is_word("anchored") || self.is_word("smoothed") {
                let mode = if self.is_word("anchored") { RangeMode::Anchored } else { RangeMode::Smoothed };
                self.advance();
                match &mut expr.kind {
                    ExprKind::Vector(selector) | ExprKind::Matrix(selector, _)
                        if selector.mode == RangeMode::Plain =>
                    {
                        selector.mode = mode;
                    }
                    _ => return Err(wrong("anchored and smoothed must follow a selector, once", at)),
                }
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
        self.expect_sign("]", "range")?;
        Ok(Expr { kind, span: start..self.end() })
    }

    /// What follows `@`: seconds since the epoch, `start()` or `end()`.
    fn at_time(&mut self) -> Result<At, Error> {
        for (word, moment) in [("start", At::Start), ("end", At::End)] {
            if self.accept_word(word) {
                self.expect_sign("(", "@ modifier")?;
                self.expect_sign(")", "@ modifier")?;
                return Ok(moment);
            }
        }
        let at = self.span().start;
        let negative = self.accept_sign("-");
        if !negative {
            self.accept_sign("+");
        }
        let seconds = match self.advance() {
            Token::Number(number) => number,
            Token::Duration(ms) => ms as f64 / 1e3,
            Token::Word(word) if ["inf", "nan"].contains(&word.to_ascii_lowercase().as_str()) => f64::NAN,
            _ => return Err(wrong("expected timestamp, start() or end() after @", at)),
        };
        let ms = seconds * 1e3;
        if !ms.is_finite() || ms.abs() > i64::MAX as f64 / 2.0 {
            return Err(wrong("timestamp out of bounds for @ modifier", at));
        }
        Ok(At::Time(if negative { -(ms.round() as i64) } else { ms.round() as i64 }))
    }
}

fn time_of(expr: &mut Expr) -> Option<&mut TimeShift> {
    match &mut expr.kind {
        ExprKind::Vector(selector) | ExprKind::Matrix(selector, _) => Some(&mut selector.time),
        ExprKind::Subquery(subquery) => Some(&mut subquery.time),
        _ => None,
    }
}
