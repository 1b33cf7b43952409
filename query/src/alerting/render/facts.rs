//! What is told of an alert, whatever the receiver.
//!
//! Annotations that our own rules set have a place of their own; others are told by their names.

use super::text::{is_link, line};
use super::{Message, RenderContext};
use crate::alerting::template::common;
use crate::alerting::{Alert, Flush};
use crate::promql::labels::Labels;
use crate::promql::value::format_float;
use crate::rules::template::{Time, humanize_duration};

/// Annotations with a title, in the order in which they are told.
const FACTS: [(&str, &str); 4] = [
    ("budget_left", "Budget left"),
    ("burn_rate", "Burn rate"),
    ("top_offender", "Top offender"),
    ("sparkline", "Trend"),
];

/// Those that are addresses.
const LINKS: [(&str, &str); 6] = [
    ("traces_url", "Traces"),
    ("logs_url", "Logs"),
    ("slo_url", "SLO"),
    ("runbook_url", "Runbook"),
    ("dashboard_url", "Dashboard"),
    ("runbook", "Runbook"),
];

/// Those that are told elsewhere.
const ELSEWHERE: [&str; 4] = ["summary", "description", "message", "threshold"];

/// Annotations of other rules that are told.
const MOST_OTHERS: usize = 5;
const DAY_MS: i64 = 86_400_000;

/// In one word how it is.
pub fn state(flush: &Flush) -> &'static str {
    let mut firing = flush.firing().peekable();
    if firing.peek().is_none() {
        return "Resolved";
    }
    if firing.all(|alert| alert.unknown_since_ms.is_some()) { "Data missing" } else { "Firing" }
}

/// What it is about: the name of all alerts, or what they are grouped by.
pub fn name(flush: &Flush) -> String {
    let labels = common(flush, |alert| &alert.labels);
    match labels.get("alertname") {
        "" => {
            let values: Vec<&str> = flush.group_labels.iter().map(|(_, value)| value).collect();
            if values.is_empty() { "Alerts".to_owned() } else { line(&values.join(" ")) }
        }
        name => line(name),
    }
}

/// Where it is: the service of all alerts, empty where there is no such one.
pub fn place(flush: &Flush) -> String {
    let labels = common(flush, |alert| &alert.labels);
    let known = ["service_name", "service", "job", "instance"].map(|name| labels.get(name));
    known.into_iter().find(|value| !value.is_empty()).map(line).unwrap_or_default()
}

/// `Firing: ErrorBudgetBurn, cart (3 alerts)`.
pub fn headline(flush: &Flush) -> String {
    let place = place(flush);
    let place = if place.is_empty() { place } else { format!(", {place}") };
    let count = match flush.alerts.len() {
        0 | 1 => String::new(),
        count => format!(" ({count} alerts)"),
    };
    format!("{}: {}{place}{count}", state(flush), name(flush))
}

/// How many fire and how many are over, when there is more than one alert.
pub fn counts(flush: &Flush) -> String {
    let (firing, resolved) = (flush.firing().count(), flush.resolved().count());
    match (firing, resolved) {
        (_, 0) => format!("{firing} firing"),
        (0, _) => format!("{resolved} resolved"),
        _ => format!("{firing} firing, {resolved} resolved"),
    }
}

/// What the alert says of itself in a line.
pub fn summary(alert: &Alert) -> String {
    match alert.annotations.get("summary") {
        "" => line(alert.labels.get("alertname")),
        summary => line(summary),
    }
}

pub fn description(alert: &Alert) -> &str {
    match alert.annotations.get("description") {
        "" => alert.annotations.get("message"),
        description => description,
    }
}

/// Facts with their titles, one line each.
pub fn facts(alert: &Alert, at_ms: i64) -> Vec<(String, String)> {
    let mut facts = vec![("Since".to_owned(), since(alert, at_ms))];
    if let Some(unknown) = alert.unknown_since_ms.filter(|_| !alert.is_resolved(at_ms)) {
        let missing = format!("since {}; whether it still holds is not known", clock(unknown, at_ms));
        facts.push(("Data missing".to_owned(), missing));
    }
    if let Some(value) = alert.value.filter(|_| !alert.is_resolved(at_ms)) {
        let value = format_float(value);
        let threshold = line(alert.annotations.get("threshold"));
        let shown = if threshold.is_empty() { value } else { format!("{value}, threshold {threshold}") };
        facts.push(("Value".to_owned(), shown));
    }
    let known = FACTS.map(|(name, title)| (title, alert.annotations.get(name)));
    let others = alert.annotations.iter().filter(|(name, _)| is_other(name)).take(MOST_OTHERS);
    let told = known.into_iter().chain(others).filter(|(_, value)| !value.is_empty());
    facts.extend(told.map(|(title, value)| (line(title), line(value))));
    facts
}

fn is_other(name: &str) -> bool {
    !(FACTS.iter().chain(&LINKS).any(|(known, _)| *known == name)
        || ELSEWHERE.contains(&name)
        || name.ends_with("_url"))
}

/// `11:15 UTC, for 45m 0s`; of one that is over: from when to when.
fn since(alert: &Alert, at_ms: i64) -> String {
    let end = alert.ends_at_ms.filter(|ends| *ends <= at_ms);
    let lasted = end.unwrap_or(at_ms).saturating_sub(alert.starts_at_ms).max(0);
    let lasted = humanize_duration((lasted / 1_000) as f64);
    let start = clock(alert.starts_at_ms, at_ms);
    match end {
        Some(end) => format!("{start} until {}, {lasted}", clock(end, at_ms)),
        None => format!("{start}, for {lasted}"),
    }
}

/// The time, with its day where that is not the day of the message.
fn clock(ms: i64, at_ms: i64) -> String {
    let same_day = ms.div_euclid(DAY_MS) == at_ms.div_euclid(DAY_MS);
    time(ms).format(if same_day { "15:04 UTC" } else { "2006-01-02 15:04 UTC" })
}

pub fn rfc3339(ms: i64) -> String {
    time(ms).format("2006-01-02T15:04:05.999Z07:00")
}

fn time(ms: i64) -> Time {
    Time::of_ns(ms.saturating_mul(1_000_000))
}

/// What tells the alert from the others of its message: `instance=a:80 path=/`.
pub fn own_labels(alert: &Alert, all: &Labels) -> String {
    let own = alert.labels.iter().filter(|(name, value)| *name != "alertname" && all.get(name) != *value);
    line(&own.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" "))
}

/// Where to look next, with titles; only addresses of the web.
pub fn links(alert: &Alert, context: &RenderContext<'_>) -> Vec<(&'static str, String)> {
    let page = format!("{}/alerts/{}", base(context), alert.fingerprint());
    let known = LINKS.map(|(name, title)| (title, alert.annotations.get(name).to_owned()));
    let ours = [("Alert", page), ("Query", alert.generator_url.clone())];
    let mut links: Vec<(&str, String)> = Vec::new();
    for (title, url) in known.into_iter().chain(ours) {
        if is_link(&url) && links.iter().all(|(other, _)| *other != title) {
            links.push((title, url));
        }
    }
    links
}

/// The page of all alerts of the receiver, where this server's address is known.
pub fn all_alerts(message: &Message) -> Option<String> {
    let receiver: String = form_urlencoded::byte_serialize(message.flush.receiver.as_bytes()).collect();
    Some(format!("{}/alerts?receiver={receiver}", base(message.context))).filter(|url| is_link(url))
}

fn base<'a>(context: &RenderContext<'a>) -> &'a str {
    context.external_url.trim_end_matches('/')
}
