//! What the reader of rule files and test files needs of YAML: places, durations, label maps.

pub use super::problem::Problem;
use super::problem::refused;
use crate::promql::duration_ms;
use serde::de::{
    DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor,
};
use serde::{Deserialize, de::DeserializeOwned};
use std::cell::Cell;
use std::fmt;

/// Without the mark that editors of Windows put before a text.
pub fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// A text; a null is an empty one, and a number stays as it is written.
pub fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Reads a file; an empty one is one without any key.
pub fn read<T: DeserializeOwned + Default>(text: &str) -> Result<T, Problem> {
    let text = without_mark(text);
    if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        return Ok(T::default());
    }
    let read = serde_yaml_ng::from_str(text).or_else(|error| {
        // Merge keys, `<<: *defaults`, are none of the shape's own; places in what they make are lost.
        if text.contains("<<") { merged(text).map_err(|_| error) } else { Err(error) }
    });
    read.map_err(|error| {
        let message = error.to_string();
        let Some(at) = error.location() else { return refused(1, 1, message) };
        let (line, column) = (at.line(), at.column());
        refused(line, column, message.replace(&format!(" at line {line} column {column}"), ""))
    })
}

fn merged<T: DeserializeOwned>(text: &str) -> Result<T, serde_yaml_ng::Error> {
    let mut value: serde_yaml_ng::Value = serde_yaml_ng::from_str(text)?;
    value.apply_merge()?;
    // Through text, so that numbers may stand for texts as everywhere else.
    serde_yaml_ng::from_str(&serde_yaml_ng::to_string(&value)?)
}

/// The keys of a text that is one map in braces, as JSON is; none of any other.
pub fn flow_keys(text: &str) -> Vec<String> {
    flow(text)
        .map(|map| map.keys().filter_map(|key| key.as_str().map(str::to_owned)).collect())
        .unwrap_or_default()
}

/// A text that is one map in braces.
pub fn flow(text: &str) -> Option<serde_yaml_ng::Mapping> {
    let text = without_mark(text);
    text.trim_start().starts_with('{').then(|| serde_yaml_ng::from_str(text).ok()).flatten()
}

/// A duration as Prometheus writes it, in milliseconds: `5m`, `1h30m`, `0`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub i64);

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Span, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Span;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a duration such as 30s, 5m or 1h30m")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Span, E> {
                let ms = if text == "0" { Some(0) } else { duration_ms(text) };
                ms.map(Span).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// A map of texts in the order of the file; a key that is there twice is refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pairs(pub Vec<(String, String)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Pairs, D::Error> {
        struct Map;
        impl<'de> Visitor<'de> for Map {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a map of texts")
            }

            fn visit_unit<E: Error>(self) -> Result<Pairs, E> {
                Ok(Pairs::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs: Vec<(String, String)> = Vec::new();
                while let Some((key, value)) = map.next_entry::<String, Option<String>>()? {
                    if pairs.iter().any(|(known, _)| *known == key) {
                        return Err(A::Error::custom(format_args!("key {key:?} is there twice; keep one")));
                    }
                    pairs.push((key, value.unwrap_or_default()));
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_any(Map)
    }
}

/// One step on the way to a node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step<'a> {
    Item(usize),
    Value(&'a str),
    /// The key itself; the last step.
    Key(&'a str),
}

/// The line and column of a node. The parser tells the place of nothing but errors, so this reads the
/// text once more and fails at the node. The begin of the file for a node that is not there.
pub fn locate(text: &str, path: &[Step]) -> (usize, usize) {
    let place = seek(text, path, &Cell::default()).and_then(|error| error.location());
    place.map_or((1, 1), |at| (at.line(), at.column()))
}

/// A scalar as it is written: `1.10` has lost its last letter where it was read as a number. None for a node
/// that is none or not there.
pub fn scalar_at(text: &str, path: &[Step]) -> Option<String> {
    let scalar = Cell::default();
    seek(text, path, &scalar);
    scalar.take()
}

fn seek(text: &str, path: &[Step], scalar: &Cell<Option<String>>) -> Option<serde_yaml_ng::Error> {
    let document = serde_yaml_ng::Deserializer::from_str(without_mark(text));
    Seek { path, scalar }.deserialize(document).err()
}

const HERE: &str = "here";

struct Seek<'p> {
    path: &'p [Step<'p>],
    scalar: &'p Cell<Option<String>>,
}

impl<'p> Seek<'p> {
    fn on(&self, path: &'p [Step<'p>]) -> Seek<'p> {
        Seek { path, scalar: self.scalar }
    }
}

impl<'de> DeserializeSeed<'de> for Seek<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.path.is_empty() {
            deserializer.deserialize_str(self)
        } else {
            deserializer.deserialize_any(self)
        }
    }
}

impl<'de> Visitor<'de> for Seek<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("another node")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        if self.path.is_empty() {
            self.scalar.set(Some(text.to_owned()));
        }
        Err(E::custom(HERE))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Some((Step::Item(at), rest)) = self.path.split_first() else {
            return Err(A::Error::custom(HERE));
        };
        for _ in 0..*at {
            items.next_element::<IgnoredAny>()?;
        }
        items.next_element_seed(self.on(rest))?;
        Err(A::Error::custom(HERE))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let (wanted, refuse, rest) = match self.path.split_first() {
            Some((Step::Value(name), rest)) => (*name, false, rest),
            Some((Step::Key(name), rest)) => (*name, true, rest),
            _ => return Err(A::Error::custom(HERE)),
        };
        while let Some(found) = map.next_key_seed(KeyName { wanted, refuse })? {
            if found {
                map.next_value_seed(self.on(rest))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Err(A::Error::custom(HERE))
    }
}

/// Whether a key is the one; or an error at its place.
struct KeyName<'p> {
    wanted: &'p str,
    refuse: bool,
}

impl<'de> DeserializeSeed<'de> for KeyName<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeyName<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<bool, E> {
        match key == self.wanted {
            true if self.refuse => Err(E::custom(HERE)),
            found => Ok(found),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# top\ngroups:\n  - name: a\n    rules:\n    - record: x\n      expr: |\n        sum(\n          up)\n    - {record: y, expr: 'up', labels: {a: b}}\n";

    #[test]
    fn nodes_have_places() {
        use Step::*;
        let rules = [Value("groups"), Item(0), Value("rules")];
        let at = |rest: &[Step]| locate(TEXT, &[&rules[..], rest].concat());
        assert_eq!(at(&[Item(0)]), (5, 7));
        assert_eq!(at(&[Item(0), Key("expr")]), (6, 7));
        assert_eq!(at(&[Item(0), Value("expr")]), (6, 13));
        assert_eq!(at(&[Item(1), Value("expr")]), (9, 25));
        assert_eq!(at(&[Item(1), Value("labels"), Key("a")]), (9, 40));
        assert_eq!(locate("", &[Key("a")]), (1, 1));
    }

    #[test]
    fn scalars_are_as_they_are_written() {
        let text = "a: &x [007, {b: 1.10}]\nc: *x\n";
        let at = |path: &[Step]| scalar_at(text, path);
        assert_eq!(at(&[Step::Value("a"), Step::Item(0)]).as_deref(), Some("007"));
        assert_eq!(at(&[Step::Value("c"), Step::Item(1), Step::Value("b")]).as_deref(), Some("1.10"));
        assert_eq!(at(&[Step::Value("a")]), None);
        assert_eq!(at(&[Step::Value("a"), Step::Value("b")]), None);
    }

    #[test]
    fn merge_keys_are_followed() {
        #[derive(Default, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Two {
            a: Pairs,
            b: Pairs,
        }
        let two: Two = read("a: &a {x: 1, y: z}\nb: {<<: *a, y: w}\n").unwrap();
        let mut pairs = two.b.0;
        pairs.sort();
        assert_eq!(two.a.0.len(), 2);
        assert_eq!(pairs, [("x".to_owned(), "1".to_owned()), ("y".to_owned(), "w".to_owned())]);
        assert!(read::<Two>("a: &a {x: 1}\nc: {<<: *a}\n").is_err());
    }

    #[test]
    fn durations_and_texts() {
        let pairs: Pairs =
            serde_yaml_ng::from_str("a: 1.10\nb: yes\nc: \"x\"\nd: null\ne: ~\nf: \"null\"\n").unwrap();
        let texts: Vec<&str> = pairs.0.iter().map(|(_, value)| value.as_str()).collect();
        assert_eq!(texts, ["1.10", "yes", "x", "", "", "null"], "as they are written");
        assert!(serde_yaml_ng::from_str::<Pairs>("a: 1\na: 2\n").unwrap_err().to_string().contains("twice"));
        assert_eq!(serde_yaml_ng::from_str::<Span>("1h30m").unwrap(), Span(5_400_000));
        assert_eq!(serde_yaml_ng::from_str::<Span>("0").unwrap(), Span(0));
        let wrong = serde_yaml_ng::from_str::<Span>("5").unwrap_err().to_string();
        assert!(wrong.contains("expected a duration such as 30s"), "{wrong}");
    }
}
