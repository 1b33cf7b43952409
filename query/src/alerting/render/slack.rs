//! A message of Slack in blocks.
//!
//! Source: Slack "Block Kit": at most 50 blocks, a header of 150 characters, a section of 3,000, a button
//! of 75 with an address of 3,000. `& < >` are escaped, so that nothing that came from outside is a link or
//! wakes a channel.

use super::text::{clean, cut_with, is_link, line, slack_escaped, units};
use super::{Message, facts};
use crate::alerting::Alert;
use crate::alerting::receiver::Slack;
use crate::alerting::template::common;
use crate::promql::labels::Labels;
use serde_json::{Value, json};

const MOST_ALERTS: usize = 10;
const MOST_BUTTONS: usize = 5;
const HEADER: usize = 150;
const SECTION: usize = 3_000;
/// Of the text that a notification on a telephone shows.
const TEXT: usize = 1_000;
const SUMMARY: usize = 300;
const DESCRIPTION: usize = 1_000;
const FACT: usize = 250;
const LABELS: usize = 300;

// Header, text, context, two of each alert, what is left out, and buttons.
const _: () = assert!(3 + 2 * MOST_ALERTS + 2 <= 50);

pub fn body(message: &Message, slack: &Slack) -> String {
    let headline = || facts::headline(message.flush);
    let title = Some(line(&message.text(&slack.title, headline))).filter(|title| !title.is_empty());
    let title = title.unwrap_or_else(headline);
    let blocks = blocks(message, slack, &title);
    let first = message.flush.firing().next().or(message.flush.alerts.first());
    let summary = first.map(facts::summary).unwrap_or_default();
    let text = if summary.is_empty() { title } else { format!("{title} — {summary}") };
    let mut body = json!({ "text": escaped(&text, TEXT) });
    let color = line(&message.text(&slack.color, String::new));
    if color.is_empty() {
        body["blocks"] = blocks.into();
    } else {
        body["attachments"] = json!([{ "color": color, "blocks": blocks }]);
    }
    let legacy =
        [("channel", &slack.channel), ("username", &slack.username), ("icon_emoji", &slack.icon_emoji)];
    for (name, template) in legacy {
        let value = line(&message.text(template, String::new));
        if !value.is_empty() {
            body[name] = escaped(&value, FACT).into();
        }
    }
    body.to_string()
}

fn blocks(message: &Message, slack: &Slack, title: &str) -> Vec<Value> {
    // Plain text is not read as markup.
    let title = cut_with(title, HEADER, String::from);
    let mut blocks = vec![json!({ "type": "header", "text": { "type": "plain_text", "text": title } })];
    let text = clean(&message.context.templates.fill_slack(&slack.text, &message.data));
    if !text.trim().is_empty() {
        // The template's own text may have markup.
        blocks.push(section(cut_with(&text, SECTION, String::from)));
    }
    let all = common(message.flush, |alert| &alert.labels);
    let counts = escaped(&facts::counts(message.flush), FACT);
    let labels = escaped(&shown(&all), LABELS);
    let context = if labels.is_empty() { counts } else { format!("{counts} · {labels}") };
    blocks.push(json!({ "type": "context", "elements": [{ "type": "mrkdwn", "text": context }] }));
    let (alerts, more) = message.listed(MOST_ALERTS);
    for alert in alerts {
        blocks.push(section(about(alert, message.flush.at_ms, &all)));
        blocks.extend(buttons(facts::links(alert, message.context)));
    }
    if more > 0 {
        blocks.push(section(format!("and {more} more")));
    }
    let title_link = Some(message.text(&slack.title_link, String::new)).filter(|link| is_link(link));
    let end = title_link.or_else(|| facts::all_alerts(message));
    blocks.extend(buttons(end.map(|url| ("All alerts", url)).into_iter().collect()));
    blocks
}

fn shown(labels: &Labels) -> String {
    let pairs = labels.iter().filter(|(name, _)| *name != "alertname");
    line(&pairs.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" "))
}

fn section(text: String) -> Value {
    json!({ "type": "section", "text": { "type": "mrkdwn", "text": text } })
}

fn escaped(text: &str, most: usize) -> String {
    cut_with(text, most, slack_escaped)
}

/// Lines, as many as a section holds.
fn about(alert: &Alert, at_ms: i64, all: &Labels) -> String {
    let state = match (alert.is_resolved(at_ms), alert.unknown_since_ms) {
        (true, _) => "Resolved",
        (false, Some(_)) => "Data missing",
        (false, None) => "Firing",
    };
    let mut lines = vec![format!("*{state}: {}*", escaped(&facts::summary(alert), SUMMARY))];
    lines.push(escaped(&facts::own_labels(alert, all), LABELS));
    lines.push(escaped(clean(facts::description(alert)).trim(), DESCRIPTION));
    let told = facts::facts(alert, at_ms).into_iter();
    lines.extend(told.map(|(title, value)| format!("{}: {}", escaped(&title, FACT), escaped(&value, FACT))));
    let mut text = String::new();
    for line in lines.into_iter().filter(|line| !line.is_empty()) {
        if units(&text) + 1 + units(&line) <= SECTION {
            text += if text.is_empty() { "" } else { "\n" };
            text += &line;
        }
    }
    text
}

/// None where there is nowhere to go: a block of no buttons is refused.
fn buttons(links: Vec<(&'static str, String)>) -> Option<Value> {
    let button = |(title, url): (&str, String)| json!({ "type": "button", "text": { "type": "plain_text", "text": title }, "url": url });
    let elements: Vec<Value> = links.into_iter().take(MOST_BUTTONS).map(button).collect();
    (!elements.is_empty()).then(|| json!({ "type": "actions", "elements": elements }))
}
