//! What makes a time series: its metric, where it comes from and its attributes.

use crate::error::WireError;
use crate::prometheus;
use crate::wire::{Reader, Writer};
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_128;

/// The OTLP kind of a metric. The numbers are Ocelli's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Kind {
    #[default]
    Gauge = 1,
    Sum = 2,
    Histogram = 3,
    ExponentialHistogram = 4,
    Summary = 5,
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Gauge => "gauge",
            Kind::Sum => "sum",
            Kind::Histogram => "histogram",
            Kind::ExponentialHistogram => "exponential_histogram",
            Kind::Summary => "summary",
        }
    }

    fn from_u64(number: u64) -> Kind {
        match number {
            2 => Kind::Sum,
            3 => Kind::Histogram,
            4 => Kind::ExponentialHistogram,
            5 => Kind::Summary,
            _ => Kind::Gauge,
        }
    }
}

/// OTLP `AggregationTemporality`.
pub const TEMPORALITY_DELTA: i32 = 1;
pub const TEMPORALITY_CUMULATIVE: i32 = 2;

/// A series. Description and metadata are told with it but are
/// no part of its identity. Most of it is the same for many series, who share it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Series {
    /// The OTLP metric name.
    pub name: Arc<str>,
    pub description: Arc<str>,
    pub unit: Arc<str>,
    pub kind: Kind,
    pub temporality: i32,
    pub is_monotonic: bool,
    /// In the form of an `attributes` column, sorted by key.
    pub attributes: Arc<[u8]>,
    /// In the form of a `resource` column (see `origin`).
    pub resource: Arc<[u8]>,
    /// In the form of a `scope` column (see `origin`).
    pub scope: Arc<[u8]>,
    /// `Metric.metadata`, in the form of an `attributes` column.
    pub metadata: Arc<[u8]>,
}

/// What makes the names that Prometheus gives to a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric<'a> {
    pub name: &'a str,
    pub unit: &'a str,
    pub kind: Kind,
    pub is_monotonic: bool,
    /// Whether they are Prometheus' own (see `prometheus`).
    pub native: bool,
}

impl Series {
    pub fn metric(&self) -> Metric<'_> {
        Metric {
            name: &self.name,
            unit: &self.unit,
            kind: self.kind,
            is_monotonic: self.is_monotonic,
            native: prometheus::is_native(self),
        }
    }

    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        self.view().encode(&mut writer);
        writer.into_bytes()
    }

    pub fn view(&self) -> SeriesView<'_> {
        SeriesView {
            name: &self.name,
            description: &self.description,
            unit: &self.unit,
            kind: self.kind,
            temporality: self.temporality,
            is_monotonic: self.is_monotonic,
            attributes: &self.attributes,
            resource: &self.resource,
            scope: &self.scope,
            metadata: &self.metadata,
        }
    }

    pub fn parse(encoded: &[u8]) -> Result<Series, WireError> {
        SeriesView::parse(encoded).map(|view| view.to_series())
    }
}

/// The same, borrowed. Identity comes first in the bytes, so that its hash is over one slice.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SeriesView<'a> {
    pub name: &'a str,
    pub description: &'a str,
    pub unit: &'a str,
    pub kind: Kind,
    pub temporality: i32,
    pub is_monotonic: bool,
    pub attributes: &'a [u8],
    pub resource: &'a [u8],
    pub scope: &'a [u8],
    pub metadata: &'a [u8],
}

/// Field numbers of an encoded series: 1 to 8 are its identity.
const DESCRIPTION: u32 = 9;

impl<'a> SeriesView<'a> {
    pub fn encode(&self, out: &mut Writer) {
        out.put_bytes(1, self.name.as_bytes());
        out.put_bytes(2, self.unit.as_bytes());
        out.put_varint(3, self.kind as u64);
        out.put_int(4, i64::from(self.temporality));
        out.put_varint(5, u64::from(self.is_monotonic));
        out.put_bytes(6, self.attributes);
        out.put_bytes(7, self.resource);
        out.put_bytes(8, self.scope);
        out.put_bytes(DESCRIPTION, self.description.as_bytes());
        out.put_bytes(10, self.metadata);
    }

    pub fn parse(encoded: &'a [u8]) -> Result<SeriesView<'a>, WireError> {
        let mut series = SeriesView::default();
        for field in Reader::new(encoded) {
            match field? {
                (1, field) => series.name = field.str()?,
                (2, field) => series.unit = field.str()?,
                (3, field) => series.kind = Kind::from_u64(field.u64()),
                (4, field) => series.temporality = field.i32(),
                (5, field) => series.is_monotonic = field.bool(),
                (6, field) => series.attributes = field.bytes(),
                (7, field) => series.resource = field.bytes(),
                (8, field) => series.scope = field.bytes(),
                (DESCRIPTION, field) => series.description = field.str()?,
                (10, field) => series.metadata = field.bytes(),
                _ => {}
            }
        }
        Ok(series)
    }

    /// What is the same for all series of a metric in a scope: all but attributes, resource and scope.
    pub fn metric(&self) -> SeriesView<'a> {
        SeriesView { attributes: &[], resource: &[], scope: &[], ..*self }
    }

    pub fn to_series(&self) -> Series {
        Series {
            name: self.name.into(),
            description: self.description.into(),
            unit: self.unit.into(),
            kind: self.kind,
            temporality: self.temporality,
            is_monotonic: self.is_monotonic,
            attributes: self.attributes.into(),
            resource: self.resource.into(),
            scope: self.scope.into(),
            metadata: self.metadata.into(),
        }
    }
}

/// The id of an encoded series: xxh3-128 of its identity, which is all but the description and the
/// metadata. Two different series share an id with a chance of 1 to 10^26 at a million series.
pub fn series_id(encoded: &[u8]) -> u128 {
    let mut rest = encoded;
    while !rest.is_empty() {
        let mut after_key = rest;
        let Ok(key) = crate::wire::read_varint(&mut after_key) else { break };
        if key >> 3 >= u64::from(DESCRIPTION) {
            break;
        }
        let mut fields = Reader::new(rest);
        if !matches!(fields.next(), Some(Ok(_))) {
            break;
        }
        rest = fields.rest();
    }
    xxh3_128(&encoded[..encoded.len() - rest.len()])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series() -> Series {
        Series {
            name: "http.server.duration".into(),
            unit: "s".into(),
            kind: Kind::Histogram,
            temporality: TEMPORALITY_CUMULATIVE,
            attributes: [0x0a, 0x03, 0x0a, 0x01, b'k'].into(),
            ..Series::default()
        }
    }

    #[test]
    fn a_description_is_no_identity() {
        let described = Series { description: "new words".into(), metadata: [0x0a, 0].into(), ..series() };
        assert_eq!(Series::parse(&described.encode()).unwrap(), described);
        assert_eq!(series_id(&described.encode()), series_id(&series().encode()));
        for other in [
            Series { unit: "ms".into(), ..series() },
            Series { attributes: Arc::default(), ..series() },
            Series { scope: [0x0a, 0].into(), ..series() },
        ] {
            assert_ne!(series_id(&other.encode()), series_id(&series().encode()));
        }
    }
}
