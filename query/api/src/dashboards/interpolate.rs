//! Puts the values of variables into a query, so that no value can change what the query means.
//!
//! What is written for a value depends on where it goes: in a string it is escaped, in the string of a regular
//! expression it is escaped as a pattern too and several values are an alternation, outside of strings only a
//! word can stand, and a value that is none is refused. `${name:raw}` in a pattern takes the value as a pattern.

mod places;

use places::{Place, Places};

/// What a text is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    PromQl,
    LogQl,
    /// The log language of this server.
    Logs,
    TraceQl,
    /// For people: titles, legends, names of services.
    Text,
}

/// What is chosen of a variable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chosen {
    /// All that are offered, where `is_all`.
    pub values: Vec<String>,
    pub is_all: bool,
    /// The pattern that stands for all.
    pub all_value: String,
}

impl Chosen {
    pub fn one(value: impl Into<String>) -> Chosen {
        Chosen { values: vec![value.into()], ..Chosen::default() }
    }
}

/// By the names of variables, of which there are few: what came last of a name holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values(Vec<(String, Chosen)>);

impl Values {
    pub fn insert(&mut self, name: String, chosen: Chosen) {
        self.0.push((name, chosen));
    }

    pub fn get(&self, name: &str) -> Option<&Chosen> {
        self.0.iter().rfind(|(known, _)| known == name).map(|(_, chosen)| chosen)
    }

    pub fn extend(&mut self, more: Values) {
        self.0.extend(more.0);
    }
}

impl<S: Into<String>> FromIterator<(S, Chosen)> for Values {
    fn from_iter<I: IntoIterator<Item = (S, Chosen)>>(all: I) -> Values {
        Values(all.into_iter().map(|(name, chosen)| (name.into(), chosen)).collect())
    }
}

/// The variables that every query has: the range, the step of its points, and a window for `rate()` that has
/// four scrapes of 15 s at least. In milliseconds, for a query over `range_ms` until `to_ms`.
pub fn built_in(range_ms: i64, step_ms: i64, to_ms: i64) -> Values {
    let duration = |ms: i64| if ms % 1_000 == 0 { format!("{}s", ms / 1_000) } else { format!("{ms}ms") };
    let rate_ms = (step_ms + 15_000).max(60_000);
    let all = [
        ("__interval", duration(step_ms)),
        ("__auto", duration(step_ms)),
        ("__interval_ms", step_ms.to_string()),
        ("__rate_interval", duration(rate_ms)),
        ("__rate_interval_ms", rate_ms.to_string()),
        ("__range", duration(range_ms)),
        ("__range_s", (range_ms / 1_000).to_string()),
        ("__range_ms", range_ms.to_string()),
        ("__from", (to_ms - range_ms).to_string()),
        ("__to", to_ms.to_string()),
    ];
    all.into_iter().map(|(name, value)| (name, Chosen::one(value))).collect()
}

/// The text with the values in the place of `$name`, `${name}`, `${name:format}` and `[[name]]`. Names that are not
/// known stay as they are. An error names the variable.
pub fn interpolate(text: &str, syntax: Syntax, values: &Values) -> Result<String, String> {
    let mut places = Places::new(text, syntax);
    let mut out = String::with_capacity(text.len());
    while let Some(rest) = places.rest() {
        match reference(rest).and_then(|found| Some((values.get(found.name)?, found))) {
            Some((chosen, found)) if places.place() != Place::Comment => {
                if places.is_escaped() {
                    return Err(format!("${}: a backslash stands before it", found.name));
                }
                let after = &rest[found.len..];
                let written = written(chosen, &found, &places, after)
                    .map_err(|why| format!("${}: {why}", found.name))?;
                out.push_str(&written);
                places.skip(found.len);
            }
            _ => places.copy(&mut out, |inside| mentions(inside, values)),
        }
    }
    Ok(out)
}

/// The names of the variables that a text refers to, as often as it does.
pub fn names(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let length = match reference(rest) {
            Some(reference) => {
                found.push(reference.name);
                reference.len
            }
            None => rest.chars().next().map_or(1, char::len_utf8),
        };
        at += length;
    }
    found
}

/// The text with a format at every mention of some variables that has none.
pub fn with_format(text: &str, format: &str, is_meant: impl Fn(&str) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let found = reference(rest).filter(|found| found.format.is_empty() && is_meant(found.name));
        let length = match &found {
            Some(found) => {
                out.push_str(&format!("${{{}:{format}}}", found.name));
                found.len
            }
            None => {
                let length = rest.chars().next().map_or(1, char::len_utf8);
                out.push_str(&rest[..length]);
                length
            }
        };
        at += length;
    }
    out
}

fn mentions(text: &str, values: &Values) -> bool {
    names(text).into_iter().any(|name| values.get(name).is_some())
}

/// One mention of a variable.
struct Reference<'t> {
    name: &'t str,
    format: &'t str,
    len: usize,
}

/// The one that a text begins with.
fn reference(text: &str) -> Option<Reference<'_>> {
    let (open, close) = if text.starts_with("${") {
        ("${", "}")
    } else if text.starts_with("[[") {
        ("[[", "]]")
    } else {
        let name = word(text.strip_prefix('$')?);
        return is_name(name).then_some(Reference { name, format: "", len: name.len() + 1 });
    };
    let inside = text[open.len()..].split(close).next()?;
    let len = open.len() + inside.len() + close.len();
    let (name, format) = inside.split_once(':').unwrap_or((inside, ""));
    (len <= text.len() && is_name(name) && word(name) == name).then_some(Reference { name, format, len })
}

fn word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

/// What stands for a value at a place.
fn written(
    chosen: &Chosen,
    reference: &Reference<'_>,
    places: &Places<'_>,
    after: &str,
) -> Result<String, String> {
    let place = places.place();
    if place == Place::Text {
        return Ok(if chosen.is_all { "All".to_owned() } else { chosen.values.join(" + ") });
    }
    let is_any = chosen.is_all && chosen.all_value.is_empty();
    if is_any && place == Place::Search && places.follows_colon() {
        return Ok("*".to_owned());
    }
    let all_value = [chosen.all_value.clone()];
    let is_pattern = chosen.is_all && !is_any;
    let values = if is_pattern { &all_value[..] } else { &chosen.values[..] };
    if values.is_empty() {
        return Err("there is no value to choose".to_owned());
    }
    let format = match (reference.format, place) {
        ("", Place::Pattern { .. } | Place::SlashPattern) => "regex",
        (format, _) => format,
    };
    let text = match format {
        "" if place == Place::Search => return search(values, places, after),
        "" if matches!(place, Place::Outside | Place::Search) => values.join(", "),
        "" | "text" if values.len() == 1 && !is_pattern => values[0].clone(),
        "" | "text" => return Err(SEVERAL.to_owned()),
        "regex" if is_pattern => values[0].clone(),
        "regex" => alternation(values),
        "pipe" => values.join("|"),
        "csv" | "raw" => values.join(","),
        other => {
            return Err(format!("the format {other} is not known; there are regex, pipe, csv, raw and text"));
        }
    };
    match place {
        Place::Outside | Place::Search if values.len() > 1 && matches!(format, "regex" | "pipe") => {
            Err(SEVERAL.to_owned())
        }
        Place::Outside | Place::Search if format == "regex" => words(values, values[0].clone()),
        Place::Outside | Place::Search => words(values, text),
        Place::Strict { .. } if text.chars().all(is_harmless) => Ok(text),
        Place::Strict { .. } => Err(format!("{text:?} can't stand here: only letters, digits and _:./- can")),
        // What is no pattern of ours could end it.
        Place::SlashPattern if (format != "regex" || is_pattern) && text.contains(['/', '\\']) => {
            Err(format!("{text:?} can't stand between slashes: it has a slash or a backslash"))
        }
        Place::SlashPattern if text.is_empty() => Ok("(?:)".to_owned()),
        Place::SlashPattern => Ok(text.replace('/', "\\/")),
        Place::String { quote } | Place::Pattern { quote } => Ok(places.escaped(&text, quote)),
        Place::Text | Place::Comment => Ok(text),
    }
}

const SEVERAL: &str = "several values are chosen, and only a pattern (=~) can have several";

/// Values that no language takes apart.
fn words(values: &[String], text: String) -> Result<String, String> {
    let is_word = |value: &String| {
        !value.is_empty() && value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | ':' | '.'))
    };
    match values.iter().find(|value| !is_word(value)) {
        None => Ok(text),
        Some(value) => {
            Err(format!("{value:?} can't stand outside of quotes: only words, numbers and durations can"))
        }
    }
}

fn is_harmless(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | ':' | '.' | '/' | '-' | ' ')
}

/// In the log language, where a value by itself can be quoted.
fn search(values: &[String], places: &Places<'_>, after: &str) -> Result<String, String> {
    let ends = after.chars().next().is_none_or(|c| c.is_whitespace() || c == ')');
    if !(ends && places.begins_token()) {
        return match values {
            [one] => words(values, one.clone()),
            _ => Err("several values are chosen, and a part of a word can have one".to_owned()),
        };
    }
    let quoted: Vec<String> =
        values.iter().map(|value| format!("\"{}\"", places.escaped(value, '"'))).collect();
    Ok(if let [one] = &quoted[..] { one.clone() } else { format!("({})", quoted.join(" OR ")) })
}

/// A pattern that matches these texts and no others.
fn alternation(values: &[String]) -> String {
    let escaped: Vec<String> = values.iter().map(|value| escape_pattern(value)).collect();
    if let [one] = &escaped[..] { one.clone() } else { format!("({})", escaped.join("|")) }
}

/// The signs that mean something in a pattern, also within `[…]`.
fn escape_pattern(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(
            c,
            '\\' | '.'
                | '+'
                | '*'
                | '?'
                | '('
                | ')'
                | '|'
                | '['
                | ']'
                | '{'
                | '}'
                | '^'
                | '$'
                | '#'
                | '&'
                | '-'
                | '~'
        ) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests;
