//! What programs print becomes log records: through `ocelli run -- CMD` and through a pipe.

use crate::harness::api::Api;
use crate::harness::process::{ocelli, run};
use crate::harness::server::Settings;
use ocelli_api::logs::{LogRecord, severity_class};
use serde_json::{Value, json};
use std::time::Duration;

const WITHIN: Duration = Duration::from_secs(30);
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";
/// 2026-11-20T10:11:12.345Z, the time in all lines that have one.
const TIME: &str = "1795169472345000000";

/// A line, and the record that it should become.
struct Line {
    shape: &'static str,
    text: &'static str,
    level: &'static str,
    body: &'static str,
    has_trace: bool,
    attributes: &'static [(&'static str, &'static str)],
}

/// The shapes of the common loggers. Every one says `card declined` in its own way.
const LINES: [Line; 9] = [
    Line {
        shape: "pino",
        text: r#"{"level":50,"time":1795169472345,"pid":7,"hostname":"h","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0ba902b7","trace_flags":"01","order_id":5001,"msg":"card declined"}"#,
        level: "error",
        body: "card declined",
        has_trace: true,
        attributes: &[
            ("pid", r#"{"intValue":"7"}"#),
            ("hostname", r#"{"stringValue":"h"}"#),
            ("order_id", r#"{"intValue":"5001"}"#),
        ],
    },
    Line {
        shape: "bunyan",
        text: r#"{"name":"pay","hostname":"h","pid":7,"level":40,"msg":"card declined","time":"2026-11-20T10:11:12.345Z","v":0,"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7"}"#,
        level: "warn",
        body: "card declined",
        has_trace: true,
        attributes: &[("name", r#"{"stringValue":"pay"}"#), ("v", r#"{"intValue":"0"}"#)],
    },
    Line {
        shape: "zap",
        text: r#"{"level":"info","ts":1795169472.345,"caller":"pay/main.go:5","msg":"card declined","ok":false}"#,
        level: "info",
        body: "card declined",
        has_trace: false,
        attributes: &[("caller", r#"{"stringValue":"pay/main.go:5"}"#), ("ok", r#"{"boolValue":false}"#)],
    },
    Line {
        shape: "logstash-logback",
        text: r#"{"@timestamp":"2026-11-20T10:11:12.345Z","@version":"1","message":"card declined","logger_name":"shop.Pay","level":"ERROR","stack_trace":"java.lang.IllegalStateException: no cart\n\tat shop.Pay.pay(Pay.java:5)\n"}"#,
        level: "error",
        body: "card declined",
        has_trace: false,
        attributes: &[
            ("logger_name", r#"{"stringValue":"shop.Pay"}"#),
            ("@version", r#"{"stringValue":"1"}"#),
        ],
    },
    Line {
        shape: "tracing-subscriber",
        text: r#"{"timestamp":"2026-11-20T10:11:12.345Z","level":"DEBUG","fields":{"message":"card declined","amount":12.5},"target":"pay"}"#,
        level: "debug",
        body: "card declined",
        has_trace: false,
        attributes: &[("amount", r#"{"doubleValue":12.5}"#), ("target", r#"{"stringValue":"pay"}"#)],
    },
    Line {
        shape: "structlog",
        text: r#"{"event":"card declined","timestamp":"2026-11-20T10:11:12.345Z","level":"critical","user":{"id":7,"tags":["a","b"]}}"#,
        level: "fatal",
        body: "card declined",
        has_trace: false,
        attributes: &[(
            "user",
            r#"{"kvlistValue":{"values":[{"key":"id","value":{"intValue":"7"}},{"key":"tags","value":{"arrayValue":{"values":[{"stringValue":"a"},{"stringValue":"b"}]}}}]}}"#,
        )],
    },
    Line {
        shape: "ECS",
        text: r#"{"@timestamp":"2026-11-20T10:11:12.345Z","log.level":"warning","message":"card declined","trace.id":"4bf92f3577b34da6a3ce929d0e0e4736","span.id":"00f067aa0ba902b7","ecs.version":"8.11"}"#,
        level: "warn",
        body: "card declined",
        has_trace: true,
        attributes: &[("ecs.version", r#"{"stringValue":"8.11"}"#)],
    },
    Line {
        shape: "traceparent",
        text: r#"{"time":"2026-11-20T10:11:12.345Z","severity":"INFO","message":"card declined","traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}"#,
        level: "info",
        body: "card declined",
        has_trace: true,
        attributes: &[],
    },
    Line {
        shape: "plain",
        text: "2026-11-20T10:11:12.345Z WARN card declined",
        level: "warn",
        body: "card declined",
        has_trace: false,
        attributes: &[],
    },
];

#[tokio::test(flavor = "multi_thread")]
async fn lines_of_every_shape_through_a_pipe() {
    let server = Settings::serve().start().await;
    for line in &LINES {
        let mut pipe = ocelli();
        pipe.args(["pipe", "--service", line.shape, "--endpoint", &server.push_url()]);
        let ended = run(&mut pipe, format!("{}\n", line.text).as_bytes(), WITHIN);
        assert!(ended.status.success(), "{}: {ended:?}", line.shape);
        let records = of_service(&server.api, line.shape).await;
        assert_eq!(records.len(), 1, "{}: {records:?}", line.shape);
        check(line, &records[0]);
    }
}

fn check(line: &Line, record: &LogRecord) {
    let shape = line.shape;
    assert_eq!(severity_class(record.severity_number), line.level, "{shape}: {record:?}");
    assert!(record.body_text.contains(line.body), "{shape}: {record:?}");
    assert_eq!(record.time.0.to_string(), TIME, "{shape}: {record:?}");
    let (trace, span) = if line.has_trace { (TRACE, SPAN) } else { ("", "") };
    assert_eq!((record.trace_id.as_str(), record.span_id.as_str()), (trace, span), "{shape}: {record:?}");
    for (key, value) in line.attributes {
        let wanted: Value = serde_json::from_str(value).unwrap();
        let found = record.attributes.iter().find(|attribute| attribute.key == *key);
        let found = found.unwrap_or_else(|| panic!("{shape}: no {key}: {record:?}"));
        assert_eq!(json!(found.value), wanted, "{shape}: {key}");
    }
}

const SCRIPT: &str = r#"
echo 'the shop opens'
echo '{"level":"error","msg":"no stock","sku":"A-1"}'
echo 'ERROR payment failed'
printf 'Traceback (most recent call last):\n  File "pay.py", line 5, in pay\n    raise ValueError("boom")\nValueError: boom\n'
echo 'on stderr' >&2
printf 'without an end of line'
exit 7
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_command_is_run_as_it_was_and_its_output_is_kept() {
    let server = Settings::serve().start().await;
    let mut command = ocelli();
    command.args(["run", "--service", "shop", "--endpoint", &server.push_url(), "--", "sh", "-c", SCRIPT]);
    let ended = run(&mut command, b"", WITHIN);
    assert_eq!(ended.status.code(), Some(7), "the command's own exit code: {ended:?}");
    assert!(ended.stdout.contains("the shop opens\n") && ended.stdout.ends_with("without an end of line"));
    assert!(ended.stderr.contains("on stderr"), "{ended:?}");

    let records = of_service(&server.api, "shop").await;
    let find = |words: &str| {
        let found: Vec<_> = records.iter().filter(|record| record.body_text.contains(words)).collect();
        assert_eq!(found.len(), 1, "{words}: {records:?}");
        found[0]
    };
    let error = find("no stock");
    assert_eq!((severity_class(error.severity_number), error.body_text.as_str()), ("error", "no stock"));
    let stack = find("Traceback");
    let (begins, ends) = ("ERROR payment failed\nTraceback", "ValueError: boom");
    assert!(stack.body_text.starts_with(begins) && stack.body_text.ends_with(ends), "{records:?}");
    assert_eq!(severity_class(stack.severity_number), "error", "{stack:?}");
    for words in ["the shop opens", "on stderr", "without an end of line"] {
        find(words);
    }
    assert_eq!(records.len(), 5, "{records:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_ended_by_a_signal_and_one_that_is_not_there() {
    let server = Settings::serve().start().await;
    let url = server.push_url();
    let mut command = ocelli();
    command.args(["run", "--endpoint", &url, "--", "sh", "-c", "echo last words; kill -TERM $$"]);
    let ended = run(&mut command, b"", WITHIN);
    assert_eq!(ended.status.code(), Some(128 + 15), "as a shell says it: {ended:?}");
    let records = of_service(&server.api, "sh").await;
    assert!(records.iter().any(|record| record.body_text == "last words"), "{records:?}");

    let mut command = ocelli();
    let ended = run(command.args(["run", "--endpoint", &url, "--", "no-such-command"]), b"", WITHIN);
    assert_ne!(ended.status.code(), Some(0));
    assert!(ended.stderr.contains("no-such-command"), "{ended:?}");
}

async fn of_service(api: &Api, service: &str) -> Vec<LogRecord> {
    api.all_logs(&format!("service:{service}"), 1000).await
}
