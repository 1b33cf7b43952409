//! Numbers with units, as Go's libraries read them.

/// Nanoseconds of numbers with units of time: `1h30m`, `1.5s`; negative ones too.
pub fn duration_ns(text: &str) -> Option<f64> {
    if let Some(rest) = text.strip_prefix('-') {
        return duration_ns(rest).map(|ns| -ns);
    }
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest == "0" {
        return Some(0.0);
    }
    let mut sum = 0.0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..end].parse().ok()?;
        let unit_end = rest[end..].find(|c: char| c.is_ascii_digit() || c == '.');
        let unit_end = unit_end.map_or(rest.len(), |at| end + at);
        sum += number
            * match &rest[end..unit_end] {
                "ns" => 1.0,
                "us" | "µs" | "μs" => 1e3,
                "ms" => 1e6,
                "s" => 1e9,
                "m" => 60e9,
                "h" => 3_600e9,
                "d" => 86_400e9,
                "w" => 604_800e9,
                "y" => 31_536_000e9,
                _ => return None,
            };
        rest = &rest[unit_end..];
    }
    (sum.abs() < i64::MAX as f64).then_some(sum)
}

/// Bytes of a number with a unit of size or none, in any case: `5MB`, `1.5 KiB`.
pub fn bytes(text: &str) -> Option<f64> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | ',')).unwrap_or(text.len());
    let number: f64 = text[..end].replace(',', "").parse().ok()?;
    let unit = match text[end..].trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "kb" | "k" => 1e3,
        "mb" | "m" => 1e6,
        "gb" | "g" => 1e9,
        "tb" | "t" => 1e12,
        "pb" | "p" => 1e15,
        "eb" | "e" => 1e18,
        "kib" | "ki" => 1_024.0,
        "mib" | "mi" => 1_048_576.0,
        "gib" | "gi" => 1_073_741_824.0,
        "tib" | "ti" => 1_099_511_627_776.0,
        "pib" | "pi" => 1_125_899_906_842_624.0,
        _ => return None,
    };
    Some((number * unit).trunc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_with_units() {
        for (text, ns) in [("1h30m", 5_400e9), ("1.5s", 1.5e9), ("-2ms", -2e6), ("0", 0.0), ("1d", 86_400e9)]
        {
            assert_eq!(duration_ns(text), Some(ns), "{text}");
        }
        assert!(["", "5", "5x", "s", "1.2.3s"].iter().all(|text| duration_ns(text).is_none()));
        for (text, size) in [("5MB", 5e6), ("1.5 KiB", 1536.0), ("42", 42.0), ("2gb", 2e9), ("1,000 B", 1e3)]
        {
            assert_eq!(bytes(text), Some(size), "{text}");
        }
        assert!(["", "MB", "5 parsecs"].iter().all(|text| bytes(text).is_none()));
    }
}
