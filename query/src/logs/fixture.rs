//! Log records for tests, and stores that hold them.

use ocelli_signal::logs::{BodyKind, LogRow, LogsBuilder};
use ocelli_signal::{AnyValue, Batch, Signal, attributes, origin, wire::Writer};
use ocelli_storage::{Options, Retention, Store};

pub const TENANT: &str = "default";

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Int(i64),
    Double(f64),
    Text(String),
}

impl Value {
    pub fn view(&self) -> AnyValue<'_> {
        match self {
            Value::Int(n) => AnyValue::Int(*n),
            Value::Double(n) => AnyValue::Double(*n),
            Value::Text(text) => AnyValue::String(text),
        }
    }
}

/// What of a record the search language can ask for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    pub time: i64,
    pub severity: i32,
    pub body: String,
    pub service: String,
    /// `host.name` of the resource.
    pub host: String,
    pub attributes: Vec<(String, Value)>,
    pub trace_id: Option<[u8; 16]>,
}

impl Record {
    pub fn attribute(&self, key: &str) -> Option<&Value> {
        self.attributes.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }
}

pub fn resource(service: &str, host: &str) -> Vec<u8> {
    let mut message = Writer::new();
    for (key, value) in [("service.name", service), ("host.name", host)] {
        attributes::put_pair(&mut message, 1, key, &AnyValue::String(value));
    }
    origin::encode(message.as_bytes(), "https://schema/1")
}

pub fn batch(records: &[Record]) -> Batch {
    let mut builder = LogsBuilder::new();
    for record in records {
        builder.set_resource(&resource(&record.service, &record.host));
        let pairs = record.attributes.iter().map(|(key, value)| (key.as_str(), value.view()));
        builder.push(&LogRow {
            time: record.time,
            time_given: true,
            observed_time: record.time + 5,
            severity_number: record.severity,
            body: &record.body,
            body_kind: BodyKind::String,
            attributes: &attributes::encode(pairs),
            trace_id: record.trace_id,
            ..LogRow::default()
        });
    }
    Batch { signal: Signal::Logs, rows: builder.finish() }
}

/// A store in a directory of its own. Segments of any size are indexed, or none is.
pub async fn store(indexed: bool) -> (Store, tempfile::TempDir) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let mut options = Options::new(directory.path());
    options.retention = Retention::forever();
    options.index_min_rows = if indexed { 1 } else { usize::MAX };
    options.index_flush_rows = options.index_min_rows;
    (Store::open(options, None).await.expect("a new store opens"), directory)
}

/// Most of the records in two segments, the rest in memory.
pub async fn filled(indexed: bool, records: &[Record]) -> (Store, tempfile::TempDir) {
    let (store, directory) = store(indexed).await;
    let (first, rest) = records.split_at(records.len() / 2);
    let (second, third) = rest.split_at(rest.len() / 2);
    for (part, flush) in [(first, true), (second, true), (third, false)] {
        for piece in part.chunks(500) {
            store.append(TENANT, batch(piece)).await.expect("a record is kept");
        }
        if flush {
            store.flush().await.expect("a segment is written");
        }
    }
    (store, directory)
}

/// Many records of few words and few times, so that everything happens: ties, duplicates, late
/// arrivals. The same seed gives the same records.
pub fn records(count: usize, seed: u64) -> Vec<Record> {
    let mut random = Random(seed);
    let mut records: Vec<Record> = Vec::with_capacity(count);
    for number in 0..count {
        if random.below(20) == 0 && number > 0 {
            records.push(records[random.below(number as u64) as usize].clone());
            continue;
        }
        records.push(record(number, &mut random));
    }
    records
}

fn record(number: usize, random: &mut Random) -> Record {
    const WORDS: [&str; 8] =
        ["card", "Declined", "timeout", "order_id=5001", "GRÖßE", "user", "ok", "cardinal"];
    let words: Vec<&str> = (0..random.below(5)).map(|_| WORDS[random.below(8) as usize]).collect();
    let mut attributes = vec![("number".to_owned(), Value::Int(number as i64))];
    if random.below(3) > 0 {
        attributes.push(("status".to_owned(), Value::Int(random.below(5) as i64 * 100)));
    }
    match random.below(4) {
        0 => attributes.push(("took".to_owned(), Value::Double(random.below(40) as f64 / 4.0))),
        1 => attributes.push(("took".to_owned(), Value::Text(random.below(9).to_string()))),
        2 => attributes.push(("host.name".to_owned(), Value::Text("own".to_owned()))),
        _ => {}
    }
    Record {
        time: 1_000_000_000_000 + random.below(150) as i64 * 1_000_000,
        severity: [0, 5, 9, 10, 13, 17, 21][random.below(7) as usize],
        body: words.join(if random.below(2) == 0 { " " } else { ", " }),
        service: ["cart", "payment", "order"][random.below(3) as usize].to_owned(),
        host: ["a", "b"][random.below(2) as usize].to_owned(),
        attributes,
        trace_id: (random.below(2) == 0).then(|| [random.below(20) as u8; 16]),
    }
}

/// SplitMix64: enough for test data, and the same everywhere.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}
