//! The way back: reads WAL files record by record, and tells damage from a torn tail.

use super::frame::{self, FILE_HEADER, Header, Previous};
use super::window::{PIECE, Window};
use crate::disk::Disk;
use crate::error::{IoContext, Result};
use crate::paths;
use std::io;
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
        range: Range<u64>,
    },
    /// The last write did not get to its end, so nobody was told that it is kept.
    Torn {
        range: Range<u64>,
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
    /// Opens the file to be read record by record.
    pub fn open(&self, disk: &dyn Disk) -> Result<Records> {
        let file = disk.open(&self.path).context("open", &self.path)?;
        Ok(Records {
            path: self.path.clone(),
            window: Window::new(file),
            is_last: self.is_last,
            first_sequence: self.first_sequence,
            last_sequence: self.first_sequence.saturating_sub(1),
            at: None,
            previous: None,
        })
    }
}

/// The way through a file.
#[derive(Debug)]
pub struct Records {
    path: PathBuf,
    window: Window,
    is_last: bool,
    first_sequence: u64,
    last_sequence: u64,
    /// Where the next record begins; none before the file's header was looked at.
    at: Option<u64>,
    previous: Option<Previous>,
}

/// What lies at a place of the file.
enum Met {
    Record {
        header: Header,
        payload: Range<u64>,
    },
    /// The file ends before the record does, if it is one.
    Cut,
    Damaged,
}

impl Records {
    /// What comes next; none at the end. An error is one of reading the file, not of its content.
    pub fn next(&mut self) -> Result<Option<Finding<'_>>> {
        let found = match self.at {
            None => self.begin(),
            Some(at) => self.go_on(at),
        };
        let Some(place) = found.context("read", &self.path)? else { return Ok(None) };
        Ok(Some(match place {
            Place::Record { header, payload } => {
                let length = (payload.end - payload.start) as usize;
                let payload = self.window.view(payload.start, length).context("read", &self.path)?;
                Finding::Record { header, payload }
            }
            Place::Damage(range) => Finding::Damage { range },
            Place::Torn(range) => Finding::Torn { range },
        }))
    }

    /// The header of the file, and what comes next when nothing is wrong with it.
    fn begin(&mut self) -> io::Result<Option<Place>> {
        let end = self.window.end();
        let found = self.window.view(0, FILE_HEADER)?;
        let at = found.len() as u64;
        self.at = Some(at);
        self.previous = frame::parse_file_header(found, self.first_sequence);
        if end == 0 || self.previous.is_some() {
            return self.go_on(at);
        }
        // A file that was created and no more has a piece of its header, then perhaps zeros.
        let written = found.len() - found.iter().rev().take_while(|byte| **byte == 0).count();
        let expected = frame::file_header(self.first_sequence, Previous::default());
        let begun = found[..written.min(16)] == expected[..written.min(16)] && written < FILE_HEADER;
        if self.is_last && end <= FILE_HEADER as u64 && begun {
            self.at = Some(end);
            return Ok(Some(Place::Torn(0..end)));
        }
        // The name says what the header says: the records can still be read.
        Ok(Some(Place::Damage(0..at)))
    }

    fn go_on(&mut self, at: u64) -> io::Result<Option<Place>> {
        if at >= self.window.end() {
            return Ok(None);
        }
        let met = self.parse(at)?;
        if let Met::Record { header, payload } = met {
            self.last_sequence = header.sequence;
            self.at = Some(payload.end);
            return Ok(Some(Place::Record { header, payload }));
        }
        let next = self.next_record(at + 1)?;
        let range = at..next.unwrap_or(self.window.end());
        self.at = Some(range.end);
        Ok(Some(match (next, met) {
            (None, Met::Cut) if self.is_last => Place::Torn(range),
            _ => Place::Damage(range),
        }))
    }

    fn parse(&mut self, at: u64) -> io::Result<Met> {
        let (left, salt) = (self.window.end() - at, frame::salt(self.first_sequence));
        let header = self.window.view(at, frame::FIXED)?;
        let Some(size) = frame::size(header, salt) else {
            // Less than a header, or a piece of one and then zeros: a size that got to the disk before
            // the bytes.
            let cut = left < frame::FIXED as u64 || self.window.is_zero_from(at + frame::FIXED as u64)?;
            return Ok(if cut { Met::Cut } else { Met::Damaged });
        };
        if size as u64 > left {
            return Ok(Met::Cut);
        }
        Ok(match frame::read(self.window.view(at, size)?, salt) {
            Some((header, payload)) => {
                let end = at + size as u64;
                Met::Record { header, payload: end - payload.len() as u64..end }
            }
            None => Met::Damaged,
        })
    }

    /// Looks for a record that is whole and younger than the last good one.
    fn next_record(&mut self, mut from: u64) -> io::Result<Option<u64>> {
        let salt = frame::salt(self.first_sequence);
        while from + (frame::FIXED as u64) <= self.window.end() {
            let view = self.window.view(from, PIECE)?;
            let starts = view.len() + 1 - frame::FIXED;
            let Some(skip) = (0..starts).find(|skip| frame::size(&view[*skip..], salt).is_some()) else {
                from += starts as u64;
                continue;
            };
            from += skip as u64;
            match self.parse(from)? {
                Met::Record { header, .. } if header.sequence > self.last_sequence => return Ok(Some(from)),
                _ => from += 1,
            }
        }
        Ok(None)
    }

    /// What the file says about the one before it; known once it was begun to be read.
    pub fn previous(&self) -> Option<Previous> {
        self.previous
    }
}

/// A finding without its bytes.
enum Place {
    Record { header: Header, payload: Range<u64> },
    Damage(Range<u64>),
    Torn(Range<u64>),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::memory::MemoryDisk;
    use ocelli_signal::Signal;

    fn file(records: u64) -> (Vec<u8>, Vec<usize>) {
        let mut bytes = frame::file_header(5, Previous::default()).to_vec();
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
        let disk = MemoryDisk::default();
        disk.create_dir_all(Path::new(paths::WAL)).unwrap();
        disk.create(&paths::wal_file(5)).unwrap().append(bytes).unwrap();
        let mut records = LoggedFile { is_last, ..scan(&disk).unwrap().remove(0) }.open(&disk).unwrap();
        while let Some(finding) = records.next().unwrap() {
            match finding {
                Finding::Record { header, payload } => {
                    assert_eq!(payload, [header.sequence as u8 - 5; 40]);
                    outcome.0.push(header.sequence);
                }
                Finding::Damage { .. } => outcome.1 += 1,
                Finding::Torn { .. } => outcome.2 = true,
            }
        }
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
