//! The text, piece by piece. Nothing here depends on the type that is read, so that there is one copy.
//! What cannot be read ends the reading, see `stop`.

use super::stop::stop;
use std::borrow::Cow;

/// As deep as serde_json reads; the stack of a browser ends somewhere.
const MOST_DEPTH: u32 = 127;

pub struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: u32,
    /// Whether fields that no struct has are refused.
    pub strict: bool,
    /// The field that was last found absent; empty where a list ended since.
    pub absent: &'static str,
}

pub enum Number {
    Unsigned(u64),
    Signed(i64),
    Float(f64),
}

impl<'a> Reader<'a> {
    pub fn new(text: &'a str, strict: bool) -> Self {
        Self { text, at: 0, depth: 0, strict, absent: "" }
    }

    #[cold]
    #[inline(never)]
    pub fn wrong(&self, what: &str) -> ! {
        stop(&format!("{what} at byte {}", self.at))
    }

    /// What ended a reading that wanted more than there is.
    pub fn missing(&self) -> String {
        match self.absent {
            "" => "a list is too short".to_owned(),
            name => format!("missing field `{name}`"),
        }
    }

    /// The next byte that is no blank; 0 at the end.
    #[inline(never)]
    pub fn peek(&mut self) -> u8 {
        let bytes = self.text.as_bytes();
        while matches!(bytes.get(self.at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
        self.here()
    }

    fn here(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or_default()
    }

    #[inline(never)]
    pub fn expect(&mut self, byte: u8) {
        if self.peek() != byte {
            self.wrong(&format!("'{}' is missing", byte as char));
        }
        self.at += 1;
    }

    /// Nothing may follow.
    pub fn end(&mut self) {
        self.peek();
        if self.at < self.text.len() {
            self.wrong("there is more than one value");
        }
    }

    /// Goes into an object or a list.
    #[inline(never)]
    pub fn enter(&mut self, bracket: u8) {
        self.expect(bracket);
        self.depth += 1;
        if self.depth > MOST_DEPTH {
            self.wrong("it is nested too deeply");
        }
    }

    /// Whether there is another item before the closing bracket, which is passed.
    #[inline(never)]
    pub fn more(&mut self, first: bool, bracket: u8) -> bool {
        let next = self.peek();
        if next == bracket {
            self.at += 1;
            self.depth -= 1;
            return false;
        }
        if !first {
            self.expect(b',');
        }
        true
    }

    /// `true`, `false` and `null`.
    #[inline(never)]
    pub fn word(&mut self, word: &str) {
        self.peek();
        if !self.text[self.at..].starts_with(word) {
            self.wrong("this is no value");
        }
        self.at += word.len();
    }

    #[inline(never)]
    pub fn boolean(&mut self) -> bool {
        let is_true = self.peek() == b't';
        self.word(if is_true { "true" } else { "false" });
        is_true
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.here().is_ascii_digit() {
            self.at += 1;
        }
        self.at - start
    }

    #[inline(never)]
    pub fn number(&mut self) -> Number {
        let negative = self.peek() == b'-';
        let start = self.at;
        self.at += usize::from(negative);
        let leading_zero = self.here() == b'0';
        let whole = self.digits();
        let mut is_float = false;
        let mut is_wrong = whole == 0 || leading_zero && whole > 1;
        if self.here() == b'.' {
            self.at += 1;
            (is_float, is_wrong) = (true, is_wrong || self.digits() == 0);
        }
        if matches!(self.here(), b'e' | b'E') {
            self.at += 1;
            self.at += usize::from(matches!(self.here(), b'+' | b'-'));
            (is_float, is_wrong) = (true, is_wrong || self.digits() == 0);
        }
        if is_wrong {
            self.wrong("this is no value");
        }
        let text = &self.text[start..self.at];
        // A negative zero keeps its sign, and what is too large for an integer is read as far as it goes.
        let integer = match (is_float, negative) {
            (true, _) => None,
            (false, false) => text.parse().ok().map(Number::Unsigned),
            (false, true) => text.parse().ok().filter(|n| *n != 0).map(Number::Signed),
        };
        match integer {
            Some(integer) => integer,
            None => match crate::view::text::number(text) {
                Some(float) => Number::Float(float),
                None => self.wrong("this number is too large"),
            },
        }
    }

    #[inline(never)]
    pub fn string(&mut self) -> Cow<'a, str> {
        self.expect(b'"');
        let text = self.text;
        let mut start = self.at;
        let mut read = String::new();
        loop {
            match self.here() {
                b'"' => {
                    let rest = &text[start..self.at];
                    self.at += 1;
                    if read.is_empty() {
                        return Cow::Borrowed(rest);
                    }
                    read.push_str(rest);
                    return Cow::Owned(read);
                }
                b'\\' => {
                    read.push_str(&text[start..self.at]);
                    self.at += 1;
                    let escaped = self.escape();
                    read.push(escaped);
                    start = self.at;
                }
                0..=0x1f => self.wrong("this text has no end"),
                _ => self.at += 1,
            }
        }
    }

    /// The name of an item of an object, up to its value.
    #[inline(never)]
    pub fn key(&mut self) -> Cow<'a, str> {
        let key = self.string();
        self.expect(b':');
        key
    }

    /// For [`Reader::go_to`].
    pub fn place(&self) -> usize {
        self.at
    }

    pub fn go_to(&mut self, place: usize) {
        self.at = place;
    }

    /// What follows a backslash.
    fn escape(&mut self) -> char {
        let letter = self.here();
        self.at += 1;
        match letter {
            b'"' | b'\\' | b'/' => letter as char,
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let mut code = self.hex();
                if (0xd800..0xdc00).contains(&code) && self.text[self.at..].starts_with("\\u") {
                    self.at += 2;
                    let low = self.hex();
                    let is_low = (0xdc00..0xe000).contains(&low);
                    code = if is_low { 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00) } else { code };
                }
                char::from_u32(code).unwrap_or_else(|| self.wrong("this is half of a character"))
            }
            _ => self.wrong("this is no escape"),
        }
    }

    fn hex(&mut self) -> u32 {
        let digits =
            self.text.get(self.at..self.at + 4).filter(|text| text.bytes().all(|b| b.is_ascii_hexdigit()));
        let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        self.at += 4;
        code.unwrap_or_else(|| self.wrong("this is no escape"))
    }

    /// A value that nobody wants.
    #[inline(never)]
    pub fn skip(&mut self) {
        match self.peek() {
            b'"' => drop(self.string()),
            b'{' => {
                self.enter(b'{');
                let mut first = true;
                while self.more(first, b'}') {
                    self.key();
                    self.skip();
                    first = false;
                }
            }
            b'[' => {
                self.enter(b'[');
                let mut first = true;
                while self.more(first, b']') {
                    self.skip();
                    first = false;
                }
            }
            b't' | b'f' => drop(self.boolean()),
            b'n' => self.word("null"),
            _ => drop(self.number()),
        }
    }
}
