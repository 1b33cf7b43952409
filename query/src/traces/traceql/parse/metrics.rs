//! The stages that make series of spans.

use super::pipeline::fold;
use super::{Parsed, Parser, types};
use crate::logs::language::SyntaxError;
use crate::nearest::hint;
use crate::traces::traceql::ast::{Constant, Expr, Function, Metrics, Second};

pub const NAMES: [&str; 9] = [
    "rate",
    "count_over_time",
    "min_over_time",
    "max_over_time",
    "avg_over_time",
    "sum_over_time",
    "quantile_over_time",
    "histogram_over_time",
    "compare",
];

/// Quantiles of one query; each is a series for every group.
const MAX_QUANTILES: usize = 16;
/// Series that `topk` may keep, and values that `compare` shows of an attribute.
const MAX_TOP: i64 = 1_000;
const DEFAULT_TOP: usize = 10;

impl Parser<'_> {
    /// One of [`NAMES`], its groups, and what is done with the series.
    pub fn metrics(&mut self) -> Parsed<Metrics> {
        let name = self.word().unwrap_or_default().to_owned();
        self.next += 1;
        let function = match name.as_str() {
            "rate" => self.no_argument(&name).map(|()| Function::Rate)?,
            "count_over_time" => self.no_argument(&name).map(|()| Function::CountOverTime)?,
            "histogram_over_time" => Function::Histogram(self.number_argument(&name)?),
            "quantile_over_time" => self.quantiles()?,
            "compare" => self.compare()?,
            over => match over.strip_suffix("_over_time").and_then(fold) {
                Some(fold) => Function::Over(fold, self.number_argument(&name)?),
                None => return Err(self.error(format!("'{name}' is no function"))),
            },
        };
        let at = self.place().start;
        let by = if self.take_word("by") { self.attributes()? } else { Vec::new() };
        if matches!(function, Function::Compare { .. }) && !by.is_empty() {
            return Err(SyntaxError::new(at, "compare() makes its own groups and takes no by()"));
        }
        let mut then = Vec::new();
        while self.take("|") {
            self.stage_counts()?;
            then.push(self.second()?);
        }
        Ok(Metrics { function, by, then })
    }

    fn number_argument(&mut self, of: &str) -> Parsed<Expr> {
        let expr = self.argument(of)?;
        types::must_be_number(&expr, of)?;
        Ok(expr)
    }

    fn quantiles(&mut self) -> Parsed<Function> {
        let open = self.place().start;
        self.expect("(", "behind quantile_over_time")?;
        let of = self.expr()?;
        types::must_be_number(&of, "quantile_over_time")?;
        let mut quantiles = Vec::new();
        while self.take(",") {
            let at = self.place().start;
            let quantile = match self.constant()? {
                Some(Constant::Int(n)) => n as f64,
                Some(Constant::Float(n)) => n,
                _ => return Err(SyntaxError::new(at, "a quantile is a number from 0 to 1")),
            };
            if !(0.0..=1.0).contains(&quantile) || quantiles.len() == MAX_QUANTILES {
                let message =
                    format!("a quantile is a number from 0 to 1, and there are at most {MAX_QUANTILES}");
                return Err(SyntaxError::new(at, message));
            }
            quantiles.push(quantile);
        }
        if quantiles.is_empty() {
            return Err(self.error("a quantile is missing: quantile_over_time(duration, 0.9)"));
        }
        self.close(open, ")")?;
        Ok(Function::Quantile(of, quantiles))
    }

    /// `compare({ … })`, `compare({ … }, top)`, `compare({ … }, top, from, to)` with times in
    /// nanoseconds since 1970.
    fn compare(&mut self) -> Parsed<Function> {
        let open = self.place().start;
        self.expect("(", "behind compare")?;
        let brace = self.place().start;
        self.expect("{", "at the begin of compare's selection")?;
        let selection = self.test()?;
        self.close(brace, "}")?;
        let top = if self.take(",") { self.count("compare")? } else { DEFAULT_TOP };
        let mut between = None;
        if self.take(",") {
            let from = self.time()?;
            self.expect(",", "between the times of compare")?;
            let at = self.place().start;
            let to = self.time()?;
            if to <= from {
                return Err(SyntaxError::new(at, "the selection of compare ends before it begins"));
            }
            between = Some((from, to));
        }
        self.close(open, ")")?;
        Ok(Function::Compare { selection, top, between })
    }

    fn time(&mut self) -> Parsed<i64> {
        let at = self.place().start;
        match self.constant()? {
            Some(Constant::Int(time)) => Ok(time),
            _ => Err(SyntaxError::new(at, "a time is a number of nanoseconds since 1970")),
        }
    }

    fn count(&mut self, of: &str) -> Parsed<usize> {
        let at = self.place().start;
        match self.constant()? {
            Some(Constant::Int(n)) if (1..=MAX_TOP).contains(&n) => Ok(n as usize),
            _ => Err(SyntaxError::new(at, format!("{of} takes a number from 1 to {MAX_TOP}"))),
        }
    }

    fn second(&mut self) -> Parsed<Second> {
        let Some(word) = self.word().map(str::to_owned) else { return self.keep() };
        let make: fn(usize) -> Second = match word.as_str() {
            "topk" => Second::Top,
            "bottomk" => Second::Bottom,
            _ => {
                let hint = hint(&word, ["topk", "bottomk"]);
                return Err(self.error(format!("'{word}' is nothing that can be done with series{hint}")));
            }
        };
        self.next += 1;
        let open = self.place().start;
        self.expect("(", &format!("behind {word}"))?;
        let count = self.count(&word)?;
        self.close(open, ")")?;
        Ok(make(count))
    }

    /// `> 5`: points for which it does not hold are left out.
    fn keep(&mut self) -> Parsed<Second> {
        let operator = match self.peek() {
            Some(super::Token::Operator(operator)) => super::expr::compare(operator),
            _ => None,
        };
        let missing = "topk(n), bottomk(n) or a comparison with a number is missing behind '|'";
        let Some(operator) = operator else { return Err(self.error(missing)) };
        self.next += 1;
        let negative = self.take("-");
        let at = self.place().start;
        let value = match self.constant()? {
            Some(Constant::Int(n)) => n as f64,
            Some(Constant::Float(n)) => n,
            Some(Constant::Duration(ns)) => ns as f64 / 1e9,
            _ => return Err(SyntaxError::new(at, "a number is missing here")),
        };
        Ok(Second::Keep(operator, if negative { -value } else { value }))
    }
}
