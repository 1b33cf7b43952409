//! Rule files in Prometheus' format.
//!
//! Source: Prometheus documentation, "Defining recording rules" and "Alerting rules", and what its
//! `rulefmt` package refuses. All that is wrong is told at once, each with its place.

mod check;
mod problem;
pub mod yaml;

pub use check::duplicates;
pub use problem::Problem;

use super::language::Language;
use serde::Deserialize;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_128;
use yaml::{Pairs, Span};

/// Rules that are evaluated one after the other, at the same time.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// The file's name as it was given; with the group's name it says which group this is.
    pub file: Arc<str>,
    pub name: String,
    /// Milliseconds; none for the server's own.
    pub interval_ms: Option<i64>,
    /// How long before its time an evaluation looks; none for the server's own.
    pub query_offset_ms: Option<i64>,
    /// The most series, or alerts, that one rule may give; 0 for any number.
    pub limit: usize,
    pub rules: Vec<Rule>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Of the recorded series, or of the alert.
    pub name: String,
    pub expr: String,
    pub language: Language,
    /// The group's and its own, sorted by name; its own win.
    pub labels: Vec<(String, String)>,
    /// None of a recording rule.
    pub alert: Option<AlertSettings>,
}

impl Rule {
    /// Whether two rules give series of the same name and labels, in whatever way.
    pub fn is_successor(&self, other: &Rule) -> bool {
        self.name == other.name
            && self.labels == other.labels
            && self.alert.is_some() == other.alert.is_some()
    }

    /// Which rule this is: one with the same key gives the same series, in whatever group and at whatever
    /// interval it is evaluated. So a rule that moves, or is evaluated more often, goes on where it was.
    pub fn key(&self) -> String {
        let labels = self.labels.iter().flat_map(|(name, value)| [name, value]);
        let mut text = String::new();
        for part in [&self.name, &self.expr].into_iter().chain(labels) {
            text.push_str(part);
            text.push('\0');
        }
        if self.language != Language::PromQl {
            text.push_str(self.language.as_str());
        }
        format!("{:032x}", xxh3_128(text.as_bytes()))
    }
}

/// What only alerting rules have. Milliseconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlertSettings {
    pub for_ms: i64,
    pub keep_firing_for_ms: i64,
    /// Sorted by name.
    pub annotations: Vec<(String, String)>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct FileYaml {
    groups: Vec<GroupYaml>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct GroupYaml {
    #[serde(deserialize_with = "yaml::text")]
    name: String,
    interval: Option<Span>,
    query_offset: Option<Span>,
    /// Our own: Prometheus and Loki have a program for each.
    language: Language,
    /// Below 0 is none.
    limit: i64,
    labels: Pairs,
    rules: Vec<RuleYaml>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RuleYaml {
    #[serde(deserialize_with = "yaml::text")]
    record: String,
    #[serde(deserialize_with = "yaml::text")]
    alert: String,
    #[serde(deserialize_with = "yaml::text")]
    expr: String,
    #[serde(rename = "for")]
    for_: Option<Span>,
    keep_firing_for: Option<Span>,
    labels: Pairs,
    annotations: Pairs,
}

/// Whether a YAML file is one of rules: it has the key `groups`.
pub fn is_rule_file(text: &str) -> bool {
    let begins = |line: &str| ["groups:", "\"groups\":"].iter().any(|key| line.starts_with(key));
    yaml::without_mark(text).lines().any(begins)
}

/// The groups of a file, or everything that is wrong with it. `file` is its name.
pub fn parse(file: &str, text: &str) -> Result<Vec<Group>, Vec<Problem>> {
    let read: FileYaml = yaml::read(text).map_err(|problem| vec![problem])?;
    let problems = check::check(text, &read);
    if !problems.is_empty() {
        return Err(problems);
    }
    let file: Arc<str> = file.into();
    Ok(read.groups.into_iter().map(|group| group.into_group(file.clone())).collect())
}

/// One group: a file that holds nothing else, or the group by itself, as the rulers of Mimir and Loki take it.
pub fn parse_one(file: &str, text: &str) -> Result<Group, Vec<Problem>> {
    if is_rule_file(text) || yaml::flow_keys(text).iter().any(|key| key == "groups") {
        let mut groups = parse(file, text)?;
        return match (groups.pop(), groups.len()) {
            (Some(group), 0) => Ok(group),
            (_, others) => {
                let count = if others > 0 { others + 1 } else { 0 };
                let message = format!("one group is saved at a time; here are {count}");
                Err(vec![Problem { field: "groups".to_owned(), ..Problem::whole(message) }])
            }
        };
    }
    let read: GroupYaml = yaml::read(text).map_err(|problem| vec![problem])?;
    let problems = check::check_one(text, &read);
    if problems.is_empty() { Ok(read.into_group(file.into())) } else { Err(problems) }
}

impl GroupYaml {
    fn into_group(self, file: Arc<str>) -> Group {
        let (labels, language) = (self.labels, self.language);
        Group {
            file,
            name: self.name,
            // A duration of 0 is the same as none, as in Prometheus.
            interval_ms: self.interval.map(|span| span.0).filter(|ms| *ms > 0),
            query_offset_ms: self.query_offset.map(|span| span.0),
            limit: usize::try_from(self.limit).unwrap_or_default(),
            rules: self.rules.into_iter().map(|rule| rule.into_rule(language, &labels)).collect(),
        }
    }
}

impl RuleYaml {
    fn into_rule(self, language: Language, group_labels: &Pairs) -> Rule {
        let mut labels = group_labels.0.clone();
        labels.retain(|(name, _)| !self.labels.0.iter().any(|(own, _)| own == name));
        labels.extend(self.labels.0);
        labels.sort();
        let mut annotations = self.annotations.0;
        annotations.sort();
        let ms = |span: Option<Span>| span.unwrap_or_default().0;
        let alert = self.record.is_empty().then(|| AlertSettings {
            for_ms: ms(self.for_),
            keep_firing_for_ms: ms(self.keep_firing_for),
            annotations,
        });
        let name = if alert.is_some() { self.alert } else { self.record };
        Rule { name, expr: self.expr.trim().to_owned(), language, labels, alert }
    }
}

#[cfg(test)]
mod tests;
