//! Against what the bytes of a segment's files are checked.

use super::Segment;
use super::sums::{self, FileSums};
use super::verified::Checked;
use crate::disk::{self, DiskReader};
use crate::error::{Error, IoContext, Result};
use crate::paths::SUMS_SUFFIX;

/// What is known of a file before its first block is read: the catalog vouches for the sums, and they
/// for the blocks. Where the sums are lost, the whole file is read and compared with the catalog.
pub fn begin(segment: &Segment, suffix: &str, file: &dyn DiskReader) -> Result<Checked> {
    let path = segment.entry.path(suffix);
    let expected = segment.entry.file(suffix);
    let expected = expected.ok_or_else(|| Error::corrupt(&path, "the catalog does not know it"))?;
    if let Some(sums) = told(segment, suffix)?
        && (sums.bytes, sums.whole()) == (expected.bytes, expected.crc32c)
        && file.bytes() == sums.bytes
    {
        return Ok(Checked::new(sums));
    }
    let found = sums::of_file(file).context("read", &path)?;
    if found.whole() != expected.crc32c {
        return Err(Error::corrupt(&path, "its checksum is wrong"));
    }
    Ok(Checked::new(found))
}

/// The sums of a file; none, and a report, where they are not what was written. Of a store that can't
/// be reached nothing is known.
fn told(segment: &Segment, suffix: &str) -> Result<Option<FileSums>> {
    let Some(expected) = segment.entry.file(SUMS_SUFFIX) else { return Ok(None) };
    let path = segment.entry.path(SUMS_SUFFIX);
    let found = match disk::read(segment.context.disk.as_ref(), &path) {
        Ok(text) if crc32c::crc32c(&text) != expected.crc32c => Err("its checksum is wrong"),
        Ok(text) => sums::parse(&text),
        Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            Err("it is missing")
        }
        Err(error) => return Err(error),
    };
    match found {
        Ok(files) => Ok(files.into_iter().find(|(of, _)| of == suffix).map(|(_, sums)| sums)),
        Err(why) => {
            segment.context.reports.add(&path, why);
            Ok(None)
        }
    }
}
