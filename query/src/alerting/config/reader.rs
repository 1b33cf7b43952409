//! Reads YAML node by node, and goes on behind what is wrong, so that all of it is told at once.

use crate::edit_distance::edit_distance;
use crate::promql::duration_ms;
use crate::rules::file::yaml::{Problem, Step, scalar_at, without_mark};
use serde_yaml_ng::{Mapping, Value};

enum Part {
    Item(usize),
    Value(String),
}

/// Where the reader is, and what was wrong so far.
pub struct Reader<'t> {
    text: &'t str,
    path: Vec<Part>,
    pub problems: Vec<Problem>,
}

impl<'t> Reader<'t> {
    /// The file's whole; nothing where it is empty.
    pub fn begin(text: &'t str) -> Result<(Reader<'t>, Value), Problem> {
        let mut value: Value = crate::rules::file::yaml::read(text)?;
        // Merge keys, `<<: *defaults`. What they make has no place of its own.
        let _ = value.apply_merge();
        Ok((Reader { text: without_mark(text), path: Vec::new(), problems: Vec::new() }, value))
    }

    fn steps(&self) -> Vec<Step<'_>> {
        let step = |part| match part {
            &Part::Item(at) => Step::Item(at),
            Part::Value(key) => Step::Value(key),
        };
        self.path.iter().map(step).collect()
    }

    /// Something is wrong with this node.
    pub fn problem(&mut self, message: impl Into<String>) {
        let problem = Problem::at(self.text, &self.steps(), message);
        self.problems.push(problem);
    }

    /// Something is wrong with a key of this map.
    pub fn problem_at_key(&mut self, key: &str, message: impl Into<String>) {
        let mut steps = self.steps();
        steps.push(Step::Key(key));
        let problem = Problem::at(self.text, &steps, message);
        self.problems.push(problem);
    }

    /// Something is wrong with the value of a key of this map.
    pub fn problem_at(&mut self, key: &str, message: impl Into<String>) {
        self.within(key, |reader| reader.problem(message));
    }

    /// Something is wrong with an item of the list behind a key.
    pub fn problem_at_item(&mut self, key: &str, item: usize, message: impl Into<String>) {
        self.within(key, |reader| reader.item(item, |reader| reader.problem(message)));
    }

    pub fn within<T>(&mut self, key: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(Part::Value(key.to_owned()));
        let read = read(self);
        self.path.pop();
        read
    }

    fn item<T>(&mut self, at: usize, read: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(Part::Item(at));
        let read = read(self);
        self.path.pop();
        read
    }

    /// A map; a null is an empty one.
    pub fn fields(&mut self, value: Value) -> Fields {
        let map = match value {
            Value::Mapping(map) => map,
            Value::Null => Mapping::new(),
            _ => {
                self.problem("a map is expected here");
                Mapping::new()
            }
        };
        Fields { map, asked: Vec::new() }
    }

    /// A text; a number stays as it is written.
    pub fn text(&mut self, value: Value) -> String {
        match value {
            Value::String(text) => text,
            Value::Null => String::new(),
            Value::Number(_) | Value::Bool(_) => {
                let written = scalar_at(self.text, &self.steps());
                written
                    .unwrap_or_else(|| serde_yaml_ng::to_string(&value).unwrap_or_default().trim().to_owned())
            }
            _ => {
                self.problem("a text is expected here");
                String::new()
            }
        }
    }

    fn list(&mut self, value: Value) -> Vec<Value> {
        match value {
            Value::Sequence(items) => items,
            Value::Null => Vec::new(),
            _ => {
                self.problem("a list is expected here");
                Vec::new()
            }
        }
    }
}

/// The keys of a map that nobody asked for yet.
pub struct Fields {
    map: Mapping,
    asked: Vec<&'static str>,
}

impl Fields {
    /// None also for a null.
    pub fn take(&mut self, key: &'static str) -> Option<Value> {
        self.asked.push(key);
        self.map.shift_remove(key).filter(|value| !value.is_null())
    }

    /// Whether a key is there and was not asked for.
    pub fn has(&self, key: &str) -> bool {
        self.map.get(key).is_some_and(|value| !value.is_null())
    }

    /// A key that is allowed and says nothing that matters here.
    pub fn ignore(&mut self, keys: &[&'static str]) {
        for key in keys {
            self.map.shift_remove(*key);
        }
    }

    pub fn maybe_text(&mut self, reader: &mut Reader, key: &'static str) -> Option<String> {
        self.take(key).map(|value| reader.within(key, |reader| reader.text(value)))
    }

    pub fn text(&mut self, reader: &mut Reader, key: &'static str) -> String {
        self.maybe_text(reader, key).unwrap_or_default()
    }

    pub fn flag(&mut self, reader: &mut Reader, key: &'static str) -> Option<bool> {
        let value = self.take(key)?;
        if value.as_bool().is_none() {
            reader.problem_at(key, "true or false is expected here");
        }
        value.as_bool()
    }

    pub fn number(&mut self, reader: &mut Reader, key: &'static str) -> Option<u64> {
        let value = self.take(key)?;
        if value.as_u64().is_none() {
            reader.problem_at(key, "a whole number is expected here");
        }
        value.as_u64()
    }

    /// Milliseconds.
    pub fn duration(&mut self, reader: &mut Reader, key: &'static str) -> Option<i64> {
        let text = self.maybe_text(reader, key)?;
        let ms = if text == "0" { Some(0) } else { duration_ms(&text) };
        if ms.is_none() {
            reader.problem_at(key, format!("{text:?} is no duration; one is written as 30s, 5m or 1h30m"));
        }
        ms
    }

    pub fn texts(&mut self, reader: &mut Reader, key: &'static str) -> Vec<String> {
        let mut texts = Vec::new();
        self.each(reader, key, |reader, value| texts.push(reader.text(value)));
        texts
    }

    /// A map of texts.
    pub fn pairs(&mut self, reader: &mut Reader, key: &'static str) -> Vec<(String, String)> {
        let Some(value) = self.take(key) else { return Vec::new() };
        reader.within(key, |reader| {
            let fields = reader.fields(value);
            let mut pairs = Vec::new();
            for (name, value) in fields.into_entries() {
                let text = reader.within(&name, |reader| reader.text(value));
                pairs.push((name, text));
            }
            pairs
        })
    }

    /// The items of a list.
    pub fn each(&mut self, reader: &mut Reader, key: &'static str, mut read: impl FnMut(&mut Reader, Value)) {
        let Some(value) = self.take(key) else { return };
        reader.within(key, |reader| {
            for (at, item) in reader.list(value).into_iter().enumerate() {
                reader.item(at, |reader| read(reader, item));
            }
        });
    }

    /// A map whose keys are names.
    pub fn into_entries(self) -> Vec<(String, Value)> {
        self.map.into_iter().map(|(key, value)| (key_name(&key), value)).collect()
    }

    /// The keys that are left, in the order of the file.
    pub fn left(&self) -> Vec<String> {
        self.map.keys().map(key_name).collect()
    }

    /// Refuses what is left: what Alertmanager has and we do not with the reason, the rest as unknown.
    pub fn finish(self, reader: &mut Reader, place: &str, not_here: &[(&str, &str)]) {
        for key in self.left() {
            let known = not_here.iter().find(|(name, _)| *name == key);
            let message = match (known, self.nearest(&key)) {
                (Some((_, instead)), _) => format!("{key} is not supported: {instead}"),
                (None, Some(near)) => format!("{place} has no key {key:?}; is {near:?} meant?"),
                (None, None) => format!("{place} has no key {key:?}; it has {}", self.asked.join(", ")),
            };
            reader.problem_at_key(&key, message);
        }
    }

    fn nearest(&self, key: &str) -> Option<&'static str> {
        let near = self.asked.iter().min_by_key(|name| edit_distance(name, key))?;
        (edit_distance(near, key) <= 2.min(key.len() / 2)).then_some(*near)
    }
}

fn key_name(key: &Value) -> String {
    match key {
        Value::String(name) => name.clone(),
        other => serde_yaml_ng::to_string(other).unwrap_or_default().trim().to_owned(),
    }
}
