//! Query text to tokens with their place.
//!
//! What follows `field:` is read by other rules than free text (comparisons, ranges), so the lexer
//! knows whether it has just read a field.

use super::SyntaxError;
use super::ast::{Literal, Op, Span, Value};

#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    Open,
    Close,
    And,
    Or,
    /// `NOT` or `-`.
    Not,
    /// A name with its colon.
    Field(String),
    Value(Value),
}

pub fn tokens(text: &str) -> Result<Vec<(Token, Span)>, SyntaxError> {
    let mut lexer = Lexer { text, at: 0 };
    let mut tokens: Vec<(Token, Span)> = Vec::new();
    // Open parentheses; true where they hold the values of a field.
    let mut groups: Vec<bool> = Vec::new();
    loop {
        let after_field = matches!(tokens.last(), Some((Token::Field(_), _)));
        if !after_field {
            lexer.skip_spaces();
        }
        let start = lexer.at;
        let Some(next) = lexer.peek() else { return Ok(tokens) };
        let token = match next {
            _ if after_field => lexer.field_value(start)?,
            '(' => lexer.take(1, Token::Open),
            ')' => lexer.take(1, Token::Close),
            '-' => lexer.minus()?,
            '<' | '>' | '[' if groups.last() == Some(&true) => lexer.field_value(start)?,
            _ => lexer.free_text()?,
        };
        match token {
            Token::Open => groups.push(after_field || groups.last() == Some(&true)),
            Token::Close => drop(groups.pop()),
            _ => {}
        }
        tokens.push((token, Span { start, end: lexer.at }));
    }
}

struct Lexer<'a> {
    text: &'a str,
    /// Bytes read so far.
    at: usize,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn take(&mut self, bytes: usize, token: Token) -> Token {
        self.at += bytes;
        token
    }

    fn skip_spaces(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn minus(&mut self) -> Result<Token, SyntaxError> {
        if self.rest()[1..].chars().next().is_none_or(|c| c.is_whitespace() || c == ')') {
            let message = "'-' stands alone; put it right before what must not match, or quote it: \"-\"";
            return Err(SyntaxError::new(self.at, message));
        }
        Ok(self.take(1, Token::Not))
    }

    /// A word, phrase, regex, operator, or the name of a field.
    fn free_text(&mut self) -> Result<Token, SyntaxError> {
        let start = self.at;
        if self.rest().starts_with('"') {
            let text = self.quoted()?;
            if self.peek() == Some(':') {
                return Ok(self.take(1, Token::Field(text)));
            }
            return Ok(Token::Value(self.text_value(text, true)));
        }
        if let Some(pattern) = self.regex() {
            return Ok(Token::Value(Value::Regex(pattern)));
        }
        let word = self.word(start, true)?;
        if word.is_field {
            return Ok(self.take(1, Token::Field(word.text)));
        }
        match &self.text[start..self.at] {
            "AND" => Ok(Token::And),
            "OR" => Ok(Token::Or),
            "NOT" => Ok(Token::Not),
            sign @ ("&&" | "||" | "!") => {
                let name = [("&&", "AND"), ("||", "OR"), ("!", "NOT")].iter().find(|(s, _)| *s == sign);
                let name = name.map_or("", |(_, name)| name);
                Err(SyntaxError::new(start, format!("write {name} for '{sign}', or quote it")))
            }
            raw if raw.starts_with(['<', '>']) && raw.len() > 1 => {
                let message = format!("a comparison needs a field: name:{raw}; quote it to search the text");
                Err(SyntaxError::new(start, message))
            }
            _ => Ok(Token::Value(word.value())),
        }
    }

    /// What follows the colon of a field.
    fn field_value(&mut self, start: usize) -> Result<Token, SyntaxError> {
        let value = match self.peek() {
            Some('(') => return Ok(self.take(1, Token::Open)),
            Some('"') => {
                let text = self.quoted()?;
                self.text_value(text, true)
            }
            Some('[') => self.range()?,
            Some('{') => {
                return Err(SyntaxError::new(
                    start,
                    "a range is written [low TO high], with both ends in it",
                ));
            }
            Some('<' | '>') => self.comparison()?,
            Some('!') if self.rest().starts_with("!=") => {
                return Err(SyntaxError::new(start, "write -name:value for 'is not', without '!='"));
            }
            Some(c) if c.is_whitespace() || c == ')' => return Err(self.value_missing(start)),
            _ => match self.regex() {
                Some(pattern) => Value::Regex(pattern),
                None => self.word(start, false)?.value_or_range(),
            },
        };
        Ok(Token::Value(value))
    }

    fn value_missing(&self, at: usize) -> SyntaxError {
        let message = if self.rest().trim_start().is_empty() {
            "a value is missing after the colon; quote the word if the colon belongs to it"
        } else {
            "a value must follow the colon without a space; quote the words if the colon belongs to them"
        };
        SyntaxError::new(at, message)
    }

    /// Text, or a prefix if a star follows at once.
    fn text_value(&mut self, text: String, quoted: bool) -> Value {
        let literal = Literal { text, quoted };
        if self.peek() == Some('*') {
            self.at += 1;
            return Value::Prefix(literal);
        }
        Value::Text(literal)
    }

    /// A quoted text with `\"` and `\\` resolved; every other backslash stands for itself.
    fn quoted(&mut self) -> Result<String, SyntaxError> {
        let open = self.at;
        let mut text = String::new();
        let mut chars = self.rest().char_indices().skip(1).peekable();
        while let Some((offset, c)) = chars.next() {
            match c {
                '"' => {
                    self.at += offset + 1;
                    return Ok(text);
                }
                '\\' if chars.peek().is_some_and(|(_, next)| matches!(next, '"' | '\\')) => {
                    text.extend(chars.next().map(|(_, next)| next));
                }
                c => text.push(c),
            }
        }
        Err(SyntaxError::new(open, "the quote that opens here is not closed; write \\\" for a quote inside"))
    }

    /// `/pattern/` if it is one: the next slash without a backslash must end the word, because
    /// `/api/v1` and `/health` are paths.
    fn regex(&mut self) -> Option<String> {
        let inside = self.rest().strip_prefix('/')?;
        let mut escaped = false;
        let end = inside.char_indices().find_map(|(offset, c)| {
            let found = c == '/' && !escaped;
            escaped = c == '\\' && !escaped;
            found.then_some(offset)
        })?;
        let after = inside[end + 1..].chars().next();
        if end == 0 || after.is_some_and(|c| !c.is_whitespace() && c != ')') {
            return None;
        }
        self.at += end + 2;
        Some(inside[..end].replace("\\/", "/"))
    }

    fn comparison(&mut self) -> Result<Value, SyntaxError> {
        let ops = [Op::LessOrEqual, Op::GreaterOrEqual, Op::Less, Op::Greater];
        let op = ops.into_iter().find(|op| self.rest().starts_with(op.as_str())).unwrap_or(Op::Less);
        self.at += op.as_str().len();
        let start = self.at;
        match self.end_of_range(&[])? {
            Some(literal) if !literal.text.is_empty() => Ok(Value::Compare(op, literal)),
            _ => Err(SyntaxError::new(start, format!("a value is missing after '{}'", op.as_str()))),
        }
    }

    /// `[low TO high]`
    fn range(&mut self) -> Result<Value, SyntaxError> {
        let open = self.at;
        let wrong = |at| SyntaxError::new(at, "a range is written [low TO high]; * leaves an end open");
        self.at += 1;
        self.skip_spaces();
        let low = self.end_of_range(&[']'])?;
        self.skip_spaces();
        let to = self.rest().strip_prefix("TO").filter(|rest| rest.starts_with(char::is_whitespace));
        if to.is_none() {
            return Err(wrong(if self.rest().is_empty() { open } else { self.at }));
        }
        self.at += 2;
        self.skip_spaces();
        let high = self.end_of_range(&[']'])?;
        self.skip_spaces();
        if self.peek() != Some(']') {
            return Err(wrong(if self.rest().is_empty() { open } else { self.at }));
        }
        self.at += 1;
        for end in [&low, &high] {
            if end.as_ref().is_some_and(|end| end.text.is_empty() && !end.quoted) {
                return Err(wrong(open));
            }
        }
        Ok(Value::Range(low, high))
    }

    /// One bound: quoted, or up to a space, a parenthesis or one of `stops`; `None` for `*`.
    fn end_of_range(&mut self, stops: &[char]) -> Result<Option<Literal>, SyntaxError> {
        if self.peek() == Some('"') {
            return Ok(Some(Literal { text: self.quoted()?, quoted: true }));
        }
        let ends = |c: char| c.is_whitespace() || c == '(' || c == ')' || stops.contains(&c);
        let text = self.rest().split(ends).next().unwrap_or_default();
        self.at += text.len();
        Ok((text != "*").then(|| Literal { text: text.to_owned(), quoted: false }))
    }

    /// Reads up to a space, quote or parenthesis; in free text, also up to the colon of a field.
    fn word(&mut self, start: usize, may_be_field: bool) -> Result<Word, SyntaxError> {
        let mut word = Word::default();
        while let Some(c) = self.peek() {
            let next = self.rest()[c.len_utf8()..].chars().next();
            match c {
                c if c.is_whitespace() || matches!(c, '(' | ')' | '"') => break,
                ':' if may_be_field && word.may_be_name(&self.rest()[1..]) => {
                    word.is_field = true;
                    break;
                }
                '\\' if next.is_some_and(|next| !next.is_alphanumeric()) => {
                    word.text.extend(next);
                    self.at += next.map_or(0, char::len_utf8);
                }
                '*' => word.star = Some(self.at),
                c => word.text.push(c),
            }
            self.at += c.len_utf8();
            if word.star.is_some_and(|star| self.at > star + 1) {
                let message =
                    "'*' is understood at the end of a word only; use /a.*b/, or \\* for the character";
                return Err(SyntaxError::new(word.star.unwrap_or(start), message));
            }
        }
        Ok(word)
    }
}

#[derive(Default)]
struct Word {
    text: String,
    /// Where the star at its end is.
    star: Option<usize>,
    is_field: bool,
}

impl Word {
    /// Whether this is a field's name, given what comes after the colon.
    fn may_be_name(&self, after: &str) -> bool {
        let digit_first = self.text.starts_with(|c: char| c.is_ascii_digit());
        !self.text.is_empty()
            && !digit_first
            && !after.starts_with("//")
            && !after.starts_with(':')
            && !self.text.contains(':')
    }

    fn value(self) -> Value {
        let literal = Literal { text: self.text, quoted: false };
        match self.star {
            Some(_) if literal.text.is_empty() => Value::Any,
            Some(_) => Value::Prefix(literal),
            None => Value::Text(literal),
        }
    }

    /// `low..high` of a field. Paths with `..` in them are not ranges.
    fn value_or_range(self) -> Value {
        let ends = self.text.split_once("..").filter(|(low, high)| {
            !low.is_empty() && !high.is_empty() && !self.text.contains('/') && !high.starts_with('.')
        });
        match ends {
            Some((low, high)) if self.star.is_none() => {
                let end = |text: &str| Some(Literal { text: text.to_owned(), quoted: false });
                Value::Range(end(low), end(high))
            }
            _ => self.value(),
        }
    }
}
