//! Searches under a name: what was answered for is there after `kill -9`, and what is refused changes nothing.

use crate::harness::postgres::{PASSWORD, Postgres};
use crate::harness::server::{Server, Settings};
use ocelli_api::searches::{SavedSearch, SearchPage, SearchesResponse};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;

async fn send(server: &Server, method: Method, path: &str, body: Value) -> (u16, Value) {
    server.api.send(method, path, &body).await
}

async fn kept(server: &Server) -> Vec<SavedSearch> {
    server.api.get::<SearchesResponse>("/api/searches", &[]).await.searches
}

#[tokio::test(flavor = "multi_thread")]
async fn searches_outlive_a_kill() {
    let mut server = Settings::serve().start().await;
    let asked = |name: &str, page: &str, query: &str| json!({"name": name, "page": page, "query": query});
    let mut expected = Vec::new();
    for (name, page, query) in [
        ("failures", "logs", "q=level:error&from=now-1h"),
        ("slow", "traces", "min_duration=1s"),
        ("fäst", "logs", ""),
    ] {
        let (status, answer) = send(&server, Method::POST, "/api/searches", asked(name, page, query)).await;
        assert_eq!(status, 200, "{answer}");
        expected.push(serde_json::from_value::<SavedSearch>(answer).unwrap());
        server = server.kill().start().await;
    }
    expected.sort_by(|a, b| (a.page, &a.name).cmp(&(b.page, &b.name)));
    assert_eq!(kept(&server).await, expected);
    assert_eq!((expected[0].page, &*expected[0].query), (SearchPage::Logs, "q=level:error&from=now-1h"));

    let path = format!("/api/searches/{}", expected[0].id);
    let (status, changed) = send(&server, Method::PUT, &path, asked("errors", "logs", "q=level:error")).await;
    assert_eq!((status, &changed["name"], &changed["id"]), (200, &json!("errors"), &json!(expected[0].id)));
    let path = format!("/api/searches/{}", expected[2].id);
    assert_eq!(send(&server, Method::DELETE, &path, Value::Null).await.0, 200);
    server = server.kill().start().await;
    let names: Vec<String> = kept(&server).await.into_iter().map(|search| search.name).collect();
    assert_eq!(names, ["errors", "fäst"]);

    let refused = [
        (asked("errors", "logs", ""), 400),
        (asked("a", "nowhere", ""), 400),
        (asked("", "logs", ""), 400),
        (asked("a", "logs", "q=<script> "), 400),
        (json!({"name": "a", "page": "logs", "query": "", "owner": "me"}), 400),
    ];
    for (body, expect) in refused {
        let (status, answer) = send(&server, Method::POST, "/api/searches", body).await;
        assert!(status == expect && answer["error"]["message"].is_string(), "{status} {answer}");
    }
    assert_eq!(send(&server, Method::DELETE, "/api/searches/none", Value::Null).await.0, 404);
    assert_eq!(kept(&server).await.len(), 2);
}

/// Both write at the same time: no search is lost, and a name is of one.
#[tokio::test(flavor = "multi_thread")]
async fn two_servers_on_a_catalog_lose_no_search() {
    const EACH: usize = 12;
    let postgres = Postgres::start().await;
    let catalog = postgres.url();
    let of = |node: &str| {
        let settings = Settings::serve().with(&["--catalog", &catalog, "--node", node]);
        settings.environment(&[("PGPASSWORD", PASSWORD)])
    };
    let (first, second) = (of("one").start().await, of("two").start().await);
    let post = |server, name: String| {
        let body = json!({"name": name, "page": "logs", "query": "q=x"});
        async move { send(server, Method::POST, "/api/searches", body).await.0 }
    };
    let of_server = |server, which: &'static str| async move {
        let (mut own, mut same) = (0, 0);
        for n in 0..EACH {
            own += usize::from(post(server, format!("{which} {n}")).await == 200);
            same += usize::from(post(server, format!("same {n}")).await == 200);
        }
        (own, same)
    };
    let (one, two) = tokio::join!(of_server(&first, "one"), of_server(&second, "two"));
    assert_eq!((one.0, two.0, one.1 + two.1), (EACH, EACH, EACH), "{one:?} {two:?}");
    let (here, there) = (kept(&first).await, kept(&second).await);
    assert_eq!(here, there);
    let names: BTreeSet<&str> = here.iter().map(|search| search.name.as_str()).collect();
    assert_eq!((here.len(), names.len()), (3 * EACH, 3 * EACH));
}
