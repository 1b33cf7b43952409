//! Times, durations and counts of the API.
//!
//! Source: Loki `pkg/loghttp/params.go`.

use crate::Error;
use crate::http::params::{Params, grafana_time};
use crate::promql::duration_ms;
use ocelli_api::{TimeRange, UnixNano};

const SECOND: i64 = 1_000_000_000;
pub const HOUR: i64 = 3_600 * SECOND;
/// Lines of an answer (Loki's `max_entries_limit_per_query`).
const MAX_LINES: usize = 5_000;

/// `start` and `end`, or `since` before the end; as long as `default_since` where nothing is said.
pub fn range(params: &Params, now: UnixNano, default_since: i64) -> Result<TimeRange, Error> {
    let since = match params.get("since") {
        Some(text) => {
            let wrong = || Error::bad_parameter("since", format!("not a valid duration string: {text:?}"));
            duration_ms(text).map(|ms| ms.saturating_mul(1_000_000)).ok_or_else(wrong)?
        }
        None => default_since,
    };
    let end = time(params, "end")?.unwrap_or(now.0);
    let start = time(params, "start")?.unwrap_or(end.min(now.0).saturating_sub(since));
    if end <= start {
        return Err(Error::bad_query("end timestamp must not be before or equal to start time"));
    }
    Ok(TimeRange { from: UnixNano(start), to: UnixNano(end) })
}

/// Seconds up to ten digits, else nanoseconds; seconds with a fraction; RFC 3339.
pub fn time(params: &Params, name: &str) -> Result<Option<i64>, Error> {
    let Some(text) = params.get(name) else { return Ok(None) };
    let wrong =
        || Error::bad_parameter(name, format!("{text:?} is not Unix seconds or nanoseconds, or RFC 3339"));
    grafana_time(text).map(Some).ok_or_else(wrong)
}

/// Nanoseconds of a number of seconds, or of `1h30m`.
fn duration_ns(params: &Params, name: &str) -> Result<Option<i64>, Error> {
    let Some(text) = params.get(name) else { return Ok(None) };
    let wrong = || Error::bad_parameter(name, format!("cannot parse {text:?} to a valid duration"));
    let ns = match text.parse::<f64>() {
        Ok(seconds) => {
            Some(seconds * SECOND as f64).filter(|ns| ns.abs() < i64::MAX as f64).map(|ns| ns as i64)
        }
        Err(_) => duration_ms(text).map(|ms| ms.saturating_mul(1_000_000)),
    };
    ns.map(Some).ok_or_else(wrong)
}

/// The distance of steps in milliseconds; about 250 of them where none is given.
pub fn step_ms(params: &Params, range: TimeRange) -> Result<i64, Error> {
    let ns = duration_ns(params, "step")?
        .unwrap_or_else(|| (range.duration_ns() / SECOND / 250).max(1).saturating_mul(SECOND));
    if ns <= 0 {
        let message =
            "zero or negative query resolution step widths are not accepted. Try a positive integer";
        return Err(Error::bad_query(message));
    }
    Ok((ns / 1_000_000).max(1))
}

/// Lines that follow another one sooner are left out; 0 for none.
pub fn interval_ns(params: &Params) -> Result<i64, Error> {
    let ns = duration_ns(params, "interval")?.unwrap_or(0);
    if ns < 0 { Err(Error::bad_query("interval must be >= 0")) } else { Ok(ns) }
}

/// Lines of an answer.
pub fn lines(params: &Params, default: usize) -> Result<usize, Error> {
    let limit = count(params, "limit", default)?;
    if limit > MAX_LINES {
        return Err(Error::bad_query(format!(
            "max entries limit per query exceeded, limit > max_entries_limit_per_query ({limit} > {MAX_LINES})"
        )));
    }
    Ok(limit)
}

/// A number above 0.
pub fn count(params: &Params, name: &str, default: usize) -> Result<usize, Error> {
    let Some(text) = params.get(name) else { return Ok(default) };
    let wrong = || Error::bad_parameter(name, format!("{text:?} is not a positive value"));
    text.parse().ok().filter(|count| *count > 0).ok_or_else(wrong)
}

/// Whether the oldest lines come first.
pub fn forward(params: &Params) -> Result<bool, Error> {
    match params.get("direction").map(str::to_ascii_lowercase).as_deref() {
        None | Some("backward") => Ok(false),
        Some("forward") => Ok(true),
        Some(other) => Err(Error::bad_query(format!("invalid direction '{other}'"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_times() {
        let now = UnixNano(10_000 * SECOND);
        let of = |query: &str| range(&Params::parse(query.as_bytes()), now, HOUR);
        let in_seconds =
            |query: &str| of(query).map(|range| (range.from.0 / SECOND, range.to.0 / SECOND)).unwrap();
        assert_eq!(in_seconds(""), (6_400, 10_000));
        assert_eq!(in_seconds("start=10&end=20000000000"), (10, 20));
        assert_eq!(in_seconds("start=1970-01-01T00:00:10.5Z&end=20.5"), (10, 20));
        // Before now where the end is later.
        assert_eq!(in_seconds("since=5m&end=20000"), (9_700, 20_000));
        assert!(of("start=20&end=20").unwrap_err().to_string().contains("before or equal"));
        assert!(of("start=soon").is_err() && of("since=x").is_err());
        let step = |query: &str| {
            let range = TimeRange { from: UnixNano(0), to: UnixNano(HOUR) };
            step_ms(&Params::parse(query.as_bytes()), range)
        };
        assert_eq!(
            [step(""), step("step=30"), step("step=1m")].map(Result::unwrap),
            [14_000, 30_000, 60_000]
        );
        assert!(step("step=0").is_err() && step("step=-5s").is_err());
        let all = Params::parse(b"limit=5001&direction=FORWARD&interval=-1");
        assert!(lines(&all, 100).unwrap_err().to_string().contains("(5001 > 5000)"));
        assert!(forward(&all).unwrap() && interval_ns(&all).is_err());
    }
}
