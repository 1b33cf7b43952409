//! What the expressions of a group are written in: PromQL, or a language over logs or spans.
//!
//! A group over logs is Loki's rule file with one more key. TraceQL has neither ranges nor comparisons for its
//! metrics, so a rule names both behind the query: `{ status = error } | rate() by (name) [5m] > 0.1`.

mod over;

pub use over::{Matrix, Times, of_events_over};

use crate::Error;
use crate::http::run::Budget;
use crate::logs::logql::ast::Query as LogQuery;
use crate::logs::logql::{self, metric::MetricSearch};
use crate::promql::annotations::line_and_column;
use crate::promql::labels::Labels;
use crate::promql::value::Sample;
use crate::promql::{Answer, Data, Query, ValueType, duration_ms, value_type};
use crate::traces::traceql;
use crate::traces::traceql::Value;
use crate::traces::traceql::metrics::{MetricsSearch, Series, metrics};
use ocelli_api::{TimeRange, UnixNano};
use ocelli_storage::Snapshot;
use regex::Regex;
use serde::Deserialize;
use std::sync::LazyLock;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    #[default]
    PromQl,
    LogQl,
    TraceQl,
}

impl Language {
    pub fn as_str(self) -> &'static str {
        match self {
            Language::PromQl => "promql",
            Language::LogQl => "logql",
            Language::TraceQl => "traceql",
        }
    }

    /// Why a text can't be a rule's expression, with its place.
    pub fn check(self, expr: &str) -> Result<(), String> {
        let outcome = match self {
            Language::PromQl => match value_type(expr) {
                Ok(ValueType::Vector | ValueType::Scalar) => Ok(()),
                Ok(other) => {
                    return Err(format!(
                        "the expression gives a {}; a rule needs an instant vector or a scalar, as of rate(x[5m])",
                        other.name()
                    ));
                }
                Err(error) => Err(error),
            },
            Language::LogQl => log_query(expr).map(drop),
            Language::TraceQl => TraceRule::parse(expr).map(drop),
        };
        outcome.map_err(|error| match error {
            Error::BadQuery { message, offset } if self != Language::LogQl => {
                let place = line_and_column(expr, offset.unwrap_or_default());
                format!("could not parse expression: {place}: parse error: {message}")
            }
            other => format!("could not parse expression: {other}"),
        })
    }
}

/// Evaluates an expression over logs or spans at a time; what is only a part of the truth is an error.
pub fn of_events(
    language: Language,
    expr: &str,
    time_ms: i64,
    snapshot: &Snapshot,
    max_samples: u64,
    budget: &Budget,
) -> Result<Answer, Error> {
    let (data, partial) = match language {
        Language::PromQl => return Err(Error::Internal("PromQL is not about events".to_owned())),
        Language::LogQl => {
            let query = log_query(expr)?;
            let steps = Query { max_samples, ..Query::instant(expr, time_ms) };
            let found = logql::metric::evaluate(snapshot, &MetricSearch { query: &query, steps }, budget)?;
            (found.data, found.partial)
        }
        Language::TraceQl => TraceRule::parse(expr)?.evaluate(time_ms, snapshot, budget)?,
    };
    if let Some(why) = partial {
        return Err(Error::LimitExceeded(why));
    }
    Ok(Answer { data, warnings: Vec::new(), infos: Vec::new(), samples: Default::default() })
}

fn log_query(expr: &str) -> Result<logql::ast::MetricQuery, Error> {
    match logql::parse(expr).map_err(|why| logql::with_place(why, expr))? {
        LogQuery::Metric(query) => Ok(query),
        LogQuery::Logs(_) => Err(Error::bad_query(
            "the expression gives log lines; a rule needs samples, as of count_over_time({…}[5m])",
        )),
    }
}

/// Bytes of labels and of what is known of a series' spans, at most.
const TRACE_MEMORY: u64 = 64 << 20;
/// Longer than all time: everything lies in one step.
const ONE_STEP: i64 = i64::MAX;

/// A TraceQL metrics query over a window, and what its values are compared with.
#[derive(Debug)]
struct TraceRule {
    query: traceql::Query,
    window_ms: i64,
    test: Option<(Test, f64)>,
}

type Test = fn(&f64, &f64) -> bool;

impl TraceRule {
    fn parse(expr: &str) -> Result<TraceRule, Error> {
        const FORM: &str =
            r"(?s)^(.*)\[\s*([0-9a-z]+)\s*\]\s*(?:(>=|<=|==|!=|>|<)\s*([-+]?[0-9][0-9.eE+-]*))?\s*$";
        static SUFFIX: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(FORM).ok());
        let wrong = |message: &str, offset: usize| Error::BadQuery {
            message: message.to_owned(),
            offset: Some(offset),
        };
        let parts = SUFFIX.as_ref().and_then(|suffix| suffix.captures(expr));
        let (Some(parts), end) = (parts, expr.len()) else {
            let message = "a rule over spans names its window behind the query, and may compare: \
                           { status = error } | rate() [5m] > 0.1";
            return Err(wrong(message, expr.len()));
        };
        let at = |group: usize| parts.get(group).map_or(end, |part| part.start());
        let window_ms = duration_ms(&parts[2]).filter(|ms| *ms > 0);
        let window_ms =
            window_ms.ok_or_else(|| wrong("the window is a duration such as 30s, 5m or 1h", at(2)))?;
        let query = traceql::parse(&parts[1])?;
        if query.metrics.is_none() {
            let message =
                "a rule needs samples: end the query with a metric, as | rate() or | count_over_time()";
            return Err(wrong(message, at(2) - 1));
        }
        let test = match (parts.get(3), parts.get(4)) {
            (Some(op), Some(number)) => {
                let number = number.as_str().parse().map_err(|_| wrong("this is no number", at(4)))?;
                Some((comparison(op.as_str()), number))
            }
            _ => None,
        };
        Ok(TraceRule { query, window_ms, test })
    }

    fn evaluate(
        &self,
        time_ms: i64,
        snapshot: &Snapshot,
        budget: &Budget,
    ) -> Result<(Data, Option<String>), Error> {
        let nanos = |ms: i64| UnixNano(ms.saturating_mul(1_000_000));
        let search = MetricsSearch {
            query: &self.query,
            range: TimeRange { from: nanos(time_ms - self.window_ms), to: nanos(time_ms) },
            step_ns: ONE_STEP,
            most_steps: 2,
            exemplars: 0,
            memory_bytes: TRACE_MEMORY,
        };
        let found = metrics(snapshot, &search, budget)?;
        let one = |series: &Series| {
            let value = series.values.iter().rev().find_map(|value| *value);
            let value = value.filter(|value| self.passes(*value))?;
            Some((labels(series), Sample::Float(value)))
        };
        Ok((Data::Vector(time_ms, found.series.iter().filter_map(one).collect()), found.partial))
    }
}

impl TraceRule {
    fn passes(&self, value: f64) -> bool {
        self.test.is_none_or(|(test, number)| test(&value, &number))
    }
}

fn comparison(op: &str) -> Test {
    match op {
        ">=" => f64::ge,
        "<=" => f64::le,
        "==" => f64::eq,
        "!=" => f64::ne,
        "<" => f64::lt,
        _ => f64::gt,
    }
}

/// Names as PromQL and templates take them: without the scope, all but letters and digits is `_`.
fn labels(series: &Series) -> Labels {
    let name = |name: &str| {
        let bare = ["resource.", "span.", "instrumentation.", "event.", "link.", "."];
        let bare = bare.iter().find_map(|scope| name.strip_prefix(scope)).unwrap_or(name);
        let safe: String = bare.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        if safe.starts_with(|c: char| c.is_ascii_digit()) { format!("_{safe}") } else { safe }
    };
    // An attribute that a span does not have is a label that its series does not have.
    let pairs = series.labels.iter().filter(|(_, value)| *value != Value::Nil);
    Labels::new(pairs.map(|(key, value)| (name(key), value.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_is_checked_in_its_language() {
        let check = |language: Language, expr: &str, expect: &str| match language.check(expr) {
            Ok(()) => assert_eq!(expect, "", "{expr}"),
            Err(why) => assert!(!expect.is_empty() && why.contains(expect), "{expr}: {why}"),
        };
        use Language::*;
        check(PromQl, "up == 0", "");
        check(PromQl, "up[5m]", "gives a range vector");
        check(PromQl, "up ==", "1:6: parse error");
        check(LogQl, r#"sum by (a) (count_over_time({app="x"} |= "failed" [1m])) > 10"#, "");
        check(LogQl, r#"{app="x"}"#, "gives log lines");
        check(LogQl, r#"rate({app="x"}[5m)"#, "parse error at line 1, col 18");
        check(TraceQl, "{ status = error } | rate() by (resource.service.name) [5m] > 0.5", "");
        check(TraceQl, "{ duration > 1s } | count_over_time() [1m]", "");
        check(TraceQl, "{ duration > 1s } | count_over_time() > 5", "names its window");
        check(TraceQl, "{ duration > 1s } [5m] > 5", "a rule needs samples");
        check(TraceQl, "{ duration > } | rate() [5m]", "parse error");
        check(TraceQl, "{} | rate() [0s] > 1", "the window is a duration");
    }
}
