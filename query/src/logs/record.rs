//! Stored rows to the records of the API. Only rows that are returned come here.

use super::cursor::record_id;
use super::filter::id::to_hex;
use crate::Error;
use crate::traces::origin::{key_values, resource, scope};
use arrow::array::RecordBatch;
use ocelli_api::logs::LogRecord;
use ocelli_api::{AnyValue, UnixNano};
use ocelli_signal::Attributes;
use ocelli_signal::logs::Logs;
use ocelli_signal::value_text::to_otlp_json;

/// The typed columns of a batch of log records.
pub fn logs_of(batch: &RecordBatch) -> Result<Logs<'_>, Error> {
    Logs::new(batch).map_err(|error| Error::Corrupt(error.to_string()))
}

/// The record, and the hash of its content.
pub fn record(logs: &Logs<'_>, at: usize) -> (LogRecord, u64) {
    let hash = content_hash(logs, at);
    let row = logs.row(at);
    let body = row.body_value();
    let body = ocelli_signal::AnyValue::parse(&body).unwrap_or(ocelli_signal::AnyValue::Empty);
    let record = LogRecord {
        id: record_id(row.time, hash),
        time: UnixNano(row.time),
        observed_time: UnixNano(row.observed_time),
        severity_number: row.severity_number,
        severity_text: row.severity_text.to_owned(),
        service: logs.service(at).to_owned(),
        body_text: row.body.to_owned(),
        body: AnyValue(to_otlp_json(&body)),
        attributes: key_values(Attributes::of_column(row.attributes)),
        dropped_attributes_count: row.dropped_attributes_count,
        flags: row.flags,
        trace_id: row.trace_id.map(|id| to_hex(&id)).unwrap_or_default(),
        span_id: row.span_id.map(|id| to_hex(&id)).unwrap_or_default(),
        event_name: row.event_name.to_owned(),
        resource: resource(logs.resource(at)),
        scope: scope(logs.scope(at)),
    };
    (record, hash)
}

/// Bytes of a row that make up most of its answer.
pub fn answer_bytes(logs: &Logs<'_>, at: usize) -> usize {
    // The body is sent twice: as text and as a value.
    2 * logs.body.value(at).len() + 3 * logs.attributes.value(at).len() + 3 * logs.resource(at).len() + 512
}

/// A number of the row's content that stays the same wherever the row lies: it orders records of
/// equal time. Attributes are taken in any order, because files may keep them in another one.
pub fn content_hash(logs: &Logs<'_>, at: usize) -> u64 {
    use xxhash_rust::xxh3::{Xxh3, xxh3_64};
    let row = logs.row(at);
    let attributes = |attributes: Attributes<'_>| {
        attributes.iter().fold(0u64, |sum, (key, value)| {
            let text = format!("{key}\0{}", ocelli_signal::value_text::to_json_text(&value));
            sum.wrapping_add(xxh3_64(text.as_bytes()))
        })
    };
    let origin = ocelli_signal::origin::Resource::parse(logs.resource(at)).unwrap_or_default();
    let mut hash = Xxh3::new();
    for text in [row.body, row.severity_text, row.event_name, logs.service(at)] {
        hash.update(&(text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    }
    hash.update(&row.trace_id.unwrap_or_default());
    hash.update(&row.span_id.unwrap_or_default());
    hash.update(&row.severity_number.to_le_bytes());
    hash.update(&row.observed_time.to_le_bytes());
    hash.update(&attributes(Attributes::of_column(row.attributes)).to_le_bytes());
    hash.update(&attributes(origin.attributes()).to_le_bytes());
    hash.digest()
}
