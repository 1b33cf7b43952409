//! Expressions of samples: the tree of PromQL, whose selectors are range aggregations by their number.

use super::{Parsed, Parser};
use crate::logs::language::SyntaxError;
use crate::logs::logql::ast::{Conversion, RangeAggregation, RangeOp, Unwrap};
use crate::logs::logql::lex::Token;
use crate::promql::ast::{
    Aggregate, AggregateOp, Binary, BinaryOp, Call, Cardinality, Expr, ExprKind, Grouping, Matching,
    RangeMode, Selector, TimeShift,
};
use crate::promql::select::anchored;
use crate::promql::{function, number_of, zero_is_nan};

const AGGREGATES: [(&str, AggregateOp); 9] = [
    ("sum", AggregateOp::Sum),
    ("avg", AggregateOp::Avg),
    ("min", AggregateOp::Min),
    ("max", AggregateOp::Max),
    ("count", AggregateOp::Count),
    ("stddev", AggregateOp::Stddev),
    ("stdvar", AggregateOp::Stdvar),
    ("topk", AggregateOp::Topk),
    ("bottomk", AggregateOp::Bottomk),
];

fn operator(token: &Token) -> Option<BinaryOp> {
    Some(match token {
        Token::Word(word) => match word.as_str() {
            "or" => BinaryOp::Or,
            "and" => BinaryOp::And,
            "unless" => BinaryOp::Unless,
            _ => return None,
        },
        Token::Sign(sign) => match *sign {
            "==" => BinaryOp::Eq,
            "!=" => BinaryOp::Ne,
            "<" => BinaryOp::Lt,
            "<=" => BinaryOp::Le,
            ">" => BinaryOp::Gt,
            ">=" => BinaryOp::Ge,
            "+" => BinaryOp::Add,
            "-" => BinaryOp::Sub,
            "*" => BinaryOp::Mul,
            "/" => BinaryOp::Div,
            "%" => BinaryOp::Mod,
            "^" => BinaryOp::Pow,
            _ => return None,
        },
        _ => return None,
    })
}

fn as_number(expr: &Expr) -> Option<f64> {
    if let ExprKind::Number(number) = expr.kind { Some(number) } else { None }
}

impl Parser<'_> {
    /// Operators that bind at least so tightly.
    pub(super) fn expression(&mut self, least: u8) -> Parsed<Expr> {
        let mut left = self.deeper(Self::operand)?;
        while let Some(op) = self.peek().and_then(operator).filter(|op| op.precedence() >= least) {
            self.term()?;
            let op_at = self.place();
            self.next += 1;
            let is_bool = self.take_word("bool");
            if is_bool && !op.is_comparison() {
                return Err(SyntaxError::new(
                    op_at,
                    "bool modifier can only be used on comparison operators",
                ));
            }
            let matching = self.matching(op)?;
            let tighter = if op == BinaryOp::Pow { op.precedence() } else { op.precedence() + 1 };
            let right = self.deeper(|parser| parser.expression(tighter))?;
            left = joined(op, op_at, is_bool, matching, left, right)?;
        }
        Ok(left)
    }

    fn matching(&mut self, op: BinaryOp) -> Parsed<Matching> {
        let card = if op.is_set() { Cardinality::ManyToMany } else { Cardinality::OneToOne };
        let on = self.is_word("on");
        if !on && !self.is_word("ignoring") {
            return Ok(Matching { card, ..Matching::default() });
        }
        self.next += 1;
        let mut matching = Matching { on, labels: self.labels()?, card, ..Matching::default() };
        let left = self.is_word("group_left");
        if left || self.is_word("group_right") {
            if op.is_set() {
                let message = format!("no grouping allowed for {:?} operation", op.symbol());
                return Err(SyntaxError::new(self.place(), message));
            }
            self.next += 1;
            matching.card = if left { Cardinality::ManyToOne } else { Cardinality::OneToMany };
            matching.grouped = Some(matching.card);
            matching.include = if self.is_sign("(") { self.labels()? } else { Vec::new() };
        }
        Ok(matching)
    }

    fn operand(&mut self) -> Parsed<Expr> {
        let at = self.place();
        if self.is_sign("-") || self.is_sign("+") || matches!(self.peek(), Some(Token::Number(_))) {
            let number = self.number()?;
            return Ok(self.node(at, ExprKind::Number(number)));
        }
        if self.take_sign("(") {
            let inner = self.expression(0)?;
            self.expect(")")?;
            return Ok(inner);
        }
        let word = self.word("a function, an aggregation, NUMBER or {")?;
        if let Some(op) = RangeOp::parse(&word) {
            let of = self.range_aggregation(op, at)?;
            self.ranges.push(of);
            let selector = Selector {
                matchers: Vec::new(),
                named: false,
                time: TimeShift::default(),
                mode: RangeMode::Plain,
                id: self.ranges.len() - 1,
            };
            return Ok(self.node(at, ExprKind::Vector(selector)));
        }
        if let Some((_, op)) = AGGREGATES.iter().find(|(name, _)| *name == word) {
            return self.aggregate(*op, at);
        }
        match word.as_str() {
            // It is exact here.
            "approx_topk" => self.aggregate(AggregateOp::Topk, at),
            "sort" | "sort_desc" => {
                self.expect("(")?;
                let inner = self.expression(0)?;
                self.expect(")")?;
                self.call(at, &word, vec![inner])
            }
            "vector" => {
                self.expect("(")?;
                let number_at = self.place();
                let number = self.number()?;
                let number = self.node(number_at, ExprKind::Number(number));
                self.expect(")")?;
                self.call(at, "vector", vec![number])
            }
            "label_replace" => self.label_replace(at),
            _ => Err(SyntaxError::new(at, format!("syntax error: unexpected IDENTIFIER {word}"))),
        }
    }

    fn node(&self, from: usize, kind: ExprKind) -> Expr {
        let end = self
            .next
            .checked_sub(1)
            .and_then(|last| self.tokens.get(last))
            .map_or(from, |(_, span)| span.end);
        Expr { kind, span: from..end }
    }

    fn call(&self, at: usize, name: &str, args: Vec<Expr>) -> Parsed<Expr> {
        let function =
            function(name).ok_or_else(|| SyntaxError::new(at, format!("unknown function {name}")))?;
        Ok(self.node(at, ExprKind::Call(Call { function, args })))
    }

    fn number(&mut self) -> Parsed<f64> {
        let negative = self.take_sign("-");
        if !negative {
            self.take_sign("+");
        }
        match self.peek() {
            Some(Token::Number(number)) => {
                let number = if negative { -*number } else { *number };
                self.next += 1;
                Ok(number)
            }
            _ => Err(self.unexpected("NUMBER")),
        }
    }

    fn duration(&mut self) -> Parsed<i64> {
        match self.peek() {
            Some(Token::Duration(ns, _)) => {
                let ns = *ns;
                self.next += 1;
                Ok(ns)
            }
            _ => Err(self.unexpected("DURATION")),
        }
    }

    fn labels(&mut self) -> Parsed<Vec<String>> {
        self.expect("(")?;
        let mut labels = Vec::new();
        while !self.is_sign(")") {
            labels.push(self.word("IDENTIFIER or )")?);
            if !self.take_sign(",") {
                break;
            }
        }
        self.expect(")")?;
        Ok(labels)
    }

    fn grouping(&mut self) -> Parsed<Option<Grouping>> {
        let without = self.is_word("without");
        if !without && !self.is_word("by") {
            return Ok(None);
        }
        self.next += 1;
        Ok(Some(Grouping { without, labels: self.labels()? }))
    }

    fn aggregate(&mut self, op: AggregateOp, at: usize) -> Parsed<Expr> {
        let before = self.grouping()?;
        self.expect("(")?;
        let mut param = None;
        if op.param_type().is_some() {
            let number_at = self.place();
            let count = self.number()?;
            if count < 1.0 || count.fract() != 0.0 {
                let message = format!(
                    "invalid parameter ({count}) for {}: it must be a whole number above 0",
                    op.name()
                );
                return Err(SyntaxError::new(number_at, message));
            }
            param = Some(self.node(number_at, ExprKind::Number(count)));
            self.expect(",")?;
        }
        let expr = self.expression(0)?;
        self.expect(")")?;
        let grouping = if before.is_some() { before } else { self.grouping()? }.unwrap_or_default();
        if let ExprKind::Vector(selector) = &expr.kind
            && let Some(of) = self.ranges.get_mut(selector.id)
            && of.op.is_joined_by(op)
            && of.grouping.is_none()
        {
            of.outer = Some(grouping.clone());
        }
        Ok(self.node(at, ExprKind::Aggregate(Box::new(Aggregate { op, expr, param, grouping }))))
    }

    fn range_aggregation(&mut self, op: RangeOp, at: usize) -> Parsed<RangeAggregation> {
        self.expect("(")?;
        let parameter = match op {
            RangeOp::QuantileOverTime => {
                let quantile = self.number()?;
                self.expect(",")?;
                Some(quantile)
            }
            _ => None,
        };
        let mut of = self.ranged(op, parameter)?;
        self.expect(")")?;
        of.grouping = self.grouping()?;
        check(&of, at)?;
        Ok(of)
    }

    /// The range stands behind the selector or behind the whole pipeline.
    fn ranged(&mut self, op: RangeOp, parameter: Option<f64>) -> Parsed<RangeAggregation> {
        if self.take_sign("(") {
            let inner = self.deeper(|parser| parser.ranged(op, parameter))?;
            self.expect(")")?;
            return Ok(inner);
        }
        let mut query = self.log_query()?;
        let mut unwrap = self.unwrap()?;
        self.expect("[")?;
        let at = self.place();
        let range_ns = self.duration()?;
        if range_ns <= 0 {
            return Err(SyntaxError::new(at, "the range must be longer than 0"));
        }
        self.expect("]")?;
        let mut offset_ns = self.offset()?;
        if unwrap.is_none() {
            query.stages.extend(self.stages()?);
            unwrap = self.unwrap()?;
        }
        if offset_ns == 0 {
            offset_ns = self.offset()?;
        }
        Ok(RangeAggregation {
            op,
            parameter,
            query,
            unwrap,
            range_ns,
            offset_ns,
            grouping: None,
            outer: None,
        })
    }

    fn offset(&mut self) -> Parsed<i64> {
        if !self.take_word("offset") {
            return Ok(0);
        }
        let negative = self.take_sign("-");
        self.duration().map(|ns| if negative { -ns } else { ns })
    }

    fn unwrap(&mut self) -> Parsed<Option<Unwrap>> {
        if !self.take_sign("|") {
            return Ok(None);
        }
        if !self.take_word("unwrap") {
            return Err(self.unexpected("a stage"));
        }
        let name = self.word("IDENTIFIER or a conversion")?;
        let conversion = match name.as_str() {
            "duration" | "duration_seconds" => Conversion::Duration,
            "bytes" => Conversion::Bytes,
            _ => Conversion::Number,
        };
        let (label, conversion) = match conversion != Conversion::Number && self.take_sign("(") {
            true => {
                let label = self.word("IDENTIFIER")?;
                self.expect(")")?;
                (label, conversion)
            }
            false => (name, Conversion::Number),
        };
        let mut filters = Vec::new();
        while self.take_sign("|") {
            filters.push(self.label_filter()?);
        }
        Ok(Some(Unwrap { label, conversion, filters }))
    }

    fn label_replace(&mut self, at: usize) -> Parsed<Expr> {
        self.expect("(")?;
        let mut args = vec![self.expression(0)?];
        for number in 0..4 {
            self.expect(",")?;
            let text_at = self.place();
            let text = self.quoted()?;
            if number == 3 {
                anchored(&text).map_err(|why| SyntaxError::new(text_at, why))?;
            }
            args.push(self.node(text_at, ExprKind::Text(text)));
        }
        self.expect(")")?;
        self.call(at, "label_replace", args)
    }
}

/// Numbers alone are computed at once.
fn joined(
    op: BinaryOp,
    op_at: usize,
    is_bool: bool,
    matching: Matching,
    lhs: Expr,
    rhs: Expr,
) -> Parsed<Expr> {
    let span = lhs.span.start..rhs.span.end;
    let (left, right) = (as_number(&lhs), as_number(&rhs));
    if op.is_set() && (left.is_some() || right.is_some()) {
        let message =
            format!("unexpected literal for a leg of logical/set binary operation ({})", op.symbol());
        return Err(SyntaxError::new(op_at, message));
    }
    if let (Some(left), Some(right)) = (left, right) {
        let by_zero = right == 0.0 && matches!(op, BinaryOp::Div | BinaryOp::Mod);
        let number = if by_zero { f64::NAN } else { number_of(op, left, right) };
        return Ok(Expr { kind: ExprKind::Number(number), span });
    }
    // Unlike in PromQL, what is divided by zero is no number.
    let rhs = match op {
        BinaryOp::Div | BinaryOp::Mod => zero_is_nan(rhs),
        _ => rhs,
    };
    let binary = Binary { op, op_at, lhs, rhs, bool: is_bool, matching };
    Ok(Expr { kind: ExprKind::Binary(Box::new(binary)), span })
}

/// Which functions need an unwrapped value and which can't have one.
fn check(of: &RangeAggregation, at: usize) -> Parsed<()> {
    let name = of.op.name();
    let wrong = |message: String| Err(SyntaxError::new(at, message));
    match &of.unwrap {
        Some(_) if of.op.is_of_lines() => wrong(format!("invalid aggregation {name} with unwrap")),
        None if !of.op.is_of_lines() && !of.op.is_of_both() => {
            wrong(format!("invalid aggregation {name} without unwrap"))
        }
        _ if of.grouping.is_some() && !of.op.takes_grouping() => {
            wrong(format!("grouping not allowed for {name} aggregation"))
        }
        _ => Ok(()),
    }
}
