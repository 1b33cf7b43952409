//! Go's `time.Time` as far as a template can use it.
//!
//! Source: Go package `time` (layouts). Times are UTC until a template puts them into another zone.

use super::span::Span;
use super::value::Value;
use chrono::{DateTime, Offset};
use chrono_tz::{OffsetName, Tz};
use std::cmp::Ordering;
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

/// A moment, and the zone that it is shown in.
#[derive(Clone, Copy, Debug)]
pub struct Time {
    /// Since the Unix epoch.
    ns: i64,
    zone: Tz,
}

/// Moments are compared; where they are shown says nothing of them.
impl PartialEq for Time {
    fn eq(&self, other: &Time) -> bool {
        self.ns == other.ns
    }
}

impl Eq for Time {}

impl PartialOrd for Time {
    fn partial_cmp(&self, other: &Time) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Time {
    fn cmp(&self, other: &Time) -> Ordering {
        self.ns.cmp(&other.ns)
    }
}

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
    /// East of Greenwich.
    offset_s: i64,
    zone: String,
}

/// Go's time of nothing, the beginning of the year 1, which is out of reach of nanoseconds.
const ZERO: Time = Time { ns: i64::MIN, zone: Tz::UTC };
const ZERO_DAYS: i64 = -719_162;

impl Time {
    pub fn zero() -> Time {
        ZERO
    }

    pub fn of_ns(ns: i64) -> Time {
        Time { ns, zone: Tz::UTC }
    }

    /// The same moment, shown in a zone of the IANA's: `Europe/Berlin`.
    pub fn in_zone(self, name: &str) -> Result<Time, String> {
        let zone = if name.is_empty() { Ok(Tz::UTC) } else { name.parse() };
        let zone = zone.map_err(|_| format!("{name:?} is no time zone; one is written as Europe/Berlin"))?;
        Ok(Time { zone, ..self })
    }

    pub fn ns(self) -> i64 {
        self.ns
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
        Ok(Time::of_ns(((seconds * 1e3).round() as i64).saturating_mul(1_000_000)))
    }

    /// Seconds east of Greenwich, and what that is called there.
    fn offset(self) -> (i64, String) {
        if self.zone == Tz::UTC || self == ZERO {
            return (0, "UTC".to_owned());
        }
        let local = DateTime::from_timestamp_nanos(self.ns).with_timezone(&self.zone);
        let offset_s = i64::from(local.offset().fix().local_minus_utc());
        (offset_s, local.offset().abbreviation().unwrap_or_default().to_owned())
    }

    fn parts(self) -> Parts {
        let (offset_s, zone) = self.offset();
        let local = self.ns.saturating_add(offset_s * SECOND);
        let (days, in_day) = match self == ZERO {
            true => (ZERO_DAYS, 0),
            false => (local.div_euclid(DAY), local.rem_euclid(DAY)),
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
            offset_s,
            zone,
        }
    }

    /// None where there is no such method.
    pub fn method(self, name: &str, arguments: &[Value]) -> Option<Value> {
        let Parts { year, month, day, weekday, year_day, hour, minute, second, nanosecond, .. } =
            self.parts();
        Some(match (name, arguments) {
            ("Format", [Value::Text(layout)]) => Value::Text(self.format(layout)),
            ("Add", [Value::Duration(span)]) => {
                Value::Time(Time { ns: self.ns.saturating_add(span.ns()), ..self })
            }
            ("Sub", [Value::Time(other)]) => Value::Duration(Span::of_ns(self.ns.saturating_sub(other.ns))),
            ("Before", [Value::Time(other)]) => Value::Bool(self < *other),
            ("After", [Value::Time(other)]) => Value::Bool(self > *other),
            ("Equal", [Value::Time(other)]) => Value::Bool(self == *other),
            ("IsZero", []) => Value::Bool(self == ZERO),
            ("UTC", []) => Value::Time(Time::of_ns(self.ns)),
            ("String", []) => Value::Text(self.to_string()),
            ("Unix", []) => Value::Int(self.ns.div_euclid(SECOND)),
            ("UnixMilli", []) => Value::Int(self.ns.div_euclid(1_000_000)),
            ("UnixMicro", []) => Value::Int(self.ns.div_euclid(1_000)),
            ("UnixNano", []) => Value::Int(self.ns),
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
            "MST" => self.zone.clone(),
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
            zone if zone.starts_with('Z') && self.offset_s == 0 => "Z".to_owned(),
            zone => self.offset_text(zone),
        }
    }
}

impl Parts {
    /// As the layouts `-07:00`, `Z0700`, `-07`, `-07:00:00` … have it.
    fn offset_text(&self, layout: &str) -> String {
        let sign = if self.offset_s < 0 { '-' } else { '+' };
        let (whole, digits) = (self.offset_s.abs(), layout.trim_start_matches(['Z', '-']));
        let colon = if digits.contains(':') { ":" } else { "" };
        let mut text = format!("{sign}{:02}", whole / 3_600);
        for part in [whole / 60 % 60, whole % 60].iter().take(digits.replace(':', "").len() / 2 - 1) {
            text.push_str(&format!("{colon}{part:02}"));
        }
        text
    }
}

impl fmt::Display for Time {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.format("2006-01-02 15:04:05.999999999 -0700 MST"))
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
    fn zones() {
        let at = |zone: &str, layout: &str| {
            Time::of_seconds(1_795_694_400.0).unwrap().in_zone(zone).unwrap().format(layout)
        };
        // 2026-11-26T12:00:00Z: no summer time in the north.
        assert_eq!(at("", "15:04 MST Z07:00"), "12:00 UTC Z");
        assert_eq!(at("UTC", "-07 -0700 -07:00:00"), "+00 +0000 +00:00:00");
        assert_eq!(at("Europe/Berlin", "2006-01-02T15:04:05Z07:00 MST"), "2026-11-26T13:00:00+01:00 CET");
        assert_eq!(at("America/St_Johns", "15:04 -0700 -07:00"), "08:30 -0330 -03:30");
        assert_eq!(at("Asia/Kathmandu", "15:04:05 Z070000"), "17:45:00 +054500");
        assert_eq!(at("Pacific/Kiritimati", "Jan 2 15:04"), "Nov 27 02:00");
        let time = Time::of_seconds(0.0).unwrap();
        assert_eq!(
            time.in_zone("Europe/Utopia").unwrap_err(),
            "\"Europe/Utopia\" is no time zone; one is written as Europe/Berlin"
        );
        assert_eq!(time, time.in_zone("Asia/Tokyo").unwrap(), "it is the same moment");
        assert_eq!(Time::zero().in_zone("Asia/Tokyo").unwrap().format("2006 MST"), "0001 UTC");
    }
}
