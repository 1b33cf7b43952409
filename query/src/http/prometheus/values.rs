//! Results as Prometheus writes them: values are strings, times are seconds.

use crate::promql::Data;
use crate::promql::histogram::Histogram;
use crate::promql::labels::Labels;
use crate::promql::value::{Sample, format_float};
use serde_json::{Map, Value, json};

pub fn data(data: &Data) -> Value {
    match data {
        Data::Scalar(values) => {
            let (time, value) = values.first().copied().unwrap_or((0, f64::NAN));
            json!({ "resultType": "scalar", "result": [seconds(time), format_float(value)] })
        }
        Data::Text(time, text) => json!({ "resultType": "string", "result": [seconds(*time), text] }),
        Data::Vector(time, vector) => {
            let series = |(metric, sample): &(Labels, Sample)| match sample {
                Sample::Float(_) => json!({ "metric": labels(metric), "value": pair(*time, sample) }),
                Sample::Histogram(_) => json!({ "metric": labels(metric), "histogram": pair(*time, sample) }),
            };
            json!({ "resultType": "vector", "result": vector.iter().map(series).collect::<Vec<_>>() })
        }
        Data::Matrix(matrix) => {
            let result: Vec<Value> = matrix.iter().map(|(metric, samples)| range(metric, samples)).collect();
            json!({ "resultType": "matrix", "result": result })
        }
    }
}

/// Floats in `values`, histograms in `histograms`; either only where there is one.
fn range(metric: &Labels, samples: &[(i64, Sample)]) -> Value {
    let mut series = Map::new();
    series.insert("metric".to_owned(), labels(metric));
    let (mut floats, mut histograms) = (Vec::new(), Vec::new());
    for (time, sample) in samples {
        match sample {
            Sample::Float(_) => floats.push(pair(*time, sample)),
            Sample::Histogram(_) => histograms.push(pair(*time, sample)),
        }
    }
    for (name, values) in [("values", floats), ("histograms", histograms)] {
        if !values.is_empty() {
            series.insert(name.to_owned(), values.into());
        }
    }
    Value::Object(series)
}

pub fn labels(labels: &Labels) -> Value {
    Value::Object(labels.iter().map(|(name, value)| (name.to_owned(), value.into())).collect())
}

/// Whole seconds as an integer, else with up to three digits.
fn seconds(time_ms: i64) -> Value {
    if time_ms % 1_000 == 0 { (time_ms / 1_000).into() } else { (time_ms as f64 / 1e3).into() }
}

fn pair(time_ms: i64, sample: &Sample) -> Value {
    match sample {
        Sample::Float(value) => json!([seconds(time_ms), format_float(*value)]),
        Sample::Histogram(value) => json!([seconds(time_ms), histogram(value)]),
    }
}

fn histogram(histogram: &Histogram) -> Value {
    let mut fields = Map::new();
    fields.insert("count".to_owned(), format_float(histogram.count).into());
    fields.insert("sum".to_owned(), format_float(histogram.sum).into());
    let bucket = |bucket: crate::promql::histogram::Bucket| {
        json!([
            bucket.boundary_rule(),
            format_float(bucket.lower),
            format_float(bucket.upper),
            format_float(bucket.count)
        ])
    };
    let buckets: Vec<Value> = histogram.buckets().filter(|bucket| bucket.count != 0.0).map(bucket).collect();
    if !buckets.is_empty() {
        fields.insert("buckets".to_owned(), buckets.into());
    }
    Value::Object(fields)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn a_native_histogram() {
        let value = Histogram {
            count: 3.0,
            sum: 4.5,
            zero_count: 1.0,
            zero_threshold: 0.001,
            positive: vec![(1, 2.0), (2, 0.0)],
            ..Histogram::default()
        };
        let shown = pair(1_500, &Sample::Histogram(Arc::new(value)));
        let expect = json!([1.5, {"count": "3", "sum": "4.5", "buckets": [
            [3, "-0.001", "0.001", "1"],
            [0, "1", "2", "2"],
        ]}]);
        assert_eq!(shown, expect);
    }
}
