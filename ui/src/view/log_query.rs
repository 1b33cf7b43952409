//! Small edits of a log query from a click, and showing where it is wrong. The language itself is the
//! server's.

use super::links::term;

/// Adds `key:value`, once. An exclusion of the same is taken away first.
pub fn include(query: &str, key: &str, value: &str) -> String {
    add(query, &term(key, value), &format!("-{}", term(key, value)))
}

/// Adds `-key:value`, once. A demand for the same is taken away first.
pub fn exclude(query: &str, key: &str, value: &str) -> String {
    add(query, &format!("-{}", term(key, value)), &term(key, value))
}

fn add(query: &str, wanted: &str, opposite: &str) -> String {
    let mut tokens: Vec<&str> = tokens(query);
    // OR binds weaker than the AND between two terms, so what was there becomes one group.
    if tokens.iter().any(|token| matches!(*token, "OR" | "NOT") || token.contains(['(', ')'])) {
        return format!("({}) {wanted}", query.trim());
    }
    tokens.retain(|token| *token != opposite && *token != wanted);
    tokens.push(wanted);
    tokens.join(" ")
}

/// Words and quoted phrases, the quotes kept; spaces inside quotes do not split.
fn tokens(query: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let (mut start, mut quoted, mut escaped) = (None, false, false);
    for (at, c) in query.char_indices() {
        let splits = c.is_whitespace() && !quoted;
        match (splits, start) {
            (true, Some(from)) => {
                tokens.push(&query[from..at]);
                start = None;
            }
            (false, None) => start = Some(at),
            _ => {}
        }
        if c == '"' && !escaped {
            quoted = !quoted;
        }
        escaped = c == '\\' && !escaped;
    }
    tokens.extend(start.map(|from| &query[from..]));
    tokens
}

/// The search, and what is behind its first bar, if there is one: the server makes figures of that.
/// Bars in quotes and in regular expressions are none, as the server reads it.
pub fn cut_at_bar(query: &str) -> (&str, Option<&str>) {
    let (mut quoted, mut in_regex, mut escaped, mut before) = (false, false, false, ' ');
    for (at, c) in query.char_indices() {
        let after = &query[at + c.len_utf8()..];
        let begins = before.is_whitespace() || matches!(before, '(' | ':' | '-');
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' if !in_regex => quoted = !quoted,
            '/' if in_regex => in_regex = false,
            '/' if !quoted && begins && is_regex(after) => in_regex = true,
            '|' if !quoted && !in_regex && before.is_whitespace() && !after.starts_with('|') => {
                return (query[..at].trim_end(), Some(after));
            }
            _ => {}
        }
        before = c;
    }
    (query, None)
}

/// Whether what follows a slash is a regular expression: its end must end the word too, because
/// `/api/v1` and `/health` are paths.
fn is_regex(inside: &str) -> bool {
    let mut escaped = false;
    let end = inside.char_indices().find(|(_, c)| {
        let found = *c == '/' && !escaped;
        escaped = *c == '\\' && !escaped;
        found
    });
    end.is_some_and(|(end, _)| {
        let after = inside[end + 1..].chars().next();
        end > 0 && after.is_none_or(|c| c.is_whitespace() || c == ')')
    })
}

/// The same change of the search, with what is behind the bar left as it is.
pub fn edit(query: &str, change: impl FnOnce(&str) -> String) -> String {
    match cut_at_bar(query) {
        (search, None) => change(search),
        (search, Some(rest)) => format!("{} |{rest}", change(search)),
    }
}

/// A query cut at the byte offset where it goes wrong: before, the wrong character (empty at the end),
/// after. An offset inside a character or past the end is moved down to the nearest one.
pub fn split_at_error(query: &str, offset: usize) -> (&str, &str, &str) {
    let at = (0..=offset.min(query.len())).rev().find(|&at| query.is_char_boundary(at)).unwrap_or(0);
    let (before, rest) = query.split_at(at);
    let width = rest.chars().next().map_or(0, char::len_utf8);
    let (wrong, after) = rest.split_at(width);
    (before, wrong, after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_click_adds_once_and_turns_around() {
        assert_eq!(include("", "service", "pay"), "service:pay");
        assert_eq!(include("timeout service:pay", "service", "pay"), "timeout service:pay");
        assert_eq!(exclude("timeout service:pay", "service", "pay"), "timeout -service:pay");
        assert_eq!(include("-k:\"a b\" x", "k", "a b"), "x k:\"a b\"");
        assert_eq!(include("a OR b", "level", "error"), "(a OR b) level:error");
    }

    #[test]
    fn quotes_hold_together() {
        assert_eq!(tokens(r#"a "b c" k:"d \" e"  f"#), ["a", "\"b c\"", r#"k:"d \" e""#, "f"]);
    }

    #[test]
    fn what_is_behind_a_bar_stays() {
        assert_eq!(cut_at_bar("a | stats count()"), ("a", Some(" stats count()")));
        assert_eq!(cut_at_bar("| top 5 by x"), ("", Some(" top 5 by x")));
        assert_eq!(cut_at_bar("\"a | b\" c|d"), ("\"a | b\" c|d", None));
        for whole in ["/a | b/", "-body:/a\\/ | b/", "(/a | b/ OR c)", "a || b"] {
            assert_eq!(cut_at_bar(whole), (whole, None));
        }
        assert_eq!(cut_at_bar("/a | b/ | top 5 by x"), ("/a | b/", Some(" top 5 by x")));
        assert_eq!(cut_at_bar("path:/health | top 5 by x"), ("path:/health", Some(" top 5 by x")));
        assert_eq!(cut_at_bar("/api/v1 | stats count()"), ("/api/v1", Some(" stats count()")));
        assert_eq!(edit("a | top 5 by x", |search| include(search, "k", "v")), "a k:v | top 5 by x");
    }

    #[test]
    fn the_place_of_an_error() {
        assert_eq!(split_at_error("a:(b", 2), ("a:", "(", "b"));
        assert_eq!(split_at_error("é(", 1), ("", "é", "("));
        assert_eq!(split_at_error("abc", 99), ("abc", "", ""));
    }
}
