//! What a request of Jaeger's API says: times in micro- or milliseconds, durations as in Go, tags.

use super::super::params::Params;
use crate::Error;
use crate::logs::filter::id::parse_hex;
use crate::logs::filter::value::{Scalar, ValueTest};
use crate::logs::filter::{Filter, Leaf};
use crate::promql::duration_ms;
use crate::traces::{self, KINDS, STATUSES, duration};
use ocelli_api::{TimeRange, UnixNano};
use serde_json::Value;

const MICRO: i64 = 1_000;
/// What is searched where no start is given: two days, as in Jaeger.
const LOOKBACK_NS: i64 = 2 * 86_400_000_000_000;
/// Tags of one search.
const MAX_TAGS: usize = 100;

pub fn required<'a>(params: &'a Params, name: &str) -> Result<&'a str, Error> {
    params.get(name).ok_or_else(|| Error::bad_query(format!("parameter '{name}' is required")))
}

/// Nanoseconds of a whole number of units.
pub fn micros_or_millis(params: &Params, name: &str, unit_ns: i64) -> Result<Option<i64>, Error> {
    let Some(text) = params.get(name) else { return Ok(None) };
    let number: Option<i64> = text.parse().ok();
    let ns = number.and_then(|number| number.checked_mul(unit_ns));
    ns.map(Some).ok_or_else(|| {
        let unit = if unit_ns == MICRO { "microseconds" } else { "milliseconds" };
        Error::bad_parameter(name, format!("'{text}' is not a whole number of {unit}"))
    })
}

/// The time of this length that ends at, and includes, `to`.
pub fn before(to: i64, length_ns: i64) -> Result<TimeRange, Error> {
    if length_ns <= 0 {
        return Err(Error::bad_parameter("lookback", "must be longer than 0"));
    }
    Ok(TimeRange { from: UnixNano(to.saturating_sub(length_ns)), to: UnixNano(to.saturating_add(1)) })
}

/// `start` and `end`; without a start `lookback` (`1h`, `2d`) before the end.
pub fn range(params: &Params, now: UnixNano) -> Result<TimeRange, Error> {
    let end = micros_or_millis(params, "end", MICRO)?.unwrap_or(now.0);
    let Some(start) = micros_or_millis(params, "start", MICRO)? else {
        let lookback = params.get("lookback").filter(|text| *text != "custom");
        let wrong =
            |text| Error::bad_parameter("lookback", format!("'{text}' is not a duration like 1h or 2d"));
        let length = lookback.map(|text| duration_ms(text).ok_or_else(|| wrong(text))).transpose()?;
        return before(end, length.map_or(LOOKBACK_NS, |ms| ms.saturating_mul(1_000_000)));
    };
    if start > end {
        return Err(Error::bad_parameter("start", "is after 'end'"));
    }
    // The microsecond of the end belongs to it.
    Ok(TimeRange { from: UnixNano(start), to: UnixNano(end.saturating_add(MICRO)) })
}

/// An id of at most 32 hex digits; zeros that are left out stand in front.
pub fn trace_id(text: &str) -> Result<[u8; 16], Error> {
    let wrong = || Error::bad_parameter("traceID", format!("'{text}' is not 1 to 32 hex digits"));
    if text.is_empty() || text.len() > 32 {
        return Err(wrong());
    }
    let bytes = parse_hex(&format!("{text:0>32}")).and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or_else(wrong)
}

/// What must hold of one span.
pub fn filter(params: &Params) -> Result<Filter, Error> {
    let equals = |text: &str| ValueTest::Equals(Scalar::new(text));
    let mut all = vec![Filter::Leaf(Leaf::Service(equals(required(params, "service")?)))];
    if let Some(operation) = params.get("operation") {
        all.push(Filter::Leaf(Leaf::Column { column: "name", test: equals(operation) }));
    }
    let (low, high) = (length(params, "minDuration")?, length(params, "maxDuration")?);
    if let (Some(low), Some(high)) = (low, high)
        && high < low
    {
        return Err(Error::bad_query("'maxDuration' should be greater than 'minDuration'"));
    }
    if low.is_some() || high.is_some() {
        let (low, high) = (low.unwrap_or(i64::MIN), high.unwrap_or(i64::MAX));
        all.push(Filter::Leaf(Leaf::Duration { low, high }));
    }
    let tags = tags(params)?;
    if tags.len() > MAX_TAGS {
        return Err(Error::bad_parameter("tags", format!("more than {MAX_TAGS} tags")));
    }
    for (key, value) in &tags {
        all.push(of_tag(key, value)?);
    }
    Ok(Filter::And(all))
}

fn length(params: &Params, name: &str) -> Result<Option<i64>, Error> {
    let Some(text) = params.get(name) else { return Ok(None) };
    let wrong = || Error::bad_parameter(name, format!("'{text}' {}", duration::FORM));
    duration::parse(text).map(Some).ok_or_else(wrong)
}

/// `tag=key:value`, and `tags` as a JSON object.
fn tags(params: &Params) -> Result<Vec<(String, String)>, Error> {
    let mut tags = Vec::new();
    for tag in params.all("tag").filter(|tag| !tag.is_empty()) {
        let (key, value) = tag.split_once(':').ok_or_else(|| {
            Error::bad_query(format!("malformed 'tag' parameter, expecting key:value, received: {tag}"))
        })?;
        tags.push((key.to_owned(), value.to_owned()));
    }
    for text in params.all("tags").filter(|text| !text.is_empty()) {
        let malformed =
            |why: &str| Error::bad_query(format!("malformed 'tags' parameter, cannot unmarshal JSON: {why}"));
        let read: serde_json::Map<String, Value> =
            serde_json::from_str(text).map_err(|why| malformed(&why.to_string()))?;
        for (key, value) in read {
            let value = match value {
                Value::String(text) => text,
                Value::Bool(_) | Value::Number(_) => value.to_string(),
                _ => return Err(malformed(&format!("the value of '{key}' is not a text"))),
            };
            tags.push((key, value));
        }
    }
    Ok(tags)
}

/// The tags that Jaeger makes of a span's own fields are looked for there.
fn of_tag(key: &str, value: &str) -> Result<Filter, Error> {
    let test = ValueTest::Equals(Scalar::new(value));
    let numbered = |column, names: &[&str]| {
        let leaf = traces::numbered(column, names, value).map(Filter::Leaf);
        // No span has a kind or a status that there is none of.
        leaf.unwrap_or_else(|| Filter::Not(Box::new(Filter::All)))
    };
    let attribute =
        || Filter::Leaf(Leaf::Attribute { key: key.to_owned(), test: test.clone(), or_resource: true });
    Ok(match key {
        "" => return Err(Error::bad_query("malformed 'tag' parameter, a tag has a name")),
        "error" if value == "true" => Filter::Or(vec![numbered_error(), attribute()]),
        "span.kind" => numbered("kind", &KINDS),
        "otel.status_code" => numbered("status_code", &STATUSES),
        "otel.status_description" => Filter::Leaf(Leaf::Column { column: "status_message", test }),
        "w3c.tracestate" => Filter::Leaf(Leaf::Column { column: "trace_state", test }),
        "otel.scope.name" | "otel.library.name" => Filter::Leaf(Leaf::ScopeName(test)),
        _ => attribute(),
    })
}

fn numbered_error() -> Filter {
    let test = ValueTest::Equals(Scalar::new(&ocelli_signal::spans::STATUS_ERROR.to_string()));
    Filter::Leaf(Leaf::Number { column: "status_code", test })
}
