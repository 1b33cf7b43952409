//! `global`: what receivers have where they don't say it themselves.

use super::ReadSecret;
use super::http::{self, check_url, secret};
use super::reader::Reader;
use crate::alerting::receiver::{Http, Secret};
use serde_yaml_ng::Value;

#[derive(Default)]
pub struct Global {
    pub resolve_timeout_ms: Option<i64>,
    pub http: Http,
    pub slack_url: Option<Secret>,
    pub slack_token: Option<Secret>,
    pub slack_app_url: Option<String>,
    pub pagerduty_url: String,
    pub smtp: Smtp,
}

#[derive(Default)]
pub struct Smtp {
    pub from: String,
    pub hello: String,
    pub smarthost: String,
    pub auth_username: String,
    pub auth_password: Option<Secret>,
    pub require_tls: Option<bool>,
}

/// Of receivers that are refused where they are used; alone they say nothing.
const OF_OTHERS: &[&str] = &[
    "jira_api_url",
    "opsgenie_api_url",
    "opsgenie_api_key",
    "opsgenie_api_key_file",
    "wechat_api_url",
    "wechat_api_secret",
    "wechat_api_secret_file",
    "wechat_api_corp_id",
    "victorops_api_url",
    "victorops_api_key",
    "victorops_api_key_file",
    "telegram_api_url",
    "telegram_bot_token",
    "telegram_bot_token_file",
    "webex_api_url",
    "rocketchat_api_url",
    "rocketchat_token",
    "rocketchat_token_file",
    "rocketchat_token_id",
    "rocketchat_token_id_file",
    "mattermost_webhook_url",
    "mattermost_webhook_url_file",
];

const NOT_HERE: &[(&str, &str)] = &[
    ("smtp_auth_secret", "the server is asked for PLAIN or LOGIN; use smtp_auth_password"),
    ("smtp_auth_secret_file", "the server is asked for PLAIN or LOGIN; use smtp_auth_password_file"),
    ("smtp_auth_identity", "a user logs in as itself; remove it"),
    (
        "smtp_tls_config",
        "the certificates that the system trusts are trusted; add the authority's to the system's",
    ),
    (
        "smtp_force_implicit_tls",
        "TLS is spoken from the start at port 465, and after STARTTLS at others; choose the port",
    ),
];

pub fn read(reader: &mut Reader, value: Value, read: ReadSecret) -> Global {
    let mut fields = reader.fields(value);
    let mut global =
        Global { resolve_timeout_ms: fields.duration(reader, "resolve_timeout"), ..Global::default() };
    if let Some(value) = fields.take("http_config") {
        global.http = reader.within("http_config", |reader| http::read(reader, value, read));
    }
    global.slack_url = secret(reader, &mut fields, ("slack_api_url", "slack_api_url_file"), read);
    if let Some(Secret(url)) = global.slack_url.as_ref().filter(|url| !url.0.is_empty()) {
        check_url(reader, "slack_api_url", url);
    }
    global.slack_token = secret(reader, &mut fields, ("slack_app_token", "slack_app_token_file"), read);
    if global.slack_url.is_some() && global.slack_token.is_some() {
        reader.problem("slack_api_url and slack_app_token are both there; keep one");
    }
    global.slack_app_url = fields.maybe_text(reader, "slack_app_url");
    if let Some(url) = &global.slack_app_url {
        check_url(reader, "slack_app_url", url);
    }
    global.pagerduty_url = fields.text(reader, "pagerduty_url");
    if !global.pagerduty_url.is_empty() {
        check_url(reader, "pagerduty_url", &global.pagerduty_url);
    }
    global.smtp = Smtp {
        from: fields.text(reader, "smtp_from"),
        hello: fields.text(reader, "smtp_hello"),
        smarthost: fields.text(reader, "smtp_smarthost"),
        auth_username: fields.text(reader, "smtp_auth_username"),
        auth_password: secret(reader, &mut fields, ("smtp_auth_password", "smtp_auth_password_file"), read),
        require_tls: fields.flag(reader, "smtp_require_tls"),
    };
    fields.ignore(OF_OTHERS);
    fields.finish(reader, "global", NOT_HERE);
    global
}
