//! Wire bytes become Arrow batches. A body that is not what it says it is fails as a whole; an item
//! that breaks a rule is left out and counted, and the rest is kept.

mod hex;
pub mod otlp;
pub mod otlp_json;
pub mod prometheus;
mod tally;

pub use tally::{Tally, Written};

use crate::limits::DecodeLimits;
use crate::reason::Refusal;
use ocelli_signal::{Batch, Signal, WireError};

/// What a request holds.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// The items that are kept; may have no rows.
    pub batch: Batch,
    pub tally: Tally,
}

/// Why a body is refused as a whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    #[error("malformed protobuf: {0}")]
    Protobuf(#[from] WireError),
    #[error("malformed JSON: {0}")]
    Json(String),
    #[error("malformed remote write: {0}")]
    Prometheus(&'static str),
    #[error("more than {limit} {what}")]
    TooMany { limit: u64, what: &'static str },
}

impl From<DecodeError> for Refusal {
    fn from(error: DecodeError) -> Refusal {
        match error {
            DecodeError::TooMany { limit, what } => Refusal::TooManyItems { limit, what },
            malformed => Refusal::Malformed { detail: malformed.to_string() },
        }
    }
}

/// How a body is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    Protobuf,
    Json,
    /// Not OTLP (see `prometheus`).
    RemoteWrite(prometheus::Version),
}

impl Format {
    /// Distinct for each.
    pub fn number(self) -> u8 {
        match self {
            Format::Protobuf => 0,
            Format::Json => 1,
            Format::RemoteWrite(prometheus::Version::One) => 2,
            Format::RemoteWrite(prometheus::Version::Two) => 3,
        }
    }
}

/// Decodes a request on its own. `now_ns` is the time of a log record that has none.
pub fn decode(
    signal: Signal,
    format: Format,
    body: &[u8],
    now_ns: i64,
    limits: &DecodeLimits,
) -> Result<Decoded, DecodeError> {
    let transcoded;
    let body = match format {
        Format::Protobuf => body,
        Format::Json => {
            transcoded = otlp_json::to_protobuf(signal, body)?;
            &transcoded
        }
        Format::RemoteWrite(version) => {
            return prometheus::decode(version, body, limits, &prometheus::Families::default());
        }
    };
    match signal {
        Signal::Spans => otlp::spans::decode(body, limits),
        Signal::Logs => otlp::logs::decode(body, now_ns, limits),
        Signal::Points => otlp::points::decode(body, limits),
    }
}
