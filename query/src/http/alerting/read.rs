//! What requests of alerting have in common: JSON bodies and matchers.

use crate::Error;
use crate::alerting::matcher;
use crate::http::params::Params;
use crate::promql::select::{MatchOp, Matcher};
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use ocelli_api::alerts::LabelMatcher;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// The longest body: an external Prometheus sends its alerts by the thousand.
const MAX_BYTES: usize = 16 << 20;

/// A body that says that it is JSON. A page of another site can't send one without being asked first, so
/// that it changes nothing here.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Json<T>, Error> {
        let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/json") {
            return Err(Error::bad_parameter("Content-Type", "must be application/json"));
        }
        let wrong = |why: String| Error::bad_parameter("body", why);
        let body = Bytes::from_request(request, state).await.map_err(|why| wrong(why.body_text()))?;
        if body.len() > MAX_BYTES {
            return Err(wrong(format!("is longer than {MAX_BYTES} bytes")));
        }
        serde_json::from_slice(&body).map(Json).map_err(|why| wrong(why.to_string()))
    }
}

/// Matchers of a parameter that may be repeated.
pub struct Matchers(Vec<Matcher>);

impl Matchers {
    pub fn read(params: &Params, name: &str) -> Result<Matchers, Error> {
        let mut all = Vec::new();
        for text in params.all(name) {
            let read = matcher::parse(text);
            all.extend(read.map_err(|why| Error::bad_parameter(name, format!("bad matcher {text}: {why}")))?);
        }
        Ok(Matchers(all))
    }

    pub fn all(&self) -> &[Matcher] {
        &self.0
    }
}

pub fn compiled(matchers: &[LabelMatcher]) -> Result<Vec<Matcher>, Error> {
    let compiled = matchers.iter().map(|matcher| {
        let wrong = |why: String| Error::bad_parameter("matchers", format!("{}: {why}", matcher.name));
        if matcher.name.is_empty() {
            return Err(Error::bad_parameter("matchers", "the name of a label is missing"));
        }
        Matcher::new(op(matcher), &matcher.name, &matcher.value).map_err(wrong)
    });
    compiled.collect()
}

pub fn op(matcher: &LabelMatcher) -> MatchOp {
    match (matcher.is_equal, matcher.is_regex) {
        (true, false) => MatchOp::Equal,
        (false, false) => MatchOp::NotEqual,
        (true, true) => MatchOp::Regex,
        (false, true) => MatchOp::NotRegex,
    }
}

/// An absent label is an empty one.
pub fn labels_match(matchers: &[Matcher], labels: &BTreeMap<String, String>) -> bool {
    let value = |name: &str| labels.get(name).map_or("", String::as_str);
    matchers.iter().all(|matcher| matcher.matches(value(&matcher.name)))
}
