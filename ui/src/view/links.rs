//! The links between the pages: each carries the time range it speaks of.

use super::query_string::{QueryString, encode_segment};
use ocelli_api::time_range::format_rfc3339;
use ocelli_api::{TimeRange, UnixNano};

/// What every link keeps: the range, the zone and the refresh period.
pub const SHARED_KEYS: [&str; 4] = ["from", "to", "tz", "refresh"];

const MINUTE_NS: i64 = 60_000_000_000;

pub fn service_path(name: &str) -> String {
    format!("/services/{}", encode_segment(name))
}

pub fn trace_path(trace_id: &str) -> String {
    format!("/traces/{}", encode_segment(trace_id))
}

pub fn alert_path(fingerprint: &str) -> String {
    format!("/alerts/{}", encode_segment(fingerprint))
}

pub fn slo_path(id: &str) -> String {
    format!("/slos/{}", encode_segment(id))
}

/// A link of an alert or an objective: a path of this server, or an address of the web; nothing else may be
/// followed.
pub fn safe(url: &str) -> Option<&str> {
    let is_path = url.starts_with('/') && !url.starts_with("//") && !url.starts_with("/\\");
    let is_web = ["http://", "https://"].iter().any(|scheme| url.starts_with(scheme));
    (is_path || is_web).then_some(url)
}

/// The path of an address of this very server, which then opens in this page; other addresses as they are.
pub fn local<'a>(url: &'a str, origin: &str) -> &'a str {
    match url.strip_prefix(origin) {
        Some(path) if !origin.is_empty() && path.starts_with('/') => path,
        _ => url,
    }
}

/// `key:value` of the query languages, quoted where it must be.
pub fn term(key: &str, value: &str) -> String {
    let starts_plain = key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let is_plain = starts_plain && key.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c));
    let key = if is_plain { key.to_owned() } else { in_quotes(key) };
    format!("{key}:{}", quote(value))
}

/// Names that mean a field of the record or span rather than an attribute.
const FIELDS: [&str; 14] = [
    "body",
    "level",
    "severity",
    "event_name",
    "service",
    "scope",
    "trace_id",
    "span_id",
    "name",
    "operation",
    "kind",
    "status",
    "status_message",
    "duration",
];

/// How an attribute is named in a query.
pub fn attribute_field(key: &str) -> String {
    let is_taken = FIELDS.contains(&key) || key.starts_with("attributes.") || key.starts_with("resource.");
    if is_taken { format!("attributes.{key}") } else { key.to_owned() }
}

/// Bare when it is one plain word, else in double quotes with `"` and `\` escaped.
pub fn quote(value: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_-./@".contains(c);
    let special =
        matches!(value, "AND" | "OR" | "NOT") || value.starts_with(['-', '/']) || value.contains("..");
    if !value.is_empty() && value.chars().all(plain) && !special {
        return value.to_owned();
    }
    in_quotes(value)
}

fn in_quotes(value: &str) -> String {
    let mut out = String::from("\"");
    for c in value.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    out
}

/// A range around something that happened, `margin_min` minutes wider on each side, as `from` and `to`.
pub fn around(start: UnixNano, end: UnixNano, margin_min: i64) -> (String, String) {
    let margin = margin_min * MINUTE_NS;
    let from = start.0.saturating_sub(margin).div_euclid(1_000_000_000) * 1_000_000_000;
    let to = end
        .0
        .saturating_add(margin)
        .div_euclid(1_000_000_000)
        .saturating_add(1)
        .saturating_mul(1_000_000_000);
    (format_rfc3339(UnixNano(from)), format_rfc3339(UnixNano(to)))
}

/// The service's page with the instant of a span in the middle.
pub fn service_at(name: &str, start: UnixNano, end: UnixNano) -> String {
    let (from, to) = around(start, end, 5);
    QueryString::default().with("from", &from).with("to", &to).on(&service_path(name))
}

/// The logs of one trace.
pub fn logs_of_trace(trace_id: &str, start: UnixNano, end: UnixNano) -> String {
    let (from, to) = around(start, end, 5);
    let query = QueryString::default().with("q", &term("trace_id", trace_id));
    query.with("from", &from).with("to", &to).on("/logs")
}

/// The list of traces that begin as this one does, with it picked for a comparison.
pub fn comparable(trace_id: &str, service: &str, operation: &str, start: UnixNano, end: UnixNano) -> String {
    let (from, to) = around(start, end, 30);
    let query = QueryString::default().with("service", service).with("operation", operation);
    query.with("pick", trace_id).with("from", &from).with("to", &to).on("/traces")
}

/// The path and query of an API request over a range; both ends as nanoseconds, so that all panels of a
/// page ask for exactly the same.
pub fn api(path: &str, range: &TimeRange, parameters: &[(&str, &str)]) -> String {
    let mut query = QueryString::default();
    for (key, value) in parameters {
        query.set(key, value);
    }
    query.with("from", &range.from.0.to_string()).with("to", &range.to.0.to_string()).on(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_quoted_where_needed() {
        assert_eq!(term("service", "payment"), "service:payment");
        assert_eq!(term("k", "card declined"), "k:\"card declined\"");
        assert_eq!(term("k", "a\"b\\"), "k:\"a\\\"b\\\\\"");
        assert_eq!(quote(""), "\"\"");
        assert_eq!(quote("OR"), "\"OR\"");
        assert_eq!(quote("a:b"), "\"a:b\"");
        assert_eq!(quote("1..5"), "\"1..5\"");
        assert_eq!(term("5xx", "true"), "\"5xx\":true");
        assert_eq!(term(&attribute_field("level"), "x"), "attributes.level:x");
    }

    #[test]
    fn only_the_web_and_this_server_are_linked() {
        for url in ["/logs?q=a", "https://example.org/x", "http://x"] {
            assert_eq!(safe(url), Some(url));
        }
        for url in ["javascript:alert(1)", "//evil", "/\\evil", "data:x", "x", ""] {
            assert_eq!(safe(url), None, "{url}");
        }
    }

    #[test]
    fn addresses_of_this_server_are_paths() {
        assert_eq!(local("http://a:1/logs?q=x", "http://a:1"), "/logs?q=x");
        for url in ["http://a:12/logs", "http://b/logs", "/logs", "http://a:1"] {
            assert_eq!(local(url, "http://a:1"), url);
        }
    }

    #[test]
    fn around_is_whole_seconds_outward() {
        let (from, to) = around(UnixNano(1_795_230_245_500_000_000), UnixNano(1_795_230_246_100_000_000), 5);
        assert_eq!((from.as_str(), to.as_str()), ("2026-11-21T02:59:05Z", "2026-11-21T03:09:07Z"));
    }

    #[test]
    fn api_links_are_absolute() {
        let range = TimeRange { from: UnixNano(1), to: UnixNano(2) };
        assert_eq!(api("/api/logs", &range, &[("q", "a b"), ("sort", "")]), "/api/logs?q=a%20b&from=1&to=2");
    }
}
