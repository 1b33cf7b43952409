//! Compares what was sent with what comes back: values and types, with every difference named.

use serde_json::Value;

/// What the answer adds to what was sent, made from it.
const DERIVED: [&str; 3] = ["id", "service", "body_text"];

/// Fails with all differences.
pub fn assert_same(what: &str, sent: &Value, found: &Value) {
    let mut differences = Vec::new();
    compare(what, sent, found, &mut differences);
    assert!(differences.is_empty(), "{}\nsent:  {sent}\nfound: {found}", differences.join("\n"));
}

fn compare(path: &str, sent: &Value, found: &Value, differences: &mut Vec<String>) {
    match (sent, found) {
        (Value::Object(_), Value::Object(_)) => compare_objects(path, sent, found, differences),
        (Value::Array(sent), Value::Array(found)) => compare_arrays(path, sent, found, differences),
        // Every number of the API that may be large is a string, so that these are doubles.
        (Value::Number(sent), Value::Number(found)) if sent.as_f64() == found.as_f64() => {}
        _ if sent == found => {}
        _ => differences.push(format!("{path}: {sent} came back as {found}")),
    }
}

fn compare_objects(path: &str, sent: &Value, found: &Value, differences: &mut Vec<String>) {
    for (key, value) in sent.as_object().unwrap() {
        match found.get(key) {
            Some(found) => compare(&format!("{path}.{key}"), value, found, differences),
            None if is_default(value) => {}
            None => differences.push(format!("{path}.{key}: {value} is gone")),
        }
    }
    for (key, value) in found.as_object().unwrap() {
        if sent.get(key).is_none() && !is_default(value) && !DERIVED.contains(&key.as_str()) {
            differences.push(format!("{path}.{key}: {value} was not sent"));
        }
    }
}

fn compare_arrays(path: &str, sent: &[Value], found: &[Value], differences: &mut Vec<String>) {
    if sent.len() != found.len() {
        differences.push(format!("{path}: {} items came back as {}", sent.len(), found.len()));
        return;
    }
    // The order of attributes means nothing.
    let (sent, found) = (by_key(sent), by_key(found));
    for (index, (sent, found)) in sent.iter().zip(&found).enumerate() {
        let name = sent["key"].as_str().map_or(format!("[{index}]"), |key| format!("[{key}]"));
        compare(&format!("{path}{name}"), sent, found, differences);
    }
}

fn by_key(items: &[Value]) -> Vec<&Value> {
    let mut items: Vec<&Value> = items.iter().collect();
    items.sort_by_key(|item| item.get("key").and_then(Value::as_str));
    items
}

/// What protobuf can't tell from "not sent".
fn is_default(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(value) => value.as_f64() == Some(0.0),
        Value::String(value) => value.is_empty() || value == "0",
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(sent: Value, found: Value, expect: &str) {
        let mut differences = Vec::new();
        compare("x", &sent, &found, &mut differences);
        assert_eq!(differences.join("; "), expect);
    }

    #[test]
    fn types_count_and_the_order_of_attributes_does_not() {
        let attribute = |key: &str, value: Value| json!({"key": key, "value": value});
        let (a, b) = (attribute("a", json!({"intValue": "5"})), attribute("b", json!({"doubleValue": 5})));
        check(json!([a, b]), json!([b, a]), "");
        check(json!({"doubleValue": 5}), json!({"doubleValue": 5.0}), "");
        check(
            json!([a]),
            json!([attribute("a", json!({"stringValue": "5"}))]),
            "x[a].value.intValue: \"5\" is gone; x[a].value.stringValue: \"5\" was not sent",
        );
        check(json!({"n": 1}), json!({"n": 1, "dropped": 0, "service": "s"}), "");
        check(json!([1, 2]), json!([2, 1]), "x[0]: 1 came back as 2; x[1]: 2 came back as 1");
    }
}
