use crate::http::testing::Client;
use crate::metrics::fixture::store;
use ocelli_api::services::{GraphEdge, Red};
use serde_json::Value;

fn close(value: &Value, expect: f64) -> bool {
    value.as_f64().is_some_and(|value| (value - expect).abs() < 1e-9 * expect.abs().max(1.0))
}

#[tokio::test]
async fn the_list_counts_entry_points() {
    for flushed in [false, true] {
        let (store, _directory) = store(flushed).await;
        let body = Client::new(store).ok("/api/services?from=now-5m&to=now").await;
        let names: Vec<_> = body["services"].as_array().unwrap().iter().map(|s| s["name"].clone()).collect();
        assert_eq!(names, ["bank", "shop"]);
        // 24 emissions of ten good calls, six of ten failed ones; the client's calls don't count.
        let shop = &body["services"][1];
        assert!(close(&shop["red"]["calls"], 300.0) && close(&shop["red"]["rate"], 2.5), "{}", shop["red"]);
        assert!(close(&shop["red"]["error_ratio"], 0.2), "{}", shop["red"]);
        // A service without server spans counts all it has.
        let bank = &body["services"][0];
        assert!(close(&bank["red"]["calls"], 240.0) && close(&bank["red"]["rate"], 2.0), "{}", bank["red"]);
    }
}

#[tokio::test]
async fn a_fault_shows_in_the_last_steps() {
    let (store, _directory) = store(false).await;
    let body = Client::new(store).ok("/api/services?from=now-5m&to=now").await;
    let series = &body["services"][1]["series"];
    let ratios = series["error_ratio"].as_array().unwrap();
    let (last, before) = (&ratios[ratios.len() - 1], &ratios[ratios.len() - 12]);
    assert!(close(last, 0.5) && close(before, 0.0), "{series}");
    // Nothing was seen before the service began.
    assert_eq!(
        (&ratios[0], &series["rate"][0], &series["p95_ms"][0]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    let p50 = series["p50_ms"][ratios.len() - 1].as_f64().unwrap();
    assert!((88.0..125.0).contains(&p50), "{p50}");
}

#[tokio::test]
async fn a_service_has_operations_neighbours_and_exemplars() {
    let (store, _directory) = store(true).await;
    let client = Client::new(store);
    let body = client.ok("/api/services/shop?from=now-5m&to=now").await;
    let operations = body["operations"].as_array().unwrap();
    assert_eq!(
        (operations[0]["name"].as_str(), operations[0]["kind"].as_str()),
        (Some("GET /"), Some("server"))
    );
    assert!(close(&operations[0]["red"]["calls"], 300.0) && close(&operations[1]["red"]["calls"], 240.0));
    let callee = &body["callees"][0];
    assert_eq!((callee["name"].as_str(), callee["connection_type"].as_str()), (Some("bank"), Some("")));
    assert!(close(&callee["red"]["calls"], 240.0) && callee["red"]["p95_ms"].is_f64(), "{callee}");
    assert_eq!(body["callers"].as_array().unwrap().len(), 0);
    let exemplars = body["exemplars"].as_array().unwrap();
    assert!(
        !exemplars.is_empty() && exemplars.iter().any(|exemplar| exemplar["error"] == true),
        "{exemplars:?}"
    );
    let bank = client.ok("/api/services/bank?from=now-5m&to=now").await;
    assert_eq!(bank["callers"][0]["name"], "shop");
    let nobody = client.ok("/api/services/nobody").await;
    assert!(close(&nobody["red"]["calls"], 0.0) && nobody["red"]["p50_ms"].is_null());
}

#[test]
fn counts_of_the_graph_are_whole() {
    let edge = |client: &str, server: &str, connection_type: &str| GraphEdge {
        client: client.to_owned(),
        server: server.to_owned(),
        connection_type: connection_type.to_owned(),
        // Of 49 calls one failed, and 49 · (1 / 49) is not 1.
        red: Red { calls: 49.0, errors: 1.0, error_ratio: Some(1.0 / 49.0), ..Red::default() },
    };
    let edges = [edge("a", "b", ""), edge("c", "b", "virtual_node"), edge("b", "orders", "database")];
    let nodes = super::nodes(&edges);
    let found: Vec<_> =
        nodes.iter().map(|node| (&*node.name, node.calls, node.errors, &*node.kind)).collect();
    let expect =
        [("a", 0.0, 0.0, ""), ("b", 98.0, 2.0, ""), ("c", 0.0, 0.0, ""), ("orders", 49.0, 1.0, "database")];
    assert_eq!(found, expect);
}
