//! An attribute value as text: lossless JSON for files, OTLP/JSON for the API, bare for people.
//!
//! The lossless text is what the open Parquet files hold, so that any JSON reader understands it:
//! strings are quoted, integers are bare digits, doubles always have a `.`, `e` or are
//! `{"$double": "NaN"}`, bytes are `{"$bytes": "<base64>"}`, the empty value is `null`. A map whose
//! only key starts with `$` gets one more `$`, so that it is not taken for one of those.

use crate::any_value::AnyValue;
use crate::attributes::put_pair;
use crate::wire::Writer;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value as Json;
use std::fmt::Write;

/// Appends the lossless JSON text of a value.
pub fn write_json_text(value: &AnyValue<'_>, out: &mut String) {
    match *value {
        AnyValue::Empty => out.push_str("null"),
        AnyValue::String(text) => write_json_string(text, out),
        AnyValue::Bool(flag) => out.push_str(if flag { "true" } else { "false" }),
        AnyValue::Int(n) => {
            let _ = write!(out, "{n}");
        }
        AnyValue::Double(n) if n.is_finite() => {
            let _ = write!(out, "{n:?}");
        }
        AnyValue::Double(n) => write_special_double(n, out),
        AnyValue::Bytes(bytes) => {
            let _ = write!(out, "{{\"$bytes\":\"{}\"}}", BASE64.encode(bytes));
        }
        AnyValue::Array(_) => {
            out.push('[');
            for (at, element) in value.elements().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_json_text(&element, out);
            }
            out.push(']');
        }
        AnyValue::KvList(_) => write_map(value, out),
    }
}

/// The lossless JSON text of a value.
pub fn to_json_text(value: &AnyValue<'_>) -> String {
    let mut out = String::new();
    write_json_text(value, &mut out);
    out
}

/// A payload of NaN other than the usual one is kept by its bits: Prometheus tells stale markers so.
fn write_special_double(n: f64, out: &mut String) {
    let name = match n {
        f64::INFINITY => "Infinity".to_owned(),
        f64::NEG_INFINITY => "-Infinity".to_owned(),
        n if n.to_bits() == f64::NAN.to_bits() => "NaN".to_owned(),
        n => format!("NaN:{:016x}", n.to_bits()),
    };
    let _ = write!(out, "{{\"$double\":\"{name}\"}}");
}

fn write_map(map: &AnyValue<'_>, out: &mut String) {
    out.push('{');
    for (at, (key, value)) in map.pairs().iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        if key.starts_with('$') {
            write_json_string(&format!("${key}"), out);
        } else {
            write_json_string(key, out);
        }
        out.push(':');
        write_json_text(&value, out);
    }
    out.push('}');
}

fn write_json_string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// A value of OTLP/JSON: `{"stringValue": "x"}`, 64-bit integers as strings.
pub fn to_otlp_json(value: &AnyValue<'_>) -> Json {
    let (name, inner) = match *value {
        AnyValue::Empty => return Json::Object(Default::default()),
        AnyValue::String(text) => ("stringValue", text.into()),
        AnyValue::Bool(flag) => ("boolValue", flag.into()),
        AnyValue::Int(n) => ("intValue", n.to_string().into()),
        AnyValue::Double(n) => ("doubleValue", double_json(n)),
        AnyValue::Bytes(bytes) => ("bytesValue", BASE64.encode(bytes).into()),
        AnyValue::Array(_) => {
            let values: Vec<Json> = value.elements().map(|element| to_otlp_json(&element)).collect();
            ("arrayValue", serde_json::json!({ "values": values }))
        }
        AnyValue::KvList(_) => {
            let pair = |(key, value): (&str, AnyValue<'_>)| serde_json::json!({ "key": key, "value": to_otlp_json(&value) });
            (
                "kvlistValue",
                serde_json::json!({ "values": value.pairs().iter().map(pair).collect::<Vec<_>>() }),
            )
        }
    };
    Json::Object([(name.to_owned(), inner)].into_iter().collect())
}

/// A double of proto3 JSON: a number, or the name of one that JSON does not have.
pub fn double_json(n: f64) -> Json {
    match n {
        f64::INFINITY => "Infinity".into(),
        f64::NEG_INFINITY => "-Infinity".into(),
        n if n.is_nan() => "NaN".into(),
        n => n.into(),
    }
}

/// A string bare, nothing for the empty value, everything else as its JSON text.
pub fn display(value: &AnyValue<'_>) -> String {
    match value {
        AnyValue::String(text) => (*text).to_owned(),
        AnyValue::Empty => String::new(),
        other => to_json_text(other),
    }
}

/// Reads lossless JSON text back into the bytes of an `AnyValue`; `None` if it is not such text.
pub fn from_json_text(text: &str) -> Option<Vec<u8>> {
    let mut parser = Parser { rest: text, depth: 0 };
    let mut writer = Writer::new();
    parser.value(&mut writer)?;
    parser.rest.trim_start().is_empty().then(|| writer.into_bytes())
}

/// Not serde_json's: maps keep order and duplicate keys here, and numbers keep their type.
struct Parser<'a> {
    rest: &'a str,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn value(&mut self, out: &mut Writer) -> Option<()> {
        self.rest = self.rest.trim_start();
        match self.rest.as_bytes().first()? {
            b'"' => out.put_bytes_always(1, self.string()?.as_bytes()),
            b'[' => self.nested(|parser| parser.array(out))?,
            b'{' => self.nested(|parser| parser.map(out))?,
            b't' => self.word("true").map(|()| out.put_varint_always(2, 1))?,
            b'f' => self.word("false").map(|()| out.put_varint_always(2, 0))?,
            b'n' => self.word("null")?,
            _ => self.number(out)?,
        }
        Some(())
    }

    fn nested(&mut self, read: impl FnOnce(&mut Self) -> Option<()>) -> Option<()> {
        self.depth += 1;
        if self.depth > crate::any_value::MAX_DEPTH {
            return None;
        }
        read(self)?;
        self.depth -= 1;
        Some(())
    }

    fn word(&mut self, word: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(word)?;
        Some(())
    }

    /// Takes a punctuation mark, with the spaces before it.
    fn mark(&mut self, mark: char) -> bool {
        let trimmed = self.rest.trim_start();
        let found = trimmed.strip_prefix(mark);
        self.rest = found.unwrap_or(trimmed);
        found.is_some()
    }

    fn string(&mut self) -> Option<String> {
        let mut end = 1;
        loop {
            end += self.rest.as_bytes().get(end..)?.iter().position(|b| matches!(b, b'"' | b'\\'))?;
            if self.rest.as_bytes()[end] == b'"' {
                break;
            }
            end += 2;
        }
        let (quoted, rest) = self.rest.split_at_checked(end + 1)?;
        self.rest = rest;
        serde_json::from_str(quoted).ok()
    }

    fn number(&mut self, out: &mut Writer) -> Option<()> {
        let end = self.rest.find(|c: char| !matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E'));
        let (digits, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        if digits.contains(['.', 'e', 'E']) {
            out.put_double_always(4, digits.parse().ok()?);
        } else {
            out.put_varint_always(3, digits.parse::<i64>().ok()? as u64);
        }
        Some(())
    }

    fn array(&mut self, out: &mut Writer) -> Option<()> {
        self.rest = &self.rest[1..];
        let mut elements = Writer::new();
        if !self.mark(']') {
            loop {
                let mut element = Writer::new();
                self.value(&mut element)?;
                elements.put_bytes_always(1, element.as_bytes());
                if !self.mark(',') {
                    break;
                }
            }
            self.mark(']').then_some(())?;
        }
        out.put_bytes_always(5, elements.as_bytes());
        Some(())
    }

    fn map(&mut self, out: &mut Writer) -> Option<()> {
        self.rest = &self.rest[1..];
        let mut pairs = Writer::new();
        if !self.mark('}') {
            loop {
                self.rest = self.rest.trim_start();
                let key = self.rest.starts_with('"').then(|| self.string()).flatten()?;
                self.mark(':').then_some(())?;
                let mut value = Writer::new();
                self.value(&mut value)?;
                let value = value.into_bytes();
                if let Some(special) = special(&key, &value) {
                    special.encode(out);
                    return self.mark('}').then_some(());
                }
                let key = if key.starts_with("$$") { &key[1..] } else { &key };
                put_pair(&mut pairs, 1, key, &AnyValue::parse(&value).ok()?);
                if !self.mark(',') {
                    break;
                }
            }
            self.mark('}').then_some(())?;
        }
        out.put_bytes_always(6, pairs.as_bytes());
        Some(())
    }
}

/// An owned value that JSON has no form for.
enum Special {
    Bytes(Vec<u8>),
    Double(f64),
}

impl Special {
    fn encode(&self, out: &mut Writer) {
        match self {
            Special::Bytes(bytes) => AnyValue::Bytes(bytes).encode(out),
            Special::Double(n) => AnyValue::Double(*n).encode(out),
        }
    }
}

fn special(key: &str, value: &[u8]) -> Option<Special> {
    let text = AnyValue::parse(value).ok()?.as_str()?;
    match key {
        "$bytes" => BASE64.decode(text).ok().map(Special::Bytes),
        "$double" => Some(Special::Double(match text.split_once(':') {
            Some(("NaN", bits)) => f64::from_bits(u64::from_str_radix(bits, 16).ok()?),
            _ => text.parse().ok()?,
        })),
        _ => None,
    }
}

#[cfg(test)]
#[path = "value_text_tests.rs"]
mod tests;
