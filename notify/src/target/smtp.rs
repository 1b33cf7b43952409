//! A mail server that takes mail for delivery ("smarthost").

use super::Mailbox;
use crate::error::Error;
use crate::limits::{RECIPIENTS, TIMEOUT, TIMEOUT_MAX};
use crate::secret::Secret;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

/// When a connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpTls {
    /// From the first byte, as on port 465.
    Implicit,
    /// After the greeting (STARTTLS); a server that does not offer it gets nothing.
    Required,
    /// After the greeting where the server offers it.
    IfOffered,
}

#[derive(Clone)]
pub(crate) struct Login {
    pub user: String,
    pub password: Secret,
}

#[derive(Clone)]
pub struct SmtpTarget {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) tls: SmtpTls,
    pub(crate) from: Mailbox,
    pub(crate) to: Vec<Mailbox>,
    pub(crate) login: Option<Login>,
    pub(crate) hello: String,
    pub(crate) timeout: Duration,
}

impl SmtpTarget {
    /// `smarthost` is `host:port`. TLS is implicit on port 465 and required elsewhere, as Alertmanager has it.
    /// Entries of `to` may be lists with commas.
    pub fn new<S: AsRef<str>>(
        smarthost: &str,
        from: &str,
        to: impl IntoIterator<Item = S>,
    ) -> Result<SmtpTarget, Error> {
        let (host, port) = host_and_port(smarthost.trim())?;
        let mut recipients = Vec::new();
        for entry in to {
            for mailbox in Mailbox::parse_list(entry.as_ref())? {
                if !recipients.contains(&mailbox) {
                    recipients.push(mailbox);
                }
            }
        }
        let wrong = |why: String| Error::Server { server: smarthost.to_owned(), why };
        match recipients.len() {
            0 => return Err(wrong("nobody is to get its mail".to_owned())),
            many if many > RECIPIENTS => {
                return Err(wrong(format!("{many} are to get its mail, more than {RECIPIENTS}")));
            }
            _ => {}
        }
        let tls = if port == 465 { SmtpTls::Implicit } else { SmtpTls::Required };
        Ok(SmtpTarget {
            host,
            port,
            tls,
            from: Mailbox::parse(from)?,
            to: recipients,
            login: None,
            hello: "localhost".to_owned(),
            timeout: TIMEOUT,
        })
    }

    pub fn with_tls(mut self, tls: SmtpTls) -> SmtpTarget {
        self.tls = tls;
        self
    }

    pub fn with_login(mut self, user: &str, password: Secret) -> SmtpTarget {
        self.login = Some(Login { user: user.to_owned(), password });
        self
    }

    /// The name that this machine gives itself.
    pub fn with_hello(mut self, hello: &str) -> Result<SmtpTarget, Error> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
        if hello.is_empty() || hello.len() > 255 || !hello.chars().all(plain) {
            let why = format!("'{}' is no name to say hello with", hello.escape_debug());
            return Err(Error::Server { server: self.to_string(), why });
        }
        self.hello = hello.to_owned();
        Ok(self)
    }

    pub fn with_timeout(mut self, timeout: Duration) -> SmtpTarget {
        self.timeout = timeout.min(TIMEOUT_MAX);
        self
    }

    pub(crate) fn secrets(&self) -> impl Iterator<Item = &str> {
        self.login.iter().map(|login| login.password.expose())
    }
}

fn host_and_port(smarthost: &str) -> Result<(String, u16), Error> {
    let wrong = |why: &str| Error::Server { server: smarthost.to_owned(), why: why.to_owned() };
    let (host, port) =
        smarthost.rsplit_once(':').ok_or_else(|| wrong("it needs its port, as in mail.example:587"))?;
    let port: u16 = port.parse().map_err(|_| wrong("what follows the colon is not a port"))?;
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    let name = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    let usable = bare.parse::<IpAddr>().is_ok() || (!bare.is_empty() && bare.chars().all(name));
    if port == 0 || !usable {
        return Err(wrong("it is not a host with a port"));
    }
    Ok((bare.to_owned(), port))
}

impl fmt::Display for SmtpTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls == SmtpTls::Implicit { "smtps" } else { "smtp" };
        if self.host.contains(':') {
            return write!(f, "{scheme}://[{}]:{}", self.host, self.port);
        }
        write!(f, "{scheme}://{}:{}", self.host, self.port)
    }
}

impl fmt::Debug for SmtpTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SmtpTarget({self}, {:?}, {} recipients)", self.tls, self.to.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_smarthost_has_a_port_and_recipients() {
        let target =
            SmtpTarget::new("mail.example:587", "a@x.example", ["b@x.example, c@x.example", "b@x.example"]);
        let target = target.unwrap().with_login("me", "hunter2hunter2".into());
        assert_eq!((target.host.as_str(), target.port, target.to.len()), ("mail.example", 587, 2));
        assert_eq!(target.tls, SmtpTls::Required);
        assert_eq!(format!("{target:?}"), "SmtpTarget(smtp://mail.example:587, Required, 2 recipients)");
        let target = SmtpTarget::new("[::1]:465", "a@x.example", ["b@x.example"]).unwrap();
        assert_eq!((target.host.as_str(), target.tls), ("::1", SmtpTls::Implicit));
        assert_eq!(target.to_string(), "smtps://[::1]:465");
        for (smarthost, to) in [
            ("mail.example", "b@x.example"),
            ("mail.example:smtp", "b@x.example"),
            (":25", "b@x.example"),
            ("a b:25", "b@x.example"),
            ("mail.example:0", "b@x.example"),
            ("mail.example:25", ""),
            ("mail.example:25", "b"),
        ] {
            assert!(SmtpTarget::new(smarthost, "a@x.example", [to]).is_err(), "{smarthost} {to}");
        }
        let target = SmtpTarget::new("[::1]:25", "a@x.example", ["b@x.example"]).unwrap();
        assert!(target.with_hello("a\r\nQUIT").is_err());
    }
}
