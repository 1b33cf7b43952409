use super::*;
use serde_json::Value;
use std::collections::BTreeSet;

fn served() -> Value {
    serde_json::to_value(document()).unwrap()
}

#[test]
fn every_reference_resolves() {
    fn references<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
        match value {
            Value::Object(map) => {
                found.extend(map.get("$ref").and_then(Value::as_str));
                map.values().for_each(|inner| references(inner, found));
            }
            Value::Array(list) => list.iter().for_each(|inner| references(inner, found)),
            _ => {}
        }
    }
    let document = served();
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.len() > 20, "{found:?}");
    for reference in found {
        let pointer = reference.trim_start_matches('#');
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
}

#[test]
fn parameters_and_errors_are_described() {
    let document = served();
    assert_eq!(document["openapi"], "3.1.0");
    let logs = &document["paths"]["/api/logs"]["get"];
    let limit = logs["parameters"].as_array().unwrap().iter().find(|p| p["name"] == "limit").unwrap();
    assert_eq!(limit["schema"]["default"], 100);
    assert_eq!(limit["schema"]["maximum"].as_f64(), Some(10_000.0));
    assert_eq!(limit["in"], "query");
    for status in ["200", "400", "503"] {
        assert!(
            logs["responses"][status]["content"]["application/json"]["schema"]["$ref"].is_string(),
            "{status}"
        );
    }
    let trace = &document["paths"]["/api/traces/{trace_id}"]["get"]["parameters"][0];
    assert_eq!((&trace["in"], &trace["required"]), (&"path".into(), &true.into()));
    let time = &document["components"]["schemas"]["LogRecord"]["properties"]["time"];
    assert_eq!(time["$ref"], "#/components/schemas/UnixNano");
}
