//! What a form holds of an objective or of an alert, and the document that it stands for.
//!
//! The browser makes documents of them; the server fills one in where a document says nothing that it has no
//! place for. Numbers and durations are texts as people type them, so that what is wrong is told by who reads
//! the document.

use serde::{Deserialize, Serialize};

/// An objective in the own short form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SloForm {
    pub kind: SloFormKind,
    pub name: String,
    pub description: String,
    /// Of spans whose they are; of a ratio what it is about, if anything.
    pub service: String,
    /// Of spans; empty for all.
    pub operation: String,
    /// Of a latency: `300ms`.
    pub under: String,
    /// Of a ratio: `promql`, `logql` or `traceql`.
    pub language: String,
    /// Whether `counted` counts the bad events rather than the good ones.
    pub counts_bad: bool,
    pub counted: String,
    pub total: String,
    /// Percent.
    pub objective: String,
    /// `30d`, or `day`, `week`, `month`, `quarter`, `year`.
    pub window: String,
    /// Of a calendar window.
    pub time_zone: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum SloFormKind {
    #[default]
    Availability,
    Latency,
    Ratio,
}

/// A group of one alert.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuleForm {
    pub group: String,
    /// Empty for the server's own.
    pub interval: String,
    /// `promql`, `logql` or `traceql`.
    pub language: String,
    pub alert: String,
    pub expr: String,
    /// `5m`; empty for at once.
    #[serde(rename = "for")]
    pub for_: String,
    /// The label.
    pub severity: String,
    /// Annotations.
    pub summary: String,
    pub runbook_url: String,
}

impl SloForm {
    /// The document, as YAML.
    pub fn document(&self) -> String {
        let mut yaml = Yaml::new("slos:\n- name: ", &quoted(&self.name));
        yaml.pair("  ", "description", &self.description);
        if self.kind == SloFormKind::Ratio {
            yaml.pair("  ", "service", &self.service);
        }
        yaml.plain("  ", "objective", &self.objective);
        yaml.plain("  ", "window", &self.window);
        yaml.pair("  ", "time_zone", &self.time_zone);
        match self.kind {
            SloFormKind::Availability => yaml.0.push_str("  availability:\n"),
            SloFormKind::Latency => yaml.0.push_str("  latency:\n"),
            SloFormKind::Ratio => yaml.0.push_str("  ratio:\n"),
        }
        if self.kind == SloFormKind::Ratio {
            if self.language != "promql" {
                yaml.plain("    ", "language", &self.language);
            }
            yaml.pair("    ", if self.counts_bad { "bad" } else { "good" }, &self.counted);
            yaml.pair("    ", "total", &self.total);
        } else {
            yaml.0.push_str(&format!("    service: {}\n", quoted(&self.service)));
            yaml.pair("    ", "operation", &self.operation);
        }
        if self.kind == SloFormKind::Latency {
            yaml.pair("    ", "under", &self.under);
        }
        yaml.0
    }
}

impl RuleForm {
    /// The document, as YAML.
    pub fn document(&self) -> String {
        let mut yaml = Yaml::new("name: ", &quoted(&self.group));
        yaml.pair("", "interval", &self.interval);
        if self.language != "promql" {
            yaml.plain("", "language", &self.language);
        }
        yaml.0.push_str(&format!("rules:\n- alert: {}\n", quoted(&self.alert)));
        yaml.pair("  ", "expr", &self.expr);
        yaml.pair("  ", "for", &self.for_);
        if !self.severity.is_empty() {
            yaml.0.push_str("  labels:\n");
            yaml.pair("    ", "severity", &self.severity);
        }
        if !self.summary.is_empty() || !self.runbook_url.is_empty() {
            yaml.0.push_str("  annotations:\n");
            yaml.pair("    ", "summary", &self.summary);
            yaml.pair("    ", "runbook_url", &self.runbook_url);
        }
        yaml.0
    }
}

struct Yaml(String);

impl Yaml {
    fn new(begin: &str, value: &str) -> Yaml {
        Yaml(format!("{begin}{value}\n"))
    }

    /// A text, whatever is in it; nothing where it is empty.
    fn pair(&mut self, indent: &str, key: &str, value: &str) {
        if !value.is_empty() {
            self.0.push_str(&format!("{indent}{key}: {}\n", quoted(value)));
        }
    }

    /// The same of what is a number or a word, as long as it is one.
    fn plain(&mut self, indent: &str, key: &str, value: &str) {
        let is_plain = value.chars().all(|c| c.is_ascii_alphanumeric() || c == '.');
        match is_plain {
            true if !value.is_empty() => self.0.push_str(&format!("{indent}{key}: {value}\n")),
            _ => self.pair(indent, key, value),
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

    #[test]
    fn what_is_empty_is_left_out() {
        let form = SloForm {
            name: "a".into(),
            service: "s \"x\"".into(),
            objective: "99.9".into(),
            window: "30d".into(),
            ..SloForm::default()
        };
        assert_eq!(
            form.document(),
            "slos:\n- name: \"a\"\n  objective: 99.9\n  window: 30d\n  availability:\n    service: \"s \\\"x\\\"\"\n"
        );
        let form =
            RuleForm { group: "g".into(), alert: "A".into(), expr: "up == 0".into(), ..RuleForm::default() };
        let text = RuleForm { language: "promql".into(), ..form }.document();
        assert_eq!(text, "name: \"g\"\nrules:\n- alert: \"A\"\n  expr: \"up == 0\"\n");
    }
}
