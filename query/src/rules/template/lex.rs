//! A template's text into literal text and the tokens of its actions.

use crate::promql::unquote_prefix;

#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    /// A word: a function or keyword, `true`, `nil`.
    Word(String),
    /// `$`, `$x`.
    Variable(String),
    /// `.x`, without the dot; empty for the dot alone. The flag: it follows directly, as a field of what
    /// stands before.
    Field(String, bool),
    Text(String),
    Int(i64),
    Float(f64),
    /// `( ) | , := =`.
    Sign(&'static str),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    Text(String),
    Action(Vec<Token>),
}

/// The pieces; a comment is none.
pub fn pieces(template: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut rest = template;
    let mut trim_next = false;
    loop {
        let (text, after) = match rest.split_once("{{") {
            Some((text, after)) => (text, Some(after)),
            None => (rest, None),
        };
        let text = if trim_next { text.trim_start() } else { text };
        let trim_before = after.is_some_and(|after| after.starts_with("- ") || after.starts_with("-\n"));
        let text = if trim_before { text.trim_end() } else { text };
        if !text.is_empty() {
            pieces.push(Piece::Text(text.to_owned()));
        }
        let Some(after) = after else { return Ok(pieces) };
        let after = if trim_before { &after[1..] } else { after };
        let (tokens, end) = if after.trim_start().starts_with("/*") {
            (Vec::new(), comment_end(after)?)
        } else {
            action(after)?
        };
        let inside = &after[..end];
        trim_next = inside.ends_with('-') && inside[..inside.len() - 1].ends_with(char::is_whitespace);
        rest = &after[end + 2..];
        if !tokens.is_empty() {
            pieces.push(Piece::Action(tokens));
        }
    }
}

/// Where the `}}` of a comment stands.
fn comment_end(text: &str) -> Result<usize, String> {
    let close = text.find("*/").ok_or("unclosed comment")? + 2;
    let rest = &text[close..];
    let end = rest.find("}}").ok_or("comment ends before closing delimiter")?;
    match rest[..end].trim() {
        "" | "-" => Ok(close + end),
        _ => Err("comment ends before closing delimiter".to_owned()),
    }
}

/// The tokens up to `}}`, and where that stands.
fn action(text: &str) -> Result<(Vec<Token>, usize), String> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with("}}") {
            return Ok((tokens, at));
        }
        if rest.starts_with("-}}") {
            return Ok((tokens, at + 1));
        }
        let Some(first) = rest.chars().next() else { break };
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let follows =
            at > 0 && !text[..at].ends_with(|c: char| c.is_whitespace() || matches!(c, '(' | '|' | ','));
        let (token, length) = token(rest, first, follows)?;
        tokens.push(token);
        at += length;
    }
    Err("unclosed action".to_owned())
}

fn token(rest: &str, first: char, follows: bool) -> Result<(Token, usize), String> {
    let name = |from: usize| {
        let tail = &rest[from..];
        let end = tail.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(tail.len());
        tail[..end].to_owned()
    };
    for sign in [":=", "(", ")", "|", ",", "="] {
        if rest.starts_with(sign) {
            return Ok((Token::Sign(sign), sign.len()));
        }
    }
    match first {
        '"' | '`' => {
            let (text, length) = unquote_prefix(rest)?;
            Ok((Token::Text(text), length))
        }
        '$' => {
            let name = name(1);
            let length = name.len() + 1;
            Ok((Token::Variable(name), length))
        }
        '.' if !rest[1..].starts_with(|c: char| c.is_ascii_digit()) => {
            let name = name(1);
            let length = name.len() + 1;
            Ok((Token::Field(name, follows), length))
        }
        c if c.is_ascii_digit() || matches!(c, '+' | '-' | '.') => number(rest),
        c if c.is_alphabetic() || c == '_' => {
            let name = name(0);
            let length = name.len();
            Ok((Token::Word(name), length))
        }
        other => Err(format!("unexpected {other:?} in command")),
    }
}

fn number(rest: &str) -> Result<(Token, usize), String> {
    let signs = |at: usize, c: char| matches!(c, '+' | '-') && (at == 0 || rest[..at].ends_with(['e', 'E']));
    let end = rest
        .char_indices()
        .find(|(at, c)| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_') || signs(*at, *c)))
        .map_or(rest.len(), |(at, _)| at);
    let text = &rest[..end];
    let token = match (text.parse::<i64>(), text.parse::<f64>()) {
        (Ok(int), _) => Token::Int(int),
        (_, Ok(float)) => Token::Float(float),
        _ => return Err(format!("bad number syntax: {text:?}")),
    };
    Ok((token, end))
}
