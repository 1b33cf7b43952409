//! The checksums of a segment's files, block by block, in one small file beside them, so that a read
//! checks what it reads and not the whole file. Format: `docs/format/sums.md`.
//!
//! They lie beside the files rather than in the catalog, so that a catalog which is made anew from
//! the files still knows which bytes were written.

use super::sink::Sink;
use crate::catalog::FileEntry;
use crate::disk::{Disk, DiskReader};
use crate::error::{IoContext, Result};
use crate::paths::SUMS_SUFFIX;
use std::io::Write;
use std::path::Path;

/// A name and the format version.
const MAGIC: &[u8; 8] = b"OCELSUM\x01";
/// What one checksum is of; the last block of a file may be shorter. Small enough that a look-up
/// which needs one page reads little more, large enough that the sums are 1/65536 of the data.
pub const BLOCK_BYTES: u64 = 256 << 10;

/// The sums of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSums {
    pub bytes: u64,
    pub blocks: Vec<u32>,
}

/// Takes bytes as they are written, and sums up blocks.
#[derive(Debug, Default)]
pub struct Summing {
    blocks: Vec<u32>,
    open: u32,
    /// Bytes in the open block.
    length: u64,
}

impl Summing {
    pub fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let take = bytes.len().min((BLOCK_BYTES - self.length) as usize);
            self.open = crc32c::crc32c_append(self.open, &bytes[..take]);
            self.length += take as u64;
            bytes = &bytes[take..];
            if self.length == BLOCK_BYTES {
                self.blocks.push(std::mem::take(&mut self.open));
                self.length = 0;
            }
        }
    }

    /// The sums, and by them that of the whole.
    pub fn finish(mut self) -> (Vec<u32>, u32) {
        let (last, length) = (self.open, self.length);
        let mut whole = 0;
        for block in &self.blocks {
            whole = crc32c::crc32c_combine(whole, *block, BLOCK_BYTES as usize);
        }
        if length > 0 {
            self.blocks.push(last);
            whole = crc32c::crc32c_combine(whole, last, length as usize);
        }
        (self.blocks, whole)
    }
}

/// Writes the sums of these files under a temporary name; its entry comes back.
pub fn write(disk: &dyn Disk, stem: &Path, files: &[FileEntry]) -> Result<FileEntry> {
    let mut text = MAGIC.to_vec();
    for file in files {
        text.push(file.suffix.len() as u8);
        text.extend_from_slice(file.suffix.as_bytes());
        text.extend_from_slice(&file.bytes.to_le_bytes());
        text.extend_from_slice(&(file.blocks.len() as u32).to_le_bytes());
        file.blocks.iter().for_each(|sum| text.extend_from_slice(&sum.to_le_bytes()));
    }
    let crc = crc32c::crc32c(&text);
    text.extend_from_slice(&crc.to_le_bytes());
    let mut sink = Sink::create(disk, stem, SUMS_SUFFIX)?;
    sink.write_all(&text).context("write", stem)?;
    sink.finish()
}

/// The sums in a file, by suffix; why not, where it is not what was written.
pub fn parse(text: &[u8]) -> std::result::Result<Vec<(String, FileSums)>, &'static str> {
    let (body, crc) = text.split_last_chunk::<4>().ok_or("it is too short")?;
    if crc32c::crc32c(body) != u32::from_le_bytes(*crc) {
        return Err("its checksum is wrong");
    }
    let mut rest = body.strip_prefix(MAGIC).ok_or("it does not begin as sums of this version do")?;
    let mut files = Vec::new();
    while !rest.is_empty() {
        files.push(parse_file(&mut rest).ok_or("a file in it is cut off")?);
    }
    Ok(files)
}

fn parse_file(rest: &mut &[u8]) -> Option<(String, FileSums)> {
    let length = usize::from(*rest.split_off_first()?);
    let suffix = std::str::from_utf8(rest.split_off(..length)?).ok()?.to_owned();
    let bytes = u64::from_le_bytes(rest.split_off(..8)?.try_into().ok()?);
    let count = u32::from_le_bytes(rest.split_off(..4)?.try_into().ok()?);
    let sums = rest.split_off(..4 * usize::try_from(count).ok()?)?;
    let blocks: Vec<u32> = sums.as_chunks::<4>().0.iter().map(|sum| u32::from_le_bytes(*sum)).collect();
    (blocks.len() as u64 == bytes.div_ceil(BLOCK_BYTES)).then_some((suffix, FileSums { bytes, blocks }))
}

/// Sums up a file as it is: for one that nobody has sums of.
pub fn of_file(file: &dyn DiskReader) -> std::io::Result<FileSums> {
    let mut summing = Summing::default();
    let mut buffer = vec![0; BLOCK_BYTES as usize];
    let mut at = 0;
    while at < file.bytes() {
        let length = BLOCK_BYTES.min(file.bytes() - at) as usize;
        file.read_at(at, &mut buffer[..length])?;
        summing.update(&buffer[..length]);
        at += length as u64;
    }
    Ok(FileSums { bytes: file.bytes(), blocks: summing.finish().0 })
}

impl FileSums {
    /// crc32c of the whole file.
    pub fn whole(&self) -> u32 {
        let mut left = self.bytes;
        self.blocks.iter().fold(0, |whole, block| {
            let length = left.min(BLOCK_BYTES);
            left -= length;
            crc32c::crc32c_combine(whole, *block, length as usize)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::memory::MemoryDisk;
    use crate::paths;

    #[test]
    fn sums_are_read_back_and_make_up_the_sum_of_the_whole() {
        let (disk, stem) = (MemoryDisk::default(), Path::new("a"));
        let sizes = [0, 1, BLOCK_BYTES as usize, 2 * BLOCK_BYTES as usize + 7];
        for size in sizes {
            let bytes: Vec<u8> = (0..size).map(|n| (n * 31 % 251) as u8).collect();
            let mut sink = Sink::create(&disk, stem, ".parquet").unwrap();
            bytes.chunks(1000).for_each(|chunk| sink.write_all(chunk).unwrap());
            let entry = sink.finish().unwrap();
            assert_eq!(entry.crc32c, crc32c::crc32c(&bytes), "{size}");
            let written = write(&disk, stem, std::slice::from_ref(&entry)).unwrap();
            let path = paths::with_suffix(Path::new("a.sums"), paths::TEMP_SUFFIX);
            let mut text = crate::disk::read(&disk, &path).unwrap();
            assert_eq!(written.crc32c, crc32c::crc32c(&text));
            let [(suffix, sums)] = &parse(&text).unwrap()[..] else { panic!("one file") };
            assert_eq!((suffix.as_str(), sums.whole()), (".parquet", entry.crc32c));
            for at in 0..text.len() {
                text[at] ^= 0x10;
                assert!(parse(&text).is_err(), "a flip at {at} of {size}");
                assert!(parse(&text[..at]).is_err(), "a cut at {at} of {size}");
                text[at] ^= 0x10;
            }
        }
    }
}
