//! The notation of series in test scripts: `0+10x5`, `_`, `stale`, `{{schema:0 buckets:[1 2]}}`.

use crate::promql::histogram::{CUSTOM_SCHEMA, Histogram, ResetHint, Side};
use crate::promql::labels::Labels;
use crate::promql::parse::parse_labels;
use crate::promql::value::{Sample, stale_nan};
use std::sync::Arc;

/// One line: a label set and its samples, none where there is a gap.
#[derive(Clone, Debug)]
pub struct SeriesLine {
    pub labels: Labels,
    pub samples: Vec<Option<Sample>>,
    /// When each sample's counter began, in milliseconds from the sample's time. Empty where no
    /// line of starts came before.
    pub starts: Vec<Option<i64>>,
}

pub fn series_line(line: &str) -> Result<SeriesLine, String> {
    let end = labels_end(line);
    let labels = parse_labels(&line[..end]).map_err(|why| format!("{why} in {line:?}"))?;
    Ok(SeriesLine { labels, samples: samples(&line[end..])?, starts: Vec::new() })
}

/// Where the label set ends: after its closing brace, else at the first blank.
fn labels_end(line: &str) -> usize {
    let mut quote = None;
    let mut in_braces = false;
    let mut escaped = false;
    for (at, c) in line.char_indices() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some('"' | '\'') if c == '\\' => escaped = true,
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None => match c {
                '"' | '\'' | '`' if in_braces => quote = Some(c),
                '{' => in_braces = true,
                '}' => return at + 1,
                c if c.is_whitespace() && !in_braces => {
                    // `name {labels}` is read as one, `name {{histogram}}` and `name 1` are not.
                    let rest = line[at..].trim_start();
                    if !rest.starts_with('{') || rest.starts_with("{{") {
                        return at;
                    }
                }
                _ => {}
            },
        }
    }
    line.len()
}

pub fn samples(text: &str) -> Result<Vec<Option<Sample>>, String> {
    let mut all = Vec::new();
    for item in items(text) {
        expand(&item, &mut all).map_err(|why| format!("{why} in {item:?}"))?;
    }
    Ok(all)
}

/// Splits at blanks that are outside of braces.
fn items(text: &str) -> Vec<String> {
    let mut items = vec![String::new()];
    let mut depth = 0_i32;
    for c in text.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        let last = items.len() - 1;
        if depth == 0 && c.is_whitespace() {
            if !items[last].is_empty() {
                items.push(String::new());
            }
        } else {
            items[last].push(c);
        }
    }
    items.retain(|item| !item.is_empty());
    items
}

/// A gap, a value, or a start with a difference and how often it is applied.
fn expand(item: &str, all: &mut Vec<Option<Sample>>) -> Result<(), String> {
    if let Some(rest) = item.strip_prefix('_') {
        let count = if rest.is_empty() { 1 } else { times(rest)? };
        all.extend(std::iter::repeat_n(None, count));
        return Ok(());
    }
    let (start, rest) = value(item)?;
    let sign = rest.chars().next().filter(|sign| matches!(sign, '+' | '-'));
    let (difference, rest) = match sign {
        Some(_) => {
            let (difference, rest) = value(&rest[1..])?;
            (Some(difference), rest)
        }
        None => (None, rest),
    };
    let count = if rest.is_empty() { 0 } else { times(rest)? };
    let mut current = start;
    all.push(Some(current.clone()));
    for _ in 0..count {
        if let Some(difference) = &difference {
            current = stepped(current, difference, sign == Some('-'))?;
        }
        all.push(Some(current.clone()));
    }
    Ok(())
}

fn times(text: &str) -> Result<usize, String> {
    let count = text.strip_prefix('x').ok_or("expected x and a count")?;
    count.parse().map_err(|_| format!("{count:?} is not a count"))
}

fn stepped(current: Sample, difference: &Sample, down: bool) -> Result<Sample, String> {
    match (current, difference) {
        (Sample::Float(value), Sample::Float(difference)) => {
            Ok(Sample::Float(if down { value - difference } else { value + difference }))
        }
        (Sample::Histogram(histogram), Sample::Histogram(difference)) => {
            let mut next = (*histogram).clone();
            let outcome = if down { next.subtract(difference) } else { next.add(difference) };
            outcome.map_err(|_| "histograms that don't go together".to_owned())?;
            Ok(Sample::Histogram(Arc::new(next)))
        }
        _ => Err("a float and a histogram".to_owned()),
    }
}

/// One value at the start of the text, and what follows it.
fn value(text: &str) -> Result<(Sample, &str), String> {
    if let Some(rest) = text.strip_prefix("stale") {
        return Ok((Sample::Float(stale_nan()), rest));
    }
    if let Some(body) = text.strip_prefix("{{") {
        let (inside, rest) = body.split_once("}}").ok_or("a histogram without end")?;
        return Ok((Sample::Histogram(Arc::new(histogram(inside)?)), rest));
    }
    let unsigned = text.trim_start_matches(['+', '-']);
    let sign = text.len() - unsigned.len();
    for word in ["infinity", "inf", "nan"] {
        if unsigned.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word)) {
            let (number, rest) = text.split_at(sign + word.len());
            return Ok((Sample::Float(number.parse().map_err(|_| "not a number".to_owned())?), rest));
        }
    }
    let bytes = unsigned.as_bytes();
    let mut length = 0;
    while length < bytes.len() {
        let exponent = length > 0 && matches!(bytes[length - 1], b'e' | b'E');
        let part = bytes[length].is_ascii_digit()
            || matches!(bytes[length], b'.' | b'e' | b'E')
            || (exponent && matches!(bytes[length], b'+' | b'-'));
        if !part {
            break;
        }
        length += 1;
    }
    let (number, rest) = text.split_at(sign + length);
    if number == "0"
        && rest.starts_with("x")
        && rest[1..].contains(|c: char| c.is_ascii_hexdigit() && !c.is_ascii_digit())
    {
        let bits = u64::from_str_radix(&rest[1..], 16).map_err(|_| "not a hexadecimal number".to_owned())?;
        return Ok((Sample::Float(bits as f64), ""));
    }
    number
        .parse()
        .map(|number| (Sample::Float(number), rest))
        .map_err(|_| format!("{number:?} is not a number"))
}

/// One histogram alone: `{{schema:0 count:1 …}}`.
pub fn histogram_notation(text: &str) -> Result<Histogram, String> {
    match value(text.trim())? {
        (Sample::Histogram(histogram), "") => Ok((*histogram).clone()),
        _ => Err("expected one histogram in {{ }}".to_owned()),
    }
}

/// The inside of `{{…}}`: `key:value` pairs, lists in brackets.
fn histogram(text: &str) -> Result<Histogram, String> {
    let mut histogram = Histogram::default();
    let (mut buckets, mut negative) = (Vec::new(), Vec::new());
    let (mut offset, mut negative_offset) = (0, 0);
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (key, after) = rest.split_once(':').ok_or("expected key:value in a histogram")?;
        let after = after.trim_start();
        let end = match after.starts_with('[') {
            true => after.find(']').ok_or("a list without end")? + 1,
            false => after.find(char::is_whitespace).unwrap_or(after.len()),
        };
        let (value, next) = after.split_at(end);
        rest = next.trim_start();
        let number = || value.parse::<f64>().map_err(|_| format!("{value:?} is not a number"));
        let list = || -> Result<Vec<f64>, String> {
            let inside = value.trim_matches(['[', ']']).split_whitespace();
            inside.map(|number| number.parse().map_err(|_| format!("{number:?} is not a number"))).collect()
        };
        match key.trim() {
            "schema" => histogram.schema = number()? as i32,
            "sum" => histogram.sum = number()?,
            "count" => histogram.count = number()?,
            "z_bucket" => histogram.zero_count = number()?,
            "z_bucket_w" => histogram.zero_threshold = number()?,
            "custom_values" => histogram.custom_bounds = list()?.into(),
            "buckets" => buckets = list()?,
            "offset" => offset = number()? as i32,
            "n_buckets" => negative = list()?,
            "n_offset" => negative_offset = number()? as i32,
            "counter_reset_hint" => histogram.hint = hint(value)?,
            other => return Err(format!("unknown key {other:?} in a histogram")),
        }
    }
    histogram.positive = side(offset, &buckets);
    histogram.negative = side(negative_offset, &negative);
    if histogram.schema != CUSTOM_SCHEMA && !(-4..=8).contains(&histogram.schema) {
        return Err(format!("unknown schema {}", histogram.schema));
    }
    Ok(histogram)
}

fn side(offset: i32, buckets: &[f64]) -> Side {
    buckets.iter().enumerate().map(|(i, count)| (offset + i as i32, *count)).collect()
}

fn hint(text: &str) -> Result<ResetHint, String> {
    Ok(match text {
        "unknown" => ResetHint::Unknown,
        "reset" => ResetHint::Reset,
        "not_reset" => ResetHint::NoReset,
        "gauge" => ResetHint::Gauge,
        other => return Err(format!("unknown counter reset hint {other:?}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn floats(text: &str) -> Vec<Option<f64>> {
        samples(text).unwrap().iter().map(|sample| sample.as_ref().and_then(Sample::float)).collect()
    }

    #[test]
    fn numbers() {
        assert_eq!(
            floats("0+10x2 _ -1-1x1 1e+2 _x2 5x1"),
            [
                Some(0.0),
                Some(10.0),
                Some(20.0),
                None,
                Some(-1.0),
                Some(-2.0),
                Some(100.0),
                None,
                None,
                Some(5.0),
                Some(5.0)
            ]
        );
        assert_eq!(floats("+Inf -inf"), [Some(f64::INFINITY), Some(f64::NEG_INFINITY)]);
    }

    #[test]
    fn histograms() {
        let line = series_line(
            "h{a=\"{ }\"} {{schema:1 count:3 buckets:[1 2] offset:-1}}+{{schema:1 count:1 buckets:[1]}}x1",
        );
        let line = line.unwrap();
        assert_eq!(line.labels.get("a"), "{ }");
        let Some(Sample::Histogram(second)) = &line.samples[1] else { panic!("{line:?}") };
        assert_eq!(second.positive, [(-1, 1.0), (0, 3.0)]);
    }
}
