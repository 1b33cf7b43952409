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
        display(&self.0)
    }
}

fn display(value: &serde_json::Value) -> String {
    let Some((kind, inner)) = value.as_object().and_then(|object| object.iter().next()) else {
        return String::new();
    };
    match (kind.as_str(), inner) {
        ("arrayValue", inner) => {
            let items = inner["values"].as_array().map(Vec::as_slice).unwrap_or_default();
            format!("[{}]", items.iter().map(display).collect::<Vec<_>>().join(", "))
        }
        ("kvlistValue", inner) => {
            let items = inner["values"].as_array().map(Vec::as_slice).unwrap_or_default();
            let pair = |item: &serde_json::Value| {
                format!("{}: {}", item["key"].as_str().unwrap_or_default(), display(&item["value"]))
            };
            format!("{{{}}}", items.iter().map(pair).collect::<Vec<_>>().join(", "))
        }
        (_, serde_json::Value::String(text)) => text.clone(),
        (_, other) => other.to_string(),
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
}
