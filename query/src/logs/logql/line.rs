//! `|= "a" or "b"` and its like: tests of a line.

use super::ip::IpTest;
use super::pattern::Pattern;
use crate::promql::select::unanchored;
use memchr::memmem::Finder;
use ocelli_storage::TextQuery;
use regex::Regex;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineOp {
    Contains,
    NotContains,
    Regex,
    NotRegex,
    Pattern,
    NotPattern,
}

impl LineOp {
    pub fn symbol(self) -> &'static str {
        match self {
            LineOp::Contains => "|=",
            LineOp::NotContains => "!=",
            LineOp::Regex => "|~",
            LineOp::NotRegex => "!~",
            LineOp::Pattern => "|>",
            LineOp::NotPattern => "!>",
        }
    }

    fn is_negative(self) -> bool {
        matches!(self, LineOp::NotContains | LineOp::NotRegex | LineOp::NotPattern)
    }
}

/// Any of the matches, or none of them.
#[derive(Clone, Debug)]
pub struct LineTest {
    pub op: LineOp,
    pub any: Vec<LineMatch>,
}

#[derive(Clone, Debug)]
pub struct LineMatch {
    pub text: String,
    how: How,
}

#[derive(Clone, Debug)]
enum How {
    Contains(Box<Finder<'static>>),
    Regex(Regex),
    Pattern(Pattern),
    Ip(IpTest),
}

impl LineMatch {
    pub fn new(op: LineOp, text: &str) -> Result<LineMatch, String> {
        let how = match op {
            LineOp::Contains | LineOp::NotContains => How::Contains(Box::new(Finder::new(text).into_owned())),
            LineOp::Regex | LineOp::NotRegex => How::Regex(unanchored(text)?),
            LineOp::Pattern | LineOp::NotPattern => How::Pattern(Pattern::of_filter(text)?),
        };
        Ok(LineMatch { text: text.to_owned(), how })
    }

    pub fn ip(text: &str) -> Result<LineMatch, String> {
        Ok(LineMatch { text: text.to_owned(), how: How::Ip(IpTest::new(text)?) })
    }

    pub fn is_ip(&self) -> bool {
        matches!(self.how, How::Ip(_))
    }

    fn matches(&self, line: &str) -> bool {
        match &self.how {
            How::Contains(finder) => finder.find(line.as_bytes()).is_some(),
            How::Regex(regex) => regex.is_match(line),
            How::Pattern(pattern) => pattern.matches(line),
            How::Ip(test) => test.is_in(line),
        }
    }

    /// What the index of bodies can say of it.
    fn candidates(&self) -> Option<TextQuery> {
        let mut queries = Vec::new();
        match &self.how {
            How::Contains(_) => words_within(&self.text, &mut queries),
            How::Pattern(pattern) => pattern.literals().for_each(|text| words_within(text, &mut queries)),
            How::Regex(_) | How::Ip(_) => {}
        }
        match queries.len() {
            0 | 1 => queries.pop(),
            _ => Some(TextQuery::And(queries)),
        }
    }
}

/// The words of a text that are whole in every line that has the text: not the first, whose begin may
/// be cut off, and of the last one its begin.
fn words_within(text: &str, queries: &mut Vec<TextQuery>) {
    let lower = |word: &str| word.chars().flat_map(char::to_lowercase).collect::<String>();
    let mut words = text.split(|c: char| !c.is_alphanumeric()).enumerate().skip(1).peekable();
    while let Some((_, word)) = words.next() {
        match words.peek() {
            _ if word.is_empty() => {}
            Some(_) => queries.push(TextQuery::Word(lower(word))),
            // The index cuts long words, and so must their begins be.
            None if word.len() <= LONGEST_PREFIX => queries.push(TextQuery::Prefix(lower(word))),
            None => {}
        }
    }
}

/// A longer begin of a word is not asked for.
const LONGEST_PREFIX: usize = 30;

impl LineTest {
    pub fn passes(&self, line: &str) -> bool {
        self.any.iter().any(|one| one.matches(line)) != self.op.is_negative()
    }

    /// Every line that passes is among those that the index finds by it; `None` when it can't narrow.
    pub fn candidates(&self) -> Option<TextQuery> {
        if self.op.is_negative() {
            return None;
        }
        let mut any: Vec<TextQuery> = self.any.iter().map(LineMatch::candidates).collect::<Option<_>>()?;
        if any.len() == 1 { any.pop() } else { Some(TextQuery::Or(any)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use TextQuery::{And, Prefix, Word};

    fn test(op: LineOp, texts: &[&str]) -> LineTest {
        LineTest { op, any: texts.iter().map(|text| LineMatch::new(op, text).unwrap()).collect() }
    }

    #[test]
    fn any_of_them_or_none() {
        assert!(test(LineOp::Contains, &["x", "card"]).passes("a card"));
        assert!(!test(LineOp::Contains, &["Card"]).passes("a card"));
        assert!(!test(LineOp::NotContains, &["x", "card"]).passes("a card"));
        assert!(test(LineOp::NotRegex, &["^c", "d{2}"]).passes("a card"));
        assert!(test(LineOp::Regex, &["(?i)CARD$"]).passes("a card"));
        assert!(test(LineOp::Pattern, &["<_> card"]).passes("a card"));
    }

    #[test]
    fn only_whole_words_are_asked_of_the_index() {
        let of = |op, texts: &[&str]| test(op, texts).candidates();
        let word = |text: &str| Word(text.to_owned());
        assert_eq!(of(LineOp::Contains, &["card"]), None);
        assert_eq!(
            of(LineOp::Contains, &["a Card was decl"]),
            Some(And(vec![word("card"), word("was"), Prefix("decl".to_owned()),]))
        );
        assert_eq!(of(LineOp::Contains, &["=5001 "]), Some(word("5001")));
        assert_eq!(of(LineOp::Contains, &["=5001 ", "x"]), None);
        assert_eq!(of(LineOp::NotContains, &[" x "]), None);
        assert_eq!(of(LineOp::Pattern, &["<_> took <_>"]), Some(word("took")));
    }
}
