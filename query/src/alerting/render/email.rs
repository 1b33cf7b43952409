//! A mail: text, and the same as a page of simple HTML.

use super::text::{clean, cut, line};
use super::{Mail, Message, facts};
use crate::alerting::Alert;
use crate::alerting::receiver::Email;
use crate::alerting::template::common;
use crate::rules::template::html_escaped;

const SUBJECT: usize = 200;
const FIELD: usize = 1_000;
const DESCRIPTION: usize = 4_000;
const MOST_ALERTS: usize = 50;

pub fn mail(message: &Message, email: &Email) -> Mail {
    let subject = cut(&line(&message.text(&email.subject, || facts::headline(message.flush))), SUBJECT);
    let text = clean(&message.text(&email.text, || text(message)));
    let html = match (email.html.is_empty(), email.text.is_empty()) {
        (false, _) => Some(message.context.templates.fill_html(&email.html, &message.data)),
        (true, true) => Some(html(message)),
        // Who writes a text of his own is not sent another one beside it.
        (true, false) => None,
    };
    Mail { subject, text, html }
}

/// One alert: its title, what it says, facts and links.
struct Entry {
    title: String,
    description: String,
    rows: Vec<(String, String)>,
    links: Vec<(&'static str, String)>,
}

/// Those that are told, and how many are not.
fn entries(message: &Message) -> (Vec<Entry>, usize) {
    let all = common(message.flush, |alert| &alert.labels);
    let entry = |alert: &Alert| {
        let state = if alert.is_resolved(message.flush.at_ms) { "Resolved" } else { "Firing" };
        let labels = ("Labels".to_owned(), facts::own_labels(alert, &all));
        let told = facts::facts(alert, message.flush.at_ms).into_iter().chain([labels]);
        Entry {
            title: cut(&format!("{state}: {}", facts::summary(alert)), FIELD),
            description: cut(clean(facts::description(alert)).trim(), DESCRIPTION),
            rows: told
                .filter(|(_, value)| !value.is_empty())
                .map(|(title, value)| (cut(&title, FIELD), cut(&value, FIELD)))
                .collect(),
            links: facts::links(alert, message.context),
        }
    };
    let (alerts, more) = message.listed(MOST_ALERTS);
    (alerts.into_iter().map(entry).collect(), more)
}

fn text(message: &Message) -> String {
    let (entries, more) = entries(message);
    let mut out =
        format!("{}\n{}\n", cut(&facts::headline(message.flush), FIELD), facts::counts(message.flush));
    for entry in entries {
        out += &format!("\n{}\n", entry.title);
        if !entry.description.is_empty() {
            out += &format!("{}\n", entry.description);
        }
        let links = entry.links.into_iter().map(|(title, url)| (title.to_owned(), url));
        for (title, value) in entry.rows.into_iter().chain(links) {
            out += &format!("  {title}: {value}\n");
        }
    }
    if more > 0 {
        out += &format!("\nand {more} more\n");
    }
    if let Some(url) = facts::all_alerts(message) {
        out += &format!("\nAll alerts: {url}\n");
    }
    out
}

fn html(message: &Message) -> String {
    let (entries, more) = entries(message);
    let title = html_escaped(&cut(&facts::headline(message.flush), FIELD));
    let mut out = format!(
        "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>{title}</title></head>\
         <body style=\"font-family: sans-serif\">\n<h2>{title}</h2>\n<p>{}</p>\n",
        html_escaped(&facts::counts(message.flush))
    );
    for entry in entries {
        out += &format!("<h3>{}</h3>\n", html_escaped(&entry.title));
        if !entry.description.is_empty() {
            out += &format!("<p>{}</p>\n", html_escaped(&entry.description).replace('\n', "<br>\n"));
        }
        out += "<table>\n";
        for (title, value) in entry.rows {
            out += &format!(
                "<tr><th align=\"left\">{}</th><td>{}</td></tr>\n",
                html_escaped(&title),
                html_escaped(&value)
            );
        }
        out += "</table>\n";
        let links =
            entry.links.iter().map(|(title, url)| format!("<a href=\"{}\">{title}</a>", html_escaped(url)));
        out += &format!("<p>{}</p>\n", links.collect::<Vec<_>>().join(" · "));
    }
    if more > 0 {
        out += &format!("<p>and {more} more</p>\n");
    }
    if let Some(url) = facts::all_alerts(message) {
        out += &format!("<p><a href=\"{}\">All alerts</a></p>\n", html_escaped(&url));
    }
    out + "</body></html>\n"
}
