//! Opens a bundle as a tantivy directory that only reads, straight from the file.

use super::bundle::{self, Contents};
use super::schema;
use crate::disk::DiskReader;
use crate::error::{Error, Result};
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tantivy::directory::error::{DeleteError, OpenReadError, OpenWriteError};
use tantivy::directory::{FileHandle, OwnedBytes, WatchCallback, WatchHandle, WritePtr};
use tantivy::{Directory, HasLen, Index, InvertedIndexReader, SegmentReader};

/// An index that was found whole.
pub struct LogIndex {
    pub(super) inverted: Arc<InvertedIndexReader>,
    pub(super) rows: u32,
    /// Bytes that it holds in memory, about.
    pub memory_bytes: usize,
}

impl LogIndex {
    /// Opens through a reader that checks every byte when it is read, and compares the number of
    /// rows. `Corrupt` says what is wrong.
    pub fn open(path: &Path, file: Arc<dyn DiskReader>, rows: u64) -> Result<LogIndex> {
        let contents = bundle::contents(file.as_ref()).map_err(|detail| Error::corrupt(path, detail))?;
        if u64::from(contents.rows) != rows {
            let detail = format!("it has {} documents for {rows} rows", contents.rows);
            return Err(Error::corrupt(path, detail));
        }
        let dictionary =
            contents.parts.iter().filter(|(name, _)| name.ends_with(".term")).map(|(_, (_, len))| *len);
        let memory_bytes = dictionary.sum::<u64>() as usize + 4096;
        let bundle = Bundle { file, contents: Arc::new(contents) };
        let damaged = |error: tantivy::TantivyError| Error::corrupt(path, error);
        let index = Index::open(bundle).map_err(damaged)?;
        let segments = index.searchable_segments()?;
        let [segment] = &segments[..] else {
            return Err(Error::corrupt(path, format_args!("it has {} segments", segments.len())));
        };
        let reader = SegmentReader::open(segment).map_err(damaged)?;
        if u64::from(reader.max_doc()) != rows {
            return Err(Error::corrupt(
                path,
                format_args!("it has {} documents for {rows} rows", reader.max_doc()),
            ));
        }
        let inverted = reader.inverted_index(schema().1).map_err(damaged)?;
        Ok(LogIndex { inverted, rows: reader.max_doc(), memory_bytes })
    }
}

#[derive(Clone, Debug)]
struct Bundle {
    file: Arc<dyn DiskReader>,
    contents: Arc<Contents>,
}

impl Bundle {
    fn part(&self, path: &Path) -> Option<PartHandle> {
        let (offset, len) = self.contents.parts.get(path.to_str()?)?;
        Some(PartHandle { file: self.file.clone(), offset: *offset, len: *len as usize })
    }
}

fn read_only() -> io::Error {
    io::Error::new(io::ErrorKind::ReadOnlyFilesystem, "a published index is never changed")
}

impl Directory for Bundle {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        match self.part(path) {
            Some(part) => Ok(Arc::new(part)),
            None => Err(OpenReadError::FileDoesNotExist(path.to_owned())),
        }
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        Err(DeleteError::IoError { io_error: Arc::new(read_only()), filepath: path.to_owned() })
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        Ok(self.part(path).is_some())
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        Err(OpenWriteError::wrap_io_error(read_only(), PathBuf::from(path)))
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        let part = self.part(path).ok_or_else(|| OpenReadError::FileDoesNotExist(path.to_owned()))?;
        let bytes = part.read_bytes(0..part.len);
        bytes
            .map(|bytes| bytes.to_vec())
            .map_err(|error| OpenReadError::wrap_io_error(error, path.to_owned()))
    }

    fn atomic_write(&self, _: &Path, _: &[u8]) -> io::Result<()> {
        Err(read_only())
    }

    fn sync_directory(&self) -> io::Result<()> {
        Ok(())
    }

    fn watch(&self, _: WatchCallback) -> tantivy::Result<WatchHandle> {
        Ok(WatchHandle::empty())
    }
}

#[derive(Debug)]
struct PartHandle {
    file: Arc<dyn DiskReader>,
    offset: u64,
    len: usize,
}

impl HasLen for PartHandle {
    fn len(&self) -> usize {
        self.len
    }
}

impl FileHandle for PartHandle {
    fn read_bytes(&self, range: Range<usize>) -> io::Result<OwnedBytes> {
        if range.end > self.len || range.start > range.end {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
        }
        let mut buffer = vec![0; range.len()];
        self.file.read_at(self.offset + range.start as u64, &mut buffer)?;
        Ok(OwnedBytes::new(buffer))
    }
}
