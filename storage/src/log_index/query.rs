//! Which rows may match a question about words.

use super::open::LogIndex;
use super::{schema, tokenize};
use crate::error::Result;
use crate::limits;
use crate::rows::Rows;
use std::io;
use tantivy::schema::IndexRecordOption;
use tantivy::{DocSet, TERMINATED, Term};

/// A question that the index can answer. Words are taken apart as bodies are, so `Word("a-b")` asks
/// for both `a` and `b`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextQuery {
    /// The body has this word.
    Word(String),
    /// The body has a word that begins so.
    Prefix(String),
    And(Vec<TextQuery>),
    Or(Vec<TextQuery>),
}

impl LogIndex {
    /// The rows that may match, a superset of those that do; `None` when reading all rows is
    /// quicker or the question says nothing about words.
    pub fn rows(&self, query: &TextQuery) -> Result<Option<Rows>> {
        Ok(self.evaluate(query).map_err(tantivy::TantivyError::from)?)
    }

    fn evaluate(&self, query: &TextQuery) -> io::Result<Option<Rows>> {
        match query {
            TextQuery::Word(text) => self.all_words(tokenize(text), false),
            TextQuery::Prefix(text) => self.all_words(tokenize(text), true),
            TextQuery::And(parts) => self.all(parts),
            TextQuery::Or(parts) => self.any(parts),
        }
    }

    /// Rows with all of the words, of which the last may only be a begin.
    fn all_words(&self, mut words: Vec<String>, last_is_prefix: bool) -> io::Result<Option<Rows>> {
        let prefix = if last_is_prefix { words.pop() } else { None };
        let mut found: Option<Rows> = None;
        for word in words {
            let rows = self.word(&word)?;
            found = Some(found.map_or_else(|| rows.clone(), |before| before.intersect(&rows)));
        }
        if let Some(rows) = prefix.map(|prefix| self.prefix(&prefix)).transpose()?.flatten() {
            found = Some(found.map_or_else(|| rows.clone(), |before| before.intersect(&rows)));
        }
        Ok(found)
    }

    /// A part that can't be answered leaves the others to narrow the rows.
    fn all(&self, parts: &[TextQuery]) -> io::Result<Option<Rows>> {
        let mut found: Option<Rows> = None;
        for part in parts {
            if let Some(rows) = self.evaluate(part)? {
                found = Some(found.map_or_else(|| rows.clone(), |before| before.intersect(&rows)));
            }
        }
        Ok(found)
    }

    /// A part that can't be answered could match any row.
    fn any(&self, parts: &[TextQuery]) -> io::Result<Option<Rows>> {
        let mut found = Rows::default();
        for part in parts {
            match self.evaluate(part)? {
                Some(rows) => found = found.union(&rows),
                None => return Ok(None),
            }
        }
        Ok(Some(found))
    }

    fn word(&self, word: &str) -> io::Result<Rows> {
        let term = Term::from_field_text(schema().1, word);
        let postings = self.inverted.read_postings(&term, IndexRecordOption::Basic)?;
        let mut rows = Vec::new();
        if let Some(mut postings) = postings {
            rows.reserve(postings.size_hint() as usize);
            push_all(&mut postings, &mut rows);
        }
        Ok(Rows::from_sorted(rows))
    }

    fn prefix(&self, prefix: &str) -> io::Result<Option<Rows>> {
        let dictionary = self.inverted.terms();
        let mut words = dictionary.range().ge(prefix.as_bytes()).into_stream()?;
        let mut rows = Vec::new();
        let mut count = 0;
        while words.advance() && words.key().starts_with(prefix.as_bytes()) {
            count += 1;
            if count > limits::PREFIX_WORDS {
                return Ok(None);
            }
            let mut postings =
                self.inverted.read_postings_from_terminfo(words.value(), IndexRecordOption::Basic)?;
            push_all(&mut postings, &mut rows);
        }
        Ok(Some(Rows::new(rows)))
    }
}

fn push_all(postings: &mut impl DocSet, rows: &mut Vec<u32>) {
    let mut row = postings.doc();
    while row != TERMINATED {
        rows.push(row);
        row = postings.advance();
    }
}
