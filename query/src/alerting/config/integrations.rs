//! What a receiver is told by. Texts are templates, and empty for the default.

use super::ReadSecret;
use super::global::Global;
use super::http::{self, check_url, secret};
use super::reader::{Fields, Reader};
use crate::alerting::receiver::{
    Alertmanager, Email, Http, Integration, Kind, PagerDuty, Secret, Slack, Webhook,
};
use serde_yaml_ng::Value;

pub struct Context<'a> {
    pub global: &'a Global,
    pub secret: ReadSecret<'a>,
}

/// Where Slack takes messages of an app's token.
const SLACK_APP_URL: &str = "https://slack.com/api/chat.postMessage";

const IN_THE_TEXT: &str = "put what it says into title or text";

const NOT_OF_SLACK: &[(&str, &str)] = &[
    ("actions", "messages have links to the alert and to a silence"),
    ("fields", IN_THE_TEXT),
    ("short_fields", IN_THE_TEXT),
    ("pretext", IN_THE_TEXT),
    ("footer", IN_THE_TEXT),
    ("message_text", IN_THE_TEXT),
    ("fallback", "it is made of the title; remove it"),
    ("callback_id", "remove it"),
    ("icon_url", "use icon_emoji"),
    ("image_url", IN_THE_TEXT),
    ("thumb_url", IN_THE_TEXT),
    ("link_names", "write a user or group as <@ID> or <!subteam^ID> in text"),
    ("mrkdwn_in", "the text is Slack's markup in any case; remove it"),
    ("update_message", "each message is a new one; remove it"),
    ("post_updates_to_thread", "each message is a new one; remove it"),
];

const NOT_OF_PAGERDUTY: &[(&str, &str)] = &[
    (
        "service_key",
        "the Events API v1 is not spoken; make an integration of the Events API v2 and use its routing_key",
    ),
    (
        "service_key_file",
        "the Events API v1 is not spoken; make an integration of the Events API v2 and use its routing_key_file",
    ),
    ("images", "put its address into details"),
    (
        "links",
        "the links of the alerts are sent: the annotations runbook_url, dashboard_url, logs_url and traces_url; or put the address into details",
    ),
    (
        "source",
        "the label instance or host that all alerts have is sent, else what they are grouped by; remove it",
    ),
];

const NOT_OF_EMAIL: &[(&str, &str)] = &[
    ("auth_secret", "the server is asked for PLAIN or LOGIN; use auth_password"),
    ("auth_secret_file", "the server is asked for PLAIN or LOGIN; use auth_password_file"),
    ("auth_identity", "a user logs in as itself; remove it"),
    (
        "tls_config",
        "the certificates that the system trusts are trusted; add the authority's to the system's",
    ),
    (
        "force_implicit_tls",
        "TLS is spoken from the start at port 465, and after STARTTLS at others; choose the port",
    ),
    ("threading", "each message is a new one; remove it"),
];

fn http_of(reader: &mut Reader, fields: &mut Fields, context: &Context) -> Http {
    match fields.take("http_config") {
        Some(value) => reader.within("http_config", |reader| http::read(reader, value, context.secret)),
        None => context.global.http.clone(),
    }
}

fn finish(
    reader: &mut Reader,
    mut fields: Fields,
    (kind, mut http, send_resolved): (Kind, Http, bool),
    not_here: &[(&str, &str)],
) -> Integration {
    let send_resolved = fields.flag(reader, "send_resolved").unwrap_or(send_resolved);
    if !matches!(kind, Kind::Email(_)) {
        http.timeout_ms = fields.duration(reader, "timeout").filter(|ms| *ms > 0);
    }
    let place = format!("{}_configs", kind.as_str());
    fields.finish(reader, &place, not_here);
    // The key is set when all of the receiver's are known.
    Integration { key: String::new(), kind, send_resolved, http }
}

pub fn slack(reader: &mut Reader, value: Value, context: &Context) -> Integration {
    let mut fields = reader.fields(value);
    let has_http = fields.has("http_config");
    let mut http = http_of(reader, &mut fields, context);
    let own_url = secret(reader, &mut fields, ("api_url", "api_url_file"), context.secret);
    if let Some(Secret(url)) = own_url.as_ref().filter(|url| !url.0.is_empty()) {
        check_url(reader, "api_url", url);
    }
    let own_token = secret(reader, &mut fields, ("app_token", "app_token_file"), context.secret);
    let app_url = fields.maybe_text(reader, "app_url").or_else(|| context.global.slack_app_url.clone());
    if own_url.is_some() && own_token.is_some() {
        reader.problem("api_url and app_token are both there; keep one");
    }
    let has_own = own_url.is_some() || has_http && http.bearer.is_some();
    let token = own_token.or_else(|| context.global.slack_token.clone().filter(|_| !has_own));
    let url = match token {
        Some(token) => {
            http.bearer = Some(token);
            Some(Secret(app_url.unwrap_or_else(|| SLACK_APP_URL.to_owned())))
        }
        None => own_url.or_else(|| context.global.slack_url.clone()),
    };
    if url.is_none() {
        reader.problem(
            "Slack needs api_url or app_token, here or as slack_api_url or slack_app_token in global",
        );
    }
    let slack = Slack {
        url: url.unwrap_or_default(),
        channel: fields.text(reader, "channel"),
        username: fields.text(reader, "username"),
        icon_emoji: fields.text(reader, "icon_emoji"),
        title: fields.text(reader, "title"),
        title_link: fields.text(reader, "title_link"),
        text: fields.text(reader, "text"),
        color: fields.text(reader, "color"),
    };
    finish(reader, fields, (Kind::Slack(slack), http, false), NOT_OF_SLACK)
}

pub fn pagerduty(reader: &mut Reader, value: Value, context: &Context) -> Integration {
    let mut fields = reader.fields(value);
    let http = http_of(reader, &mut fields, context);
    let url = fields.text(reader, "url");
    if !url.is_empty() {
        check_url(reader, "url", &url);
    }
    let key = secret(reader, &mut fields, ("routing_key", "routing_key_file"), context.secret);
    // With the other key the reason is told there.
    if key.is_none() && !fields.has("service_key") && !fields.has("service_key_file") {
        reader.problem("PagerDuty needs a routing_key");
    }
    let pagerduty = PagerDuty {
        url: if url.is_empty() { context.global.pagerduty_url.clone() } else { url },
        routing_key: key.unwrap_or_default(),
        description: fields.text(reader, "description"),
        severity: fields.text(reader, "severity"),
        client: fields.text(reader, "client"),
        client_url: fields.text(reader, "client_url"),
        class: fields.text(reader, "class"),
        component: fields.text(reader, "component"),
        group: fields.text(reader, "group"),
        details: fields.pairs(reader, "details"),
    };
    finish(reader, fields, (Kind::PagerDuty(pagerduty), http, true), NOT_OF_PAGERDUTY)
}

/// The address, written here or in a file; one of them must be.
fn address(reader: &mut Reader, fields: &mut Fields, context: &Context) -> Secret {
    let url = secret(reader, fields, ("url", "url_file"), context.secret);
    match &url {
        None => reader.problem("a url is needed, or a url_file"),
        Some(Secret(url)) if !url.is_empty() => check_url(reader, "url", url),
        Some(_) => {}
    }
    url.unwrap_or_default()
}

pub fn webhook(reader: &mut Reader, value: Value, context: &Context) -> Integration {
    let mut fields = reader.fields(value);
    let http = http_of(reader, &mut fields, context);
    let webhook = Webhook {
        url: address(reader, &mut fields, context),
        max_alerts: fields.number(reader, "max_alerts").map_or(0, |most| usize::try_from(most).unwrap_or(0)),
        body: fields.text(reader, "body"),
        content_type: fields.text(reader, "content_type"),
    };
    let not_here =
        [("payload", "write the whole body as one template in body, and what it is in content_type")];
    finish(reader, fields, (Kind::Webhook(webhook), http, true), &not_here)
}

pub fn email(reader: &mut Reader, value: Value, context: &Context) -> Integration {
    let mut fields = reader.fields(value);
    let smtp = &context.global.smtp;
    let to = fields.text(reader, "to");
    let to: Vec<String> =
        to.split(',').map(|one| one.trim().to_owned()).filter(|one| !one.is_empty()).collect();
    if to.is_empty() {
        reader.problem("e-mail needs an address to send it to");
    }
    let mut or = |key, global: &String| fields.maybe_text(reader, key).unwrap_or_else(|| global.clone());
    let from = or("from", &smtp.from);
    let smarthost = or("smarthost", &smtp.smarthost);
    let hello = or("hello", &smtp.hello);
    let auth_username = or("auth_username", &smtp.auth_username);
    if from.is_empty() {
        reader.problem("e-mail needs a sender: from here, or smtp_from in global");
    }
    if smarthost.is_empty() {
        reader.problem("e-mail needs a server: smarthost here, or smtp_smarthost in global, as host:port");
    } else if !has_port(&smarthost) {
        reader.problem(format!("smarthost {smarthost:?} needs a port: host:port"));
    }
    let password = secret(reader, &mut fields, ("auth_password", "auth_password_file"), context.secret);
    let email = Email {
        to,
        from,
        smarthost,
        hello,
        auth_username,
        auth_password: password.or_else(|| smtp.auth_password.clone()).unwrap_or_default(),
        require_tls: fields.flag(reader, "require_tls").or(smtp.require_tls).unwrap_or(true),
        subject: subject(reader, &mut fields),
        text: fields.text(reader, "text"),
        html: fields.text(reader, "html"),
    };
    finish(reader, fields, (Kind::Email(email), Http::default(), false), NOT_OF_EMAIL)
}

fn has_port(host: &str) -> bool {
    host.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
}

/// Of the headers the one that a message has in any case.
fn subject(reader: &mut Reader, fields: &mut Fields) -> String {
    let mut subject = String::new();
    for (name, value) in fields.pairs(reader, "headers") {
        if name.eq_ignore_ascii_case("subject") {
            subject = value;
        } else {
            let message = format!(
                "header {name} is not supported: from and to are set by their keys, and Subject here"
            );
            reader.within("headers", |reader| reader.problem_at_key(&name, message));
        }
    }
    subject
}

/// Our own: another Alertmanager is sent the alerts.
pub fn alertmanager(reader: &mut Reader, value: Value, context: &Context) -> Integration {
    let mut fields = reader.fields(value);
    let http = http_of(reader, &mut fields, context);
    let url = address(reader, &mut fields, context);
    finish(reader, fields, (Kind::Alertmanager(Alertmanager { url }), http, true), &[])
}
