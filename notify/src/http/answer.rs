//! What an answer means, by whose documentation it is to be read. Pure.

use super::{retry_after, slack};
use crate::target::AnswerRules;
use crate::verdict::{Verdict, refused, retry};
use ::http::StatusCode;
use serde::Deserialize;
use std::time::SystemTime;

/// An answer as far as it was read.
pub(super) struct Answer {
    pub status: StatusCode,
    pub retry_after: Option<String>,
    /// The host that it redirects to.
    pub redirect: Option<String>,
    pub body: String,
    /// The body as it may be shown.
    pub detail: String,
    /// Whether that is all of it.
    pub whole: bool,
    /// Scheme and host of the target.
    pub from: String,
}

/// What the body is needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Matters {
    /// The status says it all.
    No,
    /// It tells more of an error that is one in any case.
    Tells,
    /// Without it there is no verdict.
    Decides,
}

pub(super) fn body_matters(rules: AnswerRules, status: StatusCode) -> Matters {
    match rules {
        _ if status.is_redirection() => Matters::No,
        _ if !status.is_success() => Matters::Tells,
        AnswerRules::Slack => Matters::Decides,
        AnswerRules::PagerDuty if status != StatusCode::ACCEPTED => Matters::Decides,
        AnswerRules::PagerDuty | AnswerRules::Alertmanager | AnswerRules::Webhook => Matters::No,
    }
}

pub(super) fn judge(rules: AnswerRules, answer: &Answer, now: SystemTime) -> Verdict {
    let (status, from) = (answer.status, &answer.from);
    if status.is_redirection() {
        let to = answer.redirect.as_deref().unwrap_or("nowhere");
        return refused(format!("redirects are not followed: {from} answers {} to {to}", status.as_u16()));
    }
    if status.is_success() {
        return match rules {
            AnswerRules::Slack => slack_success(answer),
            AnswerRules::PagerDuty => pagerduty_success(answer),
            AnswerRules::Alertmanager | AnswerRules::Webhook => delivered(answer),
        };
    }
    let why = match rules {
        AnswerRules::Slack => slack_error(answer),
        AnswerRules::PagerDuty => pagerduty_error(answer),
        AnswerRules::Alertmanager | AnswerRules::Webhook => said(answer),
    };
    if !for_now(status) {
        return refused(why);
    }
    let after = answer.retry_after.as_deref().and_then(|value| retry_after::parse(value, now));
    Verdict::Retry { why, after }
}

/// Whether the same request may be answered otherwise later.
fn for_now(status: StatusCode) -> bool {
    status.is_server_error()
        || matches!(
            status,
            StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY
        )
}

fn delivered(answer: &Answer) -> Verdict {
    Verdict::Delivered { detail: named(answer.status) }
}

fn named(status: StatusCode) -> String {
    match status.canonical_reason() {
        Some(reason) => format!("{} {reason}", status.as_u16()),
        None => status.as_u16().to_string(),
    }
}

fn said(answer: &Answer) -> String {
    let head = format!("{} answers {}", answer.from, named(answer.status));
    if answer.detail.is_empty() { head } else { format!("{head}: {}", answer.detail) }
}

/// `ok` is what an incoming webhook says, `{"ok":true}` what `chat.postMessage` does; both say it with 200
/// also when it is not (an error page of a proxy, `{"ok":false}`).
fn slack_success(answer: &Answer) -> Verdict {
    let body = answer.body.trim();
    if answer.whole && body == "ok" {
        return delivered(answer);
    }
    #[derive(Deserialize)]
    struct WebApi {
        ok: bool,
        error: Option<String>,
    }
    match serde_json::from_str::<WebApi>(body) {
        Ok(WebApi { ok: true, .. }) => delivered(answer),
        Ok(WebApi { error: Some(word), .. }) if word == "ratelimited" => retry(said(answer)),
        Ok(_) => refused(said(answer)),
        // The first bytes of "ok", or of a JSON text: what the rest would have been is not known.
        Err(_) if !answer.whole && body.len() < 2 => {
            retry(format!("{} answers {}, but not to the end", answer.from, named(answer.status)))
        }
        Err(_) => refused(format!("{}, where Slack says ok", said(answer))),
    }
}

fn slack_error(answer: &Answer) -> String {
    match slack::hint(answer.body.trim()) {
        Some(hint) => format!("{} ({hint})", said(answer)),
        None => said(answer),
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct PagerDutyAnswer {
    status: String,
    message: String,
    errors: Vec<String>,
}

/// 202 is the documented answer; what speaks PagerDuty's protocol elsewhere may say 200 with its body.
fn pagerduty_success(answer: &Answer) -> Verdict {
    if answer.status == StatusCode::ACCEPTED {
        return delivered(answer);
    }
    let told: PagerDutyAnswer = serde_json::from_str(&answer.body).unwrap_or_default();
    if told.status == "success" {
        return delivered(answer);
    }
    if !answer.whole {
        return retry(format!("{} answers {}, but not to the end", answer.from, named(answer.status)));
    }
    refused(format!("{}, where PagerDuty says 202 Accepted", said(answer)))
}

fn pagerduty_error(answer: &Answer) -> String {
    // Of the shown text, which no longer has the routing key that an error may repeat.
    match serde_json::from_str::<PagerDutyAnswer>(&answer.detail) {
        Ok(told) if !told.message.is_empty() => {
            let parts = std::iter::once(told.message).chain(told.errors);
            let parts = parts.collect::<Vec<_>>().join("; ");
            format!("{} answers {}: {parts}", answer.from, named(answer.status))
        }
        _ => said(answer),
    }
}

#[cfg(test)]
mod tests;
