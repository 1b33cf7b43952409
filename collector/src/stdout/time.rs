//! Times as loggers write them → nanoseconds since the Unix epoch.

use super::json::Json;

const SECOND: i64 = 1_000_000_000;

/// A time in a JSON field: ISO 8601, or a number of seconds, ms, µs or ns since the epoch, whichever
/// is near our days.
pub fn of_json(value: &Json) -> Option<i64> {
    match value {
        Json::Int(n) => of_integer(*n),
        Json::Float(n) => of_float(*n),
        Json::Text(text) => {
            let text = text.trim();
            match of_iso_prefix(text) {
                Some(time) if time.len == text.len() => Some(time.nanos),
                _ => text.parse().ok().and_then(of_integer).or_else(|| text.parse().ok().and_then(of_float)),
            }
        }
        _ => None,
    }
}

/// The unit follows from the size: seconds until the year 5138, and so on up.
fn of_integer(n: i64) -> Option<i64> {
    let unit = match n {
        100_000_000..100_000_000_000 => SECOND,
        100_000_000_000..100_000_000_000_000 => 1_000_000,
        100_000_000_000_000..100_000_000_000_000_000 => 1_000,
        100_000_000_000_000_000.. => 1,
        _ => return None,
    };
    n.checked_mul(unit)
}

/// Fractions: zap writes seconds, others milliseconds.
fn of_float(n: f64) -> Option<i64> {
    let whole = of_integer(n.trunc() as i64)?;
    let unit = whole / n.trunc() as i64;
    // A double of seconds near now is exact to a quarter of a microsecond; nanoseconds are noise.
    let fraction = (n.fract() * unit as f64 / 1e3).round() as i64 * 1_000;
    whole.checked_add(if unit >= 1_000 { fraction } else { 0 })
}

/// A time at the beginning of a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IsoTime {
    pub nanos: i64,
    /// Bytes that it takes.
    pub len: usize,
    /// False when no zone was written; `nanos` takes it as UTC.
    pub zoned: bool,
}

/// `2024-05-06T07:08:09.123Z`, with a space for the T, a comma for the dot, `/` in the date, an
/// offset for the Z, or less.
pub fn of_iso_prefix(text: &str) -> Option<IsoTime> {
    let bytes = text.as_bytes();
    let mut at = Cursor { bytes, at: 0 };
    let year = at.digits(4)?;
    let separator = at.any(b"-/")?;
    let month = at.digits(2)?;
    at.any(&[separator])?;
    let day = at.digits(2)?;
    at.any(b"Tt _")?;
    let hour = at.digits(2)?;
    at.any(b":")?;
    let minute = at.digits(2)?;
    let second = if at.any(b":").is_some() { at.digits(2)? } else { 0 };
    let fraction = if at.any(b".,").is_some() { at.fraction()? } else { 0 };
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let offset = at.zone();
    let days = days_from_civil(year, month, day);
    let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offset.unwrap_or(0);
    let nanos = seconds.checked_mul(SECOND)?.checked_add(fraction).filter(|nanos| *nanos > 0)?;
    Some(IsoTime { nanos, len: at.at, zoned: offset.is_some() })
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    fn any(&mut self, wanted: &[u8]) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        wanted.contains(&byte).then(|| {
            self.at += 1;
            byte
        })
    }

    fn digits(&mut self, count: usize) -> Option<i64> {
        let digits = self.bytes.get(self.at..self.at + count)?;
        let number = digits
            .iter()
            .try_fold(0, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + i64::from(digit - b'0')))?;
        self.at += count;
        Some(number)
    }

    /// Digits after the point, as nanoseconds; more than nine are passed over.
    fn fraction(&mut self) -> Option<i64> {
        let digits = self.bytes[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let nanos = self.bytes[self.at..self.at + digits.min(9)]
            .iter()
            .fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
        self.at += digits;
        (digits > 0).then(|| nanos * 10i64.pow(9 - digits.min(9) as u32))
    }

    /// Seconds east of UTC.
    fn zone(&mut self) -> Option<i64> {
        if self.any(b"Zz").is_some() {
            return Some(0);
        }
        let start = self.at;
        let zone = self.offset();
        if zone.is_none() {
            self.at = start;
        }
        zone
    }

    fn offset(&mut self) -> Option<i64> {
        self.any(b" ");
        if self.bytes[self.at..].starts_with(b"UTC") {
            self.at += 3;
            return Some(0);
        }
        let sign = if self.any(b"+-")? == b'+' { 1 } else { -1 };
        let hours = self.digits(2)?;
        let colon = self.any(b":").is_some();
        let minutes = if colon { self.digits(2)? } else { self.digits(2).unwrap_or(0) };
        (hours <= 14 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
    }
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar. Source: Howard Hinnant, "chrono-
/// Compatible Low-Level Date Algorithms".
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, expected: Option<i64>) {
        assert_eq!(of_json(&serde_json::from_str(json).unwrap()), expected, "{json}");
    }

    #[test]
    fn iso_and_its_relatives() {
        let time = 1_714_979_289_123_456_789;
        check("\"2024-05-06T07:08:09.123456789Z\"", Some(time));
        check("\"2024-05-06 07:08:09,123456789\"", Some(time));
        check("\"2024-05-06T09:08:09.123456789+02:00\"", Some(time));
        check("\"2024-05-06T00:38:09.123456789-0630\"", Some(time));
        check("\"2024/05/06 07:08:09.123456789 UTC\"", Some(time));
        check("\"2024-05-06T07:08Z\"", Some(1_714_979_280 * SECOND));
        check("\"2024-02-29T00:00:00Z\"", Some(1_709_164_800 * SECOND));
        for bad in [
            "\"2024-13-06T07:08:09Z\"",
            "\"yesterday\"",
            "\"2024-05-06\"",
            "\"2024-05-06T07:08:09Zx\"",
            "null",
        ] {
            check(bad, None);
        }
    }

    #[test]
    fn the_size_of_a_number_tells_its_unit() {
        check("1714979289", Some(1_714_979_289 * SECOND));
        check("1714979289123", Some(1_714_979_289_123_000_000));
        check("1714979289123456", Some(1_714_979_289_123_456_000));
        check("1714979289123456789", Some(1_714_979_289_123_456_789));
        check("1714979289.123456", Some(1_714_979_289_123_456_000));
        check("1714979289123.5", Some(1_714_979_289_123_500_000));
        check("\"1714979289\"", Some(1_714_979_289 * SECOND));
        for bad in ["5", "-1714979289", "0.25"] {
            check(bad, None);
        }
    }
}
