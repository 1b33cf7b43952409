//! The selectors of an expression.

use super::ast::{Expr, ExprKind};
use super::parse::parse;
use super::select::Matcher;
use crate::Error;

/// The matchers of every selector in a query, in their order; one that selects by no label is left out.
pub fn selectors(query: &str) -> Result<Vec<Vec<Matcher>>, Error> {
    let mut found = Vec::new();
    visit(&parse(query)?, &mut |expr| {
        if let ExprKind::Vector(selector) | ExprKind::Matrix(selector, _) = &expr.kind
            && !selector.matchers.is_empty()
        {
            found.push(selector.matchers.clone());
        }
    });
    Ok(found)
}

/// Visits a node and all below it.
pub fn visit(expr: &Expr, see: &mut dyn FnMut(&Expr)) {
    see(expr);
    children(expr).into_iter().for_each(|child| visit(child, see));
}

/// The nodes right below one, in the order of the text.
pub fn children(expr: &Expr) -> Vec<&Expr> {
    let mut children: Vec<&Expr> = match &expr.kind {
        ExprKind::Number(_) | ExprKind::Text(_) | ExprKind::Vector(_) | ExprKind::Matrix(..) => Vec::new(),
        ExprKind::Paren(inner) | ExprKind::Negate(inner) => vec![inner],
        ExprKind::Binary(binary) => vec![&binary.lhs, &binary.rhs],
        ExprKind::Aggregate(aggregate) => aggregate.param.iter().chain([&aggregate.expr]).collect(),
        ExprKind::Call(call) => call.args.iter().collect(),
        ExprKind::Subquery(subquery) => vec![&subquery.expr],
    };
    children.sort_by_key(|child| child.span.start);
    children
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_selectors_in_their_order() {
        let query = r#"topk(scalar(k), sum by (le) (rate(a{x="1"}[5m]))) / max_over_time((-(b or c))[1h:])"#;
        let found: Vec<String> =
            selectors(query).unwrap().iter().map(|matchers| matchers[0].value.clone()).collect();
        assert_eq!(found, ["k", "a", "b", "c"]);
        assert!(selectors("1 + 1").unwrap().is_empty());
    }
}
