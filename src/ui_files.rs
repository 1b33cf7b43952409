//! The UI's files, embedded from `ui/dist`, each also compressed.
//!
//! Without a built UI the binary still serves everything else, and `/` says how to build it.

use crate::mount::Endpoint;
use crate::routes::{ROUTES, Route, is_page};
use axum::body::Body;
use axum::extract::Path;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "ui/dist"]
#[allow_missing = true]
struct Files;

/// Telemetry is hostile: nothing but our own files runs, and nobody frames the page.
const POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
                      img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; \
                      frame-ancestors 'none'";

const NOT_BUILT: &str = "This binary was built without its UI. Build it with `cargo xtask ui` and then \
                         `cargo build`, or use the API: /api/openapi.json describes it.\n";

pub fn endpoints() -> Vec<Endpoint> {
    let page = |route: &Route| (route.key(), get(|headers: HeaderMap| async move { index(&headers) }));
    let asset = get(|Path(name): Path<String>, headers: HeaderMap| async move { file(&name, &headers) });
    let pages = ROUTES.iter().filter(|route| is_page(route)).map(page);
    pages.chain([("GET /assets/{file}".to_owned(), asset)]).collect()
}

/// The file that all pages are.
pub fn index(headers: &HeaderMap) -> Response {
    file("index.html", headers)
}

/// The same for a path that is no page, which the UI says with the way to those that are.
pub fn unknown_page(headers: &HeaderMap) -> Response {
    let mut response = index(headers);
    if response.status() == StatusCode::OK {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    response
}

fn file(name: &str, headers: &HeaderMap) -> Response {
    // A dot file is the build's own.
    let Some(plain) = Files::get(name).filter(|_| !name.starts_with('.')) else {
        let missing = if name == "index.html" { NOT_BUILT } else { "no such file\n" };
        let status = if name == "index.html" { StatusCode::OK } else { StatusCode::NOT_FOUND };
        return (status, [(CONTENT_TYPE, "text/plain; charset=utf-8")], missing).into_response();
    };
    let etag = etag(&plain.metadata.sha256_hash());
    if headers.get(IF_NONE_MATCH).is_some_and(|sent| *sent == etag) {
        return (StatusCode::NOT_MODIFIED, [(ETAG, etag)]).into_response();
    }
    let (data, encoding) = encoded(name, headers).unwrap_or((plain.data, None));
    let mut response = Response::new(Body::from(data.into_owned()));
    let answer = response.headers_mut();
    answer.insert(ETAG, etag);
    answer.insert(CONTENT_TYPE, HeaderValue::from_static(content_type(name)));
    answer.insert(CACHE_CONTROL, HeaderValue::from_static(kept(name)));
    answer.insert(VARY, HeaderValue::from_static("accept-encoding"));
    answer.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    answer.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if let Some(encoding) = encoding {
        answer.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

/// For how long a browser need not ask again. The name of most files stays when their content changes: it
/// asks, and gets a short "not modified". A part of the program has a hash in its name.
fn kept(name: &str) -> &'static str {
    let hash = name.split_once('.').and_then(|(stem, _)| stem.rsplit_once('-')).map(|(_, hash)| hash);
    let is_hash = |hash: &str| hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    if hash.is_some_and(is_hash) { "public, max-age=31536000, immutable" } else { "no-cache" }
}

type Encoded = (std::borrow::Cow<'static, [u8]>, Option<&'static str>);

/// The smallest form that the browser takes.
fn encoded(name: &str, headers: &HeaderMap) -> Option<Encoded> {
    let accepted = headers.get(ACCEPT_ENCODING)?.to_str().ok()?;
    let takes = |coding: &str| {
        accepted.split(',').any(|entry| entry.split(';').next().unwrap_or("").trim() == coding)
    };
    [("br", "br"), ("gzip", "gz")].into_iter().filter(|(coding, _)| takes(coding)).find_map(
        |(coding, suffix)| Files::get(&format!("{name}.{suffix}")).map(|file| (file.data, Some(coding))),
    )
}

fn etag(hash: &[u8; 32]) -> HeaderValue {
    let hex: String = hash[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    HeaderValue::try_from(format!("\"{hex}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_a_hash_in_its_name_is_kept_unasked() {
        assert!(kept("split_more-0123456789abcdef.wasm").contains("immutable"));
        for name in ["index.html", "ocelli_ui.js", "ocelli_ui_bg.wasm", "split_more-012345678.wasm", "a-b.js"]
        {
            assert_eq!(kept(name), "no-cache", "{name}");
        }
    }
}
