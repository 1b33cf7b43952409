//! What the comparisons of a query are about: the query with every comparison that filters left out.
//!
//! `a / b > 0.1` gives nothing where the ratio is low and where there is no ratio; `a / b` tells the two
//! apart.

use super::ast::{Binary, BinaryOp, Expr, ExprKind, ValueType};
use super::parse::parse;
use super::walk::{children, visit};
use crate::Error;

/// The query without its comparisons; none where it has no such, or where it asks for what is absent: that it
/// gives nothing says all then.
pub fn without_comparisons(query: &str) -> Result<Option<String>, Error> {
    let expr = parse(query)?;
    let (mut filters, mut absences) = (false, false);
    visit(&expr, &mut |node| match &node.kind {
        ExprKind::Binary(binary) => filters |= is_filter(binary),
        ExprKind::Call(call) => absences |= call.function.name.starts_with("absent"),
        _ => {}
    });
    Ok((filters && !absences).then(|| Writer { query }.text(&expr)))
}

fn is_filter(binary: &Binary) -> bool {
    binary.op.is_comparison() && !binary.bool && !is_scalar(&binary.lhs, &binary.rhs)
}

fn is_scalar(lhs: &Expr, rhs: &Expr) -> bool {
    [lhs, rhs].iter().all(|side| side.value_type() == ValueType::Scalar)
}

fn filters(expr: &Expr) -> bool {
    let mut found = false;
    visit(expr, &mut |node| found |= matches!(&node.kind, ExprKind::Binary(binary) if is_filter(binary)));
    found
}

struct Writer<'a> {
    query: &'a str,
}

impl Writer<'_> {
    fn text(&self, expr: &Expr) -> String {
        if let ExprKind::Binary(binary) = &expr.kind {
            let only = |side| format!("({})", self.text(side));
            match binary.op {
                _ if is_filter(binary) => {
                    let scalar = binary.lhs.value_type() == ValueType::Scalar;
                    return only(if scalar { &binary.rhs } else { &binary.lhs });
                }
                BinaryOp::Unless => return only(&binary.lhs),
                // A switch, as `and on () maintenance`, says by being there or not.
                BinaryOp::And if !filters(&binary.rhs) => return only(&binary.lhs),
                _ => {}
            }
        }
        // As it was written, but for what is inside.
        let (mut text, mut at) = (String::new(), expr.span.start);
        for child in children(expr) {
            text.push_str(self.query.get(at..child.span.start).unwrap_or_default());
            text.push_str(&self.text(child));
            at = child.span.end;
        }
        text.push_str(self.query.get(at..expr.span.end).unwrap_or_default());
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(query: &str, expect: &str) {
        let found = without_comparisons(query).unwrap();
        assert_eq!(found.as_deref().unwrap_or("-"), expect, "{query}");
        found.iter().for_each(|found| drop(parse(found).unwrap()));
    }

    #[test]
    fn what_is_compared_stays() {
        check("up == 0", "(up)");
        check("10 < a", "(a)");
        check(
            "sum by (job) (rate(e[5m])) / sum by (job) (rate(t[5m])) > 0.05",
            "(sum by (job) (rate(e[5m])) / sum by (job) (rate(t[5m])))",
        );
        check("(a > 1) and on (x) (b > 2)", "((a)) and on (x) ((b))");
        check("a > 1 and on () maintenance", "((a))");
        check("a > 1 or b > 2", "(a) or (b)");
        check("a > 1 unless b > 2", "((a))");
        check("count(up == 0) by (job) > 3", "(count((up)) by (job))");
        check("topk(3, a > 1)", "topk(3, (a))");
        check("max_over_time((a > bool 1)[5m:1m]) == 1", "(max_over_time((a > bool 1)[5m:1m]))");
        check("-(a > 1) # why\n", "-((a))");
    }

    #[test]
    fn what_says_all_by_giving_nothing() {
        for query in ["ALERTS", "changes(a[5m])", "absent(up) == 1", "vector(1) * (1 > bool 2)"] {
            check(query, "-");
        }
    }
}
