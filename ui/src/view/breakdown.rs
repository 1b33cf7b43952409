//! What the calls of a service are made of: its versions, and its most frequent errors.

use super::order::{entry, sort_by};
use super::{text, traceql};
use ocelli_api::TimeRange;
use ocelli_api::services::Red;
use ocelli_api::traces::{SpanSeries, TraceMetricsResponse};

const VERSION: &str = "resource.service.version";

/// What the service answers to, as its RED figures have it.
fn served(service: &str) -> Option<String> {
    let of_service = traceql::has("resource.service.name", service)?;
    Some(format!("{of_service} && (kind = server || kind = consumer)"))
}

/// Calls by version and status, and quantiles of their durations by version: the questions behind [`versions`].
pub fn version_queries(service: &str) -> [Option<String>; 2] {
    let ends = [
        "count_over_time() by (VERSION, status)",
        "quantile_over_time(duration, 0.5, 0.95, 0.99) by (VERSION)",
    ];
    ends.map(|end| {
        Some(format!("{{ {} && {VERSION} != nil }} | {}", served(service)?, end.replace("VERSION", VERSION)))
    })
}

/// The traces of one version.
pub fn version_traces(service: &str, version: &str) -> Option<String> {
    let version = traceql::has(VERSION, version)?;
    Some(format!("{{ {} && {version} }}", served(service)?))
}

/// A step that has the whole of a range in it, so that each series has one value: steps begin at multiples of it.
pub fn one_step(range: &TimeRange) -> String {
    const SECOND: i64 = 1_000_000_000;
    // Before 1970 there is nothing to count, and no step that has both sides of it.
    let first = (range.from.0 / SECOND).max(0);
    let last = ((range.to.0 - 1) / SECOND).max(first);
    let mut step = (last - first).max(1);
    while first / step != last / step {
        step = step.saturating_mul(2);
    }
    format!("{step}s")
}

fn label(series: &SpanSeries, key: &str) -> Option<String> {
    series.labels.iter().find(|label| label.key == key).map(|label| text::value(&label.value))
}

fn value(series: &SpanSeries) -> Option<f64> {
    series.values.iter().copied().flatten().next()
}

/// The seconds that a service was seen in: a new one is not slow because the range is long.
pub fn observed_s(range: &TimeRange, red: &Red) -> f64 {
    if red.rate > 0.0 { red.calls / red.rate } else { (range.to.0 - range.from.0) as f64 / 1e9 }
}

/// RED figures of each version, the busiest first; rates are of so many seconds.
pub fn versions(
    seconds: f64,
    calls: &TraceMetricsResponse,
    quantiles: &TraceMetricsResponse,
) -> Vec<(String, Red)> {
    let mut versions: Vec<(String, Red)> = Vec::new();
    for series in &calls.series {
        let (Some(version), Some(calls)) = (label(series, VERSION), value(series)) else { continue };
        let red = entry(&mut versions, version);
        red.calls += calls;
        if label(series, "status").as_deref() == Some("error") {
            red.errors += calls;
        }
    }
    for (_, red) in &mut versions {
        (red.rate, red.error_ratio) = (red.calls / seconds, Some(red.errors / red.calls));
    }
    for series in &quantiles.series {
        let version = label(series, VERSION);
        let red =
            versions.iter_mut().find(|(known, _)| Some(known) == version.as_ref()).map(|known| &mut known.1);
        let (Some(red), Some(quantile)) = (red, label(series, "p")) else { continue };
        let millis = value(series).map(|seconds| seconds * 1e3);
        match quantile.as_str() {
            "0.5" => red.p50_ms = millis,
            "0.95" => red.p95_ms = millis,
            _ => red.p99_ms = millis,
        }
    }
    sort_by(&mut versions, |a, b| b.1.calls.total_cmp(&a.1.calls));
    versions
}

/// A kind of failure: spans of one operation with one message.
#[derive(Clone, Debug, PartialEq)]
pub struct ErrorKind {
    pub operation: String,
    /// Empty where the spans have none.
    pub message: String,
    pub spans: f64,
    /// Its traces; none where the message is too long to ask for.
    pub query: Option<String>,
}

/// The question behind [`errors`]: every span that failed, also those inside of a call.
pub fn error_query(service: &str) -> Option<String> {
    let of_service = traceql::has("resource.service.name", service)?;
    Some(format!("{{ {of_service} && status = error }} | count_over_time() by (name, statusMessage)"))
}

/// The most frequent first, so many at most, and how many kinds there are.
pub fn errors(service: &str, answer: &TraceMetricsResponse, most: usize) -> (Vec<ErrorKind>, usize) {
    let kind = |series: &SpanSeries| {
        let operation = label(series, "name").unwrap_or_default();
        // Without a message the label is nil.
        let message = label(series, "statusMessage").filter(|text| text != "nil").unwrap_or_default();
        let of_message = if message.is_empty() {
            Some(String::new())
        } else {
            Some(format!(" && statusMessage = {}", traceql::quote(&message)))
        };
        let query =
            traceql::has("resource.service.name", service).zip(of_message).map(|(service, message)| {
                format!("{{ {service} && status = error && name = {}{message} }}", traceql::quote(&operation))
            });
        value(series).filter(|spans| *spans > 0.0).map(|spans| ErrorKind { operation, message, spans, query })
    };
    let mut kinds: Vec<ErrorKind> = answer.series.iter().filter_map(kind).collect();
    sort_by(&mut kinds, |a, b| b.spans.total_cmp(&a.spans));
    let found = kinds.len();
    kinds.truncate(most);
    (kinds, found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ocelli_api::{AnyValue, KeyValue, UnixNano};
    use serde_json::json;

    fn range(from_s: i64, to_s: i64) -> TimeRange {
        TimeRange { from: UnixNano(from_s * 1_000_000_000), to: UnixNano(to_s * 1_000_000_000) }
    }

    fn answer(series: &[(&[(&str, &str)], f64)]) -> TraceMetricsResponse {
        let text = |(key, value): &(&str, &str)| KeyValue {
            key: (*key).to_owned(),
            value: AnyValue(json!({ "stringValue": value })),
        };
        let series = series.iter().map(|(labels, value)| SpanSeries {
            labels: labels.iter().map(text).collect(),
            values: vec![None, Some(*value)],
            exemplars: Vec::new(),
        });
        TraceMetricsResponse { series: series.collect(), ..TraceMetricsResponse::default() }
    }

    #[test]
    fn a_step_has_the_whole_range_in_it() {
        for (from, to) in [(0, 3_600), (3_599, 3_601), (1_764_230_400, 1_764_234_000), (7, 8)] {
            let step: i64 = one_step(&range(from, to)).trim_end_matches('s').parse().unwrap();
            assert_eq!(from / step, (to - 1) / step, "{from} to {to}: {step}");
        }
        assert_eq!(one_step(&range(-5, 5)), "8s");
        assert_eq!(one_step(&range(-9, -5)), "1s");
    }

    #[test]
    fn versions_have_red_figures_the_busiest_first() {
        let of = |version, status| [(VERSION, version), ("status", status)];
        let calls = answer(&[
            (&of("1.0", "unset"), 30.0),
            (&of("1.1", "unset"), 50.0),
            (&of("1.1", "error"), 6.0),
            (&of("1.1", "ok"), 4.0),
        ]);
        let quantiles = [("0.5", 0.01), ("0.95", 0.2), ("0.99", 1.5)]
            .map(|(p, seconds)| ([(VERSION, "1.1"), ("p", p)], seconds));
        let quantiles: Vec<_> = quantiles.iter().map(|(labels, value)| (&labels[..], *value)).collect();
        let found = versions(60.0, &calls, &answer(&quantiles));
        let names: Vec<&str> = found.iter().map(|(version, _)| version.as_str()).collect();
        assert_eq!(names, ["1.1", "1.0"]);
        let (newer, older) = (&found[0].1, &found[1].1);
        assert_eq!((newer.rate, newer.error_ratio), (1.0, Some(0.1)));
        assert_eq!((newer.p50_ms, newer.p95_ms, newer.p99_ms), (Some(10.0), Some(200.0), Some(1_500.0)));
        assert_eq!((older.error_ratio, older.p99_ms), (Some(0.0), None));
    }

    #[test]
    fn rates_are_of_the_time_that_was_seen() {
        let seen = Red { calls: 90.0, rate: 3.0, ..Red::default() };
        assert_eq!(observed_s(&range(0, 900), &seen), 30.0);
        assert_eq!(observed_s(&range(0, 900), &Red::default()), 900.0);
    }

    #[test]
    fn errors_are_found_again_by_their_operation_and_message() {
        let kinds: [(&[(&str, &str)], f64); 3] = [
            (&[("name", "GET \"/\""), ("statusMessage", "no \\ such\nfile")], 3.0),
            (&[("name", "POST /pay"), ("statusMessage", "nil")], 9.0),
            (&[("name", "GET /"), ("statusMessage", "late")], 1.0),
        ];
        let (found, all) = errors("shop", &answer(&kinds), 2);
        assert_eq!((found.len(), all), (2, 3));
        assert_eq!((found[0].message.as_str(), found[0].spans), ("", 9.0));
        assert_eq!(
            found[0].query.as_deref(),
            Some("{ resource.service.name = \"shop\" && status = error && name = \"POST /pay\" }")
        );
        let quoted = r#"name = "GET \"/\"" && statusMessage = "no \\ such\nfile" }"#;
        assert!(found[1].query.as_ref().unwrap().ends_with(quoted), "{:?}", found[1].query);
    }

    #[test]
    fn what_cannot_be_asked_for_is_not() {
        let long = "x".repeat(1_000);
        assert_eq!(
            (version_queries(&long), error_query(&long), version_traces("a", &long)),
            ([None, None], None, None)
        );
    }
}
