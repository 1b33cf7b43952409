//! A receiver on the web.

use crate::error::Error;
use crate::limits::{TIMEOUT, TIMEOUT_MAX};
use crate::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{self, HeaderName, HeaderValue};
use std::fmt;
use std::time::Duration;
use url::{Host, Url};

/// By whose documentation an answer is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerRules {
    Slack,
    PagerDuty,
    Alertmanager,
    Webhook,
}

/// Headers that the request makes of itself.
const TAKEN: [HeaderName; 7] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::TRANSFER_ENCODING,
    header::CONNECTION,
    header::UPGRADE,
    header::EXPECT,
];

#[derive(Clone)]
pub struct HttpTarget {
    pub(crate) url: Url,
    pub(crate) rules: AnswerRules,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    /// A field of the body that is put in on the way out, so that a parcel that waits holds no secret.
    pub(crate) body_secret: Option<(String, Secret)>,
    pub(crate) timeout: Duration,
    secrets: Vec<Secret>,
}

impl HttpTarget {
    /// The whole address is a secret: that of Slack and of many others is all that one needs to post.
    pub fn new(url: &str, rules: AnswerRules) -> Result<HttpTarget, Error> {
        let wrong = |why: String| Error::Url { why };
        let mut url = Url::parse(url.trim()).map_err(|error| wrong(error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(wrong(format!("its scheme is '{}', not http or https", url.scheme())));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong(
                "user and password belong into basic authentication, not into the address".into(),
            ));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(wrong("it names no host".to_owned()));
        }
        url.set_fragment(None);
        let secrets = secrets_of(&url);
        Ok(HttpTarget { url, rules, headers: Vec::new(), body_secret: None, timeout: TIMEOUT, secrets })
    }

    pub fn with_basic_auth(self, user: &str, password: &Secret) -> Result<HttpTarget, Error> {
        let pair = STANDARD.encode(format!("{user}:{}", password.expose()));
        let hidden = [password.clone(), Secret::from(pair.as_str())];
        self.authorized(&format!("Basic {pair}"), hidden)
    }

    pub fn with_bearer(self, token: &Secret) -> Result<HttpTarget, Error> {
        self.authorized(&format!("Bearer {}", token.expose().trim()), [token.clone()])
    }

    fn authorized(
        mut self,
        value: &str,
        hidden: impl IntoIterator<Item = Secret>,
    ) -> Result<HttpTarget, Error> {
        self.headers.retain(|(name, _)| name != header::AUTHORIZATION);
        self.secrets.extend(hidden);
        self.push_header(header::AUTHORIZATION, value)
    }

    /// A header beside those that every request has. Its value may be a secret.
    pub fn with_header(mut self, name: &str, value: &str) -> Result<HttpTarget, Error> {
        let wrong = |why| Error::Header { name: name.to_owned(), why };
        let parsed: HeaderName =
            name.parse().map_err(|_| wrong("it has characters that a name can't have"))?;
        if TAKEN.contains(&parsed) {
            return Err(wrong("the request makes it itself"));
        }
        self.secrets.push(Secret::from(value));
        self.push_header(parsed, value)
    }

    fn push_header(mut self, name: HeaderName, value: &str) -> Result<HttpTarget, Error> {
        let wrong = |_| Error::Header { name: name.to_string(), why: "its value has control characters" };
        let mut value = HeaderValue::from_str(value).map_err(wrong)?;
        value.set_sensitive(true);
        self.headers.push((name, value));
        Ok(self)
    }

    /// A field at the top of the JSON body, as PagerDuty's `routing_key`.
    pub fn with_body_secret(mut self, field: &str, secret: Secret) -> HttpTarget {
        self.secrets.push(secret.clone());
        self.body_secret = Some((field.to_owned(), secret));
        self
    }

    pub fn with_timeout(mut self, timeout: Duration) -> HttpTarget {
        self.timeout = timeout.min(TIMEOUT_MAX);
        self
    }

    /// The name or the address, without brackets.
    pub(crate) fn host(&self) -> String {
        match self.url.host() {
            Some(Host::Domain(name)) => name.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            None => String::new(),
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or_default()
    }

    /// What a receiver might repeat in its answer, and nobody should read there.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &str> {
        self.secrets.iter().map(Secret::expose)
    }
}

/// Path and query in whole and in parts.
fn secrets_of(url: &Url) -> Vec<Secret> {
    let mut secrets: Vec<Secret> = url.path_segments().into_iter().flatten().map(Secret::from).collect();
    secrets.push(url.path().trim_matches('/').into());
    secrets.extend(url.query().map(Secret::from));
    secrets.extend(url.query_pairs().map(|(_, value)| Secret::from(value.into_owned())));
    secrets
}

impl fmt::Display for HttpTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.url.scheme(), self.url.host_str().unwrap_or_default())?;
        self.url.port().map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl fmt::Debug for HttpTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpTarget({self}, {:?}, {:?})", self.rules, self.timeout)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(url: &str) -> Result<HttpTarget, Error> {
        HttpTarget::new(url, AnswerRules::Webhook)
    }

    #[test]
    fn only_scheme_and_host_are_shown() {
        let target = new("https://hooks.slack.com/services/T0/B0/XyzXyzXyz?token=abcabcabc#f").unwrap();
        let target = target.with_basic_auth("me", &"hunter2hunter2".into()).unwrap();
        let target = target.with_header("X-Key", "keykeykey").unwrap();
        let target = target.with_body_secret("routing_key", "routingrouting".into());
        let shown = format!("{target} {target:?} {:?}", crate::Target::Http(target.clone()));
        for secret in ["Xyz", "services", "abc", "hunter2", "keykey", "routingrouting", "me:"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        assert_eq!(target.to_string(), "https://hooks.slack.com");
        assert_eq!(new("http://[::1]:9093/x").unwrap().to_string(), "http://[::1]:9093");
    }

    #[test]
    fn bad_addresses_are_refused_and_not_repeated() {
        for (url, why) in [
            ("ftp://a.example/secretsecret", "its scheme is 'ftp', not http or https"),
            ("file:///etc/secretsecret", "its scheme is 'file'"),
            ("https://me:secretsecret@a.example/", "basic authentication"),
            ("https://secretsecret@a.example/", "basic authentication"),
            ("secretsecret", "relative URL without a base"),
            ("http://", "empty host"),
            ("http://a.example:99999/secretsecret", "invalid port number"),
            ("http://a b/secretsecret", "invalid international domain name"),
        ] {
            let error = new(url).unwrap_err().to_string();
            assert!(error.contains(why) && !error.contains("secret"), "{url}: {error}");
        }
    }

    #[test]
    fn an_address_in_disguise_is_an_address() {
        for url in ["http://127.1/", "http://2130706433/", "http://0x7f.0.0.1/", "http://0177.0.0.1/"] {
            assert_eq!(new(url).unwrap().host(), "127.0.0.1", "{url}");
        }
        assert_eq!(new("http://[::ffff:7f00:1]/").unwrap().host(), "::ffff:127.0.0.1");
    }

    #[test]
    fn headers_of_the_request_itself_are_not_taken() {
        let header = |name, value| new("http://a.example/").unwrap().with_header(name, value).map(|_| ());
        assert_eq!(header("X-Team", "platform"), Ok(()));
        let taken = Error::Header { name: "Host".into(), why: "the request makes it itself" };
        assert_eq!(header("Host", "b.example"), Err(taken));
        assert!(header("X Team", "a").is_err());
        assert!(header("X-Team", "a\r\nX-Other: b").is_err());
    }
}
