//! A real Prometheus sends what it has to Ocelli: the same queries to both give the same answers.

use super::{Asked, Outcome, Query, data, queries};
use crate::harness::prometheus::Prometheus;
use crate::harness::server::Settings;
use crate::harness::wait::{ensure, until};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const WITHIN: Duration = Duration::from_secs(90);
/// Samples lie this far apart, so that all of them are less than ten minutes ahead: Prometheus sends on
/// only what is newer than its start, and takes nothing that is further in the future.
const STEP_MS: i64 = 3_000;
/// The first version that speaks remote write 2.0.
const SPEAKS_2: (u32, u32) = (3, 0);

#[tokio::test(flavor = "multi_thread")]
async fn what_prometheus_sends_on_is_answered_as_it_answers() {
    let first = sent_on("prometheus.WriteRequest", false).await;
    if first >= SPEAKS_2 {
        sent_on("io.prometheus.write.v2.Request", true).await;
    }
}

/// The version of the Prometheus that sent.
async fn sent_on(message: &str, named: bool) -> (u32, u32) {
    let server = Settings::serve().start().await;
    let protocol = if named { format!("\n  protobuf_message: {message}") } else { String::new() };
    let config = format!(
        "remote_write:\n- url: {}/api/v1/write\n  send_native_histograms: true\n  send_exemplars: true{protocol}\n",
        server.push_url()
    );
    let prometheus = Prometheus::start_with(&config).await;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs() as i64;
    let base = now + 2;
    let lines = data::lines(base * 1000, STEP_MS);
    let samples: usize = lines.iter().map(data::Line::samples).sum();
    prometheus.write(data::remote_write(&lines)).await;
    until("Ocelli has all samples", WITHIN, async || {
        let points = server.api.system().await.ingest.into_iter().find(|one| one.signal == "points");
        let points = points.ok_or("nothing has come")?;
        assert_eq!(points.received, points.stored + points.rejected);
        assert_eq!(points.rejected, 0, "{points:?}");
        ensure(points.stored >= samples as u64, || format!("{} of {samples}", points.stored))
    })
    .await;
    let mut outcome = Outcome::default();
    let end_s = base as f64 + (data::SAMPLES * STEP_MS) as f64 / 1e3;
    for query in queries().into_iter().filter(|query| query.since <= prometheus.version) {
        let instants = [0.3, 0.8].map(|part| {
            let time = base as f64 + ((end_s - base as f64) * part).round();
            ("query", vec![("time", time.to_string())])
        });
        // Before 3.0 a rate reached further before the first sample.
        let start = (base + 130).to_string();
        let range = vec![("start", start), ("end", end_s.to_string()), ("step", "11".to_owned())];
        for (path, times) in instants.into_iter().chain([("query_range", range)]) {
            outcome.ask(&Asked { path, query: query.text, times }, &server.api, &prometheus).await;
        }
    }
    for path in ["series", "labels", "label/__name__/values"] {
        outcome.compared += 1;
        let asked = vec![("match[]", r#"{__name__=~".+"}"#), ("start", "0"), ("end", "9223309901257974")];
        let theirs = prometheus.api.answer(&format!("/api/v1/{path}"), &asked).await.1;
        let ours = server.api.answer(&format!("/prometheus/api/v1/{path}"), &asked).await.1;
        if sorted(&theirs["data"]) != sorted(&ours["data"]) {
            outcome.differences.push(format!("{path}\n    Prometheus: {theirs}\n    Ocelli: {ours}"));
        }
    }
    println!("{message}: {} answers compared, {} with data", outcome.compared, outcome.with_data);
    outcome.check(500);
    prometheus.version
}

/// A Prometheus without samples of its own answers with those that it reads from Ocelli.
#[tokio::test(flavor = "multi_thread")]
async fn prometheus_reads_what_ocelli_has() {
    let server = Settings::serve().start().await;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs() as i64;
    let base = now - 600;
    let lines = data::lines(base * 1000, STEP_MS);
    server.sender().send(&data::otlp(&lines)).await;
    let url = server.api.url("/prometheus/api/v1/read");
    let prometheus =
        Prometheus::start_with(&format!("remote_read:\n- url: {url}\n  read_recent: true\n")).await;
    let mut outcome = Outcome::default();
    // Before 3.0 it lost native histograms that it read, where it wanted one of them alone.
    let reads = |text: &str| prometheus.version >= SPEAKS_2 || !text.contains("latency");
    let known = |query: &Query| query.since <= prometheus.version && reads(query.text);
    for query in queries().into_iter().filter(known) {
        let times = vec![("time", (base + 300).to_string())];
        outcome.ask(&Asked { path: "query", query: query.text, times }, &server.api, &prometheus).await;
    }
    outcome.check(150);
}

/// The texts of a list, in order.
fn sorted(list: &serde_json::Value) -> Vec<String> {
    let mut texts: Vec<String> = list.as_array().into_iter().flatten().map(ToString::to_string).collect();
    texts.sort();
    texts
}
