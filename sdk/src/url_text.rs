//! URLs as spans may record them: without what opens doors.
//!
//! Semantic conventions, URL attributes: credentials and the values of well-known signing parameters are
//! to be redacted.

use std::borrow::Cow;

use reqwest::Url;

const REDACTED: &str = "REDACTED";

/// Query parameters that carry a signature or a key.
const SECRET_PARAMETERS: [&str; 4] = ["AWSAccessKeyId", "Signature", "sig", "X-Goog-Signature"];

/// `url.full`.
pub(crate) fn full(url: &Url) -> String {
    let mut url = url.clone();
    if !url.username().is_empty() {
        // Fails for URLs that can't have credentials, and then there are none to hide.
        let _ = url.set_username(REDACTED);
    }
    if url.password().is_some() {
        let _ = url.set_password(Some(REDACTED));
    }
    if let Some(Cow::Owned(redacted)) = url.query().map(query) {
        url.set_query(Some(&redacted));
    }
    url.into()
}

/// `url.query`.
pub(crate) fn query(text: &str) -> Cow<'_, str> {
    let is_secret =
        |pair: &str| pair.split_once('=').is_some_and(|(name, _)| SECRET_PARAMETERS.contains(&name));
    if !text.split('&').any(is_secret) {
        return Cow::Borrowed(text);
    }
    let pairs: Vec<String> = text
        .split('&')
        .map(|pair| match pair.split_once('=') {
            Some((name, _)) if is_secret(pair) => format!("{name}={REDACTED}"),
            _ => pair.to_owned(),
        })
        .collect();
    Cow::Owned(pairs.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_urls_are_not_recorded() {
        for (url, shown) in [
            ("http://shop/a?b=1", "http://shop/a?b=1"),
            ("http://user:secret@shop/a", "http://REDACTED:REDACTED@shop/a"),
            ("http://shop/a?sig=abc&b=1", "http://shop/a?sig=REDACTED&b=1"),
            ("http://shop/a?b=sig&Signature=x%3D", "http://shop/a?b=sig&Signature=REDACTED"),
        ] {
            assert_eq!(full(&Url::parse(url).unwrap()), shown);
        }
    }
}
