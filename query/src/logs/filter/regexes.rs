//! Regular expressions with bounds: a pattern can't cost more memory than is named here, and
//! matching is linear in the text by construction of the `regex` crate.

use crate::logs::language::{Span, SyntaxError};
use regex::{Regex, RegexBuilder};

/// Patterns of one query: what is compiled is not counted as the query's memory.
pub const MAX_PATTERNS: usize = 16;
/// Bytes of one pattern.
pub const MAX_PATTERN_BYTES: usize = 1 << 10;
/// Bytes of a compiled pattern; `(a{100}){100}` is beyond it.
const MAX_PROGRAM_BYTES: usize = 1 << 20;
/// Bytes of the cache of one that is matching.
const MAX_CACHE_BYTES: usize = 2 << 20;
const MAX_NESTING: u32 = 64;

/// Compiles a pattern, or says at its place in the query what is wrong with it.
pub fn compile(pattern: &str, span: Span) -> Result<Regex, SyntaxError> {
    if pattern.len() > MAX_PATTERN_BYTES {
        let message = format!("the regular expression is longer than {MAX_PATTERN_BYTES} bytes");
        return Err(SyntaxError::new(span.start, message));
    }
    RegexBuilder::new(pattern)
        .size_limit(MAX_PROGRAM_BYTES)
        .dfa_size_limit(MAX_CACHE_BYTES)
        .nest_limit(MAX_NESTING)
        .build()
        .map_err(|error| SyntaxError::new(span.start, explain(&error)))
}

fn explain(error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(_) => {
            "the regular expression is too big; use smaller or fewer repetitions".to_owned()
        }
        // The text draws the pattern over several lines; its last one says what is wrong.
        other => {
            let text = other.to_string();
            let reason = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
            format!("the regular expression is not valid: {reason}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bombs_and_mistakes_are_named() {
        let message = |pattern: &str| compile(pattern, Span { start: 3, end: 9 }).unwrap_err();
        assert!(message("((a{100}){100}){100}").message.contains("too big"));
        assert_eq!(message("(a").message, "the regular expression is not valid: unclosed group");
        assert_eq!(message("(a").offset, 3);
        assert!(message(&"a".repeat(2000)).message.contains("longer than 1024"));
        assert!(compile("^time(d|s) out$", Span::default()).is_ok());
    }
}
