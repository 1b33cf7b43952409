//! JSON as the stages of a pipeline see it: numbers as they are written, members in their order.

use std::borrow::Cow;

/// Nesting beyond this is refused.
const MAX_DEPTH: usize = 128;

#[derive(Clone, Debug, PartialEq)]
pub enum Json<'l> {
    Null,
    Bool(bool),
    /// As it is written.
    Number(&'l str),
    Text(Cow<'l, str>),
    /// With its own text.
    List(&'l str, Vec<Json<'l>>),
    Object(&'l str, Vec<(Cow<'l, str>, Json<'l>)>),
}

impl<'l> Json<'l> {
    pub fn parse(text: &'l str) -> Result<Json<'l>, String> {
        let mut parser = Parser { text, at: 0, depth: 0 };
        let value = parser.value()?;
        parser.skip_blank();
        if parser.at < text.len() { Err(parser.wrong("the end")) } else { Ok(value) }
    }

    pub fn member(&self, name: &str) -> Option<&Json<'l>> {
        match self {
            Json::Object(_, members) => members.iter().find(|(key, _)| key == name).map(|(_, value)| value),
            _ => None,
        }
    }

    pub fn element(&self, at: usize) -> Option<&Json<'l>> {
        match self {
            Json::List(_, elements) => elements.get(at),
            _ => None,
        }
    }

    /// As a label shows it: a text bare, lists and objects as they are written.
    pub fn shown(&self) -> Cow<'l, str> {
        match self {
            Json::Null => Cow::Borrowed(""),
            Json::Bool(true) => Cow::Borrowed("true"),
            Json::Bool(false) => Cow::Borrowed("false"),
            Json::Number(text) | Json::List(text, _) | Json::Object(text, _) => Cow::Borrowed(text),
            Json::Text(text) => text.clone(),
        }
    }
}

struct Parser<'l> {
    text: &'l str,
    at: usize,
    depth: usize,
}

impl<'l> Parser<'l> {
    fn rest(&self) -> &'l str {
        &self.text[self.at..]
    }

    fn skip_blank(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
    }

    fn wrong(&self, wanted: &str) -> String {
        format!("{wanted} is expected at byte {}", self.at)
    }

    fn take(&mut self, sign: char) -> bool {
        self.skip_blank();
        let found = self.rest().starts_with(sign);
        self.at += usize::from(found);
        found
    }

    fn value(&mut self) -> Result<Json<'l>, String> {
        self.skip_blank();
        for (word, value) in [("null", Json::Null), ("true", Json::Bool(true)), ("false", Json::Bool(false))]
        {
            if self.rest().starts_with(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        match self.rest().chars().next() {
            Some('"') => self.string().map(Json::Text),
            Some('{') => self.deeper(Self::object),
            Some('[') => self.deeper(Self::list),
            Some(c) if c == '-' || c.is_ascii_digit() => self.number(),
            _ => Err(self.wrong("a value")),
        }
    }

    fn deeper(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<Json<'l>, String>,
    ) -> Result<Json<'l>, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(format!("more than {MAX_DEPTH} levels"));
        }
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn number(&mut self) -> Result<Json<'l>, String> {
        let rest = self.rest();
        let end = rest.find(|c: char| !c.is_ascii_digit() && !matches!(c, '-' | '+' | '.' | 'e' | 'E'));
        let text = &rest[..end.unwrap_or(rest.len())];
        if text.parse::<f64>().is_err() {
            return Err(self.wrong("a number"));
        }
        self.at += text.len();
        Ok(Json::Number(text))
    }

    fn string(&mut self) -> Result<Cow<'l, str>, String> {
        let rest = self.rest();
        let bytes = rest.as_bytes();
        let mut end = 1;
        let mut plain = true;
        loop {
            match bytes.get(end) {
                Some(b'"') => break,
                Some(b'\\') => {
                    plain = false;
                    end += 2;
                }
                Some(_) => end += 1,
                None => return Err(self.wrong("the end of a text")),
            }
        }
        self.at += end + 1;
        if plain {
            return Ok(Cow::Borrowed(&rest[1..end]));
        }
        let read = serde_json::from_str::<String>(&rest[..=end]).map(Cow::Owned);
        read.map_err(|_| self.wrong("a text without wrong escapes"))
    }

    fn list(&mut self) -> Result<Json<'l>, String> {
        let start = self.at;
        self.at += 1;
        let mut elements = Vec::new();
        if !self.take(']') {
            loop {
                elements.push(self.value()?);
                if self.take(']') {
                    break;
                }
                if !self.take(',') {
                    return Err(self.wrong("',' or ']'"));
                }
            }
        }
        Ok(Json::List(&self.text[start..self.at], elements))
    }

    fn object(&mut self) -> Result<Json<'l>, String> {
        let start = self.at;
        self.at += 1;
        let mut members = Vec::new();
        if !self.take('}') {
            loop {
                self.skip_blank();
                if !self.rest().starts_with('"') {
                    return Err(self.wrong("a name in quotes"));
                }
                let name = self.string()?;
                if !self.take(':') {
                    return Err(self.wrong("':'"));
                }
                members.push((name, self.value()?));
                if self.take('}') {
                    break;
                }
                if !self.take(',') {
                    return Err(self.wrong("',' or '}'"));
                }
            }
        }
        Ok(Json::Object(&self.text[start..self.at], members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_as_they_are_written() {
        let json = Json::parse(r#" {"a": 1.50, "b": {"c": [true, "x\ny"]}, "d": null} "#).unwrap();
        assert_eq!(json.member("a").unwrap().shown(), "1.50");
        let list = json.member("b").and_then(|b| b.member("c")).unwrap();
        assert_eq!((&*list.shown(), &*list.element(1).unwrap().shown()), (r#"[true, "x\ny"]"#, "x\ny"));
        assert_eq!(json.member("d").unwrap().shown(), "");
        for wrong in ["", "{", "{\"a\"}", "{\"a\":1,}", "[1", "\"a", "{} x", "-", "\"\\", "{a:1}"] {
            assert!(Json::parse(wrong).is_err(), "{wrong}");
        }
        assert!(Json::parse(&"[".repeat(1_000)).unwrap_err().contains("levels"));
    }

    proptest! {
        #[test]
        fn what_serde_reads_is_read(text in r#"[\[\]{}:,"\\a1 \-.et]{0,12}"#) {
            if serde_json::from_str::<serde_json::Value>(&text).is_ok() {
                prop_assert!(Json::parse(&text).is_ok(), "{}", text);
            }
        }
    }
}
