//! Which fields some lines have, in their metadata or in themselves.

use super::json::Json;
use super::lines::Entry;
use super::logfmt::Pairs;
use super::stream::label_name;
use super::units::{bytes, duration_ns};
use std::collections::{BTreeMap, BTreeSet};

/// What the values of a field are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Int,
    Float,
    Boolean,
    Duration,
    Bytes,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Text => "string",
            Kind::Int => "int",
            Kind::Float => "float",
            Kind::Boolean => "boolean",
            Kind::Duration => "duration",
            Kind::Bytes => "bytes",
        }
    }

    fn of(text: &str) -> Kind {
        if text.parse::<i64>().is_ok() {
            Kind::Int
        } else if text.parse::<f64>().is_ok() {
            Kind::Float
        } else if matches!(text, "true" | "false") {
            Kind::Boolean
        } else if duration_ns(text).is_some() {
            Kind::Duration
        } else if bytes(text).is_some() {
            Kind::Bytes
        } else {
            Kind::Text
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// By the first value that was seen.
    pub kind: Kind,
    pub values: BTreeSet<String>,
    /// By which stages it is taken out of lines; none for metadata.
    pub parsers: Vec<&'static str>,
    /// The names of members down to it.
    pub json_path: Vec<String>,
}

/// By name.
pub fn fields(entries: &[Entry]) -> BTreeMap<String, Field> {
    let mut all = Fields::default();
    for entry in entries {
        let labels = &entry.labels;
        let own = labels.metadata.iter().chain(&labels.parsed);
        own.clone().for_each(|(name, value)| all.add(name, value, None, &[]));
        let known = |name: &str| labels.stream.iter().chain(own.clone()).any(|(own, _)| own == name);
        // As the stages would name it.
        let name_of = |name: &str| {
            let name = label_name(name);
            if known(&name) { format!("{name}_extracted") } else { name.into_owned() }
        };
        match Json::parse(&entry.line) {
            Ok(Json::Object(_, members)) => {
                members
                    .iter()
                    .for_each(|(name, value)| all.add_member(&mut vec![name.to_string()], value, &name_of));
            }
            _ => all.add_pairs(&entry.line, &name_of),
        }
    }
    all.0
}

#[derive(Default)]
struct Fields(BTreeMap<String, Field>);

impl Fields {
    fn add(&mut self, name: &str, value: &str, parser: Option<&'static str>, path: &[String]) {
        if value.is_empty() {
            return;
        }
        if !self.0.contains_key(name) {
            let kind = Kind::of(value);
            let field =
                Field { kind, values: BTreeSet::new(), parsers: Vec::new(), json_path: path.to_vec() };
            self.0.insert(name.to_owned(), field);
        }
        if let Some(field) = self.0.get_mut(name) {
            field.values.insert(value.to_owned());
            if let Some(parser) = parser.filter(|parser| !field.parsers.contains(parser)) {
                field.parsers.push(parser);
            }
        }
    }

    fn add_member(&mut self, path: &mut Vec<String>, value: &Json<'_>, name_of: &dyn Fn(&str) -> String) {
        match value {
            Json::Object(_, members) => {
                for (name, value) in members {
                    path.push(name.to_string());
                    self.add_member(path, value, name_of);
                    path.pop();
                }
            }
            Json::List(..) => {}
            value => self.add(&name_of(&path.join("_")), &value.shown(), Some("json"), path),
        }
    }

    /// Of a text that is no logfmt, words that look like pairs are none: all of it must be.
    fn add_pairs(&mut self, line: &str, name_of: &dyn Fn(&str) -> String) {
        let Ok(pairs) = Pairs::new(line).collect::<Result<Vec<_>, _>>() else { return };
        for (key, value) in pairs {
            self.add(&name_of(key), &value, Some("logfmt"), &[]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::logql::Categories;

    #[test]
    fn fields_of_lines_and_of_metadata() {
        let entry = |line: &str| Entry {
            time: 0,
            line: line.to_owned(),
            labels: Categories {
                stream: vec![("service_name".to_owned(), "cart".to_owned())],
                metadata: vec![("took".to_owned(), "5ms".to_owned())],
                parsed: Vec::new(),
            },
        };
        let found = fields(&[
            entry(r#"{"a": {"b": 1.5}, "took": "x", "l": [1]}"#),
            entry("level=info user=true size=5KB"),
            entry("plain text, a=5 or \"b"),
        ]);
        let shown: Vec<String> = found
            .iter()
            .map(|(name, field)| {
                format!("{name} {} {} {:?}", field.kind.name(), field.values.len(), field.parsers)
            })
            .collect();
        assert_eq!(
            shown,
            [
                "a_b float 1 [\"json\"]",
                "level string 1 [\"logfmt\"]",
                "size bytes 1 [\"logfmt\"]",
                "took duration 1 []",
                "took_extracted string 1 [\"json\"]",
                "user boolean 1 [\"logfmt\"]",
            ]
        );
        assert_eq!(found["a_b"].json_path, ["a", "b"]);
    }
}
