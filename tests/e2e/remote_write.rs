//! Remote write as a sender of one's own speaks it: answers, accounts, and what is kept after a crash.

use crate::harness::api::count_of;
use crate::harness::now_ns;
use crate::harness::prometheus::{Label, Sample, TimeSeries, snappy, write_request};
use crate::harness::server::{Server, Settings};
use prost::Message;
use reqwest::Response;
use serde_json::{Value, json};

const ONE: &str = "application/x-protobuf";
const TWO: &str = "application/x-protobuf;proto=io.prometheus.write.v2.Request";
const TRACE: &str = "0102030405060708090a0b0c0d0e0f10";

fn now_ms() -> i64 {
    (now_ns() / 1_000_000) as i64
}

fn series(labels: &[(&str, &str)], samples: &[(i64, f64)]) -> TimeSeries {
    let label = |(name, value): &(&str, &str)| Label { name: (*name).to_owned(), value: (*value).to_owned() };
    let sample = |(timestamp, value): &(i64, f64)| Sample { value: *value, timestamp: *timestamp };
    TimeSeries {
        labels: labels.iter().map(label).collect(),
        samples: samples.iter().map(sample).collect(),
        ..TimeSeries::default()
    }
}

async fn post(server: &Server, headers: &[(&str, &str)], body: Vec<u8>) -> Response {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut request = client.post(format!("{}/api/v1/write", server.push_url()));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body).send().await.unwrap()
}

fn written(response: &Response) -> [String; 3] {
    ["samples", "histograms", "exemplars"].map(|kind| {
        let name = format!("x-prometheus-remote-write-{kind}-written");
        response.headers()[&name].to_str().unwrap().to_owned()
    })
}

/// A message of version 2, with the parts of it that are sent here.
#[derive(Clone, PartialEq, Message)]
struct Request2 {
    #[prost(string, repeated, tag = "4")]
    symbols: Vec<String>,
    #[prost(message, repeated, tag = "5")]
    timeseries: Vec<Series2>,
}

#[derive(Clone, PartialEq, Message)]
struct Series2 {
    #[prost(uint32, repeated, tag = "1")]
    labels_refs: Vec<u32>,
    #[prost(message, repeated, tag = "2")]
    samples: Vec<Sample>,
    #[prost(message, repeated, tag = "4")]
    exemplars: Vec<Exemplar2>,
    #[prost(message, optional, tag = "5")]
    metadata: Option<Metadata2>,
}

#[derive(Clone, PartialEq, Message)]
struct Exemplar2 {
    #[prost(uint32, repeated, tag = "1")]
    labels_refs: Vec<u32>,
    #[prost(double, tag = "2")]
    value: f64,
    #[prost(int64, tag = "3")]
    timestamp: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Metadata2 {
    #[prost(int32, tag = "1")]
    kind: i32,
    #[prost(uint32, tag = "3")]
    help_ref: u32,
    #[prost(uint32, tag = "4")]
    unit_ref: u32,
}

fn request_2(now: i64) -> Request2 {
    let symbols = ["", "__name__", "jobs_total", "job", "x", "trace_id", TRACE, "how many jobs", "jobs"];
    let sample = |timestamp, value| Sample { value, timestamp };
    Request2 {
        symbols: symbols.map(str::to_owned).to_vec(),
        timeseries: vec![Series2 {
            labels_refs: vec![1, 2, 3, 4],
            // The second is older than the first.
            samples: vec![sample(now, 8.0), sample(now - 60_000, 3.0)],
            exemplars: vec![Exemplar2 { labels_refs: vec![5, 6], value: 0.5, timestamp: now - 5 }],
            metadata: Some(Metadata2 { kind: 1, help_ref: 7, unit_ref: 8 }),
        }],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn version_2_with_exemplars_and_metadata_survives_a_kill() {
    let server = Settings::serve().start().await;
    let now = now_ms();
    let body = snappy(&request_2(now).encode_to_vec());
    let headers = [("content-type", TWO), ("content-encoding", "snappy")];
    let response = post(&server, &headers, body.clone()).await;
    assert_eq!((response.status().as_u16(), written(&response)), (204, ["2", "0", "1"].map(str::to_owned)));
    // The same again is not stored twice, and told the same.
    let again = post(&server, &headers, body).await;
    assert_eq!((again.status().as_u16(), written(&again)), (204, ["2", "0", "1"].map(str::to_owned)));
    // What is acknowledged is on disk.
    let server = server.kill().start().await;
    let labels = json!({"__name__": "jobs_total", "job": "x"});
    let found = server.api.prometheus("jobs_total[5m]").await;
    let pair = |ms: i64, value: &str| json!([ms as f64 / 1e3, value]);
    let numbers = |list: &Value| -> Vec<(f64, String)> {
        let pair = |pair: &Value| (pair[0].as_f64().unwrap(), pair[1].as_str().unwrap().to_owned());
        list.as_array().unwrap().iter().map(pair).collect()
    };
    assert_eq!(found[0]["metric"], labels, "nothing is invented");
    let expect = json!([pair(now - 60_000, "3"), pair(now, "8")]);
    assert_eq!(numbers(&found[0]["values"]), numbers(&expect));
    let all: Value = server.api.get("/prometheus/api/v1/series", &[("match[]", "{job=~\".+\"}")]).await;
    assert_eq!(all["data"], json!([labels]));
    let (start, end) = ((now / 1000 - 60).to_string(), (now / 1000 + 60).to_string());
    let asked = [("query", "rate(jobs_total[5m])"), ("start", &start), ("end", &end)];
    let exemplars: Value = server.api.get("/prometheus/api/v1/query_exemplars", &asked).await;
    assert_eq!(exemplars["data"][0]["exemplars"][0]["labels"], json!({ "trace_id": TRACE }), "{exemplars}");
    let metadata: Value = server.api.get("/prometheus/api/v1/metadata", &[("metric", "jobs_total")]).await;
    let expect = json!({"jobs_total": [{"type": "counter", "help": "how many jobs", "unit": "jobs"}]});
    assert_eq!(metadata["data"], expect);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_told_and_the_rest_is_kept() {
    let server = Settings::serve().config(super::bad_input::SMALL).start().await;
    let now = now_ms();
    let good = series(&[("__name__", "a:b"), ("job", "x")], &[(now, 1.0), (now - 1_000, 2.0)]);
    let nameless = series(&[("job", "x")], &[(now, 1.0)]);
    let late = series(&[("__name__", "late")], &[(i64::MAX, 1.0)]);
    let body = write_request(vec![good, nameless, late]);
    let response = post(&server, &[("content-type", ONE), ("content-encoding", "snappy")], body).await;
    assert_eq!(written(&response)[0], "2");
    assert_eq!(response.status(), 400);
    let said = response.text().await.unwrap();
    assert!(
        said.contains("1 rejected as missing_name") && said.contains("1 rejected as invalid_time"),
        "{said}"
    );
    assert_eq!(server.api.prometheus("a:b").await[0]["value"][1], "1");

    let empty = write_request(Vec::new());
    let bomb = [vec![0xff, 0xff, 0xff, 0x7f], vec![0; 10]].concat();
    let large = snappy(&vec![0; 200_000]);
    for (name, headers, body, status, says, reason) in [
        (
            "another message",
            vec![("content-type", "application/x-protobuf;proto=x.Y")],
            &empty,
            415,
            "proto=io.prometheus",
            "unsupported_content_type",
        ),
        (
            "JSON",
            vec![("content-type", "application/json")],
            &empty,
            415,
            "application/x-protobuf",
            "unsupported_content_type",
        ),
        (
            "gzip",
            vec![("content-type", ONE), ("content-encoding", "gzip")],
            &empty,
            415,
            "send snappy",
            "unsupported_encoding",
        ),
        (
            "no snappy",
            vec![("content-type", ONE)],
            &b"plain".to_vec(),
            400,
            "can't be decompressed",
            "bad_compression",
        ),
        (
            "a bomb",
            vec![("content-type", ONE)],
            &bomb,
            413,
            "decompressed body is larger than 1000000",
            "decompressed_too_large",
        ),
        ("too large", vec![("content-type", ONE)], &large, 413, "larger than 100000 bytes", "body_too_large"),
        (
            "no protobuf",
            vec![("content-type", ONE)],
            &snappy(b"\xff\xff"),
            400,
            "can't be decoded",
            "malformed",
        ),
    ] {
        let response = post(&server, &headers, body.clone()).await;
        assert_eq!((response.status().as_u16(), written(&response)[0].as_str()), (status, "0"), "{name}");
        let said = response.text().await.unwrap();
        assert!(said.contains(says), "{name}: {said}");
        let refused = server.api.system().await.refused_requests;
        assert!(count_of(&refused, reason) >= 1, "{name}: {refused:?}");
    }
    let ingest = server.api.system().await.ingest;
    let points = ingest.iter().find(|one| one.signal == "points").unwrap();
    assert_eq!((points.received, points.stored, points.rejected), (4, 2, 2));
}
