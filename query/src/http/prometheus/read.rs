//! Remote read: POST `/prometheus/api/v1/read`, answered with samples.
//!
//! Source: `prompb/remote.proto`. Chunks are not offered: a client that takes them takes samples too.

use super::envelope::Refused;
use crate::Error;
use crate::http::Api;
use crate::http::run::{Budget, run};
use crate::promql::histogram::{Histogram, ResetHint, Side};
use crate::promql::labels::Labels;
use crate::promql::otlp::select_from;
use crate::promql::select::{MatchOp, Matcher, Selection, StoredSeries};
use axum::body::Bytes;
use axum::extract::FromRequest;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use ocelli_signal::WireError;
use ocelli_signal::wire::{Field, Reader, Writer};

/// A request holds a few matchers.
const MAX_REQUEST_BYTES: usize = 1 << 20;

pub async fn read(State(api): State<Api>, request: Request) -> Result<Response, Refused> {
    let body = Bytes::from_request(request, &api).await.map_err(|why| bad(why.body_text()))?;
    let length = snap::raw::decompress_len(&body).map_err(|why| bad(why.to_string()))?;
    if length > MAX_REQUEST_BYTES {
        return Err(bad(format!("is longer than {MAX_REQUEST_BYTES} bytes")).into());
    }
    let body = snap::raw::Decoder::new().decompress_vec(&body).map_err(|why| bad(why.to_string()))?;
    let selections = selections(&body)?;
    let answer = run(&api, move |api, budget| answer(api, &selections, budget)).await?;
    let headers = [(CONTENT_TYPE, "application/x-protobuf"), (CONTENT_ENCODING, "snappy")];
    Ok((headers, answer).into_response())
}

fn bad(why: String) -> Error {
    Error::bad_parameter("body", why)
}

fn malformed(why: WireError) -> Error {
    bad(format!("can't be decoded: {why}"))
}

/// The queries of a `ReadRequest`.
fn selections(body: &[u8]) -> Result<Vec<Selection>, Error> {
    let mut selections = Vec::new();
    for field in Reader::new(body) {
        if let (1, Field::Bytes(query)) = field.map_err(malformed)? {
            selections.push(selection(query)?);
        }
    }
    Ok(selections)
}

fn selection(query: &[u8]) -> Result<Selection, Error> {
    let (mut start_ms, mut until_ms, mut matchers) = (0, 0, Vec::new());
    for field in Reader::new(query) {
        match field.map_err(malformed)? {
            (1, field) => start_ms = field.i64(),
            (2, field) => until_ms = field.i64(),
            (3, field) => matchers.push(matcher(field.bytes())?),
            _ => {}
        }
    }
    Ok(Selection { matchers, after_ms: start_ms.saturating_sub(1), until_ms })
}

fn matcher(message: &[u8]) -> Result<Matcher, Error> {
    let (mut op, mut name, mut value) = (MatchOp::Equal, "", "");
    for field in Reader::new(message) {
        match field.map_err(malformed)? {
            (1, field) => {
                op = match field.u64() {
                    0 => MatchOp::Equal,
                    1 => MatchOp::NotEqual,
                    2 => MatchOp::Regex,
                    3 => MatchOp::NotRegex,
                    other => return Err(bad(format!("there is no matcher of type {other}"))),
                }
            }
            (2, field) => name = field.str().map_err(malformed)?,
            (3, field) => value = field.str().map_err(malformed)?,
            _ => {}
        }
    }
    Matcher::new(op, name, value).map_err(Error::bad_query)
}

/// A `ReadResponse` in a snappy block; it is made as a whole, within the memory of the query.
fn answer(api: &Api, selections: &[Selection], budget: &Budget) -> Result<Vec<u8>, Error> {
    let snapshot = budget.snapshot(api);
    let mut response = Writer::new();
    for selection in selections {
        budget.check()?;
        let scanned = |points, bytes| budget.scanned(points, bytes);
        let found = select_from(api.stored(&budget.apart(api, &snapshot)), selection, &scanned)?;
        let mut result = Writer::new();
        let mut held = 0;
        for series in &found {
            put_series(&mut result, selection, series);
            budget.check()?;
            budget.keep(result.as_bytes().len() - held)?;
            held = result.as_bytes().len();
        }
        budget.keep(held)?;
        response.put_bytes_always(1, result.as_bytes());
    }
    let bytes = response.as_bytes();
    budget.keep(snap::raw::max_compress_len(bytes.len()))?;
    let too_long = |why: snap::Error| Error::LimitExceeded(format!("the answer is too long: {why}"));
    snap::raw::Encoder::new().compress_vec(bytes).map_err(too_long)
}

/// A `TimeSeries`.
fn put_series(out: &mut Writer, selection: &Selection, series: &StoredSeries) {
    out.put_message(1, |message| {
        put_labels(message, &series.labels);
        let samples = series.samples.between(selection.after_ms, selection.until_ms);
        for (time_ms, value) in samples.float_times.iter().zip(&samples.floats) {
            message.put_message(2, |sample| {
                sample.put_fixed64(1, value.to_bits());
                sample.put_int(2, *time_ms);
            });
        }
        for (time_ms, histogram) in samples.histogram_times.iter().zip(&samples.histograms) {
            message.put_message(4, |sample| put_histogram(sample, histogram, *time_ms));
        }
    });
}

fn put_labels(out: &mut Writer, labels: &Labels) {
    for (name, value) in labels.iter() {
        out.put_message(1, |label| {
            label.put_bytes(1, name.as_bytes());
            label.put_bytes(2, value.as_bytes());
        });
    }
}

/// With counts as floats.
fn put_histogram(out: &mut Writer, histogram: &Histogram, time_ms: i64) {
    out.put_double_always(2, histogram.count);
    out.put_fixed64(3, histogram.sum.to_bits());
    out.put_sint32(4, histogram.schema);
    out.put_fixed64(5, histogram.zero_threshold.to_bits());
    out.put_double_always(7, histogram.zero_count);
    put_side(out, 8, 10, &histogram.negative);
    put_side(out, 11, 13, &histogram.positive);
    let hint = match histogram.hint {
        ResetHint::Unknown => 0,
        ResetHint::Reset => 1,
        ResetHint::NoReset => 2,
        ResetHint::Gauge => 3,
    };
    out.put_varint(14, hint);
    out.put_int(15, time_ms);
    out.put_packed_fixed64(16, histogram.custom_bounds.iter().map(|bound| bound.to_bits()));
}

/// Runs of buckets as spans, then all counts.
fn put_side(out: &mut Writer, spans: u32, counts: u32, side: &Side) {
    let mut end = 0;
    for run in side.chunk_by(|a, b| a.0 + 1 == b.0) {
        out.put_message(spans, |span| {
            span.put_sint32(1, run[0].0 - end);
            span.put_varint(2, run.len() as u64);
        });
        end = run[0].0 + run.len() as i32;
    }
    out.put_packed_fixed64(counts, side.iter().map(|(_, count)| count.to_bits()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_tell_the_gaps_between_runs() {
        let mut out = Writer::new();
        put_side(&mut out, 11, 13, &vec![(-2, 1.0), (-1, 2.0), (4, 3.0)]);
        let mut spans = Vec::new();
        for field in Reader::new(out.as_bytes()) {
            if let (11, Field::Bytes(span)) = field.unwrap() {
                let read: Vec<_> = Reader::new(span).map(|field| field.unwrap().1).collect();
                spans.push((read[0].sint32(), read[1].u32()));
            }
        }
        assert_eq!(spans, [(-2, 2), (4, 1)]);
    }

    #[test]
    fn a_wrong_matcher_is_told() {
        let mut query = Writer::new();
        query.put_message(1, |query| {
            query.put_message(3, |matcher| {
                matcher.put_varint(1, 2);
                matcher.put_bytes(2, b"a");
                matcher.put_bytes(3, b"(");
            });
        });
        let why = selections(query.as_bytes()).unwrap_err().to_string();
        assert!(why.contains("error parsing regexp"), "{why}");
    }
}
