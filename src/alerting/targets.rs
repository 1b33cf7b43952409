//! Where the integrations of the configuration send to.

use ocelli_notify::{AnswerRules, Error, HttpTarget, Secret, SmtpTarget, SmtpTls, Target};
use ocelli_query::alerting::receiver::{Email, Http};
use ocelli_query::alerting::{Integration, Kind};
use std::time::Duration;

const PAGERDUTY: &str = "https://events.pagerduty.com/v2/enqueue";

/// The target of an integration; the error says what of its settings is wrong.
pub fn target(integration: &Integration) -> Result<Target, Error> {
    let http = &integration.http;
    match &integration.kind {
        Kind::Slack(slack) => web(&slack.url.0, AnswerRules::Slack, http),
        Kind::PagerDuty(pagerduty) => {
            let url = if pagerduty.url.is_empty() { PAGERDUTY } else { &pagerduty.url };
            let target = of_http(url, AnswerRules::PagerDuty, http)?;
            let key = Secret::from(pagerduty.routing_key.0.as_str());
            Ok(Target::Http(target.with_body_secret("routing_key", key)))
        }
        Kind::Webhook(webhook) => web(&webhook.url.0, AnswerRules::Webhook, http),
        Kind::Alertmanager(other) => {
            let url = format!("{}/api/v2/alerts", other.url.0.trim_end_matches('/'));
            web(&url, AnswerRules::Alertmanager, http)
        }
        Kind::Email(email) => mail(email, http).map(Target::Smtp),
    }
}

fn web(url: &str, rules: AnswerRules, http: &Http) -> Result<Target, Error> {
    of_http(url, rules, http).map(Target::Http)
}

fn of_http(url: &str, rules: AnswerRules, http: &Http) -> Result<HttpTarget, Error> {
    let mut target = HttpTarget::new(url, rules)?;
    if let Some((user, password)) = &http.basic_auth {
        target = target.with_basic_auth(user, &Secret::from(password.0.as_str()))?;
    }
    if let Some(token) = &http.bearer {
        target = target.with_bearer(&Secret::from(token.0.as_str()))?;
    }
    for (name, value) in &http.headers {
        target = target.with_header(name, value)?;
    }
    Ok(timeout(http).map_or(target.clone(), |timeout| target.with_timeout(timeout)))
}

fn mail(email: &Email, http: &Http) -> Result<SmtpTarget, Error> {
    let mut target = SmtpTarget::new(&email.smarthost, &email.from, &email.to)?;
    if !email.require_tls && !email.smarthost.ends_with(":465") {
        target = target.with_tls(SmtpTls::IfOffered);
    }
    if !email.auth_username.is_empty() {
        target = target.with_login(&email.auth_username, Secret::from(email.auth_password.0.as_str()));
    }
    if !email.hello.is_empty() {
        target = target.with_hello(&email.hello)?;
    }
    Ok(timeout(http).map_or(target.clone(), |timeout| target.with_timeout(timeout)))
}

fn timeout(http: &Http) -> Option<Duration> {
    http.timeout_ms.and_then(|ms| u64::try_from(ms).ok()).map(Duration::from_millis)
}
