//! The templates of labels and annotations: Go's `text/template` as far as alerts use it, with
//! Prometheus' functions.
//!
//! There are actions with pipelines, variables, `if`, `else`, `with`, `range`, `end`, comments and trim
//! markers. What is missing, and refused when a rule file is read: `define`, `template`, `block`,
//! `break`, `continue`, methods of values. Source: Go `text/template`; Prometheus "Template reference".

mod format;
mod functions;
mod humanize;
mod lex;
mod parse;
mod run;
mod scope;
mod value;

use super::state::Asked;
use crate::promql::labels::Labels;
use crate::promql::value::Sample;

/// What an alert's template sees.
#[derive(Clone, Debug)]
pub struct Data {
    pub labels: Labels,
    pub external_labels: Labels,
    pub external_url: String,
    pub value: Sample,
    /// When it is evaluated; queries in the template are of this time.
    pub time_ms: i64,
}

/// Whether a text is a template; the error says why not.
pub fn check(text: &str) -> Result<(), String> {
    scope::check(&parse::parse(text)?)
}

/// The text with its actions done; an error stands in its place, as Prometheus puts it.
pub fn expand(text: &str, data: &Data, ask: &mut Asked) -> String {
    if !text.contains("{{") {
        return text.to_owned();
    }
    let expanded = parse::parse(text).and_then(|nodes| run::run(&nodes, data, ask));
    expanded.unwrap_or_else(|why| format!("<error expanding template: {why}>"))
}

#[cfg(test)]
mod tests;
