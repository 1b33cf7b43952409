//! The text of a query as tokens.

use super::units::{bytes, duration_ns};
use crate::logs::language::{Span, SyntaxError};

#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    /// A name or a keyword.
    Word(String),
    /// Without its quotes.
    Text(String),
    Number(f64),
    /// A number with units of time, in nanoseconds, and as it was written.
    Duration(i64, String),
    /// A number with a unit of size, and as it was written.
    Bytes(f64, String),
    /// `--strict` and the like.
    Flag(String),
    Sign(&'static str),
}

impl Token {
    /// As Loki names it in its messages: by its kind where it has many forms.
    pub fn class(&self) -> &str {
        match self {
            Token::Word(word) if KEYWORDS.contains(&word.as_str()) => word,
            Token::Word(_) => "IDENTIFIER",
            Token::Text(_) => "STRING",
            Token::Number(_) => "NUMBER",
            Token::Duration(..) => "DURATION",
            Token::Bytes(..) => "BYTES",
            Token::Flag(_) => "PARSER_FLAG",
            Token::Sign(sign) => sign,
        }
    }
}

const KEYWORDS: [&str; 26] = [
    "and",
    "bool",
    "by",
    "decolorize",
    "drop",
    "group_left",
    "group_right",
    "ignoring",
    "ip",
    "json",
    "keep",
    "label_format",
    "line_format",
    "logfmt",
    "offset",
    "on",
    "or",
    "pattern",
    "rate",
    "regexp",
    "sum",
    "topk",
    "unless",
    "unpack",
    "unwrap",
    "without",
];

/// Longer ones first.
const SIGNS: [&str; 28] = [
    "|=", "!=", "|~", "!~", "|>", "!>", "=~", "==", ">=", "<=", "{", "}", "(", ")", "[", "]", ",", "=", ">",
    "<", "|", "+", "-", "*", "/", "%", "^", ":",
];

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

    fn take_while(&mut self, holds: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c| !holds(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    /// White space, and comments to the end of the line.
    fn skip_blank(&mut self) {
        loop {
            self.take_while(char::is_whitespace);
            if !self.rest().starts_with('#') {
                return;
            }
            self.take_while(|c| c != '\n');
        }
    }

    fn next(&mut self) -> Result<Option<(Token, Span)>, SyntaxError> {
        self.skip_blank();
        let start = self.at;
        let Some(first) = self.rest().chars().next() else { return Ok(None) };
        let token = match first {
            '"' | '`' => self.text_token()?,
            c if c.is_ascii_digit() => self.number()?,
            '.' if self.rest()[1..].starts_with(|c: char| c.is_ascii_digit()) => self.number()?,
            c if c.is_ascii_alphabetic() || c == '_' => {
                Token::Word(self.take_while(|c| c.is_ascii_alphanumeric() || c == '_').to_owned())
            }
            '-' if self.rest().starts_with("--") => {
                self.at += 2;
                Token::Flag(self.take_while(|c| c.is_ascii_alphabetic() || c == '-').to_owned())
            }
            _ => self.sign()?,
        };
        Ok(Some((token, Span { start, end: self.at })))
    }

    fn sign(&mut self) -> Result<Token, SyntaxError> {
        let found = SIGNS.into_iter().find(|sign| self.rest().starts_with(sign));
        let wrong = || {
            let c = self.rest().chars().next().unwrap_or_default();
            SyntaxError::new(self.at, format!("syntax error: unexpected character '{c}'"))
        };
        let sign = found.ok_or_else(wrong)?;
        self.at += sign.len();
        Ok(Token::Sign(sign))
    }

    fn text_token(&mut self) -> Result<Token, SyntaxError> {
        let unquoted = crate::promql::unquote_prefix(self.rest());
        let (text, length) = unquoted.map_err(|why| SyntaxError::new(self.at, why))?;
        self.at += length;
        Ok(Token::Text(text))
    }

    fn number(&mut self) -> Result<Token, SyntaxError> {
        let start = self.at;
        let text = self.take_while(|c| c.is_ascii_alphanumeric() || c == '.' || c == 'µ');
        // The sign of an exponent.
        if text.ends_with(['e', 'E']) && self.rest().starts_with(['+', '-']) {
            self.at += 1;
            self.take_while(|c| c.is_ascii_digit());
        }
        let text = &self.text[start..self.at];
        if let Ok(number) = text.parse::<f64>() {
            return Ok(Token::Number(number));
        }
        if let Some(ns) = duration_ns(text) {
            return Ok(Token::Duration(ns.round() as i64, text.to_owned()));
        }
        let bytes = bytes(text).map(|bytes| Token::Bytes(bytes, text.to_owned()));
        bytes.ok_or_else(|| {
            SyntaxError::new(start, format!("syntax error: '{text}' is not a number, duration or size"))
        })
    }
}
