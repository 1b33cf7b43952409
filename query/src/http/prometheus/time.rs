//! Times and durations of the API: Unix seconds with a fraction, RFC 3339, `5m`.

use crate::Error;
use crate::http::params::Params;
use crate::promql::duration_ms;
use ocelli_api::UnixNano;
use ocelli_api::time_range::parse_time;

/// Milliseconds since the epoch; `default` where the parameter is absent.
pub fn time(params: &Params, name: &str, default: Option<i64>) -> Result<i64, Error> {
    let Some(text) = params.get(name) else {
        return default.ok_or_else(|| Error::bad_parameter(name, "is missing"));
    };
    let wrong = || Error::bad_parameter(name, format!("cannot parse \"{text}\" to a valid timestamp"));
    if let Ok(seconds) = text.parse::<f64>() {
        let ms = seconds * 1e3;
        return if ms.is_finite() && ms.abs() < 9e15 { Ok(ms.round() as i64) } else { Err(wrong()) };
    }
    // The rest of the native grammar (now-15m, dates) does no harm here.
    parse_time(text, UnixNano(0))
        .ok()
        .filter(|_| !text.starts_with("now"))
        .map(|at| at.0.div_euclid(1_000_000))
        .ok_or_else(wrong)
}

/// The first and the last millisecond that can be told in nanoseconds: what clients mean by "ever".
const EVER_MS: i64 = i64::MAX / 1_000_000;
/// Prometheus' own first and last time, as its clients may write them.
const EVER: [(&str, i64); 2] =
    [("-292273086-05-16T16:47:06Z", -EVER_MS), ("292277025-08-18T07:12:54.999999999Z", EVER_MS)];

/// The same where a time without bound does no harm.
pub fn clamped(params: &Params, name: &str, default: i64) -> Result<i64, Error> {
    let Some(text) = params.get(name) else { return Ok(default) };
    if let Some((_, ms)) = EVER.iter().find(|(ever, _)| *ever == text) {
        return Ok(*ms);
    }
    match text.parse::<f64>() {
        // A conversion of a float to an integer saturates.
        Ok(seconds) if seconds.is_finite() => Ok(((seconds * 1e3).round() as i64).clamp(-EVER_MS, EVER_MS)),
        _ => time(params, name, None),
    }
}

pub fn forward(start_ms: i64, end_ms: i64) -> Result<(), Error> {
    if end_ms < start_ms {
        return Err(Error::bad_parameter("end", "end timestamp must not be before start time"));
    }
    Ok(())
}

/// Milliseconds of a duration that must be positive: seconds, or `1h30m`.
pub fn duration(params: &Params, name: &str) -> Result<Option<i64>, Error> {
    let Some(text) = params.get(name) else { return Ok(None) };
    let ms = match text.parse::<f64>() {
        Ok(seconds) if (seconds * 1e3).abs() < 9e15 => Some((seconds * 1e3).round() as i64),
        Ok(_) => None,
        Err(_) => duration_ms(text),
    };
    let wrong = || Error::bad_parameter(name, format!("cannot parse \"{text}\" to a valid duration"));
    ms.map(Some).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let params = Params::parse(b"a=1.5&b=2026-11-21T00:00:00Z&c=soon&d=1h5m&e=0.5&f=now-1h");
        assert_eq!(time(&params, "a", None).unwrap(), 1_500);
        assert_eq!(time(&params, "b", None).unwrap(), 1_795_219_200_000);
        assert!(time(&params, "c", None).is_err() && time(&params, "f", None).is_err());
        assert_eq!(time(&params, "z", Some(7)).unwrap(), 7);
        let ever =
            Params::parse(b"a=-9223309901257974&b=-292273086-05-16T16:47:06Z&c=2026-11-21T00:00:00Z&d=NaN");
        let clamped = |name| clamped(&ever, name, 7);
        assert_eq!((clamped("a").unwrap(), clamped("b").unwrap()), (-EVER_MS, -EVER_MS));
        assert_eq!((clamped("c").unwrap(), clamped("z").unwrap()), (1_795_219_200_000, 7));
        assert!(clamped("d").is_err());
        assert_eq!(duration(&params, "d").unwrap(), Some(3_900_000));
        assert_eq!(duration(&params, "e").unwrap(), Some(500));
    }
}
