use super::super::testing::{Client, NOW};
use crate::logs::fixture::{Record, Value as Attribute, filled};
use serde_json::{Value, json};

const SECOND: i64 = 1_000_000_000;

#[tokio::test]
async fn grafana_tests_the_data_source() {
    let (store, _directory) = filled(true, &[]).await;
    let client = Client::new(store);
    let answer = client.ok("/loki/api/v1/query?query=vector(1)%2Bvector(1)&time=4000000000").await;
    assert_eq!(answer["status"], "success");
    assert_eq!(answer["data"]["resultType"], "vector");
    assert_eq!(answer["data"]["result"], json!([{ "metric": {}, "value": [4_000_000_000_i64, "2"] }]));
    assert!(answer["data"]["stats"]["summary"]["execTime"].is_number());
}

fn records() -> Vec<Record> {
    let record = |number: i64| Record {
        time: NOW - 60 * SECOND + number * 100_000_000,
        severity: if number % 10 == 0 { 17 } else { 9 },
        body: format!(
            "{{\"number\": {number}, \"path\": \"/p{}\", \"took\": \"{}ms\"}}",
            number % 3,
            number * 10
        ),
        service: if number % 2 == 0 { "payment" } else { "cart" }.to_owned(),
        host: "h".to_owned(),
        attributes: vec![("order.id".to_owned(), Attribute::Int(5_000 + number))],
        trace_id: (number == 7).then_some([0xab; 16]),
    };
    (0..100).map(record).collect()
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

async fn range(client: &Client, query: &str, more: &str) -> Value {
    client.ok(&format!("/loki/api/v1/query_range?query={}&{more}", encoded(query))).await["data"].take()
}

#[tokio::test]
async fn lines_are_streams() {
    let (store, _directory) = filled(true, &records()).await;
    let client = Client::new(store);
    let found = range(&client, r#"{service_name="cart"} | trace_id!="""#, "limit=3").await;
    assert_eq!(found["resultType"], "streams");
    assert!(found.get("encodingFlags").is_none());
    assert_eq!(
        found["result"],
        json!([{
            "stream": {
                "service_name": "cart",
                "host_name": "h",
                "order_id": "5007",
                "severity_number": "9",
                "detected_level": "info",
                "trace_id": "ab".repeat(16),
            },
            "values": [[(NOW - 60 * SECOND + 700_000_000).to_string(), "{\"number\": 7, \"path\": \"/p1\", \"took\": \"70ms\"}"]],
        }])
    );
    let times = |found: &Value| -> Vec<i64> {
        let streams = found["result"].as_array().unwrap().iter();
        let values = streams.flat_map(|stream| stream["values"].as_array().unwrap());
        let mut times: Vec<i64> = values
            .map(|value| {
                (value[0].as_str().unwrap().parse::<i64>().unwrap() - NOW + 60 * SECOND) / 100_000_000
            })
            .collect();
        times.sort_unstable();
        times
    };
    let all = r#"{service_name=~".+"}"#;
    assert_eq!(times(&range(&client, all, "limit=3").await), [97, 98, 99]);
    assert_eq!(times(&range(&client, all, "limit=3&direction=forward").await), [0, 1, 2]);
    assert_eq!(times(&range(&client, all, "limit=4&interval=3&direction=forward").await), [0, 30, 60, 90]);
    let bounds = format!("start={}&end={}", NOW - 60 * SECOND, NOW - 60 * SECOND + 300_000_000);
    assert_eq!(times(&range(&client, all, &bounds).await), [0, 1, 2]);
    assert_eq!(
        times(&range(&client, r#"{service_name="payment"} | json | number > 95"#, "").await),
        [96, 98]
    );
}

#[tokio::test]
async fn labels_are_told_apart_where_that_is_asked_for() {
    let (store, _directory) = filled(true, &records()).await;
    let client = Client::new(store);
    let uri = format!(
        "/loki/api/v1/query_range?limit=1&query={}",
        encoded(r#"{service_name="cart"} | json path | line_format "{{.path}}" | drop severity_number"#)
    );
    let (_, body) = client.bytes(&uri, ("X-Loki-Response-Encoding-Flags", "categorize-labels")).await;
    let data = serde_json::from_slice::<Value>(&body).unwrap()["data"].take();
    assert_eq!(data["encodingFlags"], json!(["categorize-labels"]));
    assert_eq!(
        data["result"],
        json!([{
            "stream": { "service_name": "cart" },
            "values": [[(NOW - 60 * SECOND + 9_900_000_000).to_string(), "/p0", {
                "structuredMetadata": { "host_name": "h", "order_id": "5099", "detected_level": "info" },
                "parsed": { "path": "/p0" },
            }]],
        }])
    );
}

#[tokio::test]
async fn samples_of_lines() {
    let (store, _directory) = filled(true, &records()).await;
    let client = Client::new(store);
    let steps = format!("start={}&end={}&step=5", NOW / SECOND - 60, NOW / SECOND - 45);
    let found =
        range(&client, r#"sum by (service_name) (count_over_time({service_name=~".+"}[5s]))"#, &steps).await;
    assert_eq!(found["resultType"], "matrix");
    let first = NOW / SECOND - 60;
    let values = |first_count: &str| json!([[first, first_count], [first + 5, "25"], [first + 10, "25"]]);
    // The first record lies right at the first step, and is of payment; 100 records are over after 10 s.
    let found = found["result"].as_array().unwrap();
    assert_eq!(found[0]["metric"], json!({ "service_name": "cart" }));
    assert_eq!(found[1]["values"], json!([[first, "1"], [first + 5, "25"], [first + 10, "24"]]), "{found:?}");
    assert_eq!(found[0]["values"], json!([[first + 5, "25"], [first + 10, "25"]]), "{:?}", values("0"));
    let at = format!("time={}", NOW / SECOND);
    let instant = async |query: &str| {
        let uri = format!("/loki/api/v1/query?query={}&{at}", encoded(query));
        client.ok(&uri).await["data"]["result"].take()
    };
    let one = |value: &str| json!([{ "metric": {}, "value": [NOW / SECOND, value] }]);
    assert_eq!(
        instant(r#"sum(bytes_over_time({service_name="cart"} |= "\"number\": 7," [5m]))"#).await,
        one("44")
    );
    assert_eq!(
        instant(r#"max(max_over_time({service_name="cart"} | json | unwrap duration(took) [5m]))"#).await,
        one("0.99")
    );
    assert_eq!(instant(r#"sum(rate({service_name="cart"}[100s])) / sum(rate({service_name="cart"} | detected_level="error" [100s]))"#).await, json!([]));
    let by_path =
        instant(r#"topk(1, sum by (path) (count_over_time({service_name=~".+"} | json [5m])))"#).await;
    assert_eq!(by_path, json!([{ "metric": { "path": "/p0" }, "value": [NOW / SECOND, "34"] }]));
}

#[tokio::test]
async fn labels_series_and_volumes() {
    let (store, _directory) = filled(true, &records()).await;
    let client = Client::new(store);
    assert_eq!(
        client.ok("/loki/api/v1/labels").await,
        json!({ "status": "success", "data": ["service_name"] })
    );
    let values = client.ok("/loki/api/v1/label/service_name/values").await;
    assert_eq!(values["data"], json!(["cart", "payment"]));
    let query = encoded(r#"{service_name="cart"}"#);
    let values = client.ok(&format!("/loki/api/v1/label/service_name/values?query={query}")).await;
    assert_eq!(values["data"], json!(["cart"]));
    let series = client.ok(&format!("/loki/api/v1/series?match[]={query}")).await;
    assert_eq!(series["data"], json!([{ "service_name": "cart" }]));
    let series = client.form("/loki/api/v1/series", "match[]=%7Bservice_name%3D%22payment%22%7D").await;
    assert_eq!(series["data"], json!([{ "service_name": "payment" }]));
    let stats = client.ok(&format!("/loki/api/v1/index/stats?query={query}")).await;
    assert_eq!((&stats["streams"], &stats["entries"]), (&json!(1), &json!(50)));
    let volume = client.ok("/loki/api/v1/index/volume?query=%7B%7D&targetLabels=service_name&limit=1").await;
    let result = &volume["data"]["result"];
    assert_eq!(result.as_array().unwrap().len(), 1);
    assert_eq!(result[0]["metric"], json!({ "service_name": "cart" }));
    let bytes: u64 = result[0]["value"][1].as_str().unwrap().parse().unwrap();
    assert_eq!(stats["bytes"], bytes);
    let steps = client.ok(&format!("/loki/api/v1/index/volume_range?query={query}&step=1m")).await;
    assert_eq!(steps["data"]["resultType"], "matrix");
    assert_eq!(steps["data"]["result"][0]["values"][0][1], bytes.to_string());
    let named = client.ok("/loki/api/v1/index/volume?query=%7B%7D&aggregateBy=labels").await;
    assert_eq!(named["data"]["result"][0]["metric"], json!({ "service_name": "" }));
    let detected = client.ok("/loki/api/v1/detected_labels").await;
    assert_eq!(detected, json!({ "detectedLabels": [{ "label": "service_name", "cardinality": 2 }] }));
}

#[tokio::test]
async fn fields_and_patterns() {
    let (store, _directory) = filled(true, &records()).await;
    let client = Client::new(store);
    let query = encoded(r#"{service_name="cart"}"#);
    let fields = client.ok(&format!("/loki/api/v1/detected_fields?query={query}")).await;
    let number =
        fields["fields"].as_array().unwrap().iter().find(|field| field["label"] == "number").unwrap();
    assert_eq!(
        number,
        &json!({
            "label": "number", "type": "int", "cardinality": 50, "parsers": ["json"], "jsonPath": ["number"],
        })
    );
    let values = client.ok(&format!("/loki/api/v1/detected_field/path/values?query={query}")).await;
    assert_eq!(values["values"], json!(["/p0", "/p1", "/p2"]));
    let patterns = client.ok(&format!("/loki/api/v1/patterns?query={query}")).await;
    let counts =
        patterns["data"].as_array().unwrap().iter().flat_map(|one| one["samples"].as_array().unwrap());
    assert_eq!(counts.map(|sample| sample[1].as_u64().unwrap()).sum::<u64>(), 50, "{patterns}");
    // A pattern is a line filter that finds its lines.
    let pattern = patterns["data"][0]["pattern"].as_str().unwrap();
    let found = range(&client, &format!("{{service_name=\"cart\"}} |> `{pattern}`"), "").await;
    let lines = found["result"].as_array().unwrap().iter().map(|one| one["values"].as_array().unwrap().len());
    assert_eq!(lines.sum::<usize>(), 50, "{pattern}");
}

#[tokio::test]
async fn errors_are_text() {
    let (store, _directory) = filled(true, &records()).await;
    let client = Client::new(store);
    let cases = [
        ("query_range?query=%7B", 400, "parse error at line 1, col 2: syntax error: unexpected $end"),
        ("query?query=%7Ba%3D%22b%22%7D", 400, "log queries are not supported as an instant query type"),
        ("query_range?query=%7Ba%3D%22b%22%7D&limit=6000", 400, "max entries limit per query exceeded"),
        ("query_range?query=%7Ba%3D%22b%22%7D&start=20&end=10", 400, "end timestamp must not be before"),
        ("labels?start=x", 400, "invalid start: \"x\" is not Unix seconds"),
        ("query_range?query=vector(1)&step=0", 400, "zero or negative query resolution step"),
    ];
    let nested = format!("query?query={}", "(".repeat(5_000));
    let bomb = encoded(r#"{service_name=~"((a{100}){100}){100}"}"#);
    let (bomb, line_bomb) = (
        format!("query_range?query={bomb}"),
        format!("query_range?query={}", encoded(r#"{a="b"} |~ "(\\w{500}){500}""#)),
    );
    let large = [
        (nested.as_str(), 400, "more than 64 levels of parentheses"),
        (bomb.as_str(), 400, "error parsing regexp"),
        (line_bomb.as_str(), 400, "size limit"),
        ("query_range?query=%7Ba%3D%22b%22%7D&limit=1000000", 400, "(1000000 > 5000)"),
        ("query_range?query=%7Ba%3D%22b%7D", 400, "parse error at line 1, col 4"),
        (
            "query_range?query=vector(1)&start=0&end=4000000000&step=1",
            400,
            "exceeded maximum resolution of 11000",
        ),
    ];
    for (uri, status, text) in cases.into_iter().chain(large) {
        let (found, kind, body) = client.raw(&format!("/loki/api/v1/{uri}")).await;
        assert_eq!((found, kind.as_str()), (status, "text/plain; charset=utf-8"), "{uri}");
        assert!(body.contains(text), "{uri}: {body}");
    }
    let query = encoded(r#"sum_over_time({service_name="cart"} | json | unwrap path [5m])"#);
    let (status, _, body) = client.raw(&format!("/loki/api/v1/query?query={query}&time={}", NOW)).await;
    assert_eq!(status, 400);
    assert!(body.starts_with("pipeline error: 'SampleExtractionErr' for series: '{"), "{body}");
}

#[tokio::test]
async fn an_answer_without_lines_says_why() {
    let (store, _directory) = filled(true, &records()).await;
    let client = Client::new(store);
    let warnings = async |query: &str, more: &str| {
        let uri = format!("/loki/api/v1/query_range?query={}&{more}", encoded(query));
        client.ok(&uri).await["warnings"].take()
    };
    let told = warnings(r#"{servce_name="cart"} | ordr_id="5" | json | nowhere="x""#, "").await;
    assert_eq!(
        told,
        json!([
            "no stream has the label servce_name, did you mean service_name?",
            "no record has the label ordr_id, did you mean order_id?",
        ])
    );
    assert_eq!(warnings(r#"{service_name="cart"} |= "nothing of this""#, "").await, Value::Null);
    let told = warnings(r#"{service_name="cart"}"#, "start=1000&end=2000").await;
    assert_eq!(
        told,
        json!(["there are no lines in the range; the first one after it is of 2026-11-21T03:03:05Z"])
    );
}

#[tokio::test]
async fn what_clients_ask_of_the_server() {
    let (store, _directory) = filled(true, &[]).await;
    let client = Client::new(store);
    assert_eq!(client.ok("/loki/api/v1/status/buildinfo").await["version"], "3.5.0");
    assert_eq!(client.raw("/loki/ready").await.2, "ready\n");
    assert_eq!(client.ok("/loki/api/v1/drilldown-limits").await["limits"]["volume_enabled"], true);
    let query = encoded("{ a = `b` }|=\"c\"");
    let answer = client.ok(&format!("/loki/api/v1/format_query?query={query}")).await;
    assert_eq!(answer["data"], r#"{a="b"} |= "c""#);
}
