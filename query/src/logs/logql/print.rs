//! A query as its text, laid out the one way that Loki writes it.

use super::ast::*;
use super::label::LabelTest;
use super::line::LineTest;
use crate::promql::ast::{Aggregate, AggregateOp, Binary, Cardinality, Expr, ExprKind, Grouping};
use crate::promql::embed::of_zero_is_nan;
use crate::promql::select::{MatchOp, Matcher};
use crate::promql::value::format_float;
use std::fmt::{Display, Formatter, Result, Write};

impl Display for Query {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Query::Logs(query) => query.fmt(f),
            Query::Metric(query) => expr(f, &query.expr, &query.ranges),
        }
    }
}

impl Display for LogQuery {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str("{")?;
        list(f, &self.matchers, ", ", matcher)?;
        f.write_str("}")?;
        self.stages.iter().try_for_each(|stage| write!(f, " {stage}"))
    }
}

fn list<T>(
    f: &mut Formatter<'_>,
    all: &[T],
    between: &str,
    each: impl Fn(&mut Formatter<'_>, &T) -> Result,
) -> Result {
    for (at, one) in all.iter().enumerate() {
        if at > 0 {
            f.write_str(between)?;
        }
        each(f, one)?;
    }
    Ok(())
}

fn matcher(f: &mut Formatter<'_>, matcher: &Matcher) -> Result {
    let op = match matcher.op {
        MatchOp::Equal => "=",
        MatchOp::NotEqual => "!=",
        MatchOp::Regex => "=~",
        MatchOp::NotRegex => "!~",
    };
    write!(f, "{}{op}", matcher.name)?;
    text(f, &matcher.value)
}

/// As Go quotes it.
fn text(f: &mut Formatter<'_>, text: &str) -> Result {
    f.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' | '\\' => write!(f, "\\{c}")?,
            '\n' => f.write_str("\\n")?,
            '\t' => f.write_str("\\t")?,
            '\r' => f.write_str("\\r")?,
            c if c.is_control() => write!(f, "\\u{:04x}", u32::from(c))?,
            c => f.write_char(c)?,
        }
    }
    f.write_char('"')
}

impl Display for Stage {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        if let Stage::Line(test) = self {
            return line(f, test);
        }
        f.write_str("| ")?;
        match self {
            Stage::Line(_) => Ok(()),
            Stage::Json(extractions) => {
                f.write_str("json")?;
                extracted(f, extractions)
            }
            Stage::Logfmt(logfmt) => {
                f.write_str("logfmt")?;
                f.write_str(if logfmt.strict { " --strict" } else { "" })?;
                f.write_str(if logfmt.keep_empty { " --keep-empty" } else { "" })?;
                extracted(f, &logfmt.extractions)
            }
            Stage::Regexp(regex) => {
                f.write_str("regexp ")?;
                text(f, regex.as_str())
            }
            Stage::Pattern(pattern) => {
                f.write_str("pattern ")?;
                text(f, &pattern.text)
            }
            Stage::Unpack => f.write_str("unpack"),
            Stage::Decolorize => f.write_str("decolorize"),
            Stage::Labels(filter) => filter.fmt(f),
            Stage::LineFormat(template) => {
                f.write_str("line_format ")?;
                text(f, &template.text)
            }
            Stage::LabelFormat(formats) => {
                f.write_str("label_format ")?;
                list(f, formats, ", ", |f, format| match format {
                    LabelFormat::Rename { to, from } => write!(f, "{to}={from}"),
                    LabelFormat::Template { to, template } => {
                        write!(f, "{to}=")?;
                        text(f, &template.text)
                    }
                })
            }
            Stage::Drop(choices) => {
                f.write_str("drop ")?;
                list(f, choices, ", ", choice)
            }
            Stage::Keep(choices) => {
                f.write_str("keep ")?;
                list(f, choices, ", ", choice)
            }
        }
    }
}

fn line(f: &mut Formatter<'_>, test: &LineTest) -> Result {
    write!(f, "{} ", test.op.symbol())?;
    list(f, &test.any, " or ", |f, one| {
        if !one.is_ip() {
            return text(f, &one.text);
        }
        f.write_str("ip(")?;
        text(f, &one.text)?;
        f.write_str(")")
    })
}

fn extracted(f: &mut Formatter<'_>, extractions: &[Extraction]) -> Result {
    f.write_str(if extractions.is_empty() { "" } else { " " })?;
    list(f, extractions, ", ", |f, one| {
        write!(f, "{}=", one.label)?;
        text(f, &one.path)
    })
}

fn choice(f: &mut Formatter<'_>, choice: &LabelChoice) -> Result {
    match &choice.matcher {
        Some(of) => matcher(f, of),
        None => f.write_str(&choice.name),
    }
}

impl Display for LabelFilter {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            LabelFilter::And(a, b) => write!(f, "({a} and {b})"),
            LabelFilter::Or(a, b) => write!(f, "({a} or {b})"),
            LabelFilter::Test(test) => match test {
                LabelTest::Text(of) => matcher(f, of),
                LabelTest::Number { name, compare, value } => {
                    write!(f, "{name} {} {}", compare.symbol(), format_float(*value))
                }
                LabelTest::Duration { name, compare, text, .. }
                | LabelTest::Bytes { name, compare, text, .. } => {
                    write!(f, "{name} {} {text}", compare.symbol())
                }
                LabelTest::Ip { name, negated, text: pattern, .. } => {
                    write!(f, "{name} {} ip(", if *negated { "!=" } else { "=" })?;
                    text(f, pattern)?;
                    f.write_str(")")
                }
            },
        }
    }
}

fn labels(f: &mut Formatter<'_>, labels: &[String]) -> Result {
    write!(f, "({})", labels.join(", "))
}

fn grouping(f: &mut Formatter<'_>, grouping: &Grouping) -> Result {
    f.write_str(if grouping.without { " without " } else { " by " })?;
    labels(f, &grouping.labels)
}

impl Display for RangeAggregation {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}(", self.op.name())?;
        if let Some(parameter) = self.parameter {
            write!(f, "{},", format_float(parameter))?;
        }
        self.query.fmt(f)?;
        if let Some(unwrap) = &self.unwrap {
            match unwrap.conversion {
                Conversion::Number => write!(f, " | unwrap {}", unwrap.label)?,
                Conversion::Duration => write!(f, " | unwrap duration({})", unwrap.label)?,
                Conversion::Bytes => write!(f, " | unwrap bytes({})", unwrap.label)?,
            }
            unwrap.filters.iter().try_for_each(|filter| write!(f, " | {filter}"))?;
        }
        let blank = if self.query.stages.is_empty() && self.unwrap.is_none() { "" } else { " " };
        write!(f, "{blank}[{}]", duration(self.range_ns))?;
        if self.offset_ns != 0 {
            write!(f, " offset {}", duration(self.offset_ns))?;
        }
        f.write_str(")")?;
        self.grouping.as_ref().map_or(Ok(()), |of| grouping(f, of))
    }
}

/// Each unit that it has, the largest first.
fn duration(ns: i64) -> String {
    const UNITS: [(i64, &str); 9] = [
        (31_536_000_000_000_000, "y"),
        (604_800_000_000_000, "w"),
        (86_400_000_000_000, "d"),
        (3_600_000_000_000, "h"),
        (60_000_000_000, "m"),
        (1_000_000_000, "s"),
        (1_000_000, "ms"),
        (1_000, "us"),
        (1, "ns"),
    ];
    let mut out = if ns < 0 { "-".to_owned() } else { String::new() };
    let mut left = ns.saturating_abs();
    for (unit, name) in UNITS {
        if left >= unit {
            out += &format!("{}{name}", left / unit);
            left %= unit;
        }
    }
    out
}

fn expr(f: &mut Formatter<'_>, of: &Expr, ranges: &[RangeAggregation]) -> Result {
    match &of.kind {
        ExprKind::Number(number) => f.write_str(&format_float(*number)),
        ExprKind::Text(of) => text(f, of),
        ExprKind::Vector(selector) => ranges.get(selector.id).map_or(Ok(()), |range| range.fmt(f)),
        ExprKind::Aggregate(aggregate) => aggregated(f, aggregate, ranges),
        ExprKind::Binary(binary) => operation(f, binary, ranges),
        ExprKind::Call(call) => {
            if let Some(inner) = of_zero_is_nan(call) {
                return expr(f, inner, ranges);
            }
            write!(f, "{}(", call.function.name)?;
            list(f, &call.args, ",", |f, arg| expr(f, arg, ranges))?;
            f.write_str(")")
        }
        ExprKind::Paren(inner) | ExprKind::Negate(inner) => expr(f, inner, ranges),
        ExprKind::Matrix(..) | ExprKind::Subquery(_) => Ok(()),
    }
}

fn aggregated(f: &mut Formatter<'_>, of: &Aggregate, ranges: &[RangeAggregation]) -> Result {
    f.write_str(of.op.name())?;
    if of.grouping.without || !of.grouping.labels.is_empty() {
        grouping(f, &of.grouping)?;
    }
    f.write_str("(")?;
    if let (AggregateOp::Topk | AggregateOp::Bottomk, Some(param)) = (of.op, &of.param) {
        expr(f, param, ranges)?;
        f.write_str(",")?;
    }
    expr(f, &of.expr, ranges)?;
    f.write_str(")")
}

fn operation(f: &mut Formatter<'_>, of: &Binary, ranges: &[RangeAggregation]) -> Result {
    f.write_str("(")?;
    expr(f, &of.lhs, ranges)?;
    write!(f, " {}{}", of.op.symbol(), if of.bool { " bool" } else { "" })?;
    let matching = &of.matching;
    if matching.on || !matching.labels.is_empty() {
        f.write_str(if matching.on { " on " } else { " ignoring " })?;
        labels(f, &matching.labels)?;
    }
    if let Some(side) = matching.grouped {
        f.write_str(if side == Cardinality::ManyToOne { " group_left " } else { " group_right " })?;
        labels(f, &matching.include)?;
    }
    f.write_str(" ")?;
    expr(f, &of.rhs, ranges)?;
    f.write_str(")")
}
