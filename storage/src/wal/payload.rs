//! The rows of a record: Arrow IPC messages (dictionary batches, then the record batch) without the
//! schema message, which the signal and the schema version name, as one lz4 block.
//!
//! One block over all of it, not one per buffer: small requests are mostly metadata and padding.

use crate::error::Result;
use arrow::array::RecordBatch;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::{
    DictionaryTracker, IpcDataGenerator, IpcWriteContext, IpcWriteOptions, write_message,
};
use ocelli_signal::Signal;
use std::io::{Cursor, Read};

/// Encodes batches; keeps its buffers from one to the next.
#[derive(Default)]
pub struct Encoder {
    options: IpcWriteOptions,
    context: IpcWriteContext,
    plain: Vec<u8>,
}

impl Encoder {
    /// The payload of a batch that is in its signal's schema.
    pub fn encode(&mut self, rows: &RecordBatch) -> Result<Vec<u8>> {
        let mut tracker = numbered_dictionaries(rows);
        let (dictionaries, batch) =
            IpcDataGenerator {}.encode(rows, &mut tracker, &self.options, &mut self.context)?;
        self.plain.clear();
        for message in dictionaries.into_iter().chain([batch]) {
            write_message(&mut self.plain, message, &self.options)?;
        }
        Ok(lz4_flex::block::compress_prepend_size(&self.plain))
    }
}

/// Dictionaries are numbered in the order of their columns, as the schema message numbers them.
fn numbered_dictionaries(rows: &RecordBatch) -> DictionaryTracker {
    let mut tracker = DictionaryTracker::new(false);
    for field in rows.schema_ref().fields() {
        if matches!(field.data_type(), DataType::Dictionary(..)) {
            tracker.next_dict_id();
        }
    }
    tracker
}

/// The rows of a payload.
pub fn decode(signal: Signal, payload: &[u8]) -> Result<RecordBatch> {
    let plain = lz4_flex::block::decompress_size_prepended(payload)
        .map_err(|error| ArrowError::IpcError(format!("lz4: {error}")))?;
    let mut stream =
        StreamReader::try_new(Cursor::new(schema_message(signal)?).chain(plain.as_slice()), None)?;
    let batch = stream.next().ok_or_else(|| ArrowError::IpcError("no record batch".into()))??;
    // The signal's own schema, not an equal one: batches are later compared by pointer first.
    Ok(batch.with_schema(signal.schema())?)
}

fn schema_message(signal: Signal) -> Result<Vec<u8>> {
    let options = IpcWriteOptions::default();
    let mut tracker = DictionaryTracker::new(false);
    let message =
        IpcDataGenerator {}.schema_to_bytes_with_dictionary_tracker(&signal.schema(), &mut tracker, &options);
    let mut bytes = Vec::new();
    write_message(&mut bytes, message, &options)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_rows;

    #[test]
    fn every_signal_reads_back_also_from_a_slice() {
        let mut encoder = Encoder::default();
        for signal in Signal::ALL {
            let rows = test_rows::batch(signal, 0, 50);
            for rows in [rows.clone(), rows.slice(7, 20), rows.slice(0, 0)] {
                let payload = encoder.encode(&rows).unwrap();
                assert_eq!(decode(signal, &payload).unwrap(), rows);
            }
        }
    }

    #[test]
    fn damaged_payloads_are_errors() {
        let payload = Encoder::default().encode(&test_rows::batch(Signal::Spans, 0, 20)).unwrap();
        assert!(decode(Signal::Spans, &payload[..payload.len() / 2]).is_err());
        assert!(decode(Signal::Spans, &[]).is_err());
    }
}
