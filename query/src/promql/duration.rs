//! Durations of the language: `1h30m`, plain seconds, and arithmetic over them.
//!
//! Lengths are milliseconds. `step()` and `range()` are known only when the query runs, so an
//! expression is kept and resolved against [`Context`].

use super::ast::Span;
use crate::Error;

#[derive(Clone, Debug, PartialEq)]
pub enum DurationExpr {
    Ms(i64),
    /// The step of the query; 0 for an instant query.
    Step,
    /// End minus start of the query.
    Range,
    Negate(Box<DurationExpr>),
    /// `+ - * / % ^`, and `<` for the smaller, `>` for the larger of two.
    Op(u8, Box<DurationExpr>, Box<DurationExpr>),
    /// A whole expression and its place in the query.
    Placed(Box<DurationExpr>, Span),
}

/// What the query run knows.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    pub step_ms: i64,
    pub range_ms: i64,
}

impl DurationExpr {
    pub fn resolve(&self, context: Context) -> Result<i64, Error> {
        if let DurationExpr::Ms(ms) = self {
            return Ok(*ms);
        }
        let ms = self.seconds(context).map_err(|why| self.wrong(why))? * 1e3;
        if !ms.is_finite() {
            return Err(self.wrong("duration is NaN or infinite"));
        }
        if ms.abs() > MAX_MS as f64 {
            return Err(self.wrong("duration is out of range"));
        }
        Ok(ms as i64)
    }

    /// The length of a range, or the step of a subquery.
    pub fn resolve_positive(&self, context: Context) -> Result<i64, Error> {
        match self.resolve(context)? {
            ms if ms > 0 => Ok(ms),
            _ => Err(self.wrong("duration must be greater than 0")),
        }
    }

    /// As Prometheus tells it: with the first and the last byte of the expression.
    fn wrong(&self, why: &str) -> Error {
        match self {
            DurationExpr::Placed(_, Span { start, end }) => Error::bad_query(format!("{start}:{end}: {why}")),
            _ => Error::bad_query(why),
        }
    }

    fn seconds(&self, context: Context) -> Result<f64, &'static str> {
        Ok(match self {
            DurationExpr::Ms(ms) => *ms as f64 / 1e3,
            DurationExpr::Step => context.step_ms as f64 / 1e3,
            DurationExpr::Range => context.range_ms as f64 / 1e3,
            DurationExpr::Negate(inner) => -inner.seconds(context)?,
            DurationExpr::Placed(inner, _) => inner.seconds(context)?,
            DurationExpr::Op(op, left, right) => {
                let (left, right) = (left.seconds(context)?, right.seconds(context)?);
                match op {
                    b'/' if right == 0.0 => return Err("division by zero"),
                    b'%' if right == 0.0 => return Err("modulo by zero"),
                    b'+' => left + right,
                    b'-' => left - right,
                    b'*' => left * right,
                    b'/' => left / right,
                    b'%' => left % right,
                    b'^' => left.powf(right),
                    b'<' => left.min(right),
                    _ => left.max(right),
                }
            }
        })
    }
}

/// Longer is refused, as by Prometheus, whose durations are nanoseconds: about 292 years.
pub const MAX_MS: i64 = i64::MAX / 1_000_000;

const UNITS: [(&str, i64); 7] = [
    ("y", 365 * 86_400_000),
    ("w", 7 * 86_400_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// As Prometheus writes a duration in milliseconds: `1h5m`.
pub fn text(ms: i64) -> String {
    if ms == 0 {
        return "0s".to_owned();
    }
    let mut rest = ms;
    let mut text = String::new();
    for (unit, length) in UNITS {
        // Years and weeks only where nothing is left over.
        if matches!(unit, "y" | "w") && rest % length != 0 {
            continue;
        }
        if rest >= length {
            text.push_str(&format!("{}{unit}", rest / length));
            rest %= length;
        }
    }
    text
}

/// Reads `1h30m` (units from the largest to the smallest, each once) into milliseconds.
pub fn parse(text: &str) -> Option<i64> {
    let ms = i64::try_from(unlimited(text)?).ok()?;
    (ms <= MAX_MS).then_some(ms)
}

/// A duration, but one longer than there may be.
pub fn is_too_long(text: &str) -> bool {
    unlimited(text).is_some_and(|ms| ms > i128::from(MAX_MS))
}

fn unlimited(text: &str) -> Option<i128> {
    let mut total: i128 = 0;
    let mut rest = text;
    let mut next_unit = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = rest[..digits].parse().ok()?;
        let letters = &rest[digits..];
        let end = letters.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(letters.len());
        let unit = next_unit + UNITS[next_unit..].iter().position(|(name, _)| *name == &letters[..end])?;
        total += i128::from(number) * i128::from(UNITS[unit].1);
        (rest, next_unit) = (&letters[end..], unit + 1);
    }
    (!text.is_empty()).then_some(total)
}

/// The form that [`parse`] reads.
pub fn format_ms(mut ms: i64) -> String {
    let mut text = String::new();
    for (unit, length) in UNITS {
        // Whole years and weeks only where nothing is left, as Prometheus writes them.
        let exact = !["y", "w"].contains(&unit) || ms % length == 0;
        if ms >= length && exact {
            text += &format!("{}{unit}", ms / length);
            ms %= length;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar() {
        assert_eq!(parse("1h30m"), Some(5_400_000));
        assert_eq!(parse("5ms"), Some(5));
        assert_eq!(parse("1d12h5s1ms"), Some(129_605_001));
        assert_eq!((parse("300y"), is_too_long("300y"), is_too_long("1q")), (None, true, false));
        for wrong in ["", "5", "m", "1m1h", "1m1m", "1q", "1.5h"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
