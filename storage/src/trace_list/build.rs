//! Makes the list while the rows are written.

use super::{BLOCK_ENTRIES, Entry, MAGIC, block_crc, hash};
use crate::catalog::FileEntry;
use crate::disk::Disk;
use crate::error::{IoContext, Result};
use crate::paths::TRACES_SUFFIX;
use crate::segment::sink::Sink;
use std::io::{self, Write};
use std::path::Path;

/// A list being made. It is given the trace ids in the order of the rows.
#[derive(Debug, Default)]
pub struct TraceListBuilder {
    entries: Vec<Entry>,
    last: [u8; 16],
    rows: u32,
}

impl TraceListBuilder {
    /// The trace of the next row.
    pub fn push(&mut self, trace_id: &[u8; 16]) {
        match self.entries.last_mut() {
            Some(entry) if self.last == *trace_id => entry.row_count += 1,
            _ => {
                self.entries.push(Entry { hash: hash(trace_id), first_row: self.rows, row_count: 1 });
                self.last = *trace_id;
            }
        }
        self.rows += 1;
    }

    /// The entries as they are in the file.
    pub fn into_sorted(self) -> Vec<Entry> {
        let mut entries = self.entries;
        entries.sort_unstable();
        entries
    }

    /// Writes the list under its temporary name.
    pub fn finish(self, disk: &dyn Disk, stem: &Path) -> Result<FileEntry> {
        let mut sink = Sink::create(disk, stem, TRACES_SUFFIX)?;
        let rows = self.rows;
        write(&mut sink, rows, &self.into_sorted()).context("write", stem)?;
        sink.finish()
    }
}

fn write(out: &mut impl Write, rows: u32, entries: &[Entry]) -> io::Result<()> {
    for (number, block) in entries.chunks(BLOCK_ENTRIES).enumerate() {
        let bytes: Vec<u8> = block
            .iter()
            .flat_map(|entry| [entry.hash, entry.first_row, entry.row_count])
            .flat_map(u32::to_le_bytes)
            .collect();
        out.write_all(&bytes)?;
        out.write_all(&block_crc(number, &bytes).to_le_bytes())?;
    }
    let mut trailer = [rows.to_le_bytes(), (entries.len() as u32).to_le_bytes()].concat();
    trailer.extend_from_slice(&crc32c::crc32c(&trailer).to_le_bytes());
    trailer.extend_from_slice(MAGIC);
    out.write_all(&trailer)
}
