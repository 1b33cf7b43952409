mod double;

pub(crate) use double::Double;
use double::{routed, summary};

use super::*;
use crate::alerting::samples::NOON_MS;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use ocelli_api::UnixNano;
use ocelli_api::alerts::{AlertState, LabelMatcher, SilenceState};
use serde_json::{Value, json};
use tower::ServiceExt;

struct Client(Router, Arc<Double>);

impl Client {
    fn new() -> Client {
        let double = Arc::new(Double::default());
        let all = endpoints(double.clone());
        let router = all.into_iter().fold(Router::new(), |router, (route, handler)| {
            router.route(route.split_once(' ').unwrap().1, handler)
        });
        Client(router, double)
    }

    async fn send(&self, method: &str, uri: &str, kind: &str, body: &str) -> (u16, Value) {
        let request = Request::builder().method(method).uri(uri).header("content-type", kind);
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let response = self.0.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() })
    }

    async fn get(&self, uri: &str) -> (u16, Value) {
        self.send("GET", uri, "", "").await
    }

    async fn post(&self, uri: &str, body: Value) -> (u16, Value) {
        self.send("POST", uri, "application/json", &body.to_string()).await
    }

    /// The values of a label, by the answer's order.
    async fn instances(&self, uri: &str) -> Vec<String> {
        let (status, body) = self.get(uri).await;
        assert_eq!(status, 200, "{uri}: {body}");
        let alerts = body.as_array().or(body["alerts"].as_array()).unwrap();
        alerts.iter().map(|alert| alert["labels"]["instance"].as_str().unwrap().to_owned()).collect()
    }
}

const V2: &str = "/alertmanager/api/v2";

#[tokio::test]
async fn alerts_by_urgency_and_filtered() {
    let client = Client::new();
    assert_eq!(client.instances("/api/alerts").await, ["b", "a", "c", "d"]);
    assert_eq!(client.instances("/api/alerts?state=pending&state=resolved").await, ["c", "d"]);
    assert_eq!(
        client.instances("/api/alerts?filter=instance%3D~%22a|b%22&filter=instance!%3Da").await,
        ["b"]
    );
    assert!(client.instances("/api/alerts?receiver=other").await.is_empty());
    let (status, body) = client.get("/api/alerts?filter=%3D").await;
    assert_eq!((status, &body["error"]["parameter"]), (400, &"filter".into()));
    assert_eq!(client.get("/api/alerts?state=bad").await.0, 400);
}

#[tokio::test]
async fn one_alert_and_history() {
    let client = Client::new();
    let fingerprint = summary("a", AlertState::Firing, 9).fingerprint;
    let (status, body) = client.get(&format!("/api/alerts/{fingerprint}")).await;
    assert_eq!((status, &body["alert"]["labels"]["instance"]), (200, &"a".into()));
    assert_eq!(client.get("/api/alerts/0000000000000000").await.0, 404);
    assert_eq!(client.get("/api/alerts/x").await.0, 400);
    assert_eq!(client.get("/api/alerts/history?limit=1").await.1["truncated"], true);
    assert_eq!(client.get("/api/alerts/history?from=bad").await.1["error"]["parameter"], "from");
}

#[tokio::test]
async fn silences_of_the_native_api() {
    let client = Client::new();
    let matchers = json!([{ "name": "instance", "value": "a|c|d", "is_regex": true }]);
    let (_, preview) = client.post("/api/silences/preview", json!({ "matchers": matchers })).await;
    assert_eq!((&preview["hidden"], &preview["total"]), (&2.into(), &3.into()));
    let none = client.post("/api/silences/preview", json!({ "matchers": [] })).await.1;
    assert_eq!(none["hidden"], 0);
    let silence = json!({ "matchers": matchers, "ends_at": "9", "created_by": "ada", "comment": "x" });
    let (status, made) = client.post("/api/silences", silence).await;
    assert_eq!((status, &made["matchers"][0]["is_equal"]), (200, &true.into()));
    let path = format!("/api/silences/{}", made["id"].as_str().unwrap());
    assert_eq!(client.get(&path).await, (200, made));
    assert_eq!(client.send("DELETE", &path, "", "").await.1["state"], "expired");
    assert_eq!(client.get("/api/silences").await.1["silences"][0]["state"], "expired");
    assert_eq!(client.get("/api/silences/none").await.0, 404);
    let wrong = json!([{ "name": "a", "value": "(", "is_regex": true }]);
    let (status, body) = client.post("/api/silences/preview", json!({ "matchers": wrong })).await;
    assert_eq!((status, &body["error"]["parameter"]), (400, &"matchers".into()));
}

#[tokio::test]
async fn nothing_changes_by_a_form_of_another_site() {
    let client = Client::new();
    for uri in ["/api/receivers/x/test", "/api/outbox/early/resend", "/api/silences"] {
        let (status, body) = client.send("POST", uri, "text/plain", "{}").await;
        assert_eq!((status, &body["error"]["parameter"]), (400, &"Content-Type".into()), "{uri}");
    }
    let (status, body) = client.send("POST", &format!("{V2}/alerts"), "text/plain", "[]").await;
    assert_eq!((status, body), (400, "Content-Type: must be application/json".into()));
}

#[tokio::test]
async fn an_alert_is_acknowledged_with_those_that_are_told_together() {
    let client = Client::new();
    let path = "/api/alerts/0123456789abcdef/acknowledgement";
    let (status, all) = client.post(path, json!({ "by": "ada" })).await;
    assert_eq!((status, all["alerts"].as_array().unwrap().len()), (200, 2));
    let alone = client.post(path, json!({ "by": "ada", "note": "x", "until": "9", "together": false })).await;
    assert_eq!(alone, (200, json!({ "alerts": [] })));
    let freed = client.send("DELETE", path, "", "").await;
    assert_eq!(freed, (200, json!({ "alerts": ["0123456789abcdef"] })));
    let (status, wrong) = client.post("/api/alerts/x/acknowledgement", json!({ "by": "ada" })).await;
    assert_eq!((status, &wrong["error"]["parameter"]), (400, &"fingerprint".into()));
    assert_eq!(client.post(path, json!({ "note": "by nobody" })).await.0, 400);
    assert_eq!(client.send("POST", path, "text/plain", "{}").await.0, 400);
}

#[tokio::test]
async fn receivers_outbox_and_previews() {
    let client = Client::new();
    assert_eq!(client.get("/api/receivers").await.1["receivers"][0]["integrations"][0]["kind"], "slack");
    assert_eq!(client.post("/api/receivers/x/test", json!({})).await.1["results"][0]["kind"], "x");
    let outbox = client.get("/api/outbox").await.1;
    assert_eq!(
        (&outbox["messages"][0]["id"], &outbox["messages"][1]["id"]),
        (&"early".into(), &"late".into())
    );
    assert_eq!(client.post("/api/outbox/early/resend", json!({})).await.1["id"], "early");
    assert_eq!(client.send("DELETE", "/api/outbox/early", "", "").await, (200, json!({})));
    assert_eq!(client.send("DELETE", "/api/outbox/none", "", "").await.0, 404);
    let rule = json!({ "expression": "up == 0", "for": "5m", "labels": { "severity": "page" } });
    assert_eq!(client.post("/api/rules/preview", rule).await.1["episodes"][0]["labels"]["severity"], "page");
    let (_, wrong) = client.post("/api/rules/preview", json!({ "expression": " " })).await;
    assert_eq!(wrong["error"]["parameter"], "expression");
}

#[tokio::test]
async fn alerts_as_alertmanager_tells_them() {
    let client = Client::new();
    let (_, body) = client.get(&format!("{V2}/alerts?filter=instance%3Da")).await;
    let fingerprint = routed("a", &[]).alert.fingerprint().to_string();
    let expected = json!([{
        "annotations": { "summary": "down" },
        "endsAt": "2026-11-26T12:05:00Z",
        "fingerprint": fingerprint,
        "receivers": [{ "name": "team-shop" }],
        "startsAt": "2026-11-26T11:55:00Z",
        "status": { "inhibitedBy": [], "mutedBy": [], "silencedBy": [], "state": "active" },
        "updatedAt": "2026-11-26T12:00:00Z",
        "generatorURL": "https://ocelli.example/explore?query=errors",
        "labels": { "alertname": "Down", "instance": "a" },
    }]);
    assert_eq!(body, expected);
    assert_eq!(client.instances(&format!("{V2}/alerts?silenced=false")).await, ["a"]);
    assert_eq!(client.instances(&format!("{V2}/alerts?active=false")).await, ["b"]);
    assert!(client.instances(&format!("{V2}/alerts?receiver=team")).await.is_empty());
    assert_eq!(client.instances(&format!("{V2}/alerts?receiver=team-.*")).await.len(), 2);
    let (_, groups) = client.get(&format!("{V2}/alerts/groups?silenced=false")).await;
    assert_eq!(groups[0]["receiver"], json!({ "name": "team-shop" }));
    assert_eq!(groups[0]["labels"], json!({ "alertname": "Down" }));
    assert_eq!((groups[0]["alerts"].as_array().unwrap().len(), groups.as_array().unwrap().len()), (1, 1));
    let (status, wrong) = client.get(&format!("{V2}/alerts?filter=%3D")).await;
    assert!(status == 400 && wrong.as_str().unwrap().starts_with("filter: bad matcher"), "{wrong}");
}

#[tokio::test]
async fn status_and_receivers_as_alertmanager_tells_them() {
    let client = Client::new();
    let (_, status) = client.get(&format!("{V2}/status")).await;
    assert_eq!(status["config"]["original"], "route:\n  receiver: team-shop\n");
    assert_eq!(
        (&status["cluster"]["status"], &status["uptime"]),
        (&"disabled".into(), &"2026-11-26T11:59:59Z".into())
    );
    assert_eq!(client.get(&format!("{V2}/receivers")).await.1, json!([{ "name": "team-shop" }]));
}

#[tokio::test]
async fn an_external_prometheus_sends_alerts() {
    let client = Client::new();
    let zero = "0001-01-01T00:00:00Z";
    let sent = json!([
        { "labels": { "alertname": "A", "empty": "" }, "startsAt": zero, "endsAt": zero },
        { "labels": { "alertname": "B" }, "endsAt": "2026-11-26T11:00:00+01:00", "generatorURL": "http://p/graph" },
        { "labels": {} },
        { "labels": { "alertname": "C" }, "startsAt": "2026-11-26T12:00:00Z", "endsAt": "2026-11-26T11:00:00Z" },
    ]);
    let (status, body) = client.post(&format!("{V2}/alerts"), sent).await;
    let wrong = "alerts: at least one label pair required\nC: start time must be before end time";
    assert_eq!((status, body), (400, wrong.into()));
    let received = client.1.received.lock().unwrap();
    let [a, b] = &received[..] else { panic!("{received:?}") };
    assert_eq!((a.labels.len(), a.starts_at_ms, a.ends_at_ms), (1, NOON_MS, Some(NOON_MS + 300_000)));
    let ten = NOON_MS - 2 * 3_600_000;
    assert_eq!((b.starts_at_ms, b.ends_at_ms, &*b.generator_url), (ten, Some(ten), "http://p/graph"));
}

#[tokio::test]
async fn silences_of_amtool() {
    let client = Client::new();
    let uri = format!("{V2}/silences");
    let sent = json!({
        "matchers": [{ "name": "instance", "value": "a", "isRegex": false }],
        "startsAt": "2026-11-26T12:00:00.000Z",
        "endsAt": "2026-11-26T13:00:00.000Z",
        "createdBy": "ada",
        "comment": "upgrade",
    });
    assert_eq!(client.post(&uri, sent).await, (200, json!({ "silenceID": "0" })));
    let expected = json!({
        "id": "0",
        "status": { "state": "active" },
        "updatedAt": "2026-11-26T12:00:00Z",
        "annotations": {},
        "comment": "upgrade",
        "createdBy": "ada",
        "endsAt": "2026-11-26T13:00:00Z",
        "matchers": [{ "isEqual": true, "isRegex": false, "name": "instance", "value": "a" }],
        "startsAt": "2026-11-26T12:00:00Z",
    });
    assert_eq!(client.get(&uri).await.1, json!([expected]));
    assert_eq!(client.get(&format!("{uri}?filter=instance%3Da")).await.1, json!([expected]));
    assert_eq!(client.get(&format!("{uri}?filter=instance!%3Da")).await.1, json!([]));
    assert_eq!(client.get(&format!("{V2}/silence/0")).await.1, expected);
    assert_eq!(client.send("DELETE", &format!("{V2}/silence/0"), "", "").await, (200, Value::Null));
    assert_eq!(client.get(&format!("{uri}?expired=false")).await.1, json!([]));
    assert_eq!(client.get(&format!("{V2}/silence/none")).await, (404, "there is no silence none".into()));
    let (status, wrong) = client.post(&uri, json!({ "matchers": [] })).await;
    assert!(status == 400 && wrong.is_string(), "{wrong}");
}

#[test]
fn silences_are_in_alertmanagers_order() {
    let silence = |id: &str, state, starts, ends| Silence {
        id: id.to_owned(),
        state,
        matchers: vec![LabelMatcher::default()],
        starts_at: UnixNano(starts),
        ends_at: UnixNano(ends),
        ..Silence::default()
    };
    let (active, pending, expired) = (SilenceState::Active, SilenceState::Pending, SilenceState::Expired);
    let all = vec![
        silence("e1", expired, 0, 1),
        silence("p9", pending, 9, 10),
        silence("a9", active, 0, 9),
        silence("e2", expired, 0, 2),
        silence("p5", pending, 5, 20),
        silence("a5", active, 1, 5),
    ];
    let ids: Vec<String> = silences::sorted(all).into_iter().map(|silence| silence.id).collect();
    assert_eq!(ids, ["a5", "a9", "p5", "p9", "e2", "e1"]);
}
