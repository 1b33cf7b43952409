//! `level=info msg="a text"`: pairs of a line.

use std::borrow::Cow;

/// The next pair, or what is wrong with it; `None` at the end. A key alone has an empty value.
pub type Pair<'l> = Result<(&'l str, Cow<'l, str>), String>;

pub struct Pairs<'l> {
    line: &'l str,
    at: usize,
}

impl<'l> Pairs<'l> {
    pub fn new(line: &'l str) -> Pairs<'l> {
        Pairs { line, at: 0 }
    }

    fn wrong(&self, what: &str) -> String {
        format!("logfmt syntax error at pos {} : {what}", self.at + 1)
    }

    /// Up to the next blank.
    fn skip_word(&mut self) {
        let rest = &self.line[self.at..];
        self.at += rest.find(is_blank).unwrap_or(rest.len());
    }

    fn quoted(&mut self) -> Result<Cow<'l, str>, String> {
        let line = self.line;
        let inner = &line[self.at + 1..];
        let mut escaped = false;
        let end = inner.char_indices().find(|(_, c)| {
            let ends = *c == '"' && !escaped;
            escaped = *c == '\\' && !escaped;
            ends
        });
        let Some((end, _)) = end else {
            let why = self.wrong("unterminated quoted value");
            self.at = line.len();
            return Err(why);
        };
        let text = &line[self.at..self.at + end + 2];
        self.at += end + 2;
        if !text.contains('\\') {
            return Ok(Cow::Borrowed(&inner[..end]));
        }
        let unquoted = crate::promql::unquote_prefix(text).map(|(text, _)| Cow::Owned(text));
        unquoted.map_err(|_| self.wrong("invalid quoted value"))
    }
}

fn is_blank(c: char) -> bool {
    c <= ' '
}

impl<'l> Iterator for Pairs<'l> {
    type Item = Pair<'l>;

    fn next(&mut self) -> Option<Pair<'l>> {
        let line = self.line;
        self.at = line[self.at..].find(|c| !is_blank(c)).map(|skipped| self.at + skipped)?;
        let rest = &line[self.at..];
        let end = rest.find(|c| is_blank(c) || matches!(c, '=' | '"')).unwrap_or(rest.len());
        let key = &rest[..end];
        if key.is_empty() || rest[end..].starts_with('"') {
            let unexpected = rest[end..].chars().next().unwrap_or('=');
            let why = self.wrong(&format!("unexpected '{unexpected}'"));
            self.skip_word();
            return Some(Err(why));
        }
        self.at += end;
        let Some(value) = rest[end..].strip_prefix('=') else { return Some(Ok((key, Cow::Borrowed("")))) };
        self.at += 1;
        if value.starts_with('"') {
            return Some(self.quoted().map(|value| (key, value)));
        }
        let length = value.find(is_blank).unwrap_or(value.len());
        self.at += length;
        let value = &value[..length];
        if value.contains(['=', '"']) {
            return Some(Err(self.wrong("unexpected '=' or '\"' in a value")));
        }
        Some(Ok((key, Cow::Borrowed(value))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_and_what_is_wrong() {
        let read = |line: &str| -> Vec<String> {
            let shown = |pair: Pair<'_>| match pair {
                Ok((key, value)) => format!("{key}:{value}"),
                Err(why) => why,
            };
            Pairs::new(line).map(shown).collect()
        };
        assert_eq!(read(r#" a=1  b="x \"y\"" c d= "#), ["a:1", "b:x \"y\"", "c:", "d:"]);
        assert_eq!(read(r#"=1 a=2"#), ["logfmt syntax error at pos 1 : unexpected '='", "a:2"]);
        assert_eq!(read(r#"a="x b=2"#), ["logfmt syntax error at pos 3 : unterminated quoted value"]);
        assert_eq!(read("größe=5 ü"), ["größe:5", "ü:"]);
    }
}
