//! Who is told, and how: the receivers of Alertmanager's configuration, as far as they are ours.
//!
//! Texts are templates; what is empty is the default. Secrets are shown by nothing here.

use std::collections::HashMap;
use std::fmt;
use xxhash_rust::xxh3::xxh3_64;

/// A text that `Debug` does not show: an address with a token in it, a key, a password.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "-" } else { "<secret>" })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Receiver {
    pub name: String,
    pub integrations: Vec<Integration>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Integration {
    /// Which of the receiver's it is, by whom it tells: it stays when others are put before it. Without secrets.
    pub key: String,
    pub kind: Kind,
    pub send_resolved: bool,
    /// Of HTTP.
    pub http: Http,
}

/// How a request is made. Certificates of the system are trusted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Http {
    pub basic_auth: Option<(String, Secret)>,
    pub bearer: Option<Secret>,
    pub headers: Vec<(String, String)>,
    pub timeout_ms: Option<i64>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    Slack(Slack),
    PagerDuty(PagerDuty),
    Webhook(Webhook),
    Email(Email),
    Alertmanager(Alertmanager),
}

impl Kind {
    /// Alertmanager's word.
    pub fn as_str(&self) -> &'static str {
        match self {
            Kind::Slack(_) => "slack",
            Kind::PagerDuty(_) => "pagerduty",
            Kind::Webhook(_) => "webhook",
            Kind::Email(_) => "email",
            Kind::Alertmanager(_) => "alertmanager",
        }
    }

    /// Whether it can be told that somebody has taken on what it was told of.
    pub fn knows_acknowledgements(&self) -> bool {
        matches!(self, Kind::PagerDuty(_))
    }

    /// Whether what it was told of ends there unless it is told again.
    pub fn lives_by_repeats(&self) -> bool {
        matches!(self, Kind::Alertmanager(_))
    }

    /// Whom it tells. What it says to them may change.
    fn told(&self) -> String {
        let parts: Vec<&str> = match self {
            Kind::Slack(slack) => vec![&slack.url.0, &slack.channel],
            Kind::PagerDuty(pagerduty) => vec![&pagerduty.url, &pagerduty.routing_key.0],
            Kind::Webhook(webhook) => vec![&webhook.url.0],
            Kind::Email(email) => email.to.iter().map(String::as_str).collect(),
            Kind::Alertmanager(other) => vec![&other.url.0],
        };
        parts.join("\0")
    }
}

/// Gives the integrations of a receiver their keys; those that tell the same are counted.
pub fn set_keys(integrations: &mut [Integration]) {
    let mut seen: HashMap<String, usize> = HashMap::new();
    for integration in integrations {
        let hash = xxh3_64(integration.kind.told().as_bytes());
        let key = format!("{}-{hash:016x}", integration.kind.as_str());
        let count = seen.entry(key.clone()).or_default();
        *count += 1;
        integration.key = if *count == 1 { key } else { format!("{key}-{count}") };
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Slack {
    pub url: Secret,
    pub channel: String,
    pub username: String,
    pub icon_emoji: String,
    pub title: String,
    pub title_link: String,
    pub text: String,
    pub color: String,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct PagerDuty {
    /// Empty for PagerDuty's own.
    pub url: String,
    pub routing_key: Secret,
    pub description: String,
    pub severity: String,
    pub client: String,
    pub client_url: String,
    pub class: String,
    pub component: String,
    pub group: String,
    pub details: Vec<(String, String)>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Webhook {
    pub url: Secret,
    /// 0 for all.
    pub max_alerts: usize,
    /// A template of the body; empty for Alertmanager's version 4.
    pub body: String,
    pub content_type: String,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Email {
    pub to: Vec<String>,
    pub from: String,
    /// Host and port.
    pub smarthost: String,
    pub hello: String,
    pub auth_username: String,
    pub auth_password: Secret,
    pub require_tls: bool,
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// Another Alertmanager, that is sent the alerts of its groups.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Alertmanager {
    /// Of its root: `/api/v2/alerts` is put behind it.
    pub url: Secret,
}
