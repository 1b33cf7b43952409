//! One data point of any kind: number, histogram, exponential histogram, summary.

use super::check::{self, EXEMPLAR, ItemError};
use crate::limits::DecodeLimits;
use crate::reason::Rejection;
use ocelli_signal::points::FLAG_NO_RECORDED_VALUE;
use ocelli_signal::span_parts::Number;
use ocelli_signal::wire::{Field, Reader, Writer, fixed64s, varints};
use ocelli_signal::{Kind, WireError};

/// An attribute: its key, and the bytes of the `KeyValue`.
pub type Pair<'m> = (&'m str, &'m [u8]);

/// The parts of a point that are kept as their bytes.
#[derive(Default)]
pub struct PointParts {
    /// What makes a distribution: all fields that have no column of their own.
    pub buckets: Writer,
    /// In the form of an `exemplars` column.
    pub exemplars: Writer,
}

/// What a data point has besides attributes, buckets and exemplars.
#[derive(Default)]
pub struct PointHead {
    pub start_time: i64,
    pub time: i64,
    pub flags: u32,
    pub number: Option<Number>,
}

pub fn is_number(kind: Kind) -> bool {
    matches!(kind, Kind::Gauge | Kind::Sum)
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

/// Reads a data point: attributes to `pairs`, exemplars and buckets to `parts`.
pub fn read<'m>(
    kind: Kind,
    message: &'m [u8],
    pairs: &mut Vec<Pair<'m>>,
    parts: &mut PointParts,
    limits: &DecodeLimits,
) -> Result<PointHead, ItemError> {
    pairs.clear();
    parts.buckets.clear();
    parts.exemplars.clear();
    let numbers = numbers_of(kind);
    let mut head = PointHead::default();
    let mut exemplars = 0;
    let mut shape = BucketShape::default();
    check::each_field(message, |number, field, raw| {
        match number {
            _ if number == numbers.attributes => {
                pairs.push((check::key_value(field.bytes())?, field.bytes()))
            }
            _ if number == numbers.exemplars => {
                exemplars += 1;
                check::message(field.bytes(), &EXEMPLAR, limits)?;
                parts.exemplars.put_bytes_always(1, field.bytes());
            }
            _ if number == numbers.flags => head.flags = field.u32(),
            2 => head.start_time = check::time(field.u64())?,
            3 => head.time = check::time(field.u64())?,
            4 if is_number(kind) => head.number = Some(Number::Double(field.f64())),
            6 if is_number(kind) => head.number = Some(Number::Int(field.i64())),
            _ => {
                shape.see(kind, number, field)?;
                parts.buckets.put_raw(raw);
            }
        }
        Ok(())
    })?;
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
                if matches!(field, Field::Bytes(bytes) if !bytes.len().is_multiple_of(8)) {
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
