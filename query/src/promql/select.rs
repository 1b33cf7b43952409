//! Matchers, and the series that they find.
//!
//! A query's selectors are resolved once, before evaluation, each over the whole time that any
//! part of the query needs of it.

use super::labels::Labels;
use super::places::ByTimes;
use super::samples::between;
use super::value::Samples;
use crate::Error;
use regex::{Regex, RegexBuilder};
use std::sync::Arc;

/// Compiled size of one regular expression; a longer one is refused.
const MAX_REGEX_BYTES: usize = 1 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchOp {
    Equal,
    NotEqual,
    Regex,
    NotRegex,
}

/// One condition on one label. A label that is absent is the same as an empty one.
#[derive(Clone, Debug)]
pub struct Matcher {
    pub op: MatchOp,
    pub name: String,
    pub value: String,
    regex: Option<Regex>,
}

impl Matcher {
    pub fn equal(name: &str, value: &str) -> Matcher {
        Matcher { op: MatchOp::Equal, name: name.to_owned(), value: value.to_owned(), regex: None }
    }

    /// The error is the text for the user.
    pub fn new(op: MatchOp, name: &str, value: &str) -> Result<Matcher, String> {
        let regex = match op {
            MatchOp::Regex | MatchOp::NotRegex => Some(anchored(value)?),
            _ => None,
        };
        Ok(Matcher { op, name: name.to_owned(), value: value.to_owned(), regex })
    }

    pub fn matches(&self, value: &str) -> bool {
        let found = self.regex.as_ref().map_or(value == self.value, |regex| regex.is_match(value));
        found == matches!(self.op, MatchOp::Equal | MatchOp::Regex)
    }
}

/// A regular expression that must match the whole value; `.` matches a newline too.
pub fn anchored(pattern: &str) -> Result<Regex, String> {
    compiled(pattern, |pattern| format!("^(?s:{pattern})$"))
}

/// A regular expression that is found anywhere.
pub fn unanchored(pattern: &str) -> Result<Regex, String> {
    compiled(pattern, str::to_owned)
}

fn compiled(pattern: &str, within: fn(&str) -> String) -> Result<Regex, String> {
    let compile = |pattern: &str| RegexBuilder::new(&within(pattern)).size_limit(MAX_REGEX_BYTES).build();
    // Go reads `{` as itself where it starts no repetition; Rust refuses it.
    compile(pattern).or_else(|wrong| compile(&escape_braces(pattern)).map_err(|_| wrong)).map_err(|wrong| {
        let text = wrong.to_string();
        let reason = text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        format!("error parsing regexp {:?}: {reason}", shortened(pattern))
    })
}

fn shortened(pattern: &str) -> String {
    if pattern.chars().count() <= 100 {
        return pattern.to_owned();
    }
    pattern.chars().take(100).chain(['…']).collect()
}

fn escape_braces(pattern: &str) -> String {
    let mut escaped = String::with_capacity(pattern.len() + 8);
    let mut chars = pattern.char_indices();
    while let Some((at, c)) = chars.next() {
        if c == '\\' {
            escaped.push(c);
            escaped.extend(chars.next().map(|(_, next)| next));
        } else if c == '{' && !is_repetition(&pattern[at + 1..]) {
            escaped.push_str("\\{");
        } else {
            escaped.push(c);
        }
    }
    escaped
}

fn is_repetition(rest: &str) -> bool {
    let Some((inside, _)) = rest.split_once('}') else { return false };
    let (low, high) = inside.split_once(',').unwrap_or((inside, ""));
    !low.is_empty() && (low.to_owned() + high).chars().all(|c| c.is_ascii_digit())
}

/// What one selector of a query needs.
#[derive(Clone, Debug)]
pub struct Selection {
    pub matchers: Vec<Matcher>,
    /// Milliseconds; samples later than this are needed …
    pub after_ms: i64,
    /// … up to this one.
    pub until_ms: i64,
}

impl Selection {
    pub fn matches(&self, labels: &Labels) -> bool {
        self.matchers.iter().all(|matcher| matcher.matches(labels.get(&matcher.name)))
    }
}

/// One stored series with the samples of a selection's time, and maybe others of its.
#[derive(Clone, Debug)]
pub struct StoredSeries {
    pub labels: Labels,
    pub samples: Arc<Samples>,
}

/// Counts samples that are in the time of a selection.
pub struct Counts<'s> {
    selection: &'s Selection,
    floats: ByTimes<usize>,
}

impl Counts<'_> {
    pub fn new(selection: &Selection) -> Counts<'_> {
        Counts { selection, floats: ByTimes::new() }
    }

    pub fn of(&mut self, samples: &Samples) -> usize {
        let Selection { after_ms, until_ms, .. } = *self.selection;
        let count = |times: &[i64]| between(times, after_ms, until_ms).len();
        *self.floats.of(&samples.float_times, count) + count(&samples.histogram_times)
    }
}

/// Finds the series of a selection. The order does not matter; label sets are unique.
pub type Select<'a> = dyn FnMut(&Selection) -> Result<Vec<StoredSeries>, Error> + 'a;

#[cfg(test)]
mod tests {
    use super::*;

    fn check(op: MatchOp, pattern: &str, value: &str, expect: bool) {
        let matcher = Matcher::new(op, "a", pattern).unwrap();
        assert_eq!(matcher.matches(value), expect, "{pattern} {value}");
    }

    #[test]
    fn regexes_match_the_whole_value() {
        check(MatchOp::Regex, "a|b", "a", true);
        check(MatchOp::Regex, "a|b", "ab", false);
        check(MatchOp::Regex, ".*", "two\nlines", true);
        check(MatchOp::NotRegex, "a.*", "", true);
        check(MatchOp::NotEqual, "a", "", true);
        check(MatchOp::Regex, "a{b}{2}", "a{b}}", true);
        check(MatchOp::Regex, "{{x}}", "{{x}}", true);
    }

    #[test]
    fn a_huge_regex_is_refused() {
        let huge = "(a{1000}){1000}";
        assert!(Matcher::new(MatchOp::Regex, "a", huge).unwrap_err().contains("size limit"));
    }
}
