//! OTLP metrics of every kind in, and what PromQL shows of them: names, labels, `target_info`, resets,
//! deltas. Both files are data: `@60` is the time of the test's beginning and 60 seconds.

use crate::harness::now_ns;
use crate::harness::server::{Server, Settings};
use serde_json::Value;

const POINTS: &str = include_str!("otlp_metrics/points.json");
const QUERIES: &str = include_str!("otlp_metrics/queries.txt");
/// Left out of what is shown unless the selector is for all labels.
const SHARED: [&str; 2] = ["job", "instance"];

#[tokio::test(flavor = "multi_thread")]
async fn otlp_metrics_are_prometheus_series() {
    let server = Settings::serve().start().await;
    // A whole minute, so that no lookback and no window cuts at another place in another run.
    let base_s = now_ns() / 60_000_000_000 * 60 - 600;
    send(&server, &at_times(POINTS, base_s, "000000000")).await;
    let mut asked = 0;
    let mut wrong = Vec::new();
    for (line, expected) in cases(QUERIES) {
        let (seconds, query) = line.split_once(' ').unwrap();
        let query = at_times(query, base_s, "");
        let time = (base_s + seconds.parse::<u64>().unwrap()).to_string();
        let parameters = [("query", query.as_str()), ("time", time.as_str())];
        let (status, answer) = server.api.answer("/prometheus/api/v1/query", &parameters).await;
        let shown = shown(&answer["data"]["result"], line.contains("active_requests\"}"));
        asked += 1;
        if status != 200 || shown != expected {
            wrong.push(format!("{line}\n  expected {expected:#?}\n  got {shown:#?} {answer}"));
        }
    }
    assert!(wrong.is_empty() && asked > 20, "{} of {asked}:\n{}", wrong.len(), wrong.join("\n"));
}

/// Replaces `@60`.
fn at_times(text: &str, base_s: u64, zeros: &str) -> String {
    let mut pieces = text.split('@');
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let end = piece.find(|c: char| !c.is_ascii_digit()).unwrap_or(piece.len());
        let time = base_s + piece[..end].parse::<u64>().unwrap();
        out += &format!("{time}{zeros}{}", &piece[end..]);
    }
    out
}

async fn send(server: &Server, body: &str) {
    let request = reqwest::Client::new().post(format!("{}/v1/metrics", server.push_url()));
    let request = request.header("content-type", "application/json").body(body.to_owned());
    let answer = request.send().await.unwrap();
    let status = answer.status();
    let text = answer.text().await.unwrap();
    assert!(status.is_success() && !text.contains("rejected"), "{status}: {text}");
}

/// Queries, each with the series that are expected.
fn cases(text: &str) -> Vec<(&str, Vec<String>)> {
    let mut cases: Vec<(&str, Vec<String>)> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.strip_prefix("    ") {
            Some(series) => cases.last_mut().unwrap().1.push(series.to_owned()),
            None => cases.push((line, Vec::new())),
        }
    }
    cases
}

fn shown(result: &Value, all_labels: bool) -> Vec<String> {
    let series = result.as_array().into_iter().flatten();
    let mut lines: Vec<String> = series
        .map(|one| {
            let labels = one["metric"].as_object().unwrap().iter();
            let labels = labels.filter(|(name, _)| {
                all_labels || !(SHARED.contains(&name.as_str()) || name.starts_with("otel_scope_"))
            });
            let mut labels: Vec<String> = labels.map(|(name, value)| format!("{name}={value}")).collect();
            labels.sort();
            let histogram = &one["histogram"][1];
            let value = match one["value"][1].as_str() {
                Some(value) => value.to_owned(),
                None => format!(
                    "count {} sum {}",
                    histogram["count"].as_str().unwrap(),
                    histogram["sum"].as_str().unwrap()
                ),
            };
            format!("{{{}}} {value}", labels.join(", "))
        })
        .collect();
    lines.sort();
    lines
}
