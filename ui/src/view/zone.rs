//! Times on a clock. The zone is an offset in minutes, because only the browser knows the zone's rules.

use ocelli_api::UnixNano;
use ocelli_api::time_range::parse_time;

/// `tz=` of the URL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Zone {
    #[default]
    Local,
    Utc,
}

impl Zone {
    pub fn of(text: Option<&str>) -> Self {
        if text == Some("utc") { Self::Utc } else { Self::Local }
    }

    /// The value in the URL; the default is left out.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Local => "",
            Self::Utc => "utc",
        }
    }
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAY_MS: i64 = 86_400_000;

/// A moment taken apart on the clock of some zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Civil {
    year: i64,
    month: usize,
    day: i64,
    second_of_day: i64,
    nanos: i64,
}

/// Days to a date after Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
fn civil(at: UnixNano, offset_min: i32) -> Civil {
    let seconds = at.0.div_euclid(1_000_000_000) + i64::from(offset_min) * 60;
    let shifted = seconds.div_euclid(86_400) + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    Civil {
        year: year_of_era + era * 400 + i64::from(month <= 2),
        month: usize::try_from(month - 1).unwrap_or(0),
        day: day_of_year - (153 * march_month + 2) / 5 + 1,
        second_of_day: seconds.rem_euclid(86_400),
        nanos: at.0.rem_euclid(1_000_000_000),
    }
}

impl Civil {
    fn hms(&self) -> String {
        let second = self.second_of_day;
        format!("{:02}:{:02}:{:02}", second / 3_600, second / 60 % 60, second % 60)
    }

    fn ymd(&self) -> String {
        format!("{:04}-{:02}-{:02}", self.year, self.month + 1, self.day)
    }
}

/// `03:04:05.678`
pub fn clock(at: UnixNano, offset_min: i32) -> String {
    let civil = civil(at, offset_min);
    format!("{}.{:03}", civil.hms(), civil.nanos / 1_000_000)
}

/// `2026-11-21 03:04:05.678`
pub fn date_clock(at: UnixNano, offset_min: i32) -> String {
    let civil = civil(at, offset_min);
    format!("{} {}.{:03}", civil.ymd(), civil.hms(), civil.nanos / 1_000_000)
}

/// `Nov 21 03:04:05`
pub fn short_date_clock(at: UnixNano, offset_min: i32) -> String {
    let civil = civil(at, offset_min);
    format!("{} {} {}", MONTHS[civil.month % 12], civil.day, civil.hms())
}

/// `+02:00`, `UTC`
pub fn offset_name(offset_min: i32) -> String {
    if offset_min == 0 {
        return "UTC".to_owned();
    }
    let sign = if offset_min < 0 { '-' } else { '+' };
    format!("{sign}{:02}:{:02}", offset_min.abs() / 60, offset_min.abs() % 60)
}

/// The label of an axis tick: as much of the time as a step of this width needs.
pub fn axis(at_ms: i64, step_ms: i64, offset_min: i32) -> String {
    let civil = civil(UnixNano(at_ms.saturating_mul(1_000_000)), offset_min);
    let midnight = civil.second_of_day == 0 && civil.nanos == 0;
    let hms = civil.hms();
    match step_ms {
        _ if step_ms >= DAY_MS || (midnight && step_ms >= 60_000) => {
            format!("{} {}", MONTHS[civil.month % 12], civil.day)
        }
        60_000.. => hms[..5].to_owned(),
        1_000.. => hms,
        _ => format!("{}.{:03}", &hms[3..], civil.nanos / 1_000_000),
    }
}

/// `12 s ago`, `in 3 m`.
pub fn ago(at: UnixNano, now: UnixNano) -> String {
    let gap = now.0.saturating_sub(at.0);
    let seconds = gap.unsigned_abs() / 1_000_000_000;
    let text = match seconds {
        0 => return "now".to_owned(),
        1..60 => format!("{seconds} s"),
        60..3_600 => format!("{} m", seconds / 60),
        3_600..86_400 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    };
    if gap < 0 { format!("in {text}") } else { format!("{text} ago") }
}

/// A moment as people write it, `20:15`, `2026-11-21`, `2026-11-21 20:15`, on the clock that the page shows, as RFC 3339;
/// anything else as it is. `offset_min` is that of the clock at a moment.
pub fn typed(text: &str, now: UnixNano, offset_min: impl Fn(UnixNano) -> i32) -> String {
    let text = text.trim();
    let (day, clock) = match text.split_once([' ', 'T']) {
        Some((day, clock)) => (day.to_owned(), clock),
        None if text.contains(':') => (civil(now, offset_min(now)).ymd(), text),
        None => (text.to_owned(), "0:00"),
    };
    let is_plain =
        |text: &str, signs: &[u8]| text.bytes().all(|sign| sign.is_ascii_digit() || signs.contains(&sign));
    if !is_plain(clock, b":.") || !is_plain(&day, b"-") || day.matches('-').count() != 2 {
        return text.to_owned();
    }
    let seconds = if clock.matches(':').count() == 1 { ":00" } else { "" };
    let hour = if clock.find(':') == Some(1) { "0" } else { "" };
    let on = |offset: i32| {
        let zone = if offset == 0 { "Z".to_owned() } else { offset_name(offset) };
        format!("{day}T{hour}{clock}{seconds}{zone}")
    };
    // The clock may have been another one on that day.
    let near = parse_time(&on(offset_min(now)), now);
    near.map_or_else(|_| text.to_owned(), |near| on(offset_min(near)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-21T03:04:05.678Z
    const AT: UnixNano = UnixNano(1_795_230_245_678_000_000);

    #[test]
    fn clocks_of_zones() {
        assert_eq!(date_clock(AT, 0), "2026-11-21 03:04:05.678");
        assert_eq!(date_clock(AT, -300), "2026-11-20 22:04:05.678");
        assert_eq!(date_clock(UnixNano(-1), 0), "1969-12-31 23:59:59.999");
        assert_eq!(date_clock(UnixNano(951_782_400_000_000_000), 0), "2000-02-29 00:00:00.000");
        assert_eq!(offset_name(-210), "-03:30");
    }

    #[test]
    fn axis_labels_fit_their_step() {
        let at = 1_795_230_245_678;
        assert_eq!(axis(at, 86_400_000, 0), "Nov 21");
        assert_eq!(axis(at, 60_000, 0), "03:04");
        assert_eq!(axis(at, 1_000, 0), "03:04:05");
        assert_eq!(axis(at, 100, 0), "04:05.678");
        assert_eq!(axis(1_795_219_200_000, 3_600_000, 0), "Nov 21");
    }

    #[test]
    fn ages() {
        let later = |seconds: i64| UnixNano(AT.0 + seconds * 1_000_000_000);
        assert_eq!(ago(AT, later(0)), "now");
        assert_eq!(ago(AT, later(90)), "1 m ago");
        assert_eq!(ago(later(7_200), AT), "in 2 h");
    }

    #[test]
    fn what_is_typed_is_on_the_clock_of_the_page() {
        // 2026-11-27T20:49:15Z; two hours ahead in summer, one in winter.
        let now = UnixNano(1_795_812_555_000_000_000);
        let offset = |at: UnixNano| if at < UnixNano(1_793_000_000_000_000_000) { 120 } else { 60 };
        let check = |text: &str, expect: &str| assert_eq!(typed(text, now, offset), expect, "{text}");
        check("20:15", "2026-11-27T20:15:00+01:00");
        check(" 7:05:09 ", "2026-11-27T07:05:09+01:00");
        check("2026-11-20", "2026-11-20T00:00:00+01:00");
        check("2026-07-20 20:15", "2026-07-20T20:15:00+02:00");
        check("2026-11-20T20:15:30.5", "2026-11-20T20:15:30.5+01:00");
        for other in
            ["now-15m", "now/d", "2026-11-20T20:15:30Z", "1795812555", "", "yesterday", "25:99", "a-b-c"]
        {
            check(other, other);
        }
        assert_eq!(typed("20:15", now, |_| 0), "2026-11-27T20:15:00Z");
    }
}
