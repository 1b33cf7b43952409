//! Dashboards of the running server: kept when answered, never overwritten unseen, and refused with the field that
//! is wrong.

use crate::harness::server::{Server, Settings};
use ocelli_api::dashboards::{Dashboard, DashboardsResponse, GrafanaImportResponse};
use reqwest::Method;
use serde_json::{Value, json};

/// Status and body of a request with a body.
async fn send(server: &Server, method: Method, path: &str, body: &Value) -> (u16, Value) {
    server.api.send(method, path, body).await
}

async fn create(server: &Server, body: Value) -> Dashboard {
    let (status, answer) = send(server, Method::POST, "/api/dashboards", &body).await;
    assert_eq!(status, 200, "{answer}");
    serde_json::from_value(answer).unwrap()
}

async fn list(server: &Server, parameters: &[(&str, &str)]) -> Vec<String> {
    let found: DashboardsResponse = server.api.get("/api/dashboards", parameters).await;
    found.dashboards.into_iter().map(|one| one.id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_answered_is_kept() {
    let server = Settings::serve().start().await;
    let up = json!({ "title": "Shop: Überblick", "tags": ["shop"], "panels": [{ "title": "Up", "queries": [{ "expr": "up" }] }] });
    let first = create(&server, up.clone()).await;
    assert_eq!((first.id.as_str(), first.revision), ("shop-berblick", 1));
    let server = server.kill().start().await;
    let kept: Dashboard = server.api.get("/api/dashboards/shop-berblick", &[]).await;
    assert_eq!(kept, first);

    let changed = json!(Dashboard { title: "Shop".to_owned(), ..kept.clone() });
    let (status, answer) = send(&server, Method::PUT, "/api/dashboards/shop-berblick", &changed).await;
    assert_eq!((status, &answer["revision"]), (200, &json!(2)), "{answer}");
    let server = server.kill().start().await;
    // Who has not seen the second revision does not overwrite it.
    let (status, answer) = send(&server, Method::PUT, "/api/dashboards/shop-berblick", &changed).await;
    assert_eq!(
        (status, &answer["error"]["code"], &answer["error"]["revision"]),
        (409, &json!("conflict"), &json!(2))
    );
    let (status, _) =
        send(&server, Method::DELETE, "/api/dashboards/shop-berblick?revision=1", &json!({})).await;
    assert_eq!(status, 409);

    // What GET gives is what POST takes: under its own id where that is free, never over another one.
    let export: Value = server.api.get("/api/dashboards/shop-berblick", &[]).await;
    assert_eq!(send(&server, Method::POST, "/api/dashboards", &export).await.0, 409);
    let (status, _) = send(&server, Method::DELETE, "/api/dashboards/shop-berblick", &json!({})).await;
    assert_eq!(status, 200);
    let server = server.kill().start().await;
    assert!(list(&server, &[]).await.is_empty());
    let again = create(&server, export).await;
    assert_eq!((again.id.as_str(), again.revision, again.title.as_str()), ("shop-berblick", 1, "Shop"));

    let second = create(&server, up).await;
    assert_eq!(second.id, "shop-berblick-2");
    create(&server, json!({ "title": "Nodes", "description": "machines", "tags": ["linux", "a&b=c"] })).await;
    assert_eq!(list(&server, &[]).await, ["nodes", "shop-berblick", "shop-berblick-2"]);
    assert_eq!(list(&server, &[("search", "MACHINES node")]).await, ["nodes"]);
    assert_eq!(list(&server, &[("tag", "shop")]).await, ["shop-berblick", "shop-berblick-2"]);
    assert_eq!(list(&server, &[("tag", "linux"), ("tag", "a&b=c")]).await, ["nodes"]);
}

/// Of many who change the same revision at the same time one wins.
#[tokio::test(flavor = "multi_thread")]
async fn one_of_many_wins() {
    let server = Settings::serve().start().await;
    let first = json!(create(&server, json!({ "title": "A" })).await);
    let all = (0..8).map(|_| send(&server, Method::PUT, "/api/dashboards/a", &first));
    let answers = futures::future::join_all(all).await;
    let count = |wanted: u16| answers.iter().filter(|(status, _)| *status == wanted).count();
    assert_eq!((count(200), count(409)), (1, 7), "{answers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_is_told_with_its_field() {
    let server = Settings::serve().start().await;
    let check = async |body: Value, field: &str, part: &str| {
        let (status, answer) = send(&server, Method::POST, "/api/dashboards", &body).await;
        assert_eq!(status, 400, "{body}: {answer}");
        assert_eq!(answer["error"]["parameter"], field, "{answer}");
        assert!(answer["error"]["message"].as_str().unwrap().contains(part), "{answer}");
    };
    check(json!({}), "title", "is missing").await;
    check(json!([1]), "body", "invalid type").await;
    check(json!({ "title": "A", "pannels": [] }), "body", "unknown field `pannels`").await;
    check(json!({ "title": "A", "id": "../x" }), "id", "lower-case letters").await;
    let broken =
        json!({ "title": "A", "panels": [{}, { "queries": [{ "expr": "up" }, { "expr": "sum(up" }] }] });
    check(broken, "panels[1].queries[1].expr", "unclosed left parenthesis").await;
    let plain = reqwest::Client::new().post(server.api.url("/api/dashboards")).body("{\"title\":\"A\"}");
    assert_eq!(plain.send().await.unwrap().status(), 400, "a form of another site can't send JSON");
    for id in ["%00", "..%2F..%2Fetc", "%FF", "%3Cscript%3E", &"a".repeat(5_000)] {
        let path = format!("/api/dashboards/{id}");
        let (status, _) = server.api.answer(&path, &[]).await;
        assert!(matches!(status.as_u16(), 400 | 404), "{id}: {status}");
        for method in [Method::PUT, Method::DELETE] {
            let (status, answer) = send(&server, method, &path, &json!({ "title": "A" })).await;
            assert!(matches!(status, 400 | 404), "{id}: {status} {answer}");
        }
    }
    assert!(list(&server, &[]).await.is_empty(), "nothing of that was kept");
    let hostile =
        create(&server, json!({ "title": "</script><b>'\"; DROP TABLE storage_records; --" })).await;
    assert_eq!(hostile.id, "script-b-drop-table-storage-records");
    let kept: Dashboard = server.api.get(&format!("/api/dashboards/{}", hostile.id), &[]).await;
    assert_eq!(kept, hostile);
}

#[tokio::test(flavor = "multi_thread")]
async fn dashboards_of_grafana_are_taken_over() {
    let server = Settings::serve().start().await;
    let grafana = json!({ "dashboard": { "title": "Nodes", "panels": [
        { "type": "timeseries", "title": "CPU", "gridPos": { "x": 0, "y": 0, "w": 24, "h": 8 },
          "targets": [{ "refId": "A", "expr": "rate(node_cpu_seconds_total[$__rate_interval])" }] },
        { "type": "geomap", "title": "World" },
    ] } });
    let path = "/api/dashboards/import/grafana";
    let (status, preview) = send(&server, Method::POST, &format!("{path}?dry_run=true"), &grafana).await;
    let preview: GrafanaImportResponse = serde_json::from_value(preview).unwrap();
    assert_eq!((status, preview.saved, preview.dashboard.panels.len()), (200, false, 1));
    assert_eq!((preview.left_out.len(), preview.left_out[0].place.as_str()), (1, "World"));
    assert!(list(&server, &[]).await.is_empty());
    let (_, saved) = send(&server, Method::POST, path, &grafana).await;
    assert_eq!((&saved["saved"], &saved["dashboard"]["id"]), (&json!(true), &json!("nodes")), "{saved}");
    let server = server.kill().start().await;
    assert_eq!(list(&server, &[]).await, ["nodes"]);
    let (status, answer) = send(&server, Method::POST, path, &json!({ "title": "x" })).await;
    assert_eq!((status, &answer["error"]["parameter"]), (400, &json!("body")));
}
