//! Reads case files.

/// A trace as it is written: its spans, and what each line says of them.
pub struct Trace {
    pub name: String,
    pub spans: Vec<Span>,
}

pub struct Span {
    pub name: String,
    pub parent: Option<String>,
    pub fields: Vec<(String, serde_json::Value)>,
}

/// A query and the lines that are expected.
pub enum Command {
    Load(Vec<Trace>),
    Find(String, Vec<String>),
    Fail(String, Vec<String>),
    Series(i64, String, Vec<String>),
}

/// Commands with the numbers of their lines.
pub fn commands(text: &str) -> Vec<(usize, Command)> {
    let lines: Vec<(usize, &str)> = text
        .lines()
        .enumerate()
        .map(|(at, line)| (at + 1, line))
        .filter(|(_, line)| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
        .collect();
    let mut commands = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let (number, line) = lines[at];
        at += 1;
        let body: Vec<&str> =
            lines[at..].iter().map(|(_, line)| *line).take_while(|line| line.starts_with(' ')).collect();
        at += body.len();
        let expected = || body.iter().map(|line| line.trim().to_owned()).collect();
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let command = match verb {
            "load" => Command::Load(traces(&body)),
            "find" => Command::Find(rest.to_owned(), expected()),
            "fail" => Command::Fail(rest.to_owned(), expected()),
            "series" => {
                let (step, query) = rest.split_once(' ').expect("a step and a query");
                Command::Series(duration(step).expect("a duration"), query.to_owned(), expected())
            }
            other => panic!("line {number}: '{other}' is no command"),
        };
        commands.push((number, command));
    }
    commands
}

fn traces(lines: &[&str]) -> Vec<Trace> {
    let mut traces: Vec<Trace> = Vec::new();
    for line in lines {
        let mut words = words(line.trim()).into_iter();
        let first = words.next().expect("a word");
        if first == "trace" {
            let name = words.next().expect("the name of a trace");
            traces.push(Trace { name, spans: Vec::new() });
            continue;
        }
        let mut span = Span { name: first, parent: None, fields: Vec::new() };
        for word in words {
            if let Some(parent) = word.strip_prefix('<') {
                span.parent = Some(parent.to_owned());
            } else {
                let (key, value) = word.split_once('=').unwrap_or_else(|| panic!("{word} is no field"));
                let read = serde_json::from_str(value);
                span.fields.push((key.to_owned(), read.unwrap_or_else(|_| value.into())));
            }
        }
        traces.last_mut().expect("a trace comes first").spans.push(span);
    }
    traces
}

/// Words parted by spaces that are not between quotes or brackets.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut quoted, mut deep) = (vec![String::new()], false, 0);
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            '[' => deep += 1,
            ']' => deep -= 1,
            _ => {}
        }
        if c == ' ' && !quoted && deep == 0 {
            words.push(String::new());
        } else if let Some(word) = words.last_mut() {
            word.push(c);
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Nanoseconds of `5ms` or `2s`; a bare number is nanoseconds.
pub fn duration(text: &str) -> Option<i64> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let unit = match &text[digits..] {
        "" | "ns" => 1,
        "us" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        _ => return None,
    };
    text[..digits].parse::<i64>().ok().map(|number| number * unit)
}
