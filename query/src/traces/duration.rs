//! Durations as people write them: `250ms`, `1.5s`, `2m`.

/// Nanoseconds of a number with a unit; `None` if it is not one, or is longer than 292 years.
pub fn parse(text: &str) -> Option<i64> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = text.split_at(unit_at);
    let ns = number.parse::<f64>().ok()? * unit_ns(unit)?;
    (ns <= i64::MAX as f64).then_some(ns.round() as i64)
}

/// Nanoseconds of a unit up to the hour, as longer ones are not everywhere the same.
pub fn unit_ns(unit: &str) -> Option<f64> {
    Some(match unit {
        "ns" => 1.0,
        "us" | "µs" | "μs" => 1e3,
        "ms" => 1e6,
        "s" => 1e9,
        "m" => 60e9,
        "h" => 3_600e9,
        _ => return None,
    })
}

/// How the error of a wrong duration goes on.
pub const FORM: &str = "is not a duration; use 250ms, 1.5s or 2m";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units() {
        for (text, ns) in [
            ("250ms", 250_000_000),
            ("1.5s", 1_500_000_000),
            ("2m", 120_000_000_000),
            ("1h", 3_600_000_000_000),
            ("3us", 3_000),
            ("3µs", 3_000),
            ("7ns", 7),
        ] {
            assert_eq!(parse(text), Some(ns), "{text}");
        }
        for text in ["", "5", "ms", "1.5.2s", "-1s", "5 s", "1d", "99999999999h", "infs"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
