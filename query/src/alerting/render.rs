//! The message of a flush, as each kind of receiver takes it.
//!
//! It holds what one needs at 3 a.m.: what, since when, how bad, what is left of the budget, who is worst,
//! and where to look. Every part has a bound, since labels are what others sent: a message that a receiver
//! refuses for its size has told nobody.

mod alertmanager;
mod email;
mod facts;
mod pagerduty;
mod slack;
mod text;
mod webhook;

use super::receiver::{Integration, Kind};
use super::template::{Data, Templates};
use super::{Alert, Flush};
use xxhash_rust::xxh3::xxh3_128;

/// What a message needs besides its flush.
#[derive(Clone, Copy, Debug)]
pub struct RenderContext<'a> {
    /// Where this server is reached; links lead there.
    pub external_url: &'a str,
    pub templates: &'a Templates,
}

/// A message that is ready to be sent, but for secrets: it may be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// Of the request; empty where it is a mail.
    pub body: String,
    pub content_type: String,
    pub mail: Option<Mail>,
    /// The same for all messages about one group to one integration.
    pub dedup_key: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// One line.
    pub subject: String,
    pub text: String,
    pub html: Option<String>,
}

/// Never fails: a broken template leaves its error in its place.
pub fn render(flush: &Flush, integration: &Integration, context: &RenderContext<'_>) -> Parcel {
    let data = Data::of(flush, context.external_url);
    let message = Message { flush, context, data };
    let dedup_key = dedup_key(flush, integration);
    let json = "application/json".to_owned();
    let (body, content_type, mail) = match &integration.kind {
        Kind::Slack(slack) => (slack::body(&message, slack), json, None),
        Kind::PagerDuty(pagerduty) => (pagerduty::body(&message, pagerduty, &dedup_key), json, None),
        Kind::Webhook(webhook) => {
            let given = Some(&webhook.content_type).filter(|given| !given.is_empty());
            (webhook::body(&message, webhook), given.cloned().unwrap_or(json), None)
        }
        Kind::Email(email) => (String::new(), String::new(), Some(email::mail(&message, email))),
        Kind::Alertmanager(_) => (alertmanager::body(&message), json, None),
    };
    Parcel { body, content_type, mail, dedup_key }
}

/// A restart or another version makes the same one: an incident is resolved by it.
fn dedup_key(flush: &Flush, integration: &Integration) -> String {
    let place = format!("{}\0{}\0{}", flush.group_key, flush.receiver, integration.key);
    format!("{:032x}", xxh3_128(place.as_bytes()))
}

/// A flush with what is needed to tell of it.
struct Message<'a> {
    flush: &'a Flush,
    context: &'a RenderContext<'a>,
    data: Data,
}

impl Message<'_> {
    /// A text of the configuration, or what stands in for an empty one.
    fn text(&self, template: &str, default: impl FnOnce() -> String) -> String {
        if template.is_empty() { default() } else { self.context.templates.fill(template, &self.data) }
    }

    /// Firing, then resolved: at most so many in all, and how many are left.
    fn listed(&self, most: usize) -> (Vec<&Alert>, usize) {
        let all = self.flush.firing().chain(self.flush.resolved());
        (all.take(most).collect(), self.flush.alerts.len().saturating_sub(most))
    }
}

#[cfg(test)]
mod tests;
