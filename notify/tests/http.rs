//! Deliveries over HTTP to real sockets, most of which misbehave.

#![allow(clippy::unwrap_used)]

mod support;

use ocelli_notify::limits::ANSWER_BYTES;
use ocelli_notify::{AnswerRules, Guard, HttpTarget, Mail, Notifier, Parcel, Target, Verdict};
use std::time::{Duration, Instant};
use support::web::{Behaviour, Web, status};
use support::{Names, authority, delivered, notifier, refused, retried};

fn target(url: &str, rules: AnswerRules) -> HttpTarget {
    HttpTarget::new(url, rules).unwrap().with_timeout(Duration::from_secs(5))
}

async fn send(web: &Web, rules: AnswerRules) -> Verdict {
    let target = Target::Http(target(&web.url(), rules));
    notifier().send(&target, &Parcel::json("id 1", r#"{"text":"hello"}"#)).await
}

async fn answered(rules: AnswerRules, line: &str, headers: &str, body: &str) -> Verdict {
    send(&Web::start(status(line, headers, body)).await, rules).await
}

#[tokio::test]
async fn the_request_is_as_it_should_be() {
    let web = Web::start(status("200 OK", "", "ok")).await;
    let target = target(&web.url(), AnswerRules::Slack).with_bearer(&"tokentoken".into()).unwrap();
    let target = Target::Http(target.with_header("X-Team", "platform").unwrap());
    let sent = notifier().send(&target, &Parcel::json("id 1", r#"{"text":"hello"}"#)).await;
    assert_eq!(delivered(sent), "200 OK");
    let (head, body) = web.seen().requests.pop().unwrap();
    assert_eq!(body, r#"{"text":"hello"}"#);
    let mut lines = head.trim_end().split("\r\n");
    assert_eq!(lines.next(), Some("POST /services/secretsecret?key=keykeykey HTTP/1.1"));
    let host = format!("host: {}", web.address);
    for expected in [
        host.as_str(),
        "content-type: application/json",
        "content-length: 16",
        "connection: close",
        "idempotency-key: id=201",
        "x-ocelli-delivery: id=201",
        "authorization: Bearer tokentoken",
        "x-team: platform",
    ] {
        assert!(head.to_lowercase().contains(&expected.to_lowercase()), "{expected} is missing: {head}");
    }
}

#[tokio::test]
async fn a_secret_of_the_body_is_put_in_on_the_way_out() {
    let web = Web::start(status("202 Accepted", "", "")).await;
    let target =
        target(&web.url(), AnswerRules::PagerDuty).with_body_secret("routing_key", "keykeykey".into());
    let target = Target::Http(target);
    delivered(notifier().send(&target, &Parcel::json("1", r#"{"event_action":"trigger"}"#)).await);
    let (_, body) = web.seen().requests.pop().unwrap();
    assert_eq!(body, r#"{"event_action":"trigger","routing_key":"keykeykey"}"#);
    let why = refused(notifier().send(&target, &Parcel::json("1", "no JSON")).await);
    assert!(why.contains("not a JSON object"), "{why}");
}

#[tokio::test]
async fn answers_become_verdicts() {
    use AnswerRules::{PagerDuty, Slack, Webhook};
    let retry_after = Verdict::Retry { why: String::new(), after: Some(Duration::from_secs(30)) };
    let after = |verdict: Verdict| match verdict {
        Verdict::Retry { after, .. } => Verdict::Retry { why: String::new(), after },
        other => other,
    };
    assert_eq!(after(answered(Slack, "429 Too Many Requests", "Retry-After: 30\r\n", "").await), retry_after);
    let why = retried(answered(Webhook, "500 Internal Server Error", "", "boom").await);
    assert!(
        why.starts_with("http://127.0.0.1:") && why.ends_with(" answers 500 Internal Server Error: boom"),
        "{why}"
    );
    let why = refused(answered(Slack, "400 Bad Request", "", "invalid_payload").await);
    assert!(why.contains("invalid_payload (Slack can't read"), "{why}");
    let invalid =
        r#"{"status":"invalid event","message":"Event object is invalid","errors":["no severity"]}"#;
    let why = refused(answered(PagerDuty, "400 Bad Request", "", invalid).await);
    assert!(why.ends_with("Event object is invalid; no severity"), "{why}");
    let why = refused(answered(Slack, "200 OK", "", "<html>").await);
    assert!(why.ends_with("<html>, where Slack says ok"), "{why}");
    delivered(answered(Webhook, "204 No Content", "", "").await);
}

#[tokio::test]
async fn what_a_receiver_repeats_shows_no_secret() {
    let echo = "no route /services/secretsecret?key=keykeykey, services/secretsecret";
    let why = refused(answered(AnswerRules::Webhook, "404 Not Found", "", echo).await);
    assert!(why.contains("no route") && !why.contains("secretsecret") && !why.contains("keykeykey"), "{why}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let inside = Web::start(status("200 OK", "", "ok")).await;
    let location = format!("Location: http://{}/secretsecret\r\n", inside.address);
    for line in ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let why = refused(answered(AnswerRules::Slack, line, &location, "").await);
        assert!(why.starts_with("redirects are not followed: http://127.0.0.1:"), "{why}");
        assert!(why.ends_with(&format!(" answers {} to 127.0.0.1", &line[..3])), "{why}");
    }
    assert_eq!(inside.seen().connections, 0);
}

#[tokio::test]
async fn an_answer_without_end_is_cut() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 10485760\r\n\r\n".to_owned();
    let web = Web::start(Behaviour::Floods(head)).await;
    let started = Instant::now();
    let why = refused(send(&web, AnswerRules::Slack).await);
    assert!(why.contains("…, where Slack says ok") && why.len() < 600, "{why}");
    assert!(started.elapsed() < Duration::from_secs(4), "it waits for no end");
    // What is written beyond what is read stays in the buffers of the two sockets.
    assert!(web.seen().written_bytes < ANSWER_BYTES + 8 * 1024 * 1024, "{}", web.seen().written_bytes);
    // Where the status says it all, nothing is waited for.
    delivered(send(&web, AnswerRules::Webhook).await);
    let web = Web::start(Behaviour::FloodsHeaders).await;
    retried(send(&web, AnswerRules::Webhook).await);
}

#[tokio::test]
async fn a_receiver_that_hangs_or_drips_costs_the_timeout() {
    let drips = |line: &str| Behaviour::Drips(format!("HTTP/1.1 {line}\r\ncontent-length: 999999\r\n\r\n"));
    for behaviour in [Behaviour::Hangs, drips("200 OK")] {
        let web = Web::start(behaviour).await;
        let started = Instant::now();
        let target = target(&web.url(), AnswerRules::Slack).with_timeout(Duration::from_millis(300));
        let verdict = notifier().send(&Target::Http(target), &Parcel::json("1", "{}")).await;
        assert!(!matches!(verdict, Verdict::Delivered { .. }), "{verdict:?}");
        assert!(started.elapsed() >= Duration::from_millis(300));
        assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    }
    let web = Web::start(Behaviour::Hangs).await;
    let target = target(&web.url(), AnswerRules::Webhook).with_timeout(Duration::from_millis(200));
    let why = retried(notifier().send(&Target::Http(target), &Parcel::json("1", "{}")).await);
    assert!(why.ends_with(": no answer within 200ms"), "{why}");
    // An error keeps its verdict, whatever becomes of its text.
    let web = Web::start(drips("400 Bad Request")).await;
    let why = refused(send(&web, AnswerRules::Webhook).await);
    assert!(why.contains(" answers 400 Bad Request: x"), "{why}");
}

#[tokio::test]
async fn one_that_is_not_there_is_tried_again() {
    let web = Web::start(Behaviour::ClosesAtOnce).await;
    retried(send(&web, AnswerRules::Webhook).await);
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let target = Target::Http(target(&format!("http://{closed}/"), AnswerRules::Webhook));
    let why = retried(notifier().send(&target, &Parcel::json("1", "{}")).await);
    assert!(why.contains("refused"), "{why}");
}

#[tokio::test]
async fn what_does_not_fit_is_not_sent() {
    let web = Web::start(status("200 OK", "", "ok")).await;
    let target = Target::Http(target(&web.url(), AnswerRules::PagerDuty));
    let large = Parcel::json("1", "x".repeat(512_001));
    let why = refused(notifier().send(&target, &large).await);
    assert!(why.contains("512001 bytes"), "{why}");
    let mail = Mail { subject: String::new(), text: String::new(), html: None, headers: Vec::new() };
    refused(notifier().send(&target, &Parcel::mail("1", mail)).await);
    assert_eq!(web.seen().connections, 0);
}

#[tokio::test]
async fn private_addresses_are_refused_before_any_connection() {
    let web = Web::start(status("200 OK", "", "ok")).await;
    let port = web.address.port();
    let closed = Notifier::new(Guard::default());
    for host in ["127.0.0.1", "127.1", "2130706433", "[::ffff:127.0.0.1]", "localhost"] {
        let target =
            Target::Http(target(&format!("http://{host}:{port}/secretsecret"), AnswerRules::Webhook));
        let why = refused(closed.send(&target, &Parcel::json("1", "{}")).await);
        assert!(why.contains("loopback") && why.contains("`alerting.allow_targets: ["), "{host}: {why}");
        assert!(!why.contains("secretsecret"), "{why}");
    }
    let metadata = Target::Http(target("http://169.254.169.254/latest/meta-data", AnswerRules::Webhook));
    refused(notifier().send(&metadata, &Parcel::json("1", "{}")).await);
    let smtp = Target::Http(target("http://127.0.0.1:25/", AnswerRules::Webhook));
    let why = refused(notifier().send(&smtp, &Parcel::json("1", "{}")).await);
    assert!(why.contains("port 25 is not for HTTP"), "{why}");
    assert_eq!(web.seen().connections, 0);
}

#[tokio::test]
async fn one_private_address_of_a_name_refuses_it() {
    let web = Web::start(status("200 OK", "", "ok")).await;
    let names = Names::of(&[("hooks.example", &[&["127.0.0.1", "10.0.0.7"]])]);
    let guarded = notifier().with_resolver(names.clone());
    let url = format!("http://hooks.example:{}/", web.address.port());
    let target = Target::Http(target(&url, AnswerRules::Webhook));
    let why = refused(guarded.send(&target, &Parcel::json("1", "{}")).await);
    assert!(why.starts_with("hooks.example resolves to 10.0.0.7, which is a private address"), "{why}");
    assert_eq!((web.seen().connections, names.asked().len()), (0, 1));
}

#[tokio::test]
async fn a_name_is_looked_up_once_and_may_not_change() {
    let web = Web::start(status("200 OK", "", "ok")).await;
    let names = Names::of(&[("hooks.example", &[&["127.0.0.1"], &["10.0.0.7"]])]);
    let guarded = notifier().with_resolver(names.clone());
    let url = format!("http://hooks.example:{}/", web.address.port());
    let target = Target::Http(target(&url, AnswerRules::Webhook));
    delivered(guarded.send(&target, &Parcel::json("1", "{}")).await);
    assert_eq!(names.asked(), ["hooks.example"], "one look-up, whose addresses were checked");
    let (head, _) = web.seen().requests.pop().unwrap();
    assert!(head.to_lowercase().contains("host: hooks.example:"), "{head}");
    // The name server has changed its mind: the next delivery sees that, and is refused.
    refused(guarded.send(&target, &Parcel::json("2", "{}")).await);
    let unknown = Target::Http(HttpTarget::new("http://nowhere.example/", AnswerRules::Webhook).unwrap());
    let why = retried(guarded.send(&unknown, &Parcel::json("3", "{}")).await);
    assert!(why.contains("nowhere.example can't be resolved: no such name"), "{why}");
}

#[tokio::test]
async fn an_address_that_is_dead_leaves_time_for_the_next() {
    let web = Web::start(status("200 OK", "", "ok")).await;
    // Nothing listens on the first.
    let names = Names::of(&[("hooks.example", &[&["127.0.0.99", "127.0.0.1"]])]);
    let url = format!("http://hooks.example:{}/", web.address.port());
    let target = Target::Http(target(&url, AnswerRules::Webhook));
    delivered(notifier().with_resolver(names).send(&target, &Parcel::json("1", "{}")).await);
}

#[tokio::test]
async fn a_certificate_must_be_good_for_the_name() {
    let (pem, tls) = authority("hooks.example");
    let web = Web::start_with(status("200 OK", "", "ok"), Some(tls)).await;
    let here: &[&[&str]] = &[&["127.0.0.1"]];
    let names = Names::of(&[("hooks.example", here), ("other.example", here)]);
    let trusting = notifier().with_resolver(names.clone()).with_roots(pem.as_bytes()).unwrap();
    let url = |name: &str| format!("https://{name}:{}/", web.address.port());
    let to = |name: &str| Target::Http(target(&url(name), AnswerRules::Slack));
    delivered(trusting.send(&to("hooks.example"), &Parcel::json("1", "{}")).await);
    let why = retried(trusting.send(&to("other.example"), &Parcel::json("1", "{}")).await);
    assert!(why.contains("no TLS connection with other.example") && why.contains("certificate"), "{why}");
    let why =
        retried(notifier().with_resolver(names).send(&to("hooks.example"), &Parcel::json("1", "{}")).await);
    assert!(why.contains("UnknownIssuer"), "{why}");
    assert_eq!(web.seen().requests.len(), 1, "who is not trusted is told nothing");
    assert!(Notifier::new(Guard::default()).with_roots(b"no PEM").is_err());
}
