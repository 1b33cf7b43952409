//! `ExportMetricsServiceRequest` → a batch of points, one row a data point.

use super::check::{self, EXEMPLAR, ItemError};
use super::walk::{Items, settle, walk};
use crate::decode::{DecodeError, Decoded, Tally};
use crate::limits::DecodeLimits;
use crate::reason::Rejection;
use ocelli_signal::points::{FLAG_NO_RECORDED_VALUE, PointBody, PointRow, PointsBuilder};
use ocelli_signal::series::SeriesView;
use ocelli_signal::span_parts::Number;
use ocelli_signal::wire::{Field, Reader, Writer, fixed64s, varints};
use ocelli_signal::{Batch, Kind, Signal, WireError};

/// Decodes a request.
pub fn decode(body: &[u8], limits: &DecodeLimits) -> Result<Decoded, DecodeError> {
    let mut items = PointItems {
        builder: PointsBuilder::new(),
        limits,
        resource: Vec::new(),
        scope: Vec::new(),
        all_series_bytes: 0,
        buffers: Buffers::default(),
    };
    let tally = walk(body, &mut items, limits)?;
    Ok(Decoded { batch: Batch { signal: Signal::Points, rows: items.builder.finish() }, tally })
}

struct PointItems<'a> {
    builder: PointsBuilder,
    limits: &'a DecodeLimits,
    resource: Vec<u8>,
    scope: Vec<u8>,
    all_series_bytes: usize,
    buffers: Buffers,
}

/// Buffers that every point uses again.
#[derive(Default)]
struct Buffers {
    attributes: Writer,
    metadata: Writer,
    series: Writer,
    point: Writer,
    exemplars: Writer,
}

impl Items for PointItems<'_> {
    const SIGNAL: Signal = Signal::Points;

    fn set_resource(&mut self, resource: &[u8]) {
        resource.clone_into(&mut self.resource);
    }

    fn set_scope(&mut self, scope: &[u8]) {
        scope.clone_into(&mut self.scope);
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

/// A `Metric` without its points.
struct Metric<'a> {
    series: SeriesView<'a>,
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
    /// Reads a metric; its metadata goes to a buffer.
    fn metric<'m>(&mut self, message: &'m [u8]) -> Result<Metric<'m>, ItemError> {
        self.buffers.metadata.clear();
        let mut metric = Metric { series: SeriesView::default(), data: &[] };
        for field in Reader::new(message) {
            match field? {
                (1, field) => metric.series.name = field.str()?,
                (2, field) => metric.series.description = field.str()?,
                (3, field) => metric.series.unit = field.str()?,
                (12, field) => check::copy_pair(field, &mut self.buffers.metadata)?,
                (number, Field::Bytes(data)) => {
                    if let Some(kind) = kind_of(number) {
                        (metric.series.kind, metric.data) = (kind, data);
                    }
                }
                _ => {}
            }
        }
        if metric.series.name.is_empty() {
            return Err(Rejection::MissingName.into());
        }
        for field in Reader::new(metric.data) {
            match field? {
                (2, field) => metric.series.temporality = field.i32(),
                (3, field) => metric.series.is_monotonic = field.bool(),
                _ => {}
            }
        }
        Ok(metric)
    }

    /// Takes in one data point. `pairs` is a buffer.
    fn point<'m>(
        &mut self,
        metric: &Metric<'m>,
        message: &'m [u8],
        pairs: &mut Vec<(&'m str, &'m [u8])>,
    ) -> Result<(), ItemError> {
        let point = read_point(metric.series.kind, message, pairs, &mut self.buffers, self.limits)?;
        put_sorted(pairs, &mut self.buffers.attributes);
        let series = SeriesView {
            attributes: self.buffers.attributes.as_bytes(),
            resource: &self.resource,
            scope: &self.scope,
            metadata: self.buffers.metadata.as_bytes(),
            ..metric.series
        };
        self.buffers.series.clear();
        series.encode(&mut self.buffers.series);
        let encoded = self.buffers.series.as_bytes();
        if encoded.len() > self.limits.series_bytes {
            return Err(Rejection::SeriesTooLarge.into());
        }
        self.all_series_bytes += encoded.len();
        self.builder.set_series(encoded);
        let body = match point.number {
            Some(number) => PointBody::Number(number),
            None if is_number(metric.series.kind) => PointBody::Empty,
            None => PointBody::Other(self.buffers.point.as_bytes()),
        };
        self.builder.push(&PointRow {
            start_time: point.start_time,
            time: point.time,
            flags: point.flags,
            body,
            exemplars: self.buffers.exemplars.as_bytes(),
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

fn is_number(kind: Kind) -> bool {
    matches!(kind, Kind::Gauge | Kind::Sum)
}

/// What a data point has besides attributes, buckets and exemplars.
#[derive(Default)]
struct PointHead {
    start_time: i64,
    time: i64,
    flags: u32,
    number: Option<Number>,
}

/// Where the kinds of data points keep what they share (`metrics.proto`).
struct Numbers {
    attributes: u32,
    exemplars: u32,
    flags: u32,
}

fn numbers_of(kind: Kind) -> Numbers {
    // A summary has no exemplars; 0 is no field's number.
    match kind {
        Kind::Gauge | Kind::Sum => Numbers { attributes: 7, exemplars: 5, flags: 8 },
        Kind::Histogram => Numbers { attributes: 9, exemplars: 8, flags: 10 },
        Kind::ExponentialHistogram => Numbers { attributes: 1, exemplars: 11, flags: 10 },
        Kind::Summary => Numbers { attributes: 7, exemplars: 0, flags: 8 },
    }
}

/// Reads a data point of any kind: attributes to `pairs`, exemplars and buckets to the buffers.
fn read_point<'m>(
    kind: Kind,
    message: &'m [u8],
    pairs: &mut Vec<(&'m str, &'m [u8])>,
    buffers: &mut Buffers,
    limits: &DecodeLimits,
) -> Result<PointHead, ItemError> {
    pairs.clear();
    buffers.point.clear();
    buffers.exemplars.clear();
    let numbers = numbers_of(kind);
    let mut head = PointHead::default();
    let mut exemplars = 0;
    let mut shape = BucketShape::default();
    let mut fault = None;
    let mut fields = Reader::new(message);
    let mut before = message;
    while let Some(field) = fields.next() {
        let (number, field) = field?;
        let raw = &before[..before.len() - fields.rest().len()];
        before = fields.rest();
        let step = if number == numbers.attributes {
            check::key_value(field.bytes())
                .map(|key| pairs.push((key, field.bytes())))
                .map_err(ItemError::from)
        } else if number == numbers.exemplars {
            exemplars += 1;
            buffers.exemplars.put_bytes_always(1, field.bytes());
            check::message(field.bytes(), &EXEMPLAR, limits)
        } else if number == numbers.flags {
            head.flags = field.u32();
            Ok(())
        } else {
            match (number, kind) {
                (2, _) => {
                    check::time(field.u64()).map(|time| head.start_time = time).map_err(ItemError::from)
                }
                (3, _) => check::time(field.u64()).map(|time| head.time = time).map_err(ItemError::from),
                (4, Kind::Gauge | Kind::Sum) => {
                    head.number = Some(Number::Double(field.f64()));
                    Ok(())
                }
                (6, Kind::Gauge | Kind::Sum) => {
                    head.number = Some(Number::Int(field.i64()));
                    Ok(())
                }
                _ => {
                    buffers.point.put_raw(raw);
                    shape.see(kind, number, field).map_err(ItemError::from)
                }
            }
        };
        match step {
            Ok(()) => {}
            Err(ItemError::Rejected(reason)) => fault = fault.or(Some(reason)),
            Err(fatal) => return Err(fatal),
        }
    }
    if let Some(reason) = fault {
        return Err(reason.into());
    }
    if pairs.len() > limits.attributes {
        return Err(Rejection::TooManyAttributes.into());
    }
    if exemplars > limits.parts {
        return Err(Rejection::TooManyParts.into());
    }
    let stale = head.flags & FLAG_NO_RECORDED_VALUE != 0;
    if is_number(kind) && head.number.is_none() && !stale {
        return Err(Rejection::MissingValue.into());
    }
    shape.check(kind)?;
    Ok(head)
}

/// Attributes as the identity of a series has them: by key; pairs of the same key in the order sent.
fn put_sorted(pairs: &mut [(&str, &[u8])], out: &mut Writer) {
    if !pairs.is_sorted_by_key(|(key, _)| *key) {
        pairs.sort_by_key(|(key, _)| *key);
    }
    out.clear();
    pairs.iter().for_each(|(_, pair)| out.put_bytes_always(1, pair));
}

/// How many buckets and bounds a histogram has, and whether the bounds rise.
#[derive(Default)]
struct BucketShape {
    counts: usize,
    bounds: usize,
    last_bound: Option<f64>,
    broken: bool,
}

impl BucketShape {
    /// Looks at one field of a histogram, exponential histogram or summary.
    fn see(&mut self, kind: Kind, number: u32, field: Field<'_>) -> Result<(), WireError> {
        match (kind, number) {
            (Kind::Histogram, 6 | 7) => {
                if matches!(field, Field::Bytes(bytes) if bytes.len() % 8 != 0) {
                    return Err(WireError::Truncated);
                }
                if number == 6 {
                    self.counts += fixed64s(field).count();
                } else {
                    fixed64s(field).map(f64::from_bits).for_each(|bound| self.bound(bound));
                }
            }
            (Kind::ExponentialHistogram, 8 | 9) => self.exponential(field.bytes())?,
            (Kind::Summary, 6) => Reader::new(field.bytes()).try_for_each(|field| field.map(drop))?,
            _ => {}
        }
        Ok(())
    }

    fn bound(&mut self, bound: f64) {
        self.broken |= bound.is_nan() || self.last_bound.is_some_and(|last| last >= bound);
        self.last_bound = Some(bound);
        self.bounds += 1;
    }

    fn exponential(&mut self, buckets: &[u8]) -> Result<(), WireError> {
        let (mut offset, mut counts) = (0i64, 0i64);
        for field in Reader::new(buckets) {
            match field? {
                (1, field) => offset = i64::from(field.sint32()),
                (2, field) => varints(field, |_| counts += 1)?,
                _ => {}
            }
        }
        self.broken |= i32::try_from(offset + counts + 1).is_err();
        Ok(())
    }

    fn check(&self, kind: Kind) -> Result<(), Rejection> {
        let fits = match kind {
            Kind::Histogram => (self.counts, self.bounds) == (0, 0) || self.counts == self.bounds + 1,
            _ => true,
        };
        if fits && !self.broken { Ok(()) } else { Err(Rejection::InvalidBuckets) }
    }
}
