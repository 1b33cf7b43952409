//! Questions of the Prometheus API, which Ocelli and VictoriaMetrics share.

use crate::question::{Ask, Facts, Question};
use serde_json::Value;

/// How the product names one metric, and how a selector matches all of them.
pub struct Names {
    pub api: &'static str,
    pub one: &'static str,
    pub all: &'static str,
}

const SIX_HOURS_S: u64 = 6 * 3600;

pub fn ask(question: Question, facts: &Facts, names: &Names) -> Option<Ask> {
    let Names { one, all, .. } = names;
    let over_six_hours = |query: String, results| {
        let from = facts.end_s() - SIX_HOURS_S;
        let parameters = vec![
            ("query", query),
            ("start", from.to_string()),
            ("end", facts.end_s().to_string()),
            ("step", "60".to_owned()),
        ];
        Some(Ask { path: format!("{}/query_range", names.api), parameters, results })
    };
    let at_the_end = |query: String, results| {
        let parameters = vec![("query", query), ("time", facts.end_s().to_string())];
        Some(Ask { path: format!("{}/query", names.api), parameters, results })
    };
    match question {
        Question::SumOfMetric => over_six_hours(format!("sum({one})"), values),
        Question::RateOfMetric => over_six_hours(format!("sum(rate({one}[5m]))"), values),
        Question::TopSeries => at_the_end(format!("topk(10, {all})"), series),
        Question::Count => at_the_end(format!("sum(count_over_time({all}[6h]))"), only_value),
        _ => None,
    }
}

fn result(text: &str) -> Option<Vec<Value>> {
    let mut answer: Value = serde_json::from_str(text).ok()?;
    match answer["data"]["result"].take() {
        Value::Array(result) => Some(result),
        _ => None,
    }
}

/// All values of a matrix.
fn values(text: &str) -> Option<u64> {
    Some(result(text)?.iter().filter_map(|series| Some(series["values"].as_array()?.len() as u64)).sum())
}

fn series(text: &str) -> Option<u64> {
    Some(result(text)?.len() as u64)
}

/// The value of a vector of one; 0 for an empty one.
fn only_value(text: &str) -> Option<u64> {
    match result(text)?.first() {
        Some(series) => Some(series["value"][1].as_str()?.parse::<f64>().ok()? as u64),
        None => Some(0),
    }
}
