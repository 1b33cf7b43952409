//! `ExportMetricsServiceRequest` → a batch of points, one row a data point.

use super::check::{self, ItemError};
use super::data_point::{self, Pair, PointParts, is_number};
use super::walk::{Items, settle, walk};
use crate::decode::{DecodeError, Decoded, Tally};
use crate::limits::DecodeLimits;
use crate::reason::Rejection;
use ocelli_signal::points::{PointBody, PointRow, PointsBuilder};
use ocelli_signal::series::SeriesView;
use ocelli_signal::wire::{Field, Reader, Writer};
use ocelli_signal::{Batch, Kind, Signal, WireError};

/// Decodes a request.
pub fn decode(body: &[u8], limits: &DecodeLimits) -> Result<Decoded, DecodeError> {
    let mut items = PointItems {
        builder: PointsBuilder::new(),
        limits,
        resource_bytes: 0,
        scope_bytes: 0,
        all_series_bytes: 0,
        buffers: Buffers::default(),
    };
    let tally = walk(body, &mut items, limits)?;
    Ok(Decoded { batch: Batch { signal: Signal::Points, rows: items.builder.finish() }, tally })
}

struct PointItems<'a> {
    builder: PointsBuilder,
    limits: &'a DecodeLimits,
    resource_bytes: usize,
    scope_bytes: usize,
    /// What the series would take if each had its own resource and scope, as they have once they are
    /// known to the store.
    all_series_bytes: usize,
    buffers: Buffers,
}

/// Buffers that every point uses again.
#[derive(Default)]
struct Buffers {
    attributes: Writer,
    metadata: Writer,
    metric: Writer,
    parts: PointParts,
}

impl Items for PointItems<'_> {
    const SIGNAL: Signal = Signal::Points;

    fn set_resource(&mut self, resource: &[u8]) {
        self.resource_bytes = resource.len();
        self.builder.set_resource(resource);
    }

    fn set_scope(&mut self, scope: &[u8]) {
        self.scope_bytes = scope.len();
        self.builder.set_scope(scope);
    }

    fn push(&mut self, message: &[u8], tally: &mut Tally) -> Result<(), DecodeError> {
        let metric = match self.metric(message) {
            Ok(metric) => metric,
            Err(ItemError::Fatal(error)) => return Err(error),
            Err(ItemError::Rejected(reason)) => {
                let count = Self::count(message)?;
                tally.receive(count);
                tally.reject(reason, count);
                return Ok(());
            }
        };
        self.builder.set_metric(self.buffers.metric.as_bytes());
        let mut pairs = Vec::new();
        for field in Reader::new(metric.data) {
            if let (1, Field::Bytes(point)) = field? {
                tally.receive(1);
                settle(self.point(&metric, point, &mut pairs), tally)?;
                self.check_series_bytes()?;
            }
        }
        Ok(())
    }

    fn count(message: &[u8]) -> Result<u64, WireError> {
        let mut points = 0;
        for field in Reader::new(message) {
            let (number, field) = field?;
            if kind_of(number).is_some() {
                points = 0;
                for field in Reader::new(field.bytes()) {
                    points += u64::from(field?.0 == 1);
                }
            }
        }
        Ok(points)
    }
}

/// A `Metric` without what has gone to the buffer.
struct Metric<'a> {
    kind: Kind,
    /// The bytes of the `Gauge`, `Sum`, … message.
    data: &'a [u8],
}

/// The member of `Metric.data` with this number.
fn kind_of(number: u32) -> Option<Kind> {
    match number {
        5 => Some(Kind::Gauge),
        7 => Some(Kind::Sum),
        9 => Some(Kind::Histogram),
        10 => Some(Kind::ExponentialHistogram),
        11 => Some(Kind::Summary),
        _ => None,
    }
}

impl PointItems<'_> {
    /// Reads a metric; what its series share goes to a buffer.
    fn metric<'m>(&mut self, message: &'m [u8]) -> Result<Metric<'m>, ItemError> {
        self.buffers.metadata.clear();
        let (mut series, mut data) = (SeriesView::default(), &[][..]);
        for field in Reader::new(message) {
            match field? {
                (1, field) => series.name = field.str()?,
                (2, field) => series.description = field.str()?,
                (3, field) => series.unit = field.str()?,
                (12, field) => check::copy_pair(field, &mut self.buffers.metadata)?,
                (number, Field::Bytes(bytes)) => {
                    if let Some(kind) = kind_of(number) {
                        (series.kind, data) = (kind, bytes);
                    }
                }
                _ => {}
            }
        }
        if series.name.is_empty() {
            return Err(Rejection::MissingName.into());
        }
        for field in Reader::new(data) {
            match field? {
                (2, field) => series.temporality = field.i32(),
                (3, field) => series.is_monotonic = field.bool(),
                _ => {}
            }
        }
        series.metadata = self.buffers.metadata.as_bytes();
        self.buffers.metric.clear();
        series.encode(&mut self.buffers.metric);
        Ok(Metric { kind: series.kind, data })
    }

    /// Takes in one data point. `pairs` is a buffer.
    fn point<'m>(
        &mut self,
        metric: &Metric<'m>,
        message: &'m [u8],
        pairs: &mut Vec<Pair<'m>>,
    ) -> Result<(), ItemError> {
        let kind = metric.kind;
        let point = data_point::read(kind, message, pairs, &mut self.buffers.parts, self.limits)?;
        put_sorted(pairs, &mut self.buffers.attributes);
        let attributes = self.buffers.attributes.as_bytes();
        let series_bytes =
            self.buffers.metric.as_bytes().len() + attributes.len() + self.resource_bytes + self.scope_bytes;
        if series_bytes > self.limits.series_bytes {
            return Err(Rejection::SeriesTooLarge.into());
        }
        self.all_series_bytes += series_bytes;
        self.builder.set_attributes(attributes);
        let body = match point.number {
            Some(number) => PointBody::Number(number),
            None if is_number(kind) => PointBody::Empty,
            None => PointBody::Other(self.buffers.parts.buckets.as_bytes()),
        };
        self.builder.push(&PointRow {
            start_time: point.start_time,
            time: point.time,
            flags: point.flags,
            body,
            exemplars: self.buffers.parts.exemplars.as_bytes(),
        });
        Ok(())
    }

    fn check_series_bytes(&self) -> Result<(), DecodeError> {
        let limit = self.limits.all_series_bytes;
        if self.all_series_bytes <= limit {
            return Ok(());
        }
        Err(DecodeError::TooMany { limit: limit as u64, what: "bytes of series with their resources" })
    }
}

/// Attributes as the identity of a series has them: by key; pairs of the same key in the order sent.
fn put_sorted(pairs: &mut [Pair<'_>], out: &mut Writer) {
    if !pairs.is_sorted_by_key(|(key, _)| *key) {
        pairs.sort_by_key(|(key, _)| *key);
    }
    out.clear();
    pairs.iter().for_each(|(_, pair)| out.put_bytes_always(1, pair));
}
