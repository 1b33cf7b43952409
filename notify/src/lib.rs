//! One parcel to one target: [`Notifier::send`] delivers a notification over HTTP or SMTP within bounds
//! and says what became of it. What is sent when is decided by the pure policies of [`policy`].
//!
//! ```text
//! send ─► guard (resolve once, check every address) ─► dial ─► http/ ─► answer rules ─► Verdict
//!                                                          └─► smtp/ ───────────────────┘
//! ```
//!
//! A receiver is not trusted: it may hang, drip, answer without end or point to a private address. Each
//! send has one deadline for all of that, reads a bounded answer, follows no redirect, uses no proxy of
//! the environment and connects to the addresses that were checked, with no second look-up.

mod dial;
mod error;
mod guard;
mod http;
pub mod limits;
mod parcel;
pub mod policy;
mod resolve;
mod secret;
mod smtp;
mod target;
mod tls;
mod verdict;

pub use error::Error;
pub use guard::{Guard, SETTING};
pub use parcel::{Content, HttpContent, Mail, Parcel};
pub use resolve::{Resolve, Resolving, SystemResolver};
pub use secret::Secret;
pub use target::{AnswerRules, HttpTarget, SmtpTarget, SmtpTls, Target};
pub use verdict::Verdict;

use std::sync::Arc;
use tokio::time::Instant;

/// Sends parcels. Made once and shared: it keeps what it trusts (addresses, certificates), no connections.
pub struct Notifier {
    guard: Guard,
    resolver: Arc<dyn Resolve>,
    tls: tls::Tls,
}

impl Notifier {
    /// With the names and the root certificates of the system.
    pub fn new(guard: Guard) -> Notifier {
        Notifier { guard, resolver: Arc::new(SystemResolver), tls: tls::Tls::default() }
    }

    pub fn with_resolver(mut self, resolver: Arc<dyn Resolve>) -> Notifier {
        self.resolver = resolver;
        self
    }

    /// Trusts the certificates of a PEM file beside those of the system.
    pub fn with_roots(mut self, pem: &[u8]) -> Result<Notifier, Error> {
        self.tls = tls::Tls::with_roots(pem)?;
        Ok(self)
    }

    /// Ends within the target's timeout, whatever the receiver does. A future that is dropped closes its
    /// connection; whether the receiver has taken the parcel is unknown then, as after a timeout.
    pub async fn send(&self, target: &Target, parcel: &Parcel) -> Verdict {
        let deadline = Instant::now() + target.timeout();
        let sent = match (target, &parcel.content) {
            (Target::Http(target), Content::Http(content)) => {
                http::deliver(self, target, &parcel.id, content, deadline).await
            }
            (Target::Smtp(target), Content::Mail(mail)) => {
                smtp::deliver(self, target, &parcel.id, mail, deadline).await
            }
            (Target::Http(_), Content::Mail(_)) => {
                Err(verdict::refused("a mail can't be sent to a web address"))
            }
            (Target::Smtp(_), Content::Http(_)) => {
                Err(verdict::refused("what is made for HTTP can't be mailed"))
            }
        };
        sent.unwrap_or_else(|verdict| verdict)
    }
}
