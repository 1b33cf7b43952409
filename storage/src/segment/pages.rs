//! The columns of a file as Parquet's reader wants them, page by page.
//!
//! Parquet's own way makes two zstd contexts for every column of every row group that it opens, also of those
//! that a selection jumps over. For a few rows of many columns that costs more than what is unpacked, so here
//! row groups without a row are not opened, and pages are unpacked by one context a thread. Pages of which few
//! rows are wanted are kept for a while: the same rows are often wanted again, with more columns.

use super::read::Chunks;
use crate::cache::{Cache, Key};
use crate::rows::Rows;
use parquet::arrow::arrow_reader::RowGroups;
use parquet::basic::Compression;
use parquet::column::page::{Page, PageIterator, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};
use parquet::file::serialized_reader::SerializedPageReader;
use std::cell::RefCell;
use std::sync::Arc;
use zstd::bulk::Decompressor;
use zstd::zstd_safe::get_frame_content_size;

thread_local! {
    static ZSTD: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// Where fewer than one in so many rows are wanted, pages are kept: a walk through all would drive out the rest.
const SPARSE: usize = 8;
/// A larger page is not.
const KEPT_PAGE_BYTES: usize = 1 << 20;
/// A column chunk with more pages keeps the first ones.
const KEPT_PAGES: usize = 256;

/// Unpacked pages of one file, kept as long as nothing else needs the room.
#[derive(Clone, Debug)]
pub struct KeptPages {
    pub cache: Arc<Cache>,
    /// As in [`Key::segment`].
    pub segment: u64,
    /// As in [`Key::what`]: a segment has several files.
    pub of: &'static str,
}

/// Some row groups of a file, ascending.
pub struct Groups {
    file: Arc<Chunks>,
    metadata: Arc<ParquetMetaData>,
    groups: Vec<usize>,
    kept: Option<KeptPages>,
}

impl Groups {
    pub fn all(file: Chunks, metadata: Arc<ParquetMetaData>) -> Groups {
        let groups = (0..metadata.num_row_groups()).collect();
        Groups { file: Arc::new(file), metadata, groups, kept: None }
    }

    /// Those with one of these rows, which are numbered anew as if there were no others.
    pub fn with_rows(
        file: Chunks,
        metadata: Arc<ParquetMetaData>,
        rows: &Rows,
        kept_pages: KeptPages,
    ) -> (Groups, Rows) {
        let (mut groups, mut kept) = (Vec::new(), Vec::with_capacity(rows.len()));
        let (mut first, mut first_kept, mut left) = (0, 0, rows.as_slice());
        for (number, group) in metadata.row_groups().iter().enumerate() {
            let count = group.num_rows() as u32;
            let (here, behind) = left.split_at(left.partition_point(|row| *row < first + count));
            if !here.is_empty() {
                groups.push(number);
                kept.extend(here.iter().map(|row| row - first + first_kept));
                first_kept += count;
            }
            (first, left) = (first + count, behind);
        }
        let kept_pages = (rows.len() * SPARSE <= first_kept as usize).then_some(kept_pages);
        (Groups { file: Arc::new(file), metadata, groups, kept: kept_pages }, Rows::from_sorted(kept))
    }
}

impl RowGroups for Groups {
    fn num_rows(&self) -> usize {
        self.row_groups().map(|group| group.num_rows() as usize).sum()
    }

    fn column_chunks(&self, leaf: usize) -> Result<Box<dyn PageIterator>> {
        let (file, metadata) = (self.file.clone(), self.metadata.clone());
        let (groups, kept) = (self.groups.clone().into_iter(), self.kept.clone());
        Ok(Box::new(ColumnChunks { file, metadata, leaf, groups, kept }))
    }

    fn row_groups(&self) -> Box<dyn Iterator<Item = &RowGroupMetaData> + '_> {
        Box::new(self.groups.iter().map(|group| self.metadata.row_group(*group)))
    }

    fn metadata(&self) -> &ParquetMetaData {
        &self.metadata
    }
}

/// One column, row group by row group.
struct ColumnChunks {
    file: Arc<Chunks>,
    metadata: Arc<ParquetMetaData>,
    leaf: usize,
    groups: std::vec::IntoIter<usize>,
    kept: Option<KeptPages>,
}

impl ColumnChunks {
    fn open(&self, group: usize) -> Result<Box<dyn PageReader>> {
        let rows = self.metadata.row_group(group);
        let column = rows.column(self.leaf);
        let pages = self.metadata.offset_index().and_then(|index| index.get(group)?.get(self.leaf));
        let pages = pages.map(|pages| pages.page_locations.clone());
        let open = |column: &ColumnChunkMetaData| {
            SerializedPageReader::new(self.file.clone(), column, rows.num_rows() as usize, pages)
        };
        if !matches!(column.compression(), Compression::ZSTD(_)) {
            return Ok(Box::new(open(column)?));
        }
        let as_it_lies = column.clone().into_builder().set_compression(Compression::UNCOMPRESSED).build()?;
        let most_bytes = usize::try_from(column.uncompressed_size())?;
        let chunk = group * rows.num_columns() + self.leaf;
        let kept = self.kept.clone().map(|kept| KeptChunk { kept, chunk });
        Ok(Box::new(Unpacked { packed: open(&as_it_lies)?, most_bytes, kept, page: 0 }))
    }
}

impl Iterator for ColumnChunks {
    type Item = Result<Box<dyn PageReader>>;

    fn next(&mut self) -> Option<Self::Item> {
        let group = self.groups.next()?;
        Some(self.open(group))
    }
}

impl PageIterator for ColumnChunks {}

/// Kept pages of one column of one row group.
struct KeptChunk {
    kept: KeptPages,
    /// Its number in the file.
    chunk: usize,
}

impl KeptChunk {
    fn key(&self, page: usize) -> Option<Key> {
        let part = self.chunk.checked_mul(KEPT_PAGES)?.checked_add(page)?.try_into().ok()?;
        (page < KEPT_PAGES).then_some(Key { segment: self.kept.segment, what: self.kept.of, part })
    }

    fn get(&self, page: usize) -> Option<Page> {
        Some(Page::clone(&*self.kept.cache.kept(self.key(page)?)?))
    }

    fn keep(&self, number: usize, page: &Page) {
        let (bytes, key) = (page.buffer().len(), self.key(number));
        if let Some(key) = key.filter(|_| bytes <= KEPT_PAGE_BYTES) {
            self.kept.cache.keep_spare(key, Arc::new(page.clone()), bytes + size_of::<Page>());
        }
    }
}

/// Pages of a reader that gives them as they lie in the file.
struct Unpacked {
    packed: SerializedPageReader<Chunks>,
    /// No page is larger.
    most_bytes: usize,
    kept: Option<KeptChunk>,
    /// The number of the next page; a dictionary is the first.
    page: usize,
}

impl Unpacked {
    fn unpack(&self, page: Page) -> Result<Page> {
        Ok(match page {
            Page::DataPage {
                buf,
                num_values,
                encoding,
                def_level_encoding,
                rep_level_encoding,
                statistics,
            } => Page::DataPage {
                buf: unpacked(&buf, self.most_bytes)?.into(),
                num_values,
                encoding,
                def_level_encoding,
                rep_level_encoding,
                statistics,
            },
            Page::DictionaryPage { buf, num_values, encoding, is_sorted } => Page::DictionaryPage {
                buf: unpacked(&buf, self.most_bytes)?.into(),
                num_values,
                encoding,
                is_sorted,
            },
            Page::DataPageV2 { .. } => {
                return Err(ParquetError::NYI("pages of version 2, which are not written".to_owned()));
            }
        })
    }
}

fn unpacked(packed: &[u8], most_bytes: usize) -> Result<Vec<u8>> {
    let bytes = match get_frame_content_size(packed) {
        Ok(Some(bytes)) if bytes <= most_bytes as u64 => bytes as usize,
        // The page is damaged, or by another writer: it can't be larger than its column.
        _ => most_bytes,
    };
    ZSTD.with_borrow_mut(|context| {
        let context = match context {
            Some(context) => context,
            None => context.insert(Decompressor::new()?),
        };
        Ok(context.decompress(packed, bytes)?)
    })
}

impl Iterator for Unpacked {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for Unpacked {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let number = self.page;
        self.page += 1;
        if let Some(page) = self.kept.as_ref().and_then(|kept| kept.get(number)) {
            self.packed.skip_next_page()?;
            return Ok(Some(page));
        }
        let Some(packed) = self.packed.get_next_page()? else { return Ok(None) };
        let page = self.unpack(packed)?;
        if let Some(kept) = &self.kept {
            kept.keep(number, &page);
        }
        Ok(Some(page))
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.packed.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.page += 1;
        self.packed.skip_next_page()
    }

    fn at_record_boundary(&mut self) -> Result<bool> {
        self.packed.at_record_boundary()
    }
}

#[cfg(test)]
mod tests;
