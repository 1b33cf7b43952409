//! Durations in brackets and after `offset`: literals, seconds, and arithmetic over them.

use super::Parser;
use super::lex::{Token, wrong};
use crate::Error;
use crate::promql::duration::DurationExpr;

const EXPECTED: &str = "in duration, expected number, duration, step(), or range()";

impl Parser {
    /// The inside of brackets: must be positive where that can be told.
    pub(super) fn duration(&mut self) -> Result<DurationExpr, Error> {
        let at = self.span().start;
        let duration = self.sum()?;
        Ok(match duration {
            DurationExpr::Ms(ms) if ms <= 0 => return Err(wrong("duration must be greater than 0", at)),
            DurationExpr::Ms(ms) => DurationExpr::Ms(ms),
            computed => DurationExpr::Placed(Box::new(computed), at..self.end()),
        })
    }

    /// What follows `offset`. Operators behind it belong to the expression around, unless it starts
    /// with a parenthesis: `offset (1m) + 5` is one duration, as in Prometheus.
    pub(super) fn signed_duration(&mut self) -> Result<DurationExpr, Error> {
        if self.is_sign("(") {
            return self.sum();
        }
        let negative = self.accept_sign("-");
        if !negative {
            self.accept_sign("+");
        }
        let again = self.is_sign("-") || self.is_sign("+");
        let duration = if again { self.power()? } else { self.factor()? };
        Ok(if negative { negated(duration) } else { duration })
    }

    fn sum(&mut self) -> Result<DurationExpr, Error> {
        let mut left = self.product()?;
        while let Token::Sign(sign @ ("+" | "-")) = *self.peek() {
            self.advance();
            left = fold(sign.as_bytes()[0], left, self.product()?);
        }
        Ok(left)
    }

    fn product(&mut self) -> Result<DurationExpr, Error> {
        let mut left = self.power()?;
        while let Token::Sign(sign @ ("*" | "/" | "%")) = *self.peek() {
            let at = self.span().start;
            self.advance();
            let right = self.power()?;
            if right == DurationExpr::Ms(0) && sign != "*" {
                let what = if sign == "/" { "division" } else { "modulo" };
                return Err(wrong(format!("{what} by zero"), at));
            }
            left = fold(sign.as_bytes()[0], left, right);
        }
        Ok(left)
    }

    fn power(&mut self) -> Result<DurationExpr, Error> {
        let outer = self.depth;
        self.deeper()?;
        let value = self.signed_power();
        self.depth = outer;
        value
    }

    fn signed_power(&mut self) -> Result<DurationExpr, Error> {
        if self.accept_sign("-") {
            return Ok(negated(self.power()?));
        }
        if self.accept_sign("+") {
            return self.power();
        }
        let base = self.factor()?;
        if self.accept_sign("^") {
            let exponent = self.power()?;
            return Ok(fold(b'^', base, exponent));
        }
        Ok(base)
    }

    fn factor(&mut self) -> Result<DurationExpr, Error> {
        let at = self.span().start;
        match self.peek().clone() {
            Token::Duration(ms) => {
                self.advance();
                Ok(DurationExpr::Ms(ms))
            }
            Token::Number(seconds) => {
                self.advance();
                let ms = (seconds * 1e3).round();
                if !ms.is_finite() || ms.abs() > crate::promql::duration::MAX_MS as f64 {
                    return Err(wrong("duration out of range", at));
                }
                Ok(DurationExpr::Ms(ms as i64))
            }
            Token::Sign("(") => {
                self.advance();
                let inner = self.sum()?;
                self.expect_sign(")", "duration expression")?;
                Ok(inner)
            }
            Token::Word(word) => self.duration_function(&word.to_ascii_lowercase()),
            _ => Err(self.unexpected(EXPECTED)),
        }
    }

    /// `step()`, `range()`, `min_of(a, b)`, `max_of(a, b)`.
    fn duration_function(&mut self, word: &str) -> Result<DurationExpr, Error> {
        let op = match word {
            "min_of" => b'<',
            "max_of" => b'>',
            "step" | "range" => 0,
            _ => return Err(self.unexpected(EXPECTED)),
        };
        self.advance();
        self.expect_sign("(", "duration expression")?;
        let value = if op == 0 {
            if word == "step" { DurationExpr::Step } else { DurationExpr::Range }
        } else {
            let left = self.sum()?;
            self.expect_sign(",", "duration expression")?;
            fold(op, left, self.sum()?)
        };
        self.expect_sign(")", "duration expression")?;
        Ok(value)
    }
}

fn negated(duration: DurationExpr) -> DurationExpr {
    match duration {
        DurationExpr::Ms(ms) => DurationExpr::Ms(-ms),
        other => DurationExpr::Negate(Box::new(other)),
    }
}

fn fold(op: u8, left: DurationExpr, right: DurationExpr) -> DurationExpr {
    DurationExpr::Op(op, Box::new(left), Box::new(right))
}
