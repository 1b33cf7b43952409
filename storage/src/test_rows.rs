//! Rows for tests: every attribute type, every nested part, and a number in each row to know it by.

use ocelli_signal::attributes::{encode, put_pair};
use ocelli_signal::logs::{BodyKind, LogRow, LogsBuilder};
use ocelli_signal::point::{Buckets, ExponentialHistogram, Histogram, Summary};
use ocelli_signal::points::{PointBody, PointRow, PointsBuilder};
use ocelli_signal::series::{Kind, Series, TEMPORALITY_CUMULATIVE};
use ocelli_signal::span_parts::Number;
use ocelli_signal::spans::{SpanRow, SpansBuilder};
use ocelli_signal::wire::Writer;
use ocelli_signal::{AnyValue, Signal, origin};

use arrow::array::{ArrayRef, AsArray, RecordBatch, TimestampNanosecondArray};
use arrow::datatypes::TimestampNanosecondType;
use std::sync::Arc;

/// 2025-01-01, in nanoseconds.
pub const BASE_TIME: i64 = 1_735_689_600_000_000_000;
const SECOND: i64 = 1_000_000_000;

fn value(value: AnyValue<'_>) -> Vec<u8> {
    let mut writer = Writer::new();
    value.encode(&mut writer);
    writer.into_bytes()
}

fn array(values: &[AnyValue<'_>]) -> Vec<u8> {
    let mut writer = Writer::new();
    values.iter().for_each(|element| writer.put_bytes_always(1, &value(*element)));
    writer.into_bytes()
}

/// An `attributes` value with each type, nesting, special numbers, odd keys and a duplicate.
pub fn every_attribute() -> Vec<u8> {
    let inner = encode([("k", AnyValue::Int(-1)), ("k", AnyValue::Empty), ("$x", AnyValue::Bool(true))]);
    let mixed = array(&[
        AnyValue::String("a"),
        AnyValue::Int(1),
        AnyValue::Double(1.0),
        AnyValue::Empty,
        AnyValue::KvList(&inner),
    ]);
    encode([
        ("string", AnyValue::String("plain")),
        ("quoted", AnyValue::String("a \"quote\", a \\ and a\nline, ünïcode \u{1}")),
        ("empty string", AnyValue::String("")),
        ("empty", AnyValue::Empty),
        ("yes", AnyValue::Bool(true)),
        ("no", AnyValue::Bool(false)),
        ("int", AnyValue::Int(i64::MIN)),
        ("zero", AnyValue::Int(0)),
        ("double", AnyValue::Double(0.1)),
        ("whole double", AnyValue::Double(5.0)),
        ("minus zero", AnyValue::Double(-0.0)),
        ("nan", AnyValue::Double(f64::NAN)),
        ("stale nan", AnyValue::Double(f64::from_bits(0x7ff0_0000_0000_0002))),
        ("inf", AnyValue::Double(f64::NEG_INFINITY)),
        ("bytes", AnyValue::Bytes(&[0, 255, 10])),
        ("no bytes", AnyValue::Bytes(&[])),
        ("array", AnyValue::Array(&mixed)),
        ("empty array", AnyValue::Array(&[])),
        ("map", AnyValue::KvList(&inner)),
        ("empty map", AnyValue::KvList(&[])),
        ("", AnyValue::String("empty key")),
        ("string", AnyValue::Int(2)),
    ])
}

pub fn events(count: usize) -> Vec<u8> {
    let mut writer = Writer::new();
    for n in 0..count {
        writer.put_message(1, |event| {
            event.put_fixed64(1, BASE_TIME as u64 + n as u64);
            event.put_bytes(2, b"exception");
            put_pair(event, 3, "exception.type", &AnyValue::String("Timeout"));
            put_pair(event, 3, "attempt", &AnyValue::Int(n as i64));
            event.put_varint(4, n as u64);
        });
    }
    writer.into_bytes()
}

pub fn links(count: usize) -> Vec<u8> {
    let mut writer = Writer::new();
    for n in 0..count {
        writer.put_message(1, |link| {
            link.put_bytes(1, &[n as u8 + 1; 16]);
            link.put_bytes(2, &[n as u8 + 2; 8]);
            link.put_bytes(3, b"a=b");
            put_pair(link, 4, "kind", &AnyValue::String("retry"));
            link.put_varint(5, n as u64);
            link.put_fixed32(6, 0x101);
        });
    }
    writer.into_bytes()
}

pub fn exemplars() -> Vec<u8> {
    let mut writer = Writer::new();
    writer.put_message(1, |exemplar| {
        exemplar.put_fixed64(2, BASE_TIME as u64);
        exemplar.put_double_always(3, 0.25);
        exemplar.put_bytes(4, &[3; 8]);
        exemplar.put_bytes(5, &[4; 16]);
        put_pair(exemplar, 7, "user", &AnyValue::String("u1"));
    });
    writer.put_message(1, |exemplar| {
        exemplar.put_fixed64(2, BASE_TIME as u64 + 1);
        exemplar.put_fixed64_always(6, 0);
    });
    writer.into_bytes()
}

/// A `resource` value; service `shop-<n>`.
pub fn resource(n: usize) -> Vec<u8> {
    let name = format!("shop-{n}");
    let mut message = Writer::new();
    put_pair(&mut message, 1, "service.name", &AnyValue::String(&name));
    put_pair(&mut message, 1, "host.cpus", &AnyValue::Int(n as i64));
    message.put_varint(2, n as u64);
    message.put_message(3, |entity| entity.put_bytes(2, b"service"));
    origin::encode(message.as_bytes(), "https://opentelemetry.io/schemas/1.30.0")
}

pub fn scope(n: usize) -> Vec<u8> {
    let mut message = Writer::new();
    message.put_bytes(1, format!("library-{n}").as_bytes());
    message.put_bytes(2, b"1.2.3");
    put_pair(&mut message, 3, "short", &AnyValue::Bool(true));
    message.put_varint(4, n as u64);
    origin::encode(message.as_bytes(), "")
}

/// `count` rows, numbered from `from`. Equal arguments give equal rows.
pub fn batch(signal: Signal, from: usize, count: usize) -> RecordBatch {
    match signal {
        Signal::Spans => spans(from, count),
        Signal::Logs => logs(from, count),
        Signal::Points => points(from, count),
    }
}

fn attributes(n: usize) -> Vec<u8> {
    if n.is_multiple_of(5) {
        return every_attribute();
    }
    encode([("http.route", AnyValue::String("/cart")), ("number", AnyValue::Int(n as i64))])
}

/// The trace that a numbered span belongs to.
pub fn trace_id(n: usize) -> [u8; 16] {
    let mut id = [7; 16];
    // Traces are not born in the order of their ids.
    id[..8].copy_from_slice(&((n / 3) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    id
}

fn spans(from: usize, count: usize) -> RecordBatch {
    let mut builder = SpansBuilder::new();
    for n in from..from + count {
        builder.set_resource(&resource(n % 3));
        builder.set_scope(&scope(n % 2));
        builder.push(&SpanRow {
            trace_id: trace_id(n),
            span_id: (n as u64 + 1).to_be_bytes(),
            parent_span_id: (!n.is_multiple_of(3)).then(|| (n as u64).to_be_bytes()),
            trace_state: if n.is_multiple_of(7) { "vendor=1" } else { "" },
            flags: 0x101,
            name: ["GET /cart", "SELECT", "charge"][n % 3],
            kind: (n % 6) as i32,
            start_time: BASE_TIME + n as i64 * SECOND / 10,
            // A clock that went back is kept as it is.
            end_time: BASE_TIME + n as i64 * SECOND / 10 + if n.is_multiple_of(11) { -5 } else { 1_234_567 },
            status_code: (n % 3) as i32,
            status_message: if n.is_multiple_of(3) { "" } else { "card declined" },
            attributes: &attributes(n),
            dropped_attributes_count: (n % 4) as u32,
            events: &events(n % 3),
            dropped_events_count: (n % 2) as u32,
            links: &links(n % 2),
            dropped_links_count: 0,
        });
    }
    builder.finish()
}

fn logs(from: usize, count: usize) -> RecordBatch {
    let mut builder = LogsBuilder::new();
    for n in from..from + count {
        builder.set_resource(&resource(n % 2));
        builder.set_scope(&scope(0));
        let body = match n % 10 {
            8 => String::new(),
            9 => format!("{{\"order\":{n},\"state\":\"Paid\"}}"),
            _ => format!("order {n} of user{} was paid, Total={}.5 EUR", n % 17, n % 23),
        };
        builder.push(&LogRow {
            time: BASE_TIME + (n as i64 * 7919 % 1000) * SECOND,
            time_given: !n.is_multiple_of(4),
            observed_time: if n.is_multiple_of(6) { 0 } else { BASE_TIME + n as i64 },
            severity_number: (n % 25) as i32,
            severity_text: ["INFO", "ERROR", ""][n % 3],
            body: &body,
            body_kind: [BodyKind::String, BodyKind::Empty, BodyKind::Other][(n % 10).saturating_sub(7)],
            attributes: &attributes(n),
            dropped_attributes_count: (n % 2) as u32,
            flags: 1,
            trace_id: (!n.is_multiple_of(3)).then(|| trace_id(n)),
            span_id: (!n.is_multiple_of(3)).then(|| (n as u64 + 1).to_be_bytes()),
            event_name: if n.is_multiple_of(9) { "order.paid" } else { "" },
        });
    }
    builder.finish()
}

/// The series that a numbered point belongs to: five of each kind.
pub fn series(n: usize) -> Series {
    let kinds = [Kind::Gauge, Kind::Sum, Kind::Histogram, Kind::ExponentialHistogram, Kind::Summary];
    let kind = kinds[n % 5];
    let shard = format!("{}", n / 5 % 5);
    Series {
        name: format!("shop.{}", kind.as_str()).into(),
        description: "of the shop".into(),
        unit: "s".into(),
        kind,
        temporality: if kind == Kind::Gauge { 0 } else { TEMPORALITY_CUMULATIVE },
        is_monotonic: kind == Kind::Sum,
        attributes: encode([("code", AnyValue::Int(n as i64 % 5)), ("shard", AnyValue::String(&shard))])
            .into(),
        resource: resource(n % 2).into(),
        scope: scope(1).into(),
        metadata: encode([("prometheus.type", AnyValue::String("counter"))]).into(),
    }
}

fn points(from: usize, count: usize) -> RecordBatch {
    let mut builder = PointsBuilder::new();
    for n in from..from + count {
        builder.set_series(&series(n).encode());
        let other = other_point(n);
        let body = match n % 5 {
            _ if n.is_multiple_of(13) => PointBody::Empty,
            0 if n.is_multiple_of(2) => PointBody::Number(Number::Int(n as i64)),
            0 | 1 => PointBody::Number(Number::Double(n as f64 / 3.0)),
            _ => PointBody::Other(&other),
        };
        builder.push(&PointRow {
            start_time: BASE_TIME,
            time: BASE_TIME + n as i64 * SECOND,
            flags: u32::from(n.is_multiple_of(13)),
            body,
            exemplars: &if n.is_multiple_of(4) { exemplars() } else { Vec::new() },
        });
    }
    builder.finish()
}

fn other_point(n: usize) -> Vec<u8> {
    match n % 5 {
        2 => Histogram {
            count: n as u64,
            sum: (!n.is_multiple_of(3)).then_some(1.5),
            min: Some(0.0),
            max: None,
            bucket_counts: vec![n as u64, 0, 1],
            explicit_bounds: vec![0.5, f64::INFINITY],
        }
        .encode(),
        3 => ExponentialHistogram {
            count: n as u64,
            sum: Some(-1.0),
            min: None,
            max: Some(9.5),
            scale: -3,
            zero_count: 2,
            zero_threshold: 1e-9,
            positive: Some(Buckets { offset: -7, counts: vec![1, 0, 300] }),
            negative: n.is_multiple_of(2).then(Buckets::default),
        }
        .encode(),
        _ => Summary { count: n as u64, sum: 2.5, quantiles: vec![(0.5, 1.0), (0.99, f64::NAN)] }.encode(),
    }
}

/// The same with every time moved, of spans only the start.
pub fn shifted(signal: Signal, from: usize, count: usize, by_ns: i64) -> RecordBatch {
    let rows = batch(signal, from, count);
    let name = if signal == Signal::Spans { "start_time" } else { "time" };
    let columns = rows.schema_ref().fields().iter().zip(rows.columns()).map(|(field, column)| {
        if field.name() != name {
            return column.clone();
        }
        let times = column.as_primitive::<TimestampNanosecondType>();
        let moved = times.values().iter().map(|time| time + by_ns);
        Arc::new(TimestampNanosecondArray::from_iter_values(moved).with_timezone("UTC")) as ArrayRef
    });
    RecordBatch::try_new(rows.schema(), columns.collect()).expect("the same columns")
}
