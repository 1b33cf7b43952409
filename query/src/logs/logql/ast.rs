//! What a query says.
//!
//! Samples are computed by PromQL's engine: an expression is one of PromQL whose selectors stand for
//! range aggregations, by their number.

use super::label::LabelTest;
use super::line::LineTest;
use super::pattern::Pattern;
use super::template::LineTemplate;
use crate::promql::ast::{AggregateOp, Expr, Grouping};
use crate::promql::select::Matcher;
use regex::Regex;

#[derive(Clone, Debug)]
pub enum Query {
    /// Log lines.
    Logs(LogQuery),
    /// Samples.
    Metric(MetricQuery),
}

/// A stream selector and what is done with the lines that it finds.
#[derive(Clone, Debug, Default)]
pub struct LogQuery {
    pub matchers: Vec<Matcher>,
    pub stages: Vec<Stage>,
}

#[derive(Clone, Debug)]
pub struct MetricQuery {
    pub expr: Expr,
    pub ranges: Vec<RangeAggregation>,
}

#[derive(Clone, Debug)]
pub enum Stage {
    Line(LineTest),
    Json(Vec<Extraction>),
    Logfmt(Logfmt),
    Regexp(Regex),
    Pattern(Pattern),
    Unpack,
    Decolorize,
    Labels(LabelFilter),
    LineFormat(LineTemplate),
    LabelFormat(Vec<LabelFormat>),
    Drop(Vec<LabelChoice>),
    Keep(Vec<LabelChoice>),
}

#[derive(Clone, Debug, Default)]
pub struct Logfmt {
    pub strict: bool,
    pub keep_empty: bool,
    pub extractions: Vec<Extraction>,
}

/// `label="path"`; a label alone is its own path.
#[derive(Clone, Debug, PartialEq)]
pub struct Extraction {
    pub label: String,
    pub path: String,
    /// Names of members and places in arrays.
    pub steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    Member(String),
    Element(usize),
}

#[derive(Clone, Debug)]
pub enum LabelFormat {
    Rename { to: String, from: String },
    Template { to: String, template: LineTemplate },
}

/// A label of `drop` or `keep`, with what its value must be.
#[derive(Clone, Debug)]
pub struct LabelChoice {
    pub name: String,
    pub matcher: Option<Matcher>,
}

#[derive(Clone, Debug)]
pub enum LabelFilter {
    And(Box<LabelFilter>, Box<LabelFilter>),
    Or(Box<LabelFilter>, Box<LabelFilter>),
    Test(LabelTest),
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

impl Compare {
    pub fn holds(self, a: f64, b: f64) -> bool {
        match self {
            Compare::Equal => a == b,
            Compare::NotEqual => a != b,
            Compare::Less => a < b,
            Compare::LessOrEqual => a <= b,
            Compare::Greater => a > b,
            Compare::GreaterOrEqual => a >= b,
        }
    }

    pub fn symbol(self) -> &'static str {
        match self {
            Compare::Equal => "==",
            Compare::NotEqual => "!=",
            Compare::Less => "<",
            Compare::LessOrEqual => "<=",
            Compare::Greater => ">",
            Compare::GreaterOrEqual => ">=",
        }
    }
}

#[derive(Clone, Debug)]
pub struct RangeAggregation {
    pub op: RangeOp,
    /// Of `quantile_over_time`.
    pub parameter: Option<f64>,
    pub query: LogQuery,
    pub unwrap: Option<Unwrap>,
    pub range_ns: i64,
    pub offset_ns: i64,
    pub grouping: Option<Grouping>,
    /// Of an aggregation right around it: series that it would put together anyway need not be told apart.
    pub outer: Option<Grouping>,
}

/// The label whose value a sample is, and what is asked of it after that.
#[derive(Clone, Debug)]
pub struct Unwrap {
    pub label: String,
    pub conversion: Conversion,
    pub filters: Vec<LabelFilter>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conversion {
    Number,
    /// To seconds.
    Duration,
    Bytes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RangeOp {
    Rate,
    RateCounter,
    CountOverTime,
    BytesRate,
    BytesOverTime,
    AbsentOverTime,
    SumOverTime,
    AvgOverTime,
    MinOverTime,
    MaxOverTime,
    FirstOverTime,
    LastOverTime,
    StddevOverTime,
    StdvarOverTime,
    QuantileOverTime,
}

impl RangeOp {
    const NAMES: [(&'static str, RangeOp); 15] = [
        ("rate", RangeOp::Rate),
        ("rate_counter", RangeOp::RateCounter),
        ("count_over_time", RangeOp::CountOverTime),
        ("bytes_rate", RangeOp::BytesRate),
        ("bytes_over_time", RangeOp::BytesOverTime),
        ("absent_over_time", RangeOp::AbsentOverTime),
        ("sum_over_time", RangeOp::SumOverTime),
        ("avg_over_time", RangeOp::AvgOverTime),
        ("min_over_time", RangeOp::MinOverTime),
        ("max_over_time", RangeOp::MaxOverTime),
        ("first_over_time", RangeOp::FirstOverTime),
        ("last_over_time", RangeOp::LastOverTime),
        ("stddev_over_time", RangeOp::StddevOverTime),
        ("stdvar_over_time", RangeOp::StdvarOverTime),
        ("quantile_over_time", RangeOp::QuantileOverTime),
    ];

    pub fn parse(word: &str) -> Option<RangeOp> {
        RangeOp::NAMES.iter().find(|(name, _)| *name == word).map(|(_, op)| *op)
    }

    pub fn name(self) -> &'static str {
        RangeOp::NAMES.iter().find(|(_, op)| *op == self).map_or("", |(name, _)| name)
    }

    /// Counts lines, and has no use for a value of theirs.
    pub fn is_of_lines(self) -> bool {
        matches!(self, RangeOp::CountOverTime | RangeOp::BytesRate | RangeOp::BytesOverTime)
    }

    /// Of lines or of values.
    pub fn is_of_both(self) -> bool {
        matches!(self, RangeOp::Rate | RangeOp::AbsentOverTime)
    }

    pub fn takes_grouping(self) -> bool {
        use RangeOp::*;
        matches!(
            self,
            AvgOverTime
                | MinOverTime
                | MaxOverTime
                | FirstOverTime
                | LastOverTime
                | StddevOverTime
                | StdvarOverTime
                | QuantileOverTime
        )
    }

    /// An aggregation of it over series is it over the lines of all of them.
    pub fn is_joined_by(self, op: AggregateOp) -> bool {
        use RangeOp::*;
        match op {
            AggregateOp::Sum => {
                matches!(self, Rate | CountOverTime | BytesRate | BytesOverTime | SumOverTime)
            }
            AggregateOp::Max => self == MaxOverTime,
            AggregateOp::Min => self == MinOverTime,
            _ => false,
        }
    }
}
