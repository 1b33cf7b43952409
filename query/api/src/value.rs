//! Attribute values as OTLP/JSON writes them.

use serde::{Deserialize, Serialize};

/// One attribute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KeyValue {
    pub key: String,
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub value: AnyValue,
}

/// An OTLP `AnyValue` in its JSON form: an object with one of `stringValue`, `boolValue`,
/// `intValue` (a string), `doubleValue` (a number, or `"NaN"`, `"Infinity"`, `"-Infinity"`),
/// `arrayValue`, `kvlistValue`, `bytesValue` (base64); `{}` is the empty value.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AnyValue(pub serde_json::Value);

impl AnyValue {
    /// The value as one reads it: a string bare, everything else as short JSON.
    pub fn display(&self) -> String {
        self.display_with(|double| format!("{double:?}"))
    }

    /// The same with doubles as given: what the standard library writes them with is large for a browser.
    pub fn display_with(&self, double: fn(f64) -> String) -> String {
        display(&self.0, double)
    }
}

fn display(value: &serde_json::Value, double: fn(f64) -> String) -> String {
    let Some((kind, inner)) = value.as_object().and_then(|object| object.iter().next()) else {
        return String::new();
    };
    match (kind.as_str(), inner) {
        ("arrayValue", inner) => {
            let items = inner["values"].as_array().map(Vec::as_slice).unwrap_or_default();
            format!("[{}]", items.iter().map(|item| display(item, double)).collect::<Vec<_>>().join(", "))
        }
        ("kvlistValue", inner) => {
            let items = inner["values"].as_array().map(Vec::as_slice).unwrap_or_default();
            let pair = |item: &serde_json::Value| {
                format!("{}: {}", item["key"].as_str().unwrap_or_default(), display(&item["value"], double))
            };
            format!("{{{}}}", items.iter().map(pair).collect::<Vec<_>>().join(", "))
        }
        (_, serde_json::Value::String(text)) => text.clone(),
        (_, serde_json::Value::Bool(truth)) => truth.to_string(),
        (_, serde_json::Value::Number(number)) => number_text(number, double),
        // No value of OTLP is written so.
        (_, serde_json::Value::Null | serde_json::Value::Array(_) | serde_json::Value::Object(_)) => {
            "…".to_owned()
        }
    }
}

/// As JSON has it, with doubles as given.
pub fn number_text(number: &serde_json::Number, double: fn(f64) -> String) -> String {
    match (number.as_i64(), number.as_u64(), number.as_f64()) {
        (Some(whole), ..) => whole.to_string(),
        (_, Some(whole), _) => whole.to_string(),
        (.., Some(number)) => double(number),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_values_read_as_short_json() {
        let value = serde_json::json!({"kvlistValue": {"values": [
            {"key": "n", "value": {"intValue": "5"}},
            {"key": "list", "value": {"arrayValue": {"values": [{"stringValue": "a"}, {}]}}},
        ]}});
        assert_eq!(AnyValue(value).display(), "{n: 5, list: [a, ]}");
    }

    #[test]
    fn numbers_read_as_in_json() {
        for number in [0.0, -0.0, 1.0, 0.5, 1e-7, 123_456.789, 1e15, 1e16, 1e300, f64::MIN_POSITIVE] {
            let value = serde_json::json!(number);
            let ours = AnyValue(serde_json::json!({ "doubleValue": value })).display();
            assert_eq!(ours.parse::<f64>().unwrap(), number, "{ours}");
            assert_eq!(ours, value.to_string().replace("e+", "e"), "{ours}");
        }
        for value in [serde_json::json!(u64::MAX), serde_json::json!(i64::MIN), serde_json::json!(true)] {
            assert_eq!(AnyValue(serde_json::json!({ "intValue": value })).display(), value.to_string());
        }
    }
}
