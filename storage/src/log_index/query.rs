//! Which rows may match a question about words.

use super::candidates::{Candidates, Node};
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
    /// The rows that may match, a superset of those that do, to be asked for run by run; `None` when
    /// the question says nothing about words, or about too many.
    pub fn candidates(&self, query: &TextQuery) -> Result<Option<Candidates>> {
        let node = self.node(query).map_err(tantivy::TantivyError::from)?;
        Ok(node.map(|node| Candidates::new(node, self.rows)))
    }

    /// All of them at once.
    #[cfg(test)]
    pub fn rows(&self, query: &TextQuery) -> Result<Option<Rows>> {
        Ok(self.candidates(query)?.map(|mut candidates| candidates.within(0..self.rows)))
    }

    fn node(&self, query: &TextQuery) -> io::Result<Option<Node>> {
        match query {
            TextQuery::Word(text) => self.all_words(tokenize(text), false),
            TextQuery::Prefix(text) => self.all_words(tokenize(text), true),
            TextQuery::And(parts) => self.all(parts),
            TextQuery::Or(parts) => self.any(parts),
        }
    }

    /// Rows with all of the words, of which the last may only be a begin.
    fn all_words(&self, mut words: Vec<String>, last_is_prefix: bool) -> io::Result<Option<Node>> {
        let prefix = if last_is_prefix { words.pop() } else { None };
        let mut all: Vec<Node> = words.iter().map(|word| self.word(word)).collect::<io::Result<_>>()?;
        all.extend(prefix.map(|prefix| self.prefix(&prefix)).transpose()?.flatten());
        Ok(Node::all(all))
    }

    /// A part that can't be answered leaves the others to narrow the rows.
    fn all(&self, parts: &[TextQuery]) -> io::Result<Option<Node>> {
        let mut all = Vec::new();
        for part in parts {
            all.extend(self.node(part)?);
        }
        Ok(Node::all(all))
    }

    /// A part that can't be answered could match any row.
    fn any(&self, parts: &[TextQuery]) -> io::Result<Option<Node>> {
        let parts: io::Result<Option<Vec<Node>>> = parts.iter().map(|part| self.node(part)).collect();
        Ok(parts?.map(Node::Or))
    }

    fn word(&self, word: &str) -> io::Result<Node> {
        let term = Term::from_field_text(schema().1, word);
        let postings = self.inverted.read_postings(&term, IndexRecordOption::Basic)?;
        Ok(postings.map_or_else(|| Node::rows(Rows::default()), |postings| Node::Word(Box::new(postings))))
    }

    fn prefix(&self, prefix: &str) -> io::Result<Option<Node>> {
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
            let mut row = postings.doc();
            while row != TERMINATED {
                rows.push(row);
                row = postings.advance();
            }
        }
        Ok(Some(Node::rows(Rows::new(rows))))
    }
}
