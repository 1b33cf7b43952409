//! A record as a line for people.

use ocelli_api::logs::{LogRecord, severity_class};
use std::fmt::Write;

/// Time, level, service, body, attributes. Control characters are written as escapes: what a program
/// logged must not speak to the terminal.
pub fn write_record(record: &LogRecord, out: &mut String) {
    let level = match record.severity_number {
        0 if !record.severity_text.is_empty() => record.severity_text.as_str(),
        number => severity_class(number),
    };
    let mut shown = String::new();
    escape(&level.to_uppercase(), &mut shown);
    let _ = write!(out, "{} {shown:<5} ", record.time.to_rfc3339());
    escape(&record.service, out);
    out.push(' ');
    escape(&record.body_text, out);
    for attribute in &record.attributes {
        out.push(' ');
        escape(&attribute.key, out);
        out.push('=');
        let value = attribute.value.display();
        if value.is_empty() || value.contains(char::is_whitespace) {
            let _ = write!(out, "{value:?}");
        } else {
            escape(&value, out);
        }
    }
    if !record.trace_id.is_empty() {
        let _ = write!(out, " trace_id={}", record.trace_id);
    }
    out.push('\n');
}

/// Control characters as escapes.
pub fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        if c.is_control() { out.extend(c.escape_default()) } else { out.push(c) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ocelli_api::{AnyValue, KeyValue, UnixNano};

    #[test]
    fn a_record_is_one_line_and_does_not_speak_to_the_terminal() {
        let record = LogRecord {
            time: UnixNano(1_795_230_245_000_000_001),
            severity_number: 17,
            service: "payment".to_owned(),
            body_text: "card\n\u{1b}[31mdeclined ü".to_owned(),
            attributes: vec![KeyValue {
                key: "why".to_owned(),
                value: AnyValue(serde_json::json!({"stringValue": "by the \u{7} bank"})),
            }],
            trace_id: "ab".to_owned(),
            ..LogRecord::default()
        };
        let mut line = String::new();
        write_record(&record, &mut line);
        let expected = "ERROR payment card\\n\\u{1b}[31mdeclined ü why=\"by the \\u{7} bank\" trace_id=ab\n";
        assert!(line.ends_with(expected), "{line}");
        assert!(line.starts_with("2026-11-21T03:04:05.000000001Z "), "{line}");
    }
}
