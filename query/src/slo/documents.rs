//! The documents of a YAML file, and what is wrong in them while it is gathered.

use crate::rules::Problem;
use crate::rules::file::yaml::{Step, locate, without_mark};

/// One document: its text, and how many lines stand before it in the file.
#[derive(Clone, Copy, Debug)]
pub struct Document<'a> {
    pub text: &'a str,
    pub lines_before: usize,
}

/// The documents that hold more than comments. They are told apart by lines of `---`, so that each keeps
/// its place.
pub fn documents(file: &str) -> Vec<Document<'_>> {
    let file = without_mark(file);
    let mut found = Vec::new();
    let (mut start, mut at, mut lines_before) = (0, 0, 0);
    for (number, line) in file.split_inclusive('\n').enumerate() {
        let bare = line.trim_end();
        if bare == "---" || bare.starts_with("--- ") {
            found.push(Document { text: &file[start..at], lines_before });
            start = at + line.len();
            lines_before = number + 1;
        }
        at += line.len();
    }
    found.push(Document { text: &file[start..], lines_before });
    found.retain(|document| {
        document.text.lines().any(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
    });
    found
}

impl Document<'_> {
    /// A problem's place in the file.
    pub fn placed(&self, problem: Problem) -> Problem {
        Problem { line: problem.line + self.lines_before, ..problem }
    }

    /// The keys at the document's outermost level.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        let starts = |line: &&str| line.starts_with(|c: char| c.is_ascii_alphabetic() || c == '"');
        self.text
            .lines()
            .filter(starts)
            .filter_map(|line| line.split_once(':'))
            .map(|(key, _)| key.trim_matches('"'))
    }

    /// The value of a key at the outermost level, where it is one word.
    pub fn word(&self, key: &str) -> Option<&str> {
        self.text.lines().find_map(|line| {
            let rest = line.strip_prefix(key).or_else(|| line.strip_prefix(&format!("\"{key}\"")))?;
            let value = rest.strip_prefix(':')?.split(" #").next()?.trim();
            Some(value.trim_matches(['"', '\'']))
        })
    }
}

/// Problems of a document, and where its reader is.
pub struct Found<'a> {
    document: Document<'a>,
    pub path: Vec<Step<'a>>,
    pub problems: Vec<Problem>,
}

impl<'a> Found<'a> {
    pub fn new(document: Document<'a>) -> Found<'a> {
        Found { document, path: Vec::new(), problems: Vec::new() }
    }

    pub fn here(&mut self, message: impl Into<String>) {
        let (line, column) = locate(self.document.text, &self.path);
        self.problems.push(self.document.placed(Problem { line, column, message: message.into() }));
    }

    pub fn at(&mut self, steps: &[Step<'a>], message: impl Into<String>) {
        self.within(steps, |found| found.here(message));
    }

    /// Reads what lies below.
    pub fn within<T>(&mut self, steps: &[Step<'a>], read: impl FnOnce(&mut Self) -> T) -> T {
        self.path.extend(steps);
        let result = read(self);
        self.path.truncate(self.path.len() - steps.len());
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_keep_their_lines() {
        let found = documents("# top\n---\na: 1\nb: \"x\" # y\n--- # next\n\nversion: 'v'\n---\n# none\n");
        let shown: Vec<(usize, Option<&str>)> =
            found.iter().map(|document| (document.lines_before, document.keys().next())).collect();
        assert_eq!(shown, [(2, Some("a")), (5, Some("version"))]);
        assert_eq!((found[0].word("b"), found[1].word("version")), (Some("x"), Some("v")));
        let mut wrong = Found::new(found[0]);
        wrong.at(&[Step::Value("b")], "no");
        assert_eq!(wrong.problems[0].to_string(), "4:4: no");
    }
}
