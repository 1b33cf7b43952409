use super::*;
use std::time::{Duration, UNIX_EPOCH};

const FROM: &str = "https://hooks.example";

fn answer(status: u16, body: &str) -> Answer {
    Answer {
        status: StatusCode::from_u16(status).unwrap(),
        retry_after: None,
        redirect: None,
        body: body.to_owned(),
        detail: body.trim().to_owned(),
        whole: true,
        from: FROM.to_owned(),
    }
}

/// As one line: `delivered …`, `retry …`, `retry after N s …`, `refused …`.
fn judged(rules: AnswerRules, answer: &Answer) -> String {
    match judge(rules, answer, UNIX_EPOCH + Duration::from_secs(1_000_000_000)) {
        Verdict::Delivered { detail } => format!("delivered {detail}"),
        Verdict::Retry { why, after: None } => format!("retry {why}"),
        Verdict::Retry { why, after: Some(after) } => format!("retry after {} s {why}", after.as_secs()),
        Verdict::Refused { why } => format!("refused {why}"),
    }
}

fn check(rules: AnswerRules, cases: &[(u16, &str, &str)]) {
    for (status, body, expected) in cases {
        let expected = expected.replace("FROM", FROM);
        assert_eq!(judged(rules, &answer(*status, body)), expected, "{rules:?} {status} {body}");
    }
}

#[test]
fn slack_says_ok_or_a_word() {
    check(
        AnswerRules::Slack,
        &[
            (200, "ok", "delivered 200 OK"),
            (200, "ok\n", "delivered 200 OK"),
            (200, r#"{"ok":true,"ts":"1"}"#, "delivered 200 OK"),
            (
                200,
                "<html>login</html>",
                "refused FROM answers 200 OK: <html>login</html>, where Slack says ok",
            ),
            (200, "", "refused FROM answers 200 OK, where Slack says ok"),
            (
                200,
                r#"{"ok":false,"error":"not_in_channel"}"#,
                r#"refused FROM answers 200 OK: {"ok":false,"error":"not_in_channel"}"#,
            ),
            (
                200,
                r#"{"ok":false,"error":"ratelimited"}"#,
                r#"retry FROM answers 200 OK: {"ok":false,"error":"ratelimited"}"#,
            ),
            (
                400,
                "invalid_payload",
                "refused FROM answers 400 Bad Request: invalid_payload (Slack can't read the message: a bound of its blocks or texts is exceeded)",
            ),
            (
                400,
                "no_text",
                "refused FROM answers 400 Bad Request: no_text (the message has neither a text nor blocks)",
            ),
            (
                403,
                "action_prohibited",
                "refused FROM answers 403 Forbidden: action_prohibited (an administrator of the workspace has restricted posting by this webhook)",
            ),
            (
                404,
                "channel_not_found",
                "refused FROM answers 404 Not Found: channel_not_found (the channel is gone or is not this webhook's)",
            ),
            (
                410,
                "channel_is_archived",
                "refused FROM answers 410 Gone: channel_is_archived (the channel is archived: name another one)",
            ),
            (400, "a_new_word", "refused FROM answers 400 Bad Request: a_new_word"),
            (
                500,
                "rollup_error",
                "retry FROM answers 500 Internal Server Error: rollup_error (something at Slack's went wrong)",
            ),
            (503, "", "retry FROM answers 503 Service Unavailable"),
        ],
    );
}

#[test]
fn a_cut_answer_of_slack_is_not_taken_for_ok() {
    let cut = |body: &str| Answer { whole: false, ..answer(200, body) };
    assert!(judged(AnswerRules::Slack, &cut("")).starts_with("retry "));
    assert!(judged(AnswerRules::Slack, &cut("o")).starts_with("retry "));
    assert!(judged(AnswerRules::Slack, &cut(&"x".repeat(70_000))).starts_with("refused "));
}

#[test]
fn pagerduty_accepts_or_names_the_errors() {
    let invalid = r#"{"status":"invalid event","message":"Event object is invalid","errors":["'severity' is missing","'source' is missing"]}"#;
    check(
        AnswerRules::PagerDuty,
        &[
            (202, "", "delivered 202 Accepted"),
            (200, r#"{"status":"success","message":"Event processed","dedup_key":"k"}"#, "delivered 200 OK"),
            (200, "<html>", "refused FROM answers 200 OK: <html>, where PagerDuty says 202 Accepted"),
            (
                400,
                invalid,
                "refused FROM answers 400 Bad Request: Event object is invalid; 'severity' is missing; 'source' is missing",
            ),
            (400, "what?", "refused FROM answers 400 Bad Request: what?"),
            (429, "", "retry FROM answers 429 Too Many Requests"),
            (500, "", "retry FROM answers 500 Internal Server Error"),
        ],
    );
}

#[test]
fn the_others_go_by_the_status() {
    for rules in [AnswerRules::Alertmanager, AnswerRules::Webhook] {
        check(
            rules,
            &[
                (200, "", "delivered 200 OK"),
                (204, "", "delivered 204 No Content"),
                (400, "bad alert", "refused FROM answers 400 Bad Request: bad alert"),
                (401, "", "refused FROM answers 401 Unauthorized"),
                (408, "", "retry FROM answers 408 Request Timeout"),
                (429, "slow", "retry FROM answers 429 Too Many Requests: slow"),
                (502, "", "retry FROM answers 502 Bad Gateway"),
                (599, "", "retry FROM answers 599"),
            ],
        );
    }
}

#[test]
fn who_asks_for_patience_gets_it() {
    for rules in [AnswerRules::Slack, AnswerRules::PagerDuty, AnswerRules::Webhook] {
        for status in [429, 503] {
            let patience = |value: &str| Answer { retry_after: Some(value.to_owned()), ..answer(status, "") };
            assert!(judged(rules, &patience("30")).starts_with("retry after 30 s "), "{rules:?}");
            assert!(
                judged(rules, &patience("Sun, 09 Sep 2001 01:47:40 GMT")).starts_with("retry after 60 s ")
            );
            assert!(judged(rules, &patience("999999")).starts_with("retry after 3600 s "));
            assert!(judged(rules, &patience("soon")).starts_with("retry https"));
        }
    }
}

#[test]
fn redirects_are_refused_by_name() {
    let redirect = Answer { redirect: Some("inside.example".to_owned()), ..answer(302, "") };
    for rules in [AnswerRules::Slack, AnswerRules::PagerDuty, AnswerRules::Alertmanager, AnswerRules::Webhook]
    {
        assert_eq!(
            judged(rules, &redirect),
            "refused redirects are not followed: https://hooks.example answers 302 to inside.example"
        );
        assert_eq!(body_matters(rules, StatusCode::FOUND), Matters::No);
    }
}
