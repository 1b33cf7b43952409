//! Windows that begin with the day, the week, the month, the quarter or the year of a time zone.
//!
//! A day in which a clock is put forward or back has 23 or 25 hours, as it has for the people who live by it.

use super::model::DAY_MS;
use chrono::{Datelike, Days, LocalResult, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Weekday};
use chrono_tz::Tz;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl Unit {
    pub fn parse(word: &str) -> Option<Unit> {
        Some(match word {
            "day" => Unit::Day,
            "week" => Unit::Week,
            "month" => Unit::Month,
            "quarter" => Unit::Quarter,
            "year" => Unit::Year,
            _ => return None,
        })
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Unit::Day => "day",
            Unit::Week => "week",
            Unit::Month => "month",
            Unit::Quarter => "quarter",
            Unit::Year => "year",
        }
    }

    fn nominal_days(self) -> i64 {
        match self {
            Unit::Day => 1,
            Unit::Week => 7,
            Unit::Month => 30,
            Unit::Quarter => 90,
            Unit::Year => 365,
        }
    }
}

/// Windows of `count` units, one after the other. The first of them begins at `anchor`, in the zone's time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Calendar {
    pub unit: Unit,
    pub count: u32,
    pub zone: Tz,
    anchor: NaiveDateTime,
}

impl Calendar {
    /// Weeks begin on Monday.
    pub fn new(unit: Unit, zone: Tz) -> Calendar {
        let first = NaiveDate::from_isoywd_opt(1970, 1, Weekday::Mon).unwrap_or_default();
        let january = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap_or_default();
        let anchor = if unit == Unit::Week { first } else { january }.and_time(NaiveTime::MIN);
        Calendar { unit, count: 1, zone, anchor }
    }

    /// Begins at a time of the zone, as OpenSLO's `startTime`.
    pub fn from(unit: Unit, count: u32, zone: Tz, anchor: NaiveDateTime) -> Calendar {
        Calendar { unit, count: count.max(1), zone, anchor }
    }

    pub fn nominal_ms(&self) -> i64 {
        i64::from(self.count) * self.unit.nominal_days() * DAY_MS
    }

    /// `month`, or `2 month` where there are several.
    pub fn text(&self) -> String {
        match self.count {
            1 => self.unit.as_str().to_owned(),
            count => format!("{count} {}", self.unit.as_str()),
        }
    }

    /// The window that a time lies in: its first millisecond, and the first that is behind it.
    pub fn window_at(&self, at_ms: i64) -> (i64, i64) {
        let local = self.zone.timestamp_millis_opt(at_ms).single().map(|time| time.naive_local());
        let local = local.unwrap_or(self.anchor);
        let mut nth = self.near(local);
        // The estimate may be off by one where months have different lengths, or a clock was put back.
        while self.start_ms(nth) > at_ms {
            nth -= 1;
        }
        while self.start_ms(nth + 1) <= at_ms {
            nth += 1;
        }
        (self.start_ms(nth), self.start_ms(nth + 1))
    }

    /// About how many windows lie between the anchor and a time.
    fn near(&self, local: NaiveDateTime) -> i64 {
        let days = (local.date() - self.anchor.date()).num_days();
        let months = i64::from(local.year() - self.anchor.year()) * 12 + i64::from(local.month())
            - i64::from(self.anchor.month());
        let units = match self.unit {
            Unit::Day => days,
            Unit::Week => days.div_euclid(7),
            Unit::Month => months,
            Unit::Quarter => months.div_euclid(3),
            Unit::Year => months.div_euclid(12),
        };
        units.div_euclid(i64::from(self.count))
    }

    /// When the nth window after the anchor begins.
    fn start_ms(&self, nth: i64) -> i64 {
        let units = nth.saturating_mul(i64::from(self.count));
        let months = |months: i64| {
            let by = Months::new(u32::try_from(months.unsigned_abs()).unwrap_or(u32::MAX));
            if months < 0 { self.anchor.checked_sub_months(by) } else { self.anchor.checked_add_months(by) }
        };
        let days = |days: i64| {
            let by = Days::new(days.unsigned_abs());
            if days < 0 { self.anchor.checked_sub_days(by) } else { self.anchor.checked_add_days(by) }
        };
        let local = match self.unit {
            Unit::Day => days(units),
            Unit::Week => days(units * 7),
            Unit::Month => months(units),
            Unit::Quarter => months(units * 3),
            Unit::Year => months(units * 12),
        };
        let Some(local) = local else { return if nth < 0 { i64::MIN } else { i64::MAX } };
        self.instant_ms(local)
    }

    /// A time that a clock shows twice is the first of the two; one that it leaves out is the next that it shows.
    fn instant_ms(&self, local: NaiveDateTime) -> i64 {
        let mut local = local;
        for _ in 0..=24 * 4 {
            match self.zone.from_local_datetime(&local) {
                LocalResult::Single(time) | LocalResult::Ambiguous(time, _) => {
                    return time.timestamp_millis();
                }
                LocalResult::None => local += chrono::TimeDelta::minutes(15),
            }
        }
        local.and_utc().timestamp_millis()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ocelli_api::UnixNano;
    use ocelli_api::time_range::{format_rfc3339, parse_time};

    /// The window around a time, as `from/to`.
    fn window(calendar: Calendar, at: &str) -> String {
        let at_ms = parse_time(at, UnixNano(0)).unwrap().0 / 1_000_000;
        let (from, to) = calendar.window_at(at_ms);
        assert!(from <= at_ms && at_ms < to, "{at}");
        let text = |ms: i64| format_rfc3339(UnixNano(ms * 1_000_000));
        format!("{}/{}", text(from), text(to))
    }

    #[test]
    fn windows_begin_in_their_zone() {
        let berlin = |unit| Calendar::new(unit, chrono_tz::Europe::Berlin);
        let at = "2026-03-29T12:00:00Z";
        assert_eq!(window(berlin(Unit::Day), at), "2026-03-28T23:00:00Z/2026-03-29T22:00:00Z", "23 hours");
        assert_eq!(window(berlin(Unit::Week), at), "2026-03-22T23:00:00Z/2026-03-29T22:00:00Z");
        assert_eq!(window(berlin(Unit::Month), at), "2026-02-28T23:00:00Z/2026-03-31T22:00:00Z");
        assert_eq!(window(berlin(Unit::Quarter), at), "2025-12-31T23:00:00Z/2026-03-31T22:00:00Z");
        assert_eq!(window(berlin(Unit::Year), at), "2025-12-31T23:00:00Z/2026-12-31T23:00:00Z");
        let utc = Calendar::new(Unit::Month, Tz::UTC);
        assert_eq!(window(utc, "2026-02-28T23:59:59Z"), "2026-02-01T00:00:00Z/2026-03-01T00:00:00Z");
        assert_eq!(window(utc, "2026-03-01T00:00:00Z"), "2026-03-01T00:00:00Z/2026-04-01T00:00:00Z");
        assert_eq!(window(utc, "1969-12-31T00:00:00Z"), "1969-12-01T00:00:00Z/1970-01-01T00:00:00Z");
    }

    #[test]
    fn an_anchor_moves_the_begin() {
        let anchor = NaiveDate::from_ymd_opt(2020, 1, 31).unwrap().and_hms_opt(12, 30, 0).unwrap();
        let months = Calendar::from(Unit::Month, 1, Tz::UTC, anchor);
        assert_eq!(window(months, "2026-03-01T00:00:00Z"), "2026-02-28T12:30:00Z/2026-03-31T12:30:00Z");
        let two = Calendar::from(Unit::Week, 2, Tz::UTC, anchor);
        assert_eq!(window(two, "2020-02-10T00:00:00Z"), "2020-01-31T12:30:00Z/2020-02-14T12:30:00Z");
    }

    #[test]
    fn a_time_that_no_clock_shows_is_the_next() {
        // Sao Paulo put its clocks forward at midnight.
        let days = Calendar::new(Unit::Day, chrono_tz::America::Sao_Paulo);
        assert_eq!(window(days, "2018-11-04T12:00:00Z"), "2018-11-04T03:00:00Z/2018-11-05T02:00:00Z");
    }
}
