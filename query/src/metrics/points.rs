//! Every point of one metric, in the form of OTLP/JSON.

use crate::Error;
use crate::http::run::Budget;
use crate::promql::value::format_float;
use crate::traces::origin::{key_values, resource, scope};
use ocelli_api::metrics::{MetricPoint, MetricSeries, PointExemplar};
use ocelli_api::{TimeRange, UnixNano};
use ocelli_signal::attributes::Attributes;
use ocelli_signal::point::{Buckets, ExponentialHistogram, Histogram, Summary};
use ocelli_signal::prometheus;
use ocelli_signal::span_parts::{Number, iter_exemplars};
use ocelli_signal::value_text::double_json;
use ocelli_signal::{Kind, Series, WireError};
use ocelli_storage::{OfMetrics, Point, PointValue, SeriesPoints, Snapshot};
use serde_json::{Map, Value, json};

/// The most points that one answer holds; more is an error, so that nothing is left out in silence.
const MAX_POINTS: usize = 500_000;

/// All series of a metric with their points in the range. `name` is the OTLP name.
pub fn points(
    snapshot: &Snapshot,
    name: &str,
    range: &TimeRange,
    budget: &Budget,
) -> Result<Vec<MetricSeries>, Error> {
    let to_ns = range.to.0.saturating_sub(1);
    let mut of_name = OfMetrics { names: &[name], passes: |_: &Series| true };
    let read = snapshot.series(&mut of_name, range.from.0, to_ns)?;
    let count: usize = read.iter().map(|series| series.points.len()).sum();
    let bytes: usize = read.iter().map(|series| series.points.bytes()).sum();
    budget.scanned(count as u64, bytes as u64);
    if count > MAX_POINTS {
        let message =
            format!("{count} points are more than the {MAX_POINTS} of one answer; narrow the range");
        return Err(Error::LimitExceeded(message));
    }
    read.iter()
        .map(|series| {
            budget.check()?;
            shown(series).map_err(|why| Error::Corrupt(format!("a point of {name}: {why}")))
        })
        .collect()
}

fn shown(read: &SeriesPoints) -> Result<MetricSeries, WireError> {
    let series = &*read.series;
    let points = read.points.iter().map(|point| shown_point(series, &point)).collect::<Result<_, _>>()?;
    Ok(MetricSeries {
        name: series.name.to_string(),
        kind: series.kind.as_str().to_owned(),
        unit: series.unit.to_string(),
        description: series.description.to_string(),
        temporality: series.temporality,
        is_monotonic: series.is_monotonic,
        attributes: key_values(Attributes::of_column(&series.attributes)),
        resource: resource(&series.resource),
        scope: scope(&series.scope),
        points,
    })
}

/// How a count is written: Prometheus' own histograms have fractions.
type Show = fn(u64) -> String;

fn shown_point(series: &Series, point: &Point) -> Result<MetricPoint, WireError> {
    let show: Show = match prometheus::is_native(series) {
        true => |bits| format_float(f64::from_bits(bits)),
        false => |count| count.to_string(),
    };
    let value = match (series.kind, &point.value) {
        (_, PointValue::None) => json!({}),
        (_, PointValue::Double(number)) => number_json(Number::Double(*number)),
        (_, PointValue::Int(number)) => number_json(Number::Int(*number)),
        (Kind::Histogram, PointValue::Other(bytes)) => histogram(&Histogram::parse(bytes)?, show),
        (Kind::ExponentialHistogram, PointValue::Other(bytes)) => {
            exponential(&ExponentialHistogram::parse(bytes)?, show)
        }
        (_, PointValue::Exponential(point)) => exponential(point, show),
        (_, PointValue::Other(bytes)) => summary(&Summary::parse(bytes)?),
    };
    let exemplars = iter_exemplars(&point.exemplars).map(|exemplar| PointExemplar {
        time: UnixNano(exemplar.time_ns as i64),
        value: exemplar.value.map_or(json!({}), number_json),
        trace_id: hex(exemplar.trace_id),
        span_id: hex(exemplar.span_id),
        filtered_attributes: key_values(exemplar.filtered_attributes),
    });
    Ok(MetricPoint {
        start: UnixNano(point.start),
        time: UnixNano(point.time),
        flags: point.flags,
        value,
        exemplars: exemplars.collect(),
    })
}

fn number_json(number: Number) -> Value {
    match number {
        Number::Int(number) => json!({ "asInt": number.to_string() }),
        Number::Double(number) => json!({ "asDouble": double_json(number) }),
    }
}

fn counts(counts: &[u64], show: Show) -> Value {
    counts.iter().map(|count| show(*count)).collect()
}

/// `count`, and those of sum, min and max that were sent.
fn common(count: String, sum: Option<f64>, min: Option<f64>, max: Option<f64>) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("count".to_owned(), count.into());
    for (name, value) in [("sum", sum), ("min", min), ("max", max)] {
        if let Some(value) = value {
            fields.insert(name.to_owned(), double_json(value));
        }
    }
    fields
}

fn histogram(point: &Histogram, show: Show) -> Value {
    let mut fields = common(show(point.count), point.sum, point.min, point.max);
    fields.insert("bucketCounts".to_owned(), counts(&point.bucket_counts, show));
    let bounds = point.explicit_bounds.iter().map(|bound| double_json(*bound)).collect();
    fields.insert("explicitBounds".to_owned(), bounds);
    Value::Object(fields)
}

fn exponential(point: &ExponentialHistogram, show: Show) -> Value {
    let mut fields = common(show(point.count), point.sum, point.min, point.max);
    fields.insert("scale".to_owned(), point.scale.into());
    fields.insert("zeroCount".to_owned(), show(point.zero_count).into());
    fields.insert("zeroThreshold".to_owned(), double_json(point.zero_threshold));
    let side = |buckets: &Buckets| json!({ "offset": buckets.offset, "bucketCounts": counts(&buckets.counts, show) });
    for (name, buckets) in [("positive", &point.positive), ("negative", &point.negative)] {
        if let Some(buckets) = buckets {
            fields.insert(name.to_owned(), side(buckets));
        }
    }
    Value::Object(fields)
}

fn summary(point: &Summary) -> Value {
    let pair = |(quantile, value): &(f64, f64)| json!({ "quantile": double_json(*quantile), "value": double_json(*value) });
    json!({
        "count": point.count.to_string(),
        "sum": double_json(point.sum),
        "quantileValues": point.quantiles.iter().map(pair).collect::<Vec<_>>(),
    })
}

fn hex(id: &[u8]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}
