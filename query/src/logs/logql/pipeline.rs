//! Lines through the stages of a query: each may change the line and its labels, or end it.

use super::ast::{Extraction, LabelChoice, LabelFormat, Logfmt, Stage, Step};
use super::json::Json;
use super::logfmt::Pairs;
use super::stream::label_name;
use super::template::Line;
use regex::Regex;
use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::LazyLock;

pub const ERROR: &str = "__error__";
pub const ERROR_DETAILS: &str = "__error_details__";
/// What a parser appends to a name that a stream or its metadata has already.
const DUPLICATE: &str = "_extracted";
/// Labels of one line; further ones are left out.
const MAX_LABELS: usize = 1_000;

/// Where a label comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Category {
    Stream,
    Metadata,
    Parsed,
}

/// What can go wrong with a line; it is told as the label `__error__`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    Json,
    Logfmt,
    Template,
    LabelFilter,
    SampleExtraction,
}

impl Failure {
    fn name(self) -> &'static str {
        match self {
            Failure::Json => "JSONParserErr",
            Failure::Logfmt => "LogfmtParserErr",
            Failure::Template => "TemplateFormatErr",
            Failure::LabelFilter => "LabelFilterErr",
            Failure::SampleExtraction => "SampleExtractionErr",
        }
    }
}

/// The labels of one line.
#[derive(Clone, Debug, Default)]
pub struct Labels<'a> {
    all: Vec<Label<'a>>,
    error: Cow<'a, str>,
    details: String,
}

#[derive(Clone, Debug)]
struct Label<'a> {
    name: Cow<'a, str>,
    value: Cow<'a, str>,
    category: Category,
}

/// Names and values, by where they come from; each sorted by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Categories {
    pub stream: Vec<(String, String)>,
    pub metadata: Vec<(String, String)>,
    pub parsed: Vec<(String, String)>,
}

impl<'a> Labels<'a> {
    /// What a line has to begin with. Of equal names the first is kept.
    pub fn put(&mut self, category: Category, name: Cow<'a, str>, value: Cow<'a, str>) {
        if !value.is_empty() && self.all.len() < MAX_LABELS && !self.has(&name) {
            self.all.push(Label { name, value, category });
        }
    }

    pub fn has(&self, name: &str) -> bool {
        self.all.iter().any(|label| label.name == name)
    }

    pub fn has_error(&self) -> bool {
        !self.error.is_empty()
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        match name {
            ERROR => Some(self.error.as_ref()),
            ERROR_DETAILS => Some(self.details.as_str()),
            _ => self.all.iter().find(|label| label.name == name).map(|label| label.value.as_ref()),
        }
    }

    fn set(&mut self, name: String, value: String) {
        self.set_in(Category::Parsed, name, value);
    }

    fn set_in(&mut self, category: Category, name: String, value: String) {
        let value = Cow::Owned(value);
        if let Some(label) = self.all.iter_mut().find(|label| label.name == name) {
            (label.value, label.category) = (value, category);
        } else if self.all.len() < MAX_LABELS {
            self.all.push(Label { name: Cow::Owned(name), value, category });
        }
    }

    /// What a parser has found; a name that the line had before is told apart.
    fn extract(&mut self, name: &str, value: &str) {
        let name = label_name(name);
        let known = self.all.iter().find(|label| label.name == name);
        if known.is_some_and(|label| label.category != Category::Parsed) {
            self.set(format!("{name}{DUPLICATE}"), value.to_owned());
        } else {
            self.set(name.into_owned(), value.to_owned());
        }
    }

    pub fn remove(&mut self, name: &str) {
        match name {
            ERROR => self.error = Cow::Borrowed(""),
            ERROR_DETAILS => self.details.clear(),
            _ => self.all.retain(|label| label.name != name),
        }
    }

    pub fn fail(&mut self, failure: Failure, details: String) {
        self.error = Cow::Borrowed(failure.name());
        self.details = details;
    }

    /// Names and values in no order, errors among them; empty values are none.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let errors = [(ERROR, self.error.as_ref()), (ERROR_DETAILS, self.details.as_str())];
        let all = self.all.iter().map(|label| (label.name.as_ref(), label.value.as_ref()));
        all.chain(errors).filter(|(_, value)| !value.is_empty())
    }

    pub fn categories(&self) -> Categories {
        let of = |category: Category| {
            let own = self.all.iter().filter(|label| label.category == category && !label.value.is_empty());
            let mut pairs: Vec<(String, String)> =
                own.map(|label| (label.name.to_string(), label.value.to_string())).collect();
            if category == Category::Parsed {
                let errors = [(ERROR, self.error.as_ref()), (ERROR_DETAILS, self.details.as_str())];
                let told = errors.into_iter().filter(|(_, value)| !value.is_empty());
                pairs.extend(told.map(|(name, value)| (name.to_owned(), value.to_owned())));
            }
            pairs.sort_unstable();
            pairs
        };
        Categories {
            stream: of(Category::Stream),
            metadata: of(Category::Metadata),
            parsed: of(Category::Parsed),
        }
    }
}

/// Whether a line passes all stages; it and its labels are what the stages made of them.
pub fn run(stages: &[Stage], line: &mut Cow<'_, str>, labels: &mut Labels<'_>, time: i64) -> bool {
    stages.iter().all(|stage| stage.run(line, labels, time))
}

impl Stage {
    /// Whether the text of the line is looked at.
    pub fn reads_line(&self) -> bool {
        match self {
            Stage::Labels(_) | Stage::Drop(_) | Stage::Keep(_) => false,
            Stage::LabelFormat(formats) => {
                formats.iter().any(|format| matches!(format, LabelFormat::Template { .. }))
            }
            _ => true,
        }
    }

    /// Whether a line may end here.
    pub fn filters(&self) -> bool {
        matches!(self, Stage::Line(_) | Stage::Labels(_))
    }

    fn run(&self, line: &mut Cow<'_, str>, labels: &mut Labels<'_>, time: i64) -> bool {
        match self {
            Stage::Line(test) => return test.passes(line),
            Stage::Labels(filter) => return filter.passes(labels),
            Stage::Json(extractions) => json(line, labels, extractions),
            Stage::Logfmt(logfmt) => logfmt.run(line, labels),
            Stage::Regexp(regex) => regexp(regex, line, labels),
            Stage::Pattern(pattern) => {
                pattern.captures(line).into_iter().for_each(|(name, value)| labels.extract(name, value));
            }
            Stage::Unpack => {
                if let Some(entry) = unpack(line, labels) {
                    *line = Cow::Owned(entry);
                }
            }
            Stage::Decolorize => {
                if let Cow::Owned(plain) = COLORS.replace_all(line, "") {
                    *line = Cow::Owned(plain);
                }
            }
            Stage::LineFormat(template) => match template.fill(&Line { line, labels, time }) {
                Ok(text) => *line = Cow::Owned(text),
                Err(why) => labels.fail(Failure::Template, why),
            },
            Stage::LabelFormat(formats) => label_format(formats, line, labels, time),
            Stage::Drop(choices) => drop_labels(choices, labels),
            Stage::Keep(choices) => keep_labels(choices, labels),
        }
        true
    }
}

/// Escape sequences of terminals.
static COLORS: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = "[\u{1b}\u{9b}][\\[\\]()#;?]*(?:(?:(?:[a-zA-Z\\d]*(?:;[a-zA-Z\\d]*)*)?\u{7})\
                   |(?:(?:\\d{1,4}(?:;\\d{0,4})*)?[\\dA-PRZcf-ntqry=><~]))";
    Regex::new(pattern).unwrap_or_else(|why| unreachable!("the pattern is constant: {why}"))
});

fn object<'l>(line: &'l str) -> Result<Vec<(Cow<'l, str>, Json<'l>)>, String> {
    match Json::parse(line)? {
        Json::Object(_, members) => Ok(members),
        _ => Err("a JSON object is expected".to_owned()),
    }
}

fn json(line: &str, labels: &mut Labels<'_>, extractions: &[Extraction]) {
    match object(line) {
        Ok(members) if extractions.is_empty() => {
            members.iter().for_each(|(name, value)| flatten(name, value, labels));
        }
        Ok(members) => {
            let root = Json::Object(line, members);
            for extraction in extractions {
                let found = extraction.steps.iter().try_fold(&root, |value, step| match step {
                    Step::Member(name) => value.member(name),
                    Step::Element(at) => value.element(*at),
                });
                labels.extract(&extraction.label, &found.map(Json::shown).unwrap_or_default());
            }
        }
        Err(why) => labels.fail(Failure::Json, why),
    }
}

/// Members of members have the names of both; lists are left out.
fn flatten(name: &str, value: &Json<'_>, labels: &mut Labels<'_>) {
    match value {
        Json::Object(_, members) => {
            members.iter().for_each(|(inner, value)| flatten(&format!("{name}_{inner}"), value, labels));
        }
        Json::List(..) => {}
        value => labels.extract(name, &value.shown()),
    }
}

/// Texts of an object become labels; gives the line that was packed.
fn unpack(line: &str, labels: &mut Labels<'_>) -> Option<String> {
    let members = match object(line) {
        Ok(members) => members,
        Err(why) => {
            labels.fail(Failure::Json, why);
            return None;
        }
    };
    let mut entry = None;
    for (name, value) in &members {
        match value {
            Json::Text(text) if name == "_entry" => entry = Some(text.clone().into_owned()),
            Json::Text(text) => labels.extract(name, text),
            _ => {}
        }
    }
    entry
}

impl Logfmt {
    fn run(&self, line: &str, labels: &mut Labels<'_>) {
        let mut seen: HashSet<&str> = HashSet::new();
        for pair in Pairs::new(line) {
            let (key, value) = match pair {
                Ok(pair) => pair,
                Err(why) if self.strict => {
                    labels.fail(Failure::Logfmt, why);
                    return;
                }
                Err(_) => continue,
            };
            if !self.extractions.is_empty() {
                let wanted = self.extractions.iter().filter(|extraction| extraction.path == key);
                wanted.for_each(|extraction| labels.extract(&extraction.label, &value));
            } else if (self.keep_empty || !value.is_empty()) && seen.insert(key) {
                labels.extract(key, &value);
            }
        }
    }
}

fn regexp(regex: &Regex, line: &str, labels: &mut Labels<'_>) {
    let Some(captures) = regex.captures(line) else { return };
    for name in regex.capture_names().flatten() {
        labels.extract(name, captures.name(name).map_or("", |found| found.as_str()));
    }
}

fn label_format(formats: &[LabelFormat], line: &str, labels: &mut Labels<'_>, time: i64) {
    for format in formats {
        match format {
            LabelFormat::Rename { to, from } => {
                if let Some(at) = labels.all.iter().position(|label| label.name == *from) {
                    let Label { value, category, .. } = labels.all.swap_remove(at);
                    labels.set_in(category, to.clone(), value.into_owned());
                }
            }
            LabelFormat::Template { to, template } => match template.fill(&Line { line, labels, time }) {
                Ok(text) => labels.set(to.clone(), text),
                Err(why) => labels.fail(Failure::Template, why),
            },
        }
    }
}

impl LabelChoice {
    fn is(&self, name: &str, value: &str) -> bool {
        self.name == name && self.matcher.as_ref().is_none_or(|matcher| matcher.matches(value))
    }
}

fn drop_labels(choices: &[LabelChoice], labels: &mut Labels<'_>) {
    for choice in choices {
        let value = labels.get(&choice.name).unwrap_or_default();
        if choice.is(&choice.name, value) {
            labels.remove(&choice.name);
            if choice.name == ERROR {
                labels.remove(ERROR_DETAILS);
            }
        }
    }
}

/// What went wrong is kept in any case.
fn keep_labels(choices: &[LabelChoice], labels: &mut Labels<'_>) {
    labels.all.retain(|label| choices.iter().any(|choice| choice.is(&label.name, &label.value)));
}
