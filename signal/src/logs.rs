//! Log records as a batch: one row a record.

use crate::any_value::AnyValue;
use crate::columns::{
    DictionaryView, Origins, SPAN_ID_LEN, TRACE_ID_LEN, dictionary, dictionary_view, id, required, times,
    timestamp, typed,
};
use crate::error::SchemaError;
use crate::value_text;
use crate::wire::Writer;
use arrow::array::{
    Array, ArrayRef, BinaryArray, BinaryBuilder, BooleanArray, FixedSizeBinaryArray, FixedSizeBinaryBuilder,
    Int32Array, RecordBatch, StringArray, StringBuilder, TimestampNanosecondArray, UInt8Array, UInt32Array,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use std::sync::{Arc, LazyLock};

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    Arc::new(Schema::new(vec![
        required("time", timestamp()),
        required("time_given", DataType::Boolean),
        required("observed_time", timestamp()),
        required("severity_number", DataType::Int32),
        required("severity_text", DataType::Utf8),
        required("body", DataType::Utf8),
        required("body_kind", DataType::UInt8),
        required("attributes", DataType::Binary),
        required("dropped_attributes_count", DataType::UInt32),
        required("flags", DataType::UInt32),
        Field::new("trace_id", DataType::FixedSizeBinary(TRACE_ID_LEN as i32), true),
        Field::new("span_id", DataType::FixedSizeBinary(SPAN_ID_LEN as i32), true),
        required("event_name", DataType::Utf8),
        dictionary("service", DataType::Utf8),
        dictionary("resource", DataType::Binary),
        dictionary("scope", DataType::Binary),
    ]))
});

/// The columns of a batch of log records.
pub fn schema() -> SchemaRef {
    SCHEMA.clone()
}

/// What the `body` text stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum BodyKind {
    /// No body was sent; the text is empty.
    #[default]
    Empty = 0,
    /// The text is the body.
    String = 1,
    /// The text is the lossless JSON of the body (see `value_text`).
    Other = 2,
}

impl BodyKind {
    fn from_u8(number: u8) -> BodyKind {
        match number {
            0 => BodyKind::Empty,
            1 => BodyKind::String,
            _ => BodyKind::Other,
        }
    }
}

/// One record.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LogRow<'a> {
    /// Nanoseconds since the Unix epoch: the record's time, else the observed time, else its arrival.
    pub time: i64,
    /// True when `time` is the record's own.
    pub time_given: bool,
    /// 0 when it was not sent.
    pub observed_time: i64,
    pub severity_number: i32,
    pub severity_text: &'a str,
    pub body: &'a str,
    pub body_kind: BodyKind,
    pub attributes: &'a [u8],
    pub dropped_attributes_count: u32,
    pub flags: u32,
    pub trace_id: Option<[u8; TRACE_ID_LEN]>,
    pub span_id: Option<[u8; SPAN_ID_LEN]>,
    pub event_name: &'a str,
}

impl LogRow<'_> {
    /// The bytes of the body's `AnyValue`.
    pub fn body_value(&self) -> Vec<u8> {
        match self.body_kind {
            BodyKind::Empty => Vec::new(),
            BodyKind::Other => value_text::from_json_text(self.body).unwrap_or_default(),
            BodyKind::String => {
                let mut writer = Writer::new();
                AnyValue::String(self.body).encode(&mut writer);
                writer.into_bytes()
            }
        }
    }
}

/// Makes a batch row by row.
#[derive(Debug)]
pub struct LogsBuilder {
    time: Vec<i64>,
    time_given: Vec<bool>,
    observed_time: Vec<i64>,
    severity_number: Vec<i32>,
    severity_text: StringBuilder,
    body: StringBuilder,
    body_kind: Vec<u8>,
    attributes: BinaryBuilder,
    dropped_attributes_count: Vec<u32>,
    flags: Vec<u32>,
    trace_id: FixedSizeBinaryBuilder,
    span_id: FixedSizeBinaryBuilder,
    event_name: StringBuilder,
    origins: Origins,
}

impl Default for LogsBuilder {
    fn default() -> LogsBuilder {
        LogsBuilder {
            time: Vec::new(),
            time_given: Vec::new(),
            observed_time: Vec::new(),
            severity_number: Vec::new(),
            severity_text: StringBuilder::new(),
            body: StringBuilder::new(),
            body_kind: Vec::new(),
            attributes: BinaryBuilder::new(),
            dropped_attributes_count: Vec::new(),
            flags: Vec::new(),
            trace_id: FixedSizeBinaryBuilder::new(TRACE_ID_LEN as i32),
            span_id: FixedSizeBinaryBuilder::new(SPAN_ID_LEN as i32),
            event_name: StringBuilder::new(),
            origins: Origins::default(),
        }
    }
}

impl LogsBuilder {
    pub fn new() -> LogsBuilder {
        LogsBuilder::default()
    }

    /// The resource of the rows to come, in the form of the column (see `origin`).
    pub fn set_resource(&mut self, resource: &[u8]) {
        self.origins.set_resource(resource);
    }

    /// The scope of the rows to come, in the form of the column (see `origin`).
    pub fn set_scope(&mut self, scope: &[u8]) {
        self.origins.scope.set(scope);
    }

    pub fn len(&self) -> usize {
        self.time.len()
    }

    pub fn is_empty(&self) -> bool {
        self.time.is_empty()
    }

    pub fn push(&mut self, row: &LogRow<'_>) {
        self.time.push(row.time);
        self.time_given.push(row.time_given);
        self.observed_time.push(row.observed_time);
        self.severity_number.push(row.severity_number);
        self.severity_text.append_value(row.severity_text);
        self.body.append_value(row.body);
        self.body_kind.push(row.body_kind as u8);
        self.attributes.append_value(row.attributes);
        self.dropped_attributes_count.push(row.dropped_attributes_count);
        self.flags.push(row.flags);
        match row.trace_id {
            Some(id) => drop(self.trace_id.append_value(id)),
            None => self.trace_id.append_null(),
        }
        match row.span_id {
            Some(id) => drop(self.span_id.append_value(id)),
            None => self.span_id.append_null(),
        }
        self.event_name.append_value(row.event_name);
        self.origins.push();
    }

    pub fn finish(mut self) -> RecordBatch {
        let [service, resource, scope] = self.origins.finish();
        let columns: Vec<ArrayRef> = vec![
            times(self.time),
            Arc::new(BooleanArray::from(self.time_given)),
            times(self.observed_time),
            Arc::new(Int32Array::from(self.severity_number)),
            Arc::new(self.severity_text.finish()),
            Arc::new(self.body.finish()),
            Arc::new(UInt8Array::from(self.body_kind)),
            Arc::new(self.attributes.finish()),
            Arc::new(UInt32Array::from(self.dropped_attributes_count)),
            Arc::new(UInt32Array::from(self.flags)),
            Arc::new(self.trace_id.finish()),
            Arc::new(self.span_id.finish()),
            Arc::new(self.event_name.finish()),
            service,
            resource,
            scope,
        ];
        match RecordBatch::try_new(schema(), columns) {
            Ok(batch) => batch,
            Err(error) => unreachable!("every push appends to every column: {error}"),
        }
    }
}

/// The columns of a batch, typed.
#[derive(Clone, Copy, Debug)]
pub struct Logs<'a> {
    pub time: &'a TimestampNanosecondArray,
    pub time_given: &'a BooleanArray,
    pub observed_time: &'a TimestampNanosecondArray,
    pub severity_number: &'a Int32Array,
    pub severity_text: &'a StringArray,
    pub body: &'a StringArray,
    pub body_kind: &'a UInt8Array,
    pub attributes: &'a BinaryArray,
    pub dropped_attributes_count: &'a UInt32Array,
    pub flags: &'a UInt32Array,
    pub trace_id: &'a FixedSizeBinaryArray,
    pub span_id: &'a FixedSizeBinaryArray,
    pub event_name: &'a StringArray,
    pub services: DictionaryView<'a, StringArray>,
    pub resources: DictionaryView<'a, BinaryArray>,
    pub scopes: DictionaryView<'a, BinaryArray>,
}

impl<'a> Logs<'a> {
    /// Fails if a column is missing or of another type.
    pub fn new(batch: &'a RecordBatch) -> Result<Logs<'a>, SchemaError> {
        Ok(Logs {
            time: typed(batch, "time")?,
            time_given: typed(batch, "time_given")?,
            observed_time: typed(batch, "observed_time")?,
            severity_number: typed(batch, "severity_number")?,
            severity_text: typed(batch, "severity_text")?,
            body: typed(batch, "body")?,
            body_kind: typed(batch, "body_kind")?,
            attributes: typed(batch, "attributes")?,
            dropped_attributes_count: typed(batch, "dropped_attributes_count")?,
            flags: typed(batch, "flags")?,
            trace_id: typed(batch, "trace_id")?,
            span_id: typed(batch, "span_id")?,
            event_name: typed(batch, "event_name")?,
            services: dictionary_view(batch, "service")?,
            resources: dictionary_view(batch, "resource")?,
            scopes: dictionary_view(batch, "scope")?,
        })
    }

    pub fn len(&self) -> usize {
        self.time.len()
    }

    pub fn is_empty(&self) -> bool {
        self.time.is_empty()
    }

    /// `service.name` of a row.
    pub fn service(&self, row: usize) -> &'a str {
        self.services.values.value(self.services.key(row))
    }

    /// The `resource` value of a row (see `origin`).
    pub fn resource(&self, row: usize) -> &'a [u8] {
        self.resources.values.value(self.resources.key(row))
    }

    /// The `scope` value of a row (see `origin`).
    pub fn scope(&self, row: usize) -> &'a [u8] {
        self.scopes.values.value(self.scopes.key(row))
    }

    pub fn row(&self, row: usize) -> LogRow<'a> {
        LogRow {
            time: self.time.value(row),
            time_given: self.time_given.value(row),
            observed_time: self.observed_time.value(row),
            severity_number: self.severity_number.value(row),
            severity_text: self.severity_text.value(row),
            body: self.body.value(row),
            body_kind: BodyKind::from_u8(self.body_kind.value(row)),
            attributes: self.attributes.value(row),
            dropped_attributes_count: self.dropped_attributes_count.value(row),
            flags: self.flags.value(row),
            trace_id: self.trace_id.is_valid(row).then(|| id(self.trace_id.value(row))),
            span_id: self.span_id.is_valid(row).then(|| id(self.span_id.value(row))),
            event_name: self.event_name.value(row),
        }
    }
}
