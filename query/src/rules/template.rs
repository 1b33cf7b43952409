//! The templates of labels and annotations: Go's `text/template` with Prometheus' functions.
//!
//! Source: Go `text/template`; Prometheus "Template reference". What Go's packages for HTML add
//! (`tmpl`) is not there, as alerts are texts. Errors name line and column of the action.

mod format;
mod functions;
mod humanize;
mod lex;
mod parse;
mod run;
mod scope;
mod texts;
mod time;
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
    let checked = parse::parse(text).and_then(|template| scope::check(&template));
    checked.map_err(|wrong| wrong.text(text))
}

/// The text with its actions done; an error stands in its place, as Prometheus puts it.
pub fn expand(text: &str, data: &Data, ask: &mut Asked) -> String {
    if !text.contains("{{") {
        return text.to_owned();
    }
    let expanded = parse::parse(text).and_then(|template| run::run(&template, data, ask));
    expanded.unwrap_or_else(|wrong| format!("<error expanding template: {}>", wrong.text(text)))
}

#[cfg(test)]
mod tests;
