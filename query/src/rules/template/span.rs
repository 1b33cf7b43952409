//! Go's `time.Duration` as far as a template can use it.

use super::value::Value;
use std::fmt;

/// Nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(i64);

impl Span {
    pub fn of_seconds(seconds: f64) -> Span {
        Span((seconds * 1e9) as i64)
    }

    pub fn of_ns(ns: i64) -> Span {
        Span(ns)
    }

    pub fn ns(self) -> i64 {
        self.0
    }

    pub fn seconds(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// None where there is no such method.
    pub fn method(self, name: &str, arguments: &[Value]) -> Option<Value> {
        Some(match (name, arguments) {
            ("String", []) => Value::Text(self.to_string()),
            ("Hours", []) => Value::Float(self.seconds() / 3_600.0),
            ("Minutes", []) => Value::Float(self.seconds() / 60.0),
            ("Seconds", []) => Value::Float(self.seconds()),
            ("Milliseconds", []) => Value::Int(self.0 / 1_000_000),
            ("Microseconds", []) => Value::Int(self.0 / 1_000),
            ("Nanoseconds", []) => Value::Int(self.0),
            ("Abs", []) => Value::Duration(Span(self.0.saturating_abs())),
            ("Truncate", [Value::Duration(Span(unit))]) if *unit > 0 => {
                Value::Duration(Span(self.0 - self.0 % unit))
            }
            ("Round", [Value::Duration(Span(unit))]) if *unit > 0 => {
                let rest = self.0 % unit;
                let down = self.0 - rest;
                let far = rest.abs() >= unit - rest.abs();
                Value::Duration(Span(if far { down.saturating_add(unit * rest.signum()) } else { down }))
            }
            _ => return None,
        })
    }
}

/// `1h2m3.5s`, below a second `1.5ms`.
impl fmt::Display for Span {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = self.0.unsigned_abs();
        if self.0 < 0 {
            out.write_str("-")?;
        }
        // A number with as many digits behind the point as it needs.
        let of = |value: u64, unit: u64| {
            let digits = format!("{:0width$}", value % unit, width = unit.ilog10() as usize);
            let fraction = digits.trim_end_matches('0');
            match (unit, fraction) {
                (1, _) | (_, "") => (value / unit).to_string(),
                _ => format!("{}.{fraction}", value / unit),
            }
        };
        match whole {
            0 => out.write_str("0s"),
            1..1_000 => write!(out, "{whole}ns"),
            1_000..1_000_000 => write!(out, "{}µs", of(whole, 1_000)),
            1_000_000..1_000_000_000 => write!(out, "{}ms", of(whole, 1_000_000)),
            _ => {
                let minutes = whole / 60_000_000_000;
                if minutes >= 60 {
                    write!(out, "{}h", minutes / 60)?;
                }
                if minutes > 0 {
                    write!(out, "{}m", minutes % 60)?;
                }
                write!(out, "{}s", of(whole % 60_000_000_000, 1_000_000_000))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (seconds, expect) in [
            (0.0, "0s"),
            (1_800.0, "30m0s"),
            (-3_723.5, "-1h2m3.5s"),
            (0.0015, "1.5ms"),
            (0.000_002, "2µs"),
            (59.0, "59s"),
        ] {
            assert_eq!(Span::of_seconds(seconds).to_string(), expect);
        }
        let minute = [Value::Duration(Span::of_seconds(60.0))];
        let rounded = |seconds: f64, name| Span::of_seconds(seconds).method(name, &minute).unwrap().text();
        assert_eq!(
            [rounded(95.0, "Round"), rounded(-90.0, "Round"), rounded(95.0, "Truncate")],
            ["2m0s", "-2m0s", "1m0s"]
        );
    }
}
