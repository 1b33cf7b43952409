//! Tests of a text: words in any case, phrases, prefixes, patterns.
//!
//! A word is what the index takes for one, a run of letters and digits, so that a search by index
//! and one without find the same rows. The index narrows; here it is decided.

use super::regexes;
use super::value::ValueTest;
use crate::logs::language::{SyntaxError, Term, Value};
use memchr::memmem::Finder;
use ocelli_storage::TextQuery;
use regex::Regex;

#[derive(Clone, Debug)]
pub enum TextTest {
    /// The text is not empty.
    Exists,
    Words(Box<Words>),
    /// Signs only, such as `=>`: found anywhere.
    Signs(String),
    Regex(Box<Regex>),
    /// The whole text as one value: comparisons and ranges.
    Value(ValueTest),
}

impl TextTest {
    pub fn new(term: &Term) -> Result<TextTest, SyntaxError> {
        Ok(match &term.value {
            Value::Any => TextTest::Exists,
            Value::Text(literal) => TextTest::words(&literal.text, false),
            Value::Prefix(literal) => TextTest::words(&literal.text, true),
            Value::Regex(pattern) => TextTest::Regex(Box::new(regexes::compile(pattern, term.span)?)),
            Value::Compare(..) | Value::Range(..) => TextTest::Value(ValueTest::new(term)?),
        })
    }

    fn words(text: &str, open_end: bool) -> TextTest {
        let words: Vec<String> = words(text).map(lower).collect();
        if words.is_empty() {
            return TextTest::Signs(text.to_owned());
        }
        // In `"a b "*` the star belongs to no word.
        let open_end = open_end && text.ends_with(char::is_alphanumeric);
        let first = Finder::new(&words[0]).into_owned();
        TextTest::Words(Box::new(Words { first, words, open_end }))
    }

    /// `scratch` keeps its memory from row to row.
    pub fn matches(&self, text: &str, scratch: &mut Vec<u8>) -> bool {
        match self {
            TextTest::Exists => !text.is_empty(),
            TextTest::Words(words) => words.are_in(text, scratch),
            TextTest::Signs(signs) => text.contains(signs.as_str()),
            TextTest::Regex(regex) => regex.is_match(text),
            TextTest::Value(test) => test.matches_str(text),
        }
    }

    /// What the index can say about it: rows that may pass. `None` when it can't.
    pub fn candidates(&self) -> Option<TextQuery> {
        let TextTest::Words(words) = self else { return None };
        let mut queries: Vec<TextQuery> = words.words.iter().cloned().map(TextQuery::Word).collect();
        if words.open_end
            && let Some(TextQuery::Word(last)) = queries.pop()
        {
            queries.push(TextQuery::Prefix(last));
        }
        Some(if queries.len() == 1 { queries.swap_remove(0) } else { TextQuery::And(queries) })
    }
}

/// Words that follow each other, with anything but letters and digits between them.
#[derive(Clone, Debug)]
pub struct Words {
    /// Lower case, at least one.
    words: Vec<String>,
    /// The last word may go on.
    open_end: bool,
    first: Finder<'static>,
}

impl Words {
    fn are_in(&self, text: &str, scratch: &mut Vec<u8>) -> bool {
        if !text.is_ascii() {
            return self.are_in_unicode(text);
        }
        scratch.clear();
        scratch.extend_from_slice(text.as_bytes());
        scratch.make_ascii_lowercase();
        let text = scratch.as_slice();
        let mut from = 0;
        while let Some(found) = self.first.find(&text[from..]) {
            let start = from + found;
            let starts_word = start == 0 || !text[start - 1].is_ascii_alphanumeric();
            if starts_word && self.follow(&text[start..]) {
                return true;
            }
            from = start + 1;
        }
        false
    }

    /// Whether lower-case ASCII text goes on with these words.
    fn follow(&self, mut text: &[u8]) -> bool {
        for (at, word) in self.words.iter().enumerate() {
            let last = at + 1 == self.words.len();
            let Some(rest) = text.strip_prefix(word.as_bytes()) else { return false };
            if rest.first().is_some_and(u8::is_ascii_alphanumeric) {
                return last && self.open_end;
            }
            let gap = rest.iter().position(u8::is_ascii_alphanumeric).unwrap_or(rest.len());
            text = &rest[gap..];
        }
        true
    }

    /// Lower-casing a text as a whole may move the bounds of its words, so each is taken alone.
    fn are_in_unicode(&self, text: &str) -> bool {
        let all: Vec<&str> = words(text).collect();
        all.windows(self.words.len()).any(|window| {
            window.iter().zip(&self.words).enumerate().all(|(at, (found, word))| {
                let found = lower(found);
                let may_go_on = self.open_end && at + 1 == self.words.len();
                found == *word || may_go_on && found.starts_with(word.as_str())
            })
        })
    }
}

/// The words of a text as they stand.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// Letter by letter, as the index does: `str::to_lowercase` looks at the neighbours of a sigma.
fn lower(word: &str) -> String {
    word.chars().flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::language::{Expr, parse};
    use proptest::prelude::*;

    fn test(query: &str) -> TextTest {
        let Ok(Expr::Term(term)) = parse(query) else { panic!("{query} is one term") };
        TextTest::new(&term).unwrap()
    }

    fn check(query: &str, text: &str, expected: bool) {
        assert_eq!(test(query).matches(text, &mut Vec::new()), expected, "{query} in {text}");
        // The same text by the path for Unicode.
        if matches!(test(query), TextTest::Words(_)) {
            let text = format!("{text} ü");
            assert_eq!(test(query).matches(&text, &mut Vec::new()), expected, "{query} in {text}");
        }
    }

    #[test]
    fn words_and_phrases() {
        check("card", "The CARD was declined", true);
        check("car", "The card was declined", false);
        check("car*", "The card was declined", true);
        check("\"card declined\"", "card: declined!", true);
        check("\"card declined\"", "card was declined", false);
        check("\"card declined\"", "declined card", false);
        check("\"card decl\"*", "no card, card declined", true);
        check("\"card card x\"", "card card card x", true);
        check("card-declined", "card-declined", true);
        check("order_id", "order_id=5", true);
        check("STRASSE", "strasse 1", true);
        check("größe", "Die GRÖSSE", false);
        check("größe", "Die GRÖßE", true);
        check("=\\>", "a => b", true);
        check("body:>5", "7", true);
        check("\"a b\"", "a", false);
    }

    proptest! {
        #[test]
        fn the_quick_path_agrees_with_the_slow_one(
            text in "([aAbBc]{1,2}|[ ._-]){0,12}", query in "([abc]{1,2}[ .]){0,2}[abc]{1,2}", open: bool,
        ) {
            let TextTest::Words(words) = TextTest::words(&query, open) else { panic!("words") };
            prop_assert_eq!(words.are_in(&text, &mut Vec::new()), words.are_in_unicode(&text), "{} in {}", query, text);
        }

        #[test]
        fn words_are_those_of_the_index(text: String) {
            let ours: Vec<String> = words(&text).map(lower).collect();
            let index = ocelli_storage::tokenize(&text);
            prop_assert_eq!(ours.len(), index.len());
            for (ours, index) in ours.iter().zip(&index) {
                // The index cuts long words.
                let cut = index.len() + char::MAX.len_utf8() > ocelli_storage::limits::WORD_BYTES;
                prop_assert!(ours == index || cut && ours.starts_with(index.as_str()), "{} {}", ours, index);
            }
        }
    }
}
