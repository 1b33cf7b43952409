//! The text of a query to tokens with their places.

use crate::logs::language::{Span, SyntaxError};
use crate::traces::duration::unit_ns;

#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    /// A bare word, with its colons: `duration`, `trace:id`, `count_over_time`.
    Word(String),
    /// An attribute with its scopes as written, `parent.resource` apart from `cluster`.
    Attribute {
        scope: String,
        name: String,
    },
    Text(String),
    Int(i64),
    Float(f64),
    /// Nanoseconds.
    Duration(i64),
    Operator(&'static str),
}

/// Longest first, so that `>>` is not two `>`.
const OPERATORS: [&str; 37] = [
    "&>>", "&<<", "!>>", "!<<", "&>", "&<", "&~", "&&", "!>", "!<", "!~", "!=", "=~", ">>", "<<", ">=", "<=",
    "||", "=", ">", "<", "~", "!", "|", "+", "-", "*", "/", "%", "^", "{", "}", "(", ")", ",", "[", "]",
];

/// What an attribute's first part may be for the rest to be in its scope.
pub const SCOPES: [&str; 6] = ["span", "resource", "event", "link", "instrumentation", "parent"];

pub fn tokens(text: &str) -> Result<Vec<(Token, Span)>, SyntaxError> {
    let mut lexer = Lexer { text, at: 0 };
    let mut tokens = Vec::new();
    while let Some(token) = lexer.next()? {
        tokens.push(token);
    }
    Ok(tokens)
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Result<Option<(Token, Span)>, SyntaxError> {
        self.at += self.rest().len() - self.rest().trim_start().len();
        let start = self.at;
        let Some(first) = self.peek() else { return Ok(None) };
        let follows = self.rest().chars().nth(1);
        let token = match first {
            '"' | '`' => Token::Text(self.quoted()?),
            // As in Go, `.5` is a number.
            '.' if follows.is_some_and(|c| c == '"' || is_name(c) && !c.is_ascii_digit()) => {
                self.at += 1;
                Token::Attribute { scope: String::new(), name: self.name()? }
            }
            c if c.is_ascii_digit() || c == '.' && follows.is_some_and(|c| c.is_ascii_digit()) => {
                self.number()?
            }
            c if c.is_alphabetic() || c == '_' => self.word()?,
            _ => self.operator()?,
        };
        Ok(Some((token, Span { start, end: self.at })))
    }

    fn operator(&mut self) -> Result<Token, SyntaxError> {
        let rest = self.rest();
        let operator =
            OPERATORS.into_iter().find(|operator| rest.starts_with(operator)).ok_or_else(|| {
                let c = self.peek().unwrap_or_default();
                SyntaxError::new(self.at, format!("'{c}' has no meaning here; quote text: \"{c}\""))
            })?;
        self.at += operator.len();
        Ok(Token::Operator(operator))
    }

    /// Text in quotes with `\"`, `\\`, `\n`, `\t`, `\r`; between backquotes everything is itself.
    fn quoted(&mut self) -> Result<String, SyntaxError> {
        let start = self.at;
        let unclosed = || SyntaxError::new(start, "the quote that opens here is not closed");
        let quote = self.peek().ok_or_else(unclosed)?;
        let mut text = String::new();
        let mut chars = self.text[start + 1..].char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                c if c == quote => {
                    self.at = start + 1 + at + 1;
                    return Ok(text);
                }
                '\\' if quote == '"' => {
                    let (_, escaped) = chars.next().ok_or_else(unclosed)?;
                    text.push(match escaped {
                        'n' => '\n',
                        't' => '\t',
                        'r' => '\r',
                        '"' | '\\' | '\'' => escaped,
                        other => {
                            let message = format!(
                                "'\\{other}' is no escape; write '\\\\{other}', or put the text in backquotes"
                            );
                            return Err(SyntaxError::new(start + 1 + at, message));
                        }
                    });
                }
                c => text.push(c),
            }
        }
        Err(unclosed())
    }

    /// The name of an attribute: up to what can't be in one, quoted parts as they are.
    fn name(&mut self) -> Result<String, SyntaxError> {
        let mut name = String::new();
        while let Some(c) = self.peek() {
            if c == '"' {
                name.push_str(&self.quoted()?);
            } else if is_name(c) {
                name.push(c);
                self.at += c.len_utf8();
            } else {
                break;
            }
        }
        Ok(name)
    }

    /// A word, or an attribute where the word is a scope and a dot follows.
    fn word(&mut self) -> Result<Token, SyntaxError> {
        let mut scope = String::new();
        loop {
            let rest = self.rest();
            let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
            let (word, after) = rest.split_at(length.unwrap_or(rest.len()));
            let nested = scope.is_empty() || scope == "parent" && matches!(word, "span" | "resource");
            if after.starts_with('.') && SCOPES.contains(&word) && nested {
                self.at += word.len() + 1;
                if !scope.is_empty() {
                    scope.push('.');
                }
                scope.push_str(word);
                continue;
            }
            if !scope.is_empty() {
                let name = self.name()?;
                if name.is_empty() {
                    return Err(SyntaxError::new(self.at, format!("a name is missing after '{scope}.'")));
                }
                return Ok(Token::Attribute { scope, name });
            }
            self.at += word.len();
            if after.starts_with('.') {
                let hint = crate::nearest::hint(word, SCOPES);
                let message =
                    format!("'{word}' is no scope of attributes: write .{word}… for any scope{hint}");
                return Err(SyntaxError::new(self.at - word.len(), message));
            }
            return Ok(Token::Word(word.to_owned()));
        }
    }

    /// `5`, `5.5`, `1e3`, `250ms`, `1h30m`.
    fn number(&mut self) -> Result<Token, SyntaxError> {
        let start = self.at;
        let rest = self.rest();
        let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '.')).unwrap_or(rest.len());
        let mut text = &rest[..length];
        // A number with a sign in its exponent.
        if text.ends_with(['e', 'E'])
            && text[..length - 1].bytes().all(|b| b.is_ascii_digit() || b == b'.')
            && rest[length..].starts_with(['-', '+'])
        {
            let digits = rest[length + 1..].find(|c: char| !c.is_ascii_digit());
            text = &rest[..digits.map_or(rest.len(), |digits| length + 1 + digits)];
        }
        self.at += text.len();
        let number = text.parse().map(Token::Int).or_else(|_| text.parse().map(Token::Float)).ok();
        number
            .filter(|number| !matches!(number, Token::Float(n) if !n.is_finite()))
            .or_else(|| duration(text).map(Token::Duration))
            .ok_or_else(|| {
                SyntaxError::new(
                    start,
                    format!("'{text}' is no number or duration; use 5, 2.5, 250ms or 1h30m"),
                )
            })
    }
}

/// Whether a character can be in the name of an attribute without quotes.
fn is_name(c: char) -> bool {
    !c.is_whitespace() && !"{}()=~!<>&|^,\"`".contains(c)
}

/// Nanoseconds of numbers with units, as Go and Prometheus write them.
fn duration(text: &str) -> Option<i64> {
    let mut rest = text;
    let mut sum = 0f64;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
        let (number, after) = rest.split_at(digits);
        let unit = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let unit_ns = match &after[..unit] {
            "d" => 86_400e9,
            "w" => 7.0 * 86_400e9,
            "y" => 365.0 * 86_400e9,
            unit => unit_ns(unit)?,
        };
        sum += number.parse::<f64>().ok()? * unit_ns;
        rest = &after[unit..];
    }
    (!text.is_empty() && sum <= i64::MAX as f64).then_some(sum.round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lexed(text: &str) -> Vec<Token> {
        tokens(text).unwrap().into_iter().map(|(token, _)| token).collect()
    }

    fn attribute(scope: &str, name: &str) -> Token {
        Token::Attribute { scope: scope.to_owned(), name: name.to_owned() }
    }

    #[test]
    fn attributes_and_scopes() {
        assert_eq!(
            lexed(r#".foo-bar/baz span.a."b c".d parent.resource.x parent.y event.exception.type"#),
            [
                attribute("", "foo-bar/baz"),
                attribute("span", "a.b c.d"),
                attribute("parent.resource", "x"),
                attribute("parent", "y"),
                attribute("event", "exception.type"),
            ]
        );
        assert_eq!(lexed("trace:id parent"), [Token::Word("trace:id".into()), Token::Word("parent".into())]);
        assert!(tokens("spam.foo").unwrap_err().message.ends_with("did you mean span?"));
    }

    #[test]
    fn numbers_and_durations() {
        assert_eq!(
            lexed("5 .25 2.5 1e3 1e-3 250ms 1h30m 1.5s 2d"),
            [
                Token::Int(5),
                Token::Float(0.25),
                Token::Float(2.5),
                Token::Float(1000.0),
                Token::Float(0.001),
                Token::Duration(250_000_000),
                Token::Duration(5_400_000_000_000),
                Token::Duration(1_500_000_000),
                Token::Duration(172_800_000_000_000),
            ]
        );
        for wrong in ["5x", "1.2.3", "9999999999999h", "5msx", "1e999"] {
            assert_eq!(tokens(wrong).unwrap_err().offset, 0, "{wrong}");
        }
    }

    #[test]
    fn strings() {
        assert_eq!(lexed(r#""a\"b\\" `c\d`"#), [Token::Text("a\"b\\".into()), Token::Text("c\\d".into())]);
        assert_eq!(tokens(r#"{ .a = "b "#).unwrap_err().offset, 7);
        assert_eq!(tokens(r#""a\d""#).unwrap_err().offset, 2);
        assert!(tokens("{ .a = 'b' }").unwrap_err().message.contains("quote text"));
    }

    #[test]
    fn operators_are_as_long_as_they_can_be() {
        let operators = lexed("!>>&<<>>&>!~=~>=!&&");
        let texts = operators.iter().map(|token| match token {
            Token::Operator(text) => *text,
            other => panic!("{other:?}"),
        });
        assert_eq!(texts.collect::<Vec<_>>(), ["!>>", "&<<", ">>", "&>", "!~", "=~", ">=", "!", "&&"]);
    }
}
