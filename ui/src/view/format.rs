//! Numbers as people read them. Three significant digits, unit behind a narrow space.

use super::text::fixed;

const THIN: char = '\u{202f}';

/// A span of time, from nanoseconds: `843 ns`, `1.23 ms`, `2.5 s`, `3 m 20 s`, `2 h 5 m`, `3 d 4 h`.
pub fn duration(ns: f64) -> String {
    let size = ns.abs();
    let sign = if ns < 0.0 { "-" } else { "" };
    if !ns.is_finite() {
        return "–".to_owned();
    }
    if size < 59.95e9 {
        let (unit, scale) = match size {
            0.0 => return format!("0{THIN}s"),
            _ if size < 999.5 => ("ns", 1.0),
            _ if size < 999.5e3 => ("µs", 1e3),
            _ if size < 999.5e6 => ("ms", 1e6),
            _ => ("s", 1e9),
        };
        return format!("{sign}{}{THIN}{unit}", digits(size / scale));
    }
    let seconds = (size / 1e9).round() as u64;
    let (big, big_unit, small, small_unit) = match seconds {
        0..3_600 => (seconds / 60, "m", seconds % 60, "s"),
        3_600..86_400 => (seconds / 3_600, "h", seconds % 3_600 / 60, "m"),
        _ => (seconds / 86_400, "d", seconds % 86_400 / 3_600, "h"),
    };
    match small {
        0 => format!("{sign}{big}{THIN}{big_unit}"),
        _ => format!("{sign}{big}{THIN}{big_unit} {small}{THIN}{small_unit}"),
    }
}

pub fn duration_ns(ns: i64) -> String {
    duration(ns as f64)
}

/// Milliseconds that may be missing.
pub fn millis(ms: Option<f64>) -> String {
    ms.map_or_else(|| "–".to_owned(), |ms| duration(ms * 1e6))
}

/// Per second.
pub fn rate(per_second: f64) -> String {
    format!("{}/s", short(per_second))
}

/// A share of 1 as per cent.
pub fn ratio(ratio: Option<f64>) -> String {
    let Some(ratio) = ratio.filter(|ratio| ratio.is_finite()) else { return "–".to_owned() };
    let percent = ratio * 100.0;
    match percent {
        0.0 => "0%".to_owned(),
        // As of a span that ends before it starts.
        _ if percent < 0.0 => "–".to_owned(),
        _ if percent < 0.01 => "<0.01%".to_owned(),
        _ => format!("{}%", digits(percent)),
    }
}

/// Any number, with `k`, `M`, `G` above a thousand.
pub fn short(number: f64) -> String {
    let size = number.abs();
    let (scale, unit) = match size {
        _ if !number.is_finite() => return "–".to_owned(),
        _ if size < 999.5 => (1.0, ""),
        _ if size < 999.5e3 => (1e3, "k"),
        _ if size < 999.5e6 => (1e6, "M"),
        _ => (1e9, "G"),
    };
    format!("{}{unit}", digits(number / scale))
}

/// A count with its thousands set apart: `1 234 567`.
pub fn count(number: u64) -> String {
    let plain = number.to_string();
    let mut out = String::with_capacity(plain.len() * 2);
    for (index, digit) in plain.chars().enumerate() {
        if index > 0 && (plain.len() - index).is_multiple_of(3) {
            out.push(THIN);
        }
        out.push(digit);
    }
    out
}

/// `1 row`, `2 rows`.
pub fn plural(number: u64, one: &str, many: &str) -> String {
    format!("{}\u{a0}{}", count(number), if number == 1 { one } else { many })
}

/// Binary multiples of bytes.
pub fn bytes(bytes: u64) -> String {
    let mut size = bytes as f64;
    for unit in ["B", "KiB", "MiB", "GiB"] {
        if size < 1023.5 {
            return format!("{}{THIN}{unit}", digits(size));
        }
        size /= 1024.0;
    }
    format!("{}{THIN}TiB", digits(size))
}

/// Three significant digits without trailing zeros, never in exponent form.
fn digits(number: f64) -> String {
    let size = number.abs();
    let places = match size {
        0.0 => 0,
        _ if size >= 99.95 => 0,
        _ if size >= 9.995 => 1,
        _ if size >= 0.9995 => 2,
        _ => 3,
    };
    let text = fixed(number, places);
    if !text.contains('.') {
        return text;
    }
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The first `limit` bytes of a text at a character boundary, and whether something is left.
pub fn clip(text: &str, limit: usize) -> (&str, bool) {
    if text.len() <= limit {
        return (text, false);
    }
    let end = (0..=limit).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    (&text[..end], true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: String) -> String {
        text.replace(THIN, " ")
    }

    #[test]
    fn durations() {
        for (ns, expect) in [
            (0.0, "0 s"),
            (843.0, "843 ns"),
            (1_234_567.0, "1.23 ms"),
            (999_700.0, "1 ms"),
            (-2_500_000_000.0, "-2.5 s"),
            (59_960_000_000.0, "1 m"),
            (200e9, "3 m 20 s"),
            (7_500e9, "2 h 5 m"),
            (273_600e9, "3 d 4 h"),
            (f64::NAN, "–"),
        ] {
            assert_eq!(plain(duration(ns)), expect);
        }
    }

    #[test]
    fn numbers() {
        assert_eq!(plain(count(1_234_567)), "1 234 567");
        assert_eq!(count(999), "999");
        assert_eq!(short(12_345.0), "12.3k");
        assert_eq!(short(0.04), "0.04");
        assert_eq!(rate(3.0), "3/s");
        assert_eq!(ratio(Some(0.123_456)), "12.3%");
        assert_eq!(ratio(Some(0.000_01)), "<0.01%");
        assert_eq!((ratio(None), ratio(Some(-0.1))), ("–".to_owned(), "–".to_owned()));
        assert_eq!(plain(bytes(1_536)), "1.5 KiB");
        assert_eq!(plain(bytes(0)), "0 B");
    }

    #[test]
    fn clipping_keeps_characters_whole() {
        assert_eq!(clip("añb", 2), ("a", true));
        assert_eq!(clip("añb", 4), ("añb", false));
    }
}
