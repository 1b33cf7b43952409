//! An event of PagerDuty's Events API v2.
//!
//! Source: PagerDuty "Send an alert event": a summary of 1,024 characters, an event of 512 kB. Severities
//! are `critical`, `error`, `warning` and `info`; another one is refused. The routing key is a secret, and
//! is put in when the event is sent.

use super::text::{clean, cut, is_link, line};
use super::{Message, facts};
use crate::alerting::Alert;
use crate::alerting::receiver::PagerDuty;
use crate::alerting::template::common;
use serde_json::{Map, Value, json};

const SUMMARY: usize = 1_024;
/// Of the source, the component and the others.
const FIELD: usize = 255;
const DETAIL: usize = 8_000;
const MOST_ALERTS: usize = 10;
const MOST_DETAILS: usize = 40;
const MOST_LINKS: usize = 10;
pub const MOST_BYTES: usize = 512_000;

pub fn body(message: &Message, pagerduty: &PagerDuty, dedup_key: &str) -> String {
    let flush = message.flush;
    if flush.is_acknowledgement {
        // An event of this kind is its key: PagerDuty reads nothing else of it.
        return json!({ "event_action": "acknowledge", "dedup_key": dedup_key }).to_string();
    }
    let action = if flush.is_firing() { "trigger" } else { "resolve" };
    let field =
        |template: &str, default: &dyn Fn() -> String| cut(&line(&message.text(template, default)), FIELD);
    let client_url = field(&pagerduty.client_url, &|| facts::all_alerts(message).unwrap_or_default());
    let mut event = json!({
        "event_action": action,
        "dedup_key": dedup_key,
        "client": field(&pagerduty.client, &|| "Ocelli".to_owned()),
        "payload": payload(message, pagerduty, &field),
        "links": links(message),
    });
    if is_link(&client_url) {
        event["client_url"] = client_url.into();
    }
    let body = event.to_string();
    if body.len() <= MOST_BYTES {
        return body;
    }
    // As Alertmanager does.
    event["payload"]["custom_details"] = json!({ "error": "the details were longer than an event may be" });
    event.to_string()
}

fn payload(
    message: &Message,
    pagerduty: &PagerDuty,
    field: &dyn Fn(&str, &dyn Fn() -> String) -> String,
) -> Value {
    let flush = message.flush;
    let labels = common(flush, |alert| &alert.labels);
    let summary = line(&message.text(&pagerduty.description, || summary(message)));
    let summary = if summary.is_empty() { facts::headline(flush) } else { summary };
    let source = [labels.get("instance"), labels.get("host")].into_iter().find(|name| !name.is_empty());
    let source = source.map(line).unwrap_or_else(|| facts::place(flush));
    let mut payload = json!({
        "summary": cut(&summary, SUMMARY),
        // It must not be empty.
        "source": if source.is_empty() { "ocelli".to_owned() } else { cut(&source, FIELD) },
        "severity": severity(message, &pagerduty.severity),
    });
    if let Some(first) = flush.alerts.iter().map(|alert| alert.starts_at_ms).min() {
        payload["timestamp"] = facts::rfc3339(first).into();
    }
    let group = || flush.group_labels.iter().map(|(_, value)| value).collect::<Vec<_>>().join(" ");
    let fields = [
        ("component", field(&pagerduty.component, &|| facts::place(flush))),
        ("group", field(&pagerduty.group, &group)),
        ("class", field(&pagerduty.class, &|| labels.get("alertname").to_owned())),
    ];
    for (name, value) in fields.into_iter().filter(|(_, value)| !value.is_empty()) {
        payload[name] = value.into();
    }
    payload["custom_details"] = details(message, pagerduty).into();
    payload
}

fn summary(message: &Message) -> String {
    let headline = facts::headline(message.flush);
    match message.flush.firing().next().or(message.flush.alerts.first()).map(facts::summary) {
        Some(summary) if !summary.is_empty() => format!("{headline} — {summary}"),
        _ => headline,
    }
}

/// What the configuration says, or the worst label `severity` of those that fire.
fn severity(message: &Message, template: &str) -> &'static str {
    if !template.is_empty() {
        return graded(&message.context.templates.fill(template, &message.data)).unwrap_or(ERROR).1;
    }
    let of = |alert: &Alert| graded(alert.labels.get("severity")).unwrap_or(ERROR);
    let firing = message.flush.firing().map(of).min();
    firing.or_else(|| message.flush.alerts.iter().map(of).min()).unwrap_or(ERROR).1
}

/// Alertmanager's, of alerts that say nothing.
const ERROR: (u8, &str) = (1, "error");

/// The words that rule files use, the worst first.
fn graded(word: &str) -> Option<(u8, &'static str)> {
    match word.trim().to_ascii_lowercase().as_str() {
        "critical" | "page" | "fatal" | "emergency" | "alert" => Some((0, "critical")),
        "error" | "err" | "high" | "major" => Some(ERROR),
        "warning" | "warn" | "ticket" | "medium" | "minor" => Some((2, "warning")),
        "info" | "information" | "notice" | "low" | "none" | "debug" => Some((3, "info")),
        _ => None,
    }
}

/// Alertmanager's, and those that the configuration adds.
fn details(message: &Message, pagerduty: &PagerDuty) -> Map<String, Value> {
    let flush = message.flush;
    let list = |alerts: Vec<&Alert>| {
        let shown: Vec<String> = alerts.iter().take(MOST_ALERTS).map(|alert| about(message, alert)).collect();
        let more = alerts.len().saturating_sub(MOST_ALERTS);
        let more = if more > 0 { format!("\nand {more} more") } else { String::new() };
        shown.join("\n\n") + &more
    };
    let (firing, resolved): (Vec<_>, Vec<_>) = (flush.firing().collect(), flush.resolved().collect());
    let mut details = Map::new();
    details.insert("num_firing".to_owned(), firing.len().to_string().into());
    details.insert("num_resolved".to_owned(), resolved.len().to_string().into());
    for (name, alerts) in [("firing", firing), ("resolved", resolved)] {
        if !alerts.is_empty() {
            details.insert(name.to_owned(), list(alerts).into());
        }
    }
    for (name, template) in pagerduty.details.iter().take(MOST_DETAILS) {
        let value = message.context.templates.fill(template, &message.data);
        details.insert(cut(&line(name), FIELD), cut(&clean(&value), DETAIL).into());
    }
    details
}

fn about(message: &Message, alert: &Alert) -> String {
    let mut lines = vec![cut(&facts::summary(alert), SUMMARY)];
    lines.push(cut(&facts::own_labels(alert, &Default::default()), SUMMARY));
    lines.push(cut(clean(facts::description(alert)).trim(), SUMMARY));
    let told = facts::facts(alert, message.flush.at_ms).into_iter();
    lines.extend(told.map(|(title, value)| cut(&format!("{title}: {value}"), FIELD)));
    lines.retain(|line| !line.is_empty());
    lines.join("\n")
}

/// Of the alerts that are listed, each once.
fn links(message: &Message) -> Vec<Value> {
    let mut links: Vec<Value> = Vec::new();
    for alert in message.listed(MOST_ALERTS).0 {
        for (title, url) in facts::links(alert, message.context) {
            if links.len() < MOST_LINKS && links.iter().all(|link| link["href"] != url.as_str()) {
                links.push(json!({ "href": url, "text": title }));
            }
        }
    }
    links
}
