//! What of a group fits into a form.

use super::Group;
use super::file::parse_one;
use crate::promql::duration_text;
use ocelli_api::forms::{Form, rule_document};

/// None where the form has no place for something that the group says: it would be lost when the form is saved.
pub fn form_of(group: &Group) -> Option<Form> {
    let [rule] = group.rules.as_slice() else { return None };
    let alert = rule.alert.as_ref()?;
    let of = |pairs: &[(String, String)], wanted: &str| {
        pairs.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let form: Form = [
        ("name", group.name.clone()),
        ("interval", group.interval_ms.map(duration_text).unwrap_or_default()),
        ("language", rule.language.as_str().to_owned()),
        ("alert", rule.name.clone()),
        ("expr", rule.expr.clone()),
        ("for", if alert.for_ms > 0 { duration_text(alert.for_ms) } else { String::new() }),
        ("severity", of(&rule.labels, "severity")),
        ("summary", of(&alert.annotations, "summary")),
        ("runbook_url", of(&alert.annotations, "runbook_url")),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value))
    .collect();
    let again = parse_one(&group.file, &rule_document(&form)).ok()?;
    (again == *group).then_some(form)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rules: &str, fits: bool) {
        let group = parse_one("r.yml", &format!("{{name: g, interval: 30s, {rules}}}")).unwrap();
        assert_eq!(form_of(&group).is_some(), fits, "{rules}");
    }

    #[test]
    fn a_form_loses_nothing() {
        check("rules: [{alert: A, expr: 'up == 0'}]", true);
        check(
            "rules: [{alert: A, expr: \"up\\n  == 0\", for: 1h30m, labels: {severity: page}, annotations: {summary: 'x \"y\"'}}]",
            true,
        );
        check("language: logql, rules: [{alert: A, expr: 'count_over_time({a=\"b\"}[1m])'}]", true);
        check("rules: [{alert: A, expr: up, labels: {team: x}}]", false);
        check("rules: [{alert: A, expr: up, keep_firing_for: 1m}]", false);
        check("rules: [{record: a, expr: up}]", false);
        check("rules: [{alert: A, expr: up}, {alert: B, expr: up}]", false);
        check("limit: 5, rules: [{alert: A, expr: up}]", false);
    }
}
