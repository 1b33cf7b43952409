//! Go's number formats and `printf`.

use super::value::Value;
use crate::promql::value::format_general;

/// `%.{precision}g`: so many significant digits, without zeros at the end.
pub fn significant(value: f64, precision: usize) -> String {
    if !value.is_finite() {
        return format_general(value);
    }
    if value == 0.0 {
        return if value.is_sign_negative() { "-0" } else { "0" }.to_owned();
    }
    let precision = precision.max(1);
    let scientific = format!("{value:.*e}", precision - 1);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if exponent < -4 || exponent >= precision as i32 {
        return format!("{}{}", trimmed(mantissa), exponent_text(exponent));
    }
    let decimals = (precision as i32 - 1 - exponent).max(0) as usize;
    trimmed(&format!("{value:.decimals$}")).to_owned()
}

fn trimmed(number: &str) -> &str {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number }
}

/// `e+06`.
fn exponent_text(exponent: i32) -> String {
    format!("e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
}

/// With a blank between two that are both no texts.
pub fn print(values: &[Value]) -> String {
    let mut out = String::new();
    for (at, value) in values.iter().enumerate() {
        let is_text = |value: &Value| matches!(value, Value::Text(_));
        if at > 0 && !is_text(value) && !is_text(&values[at - 1]) {
            out.push(' ');
        }
        out.push_str(&value.text());
    }
    out
}

/// With a blank between all, and a newline.
pub fn println(values: &[Value]) -> String {
    values.iter().map(Value::text).collect::<Vec<_>>().join(" ") + "\n"
}

/// One `%…` of a format.
#[derive(Default)]
struct Verb {
    left: bool,
    plus: bool,
    zero: bool,
    width: usize,
    precision: Option<usize>,
}

/// The verbs `v s q d f F e g x t %` with flags `- + 0`, width and precision.
pub fn printf(format: &str, values: &[Value]) -> Result<String, String> {
    let mut out = String::new();
    let mut values = values.iter();
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut verb = Verb::default();
        while let Some(flag) = chars.next_if(|c| matches!(c, '-' | '+' | '0' | ' ' | '#')) {
            match flag {
                '-' => verb.left = true,
                '+' => verb.plus = true,
                '0' => verb.zero = true,
                _ => {}
            }
        }
        verb.width = digits(&mut chars).unwrap_or(0).min(1_000);
        if chars.next_if_eq(&'.').is_some() {
            verb.precision = Some(digits(&mut chars).unwrap_or(0).min(1_000));
        }
        match chars.next() {
            Some('%') => out.push('%'),
            Some(letter) => match values.next() {
                Some(value) => out.push_str(&verb.pad(verb.text(letter, value)?)),
                None => out.push_str(&format!("%!{letter}(MISSING)")),
            },
            None => out.push_str("%!(NOVERB)"),
        }
    }
    Ok(out)
}

fn digits(chars: &mut std::iter::Peekable<std::str::Chars>) -> Option<usize> {
    let text: String = std::iter::from_fn(|| chars.next_if(char::is_ascii_digit)).collect();
    text.parse().ok()
}

impl Verb {
    fn text(&self, letter: char, value: &Value) -> Result<String, String> {
        let wrong = || format!("%!{letter}({})", value.text());
        let text = match (letter, value) {
            ('v', Value::Float(float)) if self.precision.is_some() => {
                significant(*float, self.precision.unwrap_or(6))
            }
            ('v', value) => value.text(),
            ('s', value) => {
                let text = value.text();
                match self.precision {
                    Some(most) => text.chars().take(most).collect(),
                    None => text,
                }
            }
            ('q', value) => format!("{:?}", value.text()),
            ('t', Value::Bool(flag)) => flag.to_string(),
            ('d', Value::Int(int)) => int.to_string(),
            ('x', Value::Int(int)) => format!("{int:x}"),
            ('f' | 'F', Value::Float(float)) if float.is_finite() => {
                format!("{float:.*}", self.precision.unwrap_or(6))
            }
            ('e', Value::Float(float)) if float.is_finite() => {
                let text = format!("{float:.*e}", self.precision.unwrap_or(6));
                let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
                format!("{mantissa}{}", exponent_text(exponent.parse().unwrap_or_default()))
            }
            ('g', Value::Float(float)) => match self.precision {
                Some(precision) => significant(*float, precision),
                None => format_general(*float),
            },
            ('f' | 'F' | 'e', Value::Float(float)) => format_general(*float),
            _ => wrong(),
        };
        let positive =
            self.plus && matches!(value, Value::Int(0..)) | matches!(value, Value::Float(f) if *f >= 0.0);
        Ok(if positive && self.plus && !text.starts_with('+') { format!("+{text}") } else { text })
    }

    fn pad(&self, text: String) -> String {
        let missing = self.width.saturating_sub(text.chars().count());
        match (self.left, self.zero) {
            (true, _) => text + &" ".repeat(missing),
            (false, true) => {
                let (sign, digits) = text.split_at(usize::from(text.starts_with(['-', '+'])));
                format!("{sign}{}{digits}", "0".repeat(missing))
            }
            (false, false) => " ".repeat(missing) + &text,
        }
    }
}
