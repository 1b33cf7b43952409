//! The time grammar of `from` and `to`, the same in the URL of a page and of the API.
//!
//! `now`, `now-15m`, `now-1d/d` (units `s m h d w`, rounding down with `/unit`), RFC 3339
//! (`2026-11-21T03:00:00Z`), a date (`2026-11-21`, midnight UTC), or an integer since the epoch whose
//! unit is told by its size: seconds, milliseconds, microseconds or nanoseconds.

use crate::{UnixNano, rfc3339};
use serde::{Deserialize, Serialize};

const SECOND: i64 = 1_000_000_000;

/// Half-open: `from` belongs to it, `to` does not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TimeRange {
    pub from: UnixNano,
    pub to: UnixNano,
}

impl TimeRange {
    /// Reads both ends against one `now`. The message names the end that is wrong.
    pub fn parse(from: &str, to: &str, now: UnixNano) -> Result<TimeRange, String> {
        let range = TimeRange {
            from: parse_time(from, now).map_err(|why| format!("from: {why}"))?,
            to: parse_time(to, now).map_err(|why| format!("to: {why}"))?,
        };
        if range.from >= range.to {
            return Err(format!("from ({from}) is not before to ({to}); swap them or widen the range"));
        }
        Ok(range)
    }

    pub fn duration_ns(&self) -> i64 {
        self.to.0.saturating_sub(self.from.0)
    }
}

/// Reads one end of a range; see the module for the grammar.
pub fn parse_time(text: &str, now: UnixNano) -> Result<UnixNano, String> {
    let text = text.trim();
    if let Some(rest) = text.strip_prefix("now") {
        return relative(rest, now).ok_or_else(|| wrong(text));
    }
    if let Ok(number) = text.parse::<i64>() {
        return Ok(UnixNano(number.saturating_mul(unit_of(number))));
    }
    rfc3339::parse(text).or_else(|| rfc3339::parse_date(text)).ok_or_else(|| wrong(text))
}

/// RFC 3339 in UTC with the digits of the second that are not zero.
pub fn format_rfc3339(at: UnixNano) -> String {
    rfc3339::format(at)
}

fn wrong(text: &str) -> String {
    format!("'{text}' is not a time; use now-15m, now/d, 2026-11-21T03:00:00Z or nanoseconds since 1970")
}

/// Seconds until the year 5138, then milliseconds, microseconds, nanoseconds.
fn unit_of(number: i64) -> i64 {
    match number.unsigned_abs() {
        0..100_000_000_000 => SECOND,
        100_000_000_000..100_000_000_000_000 => 1_000_000,
        100_000_000_000_000..100_000_000_000_000_000 => 1_000,
        _ => 1,
    }
}

/// What follows `now`: signed amounts, then an optional rounding.
fn relative(rest: &str, now: UnixNano) -> Option<UnixNano> {
    let (amounts, rounding) = match rest.split_once('/') {
        Some((amounts, unit)) => (amounts, Some(unit)),
        None => (rest, None),
    };
    let mut at = now.0;
    let mut left = amounts;
    while !left.is_empty() {
        let sign = match left.as_bytes()[0] {
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        let digits = left[1..].find(|c: char| !c.is_ascii_digit())? + 1;
        let amount: i64 = left[1..digits].parse().ok()?;
        let after = digits + left[digits..].find(['+', '-']).unwrap_or(left.len() - digits);
        at = at.checked_add(amount.checked_mul(unit_ns(&left[digits..after])?)?.checked_mul(sign)?)?;
        left = &left[after..];
    }
    match rounding {
        None => Some(UnixNano(at)),
        // 1970-01-01 was a Thursday; weeks start on Monday.
        Some("w") => {
            let (week, shift) = (unit_ns("w")?, 3 * unit_ns("d")?);
            Some(UnixNano((at + shift).div_euclid(week) * week - shift))
        }
        Some(unit) => {
            let unit = unit_ns(unit)?;
            Some(UnixNano(at.div_euclid(unit) * unit))
        }
    }
}

fn unit_ns(unit: &str) -> Option<i64> {
    Some(match unit {
        "s" => SECOND,
        "m" => 60 * SECOND,
        "h" => 3_600 * SECOND,
        "d" => 86_400 * SECOND,
        "w" => 7 * 86_400 * SECOND,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-21T03:04:05Z, a Saturday.
    const NOW: UnixNano = UnixNano(1_795_230_245 * SECOND);

    fn check(text: &str, expect: &str) {
        match parse_time(text, NOW) {
            Ok(at) => assert_eq!(format_rfc3339(at), expect, "{text}"),
            Err(why) => assert!(why.contains(expect), "{text}: {why}"),
        }
    }

    #[test]
    fn the_grammar() {
        check("now", "2026-11-21T03:04:05Z");
        check("now-15m", "2026-11-21T02:49:05Z");
        check("now-1d+1h", "2026-11-20T04:04:05Z");
        check("now/d", "2026-11-21T00:00:00Z");
        check("now-1d/d", "2026-11-20T00:00:00Z");
        check("now/w", "2026-11-16T00:00:00Z");
        check("2026-11-21", "2026-11-21T00:00:00Z");
        check("2026-11-21T05:04:05.5+02:00", "2026-11-21T03:04:05.5Z");
        check("1795230245", "2026-11-21T03:04:05Z");
        check("1795230245000", "2026-11-21T03:04:05Z");
        check("1795230245000000001", "2026-11-21T03:04:05.000000001Z");
        check("now-15", "'now-15' is not a time");
        check("yesterday", "'yesterday' is not a time");
        check("now-99999999999w", "is not a time");
    }

    #[test]
    fn a_range_is_ordered() {
        assert!(TimeRange::parse("now", "now-1h", NOW).unwrap_err().contains("not before"));
        assert_eq!(TimeRange::parse("now-1h", "now", NOW).unwrap().duration_ns(), 3_600 * SECOND);
    }
}
