//! Asks a bloom filter of a Parquet file for one value. The filter of a row group has a byte a row, and the
//! value falls to 32 of these: only they are read.
//!
//! Split block bloom filters: <https://parquet.apache.org/docs/file-format/bloomfilter/>.

use crate::disk::DiskReader;
use parquet::file::metadata::ColumnChunkMetaData;
use std::io;
use xxhash_rust::xxh64::xxh64;

const BLOCK_BYTES: u64 = 32;
/// Of the format: one odd number for each word of a block.
const SALTS: [u32; 8] =
    [0x47b6_137b, 0x4497_4d91, 0x8824_ad5b, 0xa2b7_289d, 0x7054_95c7, 0x2df1_424b, 0x9efc_4947, 0x5c6b_fb31];

/// Whether the filter of a column may have been given this value, in its plain encoding; `None` without a filter
/// that is understood.
pub fn may_have(
    file: &dyn DiskReader,
    column: &ColumnChunkMetaData,
    value: &[u8],
) -> io::Result<Option<bool>> {
    let place = (column.bloom_filter_offset(), column.bloom_filter_length());
    let (Some(offset), Some(length)) = place else { return Ok(None) };
    let (Ok(offset), Ok(length)) = (u64::try_from(offset), u64::try_from(length)) else { return Ok(None) };
    // The bits take a power of two, and the header before them less than a block.
    let bytes = 1u64 << length.max(1).ilog2();
    let header_bytes = length - bytes;
    if bytes < BLOCK_BYTES || header_bytes == 0 || header_bytes >= BLOCK_BYTES {
        return Ok(None);
    }
    let mut header = [0; BLOCK_BYTES as usize];
    let header = &mut header[..header_bytes as usize];
    file.read_at(offset, header)?;
    if bytes_told(header) != Some(bytes) {
        return Ok(None);
    }
    let hash = xxh64(value, 0);
    let block = ((hash >> 32) * (bytes / BLOCK_BYTES)) >> 32;
    let mut words = [0; BLOCK_BYTES as usize];
    file.read_at(offset + header_bytes + block * BLOCK_BYTES, &mut words)?;
    let mut words =
        words.chunks_exact(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]));
    let low = hash as u32;
    Ok(Some(
        SALTS
            .iter()
            .all(|salt| words.next().is_some_and(|word| word >> (low.wrapping_mul(*salt) >> 27) & 1 == 1)),
    ))
}

/// The first field of the header, in Thrift's compact protocol: how many bytes the bits take.
fn bytes_told(header: &[u8]) -> Option<u64> {
    const FIRST_FIELD_I32: u8 = 0x15;
    let (first, rest) = header.split_first()?;
    if *first != FIRST_FIELD_I32 {
        return None;
    }
    let mut number = 0u64;
    for (at, byte) in rest.iter().take(5).enumerate() {
        number |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            // Zigzag, of a number that is not negative.
            return (number & 1 == 0).then_some(number >> 1);
        }
    }
    None
}
