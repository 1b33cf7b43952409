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
mod span;
mod texts;

mod time;
mod value;

pub(crate) use functions::{go_names as of_go_names, of_go, regex};
pub(crate) use humanize::humanize_duration;
pub(crate) use parse::{Template, parse};
pub(crate) use run::{Functions, run};
pub(crate) use scope::check_used;
pub(crate) use span::Span;
pub(crate) use texts::{changed as text_changed, html as html_escaped};
pub(crate) use time::Time;
pub(crate) use value::Value;

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
    let checked = parse(text, functions::is_known).and_then(|template| scope::check(&template));
    checked.map_err(|wrong| wrong.text(text))
}

/// The text with its actions done; an error stands in its place, as Prometheus puts it.
pub fn expand(text: &str, data: &Data, ask: &mut Asked) -> String {
    if !text.contains("{{") {
        return text.to_owned();
    }
    let expanded = parse(text, functions::is_known)
        .and_then(|template| run(&template, scope::given(data), &mut OfAlert { data, ask }));
    expanded.unwrap_or_else(|wrong| format!("<error expanding template: {}>", wrong.text(text)))
}

/// What a template of an alert can do.
struct OfAlert<'a, 'b> {
    data: &'a Data,
    ask: &'a mut Asked<'b>,
}

impl Functions for OfAlert<'_, '_> {
    fn call(&mut self, name: &str, arguments: Vec<Value>) -> Result<Value, String> {
        functions::call(name, arguments, self)
    }

    fn field(&self, name: &str) -> Result<Value, String> {
        match name {
            "Labels" => Ok(Value::Map(self.data.labels.clone())),
            "ExternalLabels" => Ok(Value::Map(self.data.external_labels.clone())),
            "ExternalURL" => Ok(Value::Text(self.data.external_url.clone())),
            "Value" => Ok(Value::from(&self.data.value)),
            _ => Err(format!("can't evaluate field {name} in the template's data")),
        }
    }

    fn root(&self) -> Value {
        Value::Root
    }
}

#[cfg(test)]
mod tests;
