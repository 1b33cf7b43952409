//! Levels of loggers → OTLP severity numbers. Source: the OpenTelemetry logs data model, "Mapping of
//! SeverityNumber", and its appendix on syslog, zap and others.

use super::json::Json;

/// How severe a record is: the OTLP number, and the word for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Severity {
    pub number: i32,
    pub text: String,
}

/// A level as loggers write it: a word, a number of pino, bunyan or syslog, or such in quotes.
pub fn of_json(value: &Json) -> Option<Severity> {
    match value {
        Json::Text(text) => of_word(text).or_else(|| of_number(text.trim().parse().ok()?)),
        Json::Int(n) => of_number(*n),
        _ => None,
    }
}

/// A level's name in any case.
pub fn of_word(word: &str) -> Option<Severity> {
    let word = word.trim();
    if word.len() > 13 {
        return None;
    }
    let number = match word.to_ascii_lowercase().as_str() {
        "trace" | "silly" | "finest" | "trc" => 1,
        "debug" | "verbose" | "fine" | "finer" | "dbg" => 5,
        "info" | "information" | "informational" | "inf" | "http" | "config" | "log" => 9,
        "notice" => 10,
        "warn" | "warning" | "wrn" => 13,
        "error" | "err" | "severe" => 17,
        "fatal" | "critical" | "crit" | "dpanic" | "ftl" => 21,
        "panic" | "alert" => 22,
        "emerg" | "emergency" => 24,
        _ => return None,
    };
    Some(Severity { number, text: word.to_owned() })
}

/// pino and bunyan count in tens from 10, syslog from 7 down to 0. The word stands for the number.
pub fn of_number(n: i64) -> Option<Severity> {
    let (number, text) = match n {
        0 => (24, "EMERG"),
        1 => (22, "ALERT"),
        2 => (21, "CRIT"),
        3 => (17, "ERROR"),
        4 => (13, "WARN"),
        5 => (10, "NOTICE"),
        6 => (9, "INFO"),
        7 => (5, "DEBUG"),
        10..20 => (1, "TRACE"),
        20..30 => (5, "DEBUG"),
        30..40 => (9, "INFO"),
        40..50 => (13, "WARN"),
        50..60 => (17, "ERROR"),
        60..70 => (21, "FATAL"),
        _ => return None,
    };
    Some(Severity { number, text: text.to_owned() })
}
