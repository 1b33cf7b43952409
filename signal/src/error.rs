//! What can be wrong with bytes and batches.

/// Bytes that are not the protobuf message they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    #[error("the message ends in the middle of a field")]
    Truncated,
    #[error("a varint is longer than 64 bits")]
    VarintTooLong,
    #[error("field {field} has wire type {wire_type}, which protobuf does not know")]
    UnknownWireType { field: u32, wire_type: u8 },
    #[error("a field has the number 0")]
    ZeroField,
    #[error("a text field is not UTF-8")]
    NotUtf8,
    #[error("values are nested deeper than {limit}")]
    TooDeep { limit: usize },
}

/// A batch that is not in the signal's schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("column '{column}' is missing or not of type {expected}")]
pub struct SchemaError {
    pub column: &'static str,
    pub expected: &'static str,
}
