//! What a query says.

use crate::logs::language::Span;
use regex::Regex;

/// A whole query.
#[derive(Clone, Debug)]
pub struct Query {
    pub pipeline: Pipeline,
    /// Where the query asks for series and not for traces.
    pub metrics: Option<Metrics>,
    pub hints: Vec<Hint>,
}

/// Stages from left to right; each takes the spansets that the one before gives.
#[derive(Clone, Debug)]
pub struct Pipeline(pub Vec<Stage>);

#[derive(Clone, Debug)]
pub enum Stage {
    Spanset(Spanset),
    /// Keeps the spansets for which a comparison of aggregates holds.
    Scalar(ScalarFilter),
    /// Splits spansets by the value of an expression.
    By(Expr),
    /// Joins them again.
    Coalesce,
    /// Attributes that are shown of spans.
    Select(Vec<Attribute>),
}

#[derive(Clone, Debug)]
pub enum Spanset {
    Filter(Expr),
    Binary(Box<Spanset>, SpansetOp, Box<Spanset>),
    /// In parentheses, with stages of its own.
    Pipeline(Pipeline),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpansetOp {
    /// Both sides, where neither is empty.
    And,
    Or,
    /// The spans of the right side that are so related to one of the left; with `union` also those
    /// of the left side that have such a partner.
    Related {
        relation: Relation,
        negated: bool,
        union: bool,
    },
}

/// What a span of the right side is to one of the left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    Child,
    Descendant,
    Parent,
    Ancestor,
    Sibling,
}

#[derive(Clone, Debug)]
pub struct ScalarFilter {
    pub left: Scalar,
    pub op: Compare,
    pub right: Scalar,
}

#[derive(Clone, Debug)]
pub enum Scalar {
    Constant(Constant),
    Aggregate(Aggregate),
    Binary(Box<Scalar>, Arithmetic, Box<Scalar>),
}

/// One number of a spanset.
#[derive(Clone, Debug)]
pub enum Aggregate {
    Count,
    Of(Fold, Expr),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    Min,
    Max,
    Sum,
    Avg,
}

/// An expression over one span, with its place in the query.
#[derive(Clone, Debug)]
pub struct Expr {
    pub kind: ExprKind,
    pub at: Span,
}

#[derive(Clone, Debug)]
pub enum ExprKind {
    Constant(Constant),
    Attribute(Attribute),
    Not(Box<Expr>),
    Negative(Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    Compare(Box<Expr>, Compare, Box<Expr>),
    Arithmetic(Box<Expr>, Arithmetic, Box<Expr>),
    /// The pattern as written, and as it is run: anchored at both ends.
    Regex {
        value: Box<Expr>,
        pattern: String,
        regex: Box<Regex>,
        negated: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Power,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Constant {
    Nil,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// Nanoseconds.
    Duration(i64),
    Text(String),
    /// OTLP's numbers.
    Status(i32),
    Kind(i32),
}

/// Something that is asked of a span.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Attribute {
    /// Of the span's parent instead.
    pub of_parent: bool,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    Intrinsic(Intrinsic),
    Key(Scope, String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// The span's, else its resource's.
    Any,
    Span,
    Resource,
    Event,
    Link,
    Instrumentation,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Intrinsic {
    Duration,
    Name,
    Status,
    StatusMessage,
    Kind,
    ChildCount,
    Parent,
    SpanId,
    ParentId,
    TraceId,
    RootName,
    RootService,
    TraceDuration,
    NestedSetLeft,
    NestedSetRight,
    NestedSetParent,
    EventName,
    EventTimeSinceStart,
    LinkTraceId,
    LinkSpanId,
    ScopeName,
    ScopeVersion,
}

#[derive(Clone, Debug)]
pub struct Metrics {
    pub function: Function,
    pub by: Vec<Attribute>,
    pub then: Vec<Second>,
}

#[derive(Clone, Debug)]
pub enum Function {
    Rate,
    CountOverTime,
    Over(Fold, Expr),
    Quantile(Expr, Vec<f64>),
    Histogram(Expr),
    /// Attributes of the spans that pass beside those of all others.
    Compare {
        selection: Expr,
        top: usize,
        between: Option<(i64, i64)>,
    },
}

/// What is done with the series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Second {
    Top(usize),
    Bottom(usize),
    /// Keeps the points for which it holds.
    Keep(Compare, f64),
}

/// `with(name=value)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Hint {
    pub name: String,
    pub value: Constant,
}
