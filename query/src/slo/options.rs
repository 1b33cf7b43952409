//! The options of a plugin, each checked where it is asked for; what nobody asked for is unknown.

use super::documents::Found;
use super::model::Labels;
use crate::nearest;
use crate::promql::duration_ms;
use crate::rules::file::yaml::Step;
use serde_yaml_ng::{Mapping, Value};

pub struct Options<'a> {
    of: Option<&'a Mapping>,
    asked: Vec<&'static str>,
}

impl<'a> Options<'a> {
    /// None has no option at all.
    pub fn new(of: Option<&'a Mapping>) -> Options<'a> {
        Options { of, asked: Vec::new() }
    }

    /// The one that is there and not null.
    fn get(&mut self, key: &'static str) -> Option<&'a Value> {
        self.asked.push(key);
        self.of?.get(key).filter(|value| !value.is_null())
    }

    pub fn has(&self, key: &str) -> bool {
        self.of.is_some_and(|of| of.get(key).is_some_and(|value| !value.is_null()))
    }

    fn read<T>(
        &mut self,
        key: &'static str,
        what: &str,
        found: &mut Found<'a>,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Option<T> {
        let value = self.get(key)?;
        let read = read(value);
        if read.is_none() {
            let shown = shown(value).map(|text| format!(" {text:?}")).unwrap_or_default();
            found.at(&[Step::Value(key)], format!("{key}{shown}: {what}"));
        }
        read
    }

    pub fn text(&mut self, key: &'static str, found: &mut Found<'a>) -> Option<String> {
        self.read(key, "a text is expected", found, shown)
    }

    pub fn number(&mut self, key: &'static str, found: &mut Found<'a>) -> Option<f64> {
        self.read(key, "a number is expected", found, Value::as_f64)
    }

    pub fn flag(&mut self, key: &'static str, found: &mut Found<'a>) -> Option<bool> {
        self.read(key, "true or false is expected", found, Value::as_bool)
    }

    pub fn span_ms(&mut self, key: &'static str, found: &mut Found<'a>) -> Option<i64> {
        let span = |value: &Value| value.as_str().and_then(duration_ms).filter(|ms| *ms > 0);
        self.read(key, "a duration such as 5m is expected", found, span)
    }

    pub fn texts(&mut self, key: &'static str, found: &mut Found<'a>) -> Option<Vec<String>> {
        let texts =
            |value: &Value| -> Option<Vec<String>> { value.as_sequence()?.iter().map(shown).collect() };
        self.read(key, "a list of texts is expected", found, texts)
    }

    pub fn pairs(&mut self, key: &'static str, found: &mut Found<'a>) -> Option<Labels> {
        let pairs = |value: &Value| -> Option<Labels> {
            let mut pairs: Labels = value
                .as_mapping()?
                .iter()
                .map(|(key, value)| Some((shown(key)?, shown(value)?)))
                .collect::<Option<_>>()?;
            pairs.sort();
            Some(pairs)
        };
        self.read(key, "a map of texts is expected", found, pairs)
    }

    /// Options below an option.
    pub fn below(&mut self, key: &'static str, found: &mut Found<'a>) -> Options<'a> {
        Options::new(self.read(key, "a map is expected", found, Value::as_mapping))
    }

    /// Tells what is there beside what was asked for.
    pub fn end(self, found: &mut Found<'a>) {
        for key in self.of.into_iter().flat_map(|of| of.keys()).filter_map(Value::as_str) {
            if self.asked.contains(&key) {
                continue;
            }
            let there_are = match self.asked.as_slice() {
                [] => "there are none".to_owned(),
                asked => format!("there are {}", asked.join(", ")),
            };
            let hint = nearest::hint(key, self.asked.iter().copied());
            found.at(&[Step::Key(key)], format!("unknown option {key:?}: {there_are}{hint}"));
        }
    }
}

/// A scalar as a text.
fn shown(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}
