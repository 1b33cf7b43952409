//! Query text into tokens.
//!
//! Words stay words: whether `by` is a keyword, a metric or a label is told by its place, and the
//! parser knows the place.

use super::unquote::unquote;
use crate::Error;
use crate::promql::ast::Span;
use crate::promql::duration;

#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    /// A name or keyword; may hold colons outside of brackets.
    Word(String),
    Number(f64),
    /// Milliseconds.
    Duration(i64),
    Text(String),
    /// An operator or a bracket.
    Sign(&'static str),
    /// What can't be read; it ends the tokens, and is told if the parser comes that far.
    Wrong(String),
    End,
}

const SIGNS: [&str; 29] = [
    "</", ">/", "==", "!=", "=~", "!~", "<=", ">=", "(", ")", "{", "}", "[", "]", ",", "+", "-", "*", "/",
    "%", "^", "=", "<", ">", "@", ":", "$", "!", "~",
];

pub fn wrong(message: impl Into<String>, offset: usize) -> Error {
    Error::BadQuery { message: message.into(), offset: Some(offset) }
}

/// All tokens with their places; the last one is [`Token::End`] or [`Token::Wrong`].
pub fn tokens(query: &str) -> Vec<(Token, Span)> {
    let mut all = Vec::new();
    let mut at = 0;
    let (mut parens, mut brackets, mut braces) = (0_i32, 0_i32, 0_i32);
    while let Some(start) = skip_blank(query, at) {
        let (token, end) = match next(query, start, brackets > 0) {
            Ok(found) => found,
            Err(Error::BadQuery { message, offset }) => {
                let at = offset.unwrap_or(start);
                all.push((Token::Wrong(message), at..query.len()));
                return all;
            }
            Err(other) => (Token::Wrong(other.to_string()), query.len()),
        };
        match token {
            Token::Sign("(") => parens += 1,
            Token::Sign(")") => parens -= 1,
            Token::Sign("[") => brackets += 1,
            Token::Sign("]") => brackets -= 1,
            Token::Sign("{") => braces += 1,
            Token::Sign("}") => braces -= 1,
            _ => {}
        }
        if parens < 0 {
            all.push((Token::Wrong("unexpected right parenthesis ')'".to_owned()), end..end));
            return all;
        }
        all.push((token, start..end));
        at = end;
    }
    let end = query.len()..query.len();
    all.push(match (brackets > 0, parens > 0) {
        _ if braces > 0 => (Token::Wrong("unexpected end of input inside braces".to_owned()), end),
        (true, _) => (Token::Wrong("unclosed left bracket".to_owned()), end),
        (_, true) => (Token::Wrong("unclosed left parenthesis".to_owned()), end),
        _ => (Token::End, end),
    });
    all
}

/// Where the next token starts, after blanks and comments.
fn skip_blank(query: &str, mut at: usize) -> Option<usize> {
    loop {
        at += query[at..].len() - query[at..].trim_start().len();
        if !query[at..].starts_with('#') {
            return (at < query.len()).then_some(at);
        }
        at = query[at..].find('\n').map_or(query.len(), |line| at + line);
    }
}

fn next(query: &str, start: usize, in_brackets: bool) -> Result<(Token, usize), Error> {
    let rest = &query[start..];
    let first = rest.chars().next().unwrap_or_default();
    let second = rest[first.len_utf8()..].chars().next().unwrap_or_default();
    match first {
        '"' | '\'' | '`' => {
            let (text, length) = unquote(rest).map_err(|why| wrong(why, start))?;
            Ok((Token::Text(text), start + length))
        }
        '0'..='9' => number(query, start),
        '.' if second.is_ascii_digit() => number(query, start),
        c if c.is_ascii_alphabetic() || c == '_' || (c == ':' && !in_brackets) => {
            let part = |c: char| c.is_ascii_alphanumeric() || c == '_' || (c == ':' && !in_brackets);
            let length = rest.find(|c| !part(c)).unwrap_or(rest.len());
            Ok((Token::Word(rest[..length].to_owned()), start + length))
        }
        c => match SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            Some(sign) if !matches!(*sign, "$" | "!" | "~") => Ok((Token::Sign(sign), start + sign.len())),
            _ => Err(wrong(format!("unexpected character: {c:?}"), start)),
        },
    }
}

/// A number (decimal, hexadecimal, exponent) or a duration.
fn number(query: &str, start: usize) -> Result<(Token, usize), Error> {
    let rest = &query[start..];
    let length = number_length(rest);
    let text = &rest[..length];
    let end = start + length;
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        let number = u64::from_str_radix(digits, 16);
        return number
            .map(|number| (Token::Number(number as f64), end))
            .map_err(|_| wrong(format!("bad number or duration syntax: {text:?}"), start));
    }
    if let Some(ms) = duration::parse(text) {
        return Ok((Token::Duration(ms), end));
    }
    if duration::is_too_long(text) {
        return Err(wrong("duration out of range", start));
    }
    let number = grouped_or_octal(text).or_else(|| {
        let decimal = !text.contains(|c: char| c == '_' || (c.is_alphabetic() && c != 'e' && c != 'E'));
        text.parse::<f64>().ok().filter(|_| decimal)
    });
    match number {
        Some(number) => Ok((Token::Number(number), end)),
        None => Err(wrong(format!("bad number or duration syntax: {text:?}"), start)),
    }
}

/// A whole number as Go writes them: `1_000`, and octal where it starts with 0.
fn grouped_or_octal(text: &str) -> Option<f64> {
    let separated = text.split('_').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    if !separated {
        return None;
    }
    let digits = text.replace('_', "");
    let octal = digits.len() > 1 && digits.starts_with('0');
    if octal { i64::from_str_radix(&digits, 8).ok() } else { digits.parse::<i64>().ok() }.map(|n| n as f64)
}

/// Digits, letters and dots, and a sign right after the `e` of an exponent.
fn number_length(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let hex = rest.starts_with("0x") || rest.starts_with("0X");
    let mut at = 0;
    while at < bytes.len() {
        let exponent_sign = !hex
            && matches!(bytes[at], b'+' | b'-')
            && at > 0
            && matches!(bytes[at - 1], b'e' | b'E')
            && bytes[..at - 1].iter().all(|b| b.is_ascii_digit() || *b == b'.');
        if !(bytes[at].is_ascii_alphanumeric() || bytes[at] == b'.' || bytes[at] == b'_' || exponent_sign) {
            break;
        }
        at += 1;
    }
    at
}
