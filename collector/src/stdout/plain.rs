//! A line of plain text: its time, level and trace are read where they are clear, and the text stays
//! whole.

use super::level::{self, Severity};
use super::record::Record;
use super::time::of_iso_prefix;
use super::trace_context::{self, TraceContext};

/// A level stands among the first words of a line, if at all.
const LEADING_WORDS: usize = 6;
/// Levels of some loggers that are common words as well.
const AMBIGUOUS: [&str; 4] = ["LOG", "HTTP", "FINE", "CONFIG"];
/// `key=value` pairs are looked for so far into a line.
const PAIRS_WITHIN: usize = 4096;

pub fn read(line: String, observed_ns: i64) -> Record {
    let head = &line[..line.floor_char_boundary(PAIRS_WITHIN)];
    let time = of_iso_prefix(head.trim_start_matches(['[', '(']));
    Record {
        // Without a zone it may be any zone's time; when the line was read is nearer.
        time_ns: time.filter(|time| time.zoned).map(|time| time.nanos),
        observed_ns,
        severity: severity_of(head),
        trace: trace_of(head),
        attributes: Vec::new(),
        body: line,
    }
}

fn severity_of(line: &str) -> Option<Severity> {
    pair(line, &["level", "lvl", "severity"])
        .and_then(level::of_word)
        .or_else(|| glog(line))
        .or_else(|| leading_word(line))
        .or_else(|| crash(line))
}

/// The value of the first `key=value` with one of these keys, as in logfmt.
fn pair<'a>(line: &'a str, keys: &[&str]) -> Option<&'a str> {
    line.split_ascii_whitespace().find_map(|word| {
        let (key, value) = word.trim_start_matches(['[', '(', '{', ',']).split_once('=')?;
        keys.contains(&key).then(|| value.trim_matches(['"', '\'', ',', ';', ']', ')', '}']))
    })
}

/// glog and klog begin with the level's letter and the day: `E0506 07:08:09.123456`.
fn glog(line: &str) -> Option<Severity> {
    let word = line.split_ascii_whitespace().next()?.as_bytes();
    if word.len() != 5 || !word[1..].iter().all(u8::is_ascii_digit) {
        return None;
    }
    let name = match word[0] {
        b'I' => "INFO",
        b'W' => "WARNING",
        b'E' => "ERROR",
        b'F' => "FATAL",
        _ => return None,
    };
    level::of_word(name)
}

/// A level in capitals, in brackets or before a colon: `ERROR`, `[error]`, `error:`.
fn leading_word(line: &str) -> Option<Severity> {
    let is_edge = |c: char| !c.is_alphanumeric();
    line.split_ascii_whitespace().take(LEADING_WORDS).find_map(|word| {
        // `[main][ERROR]` and `ERROR:root:text` are several words.
        let mut rest = word;
        loop {
            let start = rest.find(|c: char| !is_edge(c))?;
            let end = rest[start..].find(is_edge).map_or(rest.len(), |len| start + len);
            let name = &rest[start..end];
            let before = rest[..start].chars().next_back();
            let after = rest[end..].chars().next();
            let alone = matches!(after, None | Some(':' | ']' | ')' | '|' | '>' | ','))
                && matches!(before, None | Some('[' | '(' | '|' | '<' | ':'));
            let marked = matches!(before, Some('[' | '(' | '<')) || after == Some(':');
            let capitals = name.chars().all(|c| c.is_ascii_uppercase());
            let severity = level::of_word(name).filter(|_| !AMBIGUOUS.contains(&name));
            if severity.is_some() && alone && (capitals || marked) {
                return severity;
            }
            rest = &rest[end..];
        }
    })
}

/// The first line of a crash says so in the words of its runtime.
fn crash(line: &str) -> Option<Severity> {
    let is_crash = line.starts_with("panic: ")
        || line.starts_with("fatal error: ")
        || line.starts_with("Traceback (most recent call last)")
        || line.starts_with("Exception in thread ")
        || line.starts_with("Uncaught ")
        || (line.starts_with("thread '") && line.contains("panicked at"));
    is_crash.then(|| Severity { number: 17, text: "ERROR".into() })
}

fn trace_of(line: &str) -> TraceContext {
    let own = TraceContext {
        trace_id: pair(line, &trace_context::TRACE_ID).and_then(trace_context::id),
        span_id: pair(line, &trace_context::SPAN_ID).and_then(trace_context::id),
        flags: pair(line, &trace_context::FLAGS).and_then(|text| u32::from_str_radix(text, 16).ok()),
    };
    own.or(pair(line, &trace_context::TRACEPARENT).and_then(trace_context::traceparent).unwrap_or_default())
}
