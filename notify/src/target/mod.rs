//! Where a parcel goes. A target holds the secrets, and shows of itself no more than scheme and host.

mod http;
mod mailbox;
mod smtp;

pub use http::{AnswerRules, HttpTarget};
pub use smtp::{SmtpTarget, SmtpTls};

pub(crate) use mailbox::Mailbox;
pub(crate) use smtp::Login;

use crate::policy::GateSettings;
use std::fmt;
use std::time::Duration;

#[derive(Clone, Debug)]
pub enum Target {
    Http(HttpTarget),
    Smtp(SmtpTarget),
}

impl Target {
    /// A whole delivery takes no longer.
    pub fn timeout(&self) -> Duration {
        match self {
            Target::Http(target) => target.timeout,
            Target::Smtp(target) => target.timeout,
        }
    }

    /// How fast the receiver should be sent to, where the configuration says nothing else.
    pub fn gate_settings(&self) -> GateSettings {
        match self {
            Target::Http(target) if target.rules == AnswerRules::Slack => GateSettings::slack(),
            _ => GateSettings::default(),
        }
    }
}

/// Scheme and host: `https://hooks.slack.com`.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Http(target) => target.fmt(f),
            Target::Smtp(target) => target.fmt(f),
        }
    }
}
