//! The files of an index in one: the parts, then a list of them, then a trailer of fixed length.
//! Format: `docs/format/log_index.md`.

use crate::disk::DiskReader;
use crate::error::{IoContext, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

/// A name and the format version.
const MAGIC: &[u8; 8] = b"OCELIDX\x01";
/// crc32c of parts and list, length of the list, magic.
const TRAILER: usize = 4 + 4 + 8;

/// One file of the index.
pub struct Part {
    pub name: String,
    pub bytes: Vec<u8>,
}

/// Where the parts lie.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents {
    /// Rows that were indexed.
    pub rows: u32,
    /// Offset and length by name.
    pub parts: BTreeMap<String, (u64, u64)>,
}

/// Writes a bundle.
pub fn write(out: &mut impl Write, rows: u32, parts: Vec<Part>) -> Result<()> {
    let mut contents = Contents { rows, parts: BTreeMap::new() };
    let mut at = 0;
    let mut crc = 0;
    let here = Path::new("index bundle");
    for part in parts {
        out.write_all(&part.bytes).context("write", here)?;
        crc = crc32c::crc32c_append(crc, &part.bytes);
        contents.parts.insert(part.name, (at, part.bytes.len() as u64));
        at += part.bytes.len() as u64;
    }
    let list = serde_json::to_vec(&contents).map_err(std::io::Error::other).context("write", here)?;
    crc = crc32c::crc32c_append(crc, &list);
    let mut trailer = Vec::with_capacity(list.len() + TRAILER);
    trailer.extend_from_slice(&list);
    trailer.extend_from_slice(&crc.to_le_bytes());
    trailer.extend_from_slice(&(list.len() as u32).to_le_bytes());
    trailer.extend_from_slice(MAGIC);
    out.write_all(&trailer).context("write", here)
}

/// Reads the list of the parts, and says what is wrong. The bytes of the parts are checked by the
/// reader when they are read.
pub fn contents(file: &dyn DiskReader) -> std::result::Result<Contents, String> {
    let io = |error: std::io::Error| error.to_string();
    let end = file.bytes().checked_sub(TRAILER as u64).ok_or("it is too short")?;
    let mut trailer = [0; TRAILER];
    file.read_at(end, &mut trailer).map_err(io)?;
    if trailer[8..] != MAGIC[..] {
        return Err("it does not end as an index of this version does".into());
    }
    let word =
        |at: usize| u32::from_le_bytes([trailer[at], trailer[at + 1], trailer[at + 2], trailer[at + 3]]);
    let list_at = end.checked_sub(u64::from(word(4))).ok_or("its list of parts is too long")?;
    let mut list = vec![0; (end - list_at) as usize];
    file.read_at(list_at, &mut list).map_err(io)?;
    let contents: Contents = serde_json::from_slice(&list).map_err(|error| error.to_string())?;
    let inside = |(at, len): &(u64, u64)| at.checked_add(*len).is_some_and(|part_end| part_end <= list_at);
    if contents.parts.values().all(inside) { Ok(contents) } else { Err("a part lies outside".into()) }
}
