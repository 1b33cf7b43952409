//! Time intervals: when a route is muted, or when it is active.
//!
//! Source: Alertmanager's documentation, "time_interval". A time is in an interval when each of its
//! fields has a range that holds it; a field that is not given holds all.

use chrono::{DateTime, Datelike, TimeZone, Timelike};
use chrono_tz::Tz;

const WEEKDAYS: [&str; 7] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const SHORTEST_MONTH_DAYS: i32 = 28;

/// Both ends are within.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    pub begin: i32,
    pub end: i32,
}

impl Range {
    fn holds(self, value: i32) -> bool {
        self.begin <= value && value <= self.end
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeInterval {
    /// Minutes of the day, from and to; the end is not within.
    pub times: Vec<(u32, u32)>,
    /// 0 is Sunday. Friday to Monday goes over the week's end.
    pub weekdays: Vec<Range>,
    /// From 1, or from −1 for the last.
    pub days_of_month: Vec<Range>,
    pub months: Vec<Range>,
    pub years: Vec<Range>,
    pub location: Tz,
}

impl Default for TimeInterval {
    fn default() -> TimeInterval {
        TimeInterval {
            times: Vec::new(),
            weekdays: Vec::new(),
            days_of_month: Vec::new(),
            months: Vec::new(),
            years: Vec::new(),
            location: Tz::UTC,
        }
    }
}

impl TimeInterval {
    /// Whether the time, milliseconds since the epoch, is within. A time that no calendar has is not.
    pub fn holds(&self, at_ms: i64) -> bool {
        let Some(utc) = DateTime::from_timestamp_millis(at_ms) else { return false };
        let at = self.location.from_utc_datetime(&utc.naive_utc());
        let minute = at.hour() * 60 + at.minute();
        let weekday = at.weekday().num_days_from_sunday() as i32;
        let within =
            |ranges: &[Range], value: i32| ranges.is_empty() || ranges.iter().any(|range| range.holds(value));
        (self.times.is_empty() || self.times.iter().any(|(from, to)| (*from..*to).contains(&minute)))
            && (self.weekdays.is_empty() || self.weekdays.iter().any(|range| holds_weekday(*range, weekday)))
            && (self.days_of_month.is_empty()
                || self.days_of_month.iter().any(|range| holds_day(*range, &at)))
            && within(&self.months, at.month() as i32)
            && within(&self.years, at.year())
    }
}

fn holds_weekday(range: Range, weekday: i32) -> bool {
    if range.begin <= range.end {
        range.holds(weekday)
    } else {
        weekday >= range.begin || weekday <= range.end
    }
}

fn holds_day(range: Range, at: &DateTime<Tz>) -> bool {
    let days = i32::from(at.num_days_in_month());
    let from_begin = |day: i32| if day < 0 { days + day + 1 } else { day };
    Range { begin: from_begin(range.begin), end: from_begin(range.end) }.holds(at.day() as i32)
}

/// `09:00` and `17:30`, up to `24:00`. Here and below the error is the text for the user.
pub fn parse_times(start: &str, end: &str) -> Result<(u32, u32), String> {
    let (from, to) = (minute_of_day(start)?, minute_of_day(end)?);
    if from >= to {
        return Err(format!(
            "start_time {start} must be before end_time {end}; a range over midnight is two ranges"
        ));
    }
    Ok((from, to))
}

fn minute_of_day(text: &str) -> Result<u32, String> {
    let digits = |part: &str| {
        (part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit()))
            .then(|| part.parse::<u32>().ok())
            .flatten()
    };
    text.split_once(':')
        .and_then(|(hours, minutes)| Some((digits(hours)?, digits(minutes)?)))
        .filter(|(hours, minutes)| *hours < 24 && *minutes < 60 || (*hours, *minutes) == (24, 0))
        .map(|(hours, minutes)| hours * 60 + minutes)
        .ok_or_else(|| format!("{text:?} is no time of the day; one is written as 09:30"))
}

/// `monday:friday`, `saturday`.
pub fn parse_weekdays(text: &str) -> Result<Range, String> {
    range(text, |text| position(&WEEKDAYS, text)).ok_or_else(|| {
        format!("{text:?} is no weekday and no range of them; one is written as monday:friday")
    })
}

/// `1:5`, `-3:-1`, `15`.
pub fn parse_days_of_month(text: &str) -> Result<Range, String> {
    let day = |text: &str| text.parse::<i32>().ok().filter(|day| (1..=31).contains(&day.abs()));
    let range = range(text, day).ok_or_else(|| {
        format!("{text:?} is no day of a month and no range of them; one is written as 1:5 or -3:-1")
    })?;
    if range.begin < 0 && range.end > 0 {
        return Err(format!("{text:?}: the end must be negative where the begin is"));
    }
    let least = |day: i32| if day < 0 { SHORTEST_MONTH_DAYS + day } else { day };
    if least(range.begin) > least(range.end) {
        return Err(format!("{text:?}: the end is before the begin"));
    }
    Ok(range)
}

/// `january:march`, `1:3`, `12`.
pub fn parse_months(text: &str) -> Result<Range, String> {
    let month = |text: &str| {
        let number = text.parse::<i32>().ok().filter(|month| (1..=12).contains(month));
        number.or_else(|| position(&MONTHS, text).map(|at| at + 1))
    };
    let range = range(text, month).ok_or_else(|| {
        format!("{text:?} is no month and no range of them; one is written as january:march or 1:3")
    })?;
    in_order(text, range)
}

/// `2026`, `2026:2028`.
pub fn parse_years(text: &str) -> Result<Range, String> {
    let range = range(text, |text| text.parse().ok())
        .ok_or_else(|| format!("{text:?} is no year and no range of them; one is written as 2026:2028"))?;
    in_order(text, range)
}

/// A name of the IANA's list: `Europe/Berlin`.
pub fn parse_location(text: &str) -> Result<Tz, String> {
    if text == "Local" {
        return Err("location Local depends on the machine; name the zone, such as Europe/Berlin".to_owned());
    }
    // As Go: without a name it is UTC.
    let name = if text.is_empty() { "UTC" } else { text };
    name.parse().map_err(|_| format!("{text:?} is no time zone; one is written as Europe/Berlin"))
}

fn in_order(text: &str, range: Range) -> Result<Range, String> {
    if range.begin > range.end { Err(format!("{text:?}: the end is before the begin")) } else { Ok(range) }
}

fn position(names: &[&str], text: &str) -> Option<i32> {
    names.iter().position(|name| *name == text).map(|at| at as i32)
}

fn range(text: &str, member: impl Fn(&str) -> Option<i32>) -> Option<Range> {
    let text = text.to_lowercase();
    let (begin, end) = text.split_once(':').unwrap_or((&text, &text));
    Some(Range { begin: member(begin)?, end: member(end)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        DateTime::parse_from_rfc3339(text).unwrap().timestamp_millis()
    }

    fn check(interval: &TimeInterval, cases: &[(&str, bool)]) {
        for (text, expect) in cases {
            assert_eq!(interval.holds(at(text)), *expect, "{text}");
        }
    }

    #[test]
    fn each_field_must_hold() {
        let offhours = TimeInterval {
            times: vec![parse_times("00:00", "08:30").unwrap(), parse_times("17:00", "24:00").unwrap()],
            weekdays: vec![parse_weekdays("Monday:Friday").unwrap()],
            ..TimeInterval::default()
        };
        check(
            &offhours,
            &[
                ("2026-11-27T08:29:59Z", true),
                ("2026-11-27T08:30:00Z", false),
                ("2026-11-27T16:59:59Z", false),
                ("2026-11-27T23:59:59Z", true),
                ("2026-11-28T03:00:00Z", false),
            ],
        );
    }

    #[test]
    fn weekdays_go_over_the_weeks_end() {
        let weekdays = vec![parse_weekdays("friday:monday").unwrap()];
        let interval = TimeInterval { weekdays, ..TimeInterval::default() };
        check(
            &interval,
            &[
                ("2026-11-27T00:00:00Z", true),
                ("2026-11-30T23:00:00Z", true),
                ("2026-12-01T00:00:00Z", false),
            ],
        );
    }

    #[test]
    fn days_count_from_the_end_too() {
        let of = |text: &str| TimeInterval {
            days_of_month: vec![parse_days_of_month(text).unwrap()],
            ..TimeInterval::default()
        };
        check(
            &of("-3:-1"),
            &[
                ("2024-02-26T00:00:00Z", false),
                ("2024-02-27T00:00:00Z", true),
                ("2024-02-29T00:00:00Z", true),
            ],
        );
        check(&of("31"), &[("2026-11-30T00:00:00Z", false), ("2026-12-31T00:00:00Z", true)]);
        check(&of("25:-1"), &[("2026-11-24T00:00:00Z", false), ("2026-11-30T00:00:00Z", true)]);
    }

    #[test]
    fn months_years_and_zones() {
        let interval = TimeInterval {
            months: vec![parse_months("march").unwrap(), parse_months("10:December").unwrap()],
            years: vec![parse_years("2026:2027").unwrap()],
            times: vec![parse_times("02:00", "04:00").unwrap()],
            location: parse_location("Europe/Berlin").unwrap(),
            ..TimeInterval::default()
        };
        check(
            &interval,
            &[
                ("2026-11-01T01:30:00Z", true),
                ("2026-11-01T03:30:00Z", false),
                ("2025-11-01T01:30:00Z", false),
                ("2026-09-01T01:30:00Z", false),
                // The night in which the clock is put forward: 01:00 UTC is 03:00 there, and 02:00 is none.
                ("2026-03-29T00:59:00Z", false),
                ("2026-03-29T01:00:00Z", true),
                ("2026-03-29T02:00:00Z", false),
                // The night in which it is put back: 02:30 is there twice.
                ("2026-10-25T00:30:00Z", true),
                ("2026-10-25T01:30:00Z", true),
            ],
        );
    }

    #[test]
    fn what_is_wrong_is_told() {
        let wrong = [
            parse_times("9:00", "10:00").unwrap_err(),
            parse_times("22:00", "06:00").unwrap_err(),
            parse_times("22:00", "24:01").unwrap_err(),
            parse_weekdays("mon").unwrap_err(),
            parse_days_of_month("0").unwrap_err(),
            parse_days_of_month("-3:1").unwrap_err(),
            parse_days_of_month("9:5").unwrap_err(),
            parse_months("13").unwrap_err(),
            parse_months("may:april").unwrap_err(),
            parse_years("next").unwrap_err(),
            parse_location("Europe/Utopia").unwrap_err(),
            parse_location("Local").unwrap_err(),
        ];
        let parts = [
            "\"9:00\" is no time",
            "before end_time",
            "\"24:01\" is no time",
            "\"mon\" is no weekday",
            "\"0\" is no day",
            "must be negative",
            "is before the begin",
            "\"13\" is no month",
            "is before the begin",
            "\"next\" is no year",
            "\"Europe/Utopia\" is no time zone",
            "depends on the machine",
        ];
        for (message, part) in wrong.iter().zip(parts) {
            assert!(message.contains(part), "{message}");
        }
    }
}
