use super::*;
use serde_json::{Value, json};

/// What is wrong with a dashboard that has more than a title; empty where nothing is.
fn problem(more: Value) -> String {
    let mut whole = json!({ "title": "A" });
    for (key, value) in more.as_object().unwrap() {
        whole[key] = value.clone();
    }
    match serde_json::from_value::<Dashboard>(whole) {
        Ok(dashboard) => check(&dashboard).err().map(|error| error.to_string()).unwrap_or_default(),
        Err(error) => error.to_string(),
    }
}

fn with_query(query: Value) -> String {
    problem(json!({ "panels": [{ "queries": [query] }] }))
}

#[test]
fn fields_are_named() {
    assert_eq!(problem(json!({})), "");
    assert_eq!(problem(json!({ "title": " " })), "title: is missing");
    assert_eq!(problem(json!({ "title": "a\nb" })), "title: has a line break or another control character");
    assert_eq!(problem(json!({ "tags": ["a", ""] })), "tags[1]: is empty");
    assert!(problem(json!({ "from": "yesterday" })).starts_with("from: 'yesterday' is not a time"));
    assert!(
        problem(json!({ "refresh": "10ms" })).starts_with("refresh: \"10ms\" is not a duration of a second")
    );
    assert!(problem(json!({ "pannels": [] })).contains("unknown field `pannels`, expected one of"));
    let grid = |grid: Value| problem(json!({ "panels": [{ "grid": grid }] }));
    assert_eq!(
        grid(json!({ "x": 20, "w": 5 })),
        "panels[0].grid.w: columns 20 to 25 are not on the grid of 24"
    );
    assert_eq!(
        grid(json!({ "x": u32::MAX })),
        "panels[0].grid.w: columns 4294967295 to 4294967295 are not on the grid of 24"
    );
    assert_eq!(grid(json!({ "h": 0 })), "panels[0].grid.h: 0 rows are not from 1 to 100");
    let steps = json!({ "panels": [{ "thresholds": [{ "level": "ok" }, { "value": 5 }, { "value": 5 }] }] });
    assert_eq!(problem(steps), "panels[0].thresholds: are not ascending");
}

#[test]
fn bounds_are_named() {
    let many = |count: usize| problem(json!({ "panels": vec![json!({}); count] }));
    assert_eq!((many(500).as_str(), many(501).as_str()), ("", "panels: has 501 entries; 500 is the limit"));
    let long = problem(json!({ "title": "é".repeat(201) }));
    assert_eq!(long, "title: has 201 characters; 200 is the limit");
    let large = problem(json!({ "description": "x".repeat(600 << 10) }));
    assert!(large.ends_with("524288 is the limit"), "{large}");
}

#[test]
fn variables() {
    let check = |variable: Value, expect: &str| {
        assert_eq!(problem(json!({ "variables": [variable] })), expect);
    };
    check(json!({ "name": "a", "kind": "text" }), "");
    check(json!({ "name": "a", "kind": "custom" }), "variables[0].options: has no value to choose");
    check(json!({ "name": "a", "kind": "label_values" }), "variables[0].label: is missing");
    check(
        json!({ "name": "a", "kind": "interval", "options": ["1m", "x"] }),
        "variables[0].options[1]: \"x\" is not a duration of a second or more, as 30s or 5m",
    );
    check(
        json!({ "name": "a b", "kind": "text" }),
        "variables[0].name: \"a b\" is not a word of letters, digits and _ that begins with one _ at most",
    );
    let two = json!({ "variables": [{ "name": "a", "kind": "text" }, { "name": "a", "kind": "services" }] });
    assert_eq!(problem(two), "variables[1].name: there are two of $a");
    let wrong =
        json!({ "variables": [{ "name": "a", "kind": "label_values", "label": "x", "selector": "up{" }] });
    assert!(problem(wrong).starts_with("variables[0].selector: "));
    let chained = json!({ "variables": [
        { "name": "job", "kind": "label_values", "label": "job" },
        { "name": "a", "kind": "label_values", "label": "x", "selector": "up{job=~\"$job\"}" },
    ] });
    assert_eq!(problem(chained), "");
}

#[test]
fn queries_are_read_in_their_language() {
    assert_eq!(with_query(json!({ "expr": "sum(rate(x[$__rate_interval]))" })), "");
    let wrong = with_query(json!({ "expr": "sum(rate(x[5m])" }));
    assert!(
        wrong.starts_with("panels[0].queries[0].expr: ") && wrong.contains("unclosed left parenthesis"),
        "{wrong}"
    );
    assert!(with_query(json!({ "expr": "x[5m]" })).contains("gives a range vector"));
    assert_eq!(with_query(json!({ "expr": " " })), "panels[0].queries[0].expr: is missing");
    let kind = |kind: &str, language: &str, expr: &str| {
        problem(json!({ "panels": [{ "kind": kind, "queries": [{ "language": language, "expr": expr }] }] }))
    };
    for (shown, language, expr) in [
        ("logs", "logs", ""),
        ("logs", "logs", "level:error"),
        ("logs", "logql", "{a=\"b\"}"),
        ("table", "logs", "level:error | stats count() by (service)"),
        ("time_series", "logql", "rate({a=\"b\"}[5m])"),
        ("traces", "traceql", "{ status = error }"),
        ("bar", "traceql", "{ status = error } | rate() by (name)"),
        ("stat", "red", "checkout"),
    ] {
        assert_eq!(kind(shown, language, expr), "", "{language} {expr}");
    }
    let shows = "panels[0].queries[0].expr: gives";
    assert_eq!(kind("stat", "logs", "level:error"), format!("{shows} records, and the panel shows figures"));
    assert_eq!(kind("logs", "traceql", "{}"), format!("{shows} traces, and the panel shows records"));
    assert_eq!(kind("text", "promql", "up"), format!("{shows} figures, and the panel shows nothing"));
    assert!(kind("logs", "logs", "a:(b").contains("(at byte "));
    assert!(kind("traces", "traceql", "{ nme = 1 }").starts_with("panels[0].queries[0].expr: "));
}

#[test]
fn what_nobody_has_chosen_yet_is_taken_for_a_name_or_a_number() {
    let check = |expr: &str| {
        problem(json!({
            "variables": [
                { "name": "label", "kind": "label_values", "label": "x" },
                { "name": "n", "kind": "custom", "options": ["5"] },
            ],
            "panels": [{ "queries": [{ "expr": expr }] }],
        }))
    };
    for good in ["sum by ($label) (x)", "topk($label, x)", "topk($n, x)", "x{a=~\"$label\"}", "$label"] {
        assert_eq!(check(good), "", "{good}");
    }
    assert!(check("sum by ($other) (x)").starts_with("panels[0].queries[0].expr: "));
}
