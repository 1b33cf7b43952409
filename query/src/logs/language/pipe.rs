//! A query and what is made of what it finds: `level:error | stats count() by (service)`.

use super::SyntaxError;

/// Text behind a bar, and where it begins in the query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pipe<'a> {
    pub text: &'a str,
    pub at: usize,
}

/// Cuts a query at the bars that stand between its parts: those with a space before them, outside of
/// quotes and regular expressions. The first part is the filter.
pub fn split(text: &str) -> (&str, Vec<Pipe<'_>>) {
    let mut bars = Vec::new();
    let (mut quoted, mut in_regex, mut escaped, mut before) = (false, false, false, ' ');
    for (at, c) in text.char_indices() {
        let next = text[at + c.len_utf8()..].chars().next();
        let begins = before.is_whitespace() || matches!(before, '(' | ':' | '-');
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' if !in_regex => quoted = !quoted,
            '/' if in_regex => in_regex = false,
            '/' if !quoted && begins && is_regex(&text[at + 1..]) => in_regex = true,
            '|' if !quoted && !in_regex && before.is_whitespace() && next != Some('|') => bars.push(at),
            _ => {}
        }
        before = c;
    }
    let end = |number: usize| bars.get(number).copied().unwrap_or(text.len());
    let pipes = bars
        .iter()
        .enumerate()
        .map(|(number, bar)| Pipe { text: &text[bar + 1..end(number + 1)], at: bar + 1 });
    (&text[..end(0)], pipes.collect())
}

/// Whether what follows a slash is a regular expression with its end, as the lexer tells.
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

/// A query that finds records and makes nothing of them.
pub fn only_filter(text: &str) -> Result<&str, SyntaxError> {
    let (filter, pipes) = split(text);
    let Some(pipe) = pipes.first() else { return Ok(filter) };
    let message = "what follows a bar is answered at /api/logs/stats; quote the bar to search for it: \"|\"";
    Err(SyntaxError::new(pipe.at - 1, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_between_parts_cut_and_others_do_not() {
        let parts = |text: &'static str| {
            let (filter, pipes) = split(text);
            pipes.iter().for_each(|pipe| assert_eq!(&text[pipe.at..pipe.at + pipe.text.len()], pipe.text));
            std::iter::once(filter).chain(pipes.iter().map(|pipe| pipe.text)).collect::<Vec<_>>()
        };
        assert_eq!(parts("a | stats count() | limit 5"), ["a ", " stats count() ", " limit 5"]);
        assert_eq!(parts("| top 5 by service"), ["", " top 5 by service"]);
        assert_eq!(parts(" |stats count()"), [" ", "stats count()"]);
        for whole in
            ["a|b", "\"a | b\"", "/a | b/", "body:/x | (y)/ c", "a || b", "\"\\\" | x\"", "path:/a/b"]
        {
            assert_eq!(parts(whole), [whole]);
        }
        assert_eq!(parts("path:/api | limit 1"), ["path:/api ", " limit 1"]);
        assert_eq!(only_filter("a | stats").unwrap_err().offset, 2);
        assert_eq!(only_filter("a \"|\""), Ok("a \"|\""));
    }
}
