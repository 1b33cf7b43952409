//! Options put into the templates of a plugin.

use super::Plugin;
use crate::nearest;
use crate::rules::Language;
use crate::rules::file::yaml::{Pairs, Step};
use crate::rules::template::{Functions, Template, Value, of_go, of_go_names, parse, run};
use crate::slo::documents::Found;
use crate::slo::expr::Events;
use crate::slo::model::{Counted, Indicator};

pub enum Templates {
    Events { bad: Text, total: Text },
    Share(Text),
}

/// A template, and its text, by which the place of an error is told.
pub struct Text {
    text: String,
    template: Template,
}

/// What an objective gives to its plugin.
pub struct Use<'a, 'u> {
    pub service: &'u str,
    pub slo: &'u str,
    /// 0 to 1.
    pub objective: f64,
    /// Of the file.
    pub labels: &'a Pairs,
    pub options: &'a Pairs,
}

/// Stays where it is, for what counts to put a window in.
const WINDOW: &str = "{{.window}}";

impl Templates {
    pub fn of_events(bad: &str, total: &str, found: &mut Found) -> Option<Templates> {
        let (bad, total) = (Text::new(bad, "bad", found), Text::new(total, "total", found));
        Some(Templates::Events { bad: bad?, total: total? })
    }

    pub fn of_share(share: &str, found: &mut Found) -> Option<Templates> {
        Text::new(share, "share", found).map(Templates::Share)
    }
}

impl Text {
    fn new(text: &str, key: &'static str, found: &mut Found) -> Option<Text> {
        match parse(text, |name| of_go_names().contains(&name)) {
            Ok(template) => Some(Text { text: text.to_owned(), template }),
            Err(wrong) => {
                found.at(&[Step::Value(key)], wrong.text(text));
                None
            }
        }
    }

    fn filled(&self, values: &[(String, Value)]) -> Result<Events, String> {
        let filled = run(&self.template, vec![(String::new(), Value::Root)], &mut Filling(values));
        let expr = filled.map_err(|wrong| wrong.text(&self.text))?.trim().to_owned();
        let events = Events { language: Language::PromQl, expr };
        events.check().map_err(|why| format!("{why}; the query is {}", events.expr))?;
        Ok(events)
    }
}

struct Filling<'a>(&'a [(String, Value)]);

impl Functions for Filling<'_> {
    fn call(&mut self, name: &str, arguments: Vec<Value>) -> Result<Value, String> {
        of_go(name, &arguments).unwrap_or_else(|| Err(format!("function {name:?} not defined")))
    }

    fn field(&self, name: &str) -> Result<Value, String> {
        let known = self.0.iter().find(|(known, _)| known == name);
        known.map(|(_, value)| value.clone()).ok_or_else(|| {
            let there_are: Vec<&str> = self.0.iter().map(|(name, _)| name.as_str()).collect();
            format!("there is no option {name:?}; there are {}", there_are.join(", "))
        })
    }

    fn root(&self) -> Value {
        Value::Record("Options", self.0.into())
    }
}

impl Plugin {
    /// What an objective counts by this plugin. The reader is at `plugin`.
    pub fn indicator<'a>(&self, of: &Use<'a, '_>, found: &mut Found<'a>) -> Option<Indicator> {
        let before = found.problems.len();
        for name in &self.labels {
            if !of.labels.0.iter().any(|(label, value)| label == name && !value.is_empty()) {
                found.here(format!(
                    "plugin {:?} needs the label {name:?} under `labels` of the file",
                    self.id
                ));
            }
        }
        let values = self.values(of, found);
        if found.problems.len() > before {
            return None;
        }
        self.filled(&values, found)
    }

    fn values<'a>(&self, of: &Use<'a, '_>, found: &mut Found<'a>) -> Vec<(String, Value)> {
        let known = || self.options.keys().map(String::as_str);
        for (name, _) in &of.options.0 {
            if !self.options.contains_key(name) {
                let there_are = match known().collect::<Vec<_>>() {
                    none if none.is_empty() => "it has none".to_owned(),
                    all => format!("there are {}", all.join(", ")),
                };
                let message = format!(
                    "plugin {:?} has no option {name:?}: {there_are}{}",
                    self.id,
                    nearest::hint(name, known())
                );
                found.at(&[Step::Value("options"), Step::Key(name)], message);
            }
        }
        let mut values = Vec::new();
        for (name, option) in &self.options {
            let set = of.options.0.iter().find(|(set, value)| set == name && !value.trim().is_empty());
            let Some(text) = set.map(|(_, text)| text).or(option.default.as_ref()) else {
                found.here(format!("plugin {:?} needs the option {name:?}", self.id));
                continue;
            };
            match (option.kind.value(text), set) {
                (Ok(value), _) => values.push((name.clone(), value)),
                (Err(why), Some((name, _))) => {
                    found.at(&[Step::Value("options"), Step::Value(name)], format!("option {name:?}: {why}"));
                }
                // Defaults are checked where they are.
                (Err(why), None) => found.here(why),
            }
        }
        // An option may have the name of one of these: it comes first.
        values.extend(given(of.service, of.slo, of.objective));
        values
    }

    fn filled(&self, values: &[(String, Value)], found: &mut Found) -> Option<Indicator> {
        let mut fill = |text: &Text| match text.filled(values) {
            Ok(events) => Some(events),
            Err(why) => {
                found.here(format!("plugin {:?}: {why}", self.id));
                None
            }
        };
        match &self.templates {
            Templates::Events { bad, total } => {
                let (bad, total) = (fill(bad), fill(total));
                Some(Indicator::Ratio { counted: Counted::Bad(bad?), total: total? })
            }
            Templates::Share(share) => Some(Indicator::Share { events: fill(share)?, is_bad: true }),
        }
    }

    /// With and without what may be left out it must be a query.
    pub fn check_with_samples(&self, found: &mut Found) {
        for is_full in [true, false] {
            let mut values = Vec::new();
            for (name, option) in &self.options {
                let text = match &option.default {
                    Some(default) if !is_full => default,
                    _ => option.kind.sample(),
                };
                values.extend(option.kind.value(text).map(|value| (name.clone(), value)));
            }
            values.extend(given("service", "slo", 0.99));
            if self.filled(&values, found).is_none() {
                return;
            }
        }
    }
}

/// What every template sees beside its options.
fn given(service: &str, slo: &str, objective: f64) -> Vec<(String, Value)> {
    let shown = |share: f64| Value::Text(((share * 1e9).round() / 1e9).to_string());
    let values = [
        ("window", Value::Text(WINDOW.to_owned())),
        ("service", Value::Text(service.to_owned())),
        ("slo", Value::Text(slo.to_owned())),
        ("objective", shown(objective * 100.0)),
        ("budget", shown(1.0 - objective)),
    ];
    values.map(|(name, value)| (name.to_owned(), value)).into()
}
