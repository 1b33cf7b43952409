//! Reads case files, and fills stores with their lines.

use ocelli_signal::logs::{BodyKind, LogRow, LogsBuilder};
use ocelli_signal::wire::Writer;
use ocelli_signal::{AnyValue, Batch, Signal, attributes, origin};
use ocelli_storage::{Options, Retention, Store};

pub struct Line {
    time_ns: i64,
    service: String,
    severity: i32,
    attributes: Vec<(String, String)>,
    text: String,
}

#[derive(Clone, Copy, Debug)]
pub struct Grid {
    pub from_s: f64,
    pub to_s: f64,
    pub step_s: f64,
}

/// A query and the lines that are expected.
pub enum Command {
    Load(Vec<Line>),
    Lines(String, Vec<String>),
    Samples(Grid, String, Vec<String>),
    Fail(String, Vec<String>),
    Text(String, Vec<String>),
}

/// Commands with the numbers of their lines.
pub fn commands(text: &str) -> Vec<(usize, Command)> {
    let lines: Vec<(usize, &str)> = text
        .lines()
        .enumerate()
        .map(|(at, line)| (at + 1, line))
        .filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'))
        .collect();
    let mut commands = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let (number, line) = lines[at];
        at += 1;
        let body: Vec<&str> =
            lines[at..].iter().map(|(_, line)| *line).take_while(|line| line.starts_with("  ")).collect();
        at += body.len();
        let expected = || body.iter().map(|line| line[2..].to_owned()).collect();
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let command = match verb {
            "load" => Command::Load(body.iter().map(|line| read(line)).collect()),
            "lines" => Command::Lines(rest.to_owned(), expected()),
            "fail" => Command::Fail(rest.to_owned(), expected()),
            "text" => Command::Text(rest.to_owned(), expected()),
            "samples" => {
                let mut parts = rest.splitn(4, ' ');
                let mut next = || parts.next().expect("three times and a query");
                let grid = Grid { from_s: seconds(next()), to_s: seconds(next()), step_s: seconds(next()) };
                Command::Samples(grid, next().to_owned(), expected())
            }
            other => panic!("line {number}: '{other}' is no command"),
        };
        commands.push((number, command));
    }
    commands
}

fn seconds(text: &str) -> f64 {
    text.strip_suffix('s')
        .and_then(|number| number.parse().ok())
        .unwrap_or_else(|| panic!("{text}: no seconds"))
}

fn read(line: &str) -> Line {
    let (head, text) = line.split_once(" | ").expect("a bar in front of the text");
    let mut words = head.split_whitespace();
    let mut next = || words.next().expect("a time, a service and a severity");
    let time_ns = (seconds(next()) * 1e9).round() as i64;
    let (service, severity) = (next().to_owned(), next());
    let severity = match severity {
        "-" => 0,
        "debug" => 5,
        "info" => 9,
        "warn" => 13,
        "error" => 17,
        other => panic!("{other}: no severity"),
    };
    let pair = |word: &str| {
        let (key, value) = word.split_once('=').expect("key=value");
        (key.to_owned(), value.to_owned())
    };
    // So that a case can have line ends and escape characters.
    let text = text.replace("\\n", "\n").replace("\\e", "\u{1b}");
    Line { time_ns, service, severity, attributes: words.map(pair).collect(), text }
}

/// Half of the lines in a segment, half in memory.
pub async fn store(lines: &[Line]) -> (Store, tempfile::TempDir) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let mut options = Options::new(directory.path());
    options.retention = Retention::forever();
    options.index_min_rows = 1;
    options.index_flush_rows = 1;
    let store = Store::open(options, None).await.expect("a new store opens");
    let (first, second) = lines.split_at(lines.len() / 2);
    for (part, flush) in [(first, true), (second, false)] {
        if !part.is_empty() {
            store.append("default", batch(part)).await.expect("a line is kept");
        }
        if flush {
            store.flush().await.expect("a segment is written");
        }
    }
    (store, directory)
}

fn batch(lines: &[Line]) -> Batch {
    let mut builder = LogsBuilder::new();
    for line in lines {
        let mut message = Writer::new();
        attributes::put_pair(&mut message, 1, "service.name", &AnyValue::String(&line.service));
        builder.set_resource(&origin::encode(message.as_bytes(), ""));
        let pairs = line.attributes.iter().map(|(key, value)| (key.as_str(), AnyValue::String(value)));
        builder.push(&LogRow {
            time: line.time_ns,
            time_given: true,
            observed_time: line.time_ns,
            severity_number: line.severity,
            body: &line.text,
            body_kind: BodyKind::String,
            attributes: &attributes::encode(pairs),
            ..LogRow::default()
        });
    }
    Batch { signal: Signal::Logs, rows: builder.finish() }
}
