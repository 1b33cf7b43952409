//! Questions that are wrong or far too large: each gets a clear refusal in time, or an answer within
//! the memory, and what comes in meanwhile is kept as ever.

use crate::harness::now_ns;
use crate::harness::otlp::{self, SECOND, attribute, number_data_point, text};
use crate::harness::server::{Server, Settings};
use crate::harness::wait::{ensure, until};
use futures::StreamExt;
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

/// The deadline of a query, and how much later its refusal may come.
const CONFIG: &str = "query: {timeout_s: 5, concurrent_queries: 2}\n";
const TIMEOUT: Duration = Duration::from_secs(5);
const SLACK: Duration = Duration::from_secs(2);
const WITHIN: Duration = Duration::from_secs(60);

const SERIES: u64 = 600;
const POINTS: u64 = 40;
const YEAR_S: i64 = 365 * 86_400;

/// A gauge `wide` of many series, a point every 15 s until now.
async fn fill(server: &Server) {
    let now = now_ns();
    let points = (0..SERIES).flat_map(|series| {
        (0..POINTS).map(move |at| otlp::NumberDataPoint {
            attributes: vec![
                attribute("number", text(&series.to_string())),
                attribute("path", text(&format!("/orders/{series}/items/{}", series * 7919))),
            ],
            value: Some(number_data_point::Value::AsDouble((at * series) as f64 / 7.0)),
            ..otlp::int_point(now - at * 15 * SECOND, 0)
        })
    });
    server.sender().send(&otlp::gauge("shop", "wide", points.collect())).await;
}

struct Bad {
    name: &'static str,
    path: &'static str,
    parameters: Vec<(&'static str, String)>,
    /// One of them.
    status: &'static [u16],
    says: &'static str,
}

fn instant(name: &'static str, query: impl Into<String>, status: &'static [u16], says: &'static str) -> Bad {
    Bad { name, path: "query", parameters: vec![("query", query.into())], status, says }
}

fn range(
    name: &'static str,
    query: &str,
    seconds: i64,
    step: &str,
    status: &'static [u16],
    says: &'static str,
) -> Bad {
    let end = (now_ns() / SECOND) as i64;
    let parameters = vec![
        ("query", query.to_owned()),
        ("start", (end - seconds).to_string()),
        ("end", end.to_string()),
        ("step", step.to_owned()),
    ];
    Bad { name, path: "query_range", parameters, status, says }
}

/// The longest range query there may be, from now on, in which every series always has a value.
fn ahead(name: &'static str, query: &str, status: &'static [u16], says: &'static str) -> Bad {
    let mut bad = range(name, query, -10_999, "1", status, says);
    bad.parameters.swap(1, 2);
    let [_, start, end, ..] = &mut bad.parameters[..] else { unreachable!("there are four") };
    (start.0, end.0) = ("start", "end");
    bad.parameters.push(("lookback_delta", "4h".to_owned()));
    bad
}

/// What takes minutes: windows of three hours, a value a second, at every step.
const HEAVY: &str = "sum(quantile_over_time(0.5, wide[3h:1s]))";

fn bad() -> Vec<Bad> {
    let deep = |open: &str, close: &str, levels: usize| open.repeat(levels) + "wide" + &close.repeat(levels);
    let many = (0..300).map(|at| format!("wide offset {at}ms")).collect::<Vec<_>>();
    vec![
        instant("an open parenthesis", "sum(rate(wide[5m])", &[400], "1:19: parse error: unclosed left"),
        instant(
            "a wrong word",
            "wide\n  andd wide",
            &[400],
            "2:3: parse error: unexpected identifier \"andd\"",
        ),
        instant("a wrong label", "wide{x=1}", &[400], "1:8: parse error"),
        instant("an unknown function", "nope(wide)", &[400], "1:1: parse error: unknown function"),
        range("step 0", "wide", 60, "0", &[400], "zero or negative query resolution"),
        range("a negative step", "wide", 60, "-5", &[400], "zero or negative query resolution"),
        range("a step of 1 ns", "wide", 60, "0.000000001", &[400], "invalid parameter \"step\""),
        range("a step of 1 ms", "wide", 3600, "0.001", &[400], "11000 points per timeseries"),
        range("ten years in steps of 15 s", "wide", 10 * YEAR_S, "15", &[400], "11000 points per timeseries"),
        range("ten years in days", "rate(wide[1d])", 10 * YEAR_S, "86400", &[200], "\"success\""),
        instant("ten years of samples", "sum(count_over_time(wide[10y]))", &[200], "\"success\""),
        instant("a subquery of ten years at 1 ms", "max_over_time(wide[10y:1ms])", &[422], "limit"),
        instant("a subquery of ten years at 10 s", "max_over_time(wide[10y:10s])", &[422], "memory"),
        instant("a range of 300 years", "wide[300y]", &[400], "duration out of range"),
        instant(
            "a regular expression of 100 kB",
            format!("{{path=~\"{}\"}}", "ab.c".repeat(25_000)),
            &[200, 400],
            "",
        ),
        instant(
            "100 kB of alternatives",
            format!("wide{{number=~\"{}\"}}", "17|".repeat(33_000)),
            &[200, 400],
            "",
        ),
        instant(
            "a regular expression that grows",
            "wide{path=~\"((a{1000}){1000}){1000}\"}",
            &[400],
            "1:6: parse error: error parsing regexp",
        ),
        instant(
            "a nested regular expression",
            format!("wide{{path=~\"{}\"}}", "(".repeat(60_000) + &")".repeat(60_000)),
            &[400],
            "parse error",
        ),
        instant("parentheses without end", deep("(", ")", 50_000), &[400], "nested too deeply"),
        instant("signs without end", "-".repeat(150_000) + "wide", &[400], "nested too deeply"),
        instant("calls without end", deep("abs(", ")", 30_000), &[400], "nested too deeply"),
        instant(
            "subqueries without end",
            "wide".to_owned() + &"[5m:1m]".repeat(20_000),
            &[400],
            "subquery is only allowed",
        ),
        instant(
            "operators that were read first",
            "(".repeat(200) + "wide" + &(" + 1".repeat(200) + ")").repeat(200),
            &[400],
            "nested too deeply",
        ),
        instant("100 levels", deep("abs((", "))", 100), &[200], "success"),
        instant("240 operators", "wide".to_owned() + &" + 1".repeat(240), &[200], "success"),
        instant(
            "functions of subqueries without end",
            deep("max_over_time(", "[5m:1m])", 5_000),
            &[400],
            "nested too deeply",
        ),
        instant(
            "durations without end",
            format!("wide[{}5m{}]", "(".repeat(50_000), ")".repeat(50_000)),
            &[400],
            "nested too deeply",
        ),
        instant("operators without end", "wide or ".repeat(20_000) + "wide", &[400], "nested too deeply"),
        instant(
            "a query of 300 kB",
            format!("wide # {}", "x".repeat(300_000)),
            &[400],
            "longer than 200000 bytes",
        ),
        instant("labels without end", format!("sum by ({}) (wide)", "number,".repeat(25_000)), &[200], ""),
        instant("many to many", "wide * on () group_left wide", &[422], "many-to-many matching not allowed"),
        instant("each with each", "sum(wide * on () wide)", &[422], "many-to-many matching not allowed"),
        range(
            "more samples than there is room for",
            &many.join(" + on () group_left "),
            3600,
            "1",
            &[400],
            "nested too deeply",
        ),
        range("more than the memory holds", &many[..200].join(" or "), 10_900, "1", &[422, 503], "memory"),
        ahead("more work than there is time for", HEAVY, &[503], "did not end within 5 s"),
    ]
}

async fn ask(server: &Server, bad: &Bad) -> (u16, String) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let form: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(&bad.parameters).finish();
    let request = client
        .post(server.api.url(&format!("/prometheus/api/v1/{}", bad.path)))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form);
    let response = request.send().await.unwrap_or_else(|error| panic!("{}: {error}", bad.name));
    (response.status().as_u16(), response.text().await.unwrap())
}

/// Sends a point after the other until told to stop; how many were acknowledged.
async fn write_on(server: Arc<Server>, stop: Arc<AtomicBool>) -> u64 {
    let mut count = 0;
    while !stop.load(Ordering::Relaxed) {
        let point = otlp::int_point(now_ns(), count as i64);
        let answer = server.sender().attempt(&otlp::gauge("shop", "alive", vec![point])).await;
        assert_eq!(answer.status, 200, "what comes in is taken beside the questions: {answer:?}");
        count += 1;
    }
    count
}

#[tokio::test(flavor = "multi_thread")]
async fn each_is_refused_in_time_and_what_comes_in_is_kept() {
    let server = Arc::new(Settings::serve().config(CONFIG).start().await);
    fill(&server).await;
    let stop = Arc::new(AtomicBool::new(false));
    let writing = tokio::spawn(write_on(server.clone(), stop.clone()));
    let mut wrong = Vec::new();
    for bad in bad() {
        let begun = Instant::now();
        let (status, body) = ask(&server, &bad).await;
        let took = begun.elapsed();
        let read: Value = serde_json::from_str(&body).unwrap_or(Value::Null);
        let said = read["error"].as_str().unwrap_or(&body);
        let start: String = said.chars().take(300).collect();
        if !bad.status.contains(&status) || !said.contains(bad.says) || took > TIMEOUT + SLACK {
            wrong.push(format!("{}: {status} after {took:?}: {start}", bad.name));
        }
        assert!(read.is_object(), "{}: {status}: {start}", bad.name);
        assert_eq!(server.api.prometheus("vector(1)").await[0]["value"][1], "1", "after {}", bad.name);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    stop.store(true, Ordering::Relaxed);
    let acknowledged = writing.await.unwrap();
    let kept = server.api.prometheus("count_over_time(alive[1h])").await;
    assert_eq!(kept[0]["value"][1], acknowledged.to_string(), "nothing is lost or double");
    println!("{acknowledged} points were acknowledged meanwhile; peak {} MiB", peak_mib(&server));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_100_mb_is_sent_within_the_memory() {
    let server = Settings::serve().start().await;
    fill(&server).await;
    let before = peak_mib(&server);
    let all = ahead("all", "wide * 1.0000001", &[200], "");
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request =
        client.get(server.api.url("/prometheus/api/v1/query_range")).query(&[("lookback_delta", "4h")]);
    let response = request.query(&all.parameters).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let (mut bytes, mut last) = (0, Vec::new());
    let mut body = response.bytes_stream();
    while let Some(piece) = body.next().await {
        let piece = piece.unwrap();
        bytes += piece.len();
        last = piece.to_vec();
    }
    assert!(last.ends_with(b"}]}}") || last.ends_with(b"]}}"), "{}", String::from_utf8_lossy(&last));
    assert!(bytes > 100_000_000, "{bytes} bytes");
    let peak = peak_mib(&server);
    println!("{bytes} bytes; peak {peak} MiB, {before} MiB before");
    // Twice what one query may hold: the samples, and what the allocator keeps of it.
    assert!(peak < before + 1_024, "{peak} MiB at the peak");
    let small = Settings::serve().with(&["--memory-budget", "64MiB"]).start().await;
    fill(&small).await;
    let (status, body) = ask(&small, &all).await;
    assert_eq!(status, 422, "{body}");
    assert!(body.contains("memory budget"), "{body}");
}

/// A query that nobody waits for any more gives its place to the next one.
#[tokio::test(flavor = "multi_thread")]
async fn a_query_ends_when_its_client_goes_away() {
    let config = "query: {timeout_s: 600, concurrent_queries: 1}\n";
    let server = Settings::serve().config(config).start().await;
    fill(&server).await;
    let heavy = ahead("heavy", HEAVY, &[], "");
    let parameters = form_urlencoded::Serializer::new(String::new()).extend_pairs(&heavy.parameters).finish();
    let address = server.api.url("").trim_start_matches("http://").to_owned();
    let mut connection = TcpStream::connect(&address).await.unwrap();
    let head = format!("GET /prometheus/api/v1/query_range?{parameters} HTTP/1.1\r\nhost: {address}\r\n\r\n");
    connection.write_all(head.as_bytes()).await.unwrap();
    let busy = async || {
        let (status, body) = server.api.answer("/prometheus/api/v1/query", &[("query", "1")]).await;
        (status.as_u16() == 503, body)
    };
    until("the query has the only place", WITHIN, async || {
        let (busy, body) = busy().await;
        ensure(busy, || body.to_string())
    })
    .await;
    drop(connection);
    let begun = Instant::now();
    until("the next query is answered", SLACK + Duration::from_secs(2), async || {
        let (busy, body) = busy().await;
        ensure(!busy, || body.to_string())
    })
    .await;
    println!("the place was free after {:?}", begun.elapsed());
}

/// The most that the process ever had in memory.
fn peak_mib(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() >> 10
}
