//! The file of a unit test as it is written.

use crate::rules::file::yaml::{Pairs, Span};
use ocelli_api::UnixNano;
use ocelli_api::time_range::parse_time;
use serde::Deserialize;
use serde::de::{Deserializer, Error, Unexpected, Visitor};
use std::fmt;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TestFile {
    pub rule_files: Vec<String>,
    pub evaluation_interval: Option<Span>,
    pub group_eval_order: Vec<String>,
    pub fuzzy_compare: bool,
    pub tests: Vec<TestGroup>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TestGroup {
    pub name: String,
    /// Between two values of a series.
    pub interval: Option<Span>,
    pub input_series: Vec<InputSeries>,
    pub alert_rule_test: Vec<AlertTest>,
    pub promql_expr_test: Vec<ExprTest>,
    pub external_labels: Pairs,
    pub external_url: String,
    pub start_timestamp: Start,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct InputSeries {
    pub series: String,
    pub values: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AlertTest {
    pub eval_time: Span,
    pub alertname: String,
    pub exp_alerts: Option<Vec<ExpectedAlert>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExpectedAlert {
    pub exp_labels: Pairs,
    pub exp_annotations: Pairs,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExprTest {
    pub expr: String,
    pub eval_time: Span,
    pub exp_samples: Option<Vec<ExpectedSample>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExpectedSample {
    pub labels: String,
    pub value: f64,
    /// `{{schema:0 count:1 …}}`.
    pub histogram: String,
}

/// The time of the first values, in milliseconds: Unix seconds, or RFC 3339.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Start(pub i64);

impl<'de> Deserialize<'de> for Start {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Start, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Start;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("Unix seconds or a time such as 2026-11-26T12:00:00Z")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Start, E> {
                let wrong = || E::invalid_value(Unexpected::Str(text), &self);
                if let Ok(seconds) = text.parse::<f64>() {
                    let ms = (seconds * 1e3).round();
                    return if ms.abs() < 9e15 { Ok(Start(ms as i64)) } else { Err(wrong()) };
                }
                let parsed = parse_time(text, UnixNano(0)).ok().filter(|_| !text.starts_with("now"));
                parsed.map(|at| Start(at.0.div_euclid(1_000_000))).ok_or_else(wrong)
            }
        }
        deserializer.deserialize_str(Text)
    }
}
