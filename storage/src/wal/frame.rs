//! One record in a WAL file: `len | crc32c | sequence | signal | version | tenant len | covers | tenant | payload`,
//! little endian. The CRC is over everything but itself and begins with the file's salt, so that a
//! record of another file is never taken for one of this file.

use crate::limits::{TENANT_BYTES, WAL_RECORD_BYTES};
use ocelli_signal::Signal;

/// First bytes of a file: a name and the format version.
pub const MAGIC: &[u8; 8] = b"OCELWAL\x01";
/// The magic and the first sequence.
pub const FILE_HEADER: usize = 16;
/// Version of the signals' schemas that payloads are in.
pub const SCHEMA_VERSION: u8 = 1;

const FIXED: usize = 4 + 4 + 8 + 1 + 1 + 2 + 8;
/// What the length counts beside the payload: everything after length and CRC.
const COUNTED: usize = FIXED - 8;

/// What a record says about its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Grows by at least one from record to record.
    pub sequence: u64,
    pub signal: Signal,
    /// The record tells about all spans up to this sequence; 0 for a record that doesn't.
    pub covers: u64,
    pub tenant: String,
}

/// What begins each CRC of a file.
pub fn salt(first_sequence: u64) -> u32 {
    crc32c::crc32c(&first_sequence.to_le_bytes())
}

/// The begin of a file.
pub fn file_header(first_sequence: u64) -> [u8; FILE_HEADER] {
    let mut header = [0; FILE_HEADER];
    header[..8].copy_from_slice(MAGIC);
    header[8..].copy_from_slice(&first_sequence.to_le_bytes());
    header
}

/// Appends a record.
pub fn encode(header: &Header, salt: u32, payload: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    let len = COUNTED + header.tenant.len() + payload.len();
    out.reserve(8 + len);
    out.extend_from_slice(&(len as u32).to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&header.sequence.to_le_bytes());
    out.push(header.signal as u8);
    out.push(SCHEMA_VERSION);
    out.extend_from_slice(&(header.tenant.len() as u16).to_le_bytes());
    out.extend_from_slice(&header.covers.to_le_bytes());
    out.extend_from_slice(header.tenant.as_bytes());
    out.extend_from_slice(payload);
    let crc = checksum(salt, &out[start..]);
    out[start + 4..start + 8].copy_from_slice(&crc.to_le_bytes());
}

fn checksum(salt: u32, frame: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c_append(salt, &frame[..4]), &frame[8..])
}

/// What lies at the begin of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub enum Parsed<'a> {
    Record {
        header: Header,
        payload: &'a [u8],
        bytes: usize,
    },
    /// The bytes end before the record does, if it is one.
    Cut,
    /// No record: wrong lengths, kinds or checksum.
    Damaged,
}

/// Reads one record.
pub fn parse(bytes: &[u8], salt: u32) -> Parsed<'_> {
    let Some(len) = bytes.first_chunk::<4>().map(|len| u32::from_le_bytes(*len) as usize) else {
        return Parsed::Cut;
    };
    if !(COUNTED..=COUNTED + TENANT_BYTES + WAL_RECORD_BYTES).contains(&len) {
        return if bytes.iter().all(|b| *b == 0) { Parsed::Cut } else { Parsed::Damaged };
    }
    let Some(frame) = bytes.get(..8 + len) else { return Parsed::Cut };
    read(frame, salt).map_or(Parsed::Damaged, |(header, payload)| Parsed::Record {
        header,
        payload,
        bytes: frame.len(),
    })
}

fn read(frame: &[u8], salt: u32) -> Option<(Header, &[u8])> {
    let number = |at: usize| frame.get(at..)?.first_chunk::<8>().map(|bytes| u64::from_le_bytes(*bytes));
    let signal = Signal::from_u8(frame[16])?;
    let tenant_len = usize::from(u16::from_le_bytes([frame[18], frame[19]]));
    if frame[17] != SCHEMA_VERSION || tenant_len > TENANT_BYTES {
        return None;
    }
    // The checksum last: a search for the next good record tries every offset.
    let crc = u32::from_le_bytes(*frame.get(4..)?.first_chunk::<4>()?);
    let tenant = frame.get(FIXED..FIXED + tenant_len)?;
    if crc != checksum(salt, frame) {
        return None;
    }
    let tenant = std::str::from_utf8(tenant).ok()?.to_owned();
    Some((Header { sequence: number(8)?, signal, covers: number(20)?, tenant }, &frame[FIXED + tenant_len..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        Header { sequence: 42, signal: Signal::Logs, covers: 7, tenant: "default".into() }
    }

    #[test]
    fn a_record_reads_back_and_every_flipped_bit_is_found() {
        let mut bytes = Vec::new();
        encode(&header(), salt(1), b"payload", &mut bytes);
        let whole = Parsed::Record { header: header(), payload: b"payload", bytes: bytes.len() };
        assert_eq!(parse(&bytes, salt(1)), whole);
        for bit in 0..bytes.len() * 8 {
            let mut bent = bytes.clone();
            bent[bit / 8] ^= 1 << (bit % 8);
            assert!(!matches!(parse(&bent, salt(1)), Parsed::Record { .. }), "bit {bit}");
        }
        for end in 0..bytes.len() {
            assert_eq!(parse(&bytes[..end], salt(1)), Parsed::Cut, "cut at {end}");
        }
    }

    #[test]
    fn a_record_of_another_file_is_none_of_this_one() {
        let mut bytes = Vec::new();
        encode(&header(), salt(1), b"payload", &mut bytes);
        assert_eq!(parse(&bytes, salt(2)), Parsed::Damaged);
    }

    #[test]
    fn zeros_are_a_cut_not_a_record() {
        assert_eq!(parse(&[0; 64], salt(1)), Parsed::Cut);
    }
}
