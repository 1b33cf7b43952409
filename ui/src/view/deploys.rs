//! When versions of a service came: from its spans by version over time.

use super::text;
use ocelli_api::traces::TraceMetricsResponse;

/// The question behind them, for a service.
pub fn query(service: &str) -> Option<String> {
    let condition = super::traceql::has("resource.service.name", service)?;
    Some(format!(
        "{{ {condition} && resource.service.version != nil }} | rate() by (resource.service.version)"
    ))
}

/// A version that was not there at the beginning.
#[derive(Clone, Debug, PartialEq)]
pub struct Deploy {
    pub version: String,
    /// Milliseconds since the Unix epoch: the begin of the step in which its first span is.
    pub at_ms: f64,
}

/// In the order of time. What is there in the first step with any span came before it.
pub fn deploys(answer: &TraceMetricsResponse) -> Vec<Deploy> {
    let first_of =
        |values: &[Option<f64>]| values.iter().position(|value| value.is_some_and(|value| value > 0.0));
    let begin = answer.series.iter().filter_map(|series| first_of(&series.values)).min();
    let of = |step: usize| (answer.start.0 as f64 + answer.step_ns as f64 * step as f64) / 1e6;
    let mut deploys: Vec<Deploy> = answer
        .series
        .iter()
        .filter_map(|series| {
            let first = first_of(&series.values).filter(|first| Some(*first) != begin)?;
            let version = text::value(&series.labels.first()?.value);
            Some(Deploy { version, at_ms: of(first) })
        })
        .collect();
    super::order::sort_by(&mut deploys, |a, b| a.at_ms.total_cmp(&b.at_ms));
    deploys
}

#[cfg(test)]
mod tests {
    use super::*;
    use ocelli_api::traces::SpanSeries;
    use ocelli_api::{AnyValue, KeyValue, UnixNano};

    #[test]
    fn a_version_comes_with_its_first_span() {
        let series = |version: &str, values: &[f64]| SpanSeries {
            labels: vec![KeyValue {
                key: "resource.service.version".into(),
                value: AnyValue(serde_json::json!({ "stringValue": version })),
            }],
            values: values.iter().map(|value| Some(*value)).collect(),
            exemplars: Vec::new(),
        };
        let answer = TraceMetricsResponse {
            start: UnixNano(10_000_000),
            step_ns: 5_000_000,
            series: vec![
                series("1.2", &[0.0, 0.0, 0.0, 0.0, 3.0]),
                series("1.0", &[0.0, 1.0, 1.0, 0.0, 0.0]),
                series("1.1", &[0.0, 0.0, 0.5, 2.0, 0.0]),
                series("never", &[0.0; 5]),
            ],
            ..TraceMetricsResponse::default()
        };
        let found: Vec<(String, f64)> =
            deploys(&answer).into_iter().map(|deploy| (deploy.version, deploy.at_ms)).collect();
        assert_eq!(found, [("1.1".to_owned(), 20.0), ("1.2".to_owned(), 30.0)]);
        assert_eq!(deploys(&TraceMetricsResponse::default()), []);
    }
}
