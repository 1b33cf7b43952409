use super::*;
use crate::alerting::receiver::{Alertmanager, Email, PagerDuty, Slack, Webhook};
use crate::alerting::samples::{alert, flush, resolved};
use serde_json::{Value, json};

mod hostile;

/// Set to have the files of `tests/alerting/render` written anew; what changed is then looked at.
const WRITE: &str = "OCELLI_WRITE_EXPECTED";

pub(super) fn rendered(flush: &Flush, kind: Kind) -> Parcel {
    let templates = Templates::default();
    let context = RenderContext { external_url: "https://ocelli.example/", templates: &templates };
    render(
        flush,
        &Integration { key: "0".into(), kind, send_resolved: true, http: Default::default() },
        &context,
    )
}

/// What is sent, as JSON.
pub(super) fn shown(parcel: &Parcel) -> Value {
    match &parcel.mail {
        Some(mail) => json!({ "subject": mail.subject, "text": mail.text, "html": mail.html }),
        None => serde_json::from_str(&parcel.body).unwrap(),
    }
}

#[track_caller]
fn check(name: &str, flush: &Flush, kind: Kind) {
    let path = format!("{}/tests/alerting/render/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let made = shown(&rendered(flush, kind));
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&path, serde_json::to_string_pretty(&made).unwrap() + "\n").unwrap();
    }
    let expected: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(made, expected, "{name}");
}

/// What our own rules of an SLO say.
fn burn() -> Flush {
    let labels = [
        ("alertname", "ErrorBudgetBurn"),
        ("service", "cart"),
        ("severity", "page"),
        ("slo", "cart-availability"),
    ];
    let annotations = [
        ("summary", "cart fails 8.3 % of its requests & burns its budget"),
        ("description", "At this rate the budget of 30 days is gone in 50 hours."),
        ("threshold", "0.0144"),
        ("budget_left", "41 %"),
        ("burn_rate", "83"),
        ("top_offender", "route=/checkout (92 % of the errors)"),
        ("sparkline", "▁▁▂▇█"),
        ("traces_url", "https://ocelli.example/traces?service=cart&status=error"),
        ("logs_url", "https://ocelli.example/logs?q=service:cart"),
        ("slo_url", "https://ocelli.example/slos/cart-availability"),
        ("runbook_url", "javascript:alert(1)"),
    ];
    flush(&[("alertname", "ErrorBudgetBurn"), ("service", "cart")], vec![alert(&labels, &annotations, 12)])
}

/// Rules of somebody else: a group of which some are over, and more than are listed.
fn many() -> Flush {
    let one = |n: i64| {
        let instance = format!("shop-{n}:8080");
        let labels =
            [("alertname", "Down"), ("job", "shop"), ("instance", &*instance), ("severity", "ticket")];
        alert(&labels, &[("message", "It does not answer."), ("team", "shop <us>")], n)
    };
    let mut alerts: Vec<_> = (1..=12).rev().map(one).collect();
    alerts[1] = resolved(alerts[1].clone(), 2);
    flush(&[("alertname", "Down")], alerts)
}

fn unknown() -> Flush {
    let mut flush = burn();
    for alert in &mut flush.alerts {
        alert.unknown_since_ms = Some(alert.starts_at_ms + 60_000);
    }
    flush
}

fn over() -> Flush {
    let mut flush = burn();
    flush.alerts = flush.alerts.into_iter().map(|alert| resolved(alert, 3)).collect();
    flush
}

#[test]
fn slack() {
    check("slack_burn", &burn(), Kind::Slack(Slack::default()));
    check("slack_many", &many(), Kind::Slack(Slack::default()));
    check("slack_unknown", &unknown(), Kind::Slack(Slack::default()));
    check("slack_resolved", &over(), Kind::Slack(Slack::default()));
    let own = Slack {
        channel: "#{{ .CommonLabels.service }}".to_owned(),
        username: "{{ template \"slack.default.username\" . }}".to_owned(),
        icon_emoji: ":bell:".to_owned(),
        title: "{{ template \"slack.default.title\" . }}".to_owned(),
        title_link: "{{ template \"slack.default.titlelink\" . }}".to_owned(),
        text: "{{ range .Alerts }}<{{ .GeneratorURL }}|{{ .Annotations.summary }}>{{ end }}".to_owned(),
        color: "{{ template \"slack.default.color\" . }}".to_owned(),
        ..Slack::default()
    };
    check("slack_own", &burn(), Kind::Slack(own));
    let broken = Slack { text: "{{ .Nosuch }}".to_owned(), ..Slack::default() };
    let sent = shown(&rendered(&burn(), Kind::Slack(broken)));
    let error = "&lt;error expanding template: can't evaluate field Nosuch in type Data&gt;";
    assert_eq!(sent["blocks"][1]["text"]["text"], error);
    assert_eq!(sent["blocks"][3], shown(&rendered(&burn(), Kind::Slack(Slack::default())))["blocks"][2]);
}

#[test]
fn pagerduty() {
    check("pagerduty_burn", &burn(), Kind::PagerDuty(PagerDuty::default()));
    check("pagerduty_many", &many(), Kind::PagerDuty(PagerDuty::default()));
    check("pagerduty_resolved", &over(), Kind::PagerDuty(PagerDuty::default()));
    let own = PagerDuty {
        description: "{{ template \"pagerduty.default.description\" . }}".to_owned(),
        severity: "{{ if eq .CommonLabels.severity \"page\" }}critical{{ else }}info{{ end }}".to_owned(),
        component: "{{ .CommonLabels.service }}".to_owned(),
        class: "slo".to_owned(),
        group: "shop".to_owned(),
        client: "us".to_owned(),
        client_url: "https://us.example".to_owned(),
        details: vec![(
            "text".to_owned(),
            "{{ template \"pagerduty.default.instances\" .Alerts }}".to_owned(),
        )],
        ..PagerDuty::default()
    };
    check("pagerduty_own", &burn(), Kind::PagerDuty(own));
}

#[test]
fn an_incident_is_resolved_by_the_key_that_opened_it() {
    let key =
        |flush: &Flush| shown(&rendered(flush, Kind::PagerDuty(PagerDuty::default())))["dedup_key"].clone();
    // Written down: another version of the program must make the same.
    assert_eq!(key(&burn()), "51a63f720e78f0dc89fbe21a09495a37");
    assert_eq!(key(&over()), key(&burn()));
    assert_eq!(rendered(&burn(), Kind::Slack(Slack::default())).dedup_key, key(&burn()));
    let kind = Kind::PagerDuty(PagerDuty::default());
    let second = Integration { key: "1".into(), kind, send_resolved: true, http: Default::default() };
    assert_ne!(key(&burn()), super::dedup_key(&burn(), &second));
    assert_ne!(key(&Flush { receiver: "other".to_owned(), ..burn() }), key(&burn()));
}

#[test]
fn severities_are_those_that_pagerduty_takes() {
    let severity = |labels: &[&str], template: &str| {
        let alerts = labels.iter().map(|severity| alert(&[("severity", severity)], &[], 1)).collect();
        let pagerduty = PagerDuty { severity: template.to_owned(), ..PagerDuty::default() };
        shown(&rendered(&flush(&[], alerts), Kind::PagerDuty(pagerduty)))["payload"]["severity"].clone()
    };
    for (label, expect) in [
        ("page", "critical"),
        ("Critical", "critical"),
        ("ticket", "warning"),
        ("warning", "warning"),
        ("info", "info"),
        ("", "error"),
        ("purple", "error"),
    ] {
        assert_eq!(severity(&[label], ""), expect, "{label}");
    }
    assert_eq!(severity(&["info", "page", "ticket"], ""), "critical");
    assert_eq!(severity(&["page"], "{{ .Nosuch }}"), "error");
    assert_eq!(severity(&[], ""), "error");
}

#[test]
fn webhooks() {
    check("webhook_burn", &burn(), Kind::Webhook(Webhook::default()));
    check("webhook_max_alerts", &many(), Kind::Webhook(Webhook { max_alerts: 2, ..Webhook::default() }));
    let own = Webhook {
        body: r#"{"what": {{ .CommonAnnotations.summary | toJson }}, "alerts": {{ .Alerts | toJson }}}"#
            .to_owned(),
        content_type: "application/vnd.us+json".to_owned(),
        ..Webhook::default()
    };
    assert_eq!(rendered(&burn(), Kind::Webhook(own.clone())).content_type, own.content_type);
    check("webhook_own", &burn(), Kind::Webhook(own));
}

#[test]
fn another_alertmanager() {
    let kind = || Kind::Alertmanager(Alertmanager::default());
    check("alertmanager_burn", &burn(), kind());
    check("alertmanager_resolved", &over(), kind());
}

#[test]
fn mails() {
    check("email_burn", &burn(), Kind::Email(Email::default()));
    check("email_many", &many(), Kind::Email(Email::default()));
    let own = Email {
        subject: "{{ template \"email.default.subject\" . }}\r\nBcc: all@shop.example".to_owned(),
        html: "{{ template \"email.default.html\" . }}".to_owned(),
        ..Email::default()
    };
    check("email_own", &burn(), Kind::Email(own));
    let text_alone = Email { text: "{{ .Status }}".to_owned(), ..Email::default() };
    let mail = rendered(&burn(), Kind::Email(text_alone)).mail.unwrap();
    assert_eq!((&*mail.text, mail.html), ("firing", None));
}

#[test]
fn an_acknowledgement_is_of_the_same_incident() {
    let pagerduty = || Kind::PagerDuty(PagerDuty::default());
    let (told, taken) = (burn(), Flush { is_acknowledgement: true, ..burn() });
    let (trigger, acknowledge) = (rendered(&told, pagerduty()), rendered(&taken, pagerduty()));
    assert_eq!(trigger.dedup_key, acknowledge.dedup_key);
    let expected = json!({ "event_action": "acknowledge", "dedup_key": trigger.dedup_key });
    assert_eq!(shown(&acknowledge), expected);
}
