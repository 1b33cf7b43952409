//! The documents of objectives and alerts as forms: what a form holds by the names of its fields, and the document
//! that it stands for.
//!
//! The browser makes documents of them; the server fills one in where a document says nothing that it has no
//! place for. Numbers and durations are texts as people type them, so that what is wrong is told by who reads
//! the document.

use std::collections::BTreeMap;

/// Texts by the names of fields; one that is empty may be left out.
pub type Form = BTreeMap<String, String>;

fn text<'a>(form: &'a Form, key: &str) -> &'a str {
    form.get(key).map(String::as_str).unwrap_or_default()
}

/// An objective in the own short form. `kind` is `availability`, `latency` or `ratio`, `counts` whether a ratio
/// counts its `good` or its `bad` events; the other fields are called as in the document.
pub fn slo_document(form: &Form) -> String {
    let mut yaml = Yaml { form, text: format!("slos:\n- name: {}\n", quoted(text(form, "name"))) };
    let kind = text(form, "kind");
    let is_ratio = kind == "ratio";
    yaml.pairs("  ", &["description"]);
    if is_ratio {
        yaml.pairs("  ", &["service"]);
    }
    yaml.pairs("  ", &["objective", "window", "time_zone"]);
    yaml.text.push_str(&format!("  {kind}:\n"));
    if is_ratio {
        yaml.language("    ");
        let counted = if text(form, "counts") == "bad" { "bad" } else { "good" };
        yaml.pairs("    ", &[counted, "total"]);
    } else {
        yaml.text.push_str(&format!("    service: {}\n", quoted(text(form, "service"))));
        yaml.pairs("    ", &["operation"]);
        if kind == "latency" {
            yaml.pairs("    ", &["under"]);
        }
    }
    yaml.text
}

/// A group of one alert: `name` is the group's, `severity` a label, `summary` and `runbook_url` annotations.
pub fn rule_document(form: &Form) -> String {
    let mut yaml = Yaml { form, text: format!("name: {}\n", quoted(text(form, "name"))) };
    yaml.pairs("", &["interval"]);
    yaml.language("");
    yaml.text.push_str(&format!("rules:\n- alert: {}\n", quoted(text(form, "alert"))));
    yaml.pairs("  ", &["expr", "for"]);
    yaml.below("labels", &["severity"]);
    yaml.below("annotations", &["summary", "runbook_url"]);
    yaml.text
}

struct Yaml<'a> {
    form: &'a Form,
    text: String,
}

impl Yaml<'_> {
    /// Those fields that are not empty.
    fn pairs(&mut self, indent: &str, keys: &[&str]) {
        for key in keys {
            let value = text(self.form, key);
            let is_number =
                !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
            let value = if is_number { value.to_owned() } else { quoted(value) };
            if value.len() > 2 || is_number {
                self.text.push_str(&format!("{indent}{key}: {value}\n"));
            }
        }
    }

    fn language(&mut self, indent: &str) {
        if text(self.form, "language") != "promql" {
            self.pairs(indent, &["language"]);
        }
    }

    /// A map of a rule.
    fn below(&mut self, name: &str, keys: &[&str]) {
        if keys.iter().any(|key| !text(self.form, key).is_empty()) {
            self.text.push_str(&format!("  {name}:\n"));
            self.pairs("    ", keys);
        }
    }
}

/// In double quotes, in which YAML and JSON are alike.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(pairs: &[(&str, &str)]) -> Form {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn what_is_empty_is_left_out() {
        let slo = [
            ("kind", "availability"),
            ("name", "a"),
            ("service", "s \"x\""),
            ("objective", "99.9"),
            ("window", "30d"),
            ("operation", ""),
        ];
        assert_eq!(
            slo_document(&form(&slo)),
            "slos:\n- name: \"a\"\n  objective: 99.9\n  window: \"30d\"\n  availability:\n    service: \"s \\\"x\\\"\"\n"
        );
        let rule = [
            ("name", "g"),
            ("alert", "A"),
            ("expr", "up == 0"),
            ("language", "promql"),
            ("severity", "page"),
        ];
        assert_eq!(
            rule_document(&form(&rule)),
            "name: \"g\"\nrules:\n- alert: \"A\"\n  expr: \"up == 0\"\n  labels:\n    severity: \"page\"\n"
        );
    }
}
