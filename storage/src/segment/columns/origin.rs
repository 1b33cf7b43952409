//! Resource and scope as columns: attributes as dictionary-coded JSON text, the rest as they are.
//! There are few of them for many rows, so each is converted once and rows point to it.

use super::attributes::{from_json, to_json};
use super::{column, dictionary_text, downcast, field};
use crate::error::Result;
use arrow::array::types::Int32Type;
use arrow::array::{
    ArrayRef, AsArray, BinaryArray, DictionaryArray, Int32Array, RecordBatch, StringArray, UInt32Array,
};
use arrow::datatypes::{DataType, Field, UInt32Type};
use ocelli_signal::origin::{self, Resource, Scope};
use ocelli_signal::wire::{Reader, Writer};
use std::collections::HashMap;
use std::sync::Arc;

/// The columns that a `resource` column becomes; ids from `id` on.
pub fn resource_fields(id: i32) -> Vec<Field> {
    vec![
        field(id, "resource_attributes", dictionary_text(), false),
        field(id + 1, "resource_dropped_attributes_count", DataType::UInt32, false),
        field(id + 2, "resource_schema_url", dictionary_text(), false),
        field(id + 3, "resource_entity_refs", dictionary_binary(), false),
    ]
}

/// The columns that a `scope` column becomes; ids from `id` on.
pub fn scope_fields(id: i32) -> Vec<Field> {
    vec![
        field(id, "scope_name", dictionary_text(), false),
        field(id + 1, "scope_version", dictionary_text(), false),
        field(id + 2, "scope_attributes", dictionary_text(), false),
        field(id + 3, "scope_dropped_attributes_count", DataType::UInt32, false),
        field(id + 4, "scope_schema_url", dictionary_text(), false),
    ]
}

fn dictionary_binary() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Binary))
}

type Coded = DictionaryArray<Int32Type>;

/// Arrays for `resource_fields`.
pub fn resource_columns(column: &ArrayRef) -> Result<Vec<ArrayRef>> {
    let coded: &Coded = downcast(column, "resource")?;
    let values: &BinaryArray = downcast(coded.values(), "resource")?;
    let parsed: Vec<Resource<'_>> =
        values.iter().map(|value| Resource::parse(value.unwrap_or_default()).unwrap_or_default()).collect();
    let refs: Vec<Vec<u8>> = parsed.iter().map(|resource| entity_refs(resource.message())).collect();
    Ok(vec![
        text(coded, parsed.iter().map(|resource| to_json(resource.attributes())))?,
        counts(coded, &parsed.iter().map(|resource| resource.dropped_attributes_count).collect::<Vec<_>>()),
        text(coded, parsed.iter().map(|resource| resource.schema_url.to_owned()))?,
        Arc::new(Coded::try_new(coded.keys().clone(), Arc::new(BinaryArray::from_iter_values(refs)))?),
    ])
}

/// Arrays for `scope_fields`.
pub fn scope_columns(column: &ArrayRef) -> Result<Vec<ArrayRef>> {
    let coded: &Coded = downcast(column, "scope")?;
    let values: &BinaryArray = downcast(coded.values(), "scope")?;
    let parsed: Vec<Scope<'_>> =
        values.iter().map(|value| Scope::parse(value.unwrap_or_default()).unwrap_or_default()).collect();
    Ok(vec![
        text(coded, parsed.iter().map(|scope| scope.name.to_owned()))?,
        text(coded, parsed.iter().map(|scope| scope.version.to_owned()))?,
        text(coded, parsed.iter().map(|scope| to_json(scope.attributes())))?,
        counts(coded, &parsed.iter().map(|scope| scope.dropped_attributes_count).collect::<Vec<_>>()),
        text(coded, parsed.iter().map(|scope| scope.schema_url.to_owned()))?,
    ])
}

fn text(coded: &Coded, values: impl Iterator<Item = String>) -> Result<ArrayRef> {
    Ok(Arc::new(Coded::try_new(coded.keys().clone(), Arc::new(StringArray::from_iter_values(values)))?))
}

fn counts(coded: &Coded, values: &[u32]) -> ArrayRef {
    Arc::new(UInt32Array::from_iter_values(coded.keys().values().iter().map(|key| values[*key as usize])))
}

/// `Resource.entity_refs` as they were sent: too young in OTLP to have columns.
fn entity_refs(message: &[u8]) -> Vec<u8> {
    let mut writer = Writer::new();
    for (number, field) in Reader::new(message).filter_map(Result::ok) {
        if number == 3 {
            writer.put_bytes_always(3, field.bytes());
        }
    }
    writer.into_bytes()
}

/// The `resource` column of a batch that was read from a file.
pub fn read_resource(batch: &RecordBatch) -> Result<ArrayRef> {
    let attributes: &Coded = downcast(column(batch, "resource_attributes")?, "resource_attributes")?;
    let dropped = numbers(batch, "resource_dropped_attributes_count")?;
    let url: &Coded = downcast(column(batch, "resource_schema_url")?, "resource_schema_url")?;
    let refs: &Coded = downcast(column(batch, "resource_entity_refs")?, "resource_entity_refs")?;
    let (texts, urls) = (strings(attributes)?, strings(url)?);
    let refs_values: &BinaryArray = downcast(refs.values(), "resource_entity_refs")?;
    let key = |row: usize| [keys(attributes)[row], dropped[row] as i32, keys(url)[row], keys(refs)[row]];
    rebuild(batch.num_rows(), key, |[attributes, dropped, url, refs]| {
        let mut message = Writer::new();
        message.put_raw(&from_json(texts.value(attributes as usize)));
        message.put_varint(2, u64::from(dropped as u32));
        message.put_raw(refs_values.value(refs as usize));
        origin::encode(message.as_bytes(), urls.value(url as usize))
    })
}

/// The `scope` column of a batch that was read from a file.
pub fn read_scope(batch: &RecordBatch) -> Result<ArrayRef> {
    let coded = |name: &str| downcast::<Coded>(column(batch, name)?, name);
    let (name, version) = (coded("scope_name")?, coded("scope_version")?);
    let (attributes, url) = (coded("scope_attributes")?, coded("scope_schema_url")?);
    let dropped = numbers(batch, "scope_dropped_attributes_count")?;
    let (names, versions) = (strings(name)?, strings(version)?);
    let (texts, urls) = (strings(attributes)?, strings(url)?);
    let key = |row: usize| {
        [keys(name)[row], keys(version)[row], keys(attributes)[row], dropped[row] as i32, keys(url)[row]]
    };
    rebuild(batch.num_rows(), key, |[name, version, attributes, dropped, url]| {
        let mut message = Writer::new();
        message.put_bytes(1, names.value(name as usize).as_bytes());
        message.put_bytes(2, versions.value(version as usize).as_bytes());
        let list = from_json(texts.value(attributes as usize));
        for (_, pair) in Reader::new(&list).filter_map(Result::ok) {
            message.put_bytes_always(3, pair.bytes());
        }
        message.put_varint(4, u64::from(dropped as u32));
        origin::encode(message.as_bytes(), urls.value(url as usize))
    })
}

fn numbers<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a [u32]> {
    super::numbers::<UInt32Type>(column(batch, name)?, name)
}

fn keys(coded: &Coded) -> &[i32] {
    coded.keys().values()
}

fn strings(coded: &Coded) -> Result<&StringArray> {
    coded.values().as_string_opt().ok_or_else(|| super::wrong_type("dictionary"))
}

/// A dictionary column whose values are made once for each distinct key.
fn rebuild<const N: usize>(
    rows: usize,
    key: impl Fn(usize) -> [i32; N],
    make: impl Fn([i32; N]) -> Vec<u8>,
) -> Result<ArrayRef> {
    let mut known: HashMap<[i32; N], i32> = HashMap::new();
    let mut values: Vec<Vec<u8>> = Vec::new();
    let mut last: Option<([i32; N], i32)> = None;
    let mut codes = Vec::with_capacity(rows);
    for row in 0..rows {
        let key = key(row);
        let code = match last {
            Some((same, code)) if same == key => code,
            _ => *known.entry(key).or_insert_with(|| {
                values.push(make(key));
                values.len() as i32 - 1
            }),
        };
        last = Some((key, code));
        codes.push(code);
    }
    let values = BinaryArray::from_iter_values(values);
    Ok(Arc::new(Coded::try_new(Int32Array::from(codes), Arc::new(values))?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_rows;
    use arrow::compute::cast;
    use arrow::datatypes::Schema;

    fn coded(values: &[Vec<u8>], codes: Vec<i32>) -> ArrayRef {
        let values = BinaryArray::from_iter_values(values);
        Arc::new(Coded::try_new(Int32Array::from(codes), Arc::new(values)).unwrap())
    }

    fn plain(column: &ArrayRef) -> ArrayRef {
        cast(column, &DataType::Binary).unwrap()
    }

    #[test]
    fn resource_and_scope_come_back_bit_exact() {
        let resource =
            coded(&[test_rows::resource(0), Vec::new(), test_rows::resource(1)], vec![0, 0, 2, 1, 0]);
        let fields = Schema::new(resource_fields(50));
        let batch = RecordBatch::try_new(Arc::new(fields), resource_columns(&resource).unwrap()).unwrap();
        assert_eq!(&plain(&read_resource(&batch).unwrap()), &plain(&resource));

        let scope = coded(&[test_rows::scope(0), Vec::new(), test_rows::scope(1)], vec![1, 0, 2, 2]);
        let fields = Schema::new(scope_fields(60));
        let batch = RecordBatch::try_new(Arc::new(fields), scope_columns(&scope).unwrap()).unwrap();
        assert_eq!(&plain(&read_scope(&batch).unwrap()), &plain(&scope));
    }
}
