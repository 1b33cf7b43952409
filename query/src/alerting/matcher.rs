//! Matchers as Alertmanager writes them: `severity="page"`, `{team=~"a|b", env!=dev}`.
//!
//! Source: Alertmanager's documentation, "Matcher". It has two grammars, the classic one and the one of
//! UTF-8 names, and takes what either of them takes; this one takes the same of both. A value without
//! quotes ends at a comma.

use crate::promql::labels::Labels;
use crate::promql::select::{MatchOp, Matcher};
use std::fmt::Write;

/// What is wrong, and where: the character, from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("character {at}: {message}")]
pub struct MatcherError {
    pub at: usize,
    pub message: String,
}

const OPS: [(&str, MatchOp); 4] =
    [("=~", MatchOp::Regex), ("!~", MatchOp::NotRegex), ("!=", MatchOp::NotEqual), ("=", MatchOp::Equal)];

/// What ends a name without quotes.
fn is_reserved(c: char) -> bool {
    c.is_whitespace() || "{}!=~,\\\"'`".contains(c)
}

/// The matchers of a list, with braces or without; a comma may stand behind the last. An empty list has none.
pub fn parse(text: &str) -> Result<Vec<Matcher>, MatcherError> {
    let mut reader = Reader { text, at: 0, in_braces: false };
    reader.spaces();
    reader.in_braces = reader.take("{");
    let mut matchers = Vec::new();
    loop {
        reader.spaces();
        if reader.is_end() {
            break;
        }
        matchers.push(reader.matcher()?);
        reader.spaces();
        if !reader.take(",") {
            break;
        }
    }
    reader.spaces();
    if reader.in_braces && !reader.take("}") {
        return Err(reader.wrong("a comma or a closing brace is expected"));
    }
    reader.spaces();
    if !reader.rest().is_empty() {
        return Err(reader.wrong("nothing more is expected"));
    }
    Ok(matchers)
}

struct Reader<'a> {
    text: &'a str,
    /// Bytes.
    at: usize,
    in_braces: bool,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn is_end(&self) -> bool {
        self.rest().is_empty() || self.in_braces && self.rest().starts_with('}')
    }

    fn spaces(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn take(&mut self, what: &str) -> bool {
        let found = self.rest().starts_with(what);
        self.at += if found { what.len() } else { 0 };
        found
    }

    fn wrong(&self, message: impl Into<String>) -> MatcherError {
        self.wrong_at(self.at, message)
    }

    fn wrong_at(&self, byte: usize, message: impl Into<String>) -> MatcherError {
        MatcherError { at: self.text[..byte].chars().count() + 1, message: message.into() }
    }

    fn matcher(&mut self) -> Result<Matcher, MatcherError> {
        let name_at = self.at;
        let name = if self.rest().starts_with('"') {
            self.quoted()?
        } else {
            let end = self.rest().find(is_reserved).unwrap_or(self.rest().len());
            let name = self.rest()[..end].to_owned();
            self.at += end;
            name
        };
        if name.is_empty() {
            return Err(self.wrong_at(name_at, "the name of a label is expected"));
        }
        self.spaces();
        let Some((_, op)) = OPS.into_iter().find(|(text, _)| self.take(text)) else {
            return Err(self.wrong(format!("one of = != =~ !~ is expected behind {name:?}")));
        };
        self.spaces();
        let value_at = self.at;
        let value = if self.rest().starts_with('"') { self.quoted()? } else { self.unquoted()? };
        Matcher::new(op, &name, &value).map_err(|why| self.wrong_at(value_at, why))
    }

    /// Begins at the quote.
    fn quoted(&mut self) -> Result<String, MatcherError> {
        let begin = self.at;
        self.at += 1;
        let mut escaped = false;
        for (at, c) in self.rest().char_indices() {
            if c == '"' && !escaped {
                let text = unescaped(&self.rest()[..at]);
                self.at += at + 1;
                return Ok(text);
            }
            escaped = c == '\\' && !escaped;
        }
        Err(self.wrong_at(begin, "this quote is not closed"))
    }

    /// Up to a comma, or to the end.
    fn unquoted(&mut self) -> Result<String, MatcherError> {
        let (begin, mut depth) = (self.at, 0_usize);
        let mut end = self.text.len();
        for (at, c) in self.rest().char_indices() {
            let here = begin + at;
            match c {
                '{' => depth += 1,
                '}' if depth > 0 => depth -= 1,
                '}' if self.in_braces => end = here,
                '}' => return Err(self.wrong_at(here, "this brace was not opened")),
                // Those of a repetition, `a{1,2}`, are a value's own.
                ',' if depth == 0 => end = here,
                '"' => return Err(self.wrong_at(here, "a quote within a value without quotes; put the value in quotes, and a backslash before this one")),
                _ => continue,
            }
            if end == here {
                break;
            }
        }
        self.at = end;
        Ok(unescaped(self.text[begin..end].trim_end()))
    }
}

/// `\n`, `\"` and `\\`; another backslash is itself.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let next = (c == '\\').then(|| chars.peek()).flatten();
        let resolved = match next {
            Some('n') => Some('\n'),
            Some('"') => Some('"'),
            Some('\\') => Some('\\'),
            _ => None,
        };
        if resolved.is_some() {
            chars.next();
        }
        out.push(resolved.unwrap_or(c));
    }
    out
}

/// One matcher, as Alertmanager writes it; [`parse`] gives the same again.
pub fn show(matcher: &Matcher) -> String {
    let escape = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let op = OPS.iter().find(|(_, op)| *op == matcher.op).map_or("=", |(text, _)| text);
    let value = escape(&matcher.value);
    if matcher.name.contains(is_reserved) {
        format!("\"{}\"{op}\"{value}\"", escape(&matcher.name))
    } else {
        format!("{}{op}\"{value}\"", matcher.name)
    }
}

/// A list in braces.
pub fn show_all(matchers: &[Matcher]) -> String {
    let mut text = String::from("{");
    for (at, matcher) in matchers.iter().enumerate() {
        let _ = write!(text, "{}{}", if at == 0 { "" } else { "," }, show(matcher));
    }
    text.push('}');
    text
}

/// By name and value, as Alertmanager sorts those of a route.
pub fn sort(matchers: &mut [Matcher]) {
    matchers.sort_by(|a, b| (&a.name, &a.value, a.op as u8).cmp(&(&b.name, &b.value, b.op as u8)));
}

/// An absent label is an empty one.
pub fn all_match(matchers: &[Matcher], labels: &Labels) -> bool {
    matchers.iter().all(|matcher| matcher.matches(labels.get(&matcher.name)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Both the list and, where it is wrong, the message.
    fn check(text: &str, expect: &str) {
        let found = match parse(text) {
            Ok(matchers) => show_all(&matchers),
            Err(error) => error.to_string(),
        };
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn lists_are_read() {
        for (text, expect) in [
            ("", "{}"),
            (" { } ", "{}"),
            ("a=b", r#"{a="b"}"#),
            (r#"{a="b"}"#, r#"{a="b"}"#),
            (r#" { foo = "bar", dings != "bums", } "#, r#"{foo="bar",dings!="bums"}"#),
            ("foo=bar, dings!=bums baz ,", r#"{foo="bar",dings!="bums baz"}"#),
            (r#"statuscode=~"5..",a!~b.*"#, r#"{statuscode=~"5..",a!~"b.*"}"#),
            (
                r#"{quote="She said: \"Hi, ladies! That's {all}\""}"#,
                r#"{quote="She said: \"Hi, ladies! That's {all}\""}"#,
            ),
            ("a=", r#"{a=""}"#),
            ("a=,b=c", r#"{a="",b="c"}"#),
            ("{a=}", r#"{a=""}"#),
            ("a=b=c", r#"{a="b=c"}"#),
            ("{a=~x{1,2},b=c}", r#"{a=~"x{1,2}",b="c"}"#),
            (r#"a=~"x\.y\\.z""#, r#"{a=~"x\\.y\\.z"}"#),
            (r#"a="x\ny""#, r#"{a="x\ny"}"#),
            (r#"{"héllo wörld"="✓", Σ=x}"#, r#"{"héllo wörld"="✓",Σ="x"}"#),
            (r#"service.name="x""#, r#"{service.name="x"}"#),
        ] {
            check(text, expect);
        }
    }

    #[test]
    fn what_is_wrong_has_a_place() {
        for (text, expect) in [
            ("a", "character 2: one of = != =~ !~ is expected behind \"a\""),
            ("=b", "character 1: the name of a label is expected"),
            (r#"""="b""#, "character 1: the name of a label is expected"),
            (",", "character 1: the name of a label is expected"),
            (r#"é=1, a="b"#, "character 8: this quote is not closed"),
            (r#"{a="b""#, "character 7: a comma or a closing brace is expected"),
            (r#"a="b"}"#, "character 6: nothing more is expected"),
            (r#"{a="b"} x"#, "character 9: nothing more is expected"),
            (r#"a="b" c="d""#, "character 7: nothing more is expected"),
            ("a=b}", "character 4: this brace was not opened"),
            (
                r#"a=b"c"#,
                "character 4: a quote within a value without quotes; put the value in quotes, and a backslash before this one",
            ),
            (r#"a=~"(""#, "character 4: error parsing regexp \"(\": unclosed group"),
        ] {
            check(text, expect);
        }
    }

    #[test]
    fn an_absent_label_is_empty() {
        let labels = Labels::new([("a", "b")]);
        let matches = |text: &str| all_match(&parse(text).unwrap(), &labels);
        assert!(matches(r#"a=b,c="",d!=x"#) && matches("a=~b|c") && matches(""));
        assert!(!matches("a=b,c=~.+") && !matches("a!=b"));
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read(names in proptest::collection::vec("[a-z.\\\\\"{} =é]{1,4}", 0..3), value in "[a-z\\\\\"\n{},n]{0,6}") {
            let made: Vec<Matcher> =
                names.iter().map(|name| Matcher::new(MatchOp::NotEqual, name, &value).unwrap()).collect();
            let text = show_all(&made);
            let read = parse(&text).unwrap();
            prop_assert_eq!(read.len(), made.len());
            for (a, b) in read.iter().zip(&made) {
                prop_assert_eq!((&a.name, &a.value, a.op), (&b.name, &b.value, b.op));
            }
        }
    }
}
