use super::super::testing::{Client, NOW};
use crate::logs::fixture::{self, Record, Value, filled};
use serde_json::json;

fn records() -> Vec<Record> {
    let record = |number: i64| Record {
        time: NOW - 60_000_000_000 + number * 1_000_000,
        severity: if number % 10 == 0 { 17 } else { 9 },
        body: format!("card {number} declined"),
        service: "payment".to_owned(),
        host: "h".to_owned(),
        attributes: vec![("order_id".to_owned(), Value::Int(5_000 + number))],
        trace_id: (number % 2 == 0).then_some([0xab; 16]),
    };
    (0..100).map(record).collect()
}

#[tokio::test]
async fn a_record_comes_back_with_its_types() {
    let (store, _directory) = filled(true, &records()).await;
    let client = Client::new(store);
    let body = client.ok("/api/logs?q=order_id:5040+%22card+40%22").await;
    let record = &body["records"][0];
    assert_eq!(body["records"].as_array().unwrap().len(), 1);
    assert_eq!(record["body"], json!({"stringValue": "card 40 declined"}));
    assert_eq!(record["attributes"], json!([{"key": "order_id", "value": {"intValue": "5040"}}]));
    assert_eq!(record["service"], "payment");
    assert_eq!(record["severity_number"], 17);
    assert_eq!(record["trace_id"], "ab".repeat(16));
    assert_eq!(record["time"], (NOW - 60_000_000_000 + 40_000_000).to_string());
    assert_eq!(record["resource"]["schema_url"], "https://schema/1");
    assert!(body.get("next_cursor").is_none());
}

#[tokio::test]
async fn pages_and_histogram() {
    let (store, _directory) = filled(true, &records()).await;
    let client = Client::new(store);
    let first = client.ok("/api/logs?q=level:error&limit=7").await;
    assert_eq!(first["records"][0]["body_text"], "card 90 declined");
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = client.ok(&format!("/api/logs?q=level:error&limit=7&cursor={cursor}")).await;
    assert_eq!(rest["records"].as_array().unwrap().len(), 3);
    assert!(rest.get("next_cursor").is_none());
    let counts = client.ok("/api/logs/histogram?from=now-2m&buckets=120").await;
    assert_eq!(counts["total"], 100);
    assert_eq!(counts["step_ms"], 1_000);
    assert_eq!(counts["start_ms"].as_i64().unwrap() % 1_000, 0);
    let errors = counts["series"].as_array().unwrap().iter().find(|series| series["severity"] == "error");
    let errors: u64 = errors.unwrap()["counts"].as_array().unwrap().iter().filter_map(|n| n.as_u64()).sum();
    assert_eq!(errors, 10);
}

#[tokio::test]
async fn mistakes_are_400_with_place_and_parameter() {
    let (store, _directory) = fixture::store(true).await;
    let client = Client::new(store);
    let error = client.error("/api/logs?q=level:error+(card", 400).await;
    assert_eq!((&error["code"], &error["offset"]), (&json!("bad_query"), &json!(12)));
    assert!(error["message"].as_str().unwrap().contains("parenthesis that opens here is not closed"));
    for (query, parameter) in [
        ("limit=10001", "limit"),
        ("limit=x", "limit"),
        ("cursor=x", "cursor"),
        ("from=yesterday", "from"),
        ("from=now&to=now-1h", "from"),
    ] {
        let error = client.error(&format!("/api/logs?{query}"), 400).await;
        assert_eq!(error["parameter"], parameter, "{query}: {error}");
    }
    let error = client.error("/api/logs/histogram?buckets=501", 400).await;
    assert_eq!(error["message"], "buckets: '501' is not a number from 1 to 500");
    let empty = client.ok("/api/logs").await;
    assert_eq!(empty["records"], json!([]));
}
