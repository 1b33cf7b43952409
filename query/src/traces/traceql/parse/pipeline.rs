//! Span filters, how they are joined, and the stages behind them.

use super::expr::compare;
use super::{PRODUCTS, Parsed, Parser, SUMS};
use crate::logs::language::{Span, SyntaxError};
use crate::nearest::hint;
use crate::traces::traceql::ast::{
    Aggregate, Arithmetic, Constant, Expr, ExprKind, Fold, Metrics, Pipeline, Relation, Scalar, ScalarFilter,
    Spanset, SpansetOp, Stage,
};
use crate::traces::traceql::lex::Token;

const STAGES: [&str; 8] = ["by", "coalesce", "select", "count", "avg", "min", "max", "sum"];

impl Parser<'_> {
    /// Stages up to the end or a closing parenthesis. Series are made by the whole query only.
    pub fn pipeline(&mut self, outermost: bool) -> Parsed<(Pipeline, Option<Metrics>)> {
        let mut stages = Vec::new();
        loop {
            self.stage_counts()?;
            if let Some(word) = self.word().filter(|word| super::metrics::NAMES.contains(word)) {
                if !outermost || stages.is_empty() {
                    let message = format!("{word} is the last stage of a whole query: {{ … }} | {word}(…)");
                    return Err(self.error(message));
                }
                return Ok((Pipeline(stages), Some(self.metrics()?)));
            }
            let begin = self.place().start;
            let stage = self.stage()?;
            if stages.is_empty() && !matches!(stage, Stage::Spanset(_)) {
                stages.push(Stage::Spanset(all_spans(begin)));
            }
            stages.push(stage);
            if !self.take("|") {
                return Ok((Pipeline(stages), None));
            }
        }
    }

    fn stage(&mut self) -> Parsed<Stage> {
        match self.peek() {
            Some(Token::Operator("{")) => Ok(Stage::Spanset(self.spanset()?)),
            Some(Token::Operator("(")) if self.spans_in_parentheses() => Ok(Stage::Spanset(self.spanset()?)),
            Some(Token::Word(word)) => match word.as_str() {
                "by" => {
                    self.next += 1;
                    Ok(Stage::By(self.argument("by")?))
                }
                "coalesce" => {
                    self.next += 1;
                    self.no_argument("coalesce")?;
                    Ok(Stage::Coalesce)
                }
                "select" => {
                    self.next += 1;
                    Ok(Stage::Select(self.attributes()?))
                }
                word if STAGES.contains(&word) => self.scalar_filter().map(Stage::Scalar),
                word => Err(self.unknown_stage(word)),
            },
            Some(Token::Operator("(" | "-") | Token::Int(_) | Token::Float(_) | Token::Duration(_)) => {
                self.scalar_filter().map(Stage::Scalar)
            }
            Some(Token::Attribute { .. }) => Err(self
                .error(format!("{} is outside of a span filter; put it in braces: {{ … }}", self.written()))),
            _ => Err(self.error(format!("a span filter or a stage is missing before {}", self.written()))),
        }
    }

    fn unknown_stage(&self, word: &str) -> SyntaxError {
        let metrics = super::metrics::NAMES;
        let hint = hint(word, STAGES.into_iter().chain(metrics));
        let outside = super::fields::intrinsic(word).is_some();
        let why =
            if outside { "is outside of a span filter; put it in braces: { … }" } else { "is no stage" };
        self.error(format!("'{word}' {why}{hint}"))
    }

    /// Whether the parentheses that open here hold span filters, and not aggregates.
    fn spans_in_parentheses(&self) -> bool {
        let mut rest = self.tokens[self.next..].iter().map(|(token, _)| token);
        matches!(rest.find(|token| **token != Token::Operator("(")), Some(Token::Operator("{")))
    }

    fn spanset(&mut self) -> Parsed<Spanset> {
        let mut left = self.related()?;
        loop {
            let operator = match self.peek() {
                Some(Token::Operator("&&")) => SpansetOp::And,
                Some(Token::Operator("||")) => SpansetOp::Or,
                _ => return Ok(left),
            };
            self.next += 1;
            let right = self.related()?;
            left = Spanset::Binary(Box::new(left), operator, Box::new(right));
        }
    }

    fn related(&mut self) -> Parsed<Spanset> {
        let mut left = self.spans()?;
        loop {
            let Some(Token::Operator(written)) = self.peek() else { return Ok(left) };
            let Some(operator) = relation(written) else { return Ok(left) };
            self.next += 1;
            let right = self.spans()?;
            left = Spanset::Binary(Box::new(left), operator, Box::new(right));
        }
    }

    fn spans(&mut self) -> Parsed<Spanset> {
        let open = self.place();
        if self.take("(") {
            let (pipeline, _) = self.deeper(|parser| parser.pipeline(false))?;
            self.close(open.start, ")")?;
            let mut stages = pipeline.0;
            return Ok(match (stages.pop(), stages.is_empty()) {
                (Some(Stage::Spanset(alone)), true) => alone,
                (last, _) => Spanset::Pipeline(Pipeline(stages.into_iter().chain(last).collect())),
            });
        }
        self.expect("{", "at the begin of a span filter")?;
        if self.take("}") {
            self.operand()?;
            return Ok(all_spans(open.start));
        }
        let expr = self.test()?;
        self.close(open.start, "}")?;
        Ok(Spanset::Filter(expr))
    }

    /// One expression between parentheses.
    pub fn argument(&mut self, of: &str) -> Parsed<Expr> {
        let open = self.place().start;
        self.expect("(", &format!("behind {of}"))?;
        let expr = self.expr()?;
        self.close(open, ")")?;
        Ok(expr)
    }

    pub fn no_argument(&mut self, of: &str) -> Parsed<()> {
        self.expect("(", &format!("behind {of}"))?;
        if self.take(")") {
            return Ok(());
        }
        Err(self.error(format!("{of}() takes no argument")))
    }

    fn scalar_filter(&mut self) -> Parsed<ScalarFilter> {
        let left = self.scalar()?;
        let operator =
            if let Some(Token::Operator(operator)) = self.peek() { compare(operator) } else { None };
        let Some(op) = operator else {
            return Err(self.error("a comparison is missing: count() > 2, avg(duration) < 1s"));
        };
        self.next += 1;
        let right = self.scalar()?;
        Ok(ScalarFilter { left, op, right })
    }

    fn scalar(&mut self) -> Parsed<Scalar> {
        self.deeper(|parser| {
            let mut left = parser.scalar_product()?;
            loop {
                let Some(operator) = parser.take_operator(&SUMS) else { return Ok(left) };
                let right = parser.scalar_product()?;
                left = Scalar::Binary(Box::new(left), operator, Box::new(right));
            }
        })
    }

    fn scalar_product(&mut self) -> Parsed<Scalar> {
        let mut left = self.scalar_power()?;
        loop {
            let Some(operator) = self.take_operator(&PRODUCTS) else { return Ok(left) };
            let right = self.scalar_power()?;
            left = Scalar::Binary(Box::new(left), operator, Box::new(right));
        }
    }

    fn scalar_power(&mut self) -> Parsed<Scalar> {
        let base = self.scalar_primary()?;
        if !self.take("^") {
            return Ok(base);
        }
        let exponent = self.deeper(Self::scalar_power)?;
        Ok(Scalar::Binary(Box::new(base), Arithmetic::Power, Box::new(exponent)))
    }

    fn scalar_primary(&mut self) -> Parsed<Scalar> {
        let at = self.place().start;
        if self.take("(") {
            let inner = self.scalar()?;
            self.close(at, ")")?;
            return Ok(inner);
        }
        if self.take("-") {
            let inner = self.deeper(Self::scalar_primary)?;
            let zero = Box::new(Scalar::Constant(Constant::Int(0)));
            return Ok(Scalar::Binary(zero, Arithmetic::Subtract, Box::new(inner)));
        }
        if let Some(word) = self.word().map(str::to_owned) {
            if word == "count" {
                self.next += 1;
                self.no_argument("count")?;
                return Ok(Scalar::Aggregate(Aggregate::Count));
            }
            if let Some(fold) = fold(&word) {
                self.next += 1;
                let of = self.argument(&word)?;
                super::types::must_be_number(&of, &word)?;
                return Ok(Scalar::Aggregate(Aggregate::Of(fold, of)));
            }
        }
        match self.constant()? {
            Some(constant @ (Constant::Int(_) | Constant::Float(_) | Constant::Duration(_))) => {
                Ok(Scalar::Constant(constant))
            }
            _ => Err(SyntaxError::new(
                at,
                "count(), avg(…), min(…), max(…), sum(…) or a number is missing here",
            )),
        }
    }
}

/// `{ }`, as which a query begins that does not say it.
fn all_spans(start: usize) -> Spanset {
    let at = Span { start, end: start };
    Spanset::Filter(Expr { kind: ExprKind::Constant(Constant::Bool(true)), at })
}

pub fn fold(word: &str) -> Option<Fold> {
    Some(match word {
        "min" => Fold::Min,
        "max" => Fold::Max,
        "sum" => Fold::Sum,
        "avg" => Fold::Avg,
        _ => return None,
    })
}

fn relation(written: &str) -> Option<SpansetOp> {
    let (negated, union) = (written.starts_with('!'), written.starts_with('&'));
    let relation = match written.trim_start_matches(['!', '&']) {
        ">" => Relation::Child,
        ">>" => Relation::Descendant,
        "<" => Relation::Parent,
        "<<" => Relation::Ancestor,
        "~" => Relation::Sibling,
        _ => return None,
    };
    Some(SpansetOp::Related { relation, negated, union })
}
