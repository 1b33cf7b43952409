//! One record in a WAL file:
//! `len | crc32c | sequence | signal | version | tenant len | covers | header crc32c | tenant | payload`,
//! little endian. The first CRC is over everything but itself, the second over what comes before it but
//! the first: by it a record that was not written to its end is told from one whose length is damaged.
//! Both begin with the file's salt, so that a record of another file is never taken for one of this.

use crate::limits::{TENANT_BYTES, WAL_RECORD_BYTES};
use ocelli_signal::Signal;

/// First bytes of a file: a name and the format version.
pub const MAGIC: &[u8; 8] = b"OCELWAL\x01";
/// Magic, first sequence, the file before this one, CRC.
pub const FILE_HEADER: usize = 8 + 8 + 8 + 8 + 4;
/// Version of the signals' schemas that payloads are in.
pub const SCHEMA_VERSION: u8 = 1;

/// What every record has before its tenant's name.
pub const FIXED: usize = HEADER_CRC + 4;
const HEADER_CRC: usize = 4 + 4 + 8 + 1 + 1 + 2 + 8;
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

/// A file as it was when the next one was begun: it can't be shorter later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Previous {
    /// 0 when there was none.
    pub first_sequence: u64,
    pub bytes: u64,
}

/// The begin of a file.
pub fn file_header(first_sequence: u64, previous: Previous) -> [u8; FILE_HEADER] {
    let mut header = [0; FILE_HEADER];
    header[..8].copy_from_slice(MAGIC);
    header[8..16].copy_from_slice(&first_sequence.to_le_bytes());
    header[16..24].copy_from_slice(&previous.first_sequence.to_le_bytes());
    header[24..32].copy_from_slice(&previous.bytes.to_le_bytes());
    let crc = crc32c::crc32c(&header[..32]);
    header[32..].copy_from_slice(&crc.to_le_bytes());
    header
}

/// What the begin of a file says about the one before it; none when it is not what was written.
pub fn parse_file_header(bytes: &[u8], first_sequence: u64) -> Option<Previous> {
    let number = |at: usize| bytes.get(at..)?.first_chunk::<8>().map(|bytes| u64::from_le_bytes(*bytes));
    let previous = Previous { first_sequence: number(16)?, bytes: number(24)? };
    (bytes == file_header(first_sequence, previous)).then_some(previous)
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
    let crc = header_checksum(salt, &out[start..]);
    out.extend_from_slice(&crc.to_le_bytes());
    out.extend_from_slice(header.tenant.as_bytes());
    out.extend_from_slice(payload);
    let crc = checksum(salt, &out[start..]);
    out[start + 4..start + 8].copy_from_slice(&crc.to_le_bytes());
}

/// What a record takes in its file.
#[cfg(test)]
pub fn record_bytes(header: &Header, payload: usize) -> usize {
    FIXED + header.tenant.len() + payload
}

fn checksum(salt: u32, frame: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c_append(salt, &frame[..4]), &frame[8..])
}

fn header_checksum(salt: u32, frame: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c_append(salt, &frame[..4]), &frame[8..HEADER_CRC])
}

/// How many bytes the record has whose header these bytes begin with; none when they are no header.
pub fn size(bytes: &[u8], salt: u32) -> Option<usize> {
    let header = bytes.first_chunk::<FIXED>()?;
    let len = u32::from_le_bytes(*header.first_chunk::<4>()?) as usize;
    let crc = u32::from_le_bytes(*header.last_chunk::<4>()?);
    let fits = (COUNTED..=COUNTED + TENANT_BYTES + WAL_RECORD_BYTES).contains(&len);
    (fits && tenant_len(header).is_some() && crc == header_checksum(salt, header)).then_some(8 + len)
}

/// The length of the tenant's name, where signal, version and length are ones that exist.
fn tenant_len(header: &[u8; FIXED]) -> Option<usize> {
    Signal::from_u8(header[16])?;
    let len = usize::from(u16::from_le_bytes([header[18], header[19]]));
    (header[17] == SCHEMA_VERSION && len <= TENANT_BYTES).then_some(len)
}

/// Reads a whole record: its header and payload. None when anything in it is wrong.
pub fn read(frame: &[u8], salt: u32) -> Option<(Header, &[u8])> {
    let number = |at: usize| frame.get(at..)?.first_chunk::<8>().map(|bytes| u64::from_le_bytes(*bytes));
    let header = frame.first_chunk::<FIXED>()?;
    let (signal, tenant_len) = (Signal::from_u8(header[16])?, tenant_len(header)?);
    let crc = u32::from_le_bytes(*frame.get(4..)?.first_chunk::<4>()?);
    let tenant = frame.get(FIXED..FIXED + tenant_len)?;
    if size(frame, salt)? != frame.len() || crc != checksum(salt, frame) {
        return None;
    }
    let tenant = std::str::from_utf8(tenant).ok()?.to_owned();
    let header = Header { sequence: number(8)?, signal, covers: number(20)?, tenant };
    Some((header, &frame[FIXED + tenant_len..]))
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
        assert_eq!(size(&bytes, salt(1)), Some(bytes.len()));
        assert_eq!(read(&bytes, salt(1)), Some((header(), &b"payload"[..])));
        for bit in 0..bytes.len() * 8 {
            let mut bent = bytes.clone();
            bent[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(read(&bent, salt(1)), None, "bit {bit}");
            let in_header = bit < FIXED * 8 && !(32..64).contains(&bit);
            assert_eq!(size(&bent, salt(1)).is_none(), in_header, "bit {bit}");
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
        assert_eq!(size(&[0; 64], salt(1)), None);
    }

    #[test]
    fn a_file_header_tells_of_the_file_before_and_every_flipped_bit_is_found() {
        let previous = Previous { first_sequence: 3, bytes: 1_000 };
        let header = file_header(9, previous);
        assert_eq!(parse_file_header(&header, 9), Some(previous));
        assert_eq!(parse_file_header(&header, 8), None);
        for bit in 0..FILE_HEADER * 8 {
            let mut bent = header;
            bent[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(parse_file_header(&bent, 9), None, "bit {bit}");
        }
    }
}
