//! An expression as text again: on one line, or broken up where that would be long, as Prometheus'
//! `format_query` does.

use super::ast::*;
use super::duration::{DurationExpr, format_ms, parse as duration_ms};
use super::parse::parse;
use super::select::{MatchOp, Matcher};
use crate::Error;
use std::fmt::Write;

/// A node that would be longer on one line is broken up.
const MAX_LINE_BYTES: usize = 100;
const INDENT: &str = "  ";

/// The query in the form that everybody knows.
pub fn pretty(query: &str) -> Result<String, Error> {
    Ok(Printer { query }.pretty(&parse(query)?, 0))
}

struct Printer<'a> {
    /// How literals were written.
    query: &'a str,
}

impl Printer<'_> {
    fn pretty(&self, expr: &Expr, level: usize) -> String {
        let indent = INDENT.repeat(level);
        if is_plus(self.query, expr) {
            let bare = self.pretty(&without_plus(expr), level);
            return format!("{indent}+{}", bare.trim());
        }
        let line = self.line(expr);
        let inner = |expr: &Expr| self.pretty(expr, level + 1);
        if let ExprKind::Negate(operand) = &expr.kind {
            return format!("{indent}-{}", self.pretty(operand, level).trim());
        }
        if line.len() <= MAX_LINE_BYTES {
            // A short subquery stands where it stands; that is Prometheus' way.
            return if matches!(expr.kind, ExprKind::Subquery(_)) { line } else { format!("{indent}{line}") };
        }
        match &expr.kind {
            ExprKind::Aggregate(aggregate) => {
                let param = aggregate.param.as_ref().map(|param| format!("{},\n", inner(param)));
                let (head, param) = (aggregate_head(aggregate), param.unwrap_or_default());
                format!("{indent}{head}(\n{param}{}\n{indent})", inner(&aggregate.expr))
            }
            ExprKind::Binary(binary) => {
                let operator = operator(binary);
                format!("{}\n{indent}{operator}\n{}", inner(&binary.lhs), inner(&binary.rhs))
            }
            ExprKind::Call(call) => {
                let args: Vec<String> = call.args.iter().map(inner).collect();
                format!("{indent}{}(\n{}\n{indent})", call.function.name, args.join(",\n"))
            }
            ExprKind::Paren(operand) => format!("{indent}(\n{}\n{indent})", inner(operand)),
            ExprKind::Subquery(subquery) => {
                format!("{}{}", self.pretty(&subquery.expr, level), self.subquery_suffix(subquery))
            }
            _ => format!("{indent}{line}"),
        }
    }

    /// On one line.
    fn line(&self, expr: &Expr) -> String {
        if is_plus(self.query, expr) {
            return format!("+{}", self.line(&without_plus(expr)));
        }
        match &expr.kind {
            ExprKind::Number(number) => self.number(*number, &expr.span),
            ExprKind::Text(text) => quoted(text),
            ExprKind::Paren(inner) => format!("({})", self.line(inner)),
            ExprKind::Negate(inner) => format!("-{}", self.line(inner)),
            ExprKind::Binary(binary) => {
                format!("{} {} {}", self.line(&binary.lhs), operator(binary), self.line(&binary.rhs))
            }
            ExprKind::Aggregate(aggregate) => {
                let param = aggregate.param.as_ref().map(|param| format!("{}, ", self.line(param)));
                let (head, param) = (aggregate_head(aggregate), param.unwrap_or_default());
                format!("{head}({param}{})", self.line(&aggregate.expr))
            }
            ExprKind::Call(call) => {
                let args: Vec<String> = call.args.iter().map(|arg| self.line(arg)).collect();
                format!("{}({})", call.function.name, args.join(", "))
            }
            ExprKind::Vector(selector) => {
                let (at, offset) = self.shift(&selector.time);
                format!("{}{at}{}{offset}", matched(selector), mode(selector))
            }
            ExprKind::Matrix(selector, range) => {
                let (at, offset) = self.shift(&selector.time);
                let range = self.duration(range);
                format!("{}[{range}]{}{at}{offset}", matched(selector), mode(selector))
            }
            ExprKind::Subquery(subquery) => {
                format!("{}{}", self.line(&subquery.expr), self.subquery_suffix(subquery))
            }
        }
    }

    /// A duration stays one.
    fn number(&self, number: f64, span: &Span) -> String {
        let written = self.query.get(span.clone()).unwrap_or_default();
        let digits = written.trim_start_matches(['-', '+', ' ']);
        match duration_ms(digits) {
            Some(ms) => format!("{}{}", if number < 0.0 { "-" } else { "" }, format_ms(ms)),
            None => plain(number),
        }
    }

    fn subquery_suffix(&self, subquery: &Subquery) -> String {
        let (at, offset) = self.shift(&subquery.time);
        let step = subquery.step.as_ref().map(|step| self.duration(step)).unwrap_or_default();
        format!("[{}:{step}]{at}{offset}", self.duration(&subquery.range))
    }

    /// `@` and `offset`, each with a blank before it.
    fn shift(&self, time: &TimeShift) -> (String, String) {
        let at = match time.at {
            None => String::new(),
            Some(At::Time(ms)) => format!(" @ {:.3}", ms as f64 / 1e3),
            Some(At::Start) => " @ start()".to_owned(),
            Some(At::End) => " @ end()".to_owned(),
        };
        let offset = match &time.offset {
            None | Some(DurationExpr::Ms(0)) => String::new(),
            Some(offset) => format!(" offset {}", self.duration(offset)),
        };
        (at, offset)
    }

    fn duration(&self, duration: &DurationExpr) -> String {
        match duration {
            DurationExpr::Ms(ms) if *ms < 0 => format!("-{}", format_ms(-ms)),
            DurationExpr::Ms(ms) => format_ms(*ms),
            // As it was written: only that has its parentheses.
            DurationExpr::Placed(_, span) => {
                self.query.get(span.clone()).unwrap_or_default().trim().to_owned()
            }
            DurationExpr::Step => "step()".to_owned(),
            DurationExpr::Range => "range()".to_owned(),
            DurationExpr::Negate(inner) => format!("-{}", self.duration(inner)),
            DurationExpr::Op(b'<', a, b) => format!("min_of({}, {})", self.duration(a), self.duration(b)),
            DurationExpr::Op(b'>', a, b) => format!("max_of({}, {})", self.duration(a), self.duration(b)),
            DurationExpr::Op(op, a, b) => {
                format!("({} {} {})", self.duration(a), char::from(*op), self.duration(b))
            }
        }
    }
}

/// Whether there is a `+` before a node, which makes no node of its own: the node's place begins there.
pub fn is_plus(query: &str, expr: &Expr) -> bool {
    let begins_with_operand = match &expr.kind {
        ExprKind::Number(_) => true,
        ExprKind::Binary(binary) => binary.lhs.span.start == expr.span.start,
        _ => false,
    };
    !begins_with_operand && query.as_bytes().get(expr.span.start) == Some(&b'+')
}

/// The node behind it.
pub fn without_plus(expr: &Expr) -> Expr {
    Expr { kind: expr.kind.clone(), span: expr.span.start + 1..expr.span.end }
}

fn aggregate_head(aggregate: &Aggregate) -> String {
    let name = aggregate.op.name();
    let Grouping { without, labels } = &aggregate.grouping;
    match (without, labels.is_empty()) {
        (true, _) => format!("{name} without ({}) ", label_list(labels)),
        (false, false) => format!("{name} by ({}) ", label_list(labels)),
        (false, true) => name.to_owned(),
    }
}

/// The operator with all that belongs to it.
fn operator(binary: &Binary) -> String {
    let mut text = binary.op.symbol().to_owned();
    if binary.bool {
        text += " bool";
    }
    let matching = &binary.matching;
    let grouped = match matching.card {
        Cardinality::ManyToOne => Some("group_left"),
        Cardinality::OneToMany => Some("group_right"),
        _ => None,
    };
    if !matching.labels.is_empty() || matching.on || grouped.is_some() {
        let word = if matching.on { "on" } else { "ignoring" };
        let _ = write!(text, " {word} ({})", label_list(&matching.labels));
    }
    if let Some(word) = grouped {
        let _ = write!(text, " {word} ({})", label_list(&matching.include));
    }
    match (matching.fill_left, matching.fill_right) {
        (Some(left), Some(right)) if left == right => {
            let _ = write!(text, " fill ({})", plain(left));
        }
        (left, right) => {
            for (word, value) in [("fill_left", left), ("fill_right", right)] {
                if let Some(value) = value {
                    let _ = write!(text, " {word} ({})", plain(value));
                }
            }
        }
    }
    text
}

/// A selector's name and matchers, those sorted as text.
fn matched(selector: &Selector) -> String {
    let mut text = name(selector).to_owned();
    let mut matchers: Vec<String> =
        selector.matchers.iter().skip(usize::from(selector.named)).map(matcher).collect();
    matchers.sort();
    if !matchers.is_empty() {
        let _ = write!(text, "{{{}}}", matchers.join(","));
    }
    text
}

/// What stands before the braces.
pub fn name(selector: &Selector) -> &str {
    selector.matchers.first().filter(|_| selector.named).map_or("", |matcher| &matcher.value)
}

fn mode(selector: &Selector) -> &'static str {
    match selector.mode {
        RangeMode::Plain => "",
        RangeMode::Anchored => " anchored",
        RangeMode::Smoothed => " smoothed",
    }
}

fn matcher(matcher: &Matcher) -> String {
    let name = if is_plain_name(&matcher.name) { matcher.name.clone() } else { quoted(&matcher.name) };
    format!("{name}{}{}", match_op(matcher.op), quoted(&matcher.value))
}

pub fn match_op(op: MatchOp) -> &'static str {
    match op {
        MatchOp::Equal => "=",
        MatchOp::NotEqual => "!=",
        MatchOp::Regex => "=~",
        MatchOp::NotRegex => "!~",
    }
}

fn label_list(labels: &[String]) -> String {
    let label = |label: &String| if is_plain_name(label) { label.clone() } else { quoted(label) };
    labels.iter().map(label).collect::<Vec<_>>().join(", ")
}

fn is_plain_name(name: &str) -> bool {
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    name.starts_with(first) && name.chars().all(|c| first(c) || c.is_ascii_digit())
}

/// Without an exponent.
pub fn plain(number: f64) -> String {
    match number {
        _ if number.is_nan() => "NaN".to_owned(),
        f64::INFINITY => "+Inf".to_owned(),
        f64::NEG_INFINITY => "-Inf".to_owned(),
        _ => number.to_string(),
    }
}

/// A string literal as Go writes it.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{b}' => out.push_str("\\v"),
            '\u{c}' => out.push_str("\\f"),
            c if (c as u32) < 0x80 && c.is_control() => {
                let _ = write!(out, "\\x{:02x}", c as u32);
            }
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(query: &str, expect: &str) {
        let printed = pretty(query).unwrap();
        assert_eq!(printed, expect);
        assert_eq!(pretty(&printed).unwrap(), printed, "twice is the same as once");
    }

    #[test]
    fn short_queries_stay_on_one_line() {
        check("foo/bar", "foo / bar");
        check(
            "sum   by(job,\"a.b\")(rate(foo{b=~'x\\n',a!=\"\"}[300s]offset 90s))",
            r#"sum by (job, "a.b") (rate(foo{a!="",b=~"x\n"}[5m] offset 1m30s))"#,
        );
        check("a+on(x)group_left b", "a + on (x) group_left () b");
        check(
            "{'foo', __name__!='x'} @ 5 offset -5m",
            r#"{__name__!="x",__name__="foo"} @ 5.000 offset -5m"#,
        );
        check("a > bool ignoring() b", "a > bool b");
        check("max_over_time(a[1h:1m] @ end())", "max_over_time(a[1h:1m] @ end())");
        check("-(a) ^ 2 * 1e3 + 5m", "-(a) ^ 2 * 1000 + 5m");
        check("topk(3,a)", "topk(3, a)");
        check("rate(a[5m+1m])", "rate(a[5m+1m])");
        check("+a + +5 - +b^2", "+a + 5 - +b ^ 2");
    }

    #[test]
    fn long_ones_are_broken_up() {
        let long = "some_quite_long_metric_name_total{instance=\"somewhere\",job=\"something\"}";
        check(
            &format!("sum(rate({long}[5m])) / on (job) topk(2, {long})"),
            &format!("  sum(rate({long}[5m]))\n/ on (job)\n  topk(2, {long})"),
        );
        check(
            &format!("sum by (job) (({long} + {long}))"),
            &format!("sum by (job) (\n  (\n      {long}\n    +\n      {long}\n  )\n)"),
        );
    }
}
