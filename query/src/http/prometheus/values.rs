//! Results as Prometheus writes them: values are strings, times are seconds.

use super::stream::{Element, PIECE_BYTES, Pieces, put_text};
use crate::http::run::Budget;
use crate::promql::Data;
use crate::promql::histogram::{Bucket, Histogram};
use crate::promql::labels::Labels;
use crate::promql::value::{Sample, format_float};
use std::io::Write;

/// The answer to a query, written while it is sent.
pub struct Answered {
    pub data: Data,
    /// What follows the result: the rest of `data`, then warnings and infos.
    pub tail: String,
    /// The memory that the data is counted in.
    _held: Budget,
    place: Place,
}

/// What is written next.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Head,
    /// This series, from its start.
    Series(usize),
    /// Samples of this series from the second number on; floats, or histograms behind them. The flag
    /// says whether there was one already.
    Samples(usize, usize, Kind, bool),
    End,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Floats,
    Histograms,
}

impl Answered {
    pub fn new(data: Data, tail: String, held: Budget) -> Answered {
        Answered { data, tail, _held: held, place: Place::Head }
    }

    /// Writes what is next and gives what comes then.
    fn advance(&self, out: &mut Vec<u8>) -> Place {
        match (&self.data, self.place) {
            (data, Place::Head) => head(data, out),
            (Data::Vector(time, vector), Place::Series(at)) => {
                let Some((labels, sample)) = vector.get(at) else { return self.end("]", out) };
                open_series(labels, at, out);
                let name = if matches!(sample, Sample::Float(_)) { "value" } else { "histogram" };
                let _ = write!(out, ",\"{name}\":");
                put_pair(out, *time, sample);
                out.push(b'}');
                Place::Series(at + 1)
            }
            (Data::Matrix(matrix), Place::Series(at)) => {
                let Some((labels, _)) = matrix.get(at) else { return self.end("]", out) };
                open_series(labels, at, out);
                Place::Samples(at, 0, Kind::Floats, false)
            }
            (Data::Matrix(matrix), Place::Samples(at, from, kind, started)) => {
                samples(&matrix[at].1, at, from, kind, started, out)
            }
            _ => self.end("", out),
        }
    }

    fn end(&self, close: &str, out: &mut Vec<u8>) -> Place {
        out.extend(close.bytes().chain(self.tail.bytes()));
        Place::End
    }
}

impl Pieces for Answered {
    fn write(&mut self, out: &mut Vec<u8>) -> bool {
        while out.len() < PIECE_BYTES && self.place != Place::End {
            self.place = self.advance(out);
        }
        self.place != Place::End
    }
}

fn head(data: &Data, out: &mut Vec<u8>) -> Place {
    let (name, list) = match data {
        Data::Scalar(_) => ("scalar", ""),
        Data::Text(..) => ("string", ""),
        Data::Vector(..) => ("vector", "["),
        Data::Matrix(_) => ("matrix", "["),
    };
    let _ = write!(out, "{{\"status\":\"success\",\"data\":{{\"resultType\":\"{name}\",\"result\":{list}");
    match data {
        Data::Scalar(values) => {
            let (time, value) = values.first().copied().unwrap_or((0, f64::NAN));
            put_pair(out, time, &Sample::Float(value));
        }
        Data::Text(time, text) => {
            out.push(b'[');
            put_seconds(out, *time);
            out.push(b',');
            put_text(out, text);
            out.push(b']');
        }
        _ => {}
    }
    Place::Series(0)
}

fn open_series(labels: &Labels, at: usize, out: &mut Vec<u8>) {
    out.extend(if at == 0 { &b"{\"metric\":"[..] } else { b",{\"metric\":" });
    labels.write(out);
}

/// Floats in `values`, histograms in `histograms`; either only where there is one.
fn samples(
    all: &[(i64, Sample)],
    at: usize,
    from: usize,
    kind: Kind,
    mut started: bool,
    out: &mut Vec<u8>,
) -> Place {
    let name = if kind == Kind::Floats { "values" } else { "histograms" };
    for (number, (time, sample)) in all.iter().enumerate().skip(from) {
        if out.len() >= PIECE_BYTES {
            return Place::Samples(at, number, kind, started);
        }
        if matches!(sample, Sample::Float(_)) == (kind == Kind::Floats) {
            if std::mem::replace(&mut started, true) {
                out.push(b',');
            } else {
                let _ = write!(out, ",\"{name}\":[");
            }
            put_pair(out, *time, sample);
        }
    }
    if started {
        out.push(b']');
    }
    if kind == Kind::Floats {
        return Place::Samples(at, 0, Kind::Histograms, false);
    }
    out.push(b'}');
    Place::Series(at + 1)
}

impl Element for Labels {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        for (at, (name, value)) in self.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            put_text(out, name);
            out.push(b':');
            put_text(out, value);
        }
        out.push(b'}');
    }
}

/// Whole seconds as an integer, else with three digits.
pub fn put_seconds(out: &mut Vec<u8>, time_ms: i64) {
    let (sign, ms) = (if time_ms < 0 { "-" } else { "" }, time_ms.unsigned_abs());
    let _ = match ms % 1_000 {
        0 => write!(out, "{sign}{}", ms / 1_000),
        rest => write!(out, "{sign}{}.{rest:03}", ms / 1_000),
    };
}

fn put_pair(out: &mut Vec<u8>, time_ms: i64, sample: &Sample) {
    out.push(b'[');
    put_seconds(out, time_ms);
    out.push(b',');
    match sample {
        Sample::Float(value) => put_number(out, *value),
        Sample::Histogram(histogram) => put_histogram(out, histogram),
    }
    out.push(b']');
}

pub fn put_number(out: &mut Vec<u8>, value: f64) {
    let _ = write!(out, "\"{}\"", format_float(value));
}

fn put_histogram(out: &mut Vec<u8>, histogram: &Histogram) {
    out.extend(b"{\"count\":");
    put_number(out, histogram.count);
    out.extend(b",\"sum\":");
    put_number(out, histogram.sum);
    let mut started = false;
    for bucket in histogram.buckets().filter(|bucket| bucket.count != 0.0) {
        out.extend(if std::mem::replace(&mut started, true) { &b","[..] } else { b",\"buckets\":[" });
        put_bucket(out, &bucket);
    }
    out.extend(if started { &b"]}"[..] } else { b"}" });
}

fn put_bucket(out: &mut Vec<u8>, bucket: &Bucket) {
    let _ = write!(out, "[{}", bucket.boundary_rule());
    for number in [bucket.lower, bucket.upper, bucket.count] {
        out.push(b',');
        put_number(out, number);
    }
    out.push(b']');
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use std::sync::Arc;
    use std::time::Duration;

    fn shown(data: Data) -> Value {
        let tail = "},\"warnings\":[\"w\"]}".to_owned();
        let mut answered = Answered::new(data, tail, Budget::new(Duration::from_secs(1)));
        let (mut all, mut more) = (Vec::new(), true);
        while more {
            let mut piece = Vec::new();
            more = answered.write(&mut piece);
            assert!(piece.len() < PIECE_BYTES + 1_000);
            all.extend(piece);
        }
        let read: Value = serde_json::from_slice(&all).unwrap();
        assert_eq!((&read["status"], &read["warnings"]), (&json!("success"), &json!(["w"])));
        read["data"].clone()
    }

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
        let shown = shown(Data::Vector(1_500, vec![(Labels::default(), Sample::Histogram(Arc::new(value)))]));
        let expect = json!([1.5, {"count": "3", "sum": "4.5", "buckets": [
            [3, "-0.001", "0.001", "1"],
            [0, "1", "2", "2"],
        ]}]);
        assert_eq!(shown["result"][0], json!({"metric": {}, "histogram": expect}));
    }

    #[test]
    fn scalars_and_texts() {
        assert_eq!(shown(Data::Scalar(vec![(2_000, -0.5)]))["result"], json!([2, "-0.5"]));
        assert_eq!(shown(Data::Text(-1, "a\"".to_owned()))["result"], json!([-0.001, "a\""]));
    }

    #[test]
    fn a_long_matrix_is_whole_and_in_order() {
        let count = 20_000;
        let sample = |at: i64| match at % 3 {
            0 => Sample::Histogram(Arc::new(Histogram::default())),
            _ => Sample::Float(at as f64),
        };
        let samples: Vec<_> = (0..count).map(|at| (at * 10, sample(at))).collect();
        let series = |name: &'static str| (Labels::new([("a", name)]), samples.clone());
        let shown = shown(Data::Matrix(vec![series("x"), series("y")]));
        for (at, name) in ["x", "y"].into_iter().enumerate() {
            let one = &shown["result"][at];
            assert_eq!(one["metric"], json!({ "a": name }));
            let (floats, histograms) =
                (one["values"].as_array().unwrap(), one["histograms"].as_array().unwrap());
            assert_eq!(floats.len() + histograms.len(), count as usize);
            assert_eq!(floats[1], json!([0.02, "2"]));
            assert!(floats.is_sorted_by_key(|pair| pair[0].as_f64()));
        }
    }
}
