//! Where in a query one is: in a string and of which kind, in a comment, in a pattern, or outside.

use super::Syntax;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Text for people.
    Text,
    /// Among the words of a language.
    Outside,
    /// The same in the log language, where a word is what is looked for.
    Search,
    /// A string that is compared.
    String {
        quote: char,
    },
    /// A string that is a pattern.
    Pattern {
        quote: char,
    },
    /// A string with a grammar of its own: a template, or an argument of `label_replace`.
    Strict {
        quote: char,
    },
    /// `/…/` of the log language.
    SlashPattern,
    Comment,
}

/// Stages and functions of LogQL whose strings have a grammar of their own.
const STRICT_WORDS: [&str; 7] = ["line_format", "label_format", "pattern", "regexp", "json", "logfmt", "ip"];

/// A walk through a text.
pub struct Places<'t> {
    text: &'t str,
    syntax: Syntax,
    at: usize,
    place: Place,
    /// A raw string that is rewritten with quotes, because a value may have its quote.
    is_rewritten: bool,
    /// Braces that are open.
    depth: usize,
    /// Where the stage of a pipeline begins.
    stage: usize,
    /// Behind the first bar of the log language there are words, as in the other languages.
    is_piped: bool,
    /// Backslashes right before, in a string where they escape.
    backslashes: usize,
}

impl<'t> Places<'t> {
    pub fn new(text: &'t str, syntax: Syntax) -> Places<'t> {
        let place = match syntax {
            Syntax::Text => Place::Text,
            Syntax::Logs => Place::Search,
            Syntax::PromQl | Syntax::LogQl | Syntax::TraceQl => Place::Outside,
        };
        Places {
            text,
            syntax,
            at: 0,
            place,
            is_rewritten: false,
            depth: 0,
            stage: 0,
            is_piped: false,
            backslashes: 0,
        }
    }

    /// What was not walked through; None at the end.
    pub fn rest(&self) -> Option<&'t str> {
        self.text.get(self.at..).filter(|rest| !rest.is_empty())
    }

    pub fn place(&self) -> Place {
        self.place
    }

    pub fn skip(&mut self, bytes: usize) {
        self.at += bytes;
    }

    /// A backslash takes away the next sign.
    pub fn is_escaped(&self) -> bool {
        self.backslashes % 2 == 1
    }

    fn before(&self) -> &'t str {
        &self.text[..self.at]
    }

    /// In the log language: the value of a field is next.
    pub fn follows_colon(&self) -> bool {
        self.before().ends_with(':')
    }

    /// In the log language: a token begins here.
    pub fn begins_token(&self) -> bool {
        let before = self.before();
        let begins = |before: &str| before.chars().next_back().is_none_or(|c| c.is_whitespace() || c == '(');
        begins(before) || before.ends_with(':') || before.strip_suffix('-').is_some_and(begins)
    }

    /// A value as it stands in a string.
    pub fn escaped(&self, value: &str, quote: char) -> String {
        let mut out = String::with_capacity(value.len());
        for c in value.chars() {
            match c {
                '\\' => out.push_str("\\\\"),
                '\n' if self.syntax != Syntax::Logs => out.push_str("\\n"),
                '\r' if self.syntax != Syntax::Logs => out.push_str("\\r"),
                c if c == quote => out.extend(['\\', c]),
                c => out.push(c),
            }
        }
        out
    }

    /// Takes the next sign over, and notes where one is behind it. `has_values` says of the inside of a raw string
    /// whether a value will be put into it.
    pub fn copy(&mut self, out: &mut String, has_values: impl Fn(&str) -> bool) {
        let Some(c) = self.rest().and_then(|rest| rest.chars().next()) else { return };
        match self.place {
            Place::Text => out.push(c),
            Place::Outside | Place::Search => self.outside(c, out, has_values),
            Place::Comment => {
                out.push(c);
                if c == '\n' {
                    self.place = Place::Outside;
                }
            }
            Place::String { quote } | Place::Pattern { quote } | Place::Strict { quote } => {
                self.inside(c, quote, out);
            }
            Place::SlashPattern => {
                out.push(c);
                let closes = c == '/' && !self.is_escaped();
                self.note_backslash(c);
                if closes {
                    self.place = Place::Search;
                    self.backslashes = 0;
                }
            }
        }
        self.at += c.len_utf8();
    }

    fn note_backslash(&mut self, c: char) {
        self.backslashes = if c == '\\' { self.backslashes + 1 } else { 0 };
    }

    fn inside(&mut self, c: char, quote: char, out: &mut String) {
        if self.is_rewritten {
            if c == '`' {
                out.push('"');
                self.close();
            } else {
                out.push_str(&self.escaped(c.encode_utf8(&mut [0; 4]), '"'));
            }
            return;
        }
        out.push(c);
        if quote == '`' {
            if c == '`' {
                self.close();
            }
            return;
        }
        let closes = c == quote && !self.is_escaped();
        self.note_backslash(c);
        if closes {
            self.close();
        }
    }

    fn close(&mut self) {
        let is_search = self.syntax == Syntax::Logs && !self.is_piped;
        self.place = if is_search { Place::Search } else { Place::Outside };
        self.is_rewritten = false;
        self.backslashes = 0;
    }

    fn outside(&mut self, c: char, out: &mut String, has_values: impl Fn(&str) -> bool) {
        let rest = &self.text[self.at..];
        let is_quote = !self.is_escaped()
            && match self.syntax {
                Syntax::PromQl => matches!(c, '"' | '\'' | '`'),
                Syntax::LogQl | Syntax::TraceQl => matches!(c, '"' | '`'),
                Syntax::Logs => c == '"',
                Syntax::Text => false,
            };
        if is_quote {
            let inside = rest[c.len_utf8()..].split(c).next().unwrap_or_default();
            self.is_rewritten = c == '`' && has_values(inside);
            let quote = if self.is_rewritten { '"' } else { c };
            self.place = self.string(quote);
            self.backslashes = 0;
            out.push(quote);
            return;
        }
        out.push(c);
        if self.syntax == Syntax::Logs {
            self.search(c, rest);
            return;
        }
        match c {
            '#' if self.syntax != Syntax::TraceQl => self.place = Place::Comment,
            '{' => self.depth += 1,
            '}' => self.depth = self.depth.saturating_sub(1),
            '|' => self.stage = self.at + 1,
            _ => {}
        }
    }

    /// Outside of strings of the log language, where a backslash takes away the meaning of what follows.
    fn search(&mut self, c: char, rest: &str) {
        let is_plain = !self.is_escaped();
        self.note_backslash(c);
        let follows_space = self.before().chars().next_back().is_none_or(char::is_whitespace);
        if is_plain && c == '|' && follows_space && !rest.starts_with("||") {
            self.is_piped = true;
            self.place = Place::Outside;
        } else if is_plain && c == '/' && !self.is_piped && self.begins_token() && is_slash_pattern(rest) {
            self.place = Place::SlashPattern;
        }
    }

    /// What kind of a string begins here.
    fn string(&self, quote: char) -> Place {
        let before = self.before().trim_end();
        let is_pattern = ["=~", "!~", "|~"].iter().any(|op| before.ends_with(op));
        match self.syntax {
            Syntax::Logs => Place::String { quote },
            _ if is_pattern => Place::Pattern { quote },
            // Inside braces strings are compared; outside they are arguments of functions.
            Syntax::PromQl if self.depth == 0 => Place::Strict { quote },
            Syntax::LogQl if self.depth == 0 && self.is_strict(before) => Place::Strict { quote },
            _ => Place::String { quote },
        }
    }

    fn is_strict(&self, before: &str) -> bool {
        let stage = self.text.get(self.stage..self.at).unwrap_or_default();
        let mut words = stage.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        before.ends_with("|>")
            || before.ends_with("!>")
            || before.ends_with(['(', ','])
            || words.any(|word| STRICT_WORDS.contains(&word))
    }
}

/// As the log language reads it: the next slash without a backslash must end the word.
fn is_slash_pattern(text: &str) -> bool {
    let mut escaped = false;
    let end = text[1..].find(|c: char| {
        let found = c == '/' && !escaped;
        escaped = c == '\\' && !escaped;
        found
    });
    let Some(end) = end else { return false };
    end > 0 && text[end + 2..].chars().next().is_none_or(|c| c.is_whitespace() || c == ')')
}
