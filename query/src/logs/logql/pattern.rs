//! `<ip> - - "<method> <_>"`: literals, and captures between them.
//!
//! Source: Loki `pkg/logql/log/pattern`.

#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    pub text: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Literal(String),
    /// Without a name for `<_>`.
    Capture(Option<String>),
}

impl Pattern {
    /// Of the parser, which needs a name.
    pub fn of_parser(text: &str) -> Result<Pattern, String> {
        let pattern = Pattern::new(text)?;
        if pattern.names().next().is_none() {
            return Err("at least one capture is required".to_owned());
        }
        let mut names: Vec<&str> = pattern.names().collect();
        names.sort_unstable();
        if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(format!("duplicate capture name ({})", pair[0]));
        }
        Ok(pattern)
    }

    /// Of a line filter, which has no use for one.
    pub fn of_filter(text: &str) -> Result<Pattern, String> {
        let pattern = Pattern::new(text)?;
        if pattern.names().next().is_some() {
            return Err("named captures are not allowed in a line filter: write <_>".to_owned());
        }
        Ok(pattern)
    }

    fn new(text: &str) -> Result<Pattern, String> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while !rest.is_empty() {
            if let Some((name, after)) = capture(rest) {
                if !literal.is_empty() {
                    parts.push(Part::Literal(std::mem::take(&mut literal)));
                } else if !parts.is_empty() {
                    return Err(format!("found consecutive capture <{name}>: a literal must stand between"));
                }
                parts.push(Part::Capture((name != "_").then(|| name.to_owned())));
                rest = after;
                continue;
            }
            let length = rest.chars().next().map_or(1, char::len_utf8);
            literal.push_str(&rest[..length]);
            rest = &rest[length..];
        }
        if !literal.is_empty() {
            parts.push(Part::Literal(literal));
        }
        Ok(Pattern { text: text.to_owned(), parts })
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Capture(name) => name.as_deref(),
            Part::Literal(_) => None,
        })
    }

    /// The literals, in their order: all must be in a line.
    pub fn literals(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Literal(text) => Some(text.as_str()),
            Part::Capture(_) => None,
        })
    }

    /// What the named captures catch, as far as the line goes along with the pattern.
    pub fn captures<'l>(&self, line: &'l str) -> Vec<(&str, &'l str)> {
        let (mut found, mut rest) = (Vec::new(), line);
        let mut parts = self.parts.iter().peekable();
        if let Some(Part::Literal(text)) = parts.peek() {
            let Some(after) = rest.strip_prefix(text.as_str()) else { return found };
            rest = after;
            parts.next();
        }
        while let Some(part) = parts.next() {
            let Part::Capture(name) = part else { continue };
            let end = match parts.next() {
                Some(Part::Literal(text)) => rest.find(text.as_str()).map(|at| (at, at + text.len())),
                _ => None,
            };
            let (caught, after) = end.unwrap_or((rest.len(), rest.len()));
            found.extend(name.as_deref().map(|name| (name, &rest[..caught])));
            if end.is_none() {
                break;
            }
            rest = &rest[after..];
        }
        found
    }

    /// Whether the whole line is as the pattern says; a capture is never empty.
    pub fn matches(&self, line: &str) -> bool {
        if line.is_empty() || self.parts.is_empty() {
            return line.is_empty() && self.parts.is_empty();
        }
        let mut rest = line;
        for (at, part) in self.parts.iter().enumerate() {
            let Part::Literal(text) = part else { continue };
            match rest.find(text.as_str()) {
                Some(found) if (found == 0) == (at == 0) => rest = &rest[found + text.len()..],
                _ => return false,
            }
        }
        matches!(self.parts.last(), Some(Part::Capture(_))) != rest.is_empty()
    }
}

/// `<name>` at the begin of a text.
fn capture(text: &str) -> Option<(&str, &str)> {
    let (name, after) = text.strip_prefix('<')?.split_once('>')?;
    let first = name.chars().next()?;
    let is_name = (first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_name.then_some((name, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captures_end_at_the_next_literal() {
        let pattern = Pattern::of_parser("<ip> - - [<_>] \"<method> <path>\"").unwrap();
        let line = "10.0.0.1 - - [now] \"GET /cart?x=1\" 200";
        assert_eq!(pattern.captures(line), [("ip", "10.0.0.1"), ("method", "GET"), ("path", "/cart?x=1")]);
        // What goes along only for a while is caught up to the end.
        assert_eq!(pattern.captures("10.0.0.1 - x"), [("ip", "10.0.0.1 - x")]);
        assert!(Pattern::of_parser("a <b>").unwrap().captures("x 5").is_empty());
        assert!(Pattern::of_parser("<a><b>").unwrap_err().contains("consecutive"));
        assert!(Pattern::of_parser("<_> x").is_err() && Pattern::of_filter("<a>").is_err());
        assert!(Pattern::of_parser("<a> <a>").unwrap_err().contains("duplicate"));
    }

    #[test]
    fn lines_match_as_a_whole() {
        let is = |pattern: &str, line: &str| Pattern::of_filter(pattern).unwrap().matches(line);
        assert!(is("<_> took <_> ms", "cart took 5 ms") && !is("<_> took <_> ms", "cart took 5 ms."));
        assert!(is("took <_>", "took 5") && !is("took <_>", "it took 5") && !is("took <_>", "took "));
        assert!(is("<_>", "x") && !is("<_>", "") && is("", "") && !is("", "x"));
        assert!(is("a <b c", "a <b c"));
    }
}
