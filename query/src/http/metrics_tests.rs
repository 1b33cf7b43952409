use crate::http::testing::Client;
use crate::metrics::fixture::store;
use serde_json::json;

#[tokio::test]
async fn the_list_has_both_names() {
    for flushed in [false, true] {
        let (store, _directory) = store(flushed).await;
        let body = Client::new(store).ok("/api/metrics").await;
        let metrics = body["metrics"].as_array().unwrap();
        assert_eq!(metrics.len(), 8, "{body}");
        let mut found = metrics.iter().find(|metric| metric["name"] == "requests").unwrap().clone();
        assert!(found["bytes"].take().as_u64().unwrap() > 10);
        let expect = json!({
            "name": "requests", "prometheus_name": "requests_total", "kind": "sum", "unit": "{request}",
            "description": "about requests", "series": 1, "points": 1, "bytes": null,
        });
        assert_eq!(found, expect);
    }
}

#[tokio::test]
async fn cardinality_tells_what_labels_and_values_cost() {
    for flushed in [false, true] {
        let (store, _directory) = store(flushed).await;
        let client = Client::new(store);
        let body = client.ok("/api/metrics/cardinality").await;
        let total: u64 = client.ok("/api/metrics").await["metrics"]
            .as_array()
            .unwrap()
            .iter()
            .map(|metric| metric["series"].as_u64().unwrap())
            .sum();
        assert_eq!(body["total"]["series"], total, "{body}");
        let body = client.ok("/api/metrics/cardinality?match=%7Bjob%3D%22probe%22%7D").await;
        assert_eq!(body["total"]["series"], 4);
        let told = |list: &str| -> Vec<_> {
            let all = body[list].as_array().unwrap().iter();
            all.map(|of| (of["name"].clone(), of["value"].clone(), of["cost"]["points"].clone())).collect()
        };
        let labels = [json!("job"), json!("k")].map(|name| (name, json!(null), json!(4)));
        assert_eq!(told("labels"), labels);
        let pairs = [("job", "probe"), ("k", "v")].map(|(name, value)| (json!(name), json!(value), json!(4)));
        assert_eq!(told("pairs"), pairs);
        let body = client.ok("/api/metrics/cardinality?match=%7Bjob%3D%22probe%22%7D&limit=1").await;
        assert_eq!(
            (body["labels"].as_array().unwrap().len(), body["pairs"].as_array().unwrap().len()),
            (1, 1)
        );
        client.error("/api/metrics/cardinality?match=%7Bjob%3D", 400).await;
    }
}

#[tokio::test]
async fn points_come_back_as_they_were_sent() {
    for flushed in [false, true] {
        let (store, _directory) = store(flushed).await;
        let client = Client::new(store);
        let body = client.ok("/api/metrics/points?name=requests").await;
        let point = &body["series"][0]["points"][0];
        assert_eq!(point["value"], json!({"asInt": "9223372036854775807"}));
        assert_eq!(point["time"], "1795230235000000000");
        let body = client.ok("/api/metrics/points?name=wait").await;
        let expect = json!({
            "count": "6", "sum": 7.5, "bucketCounts": ["1", "2", "3"], "explicitBounds": [0.5, 1.0],
        });
        assert_eq!(body["series"][0]["points"][0]["value"], expect);
        assert_eq!(body["series"][0]["attributes"][0], json!({"key": "k", "value": {"stringValue": "v"}}));
        let body = client.ok("/api/metrics/points?name=traces.span.metrics.duration").await;
        let last = body["series"][0]["points"].as_array().unwrap().last().unwrap();
        assert_eq!(last["exemplars"][0]["trace_id"], "01".repeat(16));
        assert_eq!(last["value"]["scale"], 1);
    }
}

#[tokio::test]
async fn wrong_parameters_are_named() {
    let (store, _directory) = store(false).await;
    let client = Client::new(store);
    assert_eq!(client.error("/api/metrics/points", 400).await["parameter"], "name");
    assert_eq!(client.error("/api/metrics?from=soon", 400).await["parameter"], "from");
}
