//! Durations of the language: `1h30m`, plain seconds, and arithmetic over them.
//!
//! Lengths are milliseconds. `step()` and `range()` are known only when the query runs, so an
//! expression is kept and resolved against [`Context`].

use crate::Error;

#[derive(Clone, Debug, PartialEq)]
pub enum DurationExpr {
    Ms(i64),
    /// The step of the query; 0 for an instant query.
    Step,
    /// End minus start of the query.
    Range,
    Negate(Box<DurationExpr>),
    /// `+ - * / % ^`, and `<` for min, `>` for max.
    Op(u8, Box<DurationExpr>, Box<DurationExpr>),
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
        let ms = (self.seconds(context)? * 1e3).round();
        if ms.abs() > MAX_MS as f64 || ms.is_nan() {
            return Err(Error::bad_query("duration out of range"));
        }
        Ok(ms as i64)
    }

    fn seconds(&self, context: Context) -> Result<f64, Error> {
        Ok(match self {
            DurationExpr::Ms(ms) => *ms as f64 / 1e3,
            DurationExpr::Step => context.step_ms as f64 / 1e3,
            DurationExpr::Range => context.range_ms as f64 / 1e3,
            DurationExpr::Negate(inner) => -inner.seconds(context)?,
            DurationExpr::Op(op, left, right) => {
                let (left, right) = (left.seconds(context)?, right.seconds(context)?);
                match op {
                    b'/' if right == 0.0 => return Err(Error::bad_query("division by zero")),
                    b'%' if right == 0.0 => return Err(Error::bad_query("modulo by zero")),
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

/// Longer is refused: about 292 million years would overflow, 1000 years are enough.
pub const MAX_MS: i64 = 1000 * 365 * 86_400_000;

const UNITS: [(&str, i64); 7] = [
    ("y", 365 * 86_400_000),
    ("w", 7 * 86_400_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// Reads `1h30m` (units from the largest to the smallest, each once) into milliseconds.
pub fn parse(text: &str) -> Option<i64> {
    let mut total: i64 = 0;
    let mut rest = text;
    let mut next_unit = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: i64 = rest[..digits].parse().ok()?;
        let letters = &rest[digits..];
        let end = letters.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(letters.len());
        let unit = next_unit + UNITS[next_unit..].iter().position(|(name, _)| *name == &letters[..end])?;
        total = total.checked_add(number.checked_mul(UNITS[unit].1)?)?;
        (rest, next_unit) = (&letters[end..], unit + 1);
    }
    (!text.is_empty() && total <= MAX_MS).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar() {
        assert_eq!(parse("1h30m"), Some(5_400_000));
        assert_eq!(parse("5ms"), Some(5));
        assert_eq!(parse("1d12h5s1ms"), Some(129_605_001));
        for wrong in ["", "5", "m", "1m1h", "1m1m", "1q", "1.5h"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
