//! What a regular expression tells of the texts that it matches, so that they are looked up in an index.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::literal::{Extractor, Seq};

/// Texts of an alternation that are looked up one by one.
const MAX_TEXTS: usize = 10_000;
const MAX_TEXT_BYTES: usize = 1_000;

/// Where the texts are that a matcher can find.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Literals {
    /// One of these.
    Texts(Vec<String>),
    /// They begin with this.
    Prefix(String),
    Any,
}

/// Those of a pattern that must match the whole text.
pub fn of_pattern(pattern: &str) -> Literals {
    let parsed = ParserBuilder::new().dot_matches_new_line(true).build().parse(pattern);
    let Ok(hir) = parsed else { return Literals::Any };
    let mut extractor = Extractor::new();
    extractor.limit_total(MAX_TEXTS).limit_literal_len(MAX_TEXT_BYTES);
    let found: Seq = extractor.extract(&hir);
    if found.is_exact()
        && let Some(literals) = found.literals()
    {
        let texts = literals.iter().map(|literal| String::from_utf8(literal.as_bytes().to_vec()));
        return texts.collect::<Result<_, _>>().map_or(Literals::Any, Literals::Texts);
    }
    match found.longest_common_prefix().map(whole_chars) {
        Some(prefix) if !prefix.is_empty() => Literals::Prefix(prefix.to_owned()),
        _ => Literals::Any,
    }
}

fn whole_chars(bytes: &[u8]) -> &str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(cut) => std::str::from_utf8(&bytes[..cut.valid_up_to()]).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::select::anchored;
    use proptest::prelude::*;

    fn texts(texts: &[&str]) -> Literals {
        Literals::Texts(texts.iter().map(|text| (*text).to_owned()).collect())
    }

    #[test]
    fn what_patterns_tell() {
        assert_eq!(of_pattern("GET"), texts(&["GET"]));
        assert_eq!(of_pattern("GET|POST"), texts(&["GET", "POST"]));
        assert_eq!(of_pattern("(GET|POST|)"), texts(&["GET", "POST", ""]));
        assert_eq!(of_pattern("20[01]"), texts(&["200", "201"]));
        assert_eq!(of_pattern("/api/v1/.*"), Literals::Prefix("/api/v1/".into()));
        assert_eq!(of_pattern("/api/(users|uploads)/.+"), Literals::Prefix("/api/u".into()));
        assert_eq!(of_pattern("é.*"), Literals::Prefix("é".into()));
        assert_eq!(of_pattern("(?i)get"), texts(&["GET", "GEt", "GeT", "Get", "gET", "gEt", "geT", "get"]));
        assert_eq!(of_pattern(".*"), Literals::Any);
        assert_eq!(of_pattern("(a"), Literals::Any);
    }

    proptest! {
        #[test]
        fn no_match_is_elsewhere(
            pattern in "(\\(\\?i\\))?[ab.]{0,2}(\\||\\?|\\*|\\+|\\{1,2\\}|\\[ab\\]|\\$|\\^)?[abé]{0,2}(\\|[ab]{0,2})?",
            text in "[abAé]{0,4}",
        ) {
            let Ok(regex) = anchored(&pattern) else { return Ok(()) };
            let may_match = match of_pattern(&pattern) {
                Literals::Texts(texts) => texts.contains(&text),
                Literals::Prefix(prefix) => text.starts_with(&prefix),
                Literals::Any => true,
            };
            prop_assert!(may_match || !regex.is_match(&text), "{} {}", pattern, text);
        }
    }
}
