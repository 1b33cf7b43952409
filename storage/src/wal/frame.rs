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

/// What every record has before its tenant's name.
pub const FIXED: usize = 4 + 4 + 8 + 1 + 1 + 2 + 8;
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

/// How many bytes the record has that begins here; none for what can be no length.
pub fn size(bytes: &[u8]) -> Option<usize> {
    let len = u32::from_le_bytes(*bytes.first_chunk::<4>()?) as usize;
    (COUNTED..=COUNTED + TENANT_BYTES + WAL_RECORD_BYTES).contains(&len).then_some(8 + len)
}

/// Whether a record may begin here, by what costs little to look at: a search tries every offset.
pub fn may_begin(bytes: &[u8], left: u64) -> bool {
    size(bytes).is_some_and(|size| size as u64 <= left) && bytes.len() >= FIXED && tenant_len(bytes).is_some()
}

/// The length of the tenant's name, where signal, version and length are ones that exist.
fn tenant_len(frame: &[u8]) -> Option<usize> {
    let frame = frame.first_chunk::<FIXED>()?;
    Signal::from_u8(frame[16])?;
    let len = usize::from(u16::from_le_bytes([frame[18], frame[19]]));
    (frame[17] == SCHEMA_VERSION && len <= TENANT_BYTES).then_some(len)
}

/// Reads a whole record: its header and payload. None when anything in it is wrong.
pub fn read(frame: &[u8], salt: u32) -> Option<(Header, &[u8])> {
    let number = |at: usize| frame.get(at..)?.first_chunk::<8>().map(|bytes| u64::from_le_bytes(*bytes));
    let signal = Signal::from_u8(*frame.get(16)?)?;
    let crc = u32::from_le_bytes(*frame.get(4..)?.first_chunk::<4>()?);
    let tenant = frame.get(FIXED..FIXED + tenant_len(frame)?)?;
    if crc != checksum(salt, frame) {
        return None;
    }
    let tenant = std::str::from_utf8(tenant).ok()?.to_owned();
    let header = Header { sequence: number(8)?, signal, covers: number(20)?, tenant };
    Some((header, &frame[FIXED + usize::from(u16::from_le_bytes([frame[18], frame[19]]))..]))
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
        assert_eq!(size(&bytes), Some(bytes.len()));
        assert!(may_begin(&bytes, bytes.len() as u64) && !may_begin(&bytes, bytes.len() as u64 - 1));
        assert_eq!(read(&bytes, salt(1)), Some((header(), &b"payload"[..])));
        for bit in 0..bytes.len() * 8 {
            let mut bent = bytes.clone();
            bent[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(read(&bent, salt(1)), None, "bit {bit}");
        }
        for end in 0..bytes.len() {
            assert_eq!(read(&bytes[..end], salt(1)), None, "cut at {end}");
        }
    }

    #[test]
    fn a_record_of_another_file_is_none_of_this_one() {
        let mut bytes = Vec::new();
        encode(&header(), salt(1), b"payload", &mut bytes);
        assert_eq!(read(&bytes, salt(2)), None);
    }

    #[test]
    fn zeros_are_no_record() {
        assert_eq!(size(&[0; 64]), None);
    }
}
