//! Data points that are more than a number: histograms and summaries.
//!
//! Each reads and writes the OTLP message of its kind without the fields that have columns of their
//! own (attributes, times, flags, exemplars). Source: opentelemetry-proto `metrics.proto`.

use crate::error::WireError;
use crate::wire::{Reader, Writer, fixed64s, varints};

/// A `HistogramDataPoint` with explicit bounds; bucket i counts values in (bound i-1, bound i].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    pub count: u64,
    pub sum: Option<f64>,
    pub min: Option<f64>,
    pub max: Option<f64>,
    /// One more than bounds, or both empty.
    pub bucket_counts: Vec<u64>,
    pub explicit_bounds: Vec<f64>,
}

impl Histogram {
    pub fn parse(message: &[u8]) -> Result<Histogram, WireError> {
        let mut point = Histogram::default();
        for field in Reader::new(message) {
            match field? {
                (4, field) => point.count = field.u64(),
                (5, field) => point.sum = Some(field.f64()),
                (6, field) => point.bucket_counts.extend(fixed64s(field)),
                (7, field) => point.explicit_bounds.extend(fixed64s(field).map(f64::from_bits)),
                (11, field) => point.min = Some(field.f64()),
                (12, field) => point.max = Some(field.f64()),
                _ => {}
            }
        }
        Ok(point)
    }

    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.put_fixed64(4, self.count);
        put_optional(&mut writer, 5, self.sum);
        writer.put_packed_fixed64(6, self.bucket_counts.iter().copied());
        writer.put_packed_fixed64(7, self.explicit_bounds.iter().map(|bound| bound.to_bits()));
        put_optional(&mut writer, 11, self.min);
        put_optional(&mut writer, 12, self.max);
        writer.into_bytes()
    }
}

/// The buckets of one sign: count i is for (base^(offset+i), base^(offset+i+1)].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Buckets {
    pub offset: i32,
    pub counts: Vec<u64>,
}

impl Buckets {
    fn parse(message: &[u8]) -> Result<Buckets, WireError> {
        let mut buckets = Buckets::default();
        for field in Reader::new(message) {
            match field? {
                (1, field) => buckets.offset = field.sint32(),
                (2, field) => varints(field, |count| buckets.counts.push(count))?,
                _ => {}
            }
        }
        Ok(buckets)
    }

    fn encode(&self, field: u32, out: &mut Writer) {
        out.put_message(field, |writer| {
            writer.put_sint32(1, self.offset);
            writer.put_packed_varints(2, &self.counts);
        });
    }
}

/// An `ExponentialHistogramDataPoint`; base = 2^(2^-scale).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExponentialHistogram {
    pub count: u64,
    pub sum: Option<f64>,
    pub min: Option<f64>,
    pub max: Option<f64>,
    pub scale: i32,
    pub zero_count: u64,
    pub zero_threshold: f64,
    /// `None` where the message has no such field.
    pub positive: Option<Buckets>,
    pub negative: Option<Buckets>,
}

impl ExponentialHistogram {
    pub fn parse(message: &[u8]) -> Result<ExponentialHistogram, WireError> {
        let mut point = ExponentialHistogram::default();
        for field in Reader::new(message) {
            match field? {
                (4, field) => point.count = field.u64(),
                (5, field) => point.sum = Some(field.f64()),
                (6, field) => point.scale = field.sint32(),
                (7, field) => point.zero_count = field.u64(),
                (8, field) => point.positive = Some(Buckets::parse(field.bytes())?),
                (9, field) => point.negative = Some(Buckets::parse(field.bytes())?),
                (12, field) => point.min = Some(field.f64()),
                (13, field) => point.max = Some(field.f64()),
                (14, field) => point.zero_threshold = field.f64(),
                _ => {}
            }
        }
        Ok(point)
    }

    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.put_fixed64(4, self.count);
        put_optional(&mut writer, 5, self.sum);
        writer.put_sint32(6, self.scale);
        writer.put_fixed64(7, self.zero_count);
        self.positive.iter().for_each(|buckets| buckets.encode(8, &mut writer));
        self.negative.iter().for_each(|buckets| buckets.encode(9, &mut writer));
        put_optional(&mut writer, 12, self.min);
        put_optional(&mut writer, 13, self.max);
        writer.put_fixed64(14, self.zero_threshold.to_bits());
        writer.into_bytes()
    }
}

/// A `SummaryDataPoint`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    pub count: u64,
    pub sum: f64,
    /// (quantile 0 to 1, value).
    pub quantiles: Vec<(f64, f64)>,
}

impl Summary {
    pub fn parse(message: &[u8]) -> Result<Summary, WireError> {
        let mut point = Summary::default();
        for field in Reader::new(message) {
            match field? {
                (4, field) => point.count = field.u64(),
                (5, field) => point.sum = field.f64(),
                (6, field) => point.quantiles.push(parse_quantile(field.bytes())?),
                _ => {}
            }
        }
        Ok(point)
    }

    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.put_fixed64(4, self.count);
        writer.put_fixed64(5, self.sum.to_bits());
        for (quantile, value) in &self.quantiles {
            writer.put_message(6, |inner| {
                inner.put_fixed64(1, quantile.to_bits());
                inner.put_fixed64(2, value.to_bits());
            });
        }
        writer.into_bytes()
    }
}

fn parse_quantile(message: &[u8]) -> Result<(f64, f64), WireError> {
    let mut pair = (0.0, 0.0);
    for field in Reader::new(message) {
        match field? {
            (1, field) => pair.0 = field.f64(),
            (2, field) => pair.1 = field.f64(),
            _ => {}
        }
    }
    Ok(pair)
}

fn put_optional(writer: &mut Writer, field: u32, value: Option<f64>) {
    if let Some(value) = value {
        writer.put_double_always(field, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry_proto::tonic::metrics::v1 as otlp;
    use prost::Message;

    #[test]
    fn reads_what_the_reference_encoder_writes() {
        let sent = otlp::HistogramDataPoint {
            count: 3,
            sum: Some(0.0),
            bucket_counts: vec![1, 2],
            explicit_bounds: vec![0.5],
            max: Some(-1.0),
            ..Default::default()
        };
        let read = Histogram::parse(&sent.encode_to_vec()).unwrap();
        assert_eq!((read.sum, read.min, read.max), (Some(0.0), None, Some(-1.0)));
        assert_eq!(otlp::HistogramDataPoint::decode(read.encode().as_slice()).unwrap(), sent);

        let sent = otlp::ExponentialHistogramDataPoint {
            count: 9,
            scale: -3,
            zero_count: 1,
            zero_threshold: 1e-6,
            positive: Some(otlp::exponential_histogram_data_point::Buckets {
                offset: -7,
                bucket_counts: vec![0, 300, 1],
            }),
            negative: Some(Default::default()),
            ..Default::default()
        };
        let read = ExponentialHistogram::parse(&sent.encode_to_vec()).unwrap();
        assert_eq!(read.negative, Some(Buckets::default()));
        assert_eq!(otlp::ExponentialHistogramDataPoint::decode(read.encode().as_slice()).unwrap(), sent);

        let sent = otlp::SummaryDataPoint {
            count: 2,
            sum: 5.5,
            quantile_values: vec![otlp::summary_data_point::ValueAtQuantile { quantile: 0.99, value: 0.0 }],
            ..Default::default()
        };
        let read = Summary::parse(&sent.encode_to_vec()).unwrap();
        assert_eq!(otlp::SummaryDataPoint::decode(read.encode().as_slice()).unwrap(), sent);
    }
}
