//! Parts of a date, UTC, from seconds since the epoch.

const DAY: i64 = 86_400;

pub fn minute(seconds: i64) -> f64 {
    (seconds.rem_euclid(3_600) / 60) as f64
}

pub fn hour(seconds: i64) -> f64 {
    (seconds.rem_euclid(DAY) / 3_600) as f64
}

/// Sunday is 0. 1970-01-01 was a Thursday.
pub fn day_of_week(seconds: i64) -> f64 {
    (seconds.div_euclid(DAY) + 4).rem_euclid(7) as f64
}

pub fn day_of_month(seconds: i64) -> f64 {
    civil(seconds).2 as f64
}

pub fn day_of_year(seconds: i64) -> f64 {
    let (year, month, day) = civil(seconds);
    ((1..month).map(|month| month_length(year, month)).sum::<i64>() + day) as f64
}

pub fn days_in_month(seconds: i64) -> f64 {
    let (year, month, _) = civil(seconds);
    month_length(year, month) as f64
}

pub fn month(seconds: i64) -> f64 {
    civil(seconds).1 as f64
}

pub fn year(seconds: i64) -> f64 {
    civil(seconds).0 as f64
}

/// Whole seconds as `1970-01-01T00:00:00Z`.
pub fn rfc3339(time_ms: i64) -> String {
    let seconds = time_ms / 1000;
    let (year, month, day) = civil(seconds);
    let (hour, minute, second) = (hour(seconds), minute(seconds), seconds.rem_euclid(60));
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn month_length(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Year, month and day of the Gregorian calendar (Howard Hinnant's `civil_from_days`).
fn civil(seconds: i64) -> (i64, i64, i64) {
    let days = seconds.div_euclid(DAY) + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calendar() {
        // 2024-02-29T23:59:30Z, a Thursday.
        let leap = 1_709_251_170;
        assert_eq!((year(leap), month(leap), day_of_month(leap)), (2024.0, 2.0, 29.0));
        assert_eq!((hour(leap), minute(leap), day_of_week(leap)), (23.0, 59.0, 4.0));
        assert_eq!((day_of_year(leap), days_in_month(leap)), (60.0, 29.0));
        assert_eq!((year(-1), month(-1), day_of_month(-1)), (1969.0, 12.0, 31.0));
    }
}
