//! Masked bodies to templates.

use super::mask::ANY;
use crate::logs::facets::begin_of;
use std::collections::BTreeMap;

/// Templates that are kept; bodies that fit none of so many are counted together.
const MAX_TEMPLATES: usize = 2_000;
/// Templates of one length and first word that a body is compared with.
const MAX_ALIKE: usize = 50;
/// Longer bodies are cut.
const MAX_WORDS: usize = 100;
/// Bytes of an example.
const EXAMPLE_BYTES: usize = 2_048;

/// Where and how often something was seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    pub count: u64,
    /// Those before the time that is compared with.
    pub before: u64,
    pub first: i64,
    pub last: i64,
    /// The worst.
    pub severity: i32,
    /// The body of the last one.
    pub example: String,
}

impl Seen {
    pub fn new(time: i64, before: bool, severity: i32, body: &str) -> Seen {
        let example = begin_of(body, EXAMPLE_BYTES).to_owned();
        let (count, before) = (u64::from(!before), u64::from(before));
        Seen { count, before, first: time, last: time, severity, example }
    }

    pub fn add(&mut self, time: i64, before: bool, severity: i32, body: &str) {
        self.count += u64::from(!before);
        self.before += u64::from(before);
        self.first = self.first.min(time);
        self.severity = self.severity.max(severity);
        let body = begin_of(body, EXAMPLE_BYTES);
        // Of equal times the greatest text, so that the order of reading does not matter.
        if (time, body) > (self.last, self.example.as_str()) {
            self.last = time;
            self.example.clear();
            self.example.push_str(body);
        }
    }

    pub fn join(&mut self, other: Seen) {
        self.count += other.count;
        self.before += other.before;
        self.first = self.first.min(other.first);
        self.severity = self.severity.max(other.severity);
        if (other.last, &other.example) > (self.last, &self.example) {
            (self.last, self.example) = (other.last, other.example);
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    pub words: Vec<String>,
    pub seen: Seen,
}

impl Template {
    pub fn text(&self) -> String {
        self.words.join(" ")
    }

    /// A search that finds its records, and maybe a few more: the words that do not change, as phrases.
    pub fn query(&self) -> String {
        let text = self.text();
        let fixed = text.split(ANY).map(|part| part.trim_matches(|c: char| !c.is_alphanumeric()));
        let mut phrases: Vec<String> = fixed
            .filter(|part| !part.is_empty())
            .map(|part| format!("\"{}\"", part.replace('\\', "\\\\").replace('"', "\\\"")))
            .collect();
        phrases.dedup();
        phrases.truncate(16);
        phrases.join(" ")
    }

    /// How many words are the same, of `words.len()`.
    fn equal(&self, words: &[&str]) -> usize {
        self.words.iter().zip(words).filter(|(own, other)| own == *other).count()
    }
}

/// Templates by their number of words and the first of these.
#[derive(Debug, Default)]
pub struct Templates {
    groups: BTreeMap<(usize, String), Vec<Template>>,
    count: usize,
    other: u64,
}

impl Templates {
    pub fn add(&mut self, masked: &str, seen: Seen) {
        let words: Vec<&str> = masked.split(' ').take(MAX_WORDS).collect();
        let key = (words.len(), words.first().copied().unwrap_or_default().to_owned());
        let group = self.groups.get_mut(&key);
        let room = self.count < MAX_TEMPLATES && group.as_ref().is_none_or(|group| group.len() < MAX_ALIKE);
        let alike = group.and_then(|group| group.iter_mut().max_by_key(|template| template.equal(&words)));
        // Of two words that begin alike the second one says what happened.
        let enough = if words.len() <= 2 { words.len() } else { words.len().div_ceil(2) };
        match alike.filter(|template| template.equal(&words) >= enough) {
            Some(template) => {
                for (own, other) in template.words.iter_mut().zip(&words) {
                    if own != other {
                        ANY.clone_into(own);
                    }
                }
                template.seen.join(seen);
            }
            None if room => {
                let words = words.into_iter().map(str::to_owned).collect();
                self.groups.entry(key).or_default().push(Template { words, seen });
                self.count += 1;
            }
            None => self.other += seen.count + seen.before,
        }
    }

    pub fn join(&mut self, other: Templates) {
        self.other += other.other;
        for template in other.groups.into_values().flatten() {
            let text = template.text();
            self.add(&text, template.seen);
        }
    }

    /// The templates, of which equal ones are one, and how many records are of none.
    pub fn finish(self) -> (Vec<Template>, u64) {
        let mut all: Vec<Template> = self.groups.into_values().flatten().collect();
        all.sort_by(|a, b| a.words.cmp(&b.words));
        let mut joined: Vec<Template> = Vec::with_capacity(all.len());
        for template in all {
            match joined.last_mut().filter(|last| last.words == template.words) {
                Some(last) => last.seen.join(template.seen),
                None => joined.push(template),
            }
        }
        (joined, self.other)
    }
}
