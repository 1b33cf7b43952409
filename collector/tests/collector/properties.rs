//! Whatever comes in: no panic, and the ledger adds up.

use crate::support::NOW_NS;
use crate::{remote_write, samples};
use ocelli_collector::decode::prometheus::Version;
use ocelli_collector::decode::{Format, decode};
use ocelli_collector::limits::DecodeLimits;
use ocelli_signal::Signal;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::metrics::v1 as otlp;
use proptest::prelude::*;
use prost::Message;

fn check(signal: Signal, format: Format, bytes: &[u8]) {
    if let Ok(decoded) = decode(signal, format, bytes, NOW_NS, &DecodeLimits::default()) {
        let rows = decoded.batch.rows.num_rows() as u64;
        assert_eq!(decoded.tally.received(), rows + decoded.tally.total_rejected());
    }
}

fn request(signal: Signal) -> Vec<u8> {
    match signal {
        Signal::Spans => samples::spans(vec![samples::span(1), samples::span(2)]).encode_to_vec(),
        Signal::Logs => {
            samples::logs(vec![samples::record(Some(Value::StringValue("x".into()))); 2]).encode_to_vec()
        }
        Signal::Points => {
            let point = otlp::HistogramDataPoint {
                bucket_counts: vec![1, 2],
                explicit_bounds: vec![0.5],
                attributes: samples::attributes_of_every_type(),
                ..Default::default()
            };
            let histogram = otlp::Histogram { data_points: vec![point; 2], aggregation_temporality: 2 };
            let data = Some(otlp::metric::Data::Histogram(histogram));
            samples::metrics(vec![otlp::Metric { name: "h".into(), data, ..Default::default() }])
                .encode_to_vec()
        }
    }
}

proptest! {
    #[test]
    fn random_bytes(bytes: Vec<u8>) {
        for signal in Signal::ALL {
            check(signal, Format::Protobuf, &bytes);
            check(signal, Format::Json, &bytes);
        }
        for version in [Version::One, Version::Two] {
            check(Signal::Points, Format::RemoteWrite(version), &bytes);
        }
    }

    #[test]
    fn damaged_requests(damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6), cut: prop::sample::Index) {
        for signal in Signal::ALL {
            let mut bytes = request(signal);
            for (at, byte) in &damage {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            check(signal, Format::Protobuf, &bytes);
            check(signal, Format::Protobuf, &bytes[..cut.index(bytes.len())]);
        }
        for (version, mut bytes) in [(Version::One, remote_write::one()), (Version::Two, remote_write::two())] {
            for (at, byte) in &damage {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            check(Signal::Points, Format::RemoteWrite(version), &bytes);
            check(Signal::Points, Format::RemoteWrite(version), &bytes[..cut.index(bytes.len())]);
        }
    }

    #[test]
    fn damaged_json(damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut json = include_bytes!("../otlp/trace.json").to_vec();
        for (at, byte) in &damage {
            let at = at.index(json.len());
            json[at] = *byte;
        }
        check(Signal::Spans, Format::Json, &json);
    }
}
