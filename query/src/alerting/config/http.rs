//! `http_config`: how a request is made.

use super::ReadSecret;
use super::reader::{Fields, Reader};
use crate::alerting::receiver::{Http, Secret};
use serde_yaml_ng::Value;
use std::path::Path;

const NOT_HERE: &[(&str, &str)] = &[
    (
        "tls_config",
        "the certificates that the system trusts are trusted, and none is shown; add the authority's to the system's",
    ),
    ("proxy_url", "requests are made directly"),
    ("no_proxy", "requests are made directly"),
    ("proxy_from_environment", "requests are made directly"),
    ("proxy_connect_header", "requests are made directly"),
    ("oauth2", "use authorization, with a token that does not expire"),
];

/// A secret that is written here, or in a file that is named: the keys are `key` and `file_key`.
pub fn secret(
    reader: &mut Reader,
    fields: &mut Fields,
    (key, file_key): (&'static str, &'static str),
    read: ReadSecret,
) -> Option<Secret> {
    let written = fields.maybe_text(reader, key).map(Secret);
    let Some(path) = fields.maybe_text(reader, file_key).filter(|path| !path.is_empty()) else {
        return written;
    };
    if written.is_some() {
        reader.problem_at_key(file_key, format!("{key} and {file_key} are both there; keep one"));
        return written;
    }
    match read(Path::new(&path)) {
        Ok(text) => Some(Secret(text.trim().to_owned())),
        Err(error) => {
            reader.problem_at(file_key, format!("{path} can't be read: {error}"));
            // What needs a secret is not told to be without one as well.
            Some(Secret(String::new()))
        }
    }
}

/// An address that requests are sent to; empty where it is wrong, which is told.
pub fn check_url(reader: &mut Reader, key: &str, url: &str) {
    let has_host = |scheme: &str| url.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty());
    if url.contains("{{") {
        reader.problem_at(key, "an address is no template; write a receiver for each address");
    } else if !has_host("http://") && !has_host("https://") {
        reader.problem_at(key, "an address begins with https:// or http://");
    }
}

pub fn read(reader: &mut Reader, value: Value, read: ReadSecret) -> Http {
    let mut fields = reader.fields(value);
    let mut http = Http { basic_auth: None, bearer: None, headers: Vec::new(), timeout_ms: None };
    if let Some(value) = fields.take("basic_auth") {
        http.basic_auth = reader.within("basic_auth", |reader| basic_auth(reader, value, read));
    }
    http.bearer = secret(reader, &mut fields, ("bearer_token", "bearer_token_file"), read);
    if let Some(value) = fields.take("authorization") {
        let token = reader.within("authorization", |reader| authorization(reader, value, read));
        if http.bearer.is_some() {
            reader.problem_at_key("authorization", "authorization and bearer_token are both there; keep one");
        }
        http.bearer = token;
    }
    if http.basic_auth.is_some() && http.bearer.is_some() {
        reader.problem("basic_auth and a token are both there; keep one");
    }
    if let Some(value) = fields.take("http_headers") {
        http.headers = reader.within("http_headers", |reader| headers(reader, value, read));
    }
    // No redirect is followed in any case, and which version of HTTP is spoken changes nothing of what is sent.
    fields.ignore(&["follow_redirects", "enable_http2"]);
    fields.finish(reader, "http_config", NOT_HERE);
    http
}

fn basic_auth(reader: &mut Reader, value: Value, read: ReadSecret) -> Option<(String, Secret)> {
    let mut fields = reader.fields(value);
    let username = secret(reader, &mut fields, ("username", "username_file"), read);
    let password = secret(reader, &mut fields, ("password", "password_file"), read);
    fields.finish(reader, "basic_auth", &[]);
    if username.is_none() {
        reader.problem("basic_auth needs a username");
    }
    Some((username?.0, password.unwrap_or_default()))
}

fn authorization(reader: &mut Reader, value: Value, read: ReadSecret) -> Option<Secret> {
    let mut fields = reader.fields(value);
    let scheme = fields.text(reader, "type");
    if !scheme.is_empty() && !scheme.trim().eq_ignore_ascii_case("bearer") {
        reader.problem_at("type", format!("authorization of type {scheme:?} is not supported: it is Bearer, or basic_auth, or a header in http_headers"));
    }
    let token = secret(reader, &mut fields, ("credentials", "credentials_file"), read);
    fields.finish(reader, "authorization", &[]);
    if token.is_none() {
        reader.problem("authorization needs credentials");
    }
    token
}

/// Of each name: `values`, `secrets` and `files`.
fn headers(reader: &mut Reader, value: Value, read: ReadSecret) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let fields = reader.fields(value);
    for (name, value) in fields.into_entries() {
        reader.within(&name, |reader| {
            let mut fields = reader.fields(value);
            let mut values = fields.texts(reader, "values");
            values.extend(fields.texts(reader, "secrets"));
            for (at, path) in fields.texts(reader, "files").into_iter().enumerate() {
                match read(Path::new(&path)) {
                    Ok(text) => values.push(text.trim().to_owned()),
                    Err(error) => {
                        reader.problem_at_item("files", at, format!("{path} can't be read: {error}"))
                    }
                }
            }
            fields.finish(reader, "a header", &[]);
            all.extend(values.into_iter().map(|value| (name.clone(), value)));
        });
    }
    all
}
