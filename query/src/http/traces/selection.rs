//! Which traces are meant: by TraceQL, or by parameters for one span.

use super::super::params::Params;
use crate::Error;
use crate::traces::traceql::{self, Query, Selection};
use crate::traces::{STATUSES, duration};

/// The parameters that TraceQL says itself.
const OF_ONE_SPAN: [&str; 5] = ["service", "operation", "status", "min_duration", "max_duration"];

/// Reads `query`, or else `service`, `operation`, `status`, `min_duration` and `max_duration`; all
/// names begin with the prefix.
pub fn selection(params: &Params, prefix: &str) -> Result<Query, Error> {
    let name = |name: &str| format!("{prefix}{name}");
    let Some(text) = params.get(&name("query")) else { return Ok(of_span(params, prefix)?.query()) };
    if let Some(other) = OF_ONE_SPAN.into_iter().map(name).find(|name| params.get(name).is_some()) {
        return Err(Error::bad_parameter(&other, super::BESIDE_QUERY));
    }
    let query = traceql::parse(text)?;
    if query.metrics.is_some() {
        return Err(Error::bad_parameter(&name("query"), super::MAKES_SERIES));
    }
    Ok(query)
}

/// The parameters for one span alone.
pub fn of_span(params: &Params, prefix: &str) -> Result<Selection, Error> {
    let get = |name: &str| params.get(&format!("{prefix}{name}"));
    let status = get("status").map(|status| {
        let known = STATUSES.iter().position(|known| known.eq_ignore_ascii_case(status));
        let wrong = || {
            let message = format!("'{status}' is not one of {}", STATUSES.join(", "));
            Error::bad_parameter(&format!("{prefix}status"), message)
        };
        known.map(|number| number as i32).ok_or_else(wrong)
    });
    let length = |name: &str| {
        let Some(text) = get(name) else { return Ok(None) };
        let wrong =
            || Error::bad_parameter(&format!("{prefix}{name}"), format!("'{text}' {}", duration::FORM));
        duration::parse(text).map(Some).ok_or_else(wrong)
    };
    Ok(Selection {
        service: get("service").map(str::to_owned),
        operation: get("operation").map(str::to_owned),
        status: status.transpose()?,
        min_duration: length("min_duration")?,
        max_duration: length("max_duration")?,
    })
}
