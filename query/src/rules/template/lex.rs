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
    /// With its place: of its `{{`, in bytes.
    Action(Vec<Token>, usize),
}

/// What is wrong with a template, and the place of the action.
#[derive(Clone, Debug, PartialEq)]
pub struct Wrong {
    pub at: usize,
    pub why: String,
}

impl Wrong {
    /// With line and column.
    pub fn text(&self, template: &str) -> String {
        let before = template.get(..self.at).unwrap_or(template);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        format!("{line}:{column}: {}", self.why)
    }
}

/// What Go takes as blank in an action.
const BLANK: [char; 4] = [' ', '\t', '\r', '\n'];

/// The pieces; a comment is none.
pub fn pieces(template: &str) -> Result<Vec<Piece>, Wrong> {
    let mut pieces = Vec::new();
    let mut rest = template;
    let mut trim_next = false;
    loop {
        let (text, after) = match rest.split_once("{{") {
            Some((text, after)) => (text, Some(after)),
            None => (rest, None),
        };
        let at = template.len() - after.map_or(0, |after| after.len() + 2);
        let text = if trim_next { text.trim_start_matches(BLANK) } else { text };
        let trim_before =
            after.and_then(|after| after.strip_prefix('-')).is_some_and(|rest| rest.starts_with(BLANK));
        let text = if trim_before { text.trim_end_matches(BLANK) } else { text };
        if !text.is_empty() {
            pieces.push(Piece::Text(text.to_owned()));
        }
        let Some(after) = after else { return Ok(pieces) };
        let after = if trim_before { &after[1..] } else { after };
        let is_comment = after.trim_start_matches(BLANK).starts_with("/*");
        let read = if is_comment { comment_end(after).map(|end| (Vec::new(), end)) } else { action(after) };
        let (tokens, end) = read.map_err(|why| Wrong { at, why })?;
        let inside = &after[..end];
        trim_next = inside.ends_with('-') && inside[..inside.len() - 1].ends_with(BLANK);
        rest = &after[end + 2..];
        if !is_comment {
            pieces.push(Piece::Action(tokens, at));
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
        if BLANK.contains(&first) {
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
        '\'' => character(rest),
        '$' => {
            let name = name(1);
            let length = name.len() + 1;
            Ok((Token::Variable(name), length))
        }
        '.' if !rest[1..].starts_with(|c: char| c.is_ascii_digit()) => {
            let name = name(1);
            if rest[1 + name.len()..].starts_with('.') && name.is_empty() {
                return Err("unexpected . after term \".\"".to_owned());
            }
            let length = name.len() + 1;
            Ok((Token::Field(name, follows), length))
        }
        c if c.is_ascii_digit() || matches!(c, '+' | '-' | '.') => number(rest),
        c if c.is_alphabetic() || c == '_' => {
            let name = name(0);
            let length = name.len();
            Ok((Token::Word(name), length))
        }
        other if other.is_whitespace() => {
            Err(format!("unrecognized character in action: U+{:04X}", other as u32))
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
    let wrong = || format!("bad number syntax: {text:?}");
    let plain = text.replace('_', "");
    let (sign, digits) = plain.strip_prefix('-').map_or((1, plain.as_str()), |digits| (-1, digits));
    let digits = digits.trim_start_matches('+');
    let based = [("0x", 16), ("0X", 16), ("0o", 8), ("0b", 2)]
        .iter()
        .find_map(|(prefix, base)| Some((digits.strip_prefix(prefix)?, *base)));
    let token = match based {
        Some((digits, base)) => Token::Int(sign * i64::from_str_radix(digits, base).map_err(|_| wrong())?),
        None => match (plain.parse::<i64>(), plain.parse::<f64>()) {
            (Ok(int), _) => Token::Int(int),
            (_, Ok(float)) if float.is_finite() => Token::Float(float),
            _ => return Err(wrong()),
        },
    };
    Ok((token, end))
}

/// `'a'` is the number of the letter.
fn character(rest: &str) -> Result<(Token, usize), String> {
    let wrong = || "malformed character constant".to_owned();
    let end = rest.char_indices().skip(2).find(|(at, c)| *c == '\'' && !rest[..*at].ends_with('\\'));
    let (end, _) = end.ok_or_else(wrong)?;
    let inside = match &rest[1..end] {
        "\\'" => "'".to_owned(),
        plain => unquote_prefix(&format!("\"{plain}\"")).map_err(|_| wrong())?.0,
    };
    let mut letters = inside.chars();
    match (letters.next(), letters.next()) {
        (Some(letter), None) => Ok((Token::Int(i64::from(u32::from(letter))), end + 1)),
        _ => Err(wrong()),
    }
}
