//! Span filters that parameters say instead of a query.

use super::ast::{
    Attribute, Compare, Constant, Expr, ExprKind, Intrinsic, Pipeline, Query, Scope, Spanset, Stage, What,
};
use super::eval::SERVICE;
use crate::logs::language::Span;

/// What must hold of one span.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selection {
    pub service: Option<String>,
    pub operation: Option<String>,
    /// OTLP's number.
    pub status: Option<i32>,
    /// Nanoseconds, both included.
    pub min_duration: Option<i64>,
    pub max_duration: Option<i64>,
}

impl Selection {
    /// As a query; `{ true }` where nothing must hold.
    pub fn query(&self) -> Query {
        let text = |value: &Option<String>| value.clone().map(Constant::Text);
        let intrinsic = What::Intrinsic;
        let duration = |ns: Option<i64>| ns.map(Constant::Duration);
        let all = [
            (What::Key(Scope::Resource, SERVICE.to_owned()), Compare::Equal, text(&self.service)),
            (intrinsic(Intrinsic::Name), Compare::Equal, text(&self.operation)),
            (intrinsic(Intrinsic::Status), Compare::Equal, self.status.map(Constant::Status)),
            (intrinsic(Intrinsic::Duration), Compare::GreaterOrEqual, duration(self.min_duration)),
            (intrinsic(Intrinsic::Duration), Compare::LessOrEqual, duration(self.max_duration)),
        ];
        let test = |(what, compare, constant): (What, Compare, Option<Constant>)| {
            let attribute = Attribute { of_parent: false, what };
            let sides = (expr(ExprKind::Attribute(attribute)), expr(ExprKind::Constant(constant?)));
            Some(expr(ExprKind::Compare(Box::new(sides.0), compare, Box::new(sides.1))))
        };
        let both = |left, right| expr(ExprKind::And(Box::new(left), Box::new(right)));
        let all = all.into_iter().filter_map(test).reduce(both);
        let filter = all.unwrap_or_else(|| expr(ExprKind::Constant(Constant::Bool(true))));
        let pipeline = Pipeline(vec![Stage::Spanset(Spanset::Filter(filter))]);
        Query { pipeline, metrics: None, hints: Vec::new() }
    }
}

fn expr(kind: ExprKind) -> Expr {
    Expr { kind, at: Span::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_as_a_query() {
        assert_eq!(Selection::default().query().to_string(), "{ true }");
        let selection = Selection {
            service: Some("a\"b".to_owned()),
            status: Some(2),
            min_duration: Some(5_000_000),
            ..Selection::default()
        };
        assert_eq!(
            selection.query().to_string(),
            r#"{ ((resource.service.name = "a\"b" && status = error) && duration >= 5ms) }"#
        );
    }
}
