//! What the shape of a rule file does not tell: names, expressions, templates, duplicates.

use super::yaml::{Pairs, Problem, Step};
use super::{FileYaml, Group, GroupYaml, RuleYaml};
use crate::promql::labels::METRIC_NAME;
use crate::rules::language::Language;
use crate::rules::template;
use std::collections::{BTreeMap, BTreeSet};

/// Everything that is wrong, in the order of the file.
pub fn check(text: &str, file: &FileYaml) -> Vec<Problem> {
    let mut found = Found { text, path: vec![Step::Value("groups")], problems: Vec::new() };
    let mut names = BTreeSet::new();
    for (at, group) in file.groups.iter().enumerate() {
        found.path.push(Step::Item(at));
        if !group.name.is_empty() && !names.insert(&group.name) {
            found.at(Step::Value("name"), format!("group {:?} is there twice; rename one", group.name));
        }
        check_group(group, &mut found);
        found.path.pop();
    }
    found.problems
}

/// The same of a group that stands alone.
pub fn check_one(text: &str, group: &GroupYaml) -> Vec<Problem> {
    let mut found = Found { text, path: Vec::new(), problems: Vec::new() };
    check_group(group, &mut found);
    found.problems
}

/// Problems while they are gathered, and where the reader is.
struct Found<'a> {
    text: &'a str,
    path: Vec<Step<'a>>,
    problems: Vec<Problem>,
}

impl<'a> Found<'a> {
    fn here(&mut self, message: impl Into<String>) {
        self.problems.push(Problem::at(self.text, &self.path, message));
    }

    /// What must be there is told where it would be.
    fn missing(&mut self, key: &str, message: impl Into<String>) {
        self.here(message);
        if let Some(problem) = self.problems.last_mut() {
            let dot = if problem.field.is_empty() { "" } else { "." };
            problem.field.push_str(&format!("{dot}{key}"));
        }
    }

    fn at(&mut self, step: Step<'a>, message: impl Into<String>) {
        self.path.push(step);
        self.here(message);
        self.path.pop();
    }
}

fn check_group<'a>(group: &'a GroupYaml, found: &mut Found<'a>) {
    if group.name.is_empty() {
        found.missing("name", "a group needs a name");
    }
    check_labels(&group.labels, &format!("group {:?}", group.name), found);
    found.path.push(Step::Value("rules"));
    for (at, rule) in group.rules.iter().enumerate() {
        found.path.push(Step::Item(at));
        check_rule(rule, group.language, &format!("group {:?}, rule {}", group.name, at + 1), found);
        found.path.pop();
    }
    found.path.pop();
}

fn check_rule<'a>(rule: &'a RuleYaml, language: Language, which: &str, found: &mut Found<'a>) {
    let which = match (rule.record.is_empty(), rule.alert.is_empty()) {
        (false, true) => format!("{which}, {:?}", rule.record),
        (true, false) => format!("{which}, {:?}", rule.alert),
        (false, false) => {
            found.here(format!("{which}: only one of 'record' and 'alert' must be set"));
            which.to_owned()
        }
        (true, true) => {
            found.missing("alert", format!("{which}: one of 'record' or 'alert' must be set"));
            which.to_owned()
        }
    };
    check_expr(rule, language, &which, found);
    if !rule.record.is_empty() {
        check_record(rule, &which, found);
    }
    check_labels(&rule.labels, &which, found);
    found.path.push(Step::Value("annotations"));
    for (name, _) in rule.annotations.0.iter().filter(|(name, _)| name.is_empty()) {
        found.at(Step::Key(name), format!("{which}: an annotation needs a name"));
    }
    found.path.pop();
    if !rule.alert.is_empty() {
        check_templates("labels", &rule.labels, &which, found);
        check_templates("annotations", &rule.annotations, &which, found);
    }
}

fn check_expr(rule: &RuleYaml, language: Language, which: &str, found: &mut Found) {
    let expr = rule.expr.trim();
    if expr.is_empty() {
        return found.missing("expr", format!("{which}: field 'expr' must be set in rule"));
    }
    if let Err(why) = language.check(expr) {
        found.at(Step::Value("expr"), format!("{which}: {why}"));
    }
}

fn check_record<'a>(rule: &'a RuleYaml, which: &str, found: &mut Found<'a>) {
    if rule.record.contains(['{', '}']) {
        let message = "braces present in the recording rule name; should it be in expr?";
        found.at(Step::Value("record"), format!("{which}: {message}"));
    }
    for (key, is_set) in [
        ("for", rule.for_.is_some_and(|span| span.0 > 0)),
        ("keep_firing_for", rule.keep_firing_for.is_some_and(|span| span.0 > 0)),
        ("annotations", !rule.annotations.0.is_empty()),
    ] {
        if is_set {
            found.at(Step::Key(key), format!("{which}: invalid field '{key}' in recording rule"));
        }
    }
}

fn check_labels<'a>(labels: &'a Pairs, which: &str, found: &mut Found<'a>) {
    found.path.push(Step::Value("labels"));
    for (name, _) in &labels.0 {
        if name.is_empty() || name == METRIC_NAME {
            found.at(Step::Key(name), format!("{which}: invalid label name: {name:?}"));
        }
    }
    found.path.pop();
}

fn check_templates<'a>(key: &'static str, texts: &'a Pairs, which: &str, found: &mut Found<'a>) {
    found.path.push(Step::Value(key));
    for (name, text) in &texts.0 {
        if let Err(why) = template::check(text) {
            found.at(Step::Value(name), format!("{which}: {} {name:?}: {why}", key.trim_end_matches('s')));
        }
    }
    found.path.pop();
}

/// Rules that record the same name with the same labels, or alerts that are wholly alike: what `promtool
/// check rules` calls duplicates. A server evaluates both; where they give the same series, one wins.
pub fn duplicates(groups: &[Group]) -> Vec<String> {
    let mut known: BTreeMap<_, (&str, &str)> = BTreeMap::new();
    let mut found = Vec::new();
    for group in groups {
        for rule in &group.rules {
            let expr = rule.alert.as_ref().map(|_| &rule.expr);
            match known.get(&(&rule.name, &rule.labels, expr)) {
                Some((file, other)) => found.push(format!(
                    "{}: group {:?}: duplicate rule {:?} with the same labels; the other is in group {other:?} of {file}",
                    group.file, group.name, rule.name
                )),
                None => {
                    known.insert((&rule.name, &rule.labels, expr), (&group.file, &group.name));
                }
            }
        }
    }
    found
}
