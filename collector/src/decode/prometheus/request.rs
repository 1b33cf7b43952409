//! What the two versions of a request have in common, and where they differ.

use super::Version;
use crate::decode::DecodeError;
use crate::limits::DecodeLimits;
use ocelli_signal::WireError;
use ocelli_signal::wire::{Field, Reader};

/// A request whose texts are known.
pub struct Request<'m> {
    pub version: Version,
    body: &'m [u8],
    /// Of version 2: what its messages refer to.
    symbols: Vec<&'m str>,
}

/// The numbers of a `TimeSeries` message's fields. Labels are 1 and samples 2 in both.
pub const LABELS: u32 = 1;
pub const SAMPLES: u32 = 2;

pub struct Numbers {
    series: u32,
    pub exemplars: u32,
    pub histograms: u32,
    /// Of version 2 alone, as the one below; 0 is no field's number.
    pub metadata: u32,
    pub start: u32,
}

const ONE: Numbers = Numbers { series: 1, exemplars: 3, histograms: 4, metadata: 0, start: 0 };
const TWO: Numbers = Numbers { series: 5, exemplars: 4, histograms: 3, metadata: 5, start: 6 };
/// `WriteRequest.metadata` of version 1.
const METADATA: u32 = 3;
const SYMBOLS: u32 = 4;

impl<'m> Request<'m> {
    pub fn new(version: Version, body: &'m [u8], limits: &DecodeLimits) -> Result<Request<'m>, DecodeError> {
        let mut symbols = Vec::new();
        for field in Reader::new(body) {
            let (number, field) = field?;
            if number == SYMBOLS && version == Version::Two {
                symbols.push(field.str()?);
                if symbols.len() as u64 > limits.items {
                    return Err(DecodeError::TooMany { limit: limits.items, what: "symbols" });
                }
            }
        }
        if symbols.first().is_some_and(|first| !first.is_empty()) {
            return Err(DecodeError::Prometheus("the first symbol is not the empty one"));
        }
        Ok(Request { version, body, symbols })
    }

    pub fn numbers(&self) -> &'static Numbers {
        match self.version {
            Version::One => &ONE,
            Version::Two => &TWO,
        }
    }

    /// The `TimeSeries` messages.
    pub fn series(&self) -> impl Iterator<Item = Result<&'m [u8], WireError>> + use<'m> {
        messages(self.body, self.numbers().series)
    }

    /// The `MetricMetadata` messages of version 1.
    pub fn metadata(&self) -> impl Iterator<Item = Result<&'m [u8], WireError>> + use<'m> {
        let body = if self.version == Version::One { self.body } else { &[] };
        messages(body, METADATA)
    }

    /// The text of a reference of version 2.
    pub fn symbol(&self, reference: u64) -> Result<&'m str, DecodeError> {
        let symbol = usize::try_from(reference).ok().and_then(|at| self.symbols.get(at));
        symbol.copied().ok_or(DecodeError::Prometheus("a reference to a symbol that there is not"))
    }
}

/// The messages of a repeated field.
pub fn messages(message: &[u8], wanted: u32) -> impl Iterator<Item = Result<&[u8], WireError>> + use<'_> {
    Reader::new(message).filter_map(move |field| match field {
        Ok((number, Field::Bytes(inner))) if number == wanted => Some(Ok(inner)),
        Ok(_) => None,
        Err(error) => Some(Err(error)),
    })
}
