//! `line_format` and `label_format`: Go templates over the labels of a line.

mod functions;
mod numbers;

use super::pipeline::Labels;
use crate::promql::labels::Labels as LabelSet;
use crate::rules::template::{Functions, Template, Value, parse, run};

/// Actions of a template; it is filled in for every line.
const MAX_NODES: usize = 10_000;

/// A template that was checked, with its text.
#[derive(Clone, Debug)]
pub struct LineTemplate {
    pub text: String,
    template: Template,
}

/// What a template sees.
pub struct Line<'l, 'a> {
    pub line: &'l str,
    pub labels: &'l Labels<'a>,
    /// Nanoseconds.
    pub time: i64,
}

impl LineTemplate {
    /// An unknown function is named.
    pub fn new(text: &str) -> Result<LineTemplate, String> {
        let template = parse(text, functions::is_known)
            .map_err(|wrong| format!("invalid template: {}", wrong.text(text)))?;
        Ok(LineTemplate { text: text.to_owned(), template })
    }

    /// The text with its actions done.
    pub fn fill(&self, line: &Line<'_, '_>) -> Result<String, String> {
        let filled = run(&self.template, vec![(String::new(), Value::Root)], &mut Of(line));
        filled.map_err(|wrong| wrong.text(&self.text))
    }
}

struct Of<'o, 'l, 'a>(&'o Line<'l, 'a>);

impl Functions for Of<'_, '_, '_> {
    fn call(&mut self, name: &str, arguments: Vec<Value>) -> Result<Value, String> {
        functions::call(name, arguments, self.0)
    }

    /// A label that is not there is empty.
    fn field(&self, name: &str) -> Result<Value, String> {
        Ok(Value::Text(self.0.labels.get(name).unwrap_or_default().to_owned()))
    }

    fn root(&self) -> Value {
        Value::Map(LabelSet::new(self.0.labels.iter()))
    }

    fn most_nodes(&self) -> usize {
        MAX_NODES
    }
}

#[cfg(test)]
mod tests;
