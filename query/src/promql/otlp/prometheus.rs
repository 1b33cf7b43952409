//! Samples of Prometheus' own as points, and histograms back (see `ocelli_signal::prometheus`).

use crate::promql::histogram::{CUSTOM_SCHEMA, Histogram, ResetHint, Side};
use crate::promql::labels::{Labels, METRIC_NAME};
use crate::promql::value::Sample;
use ocelli_signal::point::{self, Buckets, ExponentialHistogram};
use ocelli_signal::points::{FLAG_NO_RECORDED_VALUE, PointBody, PointRow, PointsBuilder};
use ocelli_signal::prometheus::{FLAG_GAUGE, MAX_BUCKETS, series};
use ocelli_signal::span_parts::Number;
use ocelli_signal::{Kind, WireError};

/// Appends a sample. The rows of a series should come together. A histogram that is too wide is
/// left out, and false is the answer.
pub fn put(builder: &mut PointsBuilder, labels: &Labels, time_ms: i64, sample: &Sample) -> bool {
    let time = time_ms.saturating_mul(1_000_000);
    let mut row = PointRow { time, ..PointRow::default() };
    let point;
    let kind = match sample {
        _ if sample.is_stale() => {
            row.flags = FLAG_NO_RECORDED_VALUE;
            Kind::Gauge
        }
        Sample::Float(value) => {
            row.body = PointBody::Number(Number::Double(*value));
            Kind::Gauge
        }
        Sample::Histogram(histogram) => {
            let Some((kind, bytes)) = written(histogram) else { return false };
            point = bytes;
            row.body = PointBody::Other(&point);
            row.flags = if histogram.hint == ResetHint::Gauge { FLAG_GAUGE } else { 0 };
            kind
        }
    };
    let others = labels.iter().filter(|(name, _)| *name != METRIC_NAME);
    builder.set_view(&series(labels.metric_name(), kind, others).view());
    builder.push(&row);
    true
}

fn written(histogram: &Histogram) -> Option<(Kind, Vec<u8>)> {
    let (count, sum) = (histogram.count.to_bits(), Some(histogram.sum));
    if histogram.is_custom() {
        let width = histogram.custom_bounds.len() + 1;
        let mut counts = vec![0.0_f64; width];
        for (index, value) in &histogram.positive {
            *counts.get_mut(usize::try_from(*index).ok()?)? = *value;
        }
        let point = point::Histogram {
            count,
            sum,
            bucket_counts: counts.into_iter().map(f64::to_bits).collect(),
            explicit_bounds: histogram.custom_bounds.to_vec(),
            ..point::Histogram::default()
        };
        return Some((Kind::Histogram, point.encode()));
    }
    let point = ExponentialHistogram {
        count,
        sum,
        scale: histogram.schema,
        zero_count: histogram.zero_count.to_bits(),
        zero_threshold: histogram.zero_threshold,
        positive: buckets(&histogram.positive)?,
        negative: buckets(&histogram.negative)?,
        ..ExponentialHistogram::default()
    };
    Some((Kind::ExponentialHistogram, point.encode()))
}

/// OTLP's offset is one below Prometheus' index. None where the buckets reach too far.
fn buckets(side: &Side) -> Option<Option<Buckets>> {
    let (Some((first, _)), Some((last, _))) = (side.first(), side.last()) else { return Some(None) };
    let width = i64::from(*last) - i64::from(*first) + 1;
    if width > MAX_BUCKETS {
        return None;
    }
    let mut counts = vec![0; width as usize];
    for (index, count) in side {
        counts[(index - first) as usize] = count.to_bits();
    }
    Some(Some(Buckets { offset: first.saturating_sub(1), counts }))
}

/// The histogram of a point; none of what is no histogram.
pub fn read(kind: Kind, bytes: &[u8], flags: u32) -> Result<Option<Histogram>, WireError> {
    Ok(match kind {
        Kind::ExponentialHistogram => Some(exponential(&ExponentialHistogram::parse(bytes)?, flags)),
        Kind::Histogram => {
            let point = point::Histogram::parse(bytes)?;
            let counts = point.bucket_counts.iter().enumerate();
            let counts = counts.map(|(index, bits)| (index as i32, f64::from_bits(*bits)));
            Some(Histogram {
                hint: hint(flags),
                schema: CUSTOM_SCHEMA,
                count: f64::from_bits(point.count),
                sum: point.sum.unwrap_or_default(),
                positive: counts.filter(|(_, count)| *count != 0.0).collect(),
                custom_bounds: point.explicit_bounds.into(),
                ..Histogram::default()
            })
        }
        _ => None,
    })
}

/// An exponential one that was read already.
pub fn exponential(point: &ExponentialHistogram, flags: u32) -> Histogram {
    Histogram {
        hint: hint(flags),
        schema: point.scale,
        zero_threshold: point.zero_threshold,
        zero_count: f64::from_bits(point.zero_count),
        count: f64::from_bits(point.count),
        sum: point.sum.unwrap_or_default(),
        positive: side(point.positive.as_ref()),
        negative: side(point.negative.as_ref()),
        ..Histogram::default()
    }
}

fn hint(flags: u32) -> ResetHint {
    if flags & FLAG_GAUGE != 0 { ResetHint::Gauge } else { ResetHint::Unknown }
}

fn side(buckets: Option<&Buckets>) -> Side {
    let Some(buckets) = buckets else { return Side::new() };
    let indexed = (buckets.offset.saturating_add(1)..).zip(&buckets.counts);
    indexed.map(|(index, bits)| (index, f64::from_bits(*bits))).filter(|(_, count)| *count != 0.0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn histograms_with_fractions_come_back() {
        let exponential = Histogram {
            hint: ResetHint::Gauge,
            schema: 3,
            zero_threshold: 1e-9,
            zero_count: 0.25,
            count: 3.75,
            sum: -1.5,
            positive: vec![(-7, 0.5), (-3, 2.0)],
            negative: vec![(4, 1.0)],
            ..Histogram::default()
        };
        let custom = Histogram {
            schema: CUSTOM_SCHEMA,
            count: 1.5,
            sum: 2.5,
            positive: vec![(0, 0.5), (2, 1.0)],
            custom_bounds: [1.0, 2.5].into(),
            ..Histogram::default()
        };
        for histogram in [exponential, custom, Histogram::default()] {
            let (kind, bytes) = written(&histogram).unwrap();
            let flags = if histogram.hint == ResetHint::Gauge { FLAG_GAUGE } else { 0 };
            assert_eq!(read(kind, &bytes, flags).unwrap(), Some(histogram));
        }
        let wide = Histogram { positive: vec![(-40_000, 1.0), (40_000, 1.0)], ..Histogram::default() };
        assert_eq!(written(&wide), None);
    }
}
