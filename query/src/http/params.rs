//! Query parameters, read one by one so that an error names the one that is wrong.

use super::asked::has_parameters;
use crate::Error;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use ocelli_api::time_range::parse_time;
use ocelli_api::{TimeRange, UnixNano};
use std::convert::Infallible;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// The longest form body.
const MAX_FORM_BYTES: usize = 1 << 20;

/// A time as Loki and Tempo take it, in nanoseconds: seconds up to ten digits, else nanoseconds; seconds with a
/// fraction; RFC 3339.
pub fn grafana_time(text: &str) -> Option<i64> {
    const SECOND: i64 = 1_000_000_000;
    if let Ok(whole) = text.parse::<i64>() {
        return if text.len() <= 10 { whole.checked_mul(SECOND) } else { Some(whole) };
    }
    if let Ok(seconds) = text.parse::<f64>() {
        let ns = seconds * SECOND as f64;
        return (ns.abs() < i64::MAX as f64).then(|| ns.round() as i64);
    }
    parse_time(text, UnixNano(0)).ok().filter(|_| !text.starts_with("now")).map(|at| at.0)
}

/// The parameters of a request in their order; a key may come more than once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Params(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Params, Infallible> {
        Ok(Params::parse(parts.uri.query().unwrap_or_default().as_bytes()))
    }
}

impl Params {
    /// Reads `a=1&b=2` with `%` and `+` decoded: a query string or a form body.
    pub fn parse(encoded: &[u8]) -> Params {
        Params(form_urlencoded::parse(encoded).into_owned().collect())
    }

    /// Those of the body of a POST, then those of the query string.
    pub async fn of_form<S: Send + Sync>(request: Request, state: &S) -> Result<Params, Error> {
        let query = Params::parse(request.uri().query().unwrap_or_default().as_bytes());
        if request.method() != axum::http::Method::POST {
            return Ok(query);
        }
        let body = Bytes::from_request(request, state)
            .await
            .map_err(|why| Error::bad_parameter("body", format!("can't be read: {}", why.body_text())))?;
        if body.len() > MAX_FORM_BYTES {
            return Err(Error::bad_parameter("body", format!("is longer than {MAX_FORM_BYTES} bytes")));
        }
        let params = Params::parse(&body).and(query);
        has_parameters(&params);
        Ok(params)
    }

    /// Some parameters by themselves.
    pub fn of<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Params {
        Params(pairs.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect())
    }

    /// As in an address, of about `most` bytes at most, and whether that is all: long values are cut, so that what
    /// follows them is still there.
    pub fn encoded(&self, most: usize) -> (String, bool) {
        let (mut out, mut is_whole) = (form_urlencoded::Serializer::new(String::new()), true);
        let mut left = most;
        for (key, value) in &self.0 {
            let [short_key, short] =
                [key, value].map(|text| &text[..text.floor_char_boundary(left.min(most / 4))]);
            is_whole &= (short_key, short) == (key, value);
            left = left.saturating_sub(short_key.len() + short.len());
            if left > 0 {
                out.append_pair(short_key, short);
            }
        }
        (out.finish(), is_whole)
    }

    /// These, then `more`: a form body first, the query string after it.
    pub fn and(mut self, more: Params) -> Params {
        self.0.extend(more.0);
        self
    }

    /// The first value; `None` where it is absent or empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// Every value of a key that may be repeated.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub fn required(&self, name: &str) -> Result<&str, Error> {
        self.get(name).ok_or_else(|| Error::bad_parameter(name, "is missing"))
    }

    /// A number within its bounds, or the default where it is absent.
    pub fn number<T>(&self, name: &str, default: T, bounds: RangeInclusive<T>) -> Result<T, Error>
    where
        T: FromStr + PartialOrd + Display,
    {
        let Some(text) = self.get(name) else { return Ok(default) };
        let wrong = || {
            let (low, high) = (bounds.start(), bounds.end());
            Error::bad_parameter(name, format!("'{text}' is not a number from {low} to {high}"))
        };
        text.parse().ok().filter(|number| bounds.contains(number)).ok_or_else(wrong)
    }

    /// `from` (default `now-1h`) and `to` (default `now`) in the grammar of [`ocelli_api::time_range`].
    pub fn range(&self, now: UnixNano) -> Result<TimeRange, Error> {
        let (from, to) = (self.get("from").unwrap_or("now-1h"), self.get("to").unwrap_or("now"));
        TimeRange::parse(from, to, now).map_err(|why| match why.split_once(": ") {
            Some((name @ ("from" | "to"), rest)) => Error::bad_parameter(name, rest),
            _ => Error::bad_parameter("from", why),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_is_long_the_beginning_is_told() {
        let params = Params::of([("query", "up{a=\"b\"}"), ("step", "15")]);
        assert_eq!(params.encoded(100), ("query=up%7Ba%3D%22b%22%7D&step=15".to_owned(), true));
        let long = "é".repeat(1_000);
        let params = Params::of([("q", &*long), ("from", "now-1h"), (&long, "x")]);
        let (text, is_whole) = params.encoded(100);
        assert!(text.starts_with("q=%C3%A9") && text.contains("&from=now-1h&"), "{text}");
        assert!(!is_whole && text.len() < 300, "{text}");
        let many = Params::of((0..1_000).map(|_| ("key", "value")));
        let (text, is_whole) = many.encoded(100);
        assert!(!is_whole && text.len() < 200, "{text}");
    }

    #[test]
    fn decodes_and_keeps_order() {
        let params = Params::parse(b"q=a%20b+c&match[]=x&match%5B%5D=y&empty=");
        assert_eq!(params.get("q"), Some("a b c"));
        assert_eq!(params.all("match[]").collect::<Vec<_>>(), ["x", "y"]);
        assert_eq!(params.get("empty"), None);
    }

    #[test]
    fn an_error_names_the_parameter() {
        let params = Params::parse(b"limit=0&from=yesterday");
        let wrong = params.number("limit", 100, 1..=1000).unwrap_err().to_string();
        assert_eq!(wrong, "limit: '0' is not a number from 1 to 1000");
        let wrong = params.range(UnixNano(0)).unwrap_err();
        assert!(matches!(wrong, Error::BadParameter { parameter, .. } if parameter == "from"));
    }
}
