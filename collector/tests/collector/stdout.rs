//! Lines in, records out, as data: `tests/stdout/*.test`.
//!
//! A case is lines of `out| ` or `err| ` (what the program prints) and of `=> ` (the records they
//! become, as JSON); an empty line ends it, `#` begins a comment. `\xNN` in a printed line is a byte.
//! A field that is left out of a record is empty; `log.iostream` is told only for stderr.

use crate::support::NOW_NS;
use ocelli_collector::decode::{Format, decode};
use ocelli_collector::limits::{DecodeLimits, LineLimits};
use ocelli_collector::stdout::{LineParser, Stream};
use ocelli_signal::logs::Logs;
use ocelli_signal::value_text::to_json_text;
use ocelli_signal::{AnyValue, Attributes, Signal};
use serde_json::{Map, Value as Json, json};
use std::path::Path;
use std::time::Duration;

#[test]
fn every_shape() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stdout");
    let mut cases = 0;
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let file = std::fs::read_to_string(&path).unwrap();
        for (number, case) in file.split("\n\n").enumerate() {
            cases += run(case, &format!("{} case {}", path.file_name().unwrap().display(), number + 1));
        }
    }
    assert!(cases > 20, "only {cases} cases were found");
}

fn run(case: &str, name: &str) -> usize {
    let mut parser = LineParser::new("shop");
    let mut expected = Vec::new();
    for line in case.lines() {
        if let Some(record) = line.strip_prefix("=> ") {
            expected
                .push(serde_json::from_str::<Json>(record).unwrap_or_else(|error| panic!("{name}: {error}")));
        } else if let Some(line) = line.strip_prefix("out|") {
            parser.push_line(&bytes_of(line.strip_prefix(' ').unwrap_or(line)), Stream::Stdout, NOW_NS);
        } else if let Some(line) = line.strip_prefix("err|") {
            parser.push_line(&bytes_of(line.strip_prefix(' ').unwrap_or(line)), Stream::Stderr, NOW_NS);
        } else {
            assert!(line.is_empty() || line.starts_with('#'), "{name}: {line}");
        }
    }
    parser.finish(NOW_NS);
    let records = records(&mut parser);
    assert_eq!(Json::from(records), Json::from(expected.clone()), "{name}");
    usize::from(!expected.is_empty())
}

fn bytes_of(line: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut parts = line.split("\\x");
    bytes.extend_from_slice(parts.next().unwrap().as_bytes());
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    bytes
}

/// The finished records, through the decoder that the server uses.
fn records(parser: &mut LineParser) -> Vec<Json> {
    let Some(request) = parser.take_request() else { return Vec::new() };
    let limits = DecodeLimits::default();
    let decoded = decode(Signal::Logs, Format::Protobuf, &request, NOW_NS, &limits).unwrap();
    assert_eq!(decoded.tally.message(), None);
    let logs = Logs::new(&decoded.batch.rows).unwrap();
    (0..logs.len()).map(|at| record(&logs, at)).collect()
}

fn record(logs: &Logs<'_>, at: usize) -> Json {
    let row = logs.row(at);
    assert_eq!((logs.service(at), row.observed_time), ("shop", NOW_NS));
    let mut fields = Map::new();
    let mut put = |key: &str, value: Json, empty: Json| {
        if value != empty {
            fields.insert(key.into(), value);
        }
    };
    put("time", if row.time_given { row.time.into() } else { Json::Null }, Json::Null);
    put("severity", row.severity_number.into(), 0.into());
    put("level", row.severity_text.into(), "".into());
    put("body", row.body.into(), "".into());
    put("trace_id", row.trace_id.map(|id| hex(&id)).into(), Json::Null);
    put("span_id", row.span_id.map(|id| hex(&id)).into(), Json::Null);
    put("flags", row.flags.into(), 0.into());
    let mut attributes = Map::new();
    for (key, value) in Attributes::of_column(row.attributes).iter() {
        if (key, value) != ("log.iostream", AnyValue::String("stdout")) {
            attributes.insert(key.into(), serde_json::from_str(&to_json_text(&value)).unwrap());
        }
    }
    put("attributes", attributes.into(), json!({}));
    fields.into()
}

fn hex(id: &[u8]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bodies(parser: &mut LineParser) -> Vec<String> {
    records(parser).iter().map(|record| record["body"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_record_waits_for_its_stack_trace_and_no_longer() {
    let mut parser = LineParser::new("shop");
    assert_eq!((parser.deadline(), parser.take_request()), (None, None));
    parser.push_bytes(b"Error: bo", Stream::Stderr, NOW_NS);
    assert_eq!(parser.deadline(), None);
    parser.push_bytes(b"om\n    at main", Stream::Stderr, NOW_NS);
    assert_eq!(parser.deadline(), Some(NOW_NS + 250_000_000));
    parser.push_bytes(b" (app.js:1:2)\n", Stream::Stderr, NOW_NS + 1);
    assert_eq!(parser.deadline(), Some(NOW_NS + 250_000_001));
    parser.finish_due(NOW_NS + 250_000_000);
    assert_eq!(parser.take_request(), None);
    parser.finish_due(NOW_NS + 250_000_001);
    assert_eq!((parser.deadline(), parser.ready_records()), (None, 1));
    assert!(parser.ready_bytes() > 0);
    assert_eq!(bodies(&mut parser), ["Error: boom\n    at main (app.js:1:2)"]);
}

#[test]
fn streams_are_not_mixed() {
    let mut parser = LineParser::new("shop");
    parser.push_bytes(b"half of ", Stream::Stdout, NOW_NS);
    parser.push_line(b"oops", Stream::Stderr, NOW_NS);
    parser.push_bytes(b"a line\n", Stream::Stdout, NOW_NS);
    parser.push_line(b"  at x", Stream::Stderr, NOW_NS);
    parser.finish(NOW_NS);
    assert_eq!(bodies(&mut parser), ["half of a line", "oops\n  at x"]);
}

#[test]
fn nothing_of_a_long_line_is_lost() {
    let limits = LineLimits { line_bytes: 10, joined_bytes: 30, join_within: Duration::from_secs(1) };
    let mut parser = LineParser::new("shop").with_limits(limits);
    parser.push_line("0123456789abcdefgh€jklm".as_bytes(), Stream::Stdout, NOW_NS);
    parser.push_line(b"short", Stream::Stdout, NOW_NS);
    parser.finish(NOW_NS);
    let records = records(&mut parser);
    let parts: Vec<_> =
        records.iter().map(|record| (&record["body"], &record["attributes"]["log.record.part"])).collect();
    let expected =
        [("0123456789", json!(1)), ("abcdefgh", json!(2)), ("€jklm", json!(3)), ("short", Json::Null)];
    assert_eq!(parts.len(), expected.len(), "{parts:?}");
    for ((body, part), (expected_body, expected_part)) in parts.into_iter().zip(&expected) {
        assert_eq!((body, part), (&json!(expected_body), expected_part));
    }
}

#[test]
fn a_joined_record_is_bounded() {
    let limits = LineLimits { line_bytes: 100, joined_bytes: 20, join_within: Duration::from_secs(1) };
    let mut parser = LineParser::new("shop").with_limits(limits);
    parser.push_line(b"Error", Stream::Stdout, NOW_NS);
    for line in ["  at 1234", "  at 5678", "  at 9"] {
        parser.push_line(line.as_bytes(), Stream::Stdout, NOW_NS);
    }
    parser.finish(NOW_NS);
    assert_eq!(bodies(&mut parser), ["Error\n  at 1234", "  at 5678\n  at 9"]);
}

proptest::proptest! {
    #[test]
    fn any_bytes_become_valid_requests(pieces: Vec<Vec<u8>>) {
        let mut parser = LineParser::new("shop");
        for piece in &pieces {
            parser.push_bytes(piece, Stream::Stdout, NOW_NS);
        }
        parser.finish(NOW_NS);
        records(&mut parser);
    }
}
