//! An attribute's value as a label's: OpenTelemetry's "AnyValue representation for non-OTLP
//! protocols", with numbers as Prometheus' receiver writes them.

use crate::promql::value::format_float;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use ocelli_signal::AnyValue;
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// A string is bare; arrays and maps are JSON, with the keys in order.
pub fn label_value(value: &AnyValue<'_>) -> String {
    match value {
        AnyValue::Empty => String::new(),
        AnyValue::String(text) => (*text).to_owned(),
        AnyValue::Bytes(bytes) => BASE64.encode(bytes),
        AnyValue::Double(number) => double(*number),
        other => json(other),
    }
}

fn json(value: &AnyValue<'_>) -> String {
    match value {
        AnyValue::Empty => "null".to_owned(),
        AnyValue::String(text) => quoted(text),
        AnyValue::Bytes(bytes) => quoted(&BASE64.encode(bytes)),
        AnyValue::Bool(flag) => flag.to_string(),
        AnyValue::Int(number) => number.to_string(),
        AnyValue::Double(number) if number.is_finite() => double(*number),
        AnyValue::Double(number) => quoted(&double(*number)),
        AnyValue::Array(_) => {
            let elements: Vec<String> = value.elements().map(|element| json(&element)).collect();
            format!("[{}]", elements.join(","))
        }
        AnyValue::KvList(_) => {
            let pairs: BTreeMap<&str, String> =
                value.pairs().iter().map(|(key, value)| (key, json(&value))).collect();
            let pairs: Vec<String> =
                pairs.iter().map(|(key, value)| format!("{}:{value}", quoted(key))).collect();
            format!("{{{}}}", pairs.join(","))
        }
    }
}

fn quoted(text: &str) -> String {
    Json::from(text).to_string()
}

/// As in JSON: an exponent has no zero before its digit, and infinity no sign unless it is negative.
fn double(number: f64) -> String {
    let text = format_float(number);
    match text.split_once("e-0") {
        Some((mantissa, digit)) => format!("{mantissa}e-{digit}"),
        None if number == f64::INFINITY => "Infinity".to_owned(),
        None if number == f64::NEG_INFINITY => "-Infinity".to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ocelli_signal::value_text::from_json_text;

    #[test]
    fn values_of_all_kinds() {
        for (value, expected) in [
            ("\"GET /\"", "GET /"),
            ("5", "5"),
            ("1.0", "1"),
            ("0.25", "0.25"),
            ("1e-7", "1e-7"),
            ("1e21", "1e+21"),
            ("{\"$double\":\"Infinity\"}", "Infinity"),
            ("{\"$double\":\"NaN\"}", "NaN"),
            ("true", "true"),
            ("null", ""),
            ("{\"$bytes\":\"AQI=\"}", "AQI="),
            ("[\"a\",2.0,null,{\"$bytes\":\"AQI=\"}]", "[\"a\",2,null,\"AQI=\"]"),
            ("{\"b\":[false],\"a\":\"\\\"\"}", "{\"a\":\"\\\"\",\"b\":[false]}"),
        ] {
            let bytes = from_json_text(value).unwrap();
            assert_eq!(label_value(&AnyValue::parse(&bytes).unwrap()), expected, "{value}");
        }
    }
}
