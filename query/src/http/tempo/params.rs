//! Times and durations of the API: Unix seconds, for series also nanoseconds and RFC 3339.

use super::super::params::{Params, grafana_time};
use crate::Error;
use crate::promql::duration_ms;
use crate::traces::duration;
use ocelli_api::{TimeRange, UnixNano};

const SECOND: i64 = 1_000_000_000;
/// What is looked at where no time is given.
const SINCE_NS: i64 = 3_600 * SECOND;

/// `start` and `end` in seconds; an hour where one of them is not given.
pub fn range(params: &Params, now: UnixNano) -> Result<TimeRange, Error> {
    let seconds = |name: &str| {
        let Some(text) = params.get(name).filter(|text| *text != "0") else { return Ok(None) };
        let number = text.parse::<u32>().ok();
        let wrong = || Error::bad_parameter(name, format!("'{text}' is not a time in Unix seconds"));
        number.map(|seconds| Some(i64::from(seconds) * SECOND)).ok_or_else(wrong)
    };
    let (start, end) = (seconds("start")?, seconds("end")?);
    if let (Some(start), Some(end)) = (start, end)
        && end <= start
    {
        return Err(backwards(start, end));
    }
    let end = end.unwrap_or(now.0.saturating_add(1));
    between(start.unwrap_or(end.saturating_sub(SINCE_NS)), end)
}

fn backwards(start: i64, end: i64) -> Error {
    let (start, end) = (start / SECOND, end / SECOND);
    Error::bad_query(format!("http parameter start must be before end. received start={start} end={end}"))
}

fn between(start: i64, end: i64) -> Result<TimeRange, Error> {
    if end <= start {
        return Err(backwards(start, end));
    }
    Ok(TimeRange { from: UnixNano(start), to: UnixNano(end) })
}

/// The range of series: `start` and `end` in any form, or `since` before the end.
pub fn metrics_range(params: &Params, now: UnixNano) -> Result<TimeRange, Error> {
    let end = time(params, "end")?.unwrap_or(now.0.saturating_add(1));
    let since = params.get("since").map(|text| {
        let wrong = || Error::bad_parameter("since", format!("'{text}' is not a duration like 15m"));
        duration_ms(text).filter(|ms| *ms > 0).map(|ms| ms.saturating_mul(1_000_000)).ok_or_else(wrong)
    });
    let since = since.transpose()?.unwrap_or(SINCE_NS);
    between(time(params, "start")?.unwrap_or(end.saturating_sub(since)), end)
}

/// Seconds up to ten digits, else nanoseconds; seconds with a fraction; RFC 3339.
fn time(params: &Params, name: &str) -> Result<Option<i64>, Error> {
    let Some(text) = params.get(name).filter(|text| *text != "0") else { return Ok(None) };
    let wrong =
        || Error::bad_parameter(name, format!("'{text}' is not Unix seconds or nanoseconds, or RFC 3339"));
    grafana_time(text).map(Some).ok_or_else(wrong)
}

/// Nanoseconds of a step: seconds, or a duration.
pub fn step(params: &Params, range: TimeRange) -> Result<i64, Error> {
    let Some(text) = params.get("step") else { return Ok(readable_step(range)) };
    let wrong = || Error::bad_parameter("step", format!("'{text}' is not a duration like 30s"));
    let ns = match text.parse::<f64>() {
        Ok(seconds) => Some((seconds * SECOND as f64).round()).filter(|ns| *ns < 9e18).map(|ns| ns as i64),
        Err(_) => duration_ms(text).map(|ms| ms.saturating_mul(1_000_000)).or_else(|| duration::parse(text)),
    };
    ns.filter(|ns| *ns > 0).ok_or_else(wrong)
}

/// About 240 steps, of a length that Tempo would take.
fn readable_step(range: TimeRange) -> i64 {
    let length = range.duration_ns();
    let wanted = length / 240;
    if length < 60 * SECOND {
        let fine = SECOND / 20;
        return (wanted / fine * fine).max(fine);
    }
    let unit = [3_600, 300, 60, 15, 5, 1].into_iter().map(|s| s * SECOND).find(|unit| *unit < wanted);
    unit.map_or(SECOND, |unit| wanted / unit * unit).max(SECOND)
}

/// A number from 1 on; 0 and nothing at all are the default.
pub fn count(params: &Params, name: &str, default: usize, most: usize) -> Result<usize, Error> {
    Ok(match params.number(name, default, 0..=most)? {
        0 => default,
        count => count,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_times_and_steps() {
        let now = UnixNano(10_000 * SECOND);
        let of = |query: &str| metrics_range(&Params::parse(query.as_bytes()), now).unwrap();
        let in_seconds = |range: TimeRange| (range.from.0 / SECOND, range.to.0 / SECOND);
        assert_eq!(in_seconds(of("start=10&end=20")), (10, 20));
        assert_eq!(in_seconds(of("start=10.5&end=20000000000")), (10, 20));
        assert_eq!(in_seconds(of("since=1h30m&end=1970-01-01T02:00:00Z")), (1_800, 7_200));
        assert_eq!(in_seconds(of("")), (6_400, 10_000));
        let wrong =
            |query: &str| metrics_range(&Params::parse(query.as_bytes()), now).unwrap_err().to_string();
        assert!(wrong("start=soon").contains("'soon' is not Unix seconds"));
        assert!(wrong("start=20&end=10").contains("received start=20 end=10"));
        let step = |query: &str, length_s: i64| {
            let range = TimeRange { from: UnixNano(0), to: UnixNano(length_s * SECOND) };
            step(&Params::parse(query.as_bytes()), range).unwrap()
        };
        assert_eq!((step("step=30s", 1), step("step=0.5", 1)), (30 * SECOND, SECOND / 2));
        assert_eq!(
            (step("", 3_600), step("", 30), step("", 30 * 86_400)),
            (15 * SECOND, SECOND / 10, 3 * 3_600 * SECOND)
        );
    }
}
