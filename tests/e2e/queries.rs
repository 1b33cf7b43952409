//! The queries that run, and an end to one that hurts.

use crate::harness::server::Settings;
use crate::harness::wait::{ensure, until};
use ocelli_api::queries::{QueriesResponse, QueryRun, QueryState};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(20);
const ENDLESS: &str = "SELECT sum(value) FROM generate_series(1, 1000000000000)";

#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_hurts_is_found_and_ended() {
    let server = Settings::serve().config("query: {timeout_s: 300}").start().await;
    let api = server.api.clone();
    let asked = tokio::spawn(async move { api.answer("/api/sql", &[("query", ENDLESS)]).await });
    let queries = async || server.api.get::<QueriesResponse>("/api/queries", &[]).await;
    let found: QueryRun = until("it takes long", SOON, async || {
        let answer = queries().await;
        let long = answer.running.iter().find(|query| query.elapsed_ms > answer.slow_ms as f64);
        long.cloned().ok_or_else(|| format!("{answer:?}"))
    })
    .await;
    assert_eq!((&*found.request, found.state), ("GET /api/sql", QueryState::Running));
    assert!(found.parameters.contains("generate_series"), "{found:?}");

    let cancel = format!("/api/queries/{}", found.id);
    let (status, body) = server.api.send(Method::DELETE, &cancel, &Value::Null).await;
    assert_eq!((status, &body["state"]), (200, &"cancelled".into()), "{body}");
    let (status, body) = asked.await.unwrap();
    assert_eq!((status, &body["error"]["code"]), (StatusCode::SERVICE_UNAVAILABLE, &"cancelled".into()));
    let message = body["error"]["message"].as_str().unwrap();
    assert!(message.contains("somebody ended it"), "{message}");

    let answer = until("it has ended", SOON, async || {
        let answer = queries().await;
        ensure(answer.running.is_empty(), || format!("{answer:?}")).map(|()| answer)
    })
    .await;
    let slow: Vec<_> = answer.slow.iter().map(|query| (query.id, query.state)).collect();
    assert_eq!(slow, [(found.id, QueryState::Cancelled)]);
    let (status, body) = server.api.send(Method::DELETE, &cancel, &Value::Null).await;
    assert_eq!(status, 404, "{body}");
}
