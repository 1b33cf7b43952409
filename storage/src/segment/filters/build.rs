//! Makes the filters of a file on the way.

use super::{BLOCK_BYTES, CHAPTER_PAGES, Chapter, FILTERS, PAGE_ROWS, bits_of, block_of, hash, is_looked_up};
use crate::error::{Error, Result};
use crate::limits;
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Int64Type, Schema};
use parquet::file::metadata::KeyValue;
use std::collections::BTreeMap;
use std::ops::Range;

/// Holds the hashes of a chapter, and of the chapters before what goes into the file.
pub struct FiltersBuilder {
    columns: Vec<Column>,
    rows: usize,
}

struct Column {
    name: String,
    place: usize,
    /// Hashes of the pages of the chapter that is not whole yet.
    pages: Vec<Vec<u64>>,
    chapters: Vec<Chapter>,
    bytes: Vec<u8>,
}

impl FiltersBuilder {
    /// For a file with these columns.
    pub fn new(schema: &Schema) -> FiltersBuilder {
        let looked_up = schema.fields().iter().enumerate().filter(|(_, field)| is_looked_up(field));
        let columns = looked_up.map(|(place, field)| Column {
            name: field.name().clone(),
            place,
            pages: vec![Vec::new()],
            chapters: Vec::new(),
            bytes: Vec::new(),
        });
        FiltersBuilder { columns: columns.collect(), rows: 0 }
    }

    /// Takes the next rows of the file.
    pub fn append(&mut self, rows: &RecordBatch) -> Result<()> {
        let mut from = 0;
        while from < rows.num_rows() {
            let left = PAGE_ROWS - self.rows % PAGE_ROWS;
            let to = rows.num_rows().min(from + left);
            for column in &mut self.columns {
                column.take(rows, from..to)?;
            }
            self.rows += to - from;
            from = to;
            if self.rows.is_multiple_of(PAGE_ROWS) {
                let is_whole = self.rows.is_multiple_of(PAGE_ROWS * CHAPTER_PAGES);
                self.columns.iter_mut().for_each(|column| column.end_page(is_whole));
            }
        }
        Ok(())
    }

    /// What goes to a place in the file, and what the footer says of it.
    pub fn finish(self, offset: u64) -> Result<(Vec<u8>, KeyValue)> {
        let mut bytes = Vec::new();
        let mut chapters: BTreeMap<String, Vec<Chapter>> = BTreeMap::new();
        let ends_with_page = self.rows.is_multiple_of(PAGE_ROWS);
        for mut column in self.columns {
            if ends_with_page {
                column.pages.pop();
            }
            column.end_chapter();
            let start = offset + bytes.len() as u64;
            column.chapters.iter_mut().for_each(|chapter| chapter.offset += start);
            bytes.append(&mut column.bytes);
            chapters.insert(column.name, column.chapters);
        }
        let told = serde_json::to_string(&chapters)
            .map_err(|error| Error::invalid(format_args!("page filters can't be written: {error}")))?;
        Ok((bytes, KeyValue::new(FILTERS.to_owned(), told)))
    }
}

impl Column {
    fn take(&mut self, rows: &RecordBatch, range: Range<usize>) -> Result<()> {
        let array = rows.column(self.place);
        let Some(page) = self.pages.last_mut() else { return Ok(()) };
        let valid = range.filter(|row| array.is_valid(*row));
        match array.data_type() {
            DataType::Utf8 => {
                let texts = array.as_string::<i32>();
                page.extend(valid.map(|row| hash(texts.value(row).as_bytes())));
            }
            DataType::Int64 => {
                let numbers = array.as_primitive::<Int64Type>();
                page.extend(valid.map(|row| hash(&numbers.value(row).to_le_bytes())));
            }
            DataType::FixedSizeBinary(_) => {
                let ids = array.as_fixed_size_binary();
                page.extend(valid.map(|row| hash(ids.value(row))));
            }
            other => {
                return Err(Error::invalid(format_args!("'{}' is {other}: it has no filters", self.name)));
            }
        }
        Ok(())
    }

    fn end_page(&mut self, is_last_of_chapter: bool) {
        if is_last_of_chapter {
            self.end_chapter();
        }
        self.pages.push(Vec::new());
    }

    fn end_chapter(&mut self) {
        let mut pages = std::mem::take(&mut self.pages);
        if pages.is_empty() {
            return;
        }
        for page in &mut pages {
            page.sort_unstable();
            page.dedup();
        }
        let most = pages.iter().map(Vec::len).max().unwrap_or(0);
        let blocks = (most * limits::FILTER_BITS).div_ceil(BLOCK_BYTES * 8);
        let start = self.bytes.len();
        self.bytes.resize(start + blocks * pages.len() * BLOCK_BYTES, 0);
        let chapter = &mut self.bytes[start..];
        for (at, page) in pages.iter().enumerate() {
            for hash in page {
                let block = (block_of(*hash, blocks as u32) * pages.len() + at) * BLOCK_BYTES;
                for (word, bit) in chapter[block..block + BLOCK_BYTES].chunks_exact_mut(4).zip(bits_of(*hash))
                {
                    let set = u32::from_le_bytes([word[0], word[1], word[2], word[3]]) | bit;
                    word.copy_from_slice(&set.to_le_bytes());
                }
            }
        }
        self.chapters.push(Chapter { offset: start as u64, blocks: blocks as u32 });
    }
}
