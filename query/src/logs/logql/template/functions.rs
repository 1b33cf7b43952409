//! The functions of LogQL's templates: Go's own, those of Sprig that Loki takes, and Loki's.
//!
//! Source: <https://grafana.com/docs/loki/latest/query/template_functions/>.

use super::Line;
use super::numbers;
use crate::logs::logql::json::Json;
use crate::logs::logql::units::{bytes, duration_ns};
use crate::promql::labels::Labels as LabelSet;
use crate::promql::select::unanchored;
use crate::rules::template::{Time, Value, of_go, of_go_names};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use regex::Regex;
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;

/// A text that a function makes is no longer than this.
const MAX_BYTES: usize = 1 << 20;

const KNOWN: [&str; 58] = [
    "ToLower",
    "ToUpper",
    "Replace",
    "Trim",
    "TrimLeft",
    "TrimRight",
    "TrimPrefix",
    "TrimSuffix",
    "TrimSpace",
    "regexReplaceAll",
    "regexReplaceAllLiteral",
    "count",
    "urldecode",
    "urlencode",
    "bytes",
    "duration",
    "duration_seconds",
    "unixEpoch",
    "unixEpochMillis",
    "unixEpochNanos",
    "unixToTime",
    "toDate",
    "toDateInZone",
    "date",
    "now",
    "alignLeft",
    "alignRight",
    "b64enc",
    "b64dec",
    "lower",
    "upper",
    "title",
    "trunc",
    "substr",
    "contains",
    "hasPrefix",
    "hasSuffix",
    "indent",
    "nindent",
    "replace",
    "repeat",
    "trim",
    "trimAll",
    "trimSuffix",
    "trimPrefix",
    "fromJson",
    "default",
    "int",
    "float64",
    "ceil",
    "floor",
    "round",
    "min",
    "max",
    "minf",
    "maxf",
    "__line__",
    "__timestamp__",
];

pub fn is_known(name: &str) -> bool {
    KNOWN.contains(&name) || numbers::is_known(name) || of_go_names().contains(&name)
}

pub fn call(name: &str, arguments: Vec<Value>, line: &Line<'_, '_>) -> Result<Value, String> {
    let texts: Vec<String> = arguments.iter().map(Value::text).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    if let Some(text) = of_texts(name, &texts) {
        return text.map(|text| Value::Text(text.into_owned()));
    }
    if let Some(value) = numbers::call(name, &arguments) {
        return value;
    }
    match (name, &arguments[..], &texts[..]) {
        ("__line__", [], _) => Ok(Value::Text(line.line.to_owned())),
        ("__timestamp__", [], _) => Ok(Value::Time(Time::of_ns(line.time))),
        ("now", [], _) => Ok(Value::Time(Time::of_ns(now_ns()))),
        ("contains", _, [part, text]) => Ok(Value::Bool(text.contains(part))),
        ("hasPrefix", _, [part, text]) => Ok(Value::Bool(text.starts_with(part))),
        ("hasSuffix", _, [part, text]) => Ok(Value::Bool(text.ends_with(part))),
        ("count", _, [pattern, text]) => Ok(Value::Int(regex(pattern)?.find_iter(text).count() as i64)),
        ("default", [otherwise, value], _) => {
            Ok(if value.is_true() { value.clone() } else { otherwise.clone() })
        }
        ("bytes", _, [text]) => bytes(text).map(Value::Float).ok_or_else(|| format!("invalid size {text:?}")),
        ("duration" | "duration_seconds", _, [text]) => {
            let ns = duration_ns(text).ok_or_else(|| format!("invalid duration {text:?}"))?;
            Ok(Value::Float(ns / 1e9))
        }
        ("unixEpoch" | "unixEpochMillis" | "unixEpochNanos", [Value::Time(time)], _) => {
            let unit = match name {
                "unixEpoch" => 1_000_000_000,
                "unixEpochMillis" => 1_000_000,
                _ => 1,
            };
            Ok(Value::Text(time.ns().div_euclid(unit).to_string()))
        }
        ("unixToTime", _, [text]) => unix_to_time(text).map(Value::Time),
        ("date", [_, Value::Time(time)], [layout, _]) => Ok(Value::Text(time.format(layout))),
        ("toDate", _, [layout, text]) | ("toDateInZone", _, [layout, _, text]) => to_date(layout, text),
        ("fromJson", _, [text]) => Json::parse(text).map(|json| of_json(&json)),
        _ => of_go(name, &arguments).unwrap_or_else(|| {
            Err(format!("wrong number or kind of arguments: {}", Value::List(arguments).text()))
        }),
    }
}

/// So many patterns are kept compiled.
const KEPT_PATTERNS: usize = 32;

thread_local! {
    /// A template has the same patterns for every line.
    static PATTERNS: RefCell<HashMap<String, Regex>> = RefCell::default();
}

fn regex(pattern: &str) -> Result<Regex, String> {
    PATTERNS.with_borrow_mut(|known| {
        if let Some(regex) = known.get(pattern) {
            return Ok(regex.clone());
        }
        let regex = unanchored(pattern)?;
        if known.len() >= KEPT_PATTERNS {
            known.clear();
        }
        known.insert(pattern.to_owned(), regex.clone());
        Ok(regex)
    })
}

fn now_ns() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// Functions of texts that give a text; `None` where it is no such function.
fn of_texts<'t>(name: &str, texts: &[&'t str]) -> Option<Result<Cow<'t, str>, String>> {
    let number = |text: &str| text.parse::<i64>().map_err(|_| format!("invalid number {text:?}"));
    let owned = |text: String| Ok(Cow::Owned(text));
    Some(match (name, texts) {
        ("lower" | "ToLower", [text]) => owned(text.to_lowercase()),
        ("upper" | "ToUpper", [text]) => owned(text.to_uppercase()),
        ("title", [text]) => owned(title(text)),
        ("trim" | "TrimSpace", [text]) => Ok(Cow::Borrowed(text.trim())),
        // Loki's own have the text first, Sprig's last.
        ("Trim", [text, signs]) | ("trimAll", [signs, text]) => {
            Ok(Cow::Borrowed(text.trim_matches(|c| signs.contains(c))))
        }
        ("TrimLeft", [text, signs]) => Ok(Cow::Borrowed(text.trim_start_matches(|c| signs.contains(c)))),
        ("TrimRight", [text, signs]) => Ok(Cow::Borrowed(text.trim_end_matches(|c| signs.contains(c)))),
        ("TrimPrefix", [text, part]) | ("trimPrefix", [part, text]) => {
            Ok(Cow::Borrowed(text.strip_prefix(part).unwrap_or(text)))
        }
        ("TrimSuffix", [text, part]) | ("trimSuffix", [part, text]) => {
            Ok(Cow::Borrowed(text.strip_suffix(part).unwrap_or(text)))
        }
        ("replace", [old, new, text]) => {
            bounded(text.len().saturating_mul(new.len().max(1)), || text.replace(old, new))
        }
        ("Replace", [text, old, new, times]) => {
            number(times).and_then(|times| match usize::try_from(times) {
                Ok(times) => bounded(text.len(), || text.replacen(old, new, times)),
                Err(_) => bounded(text.len(), || text.replace(old, new)),
            })
        }
        ("repeat", [times, text]) => number(times).and_then(|times| {
            let times = usize::try_from(times).unwrap_or_default();
            bounded(text.len().saturating_mul(times), || text.repeat(times))
        }),
        ("trunc", [length, text]) => number(length).map(|length| Cow::Owned(truncated(text, length))),
        ("substr", [from, to, text]) => {
            number(from).and_then(|from| Ok((from, number(to)?))).map(|(from, to)| {
                let from = usize::try_from(from).unwrap_or_default();
                let to = usize::try_from(to).unwrap_or(usize::MAX);
                Cow::Owned(text.chars().skip(from).take(to.saturating_sub(from)).collect())
            })
        }
        ("indent" | "nindent", [width, text]) => number(width).and_then(|width| {
            let width = usize::try_from(width).unwrap_or_default();
            let lines = text.matches('\n').count() + 1;
            let pad = |pad: String| format!("{pad}{}", text.replace('\n', &format!("\n{pad}")));
            let line = if name == "nindent" { "\n" } else { "" };
            bounded(width.saturating_mul(lines), || format!("{line}{}", pad(" ".repeat(width))))
        }),
        ("alignLeft" | "alignRight", [width, text]) => number(width).and_then(|width| {
            let width = usize::try_from(width).unwrap_or_default();
            bounded(width, || aligned(text, width, name == "alignRight"))
        }),
        ("regexReplaceAll", [pattern, text, with]) => {
            regex(pattern).and_then(|regex| owned(regex.replace_all(text, *with).into_owned()))
        }
        ("regexReplaceAllLiteral", [pattern, text, with]) => regex(pattern)
            .and_then(|regex| owned(regex.replace_all(text, regex::NoExpand(with)).into_owned())),
        ("urlencode", [text]) => owned(form_urlencoded::byte_serialize(text.as_bytes()).collect()),
        ("urldecode", [text]) => {
            let pair = form_urlencoded::parse(text.as_bytes()).next();
            owned(pair.map(|(key, _)| key.into_owned()).unwrap_or_default())
        }
        ("b64enc", [text]) => owned(STANDARD.encode(text)),
        ("b64dec", [text]) => match STANDARD.decode(text) {
            Ok(bytes) => owned(String::from_utf8_lossy(&bytes).into_owned()),
            Err(why) => Err(format!("invalid base64: {why}")),
        },
        _ => return None,
    })
}

fn bounded<'t>(bytes: usize, make: impl FnOnce() -> String) -> Result<Cow<'t, str>, String> {
    if bytes > MAX_BYTES {
        return Err(format!("the text would be longer than {MAX_BYTES} bytes"));
    }
    Ok(Cow::Owned(make()))
}

fn title(text: &str) -> String {
    let mut begins = true;
    let each = |c: char| {
        let upper = std::mem::replace(&mut begins, !c.is_alphanumeric());
        if upper { c.to_uppercase().collect::<String>() } else { c.to_string() }
    };
    text.chars().map(each).collect()
}

/// The first letters, or the last ones where the length is negative.
fn truncated(text: &str, length: i64) -> String {
    let wanted = usize::try_from(length.unsigned_abs()).unwrap_or(usize::MAX);
    let skipped = if length < 0 { text.chars().count().saturating_sub(wanted) } else { 0 };
    text.chars().skip(skipped).take(wanted).collect()
}

fn aligned(text: &str, width: usize, right: bool) -> String {
    let length = text.chars().count();
    let pad = " ".repeat(width.saturating_sub(length));
    match (length > width, right) {
        (true, false) => text.chars().take(width).collect(),
        (true, true) => text.chars().skip(length - width).collect(),
        (false, false) => format!("{text}{pad}"),
        (false, true) => format!("{pad}{text}"),
    }
}

/// Days, seconds, milliseconds, microseconds or nanoseconds, by the number of digits.
fn unix_to_time(text: &str) -> Result<Time, String> {
    let wrong = || format!("unable to parse time {text:?}");
    let number: i64 = text.parse().map_err(|_| wrong())?;
    let unit = match text.len() {
        5 => 86_400_000_000_000,
        10 => 1_000_000_000,
        13 => 1_000_000,
        16 => 1_000,
        19 => 1,
        _ => return Err(wrong()),
    };
    number.checked_mul(unit).map(Time::of_ns).ok_or_else(wrong)
}

/// Of Go's layouts those that name a date and a time by numbers; all are taken as UTC.
fn to_date(layout: &str, text: &str) -> Result<Value, String> {
    let form = match layout {
        "2006-01-02" => format!("{text}T00:00:00Z"),
        "2006-01-02 15:04:05" => format!("{}Z", text.replacen(' ', "T", 1)),
        "2006-01-02T15:04:05Z07:00" | "2006-01-02T15:04:05.999999999Z07:00" => text.to_owned(),
        other => return Err(format!("toDate can't read the layout {other:?}")),
    };
    let parsed = ocelli_api::time_range::parse_time(&form, ocelli_api::UnixNano(0));
    parsed
        .map(|time| Value::Time(Time::of_ns(time.0)))
        .map_err(|_| format!("can't parse {text:?} as {layout:?}"))
}

/// Members of members as their JSON.
fn of_json(json: &Json<'_>) -> Value {
    match json {
        Json::Object(_, members) => Value::Map(LabelSet::new(
            members.iter().map(|(name, value)| (&**name, value.shown().into_owned())),
        )),
        Json::List(_, elements) => Value::List(elements.iter().map(of_json).collect()),
        Json::Null => Value::Nil,
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Number(text) => text.parse().map_or(Value::Nil, Value::Float),
        Json::Text(text) => Value::Text(text.clone().into_owned()),
    }
}
