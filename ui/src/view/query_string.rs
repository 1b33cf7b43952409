//! The codec of the part of a URL after `?`. Order is kept, so that a link that is read and written
//! again stays the same; an empty value is the same as no value, so that links stay short.

use std::fmt;

/// Ordered key-value pairs, decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueryString(Vec<(String, String)>);

impl QueryString {
    /// Reads `a=b&c=d`, with or without a leading `?`. Later duplicates of a key are dropped.
    pub fn parse(text: &str) -> Self {
        let mut query = Self::default();
        for pair in text.trim_start_matches('?').split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let key = decode(key);
            if query.get(&key).is_none() {
                query.set(&key, &decode(value));
            }
        }
        query
    }

    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(k, _)| k == key).map(|(_, value)| value.as_str())
    }

    /// The value, or nothing.
    pub fn text(&self, key: &str) -> String {
        self.get(key).unwrap_or_default().to_owned()
    }

    /// Sets in place; an empty value removes the key.
    pub fn set(&mut self, key: &str, value: &str) {
        let place = self.0.iter().position(|(k, _)| k == key);
        match (place, value.is_empty()) {
            (Some(place), true) => drop(self.0.remove(place)),
            (Some(place), false) => value.clone_into(&mut self.0[place].1),
            (None, true) => {}
            (None, false) => self.0.push((key.to_owned(), value.to_owned())),
        }
    }

    pub fn with(mut self, key: &str, value: &str) -> Self {
        self.set(key, value);
        self
    }

    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Only the pairs whose key is listed.
    pub fn only(&self, keys: &[&str]) -> Self {
        Self(self.0.iter().filter(|(key, _)| keys.contains(&key.as_str())).cloned().collect())
    }

    /// A path with this query behind it.
    pub fn on(&self, path: &str) -> String {
        if self.0.is_empty() { path.to_owned() } else { format!("{path}?{self}") }
    }
}

impl fmt::Display for QueryString {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        for (index, (key, value)) in self.0.iter().enumerate() {
            let join = if index == 0 { "" } else { "&" };
            write!(f, "{join}{}={}", encode(key), encode(value))?;
        }
        Ok(())
    }
}

/// Percent-encodes for a query or one path segment. `/`, `:` and `,` stay readable in queries but a path
/// segment needs [`encode_segment`].
pub fn encode(text: &str) -> String {
    encode_except(text, b"-_.~/:,")
}

/// Percent-encodes one path segment.
pub fn encode_segment(text: &str) -> String {
    encode_except(text, b"-_.~:,")
}

fn encode_except(text: &str, safe: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for &byte in text.as_bytes() {
        if byte.is_ascii_alphanumeric() || safe.contains(&byte) {
            out.push(byte as char);
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Reads `%xx` and `+`. A broken escape stays as it is; bytes that are not UTF-8 become U+FFFD.
pub fn decode(text: &str) -> String {
    decode_bytes(text, true)
}

/// Reads `%xx` in a path, where `+` is itself.
pub fn decode_segment(text: &str) -> String {
    decode_bytes(text, false)
}

fn decode_bytes(text: &str, plus_is_space: bool) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escape = (bytes[at] == b'%').then(|| hex_pair(bytes.get(at + 1..at + 3))).flatten();
        match (bytes[at], escape) {
            (_, Some(byte)) => {
                out.push(byte);
                at += 2;
            }
            (b'+', _) if plus_is_space => out.push(b' '),
            (byte, _) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn hex_pair(pair: Option<&[u8]>) -> Option<u8> {
    let digit = |byte: u8| (byte as char).to_digit(16);
    let pair = pair?;
    u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(text: &str, expect: &str) {
        assert_eq!(QueryString::parse(text).to_string(), expect);
        assert_eq!(QueryString::parse(expect).to_string(), expect);
    }

    #[test]
    fn what_is_read_is_written_again() {
        round_trip("?q=level%3Aerror+%22a+b%22&from=now-1h", "q=level:error%20%22a%20b%22&from=now-1h");
        round_trip("a=&b=1&b=2&&c", "b=1");
        round_trip("x=%E2%82%AC%zz%4", "x=%E2%82%AC%25zz%254");
    }

    #[test]
    fn hostile_text_survives() {
        let hostile = "</script>&q=1#'\"\u{202e}%00\n";
        let query = QueryString::default().with("v", hostile);
        assert_eq!(QueryString::parse(&query.to_string()).get("v"), Some(hostile));
        assert_eq!(decode_segment(&encode_segment("a/b?c+d%")), "a/b?c+d%");
    }

    #[test]
    fn setting_keeps_the_place() {
        let mut query = QueryString::parse("from=now-1h&q=x&to=now");
        query.set("q", "y");
        assert_eq!(query.to_string(), "from=now-1h&q=y&to=now");
        query.set("q", "");
        assert_eq!(query.on("/logs"), "/logs?from=now-1h&to=now");
        assert_eq!(query.only(&["to"]).to_string(), "to=now");
    }
}
