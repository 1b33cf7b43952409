//! A native histogram into the data point that it is kept as (see `ocelli_signal::prometheus`).

use crate::decode::otlp::check::ItemError;
use crate::reason::Rejection;
use ocelli_signal::Kind;
use ocelli_signal::WireError;
use ocelli_signal::point::{Buckets, ExponentialHistogram, Histogram as Custom};
use ocelli_signal::prometheus::{CUSTOM_SCHEMA, FLAG_GAUGE, MAX_BUCKETS, STALE_NAN_BITS};
use ocelli_signal::wire::{Field, Reader, fixed64s, varints};

/// The message, with counts as floats.
#[derive(Default)]
pub struct Histogram {
    pub time_ms: i64,
    pub start_ms: i64,
    count: f64,
    sum: f64,
    schema: i32,
    zero_threshold: f64,
    zero_count: f64,
    negative: Side,
    positive: Side,
    is_gauge: bool,
    custom_bounds: Vec<f64>,
}

/// The buckets of one sign: where they are, and their counts by one of two ways.
#[derive(Default)]
struct Side {
    /// Distance to the span before, and length.
    spans: Vec<(i32, u32)>,
    deltas: Vec<i64>,
    counts: Vec<f64>,
    /// There are more than are read.
    too_many: bool,
}

const RESET_HINT_GAUGE: i32 = 3;

impl Histogram {
    pub fn parse(message: &[u8]) -> Result<Histogram, WireError> {
        let mut read = Histogram::default();
        for field in Reader::new(message) {
            let (number, field) = field?;
            match number {
                1 => read.count = field.u64() as f64,
                2 => read.count = field.f64(),
                3 => read.sum = field.f64(),
                4 => read.schema = field.sint32(),
                5 => read.zero_threshold = field.f64(),
                6 => read.zero_count = field.u64() as f64,
                7 => read.zero_count = field.f64(),
                8..=10 => read.negative.see(number - 8, field)?,
                11..=13 => read.positive.see(number - 11, field)?,
                14 => read.is_gauge = field.i32() == RESET_HINT_GAUGE,
                15 => read.time_ms = field.i64(),
                16 => read.custom_bounds.extend(fixed64s(field).map(f64::from_bits)),
                17 => read.start_ms = field.i64(),
                _ => {}
            }
        }
        Ok(read)
    }

    pub fn is_stale(&self) -> bool {
        self.sum.to_bits() == STALE_NAN_BITS
    }

    pub fn flags(&self) -> u32 {
        if self.is_gauge { FLAG_GAUGE } else { 0 }
    }

    /// The kind of its series and its bytes.
    pub fn point(&self) -> Result<(Kind, Vec<u8>), ItemError> {
        if self.schema == CUSTOM_SCHEMA { self.custom() } else { self.exponential() }
    }

    fn exponential(&self) -> Result<(Kind, Vec<u8>), ItemError> {
        let fits = (-4..=8).contains(&self.schema)
            && self.custom_bounds.is_empty()
            && self.zero_threshold >= 0.0
            && self.zero_count >= 0.0
            && self.count >= 0.0;
        if !fits {
            return Err(Rejection::InvalidBuckets.into());
        }
        let side = |side: &Side| -> Result<Option<Buckets>, Rejection> {
            let dense = side.dense(i64::from(i32::MIN) + 1, i64::from(i32::MAX))?;
            // OTLP's offset is one below Prometheus' index.
            Ok(dense.map(|(first, counts)| Buckets { offset: (first - 1) as i32, counts: bits(counts) }))
        };
        let point = ExponentialHistogram {
            count: self.count.to_bits(),
            sum: Some(self.sum),
            scale: self.schema,
            zero_count: self.zero_count.to_bits(),
            zero_threshold: self.zero_threshold,
            positive: side(&self.positive)?,
            negative: side(&self.negative)?,
            ..ExponentialHistogram::default()
        };
        Ok((Kind::ExponentialHistogram, point.encode()))
    }

    fn custom(&self) -> Result<(Kind, Vec<u8>), ItemError> {
        let bounds = &self.custom_bounds;
        let rise = bounds.is_sorted_by(|a, b| a < b) && bounds.iter().all(|bound| !bound.is_nan());
        let fits = rise
            && bounds.last() != Some(&f64::INFINITY)
            && bounds.len() < MAX_BUCKETS as usize
            && self.negative.spans.is_empty()
            && self.zero_count == 0.0
            && self.count >= 0.0;
        if !fits {
            return Err(Rejection::InvalidBuckets.into());
        }
        let mut counts = vec![0.0; bounds.len() + 1];
        if let Some((first, dense)) = self.positive.dense(0, bounds.len() as i64)? {
            counts[first as usize..first as usize + dense.len()].copy_from_slice(&dense);
        }
        let point = Custom {
            count: self.count.to_bits(),
            sum: Some(self.sum),
            bucket_counts: bits(counts),
            explicit_bounds: bounds.clone(),
            ..Custom::default()
        };
        Ok((Kind::Histogram, point.encode()))
    }
}

/// A byte on the wire may be eight in memory.
fn push<T>(list: &mut Vec<T>, item: T, too_many: &mut bool) {
    if list.len() as i64 == MAX_BUCKETS {
        *too_many = true;
    } else {
        list.push(item);
    }
}

fn bits(counts: Vec<f64>) -> Vec<u64> {
    counts.into_iter().map(f64::to_bits).collect()
}

impl Side {
    /// A field of spans, deltas or counts.
    fn see(&mut self, part: u32, field: Field<'_>) -> Result<(), WireError> {
        match part {
            0 => {
                let (mut offset, mut length) = (0, 0);
                for field in Reader::new(field.bytes()) {
                    match field? {
                        (1, field) => offset = field.sint32(),
                        (2, field) => length = field.u32(),
                        _ => {}
                    }
                }
                push(&mut self.spans, (offset, length), &mut self.too_many);
            }
            1 => varints(field, |n| {
                let delta = (n >> 1) as i64 ^ -((n & 1) as i64);
                push(&mut self.deltas, delta, &mut self.too_many);
            })?,
            _ => self.counts.extend(fixed64s(field).map(f64::from_bits)),
        }
        Ok(())
    }

    /// The first index and all counts from there on, with 0 between spans; none without buckets.
    fn dense(&self, lowest: i64, highest: i64) -> Result<Option<(i64, Vec<f64>)>, Rejection> {
        let counts = self.absolute()?;
        let told: u64 = self.spans.iter().map(|(_, length)| u64::from(*length)).sum();
        if told != counts.len() as u64 || self.too_many {
            return Err(Rejection::InvalidBuckets);
        }
        let (mut next, mut at, mut first) = (0_i64, 0, None);
        let mut dense: Vec<f64> = Vec::new();
        for (number, (offset, length)) in self.spans.iter().enumerate() {
            if number > 0 && *offset < 0 {
                return Err(Rejection::InvalidBuckets);
            }
            next += i64::from(*offset);
            let length = *length as usize;
            let start = *first.get_or_insert(next);
            let end = next + length as i64;
            let fits = start >= lowest && end - 1 <= highest && end - start <= MAX_BUCKETS;
            if !fits && length > 0 {
                return Err(Rejection::InvalidBuckets);
            }
            if length > 0 {
                dense.resize((next - start) as usize, 0.0);
                dense.extend_from_slice(&counts[at..at + length]);
            }
            (next, at) = (end, at + length);
        }
        Ok(first.filter(|_| !dense.is_empty()).map(|first| (first, dense)))
    }

    fn absolute(&self) -> Result<Vec<f64>, Rejection> {
        let counts: Vec<f64> = if self.counts.is_empty() {
            let mut total = 0_i64;
            let add = |delta: &i64| {
                total = total.wrapping_add(*delta);
                total as f64
            };
            self.deltas.iter().map(add).collect()
        } else {
            self.counts.clone()
        };
        let negative = counts.iter().any(|count| *count < 0.0 || count.is_nan());
        if negative { Err(Rejection::InvalidBuckets) } else { Ok(counts) }
    }
}
