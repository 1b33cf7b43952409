//! Protobuf's wire format, read without allocation and written into one buffer.
//!
//! Source: protobuf encoding guide. Groups (wire types 3 and 4) are long deprecated and OTLP has
//! none; they are refused.

use crate::error::WireError;

/// The payload of one field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Field<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
    Fixed32(u32),
}

impl<'a> Field<'a> {
    /// The bytes of a string, bytes or message field; empty for any other wire type, which a
    /// sender of another schema may use.
    pub fn bytes(self) -> &'a [u8] {
        match self {
            Field::Bytes(bytes) => bytes,
            _ => &[],
        }
    }

    pub fn str(self) -> Result<&'a str, WireError> {
        std::str::from_utf8(self.bytes()).map_err(|_| WireError::NotUtf8)
    }

    /// The number of an integer field, whichever way it is encoded; 0 for bytes.
    pub fn u64(self) -> u64 {
        match self {
            Field::Varint(n) | Field::Fixed64(n) => n,
            Field::Fixed32(n) => u64::from(n),
            Field::Bytes(_) => 0,
        }
    }

    /// The low 32 bits, as protobuf truncates `uint32` and `fixed32`.
    pub fn u32(self) -> u32 {
        self.u64() as u32
    }

    /// `int32` and enums: negative numbers are sign-extended to 64 bits on the wire.
    pub fn i32(self) -> i32 {
        self.u64() as i32
    }

    pub fn i64(self) -> i64 {
        self.u64() as i64
    }

    /// `sint32`.
    pub fn sint32(self) -> i32 {
        let n = self.u64() as u32;
        ((n >> 1) as i32) ^ -((n & 1) as i32)
    }

    pub fn f64(self) -> f64 {
        f64::from_bits(self.u64())
    }

    pub fn bool(self) -> bool {
        self.u64() != 0
    }
}

/// Walks the fields of one message in the order they are sent. After an error it ends.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub fn new(message: &'a [u8]) -> Reader<'a> {
        Reader { rest: message }
    }

    /// The bytes that are not yet walked.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    fn field(&mut self) -> Result<(u32, Field<'a>), WireError> {
        let key = read_varint(&mut self.rest)?;
        let field = (key >> 3) as u32;
        if field == 0 {
            return Err(WireError::ZeroField);
        }
        let value = match (key & 7) as u8 {
            0 => Field::Varint(read_varint(&mut self.rest)?),
            1 => Field::Fixed64(u64::from_le_bytes(self.take()?)),
            2 => {
                let len = usize::try_from(read_varint(&mut self.rest)?).map_err(|_| WireError::Truncated)?;
                let (bytes, rest) = self.rest.split_at_checked(len).ok_or(WireError::Truncated)?;
                self.rest = rest;
                Field::Bytes(bytes)
            }
            5 => Field::Fixed32(u32::from_le_bytes(self.take()?)),
            wire_type => return Err(WireError::UnknownWireType { field, wire_type }),
        };
        Ok((field, value))
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let (bytes, rest) = self.rest.split_first_chunk::<N>().ok_or(WireError::Truncated)?;
        self.rest = rest;
        Ok(*bytes)
    }
}

impl<'a> Iterator for Reader<'a> {
    type Item = Result<(u32, Field<'a>), WireError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let item = self.field();
        if item.is_err() {
            self.rest = &[];
        }
        Some(item)
    }
}

/// Takes a varint off the front. Most are one byte: keys, short lengths, flags.
#[inline]
pub fn read_varint(rest: &mut &[u8]) -> Result<u64, WireError> {
    if let [byte @ 0..=0x7f, tail @ ..] = *rest {
        *rest = tail;
        return Ok(u64::from(*byte));
    }
    read_long_varint(rest)
}

fn read_long_varint(rest: &mut &[u8]) -> Result<u64, WireError> {
    let mut value = 0u64;
    for (at, byte) in rest.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            *rest = &rest[at + 1..];
            return Ok(value);
        }
    }
    Err(if rest.len() < 10 { WireError::Truncated } else { WireError::VarintTooLong })
}

/// The numbers of a repeated `fixed64` or `double` field: packed, or one a field.
pub fn fixed64s(field: Field<'_>) -> impl Iterator<Item = u64> + '_ {
    let (single, packed) = match field {
        Field::Bytes(bytes) => (None, bytes),
        other => (Some(other.u64()), &[][..]),
    };
    let packed = packed.chunks_exact(8).map(|chunk| {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(chunk);
        u64::from_le_bytes(bytes)
    });
    single.into_iter().chain(packed)
}

/// The numbers of a repeated varint field: packed, or one a field.
pub fn varints(field: Field<'_>, mut push: impl FnMut(u64)) -> Result<(), WireError> {
    let Field::Bytes(mut rest) = field else {
        push(field.u64());
        return Ok(());
    };
    while !rest.is_empty() {
        push(read_varint(&mut rest)?);
    }
    Ok(())
}

/// Appends fields to a buffer. Scalars at their default are left out, as proto3 does.
#[derive(Clone, Debug, Default)]
pub struct Writer {
    buffer: Vec<u8>,
}

impl Writer {
    pub fn new() -> Writer {
        Writer::default()
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.buffer
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.buffer
    }

    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    pub fn clear(&mut self) {
        self.buffer.clear();
    }

    fn put_key(&mut self, field: u32, wire_type: u8) {
        write_varint(&mut self.buffer, u64::from(field) << 3 | u64::from(wire_type));
    }

    pub fn put_varint(&mut self, field: u32, value: u64) {
        if value != 0 {
            self.put_varint_always(field, value);
        }
    }

    /// For members of a `oneof` and optional fields, where a default is not an absence.
    pub fn put_varint_always(&mut self, field: u32, value: u64) {
        self.put_key(field, 0);
        write_varint(&mut self.buffer, value);
    }

    /// `int32`, `int64` and enums.
    pub fn put_int(&mut self, field: u32, value: i64) {
        self.put_varint(field, value as u64);
    }

    pub fn put_sint32(&mut self, field: u32, value: i32) {
        self.put_varint(field, u64::from(((value << 1) ^ (value >> 31)) as u32));
    }

    pub fn put_fixed64(&mut self, field: u32, value: u64) {
        if value != 0 {
            self.put_fixed64_always(field, value);
        }
    }

    pub fn put_fixed64_always(&mut self, field: u32, value: u64) {
        self.put_key(field, 1);
        self.buffer.extend_from_slice(&value.to_le_bytes());
    }

    pub fn put_double_always(&mut self, field: u32, value: f64) {
        self.put_fixed64_always(field, value.to_bits());
    }

    pub fn put_fixed32(&mut self, field: u32, value: u32) {
        if value != 0 {
            self.put_key(field, 5);
            self.buffer.extend_from_slice(&value.to_le_bytes());
        }
    }

    /// A string, bytes or packed field; left out when empty.
    pub fn put_bytes(&mut self, field: u32, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.put_bytes_always(field, bytes);
        }
    }

    /// An element of a repeated field, or a member of a `oneof`.
    pub fn put_bytes_always(&mut self, field: u32, bytes: &[u8]) {
        self.put_key(field, 2);
        write_varint(&mut self.buffer, bytes.len() as u64);
        self.buffer.extend_from_slice(bytes);
    }

    /// A nested message, also when it is empty.
    pub fn put_message(&mut self, field: u32, fill: impl FnOnce(&mut Writer)) {
        self.put_key(field, 2);
        let start = self.buffer.len();
        // The length goes in front of what is not yet written: most messages need one byte.
        self.buffer.push(0);
        fill(self);
        let length = self.buffer.len() - start - 1;
        if length < 0x80 {
            self.buffer[start] = length as u8;
            return;
        }
        let mut prefix = Vec::with_capacity(10);
        write_varint(&mut prefix, length as u64);
        self.buffer.splice(start..=start, prefix);
    }

    pub fn put_packed_fixed64(&mut self, field: u32, values: impl ExactSizeIterator<Item = u64>) {
        if values.len() == 0 {
            return;
        }
        self.put_key(field, 2);
        write_varint(&mut self.buffer, 8 * values.len() as u64);
        values.for_each(|value| self.buffer.extend_from_slice(&value.to_le_bytes()));
    }

    pub fn put_packed_varints(&mut self, field: u32, values: &[u64]) {
        if !values.is_empty() {
            self.put_message(field, |inner| {
                values.iter().for_each(|value| write_varint(&mut inner.buffer, *value));
            });
        }
    }

    /// Fields that are already encoded.
    pub fn put_raw(&mut self, fields: &[u8]) {
        self.buffer.extend_from_slice(fields);
    }
}

/// Appends a varint.
pub fn write_varint(buffer: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        buffer.push(value as u8 | 0x80);
        value >>= 7;
    }
    buffer.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nested_messages_carry_their_length() {
        let mut writer = Writer::new();
        writer.put_message(1, |inner| inner.put_bytes(2, &[7; 200]));
        let bytes = writer.into_bytes();
        let fields: Result<Vec<_>, _> = Reader::new(&bytes).collect();
        let (1, Field::Bytes(inner)) = fields.unwrap()[0] else { panic!("field 1 is a message") };
        assert_eq!(Reader::new(inner).next().unwrap().unwrap(), (2, Field::Bytes(&[7; 200][..])));
    }

    #[test]
    fn what_is_cut_off_is_an_error_not_a_panic() {
        let mut writer = Writer::new();
        writer.put_fixed64(1, 5);
        writer.put_bytes(2, b"hello");
        writer.put_varint(3, u64::MAX);
        let bytes = writer.into_bytes();
        for end in 1..bytes.len() {
            let whole = Reader::new(&bytes[..end]).all(|field| field.is_ok());
            assert_eq!(whole, end == 9 || end == 16, "cut at {end}");
        }
        assert_eq!(
            Reader::new(&[0x0b]).next(),
            Some(Err(WireError::UnknownWireType { field: 1, wire_type: 3 }))
        );
        assert_eq!(Reader::new(&[0x08, 0xff, 0xff]).next(), Some(Err(WireError::Truncated)));
        assert_eq!(Reader::new(&[0xff; 12]).next(), Some(Err(WireError::VarintTooLong)));
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(bytes: Vec<u8>) {
            Reader::new(&bytes).for_each(drop);
        }

        #[test]
        fn sint32_round_trips(value: i32) {
            let mut writer = Writer::new();
            writer.put_sint32(4, value);
            let read = Reader::new(writer.as_bytes()).next().map(|field| field.unwrap().1.sint32());
            prop_assert_eq!(read.unwrap_or(0), value);
        }
    }
}
