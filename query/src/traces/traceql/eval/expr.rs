//! The value of an expression for one span.

use super::{Trace, View};
use crate::logs::filter::id::to_hex;
use crate::traces::traceql::Value;
use crate::traces::traceql::ast::{Attribute, Compare, Constant, Expr, ExprKind, Intrinsic, Scope, What};
use ocelli_signal::Attributes;
use ocelli_signal::origin::{Resource, Scope as ScopeView};
use ocelli_signal::span_parts::{iter_events, iter_links};
use std::borrow::Cow;

/// The attribute that has a column of its own; spans without it are of `unknown_service`.
pub const SERVICE: &str = "service.name";

/// A span, and where it stands in its trace if that is known.
#[derive(Clone, Copy)]
pub struct SpanRef<'t, 'a> {
    pub view: &'t View<'a>,
    pub row: usize,
    pub trace: Option<(&'t Trace<'a>, usize)>,
}

impl<'t, 'a> SpanRef<'t, 'a> {
    pub fn of_row(view: &'t View<'a>, row: usize) -> SpanRef<'t, 'a> {
        SpanRef { view, row, trace: None }
    }

    pub fn of_trace(trace: &'t Trace<'a>, span: usize) -> SpanRef<'t, 'a> {
        SpanRef { view: trace.view(span), row: trace.places[span].row, trace: Some((trace, span)) }
    }

    pub fn passes(&self, expr: &'a Expr) -> bool {
        self.value(expr).is_true()
    }

    pub fn value(&self, expr: &'a Expr) -> Value<'a> {
        match &expr.kind {
            ExprKind::Constant(constant) => Value::constant(constant),
            ExprKind::Attribute(attribute) => self.attribute(attribute),
            // What is not true is false: `!(.a = 1)` holds where there is no `.a`.
            ExprKind::Not(inner) => Value::Bool(!self.passes(inner)),
            ExprKind::Negative(inner) => match self.value(inner) {
                Value::Int(n) => n.checked_neg().map_or(Value::Float(-(n as f64)), Value::Int),
                Value::Duration(ns) => Value::Duration(ns.saturating_neg()),
                Value::Float(n) => Value::Float(-n),
                _ => Value::Nil,
            },
            ExprKind::And(left, right) => Value::Bool(self.passes(left) && self.passes(right)),
            ExprKind::Or(left, right) => Value::Bool(self.passes(left) || self.passes(right)),
            ExprKind::Compare(left, compare, right) => Value::Bool(self.compare(left, *compare, right)),
            ExprKind::Arithmetic(left, operator, right) => {
                self.value(left).calculate(*operator, &self.value(right))
            }
            ExprKind::Regex { value, regex, negated, .. } => {
                let matches = |value: &Value<'_>| matches!(value, Value::Text(text) if regex.is_match(text));
                let is_text = |value: &Value<'_>| matches!(value, Value::Text(_));
                Value::Bool(match (self.value(value), negated) {
                    (Value::Many(many), false) => many.iter().any(matches),
                    (Value::Many(many), true) => many.iter().any(is_text) && !many.iter().any(matches),
                    (value, false) => matches(&value),
                    (value, true) => is_text(&value) && !matches(&value),
                })
            }
        }
    }

    /// `nil` as a word asks whether something is there; what is not there passes no other comparison.
    fn compare(&self, left: &'a Expr, compare: Compare, right: &'a Expr) -> bool {
        let is_nil = |expr: &Expr| matches!(expr.kind, ExprKind::Constant(Constant::Nil));
        let asked = match (is_nil(left), is_nil(right)) {
            (false, true) => left,
            (true, _) => right,
            (false, false) => return self.value(left).compare(compare, &self.value(right)),
        };
        self.value(asked).is_nil() == (compare == Compare::Equal)
    }

    pub fn attribute(&self, attribute: &'a Attribute) -> Value<'a> {
        if !attribute.of_parent {
            return self.what(&attribute.what);
        }
        let parent = self.trace.and_then(|(trace, span)| Some((trace, trace.parent(span)?)));
        parent.map_or(Value::Nil, |(trace, span)| SpanRef::of_trace(trace, span).what(&attribute.what))
    }

    fn what(&self, what: &'a What) -> Value<'a> {
        match what {
            What::Key(scope, key) => self.key(*scope, key),
            What::Intrinsic(intrinsic) => self.intrinsic(*intrinsic),
        }
    }

    fn key(&self, scope: Scope, key: &str) -> Value<'a> {
        let own = || Attributes::of_column(self.view.attributes(self.row)).get(key).map(Value::of);
        match scope {
            Scope::Span => own().unwrap_or(Value::Nil),
            Scope::Resource => self.of_resource(key),
            Scope::Any => own().unwrap_or_else(|| self.of_resource(key)),
            Scope::Event => {
                let events = self.view.events.map_or(&[][..], |lists| lists.value(self.row));
                Value::one_or_many(
                    iter_events(events).filter_map(|e| e.attributes.get(key).map(Value::of)).collect(),
                )
            }
            Scope::Link => {
                let links = self.view.links.map_or(&[][..], |lists| lists.value(self.row));
                Value::one_or_many(
                    iter_links(links).filter_map(|l| l.attributes.get(key).map(Value::of)).collect(),
                )
            }
            Scope::Instrumentation => {
                let scope = ScopeView::parse(self.view.scope(self.row)).unwrap_or_default();
                scope.attributes().get(key).map_or(Value::Nil, Value::of)
            }
        }
    }

    fn of_resource(&self, key: &str) -> Value<'a> {
        if key == SERVICE {
            return Value::text(self.view.service(self.row));
        }
        let resource = Resource::parse(self.view.resource(self.row)).unwrap_or_default();
        resource.attributes().get(key).map_or(Value::Nil, Value::of)
    }

    fn intrinsic(&self, intrinsic: Intrinsic) -> Value<'a> {
        let (view, row) = (self.view, self.row);
        let some_text = |text: &'a str| if text.is_empty() { Value::Nil } else { Value::text(text) };
        let hex = |id: &[u8]| Value::Text(Cow::Owned(to_hex(id)));
        match intrinsic {
            Intrinsic::Duration => Value::Duration(view.duration(row)),
            Intrinsic::Name => Value::text(view.name(row)),
            Intrinsic::Status => Value::Status(view.status(row)),
            Intrinsic::StatusMessage => Value::text(view.status_message.map_or("", |texts| texts.value(row))),
            Intrinsic::Kind => Value::Kind(view.kind(row)),
            Intrinsic::SpanId => hex(&view.span_id(row)),
            Intrinsic::TraceId => hex(view.trace_id(row)),
            Intrinsic::Parent | Intrinsic::ParentId => view.parent(row).map_or(Value::Nil, |id| hex(&id)),
            Intrinsic::EventName => {
                let events = view.events.map_or(&[][..], |lists| lists.value(row));
                Value::one_or_many(iter_events(events).map(|event| Value::text(event.name)).collect())
            }
            Intrinsic::EventTimeSinceStart => {
                let events = view.events.map_or(&[][..], |lists| lists.value(row));
                let since =
                    |time: u64| i64::try_from(time).unwrap_or(i64::MAX).saturating_sub(view.start(row));
                Value::one_or_many(
                    iter_events(events).map(|event| Value::Duration(since(event.time_ns))).collect(),
                )
            }
            Intrinsic::LinkTraceId | Intrinsic::LinkSpanId => {
                let links = view.links.map_or(&[][..], |lists| lists.value(row));
                let is_trace = intrinsic == Intrinsic::LinkTraceId;
                let id = |link: ocelli_signal::span_parts::Link<'_>| {
                    hex(if is_trace { link.trace_id } else { link.span_id })
                };
                Value::one_or_many(iter_links(links).map(id).collect())
            }
            Intrinsic::ScopeName => some_text(ScopeView::parse(view.scope(row)).unwrap_or_default().name),
            Intrinsic::ScopeVersion => {
                some_text(ScopeView::parse(view.scope(row)).unwrap_or_default().version)
            }
            _ => self.trace.map_or(Value::Nil, |(trace, span)| of_trace(trace, span, intrinsic)),
        }
    }
}

/// What only the whole trace tells.
fn of_trace<'a>(trace: &Trace<'a>, span: usize, intrinsic: Intrinsic) -> Value<'a> {
    let root = |of: fn(&View<'a>, usize) -> &'a str| match trace.root {
        Some(root) => Value::text(of(trace.view(root), trace.places[root].row)),
        None => Value::Nil,
    };
    match intrinsic {
        Intrinsic::ChildCount => Value::Int(i64::from(trace.child_count[span])),
        Intrinsic::RootName => root(View::name),
        Intrinsic::RootService => root(View::service),
        Intrinsic::TraceDuration => Value::Duration(trace.end.saturating_sub(trace.start)),
        Intrinsic::NestedSetLeft => Value::Int(trace.nested_left(span)),
        Intrinsic::NestedSetRight => Value::Int(trace.nested_right(span)),
        // -1 for a root, by which Tempo's users find roots.
        Intrinsic::NestedSetParent => {
            Value::Int(trace.parent(span).map_or(-1, |parent| trace.nested_left(parent)))
        }
        _ => Value::Nil,
    }
}
