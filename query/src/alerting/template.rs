//! The templates of notifications: Go's `text/template` with Alertmanager's data and functions.
//!
//! Source: Prometheus Alertmanager, "Notification template reference". Not there: `toDate`, `mustToDate`,
//! `addDuration`, `routeLabels`.

mod data;
mod functions;
mod methods;

pub use data::{Data, common};

use crate::rules::template::{Functions, Template, Value, check_used, html_escaped, parse, run};

/// The texts of Alertmanager's own file: what a configuration names without defining it.
const DEFAULTS: &str = include_str!("template/default.tmpl");

/// Actions of a template: enough for some thousand alerts, and an end to a loop in a loop.
const MAX_NODES: usize = 200_000;
/// Characters: an error may quote a value.
const MOST_OF_AN_ERROR: usize = 300;

/// The templates of the files that a configuration names, over those that are always there.
#[derive(Clone, Debug)]
pub struct Templates {
    all: Template,
}

impl Templates {
    /// Of files, by name and text. One that is defined again replaces the one before. Errors name the
    /// file and the place.
    pub fn read<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Templates, String> {
        let mut all = Template::default();
        let files: Vec<_> = files.into_iter().collect();
        for (file, text) in [("the default templates", DEFAULTS)].into_iter().chain(files.iter().copied()) {
            let parsed =
                parse(text, functions::is_known).map_err(|wrong| format!("{file}:{}", wrong.text(text)))?;
            all.defined.extend(parsed.defined);
            // A file is also a template of its own name.
            let name = file.rsplit('/').next().unwrap_or(file);
            all.defined.insert(name.to_owned(), parsed.nodes);
        }
        let used = check_used(&all);
        used.map_err(|wrong| match &files[..] {
            [(file, _)] => format!("{file}: {}", wrong.why),
            _ => wrong.why,
        })?;
        Ok(Templates { all })
    }

    /// Whether a text of the configuration can be filled in; the error says why not.
    pub fn check(&self, text: &str) -> Result<(), String> {
        let template = self.template(text)?;
        check_used(&template).map_err(|wrong| wrong.text(text))
    }

    /// The text with its actions done. An error stands in its place: the message goes out all the same.
    pub fn fill(&self, text: &str, data: &Data) -> String {
        self.filled(text, data, Escape::Nothing)
    }

    /// Like [`Templates::fill`], of HTML: what actions give is escaped, but for `safeHtml`.
    pub fn fill_html(&self, text: &str, data: &Data) -> String {
        self.filled(text, data, Escape::Html)
    }

    /// Like [`Templates::fill`], of Slack's markup: that of the template stands, and what actions give has none.
    pub fn fill_slack(&self, text: &str, data: &Data) -> String {
        self.filled(text, data, Escape::Slack)
    }

    fn filled(&self, text: &str, data: &Data, escape: Escape) -> String {
        if !text.contains("{{") {
            return text.to_owned();
        }
        let filled = self.template(text).and_then(|template| {
            let given = vec![(String::new(), Value::Root)];
            // The place may be one of another file: it is not told.
            run(&template, given, &mut OfFlush { data, escape }).map_err(|wrong| wrong.why)
        });
        filled.unwrap_or_else(|why| {
            let why: String = why.chars().take(MOST_OF_AN_ERROR).collect();
            let told = format!("<error expanding template: {why}>");
            escape.done(&told)
        })
    }

    /// With those that it may use.
    fn template(&self, text: &str) -> Result<Template, String> {
        let mut template = parse(text, functions::is_known).map_err(|wrong| wrong.text(text))?;
        for (name, nodes) in &self.all.defined {
            template.defined.entry(name.clone()).or_insert_with(|| nodes.clone());
        }
        Ok(template)
    }
}

impl Default for Templates {
    /// Without files.
    fn default() -> Templates {
        // The text is our own, and a test reads it.
        Templates::read([]).unwrap_or(Templates { all: Template::default() })
    }
}

/// What is made harmless of the texts that actions give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Escape {
    Nothing,
    Html,
    Slack,
}

impl Escape {
    fn done(self, text: &str) -> String {
        match self {
            Escape::Nothing => text.to_owned(),
            Escape::Html => html_escaped(text),
            // Source: Slack, "Formatting text".
            Escape::Slack => text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"),
        }
    }
}

/// What a notification's template can do.
struct OfFlush<'a> {
    data: &'a Data,
    escape: Escape,
}

impl Functions for OfFlush<'_> {
    fn call(&mut self, name: &str, arguments: Vec<Value>) -> Result<Value, String> {
        let whole = |value| if value == Value::Root { self.root() } else { value };
        functions::call(name, arguments.into_iter().map(whole).collect(), self.data.now)
    }

    fn field(&self, name: &str) -> Result<Value, String> {
        self.data.record.field(name)
    }

    fn root(&self) -> Value {
        self.data.record.clone()
    }

    fn method(&self, of: &Value, name: &str, arguments: &[Value]) -> Option<Result<Value, String>> {
        methods::call(of, name, arguments)
    }

    fn write(&self, value: &Value, out: &mut String) {
        let text = methods::text(value);
        match value {
            Value::Html(text) => out.push_str(text),
            _ if self.escape == Escape::Html && is_address(out) && !is_harmless(&text) => {
                out.push_str("#unsafe-address")
            }
            _ => out.push_str(&self.escape.done(&text)),
        }
    }

    fn most_nodes(&self) -> usize {
        MAX_NODES
    }
}

/// Whether what comes next is the beginning of an address.
fn is_address(html: &str) -> bool {
    let html = html.trim_end_matches(['"', '\'']);
    let Some(tag) = html.len().checked_sub(7).and_then(|at| html.get(at..)) else { return false };
    let tag = tag.to_ascii_lowercase();
    tag.ends_with("href=") || tag.ends_with("src=") || tag.ends_with("action=")
}

/// An address that runs nothing.
fn is_harmless(address: &str) -> bool {
    match address.split_once([':', '/', '?', '#']) {
        Some((scheme, _)) if address[scheme.len()..].starts_with(':') => {
            ["http", "https", "mailto"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests;
