//! A batch of spans of which only some columns were read.

use crate::Error;
use crate::logs::filter::column;
use arrow::array::types::Int32Type;
use arrow::array::{
    Array, AsArray, BinaryArray, FixedSizeBinaryArray, Int32Array, RecordBatch, StringArray,
    TimestampNanosecondArray,
};

/// Columns by name; what was not read is as good as empty, and is not asked for: see [`super::Needs`].
pub struct View<'a> {
    pub trace_id: Option<&'a FixedSizeBinaryArray>,
    pub span_id: Option<&'a FixedSizeBinaryArray>,
    pub parent_span_id: Option<&'a FixedSizeBinaryArray>,
    pub start_time: &'a TimestampNanosecondArray,
    pub end_time: Option<&'a TimestampNanosecondArray>,
    pub name: Option<&'a StringArray>,
    pub kind: Option<&'a Int32Array>,
    pub status_code: Option<&'a Int32Array>,
    pub status_message: Option<&'a StringArray>,
    pub attributes: Option<&'a BinaryArray>,
    pub events: Option<&'a BinaryArray>,
    pub links: Option<&'a BinaryArray>,
    service: Option<(&'a [i32], &'a StringArray)>,
    resource: Option<(&'a [i32], &'a BinaryArray)>,
    scope: Option<(&'a [i32], &'a BinaryArray)>,
}

impl<'a> View<'a> {
    /// Fails if a column is of another type, or has no start times.
    pub fn new(batch: &'a RecordBatch) -> Result<View<'a>, Error> {
        Ok(View {
            trace_id: optional(batch, "trace_id")?,
            span_id: optional(batch, "span_id")?,
            parent_span_id: optional(batch, "parent_span_id")?,
            start_time: column(batch, "start_time")?,
            end_time: optional(batch, "end_time")?,
            name: optional(batch, "name")?,
            kind: optional(batch, "kind")?,
            status_code: optional(batch, "status_code")?,
            status_message: optional(batch, "status_message")?,
            attributes: optional(batch, "attributes")?,
            events: optional(batch, "events")?,
            links: optional(batch, "links")?,
            service: dictionary(batch, "service")?,
            resource: dictionary(batch, "resource")?,
            scope: dictionary(batch, "scope")?,
        })
    }

    pub fn len(&self) -> usize {
        self.start_time.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn start(&self, row: usize) -> i64 {
        self.start_time.value(row)
    }

    pub fn duration(&self, row: usize) -> i64 {
        self.end_time.map_or(0, |ends| ends.value(row).saturating_sub(self.start(row)))
    }

    pub fn name(&self, row: usize) -> &'a str {
        self.name.map_or("", |names| names.value(row))
    }

    pub fn kind(&self, row: usize) -> i32 {
        self.kind.map_or(0, |kinds| kinds.value(row))
    }

    pub fn status(&self, row: usize) -> i32 {
        self.status_code.map_or(0, |codes| codes.value(row))
    }

    pub fn service(&self, row: usize) -> &'a str {
        self.service.map_or("", |(keys, names)| names.value(keys[row] as usize))
    }

    /// The `resource` value of a row.
    pub fn resource(&self, row: usize) -> &'a [u8] {
        self.resource.map_or(&[], |(keys, values)| values.value(keys[row] as usize))
    }

    /// The `scope` value of a row.
    pub fn scope(&self, row: usize) -> &'a [u8] {
        self.scope.map_or(&[], |(keys, values)| values.value(keys[row] as usize))
    }

    pub fn attributes(&self, row: usize) -> &'a [u8] {
        self.attributes.map_or(&[], |lists| lists.value(row))
    }

    pub fn trace_id(&self, row: usize) -> &'a [u8] {
        self.trace_id.map_or(&[], |ids| ids.value(row))
    }

    pub fn span_id(&self, row: usize) -> [u8; 8] {
        self.span_id.and_then(|ids| ids.value(row).try_into().ok()).unwrap_or_default()
    }

    pub fn parent(&self, row: usize) -> Option<[u8; 8]> {
        let ids = self.parent_span_id.filter(|ids| ids.is_valid(row))?;
        ids.value(row).try_into().ok()
    }
}

fn optional<'a, A: Array + 'static>(batch: &'a RecordBatch, name: &str) -> Result<Option<&'a A>, Error> {
    batch.column_by_name(name).map(|_| column(batch, name)).transpose()
}

type Dictionary<'a, V> = Option<(&'a [i32], &'a V)>;

fn dictionary<'a, V: Array + 'static>(
    batch: &'a RecordBatch,
    name: &str,
) -> Result<Dictionary<'a, V>, Error> {
    let Some(array) = batch.column_by_name(name) else { return Ok(None) };
    let wrong = || Error::Internal(format!("column '{name}' is of another type"));
    let array = array.as_dictionary_opt::<Int32Type>().ok_or_else(wrong)?;
    let values = array.values().as_any().downcast_ref().ok_or_else(wrong)?;
    Ok(Some((array.keys().values(), values)))
}
