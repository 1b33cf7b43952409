//! The same samples into Ocelli and into a real Prometheus, the same queries to both, the same
//! answers.

pub mod data;
mod sent_on;

use crate::harness::api::Api;
use crate::harness::prometheus::Prometheus;
use crate::harness::server::Settings;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// One query a line; `[3.0]` in front of one says from which version on Prometheus answers it so.
const QUERIES: &str = include_str!("prometheus/queries.txt");
/// From this version on warnings and infos are compared too: their texts changed until then.
const SAME_ANNOTATIONS: (u32, u32) = (3, 15);
/// Numbers that are this close, relatively, are the same: sums may be made in another order, and
/// logarithms and the like are not the same to the last bit everywhere.
const TOLERANCE: f64 = 1e-12;
const TEN_MINUTES_S: i64 = 600;
const STEP_MS: i64 = 15_000;

struct Query<'a> {
    text: &'a str,
    since: (u32, u32),
}

fn queries() -> Vec<Query<'static>> {
    let lines = QUERIES.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let query = |line: &'static str| match line.strip_prefix('[').and_then(|rest| rest.split_once("] ")) {
        Some((version, text)) => {
            let (major, minor) = version.split_once('.').expect("a version has two parts");
            Query { text, since: (major.parse().expect("a number"), minor.parse().expect("a number")) }
        }
        None => Query { text: line, since: (0, 0) },
    };
    lines.map(query).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn prometheus_answers_the_same() {
    let started = Instant::now();
    let prometheus = Prometheus::start().await;
    let server = Settings::serve().start().await;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs() as i64;
    // Prometheus takes what is up to an hour older than its newest sample. Steps of subqueries are
    // multiples of the clock: always the same ones.
    let base = (now / TEN_MINUTES_S - 5) * TEN_MINUTES_S;
    let lines = data::lines(base * 1000, STEP_MS);
    prometheus.write(data::remote_write(&lines)).await;
    server.sender().send(&data::otlp(&lines)).await;
    let (mut outcome, mut skipped) = (Outcome::default(), 0);
    for query in queries() {
        if query.since > prometheus.version {
            skipped += 1;
            continue;
        }
        let at = |minutes: f64| (base as f64 + minutes * 60.0).to_string();
        let instants = [10.0, 30.0].map(|minutes| ("query", vec![("time", at(minutes))]));
        let range = vec![("start", at(2.0)), ("end", at(41.0)), ("step", "47".to_owned())];
        for (path, times) in instants.into_iter().chain([("query_range", range)]) {
            outcome.ask(&Asked { path, query: query.text, times }, &server.api, &prometheus).await;
        }
    }
    if prometheus.version >= SAME_ANNOTATIONS {
        for (path, query) in
            queries().iter().flat_map(|query| [("format_query", query), ("parse_query", query)])
        {
            outcome.compared += 1;
            let asked = [("query", query.text)];
            let theirs = prometheus.api.answer(&format!("/api/v1/{path}"), &asked).await.1;
            let ours = server.api.answer(&format!("/prometheus/api/v1/{path}"), &asked).await.1;
            // What is wrong is told in other words.
            let wrong = theirs["status"] == "error" && theirs["errorType"] == ours["errorType"];
            if theirs != ours && !wrong {
                let difference =
                    format!("{path} {}\n    Prometheus: {theirs}\n    Ocelli: {ours}", query.text);
                outcome.differences.push(difference);
            }
        }
    }
    let (major, minor) = prometheus.version;
    println!(
        "{} answers compared with Prometheus {major}.{minor}, {} with data, {skipped} queries are newer, {} ms",
        outcome.compared,
        outcome.with_data,
        started.elapsed().as_millis()
    );
    outcome.check(500);
}

/// What many questions came to.
#[derive(Default)]
struct Outcome {
    compared: usize,
    with_data: usize,
    differences: Vec<String>,
}

impl Outcome {
    async fn ask(&mut self, asked: &Asked<'_>, ocelli: &Api, prometheus: &Prometheus) {
        self.compared += 1;
        match asked.compare(ocelli, prometheus).await {
            Ok(found) => self.with_data += usize::from(found),
            Err(why) => self.differences.push(format!("{} {}\n    {why}", asked.path, asked.query)),
        }
    }

    /// Nothing differs, and more answers than these have data in them.
    fn check(&self, least: usize) {
        let Outcome { compared, with_data, differences } = self;
        assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), differences.join("\n"));
        assert!(*with_data > least, "only {with_data} of {compared} answers have data in them");
    }
}

struct Asked<'a> {
    path: &'a str,
    query: &'a str,
    times: Vec<(&'static str, String)>,
}

impl Asked<'_> {
    /// Whether there was any data in the answer; an error says what differs.
    async fn compare(&self, ocelli: &Api, prometheus: &Prometheus) -> Result<bool, String> {
        let theirs = self.answer(&prometheus.api, "").await;
        let ours = self.answer(ocelli, "/prometheus").await;
        for field in ["status", "errorType"] {
            if theirs[field] != ours[field] {
                return Err(format!("Prometheus: {theirs}\n    Ocelli: {ours}"));
            }
        }
        same_data(&theirs["data"], &ours["data"])?;
        if prometheus.version >= SAME_ANNOTATIONS {
            for field in ["warnings", "infos"] {
                let (theirs, ours) = (sorted(&theirs[field]), sorted(&ours[field]));
                if theirs != ours {
                    return Err(format!("{field} of Prometheus: {theirs:?}\n    of Ocelli: {ours:?}"));
                }
            }
        }
        Ok(theirs["data"]["result"].as_array().is_some_and(|result| !result.is_empty()))
    }

    async fn answer(&self, api: &Api, prefix: &str) -> Value {
        let mut parameters = vec![("query", self.query)];
        parameters.extend(self.times.iter().map(|(name, value)| (*name, value.as_str())));
        api.answer(&format!("{prefix}/api/v1/{}", self.path), &parameters).await.1
    }
}

fn sorted(texts: &Value) -> Vec<&str> {
    let mut texts: Vec<&str> = texts.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    texts.sort_unstable();
    texts
}

fn same_data(theirs: &Value, ours: &Value) -> Result<(), String> {
    if theirs["resultType"] != ours["resultType"] {
        return Err(format!("Prometheus gives a {}, Ocelli a {}", theirs["resultType"], ours["resultType"]));
    }
    if !["vector", "matrix"].iter().any(|kind| theirs["resultType"] == *kind) {
        return same(&theirs["result"], &ours["result"]);
    }
    let (theirs, ours) = (by_labels(&theirs["result"]), by_labels(&ours["result"]));
    let only = |a: &BTreeMap<String, &Value>, b: &BTreeMap<String, &Value>| {
        a.iter()
            .find(|(labels, _)| !b.contains_key(*labels))
            .map(|(labels, value)| format!("{labels}: {value}"))
    };
    if let Some(series) = only(&theirs, &ours) {
        return Err(format!("only Prometheus has {series}"));
    }
    if let Some(series) = only(&ours, &theirs) {
        return Err(format!("only Ocelli has {series}"));
    }
    for (labels, theirs) in &theirs {
        for field in ["value", "values", "histogram", "histograms"] {
            same(&theirs[field], &ours[labels][field]).map_err(|why| format!("{labels}: {why}"))?;
        }
    }
    Ok(())
}

fn by_labels(result: &Value) -> BTreeMap<String, &Value> {
    let series = result.as_array().into_iter().flatten();
    series.map(|series| (series["metric"].to_string(), series)).collect()
}

/// Equal up to the tolerance of numbers, which are numbers or strings in the answers.
fn same(theirs: &Value, ours: &Value) -> Result<(), String> {
    let equal = match (theirs, ours) {
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            return a.iter().zip(b).try_for_each(|(a, b)| same(a, b));
        }
        (Value::Object(a), Value::Object(b)) if a.len() == b.len() => {
            return a.iter().try_for_each(|(key, a)| same(a, b.get(key).unwrap_or(&Value::Null)));
        }
        _ => match (number(theirs), number(ours)) {
            (Some(a), Some(b)) => {
                a == b || (a.is_nan() && b.is_nan()) || { (a - b).abs() <= TOLERANCE * a.abs().max(b.abs()) }
            }
            _ => theirs == ours,
        },
    };
    if equal { Ok(()) } else { Err(format!("Prometheus has {theirs}, Ocelli {ours}")) }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::String(text) => text.parse().ok(),
        other => other.as_f64(),
    }
}
