//! Prometheus remote write → a batch of points, one row a sample.
//!
//! Sources: the specifications of remote write 1.0 and 2.0; `prometheus.WriteRequest` (`prompb/remote.proto`,
//! `types.proto`) and `io.prometheus.write.v2.Request`. Both walk the same way: they differ in where
//! they keep labels and in a few numbers of fields. A series keeps its name and labels as they are
//! (`ocelli_signal::prometheus`).

mod exemplars;
mod families;
mod histogram;
mod labels;
mod request;
mod series;

pub use families::Families;

use super::{DecodeError, Decoded};
use crate::limits::DecodeLimits;
use exemplars::Exemplars;
use ocelli_signal::{Batch, Signal};
use request::Request;
use series::SeriesItems;

/// Which message a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Version {
    /// `prometheus.WriteRequest`.
    One,
    /// `io.prometheus.write.v2.Request`.
    Two,
}

/// Decodes a request. What it tells of metrics stays in `families`, since 1.0 sends that apart.
pub fn decode(
    version: Version,
    body: &[u8],
    limits: &DecodeLimits,
    families: &Families,
) -> Result<Decoded, DecodeError> {
    let request = Request::new(version, body, limits)?;
    families.learn(&request)?;
    // Senders put samples and exemplars of a series into messages of their own.
    let exemplars = Exemplars::gather(&request, limits)?;
    let mut items = SeriesItems::new(&request, exemplars, limits, families);
    for message in request.series() {
        items.push(message?)?;
    }
    let (rows, tally) = items.finish()?;
    Ok(Decoded { batch: Batch { signal: Signal::Points, rows }, tally })
}

#[cfg(test)]
mod tests;
