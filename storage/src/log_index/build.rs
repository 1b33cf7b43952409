//! Builds the index of a segment in memory, body by body, then writes it as one file.

use super::bundle::{self, Part};
use super::tokenizer::Words;
use super::{TOKENIZER, schema};
use crate::catalog::FileEntry;
use crate::disk::Disk;
use crate::error::{Error, Result};
use crate::limits;
use crate::paths::INDEX_SUFFIX;
use crate::segment::sink::Sink;
use std::path::{Path, PathBuf};
use tantivy::directory::RamDirectory;
use tantivy::indexer::SingleSegmentIndexWriter;
use tantivy::schema::Field;
use tantivy::store::Compressor;
use tantivy::tokenizer::{TextAnalyzer, TokenizerManager};
use tantivy::{Directory, Index, IndexSettings, TantivyDocument};

/// An index being built. It is given the bodies in the order of the rows. After any error there is
/// no index: a document that was skipped would shift all ids after it.
pub struct IndexBuilder {
    writer: SingleSegmentIndexWriter<TantivyDocument>,
    directory: RamDirectory,
    body: Field,
    rows: u32,
}

impl IndexBuilder {
    pub fn new() -> Result<IndexBuilder> {
        let directory = RamDirectory::create();
        let (schema, body) = schema();
        let tokenizers = TokenizerManager::default();
        tokenizers.register(TOKENIZER, TextAnalyzer::from(Words::default()));
        let settings = IndexSettings { docstore_compression: Compressor::None, ..IndexSettings::default() };
        let writer = Index::builder()
            .schema(schema)
            .settings(settings)
            .tokenizers(tokenizers)
            .single_segment_index_writer(directory.clone(), limits::INDEX_BUILD_BYTES)?;
        Ok(IndexBuilder { writer, directory, body, rows: 0 })
    }

    /// The body of the next row.
    pub fn push(&mut self, body: &str) -> Result<()> {
        let mut document = TantivyDocument::new();
        document.add_text(self.body, body);
        self.writer.add_document(document)?;
        self.rows += 1;
        Ok(())
    }

    /// Writes the index of all rows under its temporary name.
    pub fn finish(self, disk: &dyn Disk, stem: &Path) -> Result<FileEntry> {
        let index = self.writer.finalize()?;
        let documents: u32 = index.searchable_segment_metas()?.iter().map(|meta| meta.max_doc()).sum();
        if documents != self.rows {
            let detail = format!("{documents} documents were indexed of {} rows", self.rows);
            return Err(Error::corrupt(stem, detail));
        }
        let mut sink = Sink::create(disk, stem, INDEX_SUFFIX)?;
        bundle::write(&mut sink, self.rows, parts(&index, &self.directory)?)?;
        sink.finish()
    }
}

/// The files of the index, as raw bytes.
fn parts(index: &Index, directory: &RamDirectory) -> Result<Vec<Part>> {
    let read = |path: PathBuf| -> Result<Part> {
        let bytes = directory.open_read(&path).map_err(tantivy::TantivyError::from)?;
        let bytes = bytes.read_bytes().map_err(tantivy::TantivyError::from)?;
        Ok(Part { name: path.to_string_lossy().into_owned(), bytes: bytes.as_slice().to_vec() })
    };
    let known = index.directory().list_managed_files();
    let mut paths: Vec<PathBuf> = known.into_iter().chain([PathBuf::from("meta.json")]).collect();
    paths.sort();
    paths.dedup();
    paths.retain(|path| directory.exists(path).unwrap_or(false));
    paths.into_iter().map(read).collect()
}
