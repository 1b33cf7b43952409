//! The documents of a YAML file, and what is wrong in them while it is gathered.

use crate::rules::Problem;
use crate::rules::file::yaml::{self, Step, without_mark};
use std::borrow::Cow;

/// One document: its text, and how many lines stand before it in the file.
#[derive(Clone, Copy, Debug)]
pub struct Document<'a> {
    pub text: &'a str,
    pub lines_before: usize,
}

/// A file with its lists of documents taken apart: each item is a document of its own, indented as before.
pub struct File<'a> {
    text: Cow<'a, str>,
    /// Where items begin.
    items: Vec<usize>,
}

impl<'a> File<'a> {
    pub fn new(text: &'a str) -> File<'a> {
        let text = without_mark(text);
        let (mut items, mut at, mut is_list, mut is_first) = (Vec::new(), 0, false, true);
        for line in text.split_inclusive('\n') {
            let bare = line.trim_end();
            if is_end(bare) {
                (is_list, is_first) = (false, true);
            } else if !bare.is_empty() && !bare.starts_with('#') {
                is_list |= is_first && bare.starts_with("- ");
                is_first = false;
                if is_list && bare.starts_with("- ") {
                    items.push(at);
                }
            }
            at += line.len();
        }
        if items.is_empty() {
            return File { text: Cow::Borrowed(text), items };
        }
        let mut apart = text.to_owned();
        items.iter().for_each(|at| apart.replace_range(*at..*at + 1, " "));
        File { text: Cow::Owned(apart), items }
    }

    /// The documents that hold more than comments. They are told apart by lines of `---`, so that each keeps
    /// its place.
    pub fn documents(&self) -> Vec<Document<'_>> {
        let file = &*self.text;
        let mut found = Vec::new();
        let (mut start, mut at, mut lines_before) = (0, 0, 0);
        for (number, line) in file.split_inclusive('\n').enumerate() {
            if is_end(line.trim_end()) {
                found.push(Document { text: &file[start..at], lines_before });
                (start, lines_before) = (at + line.len(), number + 1);
            } else if self.items.contains(&at) {
                found.push(Document { text: &file[start..at], lines_before });
                (start, lines_before) = (at, number);
            }
            at += line.len();
        }
        found.push(Document { text: &file[start..], lines_before });
        found.retain(|document| {
            document.text.lines().any(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
        });
        found
    }
}

fn is_end(line: &str) -> bool {
    line == "---" || line.starts_with("--- ")
}

impl Document<'_> {
    /// A problem's place in the file.
    pub fn placed(&self, problem: Problem) -> Problem {
        Problem { line: problem.line + self.lines_before, ..problem }
    }

    /// The keys at the document's outermost level.
    pub fn keys(&self) -> Vec<String> {
        if let Some(map) = yaml::flow(self.text) {
            return map.keys().filter_map(|key| key.as_str().map(str::to_owned)).collect();
        }
        let starts = |line: &&str| line.starts_with(|c: char| c.is_ascii_alphabetic() || c == '"');
        let lines = self.outermost().filter(starts).filter_map(|line| line.split_once(':'));
        lines.map(|(key, _)| key.trim_matches('"').to_owned()).collect()
    }

    /// The value of a key at the outermost level, where it is one word.
    pub fn word(&self, key: &str) -> Option<String> {
        if let Some(map) = yaml::flow(self.text) {
            return map.get(key)?.as_str().map(str::to_owned);
        }
        self.outermost().find_map(|line| {
            let rest = line.strip_prefix(key).or_else(|| line.strip_prefix(&format!("\"{key}\"")))?;
            let value = rest.strip_prefix(':')?.split(" #").next()?.trim();
            Some(value.trim_matches(['"', '\'']).to_owned())
        })
    }

    /// Lines without the indentation that all of them have; of lines with more of it some is left.
    fn outermost(&self) -> impl Iterator<Item = &str> {
        let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
        let is_text = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
        let common = self.text.lines().find(is_text).map(indent).unwrap_or_default();
        self.text.lines().filter_map(move |line| line.get(common..))
    }

    /// Why it can't be read at all, whatever it is.
    pub fn unreadable(&self) -> Option<Problem> {
        let read: Result<serde_yaml_ng::Value, Problem> = yaml::read(self.text);
        read.err().map(|problem| self.placed(problem))
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
        let problem = Problem::at(self.document.text, &self.path, message);
        self.problems.push(self.document.placed(problem));
    }

    /// What must be there is told where it would be.
    pub fn missing(&mut self, key: &str, message: impl Into<String>) {
        self.here(message);
        if let Some(problem) = self.problems.last_mut() {
            let dot = if problem.field.is_empty() { "" } else { "." };
            problem.field.push_str(&format!("{dot}{key}"));
        }
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
        let file = File::new("# top\n---\na: 1\nb: \"x\" # y\n--- # next\n\nversion: 'v'\n---\n# none\n");
        let found = file.documents();
        let shown: Vec<(usize, String)> =
            found.iter().map(|document| (document.lines_before, document.keys().remove(0))).collect();
        assert_eq!(shown, [(2, "a".to_owned()), (5, "version".to_owned())]);
        let words = (found[0].word("b"), found[1].word("version"));
        assert_eq!(words, (Some("x".to_owned()), Some("v".to_owned())));
        let mut wrong = Found::new(found[0]);
        wrong.at(&[Step::Value("b")], "no");
        assert_eq!(wrong.problems[0].to_string(), "4:4: no");
        assert_eq!(wrong.problems[0].field, "b");
    }

    #[test]
    fn items_of_a_list_are_documents() {
        let file = File::new("# top\n- a: 1\n  c:\n  - x\n- b: 2\n---\na: 1\n");
        let shown: Vec<(usize, Vec<String>)> =
            file.documents().iter().map(|document| (document.lines_before, document.keys())).collect();
        let keys = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
        assert_eq!(shown, [(1, keys(&["a", "c"])), (4, keys(&["b"])), (6, keys(&["a"]))]);
        let mut wrong = Found::new(file.documents()[1]);
        wrong.at(&[Step::Value("b")], "no");
        assert_eq!(wrong.problems[0].to_string(), "5:6: no");
    }

    #[test]
    fn json_is_read_as_well() {
        let file = File::new("{\n  \"version\": \"v\",\n  \"slos\": []\n}\n");
        let found = file.documents();
        assert_eq!(
            (found[0].keys(), found[0].word("version")),
            (vec!["version".to_owned(), "slos".to_owned()], Some("v".to_owned()))
        );
        let broken = File::new("{\n  \"slos\": [\n}");
        let broken = broken.documents();
        assert!(
            broken[0].unreadable().is_some_and(|problem| problem.line == 3),
            "{:?}",
            broken[0].unreadable()
        );
    }
}
