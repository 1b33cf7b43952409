//! `Retry-After`: seconds or a date (RFC 9110, 10.2.3).

use crate::limits::RETRY_AFTER_MAX;
use std::time::{Duration, SystemTime};

/// At most [`RETRY_AFTER_MAX`]. What is neither is as if it had not been said.
pub(super) fn parse(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    let after = match value.parse::<f64>() {
        // Some send fractions; what is no number of seconds is no wait.
        Ok(seconds) => {
            let bounded = seconds.clamp(f64::MIN, RETRY_AFTER_MAX.as_secs_f64());
            Duration::try_from_secs_f64(bounded).ok()?
        }
        Err(_) => httpdate::parse_http_date(value).ok()?.duration_since(now).unwrap_or_default(),
    };
    Some(after.min(RETRY_AFTER_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::UNIX_EPOCH;

    #[test]
    fn seconds_and_dates() {
        let now = UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        let seconds = |value| parse(value, now).map(|after| after.as_secs_f64());
        assert_eq!(seconds("30"), Some(30.0));
        assert_eq!(seconds(" 0 "), Some(0.0));
        assert_eq!(seconds("1.5"), Some(1.5));
        assert_eq!(seconds("86400"), Some(3600.0));
        assert_eq!(seconds("1e300"), Some(3600.0));
        assert_eq!(seconds("inf"), Some(3600.0));
        assert_eq!(seconds("Sun, 09 Sep 2001 01:47:40 GMT"), Some(60.0));
        assert_eq!(seconds("Sun, 09 Sep 2001 01:46:00 GMT"), Some(0.0));
        assert_eq!(seconds("Sun, 09 Sep 2040 01:46:00 GMT"), Some(3600.0));
        for nothing in ["", "-1", "NaN", "soon", "Sun, 99 Sep 2001 01:46:00 GMT"] {
            assert_eq!(seconds(nothing), None, "{nothing}");
        }
    }
}
