//! Spans as a batch: one row a span.

use crate::columns::{
    DictionaryView, Origins, SPAN_ID_LEN, TRACE_ID_LEN, dictionary, dictionary_view, required, times,
    timestamp, typed,
};
use crate::error::SchemaError;
use arrow::array::{
    Array, ArrayRef, BinaryArray, BinaryBuilder, FixedSizeBinaryArray, FixedSizeBinaryBuilder, Int32Array,
    RecordBatch, StringArray, StringBuilder, TimestampNanosecondArray, UInt32Array,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use std::sync::{Arc, LazyLock};

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    Arc::new(Schema::new(vec![
        required("trace_id", DataType::FixedSizeBinary(TRACE_ID_LEN as i32)),
        required("span_id", DataType::FixedSizeBinary(SPAN_ID_LEN as i32)),
        Field::new("parent_span_id", DataType::FixedSizeBinary(SPAN_ID_LEN as i32), true),
        required("trace_state", DataType::Utf8),
        required("flags", DataType::UInt32),
        required("name", DataType::Utf8),
        required("kind", DataType::Int32),
        required("start_time", timestamp()),
        required("end_time", timestamp()),
        required("status_code", DataType::Int32),
        required("status_message", DataType::Utf8),
        required("attributes", DataType::Binary),
        required("dropped_attributes_count", DataType::UInt32),
        required("events", DataType::Binary),
        required("dropped_events_count", DataType::UInt32),
        required("links", DataType::Binary),
        required("dropped_links_count", DataType::UInt32),
        dictionary("service", DataType::Utf8),
        dictionary("resource", DataType::Binary),
        dictionary("scope", DataType::Binary),
    ]))
});

/// The columns of a batch of spans.
pub fn schema() -> SchemaRef {
    SCHEMA.clone()
}

/// OTLP `StatusCode` of a failed span.
pub const STATUS_ERROR: i32 = 2;

/// One span; what is nested is in the form of its column.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SpanRow<'a> {
    pub trace_id: [u8; TRACE_ID_LEN],
    pub span_id: [u8; SPAN_ID_LEN],
    /// `None` for a root.
    pub parent_span_id: Option<[u8; SPAN_ID_LEN]>,
    pub trace_state: &'a str,
    pub flags: u32,
    pub name: &'a str,
    pub kind: i32,
    /// Nanoseconds since the Unix epoch.
    pub start_time: i64,
    pub end_time: i64,
    pub status_code: i32,
    pub status_message: &'a str,
    pub attributes: &'a [u8],
    pub dropped_attributes_count: u32,
    pub events: &'a [u8],
    pub dropped_events_count: u32,
    pub links: &'a [u8],
    pub dropped_links_count: u32,
}

/// Makes a batch row by row.
#[derive(Debug)]
pub struct SpansBuilder {
    trace_id: FixedSizeBinaryBuilder,
    span_id: FixedSizeBinaryBuilder,
    parent_span_id: FixedSizeBinaryBuilder,
    trace_state: StringBuilder,
    flags: Vec<u32>,
    name: StringBuilder,
    kind: Vec<i32>,
    start_time: Vec<i64>,
    end_time: Vec<i64>,
    status_code: Vec<i32>,
    status_message: StringBuilder,
    attributes: BinaryBuilder,
    dropped_attributes_count: Vec<u32>,
    events: BinaryBuilder,
    dropped_events_count: Vec<u32>,
    links: BinaryBuilder,
    dropped_links_count: Vec<u32>,
    origins: Origins,
}

impl Default for SpansBuilder {
    fn default() -> SpansBuilder {
        SpansBuilder {
            trace_id: FixedSizeBinaryBuilder::new(TRACE_ID_LEN as i32),
            span_id: FixedSizeBinaryBuilder::new(SPAN_ID_LEN as i32),
            parent_span_id: FixedSizeBinaryBuilder::new(SPAN_ID_LEN as i32),
            trace_state: StringBuilder::new(),
            flags: Vec::new(),
            name: StringBuilder::new(),
            kind: Vec::new(),
            start_time: Vec::new(),
            end_time: Vec::new(),
            status_code: Vec::new(),
            status_message: StringBuilder::new(),
            attributes: BinaryBuilder::new(),
            dropped_attributes_count: Vec::new(),
            events: BinaryBuilder::new(),
            dropped_events_count: Vec::new(),
            links: BinaryBuilder::new(),
            dropped_links_count: Vec::new(),
            origins: Origins::default(),
        }
    }
}

impl SpansBuilder {
    pub fn new() -> SpansBuilder {
        SpansBuilder::default()
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
        self.flags.len()
    }

    pub fn is_empty(&self) -> bool {
        self.flags.is_empty()
    }

    pub fn push(&mut self, row: &SpanRow<'_>) {
        // An id's length is its type's, so these appends can't fail.
        let _ = self.trace_id.append_value(row.trace_id);
        let _ = self.span_id.append_value(row.span_id);
        match row.parent_span_id {
            Some(id) => drop(self.parent_span_id.append_value(id)),
            None => self.parent_span_id.append_null(),
        }
        self.trace_state.append_value(row.trace_state);
        self.flags.push(row.flags);
        self.name.append_value(row.name);
        self.kind.push(row.kind);
        self.start_time.push(row.start_time);
        self.end_time.push(row.end_time);
        self.status_code.push(row.status_code);
        self.status_message.append_value(row.status_message);
        self.attributes.append_value(row.attributes);
        self.dropped_attributes_count.push(row.dropped_attributes_count);
        self.events.append_value(row.events);
        self.dropped_events_count.push(row.dropped_events_count);
        self.links.append_value(row.links);
        self.dropped_links_count.push(row.dropped_links_count);
        self.origins.push();
    }

    pub fn finish(mut self) -> RecordBatch {
        let [service, resource, scope] = self.origins.finish();
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.trace_id.finish()),
            Arc::new(self.span_id.finish()),
            Arc::new(self.parent_span_id.finish()),
            Arc::new(self.trace_state.finish()),
            Arc::new(UInt32Array::from(self.flags)),
            Arc::new(self.name.finish()),
            Arc::new(Int32Array::from(self.kind)),
            times(self.start_time),
            times(self.end_time),
            Arc::new(Int32Array::from(self.status_code)),
            Arc::new(self.status_message.finish()),
            Arc::new(self.attributes.finish()),
            Arc::new(UInt32Array::from(self.dropped_attributes_count)),
            Arc::new(self.events.finish()),
            Arc::new(UInt32Array::from(self.dropped_events_count)),
            Arc::new(self.links.finish()),
            Arc::new(UInt32Array::from(self.dropped_links_count)),
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
pub struct Spans<'a> {
    pub trace_id: &'a FixedSizeBinaryArray,
    pub span_id: &'a FixedSizeBinaryArray,
    pub parent_span_id: &'a FixedSizeBinaryArray,
    pub trace_state: &'a StringArray,
    pub flags: &'a UInt32Array,
    pub name: &'a StringArray,
    pub kind: &'a Int32Array,
    pub start_time: &'a TimestampNanosecondArray,
    pub end_time: &'a TimestampNanosecondArray,
    pub status_code: &'a Int32Array,
    pub status_message: &'a StringArray,
    pub attributes: &'a BinaryArray,
    pub dropped_attributes_count: &'a UInt32Array,
    pub events: &'a BinaryArray,
    pub dropped_events_count: &'a UInt32Array,
    pub links: &'a BinaryArray,
    pub dropped_links_count: &'a UInt32Array,
    pub services: DictionaryView<'a, StringArray>,
    pub resources: DictionaryView<'a, BinaryArray>,
    pub scopes: DictionaryView<'a, BinaryArray>,
}

impl<'a> Spans<'a> {
    /// Fails if a column is missing or of another type.
    pub fn new(batch: &'a RecordBatch) -> Result<Spans<'a>, SchemaError> {
        Ok(Spans {
            trace_id: typed(batch, "trace_id")?,
            span_id: typed(batch, "span_id")?,
            parent_span_id: typed(batch, "parent_span_id")?,
            trace_state: typed(batch, "trace_state")?,
            flags: typed(batch, "flags")?,
            name: typed(batch, "name")?,
            kind: typed(batch, "kind")?,
            start_time: typed(batch, "start_time")?,
            end_time: typed(batch, "end_time")?,
            status_code: typed(batch, "status_code")?,
            status_message: typed(batch, "status_message")?,
            attributes: typed(batch, "attributes")?,
            dropped_attributes_count: typed(batch, "dropped_attributes_count")?,
            events: typed(batch, "events")?,
            dropped_events_count: typed(batch, "dropped_events_count")?,
            links: typed(batch, "links")?,
            dropped_links_count: typed(batch, "dropped_links_count")?,
            services: dictionary_view(batch, "service")?,
            resources: dictionary_view(batch, "resource")?,
            scopes: dictionary_view(batch, "scope")?,
        })
    }

    pub fn len(&self) -> usize {
        self.kind.len()
    }

    pub fn is_empty(&self) -> bool {
        self.kind.is_empty()
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

    pub fn trace_id(&self, row: usize) -> [u8; TRACE_ID_LEN] {
        crate::columns::id(self.trace_id.value(row))
    }

    pub fn span_id(&self, row: usize) -> [u8; SPAN_ID_LEN] {
        crate::columns::id(self.span_id.value(row))
    }

    pub fn parent_span_id(&self, row: usize) -> Option<[u8; SPAN_ID_LEN]> {
        self.parent_span_id.is_valid(row).then(|| crate::columns::id(self.parent_span_id.value(row)))
    }

    pub fn row(&self, row: usize) -> SpanRow<'a> {
        SpanRow {
            trace_id: self.trace_id(row),
            span_id: self.span_id(row),
            parent_span_id: self.parent_span_id(row),
            trace_state: self.trace_state.value(row),
            flags: self.flags.value(row),
            name: self.name.value(row),
            kind: self.kind.value(row),
            start_time: self.start_time.value(row),
            end_time: self.end_time.value(row),
            status_code: self.status_code.value(row),
            status_message: self.status_message.value(row),
            attributes: self.attributes.value(row),
            dropped_attributes_count: self.dropped_attributes_count.value(row),
            events: self.events.value(row),
            dropped_events_count: self.dropped_events_count.value(row),
            links: self.links.value(row),
            dropped_links_count: self.dropped_links_count.value(row),
        }
    }
}
