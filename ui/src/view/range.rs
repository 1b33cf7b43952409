//! The time range of a page as the two texts in its URL, and what the picker does to it.

use super::text::number;
use ocelli_api::time_range::format_rfc3339;
use ocelli_api::{TimeRange, UnixNano};

pub const DEFAULT_FROM: &str = "now-15m";
pub const DEFAULT_TO: &str = "now";

/// The least width that a drag makes: below a millisecond no chart can show more.
const MIN_ZOOM_MS: i64 = 1;

/// Offered by the picker: label, `from`, `to`.
pub const PRESETS: [(&str, &str, &str); 10] = [
    ("Last 5 minutes", "now-5m", "now"),
    ("Last 15 minutes", "now-15m", "now"),
    ("Last hour", "now-1h", "now"),
    ("Last 3 hours", "now-3h", "now"),
    ("Last 12 hours", "now-12h", "now"),
    ("Last 24 hours", "now-1d", "now"),
    ("Last 7 days", "now-7d", "now"),
    ("Last 30 days", "now-30d", "now"),
    ("Today (UTC)", "now/d", "now"),
    ("Yesterday (UTC)", "now-1d/d", "now/d"),
];

/// The preset's label; else none.
pub fn preset_label(from: &str, to: &str) -> Option<&'static str> {
    PRESETS.iter().find(|preset| preset.1 == from && preset.2 == to).map(|preset| preset.0)
}

/// Both ends as RFC 3339.
pub fn absolute(range: &TimeRange) -> (String, String) {
    (format_rfc3339(range.from), format_rfc3339(range.to))
}

/// Both ends as charts have them, in milliseconds since the epoch.
pub fn in_ms(range: &TimeRange) -> (f64, f64) {
    (range.from.0 as f64 / 1e6, range.to.0 as f64 / 1e6)
}

/// What was dragged over, in milliseconds, in either direction.
pub fn zoom_ms(a_ms: f64, b_ms: f64) -> (String, String) {
    let from = a_ms.min(b_ms).floor() as i64;
    let to = (a_ms.max(b_ms).ceil() as i64).max(from + MIN_ZOOM_MS);
    absolute(&TimeRange { from: ms(from), to: ms(to) })
}

fn ms(ms: i64) -> UnixNano {
    UnixNano(ms.saturating_mul(1_000_000))
}

/// Twice as wide around the same middle, but not past `now`.
pub fn zoom_out(range: &TimeRange, now: UnixNano) -> TimeRange {
    let half = range.duration_ns() / 2;
    let wide = TimeRange {
        from: UnixNano(range.from.0.saturating_sub(half)),
        to: UnixNano(range.to.0.saturating_add(half)),
    };
    not_after(wide, now)
}

/// Half a width to the left (`-1`) or right (`1`), but not past `now`.
pub fn shift(range: &TimeRange, direction: i64, now: UnixNano) -> TimeRange {
    let by = range.duration_ns() / 2 * direction;
    let moved = TimeRange {
        from: UnixNano(range.from.0.saturating_add(by)),
        to: UnixNano(range.to.0.saturating_add(by)),
    };
    not_after(moved, now)
}

/// A range that ends after `now` is moved back as it is; one that already did is left alone.
fn not_after(range: TimeRange, now: UnixNano) -> TimeRange {
    let over = range.to.0.saturating_sub(now.0).max(0);
    TimeRange { from: UnixNano(range.from.0.saturating_sub(over)), to: UnixNano(range.to.0 - over) }
}

/// How often a page asks again, offered by the shell: label, value of `refresh=`, seconds.
pub const REFRESH: [(&str, &str, u32); 6] = [
    ("Off", "", 0),
    ("5 s", "5s", 5),
    ("10 s", "10s", 10),
    ("30 s", "30s", 30),
    ("1 m", "1m", 60),
    ("5 m", "5m", 300),
];

/// Seconds of `refresh=`; 0 is never.
pub fn refresh_seconds(value: &str) -> u32 {
    REFRESH.iter().find(|choice| choice.1 == value).map_or(0, |choice| choice.2)
}

/// The period of the shell that is nearest to a duration, and not shorter unless that is longer than all.
pub fn refresh_of(duration: &str) -> &'static str {
    let units = [("s", 1.0), ("m", 60.0), ("h", 3_600.0), ("d", 86_400.0)];
    let seconds =
        units.iter().find_map(|(unit, factor)| Some(number(duration.strip_suffix(unit)?)? * factor));
    let Some(seconds) = seconds.filter(|seconds| *seconds > 0.0) else { return "" };
    let fits = REFRESH.iter().find(|choice| choice.2 > 0 && f64::from(choice.2) >= seconds);
    fits.or(REFRESH.last()).map_or("", |choice| choice.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixNano = UnixNano(1_795_230_245_000_000_000);

    #[test]
    fn every_preset_is_a_range() {
        for (label, from, to) in PRESETS {
            assert!(TimeRange::parse(from, to, NOW).is_ok(), "{label}");
        }
        assert_eq!(preset_label("now-1h", "now"), Some("Last hour"));
        assert_eq!(preset_label("now-61m", "now"), None);
    }

    #[test]
    fn a_drag_reads_back_as_the_same_range() {
        let (from, to) = zoom_ms(1_795_230_245_900.4, 1_795_230_245_100.6);
        assert_eq!((from.as_str(), to.as_str()), ("2026-11-21T03:04:05.1Z", "2026-11-21T03:04:05.901Z"));
        let (from, to) = zoom_ms(5.0, 5.0);
        assert!(TimeRange::parse(&from, &to, NOW).is_ok());
    }

    #[test]
    fn moving_stops_at_now() {
        let range = TimeRange::parse("now-1h", "now", NOW).unwrap();
        assert_eq!(shift(&range, 1, NOW), range);
        assert_eq!(shift(&range, -1, NOW), TimeRange::parse("now-90m", "now-30m", NOW).unwrap());
        assert_eq!(zoom_out(&range, NOW), TimeRange::parse("now-2h", "now", NOW).unwrap());
    }

    #[test]
    fn refresh_periods() {
        assert_eq!(refresh_seconds("10s"), 10);
        assert_eq!(refresh_seconds("1ms"), 0);
        let periods = ["30s", "15s", "1h", "", "1m30s", "0s"].map(refresh_of);
        assert_eq!(periods, ["30s", "30s", "5m", "", "", ""]);
    }
}
