//! A script's lines into commands.

use super::Failure;
use super::expect::{Annotation, Eval, Expected, Times};
use super::notation::{SeriesLine, series_line};
use super::{nhcb, starts};
use crate::promql::duration;
use std::iter::Peekable;
use std::str::Lines;

pub struct Command {
    pub line: usize,
    pub text: String,
    pub action: Action,
}

pub enum Action {
    Clear,
    Load(LoadedSeries),
    Eval(Eval),
}

/// Series with one sample a step, from time 0.
pub struct LoadedSeries {
    pub step_ms: i64,
    pub series: Vec<SeriesLine>,
}

/// The commands one by one; after an error nothing more comes.
pub fn commands(text: &str) -> impl Iterator<Item = Result<Command, Failure>> + '_ {
    let mut lines = Reader { lines: text.lines().peekable(), number: 0 };
    let mut failed = false;
    std::iter::from_fn(move || {
        if failed {
            return None;
        }
        let (line, text) = lines.next_command()?;
        let command = command(&text, &mut lines);
        failed = command.is_err();
        Some(match command {
            Ok(action) => Ok(Command { line, text, action }),
            Err(difference) => Err(Failure { line, command: text, difference }),
        })
    })
}

struct Reader<'a> {
    lines: Peekable<Lines<'a>>,
    number: usize,
}

impl Reader<'_> {
    /// The next line that is neither blank nor a comment, with its number.
    fn next_command(&mut self) -> Option<(usize, String)> {
        loop {
            let line = self.lines.next()?.trim();
            self.number += 1;
            if !line.is_empty() && !line.starts_with('#') {
                return Some((self.number, line.to_owned()));
            }
        }
    }

    /// The lines that belong to a command: up to a blank line or a comment.
    fn block(&mut self) -> Vec<String> {
        let mut block = Vec::new();
        while let Some(line) = self.lines.peek().map(|line| line.trim()) {
            if line.is_empty() || line.starts_with('#') {
                break;
            }
            block.push(line.to_owned());
            self.lines.next();
            self.number += 1;
        }
        block
    }
}

fn command(text: &str, lines: &mut Reader) -> Result<Action, String> {
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    match word {
        "clear" => Ok(Action::Clear),
        "load" | "load_with_nhcb" => {
            let step_ms = time(rest.trim())?;
            let mut series = starts::series_lines(&lines.block())?;
            if word == "load_with_nhcb" {
                series.extend(nhcb::converted(&series));
            }
            Ok(Action::Load(LoadedSeries { step_ms, series }))
        }
        _ if word.starts_with("eval") => eval(word, rest.trim(), lines).map(Action::Eval),
        _ => Err(format!("unknown command {word:?}")),
    }
}

/// `30s`, `1h5m`, or seconds.
fn time(text: &str) -> Result<i64, String> {
    let (sign, unsigned) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let ms =
        duration::parse(unsigned).or_else(|| unsigned.parse::<f64>().ok().map(|s| (s * 1e3).round() as i64));
    ms.map(|ms| sign * ms).ok_or_else(|| format!("{text:?} is not a time"))
}

fn eval(word: &str, rest: &str, lines: &mut Reader) -> Result<Eval, String> {
    let mut words = rest.splitn(2, char::is_whitespace);
    let kind = words.next().unwrap_or_default();
    let rest = words.next().unwrap_or_default().trim();
    let (times, query) = match kind {
        "instant" => {
            let rest = rest.strip_prefix("at").ok_or("expected at")?.trim_start();
            let (at, query) = rest.split_once(char::is_whitespace).ok_or("expected a query")?;
            (Times::Instant(time(at)?), query)
        }
        "range" => {
            let (from, rest) = after_word(rest, "from")?;
            let (to, rest) = after_word(rest, "to")?;
            let (step, query) = after_word(rest, "step")?;
            (Times::Range { start: time(from)?, end: time(to)?, step: time(step)? }, query)
        }
        _ => return Err(format!("expected instant or range, got {kind:?}")),
    };
    let mut eval = Eval { times, query: query.trim().to_owned(), expected: Expected::default() };
    match word {
        "eval" => {}
        "eval_fail" => eval.expected.fail = Some(Annotation::Any),
        "eval_ordered" => eval.expected.ordered = true,
        "eval_warn" => eval.expected.warnings.push(Annotation::Any),
        "eval_info" => eval.expected.infos.push(Annotation::Any),
        _ => return Err(format!("unknown command {word:?}")),
    }
    for line in lines.block() {
        expectation(&line, &mut eval.expected)?;
    }
    Ok(eval)
}

/// The word that follows a keyword, and the rest.
fn after_word<'a>(text: &'a str, keyword: &str) -> Result<(&'a str, &'a str), String> {
    let rest = text.trim_start().strip_prefix(keyword).ok_or_else(|| format!("expected {keyword}"))?;
    rest.trim_start()
        .split_once(char::is_whitespace)
        .ok_or_else(|| format!("expected a time after {keyword}"))
}

fn expectation(line: &str, expected: &mut Expected) -> Result<(), String> {
    if let Some(message) = line.strip_prefix("expected_fail_message ") {
        expected.fail = Some(Annotation::Text(message.trim().to_owned()));
        return Ok(());
    }
    if let Some(pattern) = line.strip_prefix("expected_fail_regexp ") {
        expected.fail = Some(Annotation::Pattern(pattern.trim().to_owned()));
        return Ok(());
    }
    let Some(rest) = line.strip_prefix("expect ") else {
        expected.series.push(result_line(line)?);
        return Ok(());
    };
    let (word, detail) = rest.trim().split_once(char::is_whitespace).unwrap_or((rest.trim(), ""));
    let annotation = annotation(detail.trim());
    match word {
        "fail" => expected.fail = Some(annotation),
        "warn" => expected.warnings.push(annotation),
        "info" => expected.infos.push(annotation),
        "no_warn" => expected.no_warnings = true,
        "no_info" => expected.no_infos = true,
        "ordered" => expected.ordered = true,
        "string" => expected.text = Some(quoted(detail.trim())?),
        "range" => {
            let rest = detail.trim().strip_prefix("vector").ok_or("expected vector")?;
            let (from, rest) = after_word(rest, "from")?;
            let (to, rest) = after_word(rest, "to")?;
            let step = rest.trim().strip_prefix("step").ok_or("expected step")?;
            expected.raw_range =
                Some(Times::Range { start: time(from)?, end: time(to)?, step: time(step.trim())? });
        }
        _ => return Err(format!("unknown expectation {line:?}")),
    }
    Ok(())
}

fn annotation(text: &str) -> Annotation {
    if let Some(message) = text.strip_prefix("msg:") {
        return Annotation::Text(message.trim().to_owned());
    }
    text.strip_prefix("regex:")
        .map_or(Annotation::Any, |pattern| Annotation::Pattern(pattern.trim().to_owned()))
}

fn quoted(text: &str) -> Result<String, String> {
    crate::promql::parse::unquoted(text).map_err(|why| format!("{why} in {text:?}"))
}

/// A series with its values, or a number alone, which stands for a scalar.
fn result_line(line: &str) -> Result<SeriesLine, String> {
    match line.parse::<f64>() {
        Ok(number) => Ok(SeriesLine {
            labels: Default::default(),
            samples: vec![Some(crate::promql::value::Sample::Float(number))],
            starts: Vec::new(),
        }),
        Err(_) => series_line(line),
    }
}
