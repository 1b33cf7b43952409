//! RFC 3339 in both directions. A library for it is a tenth of what the browser downloads to read answers.

use crate::UnixNano;

const SECOND: i64 = 1_000_000_000;
const DAY_SECONDS: i64 = 86_400;

/// In UTC, with the digits of the second that are not zero.
pub fn format(at: UnixNano) -> String {
    let (seconds, nanos) = (at.0.div_euclid(SECOND), at.0.rem_euclid(SECOND));
    let (year, month, day) = civil_from_days(seconds.div_euclid(DAY_SECONDS));
    let second = seconds.rem_euclid(DAY_SECONDS);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    let mut text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    if nanos > 0 {
        text.push_str(format!(".{nanos:09}").trim_end_matches('0'));
    }
    text.push('Z');
    text
}

/// A date and time with its offset; a leap second is the last instant before the next one.
pub fn parse(text: &str) -> Option<UnixNano> {
    let mut left = Left(text.as_bytes());
    let days = left.date()?;
    left.one_of(b"Tt ")?;
    let (hour, minute, mut second) = (left.digits(2)?, left.after(b':')?, left.after(b':')?);
    let mut nanos = left.fraction()?;
    let offset_min = left.offset()?;
    let is_leap = second == 60;
    if is_leap {
        (second, nanos) = (59, SECOND - 1);
    }
    if hour > 23 || minute > 59 || second > 59 || !left.0.is_empty() {
        return None;
    }
    let of_day = hour * 3_600 + minute * 60 + second - offset_min * 60;
    // A leap second ends a day of UTC, and no other.
    if is_leap && of_day.rem_euclid(DAY_SECONDS) != DAY_SECONDS - 1 {
        return None;
    }
    at(days, of_day, nanos)
}

/// A date of four, two and two digits, as its midnight in UTC.
pub fn parse_date(text: &str) -> Option<UnixNano> {
    let mut left = Left(text.as_bytes());
    let days = left.date()?;
    if left.0.is_empty() { at(days, 0, 0) } else { None }
}

fn at(days: i64, seconds: i64, nanos: i64) -> Option<UnixNano> {
    let nanos = i128::from(days * DAY_SECONDS + seconds) * i128::from(SECOND) + i128::from(nanos);
    i64::try_from(nanos).ok().map(UnixNano)
}

/// What is not read yet.
struct Left<'a>(&'a [u8]);

impl Left<'_> {
    fn one_of(&mut self, bytes: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first().filter(|(first, _)| bytes.contains(first))?;
        self.0 = rest;
        Some(*first)
    }

    fn digits(&mut self, count: usize) -> Option<i64> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        digits.iter().try_fold(0, |number, digit| {
            digit.is_ascii_digit().then(|| number * 10 + i64::from(digit - b'0'))
        })
    }

    /// Two digits behind a sign.
    fn after(&mut self, sign: u8) -> Option<i64> {
        self.one_of(&[sign])?;
        self.digits(2)
    }

    /// Days since 1970.
    fn date(&mut self) -> Option<i64> {
        let (year, month, day) = (self.digits(4)?, self.after(b'-')?, self.after(b'-')?);
        let days = days_from_civil(year, month, day);
        // What the calendar does not have reads back as another day.
        (civil_from_days(days) == (year, month, day)).then_some(days)
    }

    /// Nanoseconds behind a point, if there is one; more digits than nine are dropped.
    fn fraction(&mut self) -> Option<i64> {
        if self.one_of(b".").is_none() {
            return Some(0);
        }
        let length = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = self.0.split_at(length);
        self.0 = rest;
        let digit = |at: usize| digits.get(at).map_or(0, |digit| i64::from(digit - b'0'));
        (length > 0).then(|| (0..9).fold(0, |nanos, at| nanos * 10 + digit(at)))
    }

    /// Minutes east of UTC.
    fn offset(&mut self) -> Option<i64> {
        let sign = match self.one_of(b"Zz+-")? {
            b'+' => 1,
            b'-' => -1,
            _ => return Some(0),
        };
        let (hours, minutes) = (self.digits(2)?, self.after(b':')?);
        (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes))
    }
}

/// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The other direction, of the same source: year, month and day.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day_of_year - (153 * march_month + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::OffsetDateTime;
    use time::format_description::well_known::Rfc3339;

    fn by_library(text: &str) -> Option<UnixNano> {
        let at = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        i64::try_from(at.unix_timestamp_nanos()).ok().map(UnixNano)
    }

    /// Steps through all that 64 bits of nanoseconds hold; the factor is no power of two.
    fn instants() -> impl Iterator<Item = i64> {
        (0..200_000i64).map(|n| n.wrapping_mul(6_364_136_223_846_793_005))
    }

    #[test]
    fn every_instant_reads_as_the_library_says_it() {
        for nanos in instants().chain([i64::MIN, -1, 0, 1, SECOND, i64::MAX]) {
            let library = OffsetDateTime::from_unix_timestamp_nanos(i128::from(nanos)).unwrap();
            let text = format(UnixNano(nanos));
            assert_eq!(text, library.format(&Rfc3339).unwrap());
            assert_eq!(parse(&text), Some(UnixNano(nanos)), "{text}");
            let date = library.date().to_string();
            let midnight = by_library(&format!("{date}T00:00:00Z"));
            assert_eq!(parse_date(&date), midnight, "{date}");
        }
    }

    #[test]
    fn texts_are_read_or_refused_as_the_library_does() {
        for text in [
            "2026-11-21T05:04:05.5+02:00",
            "2026-11-21t05:04:05z",
            "2026-11-21 05:04:05-11:30",
            "2026-11-21T05:04:05.1234567891Z",
            "2024-02-29T23:59:59Z",
            "2023-02-29T23:59:59Z",
            "1900-02-29T00:00:00Z",
            "2016-12-31T23:59:60Z",
            "2017-01-01T00:59:60+01:00",
            "2016-12-31T22:59:60Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-01-32T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:60:00Z",
            "2026-01-01T00:00:00",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00+24:00",
            "2026-01-01T00:00:00+1:00",
            "2026-01-01T00:00:00Z ",
            "2026-01-01",
            "26-01-01T00:00:00Z",
            "1500-01-01T00:00:00Z",
            "2300-01-01T00:00:00Z",
            "é026-01-01T00:00:00Z",
            "",
        ] {
            assert_eq!(parse(text), by_library(text), "{text}");
        }
        for text in ["2026-1-1", "2026-01-01T", "-2026-01-01", "2023-02-30", ""] {
            assert_eq!(parse_date(text), None, "{text}");
        }
    }
}
