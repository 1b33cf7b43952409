//! The way back: reads WAL files record by record, and tells damage from a torn tail.

use super::frame::{self, FILE_HEADER, Header, MAGIC, Parsed};
use crate::disk::{self, Disk};
use crate::error::{IoContext, Result};
use crate::paths;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// What is met on the way through a file, in order.
#[derive(Debug, PartialEq, Eq)]
pub enum Finding<'a> {
    Record {
        header: Header,
        payload: &'a [u8],
    },
    /// Bytes that were written whole and are no record any more.
    Damage {
        range: Range<usize>,
        bytes: &'a [u8],
    },
    /// The last write did not get to its end, so nobody was told that it is kept.
    Torn {
        range: Range<usize>,
    },
}

/// A WAL file that exists.
#[derive(Clone, Debug)]
pub struct LoggedFile {
    pub path: PathBuf,
    pub first_sequence: u64,
    pub bytes: u64,
    /// Only the file written last can have a torn tail.
    pub is_last: bool,
}

/// The WAL files, oldest first.
pub fn scan(disk: &dyn Disk) -> Result<Vec<LoggedFile>> {
    let dir = Path::new(paths::WAL);
    let mut files: Vec<LoggedFile> = disk
        .list(dir)
        .context("list", dir)?
        .into_iter()
        .filter_map(|entry| {
            let first_sequence = paths::wal_first_sequence(&entry.name)?;
            Some(LoggedFile {
                path: dir.join(entry.name),
                first_sequence,
                bytes: entry.bytes,
                is_last: false,
            })
        })
        .collect();
    files.sort_by_key(|file| file.first_sequence);
    if let Some(last) = files.last_mut() {
        last.is_last = true;
    }
    Ok(files)
}

impl LoggedFile {
    /// Reads the whole file and tells what is in it.
    pub fn read(&self, disk: &dyn Disk, found: &mut dyn FnMut(Finding<'_>)) -> Result<()> {
        let bytes = disk::read(disk, &self.path)?;
        walk(&bytes, self.first_sequence, self.is_last, found);
        Ok(())
    }
}

fn walk(bytes: &[u8], first_sequence: u64, is_last: bool, found: &mut dyn FnMut(Finding<'_>)) {
    if bytes.is_empty() {
        // Created and nothing more, or cut to nothing by an earlier start.
        return;
    }
    let salt = frame::salt(first_sequence);
    let header = frame::file_header(first_sequence);
    if bytes.len() < FILE_HEADER && is_last {
        // The file was created, and no more.
        return found(Finding::Torn { range: 0..bytes.len() });
    }
    let mut at = FILE_HEADER.min(bytes.len());
    if bytes[..at] != header {
        // The name says what the header says: the records can still be read.
        found(Finding::Damage { range: 0..at, bytes: &bytes[..at] });
        debug_assert_eq!(header[..MAGIC.len()], MAGIC[..]);
    }
    let mut last_sequence = first_sequence.saturating_sub(1);
    while at < bytes.len() {
        let parsed = frame::parse(&bytes[at..], salt);
        if let Parsed::Record { header, payload, bytes: len } = parsed {
            last_sequence = header.sequence;
            at += len;
            found(Finding::Record { header, payload });
            continue;
        }
        let next = next_record(bytes, at + 1, salt, last_sequence);
        let range = at..next.unwrap_or(bytes.len());
        at = range.end;
        match (next, parsed) {
            (None, Parsed::Cut) if is_last => found(Finding::Torn { range }),
            _ => found(Finding::Damage { bytes: &bytes[range.clone()], range }),
        }
    }
}

/// Looks for a record that is whole and younger than the last good one.
fn next_record(bytes: &[u8], from: usize, salt: u32, last_sequence: u64) -> Option<usize> {
    (from..bytes.len()).find(|at| {
        matches!(frame::parse(&bytes[*at..], salt),
            Parsed::Record { header, .. } if header.sequence > last_sequence)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ocelli_signal::Signal;

    fn file(records: u64) -> (Vec<u8>, Vec<usize>) {
        let mut bytes = frame::file_header(5).to_vec();
        let mut ends = vec![bytes.len()];
        for n in 0..records {
            let header =
                Header { sequence: 5 + n, signal: Signal::Spans, covers: 0, tenant: "default".into() };
            frame::encode(&header, frame::salt(5), &[n as u8; 40], &mut bytes);
            ends.push(bytes.len());
        }
        (bytes, ends)
    }

    /// Sequences of the good records, then how many pieces were damaged, then whether the tail was torn.
    fn outcome(bytes: &[u8], is_last: bool) -> (Vec<u64>, usize, bool) {
        let mut outcome = (Vec::new(), 0, false);
        walk(bytes, 5, is_last, &mut |finding| match finding {
            Finding::Record { header, .. } => outcome.0.push(header.sequence),
            Finding::Damage { .. } => outcome.1 += 1,
            Finding::Torn { .. } => outcome.2 = true,
        });
        outcome
    }

    #[test]
    fn a_cut_anywhere_loses_only_the_record_it_cuts() {
        let (bytes, ends) = file(4);
        for cut in FILE_HEADER..bytes.len() {
            let whole = ends.iter().filter(|end| **end <= cut).count() - 1;
            let expected: Vec<u64> = (5..5 + whole as u64).collect();
            assert_eq!(outcome(&bytes[..cut], true), (expected, 0, !ends.contains(&cut)), "cut at {cut}");
        }
    }

    #[test]
    fn a_flipped_bit_anywhere_loses_only_its_record_and_is_reported() {
        let (bytes, ends) = file(4);
        for at in 0..ends[3] {
            let mut bent = bytes.clone();
            bent[at] ^= 0x10;
            let hit = ends.iter().position(|end| at < *end).unwrap();
            let expected: Vec<u64> = (1..=4).filter(|n| *n != hit as u64).map(|n| 4 + n).collect();
            assert_eq!(outcome(&bent, true), (expected, 1, false), "flip at {at}");
        }
    }

    #[test]
    fn a_short_file_that_is_not_the_last_is_damaged() {
        let (bytes, _) = file(2);
        assert_eq!(outcome(&bytes[..bytes.len() - 1], false), (vec![5], 1, false));
    }

    #[test]
    fn a_file_that_was_only_begun_is_no_damage() {
        let (bytes, _) = file(0);
        assert_eq!(outcome(&[], false), (vec![], 0, false));
        assert_eq!(outcome(&bytes[..7], true), (vec![], 0, true));
        assert_eq!(outcome(&bytes, false), (vec![], 0, false));
    }

    #[test]
    fn zeros_after_the_last_record_are_a_torn_tail() {
        let (mut bytes, _) = file(2);
        bytes.resize(bytes.len() + 4096, 0);
        assert_eq!(outcome(&bytes, true), (vec![5, 6], 0, true));
    }
}
