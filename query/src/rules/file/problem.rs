//! Something wrong in a file, with its place.

use super::yaml::{Step, locate};
use crate::nearest;
use ocelli_api::DocumentProblem;
use regex::Regex;
use std::fmt;
use std::sync::LazyLock;

/// Something wrong in a file. Line and column count from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub line: usize,
    pub column: usize,
    /// The way to it: `groups[0].rules[2].expr`. Empty where it is about the whole text.
    pub field: String,
    pub message: String,
}

impl Problem {
    /// At the place of a node.
    pub fn at(text: &str, path: &[Step], message: impl Into<String>) -> Problem {
        let (line, column) = locate(text, path);
        Problem { line, column, field: field(path), message: message.into() }
    }

    /// With the whole text.
    pub fn whole(message: impl Into<String>) -> Problem {
        Problem { line: 1, column: 1, field: String::new(), message: message.into() }
    }

    pub fn shown(&self) -> DocumentProblem {
        DocumentProblem {
            line: self.line as u64,
            column: self.column as u64,
            field: self.field.clone(),
            message: self.message.clone(),
        }
    }
}

/// `line:column: message`, to stand behind a file's name and a colon.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
}

/// The reader names the way to what it refuses, and all names that it knows: the nearest is likely what was meant.
pub(super) fn refused(line: usize, column: usize, mut message: String) -> Problem {
    static UNKNOWN: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new("unknown (?:field|variant) `([^`]*)`, expected (.*)$").ok());
    let is_way = |text: &str| !text.contains(' ');
    let way = message.split_once(": ").map(|(way, _)| way).filter(|way| is_way(way));
    let mut field = way.unwrap_or_default().to_owned();
    if let Some(found) = UNKNOWN.as_ref().and_then(|unknown| unknown.captures(&message)) {
        let known: Vec<String> = found[2].split('`').skip(1).step_by(2).map(str::to_owned).collect();
        let hint = nearest::hint(&found[1], known.iter().map(String::as_str));
        if found[0].starts_with("unknown field") {
            let dot = if field.is_empty() { "" } else { "." };
            field = format!("{field}{dot}{}", &found[1]);
        }
        message.push_str(&hint);
    }
    Problem { line, column, field, message }
}

/// The way to a node as people write it.
fn field(path: &[Step]) -> String {
    let mut written = String::new();
    for step in path {
        match step {
            Step::Item(at) => written.push_str(&format!("[{at}]")),
            Step::Value(name) | Step::Key(name) => {
                let dot = if written.is_empty() { "" } else { "." };
                written.push_str(&format!("{dot}{name}"));
            }
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(message: &str, expect: &str) {
        let Problem { field, message, .. } = refused(1, 1, message.to_owned());
        assert_eq!(format!("{field}: {message}"), expect);
    }

    #[test]
    fn a_wrong_name_is_told_with_the_nearest() {
        check(
            "slos[0]: unknown field `objectiv`, expected one of `name`, `objective`",
            "slos[0].objectiv: slos[0]: unknown field `objectiv`, expected one of `name`, `objective`; did you mean objective?",
        );
        check("unknown field `x`, expected `groups`", "x: unknown field `x`, expected `groups`");
        check(
            "slos[0].objective: invalid type: string \"much\", expected f64",
            "slos[0].objective: slos[0].objective: invalid type: string \"much\", expected f64",
        );
        check("did not find expected ',' or ']'", ": did not find expected ',' or ']'");
    }

    #[test]
    fn ways_are_as_people_write_them() {
        use Step::*;
        assert_eq!(
            field(&[Value("groups"), Item(2), Value("rules"), Item(0), Key("for")]),
            "groups[2].rules[0].for"
        );
        assert_eq!(field(&[Item(1)]), "[1]");
    }
}
