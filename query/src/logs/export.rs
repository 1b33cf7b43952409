//! Log records as lines of JSON or CSV.

use ocelli_api::logs::{LogRecord, severity_class};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Ndjson,
    Csv,
}

/// Columns of CSV where none are asked for.
const COLUMNS: [&str; 7] = ["time", "level", "service", "body", "trace_id", "span_id", "attributes"];

/// Writes records as text.
#[derive(Clone, Debug)]
pub struct Export {
    pub format: Format,
    columns: Vec<String>,
}

impl Export {
    /// Of CSV with these columns: names of fields, `time`, or `attributes` for all as JSON.
    pub fn new(format: Format, columns: Vec<String>) -> Export {
        let columns = if columns.is_empty() { COLUMNS.map(str::to_owned).to_vec() } else { columns };
        Export { format, columns }
    }

    pub fn content_type(&self) -> &'static str {
        match self.format {
            Format::Ndjson => "application/x-ndjson",
            Format::Csv => "text/csv; charset=utf-8; header=present",
        }
    }

    /// What comes before the records.
    pub fn head(&self) -> String {
        match self.format {
            Format::Ndjson => String::new(),
            Format::Csv => line(self.columns.iter().map(String::as_str)),
        }
    }

    pub fn records(&self, records: &[LogRecord]) -> String {
        let mut out = String::new();
        for record in records {
            match self.format {
                Format::Ndjson => {
                    out.push_str(&serde_json::to_string(record).unwrap_or_default());
                    out.push('\n');
                }
                Format::Csv => {
                    let cells: Vec<String> = self.columns.iter().map(|name| cell(record, name)).collect();
                    out.push_str(&line(cells.iter().map(String::as_str)));
                }
            }
        }
        out
    }

    /// Says at the end that it is not whole, and why: a file that is cut in silence is taken for whole.
    pub fn cut(&self, why: &str) -> String {
        match self.format {
            Format::Ndjson => format!("{}\n", serde_json::json!({"export_is_not_whole": why})),
            Format::Csv => line([format!("the export is not whole: {why}").as_str()].into_iter()),
        }
    }
}

/// The value of a column of CSV.
fn cell(record: &LogRecord, name: &str) -> String {
    let attribute = |key: &str| {
        let find = |pairs: &[ocelli_api::KeyValue]| {
            pairs.iter().find(|pair| pair.key == key).map(|pair| pair.value.display())
        };
        find(&record.attributes).or_else(|| find(&record.resource.attributes)).unwrap_or_default()
    };
    match name {
        "time" => record.time.to_rfc3339(),
        "level" | "severity" if record.severity_number == 0 && !record.severity_text.is_empty() => {
            record.severity_text.clone()
        }
        "level" | "severity" => severity_class(record.severity_number).to_owned(),
        "service" => record.service.clone(),
        "body" => record.body_text.clone(),
        "trace_id" => record.trace_id.clone(),
        "span_id" => record.span_id.clone(),
        "event_name" => record.event_name.clone(),
        "scope" => record.scope.name.clone(),
        "attributes" => {
            let pairs = record.attributes.iter();
            let pairs = pairs.map(|pair| (pair.key.clone(), serde_json::Value::from(pair.value.display())));
            serde_json::Value::Object(pairs.collect()).to_string()
        }
        name => match name.strip_prefix("resource.") {
            Some(key) => {
                let pairs = &record.resource.attributes;
                pairs.iter().find(|pair| pair.key == key).map(|pair| pair.value.display()).unwrap_or_default()
            }
            None => attribute(name.strip_prefix("attributes.").unwrap_or(name)),
        },
    }
}

/// One line of CSV (RFC 4180).
pub fn line<'c>(cells: impl Iterator<Item = &'c str>) -> String {
    let mut line = cells.map(quoted).collect::<Vec<_>>().join(",");
    line.push_str("\r\n");
    line
}

/// A cell whose text is data and no formula: what begins as one gets an apostrophe before it, which
/// spreadsheets take for "text follows". Negative numbers are numbers.
fn quoted(text: &str) -> String {
    let runs = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    let number = text.strip_prefix('-').is_some_and(|digits| {
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
    });
    let text = if runs && !number { format!("'{text}") } else { text.to_owned() };
    let needs = text.contains(['"', ',', '\n', '\r', ';', '\t']) || text.starts_with('\'');
    if needs { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ocelli_api::{AnyValue, KeyValue, UnixNano};

    fn record(body: &str) -> LogRecord {
        let attribute = |key: &str, value| KeyValue { key: key.to_owned(), value: AnyValue(value) };
        LogRecord {
            time: UnixNano(1_795_230_245_000_000_001),
            severity_number: 17,
            service: "pay, ment".to_owned(),
            body_text: body.to_owned(),
            attributes: vec![attribute("n", serde_json::json!({"intValue": "-5"}))],
            ..LogRecord::default()
        }
    }

    #[test]
    fn cells_that_a_spreadsheet_would_run_are_defused() {
        for (text, cell) in [
            ("=1+1", "\"'=1+1\""),
            ("+1", "\"'+1\""),
            ("-1+cmd|' /C calc'!A0", "\"'-1+cmd|' /C calc'!A0\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("\t=1", "\"'\t=1\""),
            ("\r=1", "\"'\r=1\""),
            ("-5", "-5"),
            ("-5.25", "-5.25"),
            ("-", "\"'-\""),
            ("a \"b\", c", "\"a \"\"b\"\", c\""),
            ("two\nlines", "\"two\nlines\""),
            ("plain", "plain"),
        ] {
            assert_eq!(quoted(text), cell, "{text:?}");
        }
    }

    #[test]
    fn records_are_lines_and_a_cut_is_said() {
        let csv = Export::new(Format::Csv, ["time", "service", "n", "=cmd"].map(str::to_owned).to_vec());
        assert_eq!(csv.head(), "time,service,n,\"'=cmd\"\r\n");
        assert_eq!(csv.records(&[record("x")]), "2026-11-21T03:04:05.000000001Z,\"pay, ment\",-5,\r\n");
        assert_eq!(csv.cut("the limit"), "the export is not whole: the limit\r\n");
        let csv = Export::new(Format::Csv, Vec::new());
        assert!(csv.records(&[record("=x")]).ends_with(",\"'=x\",,,\"{\"\"n\"\":\"\"-5\"\"}\"\r\n"));
        let json = Export::new(Format::Ndjson, Vec::new());
        let lines = json.records(&[record("=x"), record("y")]);
        let lines: Vec<LogRecord> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines, [record("=x"), record("y")]);
        assert_eq!(json.cut("why"), "{\"export_is_not_whole\":\"why\"}\n");
    }
}
