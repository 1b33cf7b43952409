//! What of the spans must be read to evaluate something.

use crate::traces::traceql::ast::{
    Aggregate, Attribute, Expr, ExprKind, Function, Intrinsic, Pipeline, Query, Scalar, Scope, Spanset,
    Stage, What,
};
use std::collections::BTreeSet;

/// Columns of the signal, and keys of `attributes`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    pub columns: BTreeSet<&'static str>,
    pub keys: BTreeSet<String>,
    /// All of them, named or not.
    pub all_keys: bool,
    /// One span alone does not tell.
    pub whole_trace: bool,
}

/// What the tree of a trace is made of, and what tells a span that was sent twice.
pub const OF_TRACE: [&str; 9] = [
    "trace_id",
    "span_id",
    "parent_span_id",
    "start_time",
    "end_time",
    "name",
    "kind",
    "status_code",
    "service",
];

impl Needs {
    pub fn of_expr(expr: &Expr) -> Needs {
        let mut needs = Needs::default();
        needs.columns.insert("start_time");
        needs.expr(expr);
        needs
    }

    /// Everything that evaluating a query over whole traces looks at.
    pub fn of_query(query: &Query) -> Needs {
        let mut needs = Needs { whole_trace: true, ..Needs::default() };
        needs.columns.extend(OF_TRACE);
        needs.pipeline(&query.pipeline);
        if let Some(metrics) = &query.metrics {
            needs.function(&metrics.function);
            metrics.by.iter().for_each(|attribute| needs.attribute(attribute));
        }
        needs
    }

    pub fn function(&mut self, function: &Function) {
        match function {
            Function::Rate | Function::CountOverTime => {}
            Function::Over(_, expr) | Function::Quantile(expr, _) | Function::Histogram(expr) => {
                self.expr(expr)
            }
            Function::Compare { selection, .. } => {
                self.expr(selection);
                self.columns.extend(crate::traces::traceql::metrics::COMPARED);
                self.all_keys = true;
            }
        }
    }

    fn pipeline(&mut self, pipeline: &Pipeline) {
        for stage in &pipeline.0 {
            match stage {
                Stage::Spanset(spanset) => self.spanset(spanset),
                Stage::Scalar(filter) => {
                    self.scalar(&filter.left);
                    self.scalar(&filter.right);
                }
                Stage::By(expr) => self.expr(expr),
                Stage::Coalesce => {}
                Stage::Select(list) => list.iter().for_each(|attribute| self.attribute(attribute)),
            }
        }
    }

    fn spanset(&mut self, spanset: &Spanset) {
        match spanset {
            Spanset::Filter(expr) => self.expr(expr),
            Spanset::Binary(left, _, right) => {
                self.spanset(left);
                self.spanset(right);
            }
            Spanset::Pipeline(pipeline) => self.pipeline(pipeline),
        }
    }

    fn scalar(&mut self, scalar: &Scalar) {
        match scalar {
            Scalar::Constant(_) | Scalar::Aggregate(Aggregate::Count) => {}
            Scalar::Aggregate(Aggregate::Of(_, expr)) => self.expr(expr),
            Scalar::Binary(left, _, right) => {
                self.scalar(left);
                self.scalar(right);
            }
        }
    }

    pub fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Constant(_) => {}
            ExprKind::Attribute(attribute) => self.attribute(attribute),
            ExprKind::Not(inner) | ExprKind::Negative(inner) => self.expr(inner),
            ExprKind::Regex { value, .. } => self.expr(value),
            ExprKind::And(left, right)
            | ExprKind::Or(left, right)
            | ExprKind::Compare(left, _, right)
            | ExprKind::Arithmetic(left, _, right) => {
                self.expr(left);
                self.expr(right);
            }
        }
    }

    pub fn attribute(&mut self, attribute: &Attribute) {
        if attribute.of_parent {
            self.whole_trace = true;
        }
        match &attribute.what {
            What::Key(scope, key) => self.key(*scope, key),
            What::Intrinsic(intrinsic) => self.intrinsic(*intrinsic),
        }
        if self.whole_trace {
            self.columns.extend(OF_TRACE);
        }
    }

    fn key(&mut self, scope: Scope, key: &str) {
        if matches!(scope, Scope::Any | Scope::Span) {
            self.columns.insert("attributes");
            self.keys.insert(key.to_owned());
        }
        match scope {
            Scope::Any | Scope::Resource if key == super::expr::SERVICE => self.columns.insert("service"),
            Scope::Any | Scope::Resource => self.columns.insert("resource"),
            Scope::Span => false,
            Scope::Event => self.columns.insert("events"),
            Scope::Link => self.columns.insert("links"),
            Scope::Instrumentation => self.columns.insert("scope"),
        };
    }

    fn intrinsic(&mut self, intrinsic: Intrinsic) {
        let columns: &[&'static str] = match intrinsic {
            Intrinsic::Duration => &["end_time"],
            Intrinsic::Name => &["name"],
            Intrinsic::Status => &["status_code"],
            Intrinsic::StatusMessage => &["status_message"],
            Intrinsic::Kind => &["kind"],
            Intrinsic::Parent | Intrinsic::ParentId => &["parent_span_id"],
            Intrinsic::SpanId => &["span_id"],
            Intrinsic::TraceId => &["trace_id"],
            Intrinsic::EventName | Intrinsic::EventTimeSinceStart => &["events"],
            Intrinsic::LinkTraceId | Intrinsic::LinkSpanId => &["links"],
            Intrinsic::ScopeName | Intrinsic::ScopeVersion => &["scope"],
            Intrinsic::ChildCount
            | Intrinsic::RootName
            | Intrinsic::RootService
            | Intrinsic::TraceDuration
            | Intrinsic::NestedSetLeft
            | Intrinsic::NestedSetRight
            | Intrinsic::NestedSetParent => {
                self.whole_trace = true;
                &[]
            }
        };
        self.columns.extend(columns);
    }
}

/// The attributes that span filters ask for.
pub fn asked_for<'a>(spanset: &'a Spanset, list: &mut Vec<&'a Attribute>) {
    match spanset {
        Spanset::Filter(expr) => of_expr(expr, list),
        Spanset::Binary(left, _, right) => {
            asked_for(left, list);
            asked_for(right, list);
        }
        Spanset::Pipeline(pipeline) => {
            let spansets = pipeline.0.iter().filter_map(|stage| match stage {
                Stage::Spanset(spanset) => Some(spanset),
                _ => None,
            });
            spansets.for_each(|spanset| asked_for(spanset, list));
        }
    }
}

fn of_expr<'a>(expr: &'a Expr, list: &mut Vec<&'a Attribute>) {
    match &expr.kind {
        ExprKind::Constant(_) => {}
        ExprKind::Attribute(attribute) => list.push(attribute),
        ExprKind::Not(inner) | ExprKind::Negative(inner) => of_expr(inner, list),
        ExprKind::Regex { value, .. } => of_expr(value, list),
        ExprKind::And(left, right)
        | ExprKind::Or(left, right)
        | ExprKind::Compare(left, _, right)
        | ExprKind::Arithmetic(left, _, right) => {
            of_expr(left, list);
            of_expr(right, list);
        }
    }
}
