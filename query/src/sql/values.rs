//! Rows of an answer as JSON values, and as the texts of cells.

use crate::Error;
use arrow::array::{Array, RecordBatch};
use arrow::datatypes::{DataType, SchemaRef, TimeUnit};
use arrow::json::writer::{EncoderOptions, NullableEncoder, make_encoder};

/// How the type of a column is told: as SQL writes it.
pub fn type_name(data_type: &DataType) -> String {
    match data_type {
        DataType::Null => "null".to_owned(),
        DataType::Boolean => "boolean".to_owned(),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "text".to_owned(),
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => "bigint".to_owned(),
        DataType::UInt8 | DataType::UInt16 | DataType::UInt32 | DataType::UInt64 => {
            "bigint unsigned".to_owned()
        }
        DataType::Float16 | DataType::Float32 | DataType::Float64 => "double".to_owned(),
        DataType::Timestamp(TimeUnit::Nanosecond | TimeUnit::Microsecond, _) | DataType::Timestamp(..) => {
            "timestamp".to_owned()
        }
        DataType::Date32 | DataType::Date64 => "date".to_owned(),
        DataType::Dictionary(_, of) => type_name(of),
        DataType::List(of) | DataType::LargeList(of) | DataType::FixedSizeList(of, _) => {
            format!("{}[]", type_name(of.data_type()))
        }
        DataType::Map(..) => "map".to_owned(),
        other => other.to_string().to_lowercase(),
    }
}

/// What a batch takes, which may be a small part of what it was cut from.
pub fn bytes_of(batch: &RecordBatch) -> datafusion::common::Result<usize> {
    let mut bytes = 0;
    for column in batch.columns() {
        bytes += column.to_data().get_slice_memory_size()?;
    }
    Ok(bytes)
}

/// Writes the cells of rows.
pub struct Cells {
    schema: SchemaRef,
    options: EncoderOptions,
}

impl Cells {
    pub fn new(schema: &SchemaRef) -> Cells {
        let options = EncoderOptions::default().with_explicit_nulls(true);
        Cells { schema: schema.clone(), options }
    }

    /// Appends each row as the JSON of an array, with commas between them: texts, numbers, `null`, RFC 3339
    /// times, objects of maps.
    pub fn write_json(&self, batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), Error> {
        let mut columns = self.encoders(batch)?;
        for row in 0..batch.num_rows() {
            out.extend_from_slice(if row == 0 { b"[" } else { b",[" });
            for (at, column) in columns.iter_mut().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                match column.is_null(row) {
                    true => out.extend_from_slice(b"null"),
                    false => column.encode(row, out),
                }
            }
            out.push(b']');
        }
        Ok(())
    }

    /// Each row as texts; of what is no text its JSON, of what is not there nothing.
    pub fn texts(&self, batch: &RecordBatch) -> Result<Vec<Vec<String>>, Error> {
        let mut columns = self.encoders(batch)?;
        let mut rows = Vec::with_capacity(batch.num_rows());
        for row in 0..batch.num_rows() {
            let mut cells = Vec::with_capacity(columns.len());
            for column in &mut columns {
                let mut text = Vec::new();
                if !column.is_null(row) {
                    column.encode(row, &mut text);
                }
                let text = utf8(text)?;
                cells.push(match text.starts_with('"') {
                    true => serde_json::from_str(&text).map_err(Error::internal)?,
                    false => text,
                });
            }
            rows.push(cells);
        }
        Ok(rows)
    }

    fn encoders<'a>(&'a self, batch: &'a RecordBatch) -> Result<Vec<NullableEncoder<'a>>, Error> {
        let pairs = self.schema.fields().iter().zip(batch.columns());
        pairs.map(|(field, array)| make_encoder(field, array, &self.options).map_err(unprintable)).collect()
    }
}

fn utf8(text: Vec<u8>) -> Result<String, Error> {
    String::from_utf8(text).map_err(Error::internal)
}

/// Some types of Arrow have no JSON.
fn unprintable(error: arrow::error::ArrowError) -> Error {
    Error::Execution(format!(
        "a column can't be written as JSON or CSV: {error}; cast it to text, or ask for Arrow"
    ))
}
