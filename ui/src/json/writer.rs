//! What is sent, as JSON.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

use super::Error;
use crate::view::text::shortest;

/// In one line.
pub fn to_string(value: &impl Serialize) -> Result<String, Error> {
    let mut json = Vec::new();
    let written = value.serialize(&mut Serializer::with_formatter(&mut json, Plain));
    let text = written.map_err(|why| why.to_string()).map(|()| String::from_utf8(json));
    text.and_then(|text| text.map_err(|why| why.to_string())).map_err(Error)
}

/// serde_json's own, but for numbers: it brings a table of powers of ten.
struct Plain;

impl Formatter for Plain {
    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        writer.write_all(shortest(value).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let value = serde_json::json!({
            "text": "a \"quoted\"\n line",
            "numbers": [0.1, -2.5e-9, 1e300, 7, u64::MAX, i64::MIN],
            "nested": {"none": null, "list": [true, {}]},
        });
        let text = to_string(&value).unwrap();
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }
}
