//! Queries as text, with every parenthesis that says how they were read.

use super::ast::{
    Aggregate, Arithmetic, Attribute, Compare, Constant, Expr, ExprKind, Fold, Function, Intrinsic, Metrics,
    Pipeline, Query, Relation, Scalar, Scope, Second, Spanset, SpansetOp, Stage, What,
};
use super::parse::{constant_name, intrinsic_name};
use std::fmt::{self, Display, Formatter};

fn join<T: Display>(f: &mut Formatter<'_>, list: &[T], separator: &str) -> fmt::Result {
    for (at, item) in list.iter().enumerate() {
        write!(f, "{}{item}", if at > 0 { separator } else { "" })?;
    }
    Ok(())
}

impl Display for Query {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.pipeline)?;
        if let Some(metrics) = &self.metrics {
            write!(f, " | {metrics}")?;
        }
        if !self.hints.is_empty() {
            f.write_str(" with(")?;
            let hints: Vec<String> =
                self.hints.iter().map(|hint| format!("{}={}", hint.name, hint.value)).collect();
            join(f, &hints, ", ")?;
            f.write_str(")")?;
        }
        Ok(())
    }
}

impl Display for Pipeline {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        join(f, &self.0, " | ")
    }
}

impl Display for Stage {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Stage::Spanset(spanset) => write!(f, "{spanset}"),
            Stage::Scalar(filter) => write!(f, "{} {} {}", filter.left, filter.op, filter.right),
            Stage::By(expr) => write!(f, "by({expr})"),
            Stage::Coalesce => f.write_str("coalesce()"),
            Stage::Select(list) => {
                f.write_str("select(")?;
                join(f, list, ", ")?;
                f.write_str(")")
            }
        }
    }
}

impl Display for Spanset {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Spanset::Filter(expr) => write!(f, "{{ {expr} }}"),
            Spanset::Binary(left, operator, right) => write!(f, "({left} {operator} {right})"),
            Spanset::Pipeline(pipeline) => write!(f, "({pipeline})"),
        }
    }
}

impl Display for SpansetOp {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let SpansetOp::Related { relation, negated, union } = self else {
            return f.write_str(if *self == SpansetOp::And { "&&" } else { "||" });
        };
        f.write_str(if *negated {
            "!"
        } else if *union {
            "&"
        } else {
            ""
        })?;
        f.write_str(match relation {
            Relation::Child => ">",
            Relation::Descendant => ">>",
            Relation::Parent => "<",
            Relation::Ancestor => "<<",
            Relation::Sibling => "~",
        })
    }
}

impl Display for Scalar {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Scalar::Constant(constant) => write!(f, "{constant}"),
            Scalar::Aggregate(aggregate) => write!(f, "{aggregate}"),
            Scalar::Binary(left, operator, right) => write!(f, "({left} {operator} {right})"),
        }
    }
}

impl Display for Aggregate {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Aggregate::Count => f.write_str("count()"),
            Aggregate::Of(fold, expr) => write!(f, "{}({expr})", fold.name()),
        }
    }
}

impl Fold {
    pub fn name(self) -> &'static str {
        match self {
            Fold::Min => "min",
            Fold::Max => "max",
            Fold::Sum => "sum",
            Fold::Avg => "avg",
        }
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ExprKind::Constant(constant) => write!(f, "{constant}"),
            ExprKind::Attribute(attribute) => write!(f, "{attribute}"),
            ExprKind::Not(inner) => write!(f, "!({inner})"),
            ExprKind::Negative(inner) => write!(f, "-({inner})"),
            ExprKind::And(left, right) => write!(f, "({left} && {right})"),
            ExprKind::Or(left, right) => write!(f, "({left} || {right})"),
            ExprKind::Compare(left, operator, right) => write!(f, "{left} {operator} {right}"),
            ExprKind::Arithmetic(left, operator, right) => write!(f, "({left} {operator} {right})"),
            ExprKind::Regex { value, pattern, negated, .. } => {
                write!(f, "{value} {} {pattern:?}", if *negated { "!~" } else { "=~" })
            }
        }
    }
}

impl Display for Compare {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Compare::Equal => "=",
            Compare::NotEqual => "!=",
            Compare::Less => "<",
            Compare::LessOrEqual => "<=",
            Compare::Greater => ">",
            Compare::GreaterOrEqual => ">=",
        })
    }
}

impl Display for Arithmetic {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Arithmetic::Add => "+",
            Arithmetic::Subtract => "-",
            Arithmetic::Multiply => "*",
            Arithmetic::Divide => "/",
            Arithmetic::Remainder => "%",
            Arithmetic::Power => "^",
        })
    }
}

impl Display for Constant {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Constant::Bool(flag) => write!(f, "{flag}"),
            Constant::Int(n) => write!(f, "{n}"),
            Constant::Float(n) => write!(f, "{n:?}"),
            Constant::Duration(ns) => write!(f, "{}", Nanoseconds(*ns)),
            Constant::Text(text) => write!(f, "{text:?}"),
            Constant::Nil => f.write_str("nil"),
            Constant::Status(_) | Constant::Kind(_) => f.write_str(constant_name(self)),
        }
    }
}

/// A duration in the largest unit that it is whole in.
pub struct Nanoseconds(pub i64);

impl Display for Nanoseconds {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let units = [
            (3_600_000_000_000, "h"),
            (60_000_000_000, "m"),
            (1_000_000_000, "s"),
            (1_000_000, "ms"),
            (1_000, "us"),
        ];
        match units.into_iter().find(|(size, _)| self.0 != 0 && self.0 % size == 0) {
            Some((size, unit)) => write!(f, "{}{unit}", self.0 / size),
            None => write!(f, "{}ns", self.0),
        }
    }
}

impl Display for Attribute {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.of_parent {
            f.write_str("parent")?;
        }
        match &self.what {
            What::Intrinsic(intrinsic) => f.write_str(intrinsic_name(*intrinsic)),
            What::Key(scope, name) => {
                let dot = if self.of_parent && *scope != Scope::Any { "." } else { "" };
                write!(f, "{dot}{}.{}", scope.as_str(), quoted(name))
            }
        }
    }
}

/// A name with quotes where it has a character that ends a name.
fn quoted(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "._-/:".contains(c);
    if name.chars().all(plain) && !name.starts_with(|c: char| c.is_ascii_digit()) {
        return name.to_owned();
    }
    format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
}

impl Scope {
    pub fn as_str(self) -> &'static str {
        match self {
            Scope::Any => "",
            Scope::Span => "span",
            Scope::Resource => "resource",
            Scope::Event => "event",
            Scope::Link => "link",
            Scope::Instrumentation => "instrumentation",
        }
    }
}

impl Display for Intrinsic {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(intrinsic_name(*self))
    }
}

impl Display for Metrics {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.function {
            Function::Rate => f.write_str("rate()")?,
            Function::CountOverTime => f.write_str("count_over_time()")?,
            Function::Over(fold, expr) => write!(f, "{}_over_time({expr})", fold.name())?,
            Function::Histogram(expr) => write!(f, "histogram_over_time({expr})")?,
            Function::Quantile(expr, quantiles) => {
                write!(f, "quantile_over_time({expr}, ")?;
                join(f, quantiles, ", ")?;
                f.write_str(")")?;
            }
            Function::Compare { selection, top, between } => {
                write!(f, "compare({{ {selection} }}, {top}")?;
                if let Some((from, to)) = between {
                    write!(f, ", {from}, {to}")?;
                }
                f.write_str(")")?;
            }
        }
        if !self.by.is_empty() {
            f.write_str(" by(")?;
            join(f, &self.by, ", ")?;
            f.write_str(")")?;
        }
        self.then.iter().try_for_each(|second| match second {
            Second::Top(count) => write!(f, " | topk({count})"),
            Second::Bottom(count) => write!(f, " | bottomk({count})"),
            Second::Keep(operator, value) => write!(f, " | {operator} {value}"),
        })
    }
}
