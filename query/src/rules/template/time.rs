//! Go's `time.Time` and `time.Duration` as far as a template can use them: `toTime`, `toDuration`.
//!
//! Source: Go package `time` (layouts, `Duration.String`). All times are UTC.

use super::value::Value;
use std::fmt;

const SECOND: i64 = 1_000_000_000;
const DAY: i64 = 86_400 * SECOND;
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// Nanoseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(i64);

/// Nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(i64);

/// A time in its parts.
struct Parts {
    year: i64,
    month: i64,
    day: i64,
    /// 0 is Sunday.
    weekday: usize,
    year_day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    nanosecond: i64,
}

/// Go's time of nothing, the beginning of the year 1, which is out of reach of nanoseconds.
const ZERO: Time = Time(i64::MIN);
const ZERO_DAYS: i64 = -719_162;

impl Time {
    pub fn zero() -> Time {
        ZERO
    }

    pub fn of_ns(ns: i64) -> Time {
        Time(ns)
    }

    pub fn ns(self) -> i64 {
        self.0
    }

    /// Seconds since the epoch, to the millisecond, as Prometheus takes them.
    pub fn of_seconds(seconds: f64) -> Result<Time, String> {
        if !seconds.is_finite() {
            return Err("value is NaN or Inf".to_owned());
        }
        if (seconds * 1e9).abs() >= i64::MAX as f64 {
            let shown = crate::promql::value::format_float(seconds);
            return Err(format!(
                "{shown} cannot be represented as a nanoseconds timestamp since it overflows int64"
            ));
        }
        Ok(Time(((seconds * 1e3).round() as i64).saturating_mul(1_000_000)))
    }

    fn parts(self) -> Parts {
        let (days, in_day) = match self {
            ZERO => (ZERO_DAYS, 0),
            Time(ns) => (ns.div_euclid(DAY), ns.rem_euclid(DAY)),
        };
        let (year, month, day) = civil(days);
        let second = in_day / SECOND;
        Parts {
            year,
            month,
            day,
            weekday: (days + 4).rem_euclid(7) as usize,
            year_day: days - days_before(year) + 1,
            hour: second / 3_600,
            minute: second / 60 % 60,
            second: second % 60,
            nanosecond: in_day % SECOND,
        }
    }

    /// None where there is no such method.
    pub fn method(self, name: &str, arguments: &[Value]) -> Option<Value> {
        let Parts { year, month, day, weekday, year_day, hour, minute, second, nanosecond } = self.parts();
        Some(match (name, arguments) {
            ("Format", [Value::Text(layout)]) => Value::Text(self.format(layout)),
            ("Add", [Value::Duration(span)]) => Value::Time(Time(self.0.saturating_add(span.0))),
            ("Sub", [Value::Time(other)]) => Value::Duration(Span(self.0.saturating_sub(other.0))),
            ("Before", [Value::Time(other)]) => Value::Bool(self < *other),
            ("After", [Value::Time(other)]) => Value::Bool(self > *other),
            ("Equal", [Value::Time(other)]) => Value::Bool(self == *other),
            ("IsZero", []) => Value::Bool(self == ZERO),
            ("UTC", []) => Value::Time(self),
            ("String", []) => Value::Text(self.to_string()),
            ("Unix", []) => Value::Int(self.0.div_euclid(SECOND)),
            ("UnixMilli", []) => Value::Int(self.0.div_euclid(1_000_000)),
            ("UnixMicro", []) => Value::Int(self.0.div_euclid(1_000)),
            ("UnixNano", []) => Value::Int(self.0),
            ("Year", []) => Value::Int(year),
            ("Month", []) => Value::Text(MONTHS[month as usize - 1].to_owned()),
            ("Day", []) => Value::Int(day),
            ("Weekday", []) => Value::Text(WEEKDAYS[weekday].to_owned()),
            ("YearDay", []) => Value::Int(year_day),
            ("Hour", []) => Value::Int(hour),
            ("Minute", []) => Value::Int(minute),
            ("Second", []) => Value::Int(second),
            ("Nanosecond", []) => Value::Int(nanosecond),
            _ => return None,
        })
    }

    /// By a layout of Go: how the second of January 2006, 15:04:05, would be written.
    pub fn format(self, layout: &str) -> String {
        let parts = self.parts();
        let mut out = String::new();
        let mut rest = layout;
        while let Some(c) = rest.chars().next() {
            let taken = match LAYOUT.iter().find(|word| starts_with(rest, word)) {
                Some(word) => {
                    out.push_str(&parts.word(word));
                    word.len()
                }
                None => match fraction(rest, layout.len() > rest.len(), parts.nanosecond) {
                    Some((text, length)) => {
                        out.push_str(&text);
                        length
                    }
                    None => {
                        out.push(c);
                        c.len_utf8()
                    }
                },
            };
            rest = &rest[taken..];
        }
        out
    }
}

/// The words of a layout, a longer one before those that it begins with.
const LAYOUT: [&str; 32] = [
    "January",
    "Jan",
    "Monday",
    "Mon",
    "MST",
    "2006",
    "002",
    "01",
    "02",
    "03",
    "04",
    "05",
    "06",
    "15",
    "_2",
    "PM",
    "pm",
    "Z07:00:00",
    "Z070000",
    "Z07:00",
    "Z0700",
    "Z07",
    "-07:00:00",
    "-070000",
    "-07:00",
    "-0700",
    "-07",
    "1",
    "2",
    "3",
    "4",
    "5",
];

/// `Jan` does not begin a word of small letters.
fn starts_with(rest: &str, word: &str) -> bool {
    let follows = |after: &str| after.starts_with(|c: char| c.is_ascii_lowercase());
    rest.strip_prefix(word).is_some_and(|after| !(matches!(word, "Jan" | "Mon") && follows(after)))
}

/// `.000` or `.999` behind a second, with what it takes of the layout.
fn fraction(rest: &str, behind: bool, nanosecond: i64) -> Option<(String, usize)> {
    let sign = rest.chars().next().filter(|c| matches!(c, '.' | ','))?;
    let digit = rest[1..].chars().next().filter(|c| matches!(c, '0' | '9'))?;
    let digits = rest[1..].find(|c| c != digit).unwrap_or(rest.len() - 1);
    if !behind || rest[1 + digits..].starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let text = format!("{nanosecond:09}");
    let text = text.get(..digits).unwrap_or(&text);
    let text = if digit == '9' { text.trim_end_matches('0') } else { text };
    let text = if text.is_empty() { String::new() } else { format!("{sign}{text}") };
    Some((text, 1 + digits))
}

impl Parts {
    fn word(&self, word: &str) -> String {
        let twelve = (self.hour + 11) % 12 + 1;
        match word {
            "January" => MONTHS[self.month as usize - 1].to_owned(),
            "Jan" => MONTHS[self.month as usize - 1][..3].to_owned(),
            "Monday" => WEEKDAYS[self.weekday].to_owned(),
            "Mon" => WEEKDAYS[self.weekday][..3].to_owned(),
            "MST" => "UTC".to_owned(),
            "2006" => format!("{:04}", self.year),
            "06" => format!("{:02}", self.year.rem_euclid(100)),
            "01" => format!("{:02}", self.month),
            "1" => self.month.to_string(),
            "02" => format!("{:02}", self.day),
            "_2" => format!("{:2}", self.day),
            "2" => self.day.to_string(),
            "002" => format!("{:03}", self.year_day),
            "15" => format!("{:02}", self.hour),
            "03" => format!("{twelve:02}"),
            "3" => twelve.to_string(),
            "04" => format!("{:02}", self.minute),
            "4" => self.minute.to_string(),
            "05" => format!("{:02}", self.second),
            "5" => self.second.to_string(),
            "PM" => if self.hour < 12 { "AM" } else { "PM" }.to_owned(),
            "pm" => if self.hour < 12 { "am" } else { "pm" }.to_owned(),
            zone if zone.starts_with('Z') => "Z".to_owned(),
            zone => zone.replace('-', "+").replace('7', "0"),
        }
    }
}

impl fmt::Display for Time {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.format("2006-01-02 15:04:05.999999999 -0700 MST"))
    }
}

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

/// Year, month and day of a day since the epoch, in the Gregorian calendar.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (era * 400 + year + i64::from(month <= 2), month, of_year - (153 * shifted + 2) / 5 + 1)
}

/// Days since the epoch at the beginning of a year.
fn days_before(year: i64) -> i64 {
    let before = year - 1;
    365 * (year - 1_970) + before.div_euclid(4) - before.div_euclid(100) + before.div_euclid(400) - 477
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(seconds: f64, layout: &str, expect: &str) {
        assert_eq!(Time::of_seconds(seconds).unwrap().format(layout), expect, "{layout}");
    }

    #[test]
    fn layouts() {
        let at = 1_435_065_584.128;
        check(at, "2006-01-02T15:04:05.000Z07:00", "2015-06-23T13:19:44.128Z");
        check(at, "Mon Jan _2 03:04:05 PM 06 -0700 MST", "Tue Jun 23 01:19:44 PM 15 +0000 UTC");
        check(at, "Monday, January 2 3:4:5pm .999 002", "Tuesday, June 23 1:19:44pm .128 174");
        check(0.0, "15:04:05.999 Month 2", "00:00:00 Month 1");
        check(-1.0, "2006 Z0700 -07:00", "1969 Z +00:00");
        check(951_782_400.0, "Jan 2 2006 002", "Feb 29 2000 060");
        check(1_353_755_652.0, "Mon Jan 2 15:04:05 2006", "Sat Nov 24 11:14:12 2012");
        assert_eq!(Time::of_seconds(1.5).unwrap().to_string(), "1970-01-01 00:00:01.5 +0000 UTC");
        assert_eq!(Time::zero().format("Mon 2006-01-02 15:04"), "Mon 0001-01-01 00:00");
        assert!(Time::of_seconds(f64::NAN).is_err() && Time::of_seconds(1e10).is_err());
    }

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
