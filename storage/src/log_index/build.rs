//! Builds the index of a segment in memory, then writes it as one file.

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
use tantivy::store::Compressor;
use tantivy::tokenizer::{TextAnalyzer, TokenizerManager};
use tantivy::{Directory, Index, IndexSettings, TantivyDocument};

/// Indexes bodies in the order of the rows. Any error means no index: a document that was skipped
/// would shift all ids after it.
pub fn write<'a>(disk: &dyn Disk, stem: &Path, bodies: impl Iterator<Item = &'a str>) -> Result<FileEntry> {
    let directory = RamDirectory::create();
    let (schema, body) = schema();
    let tokenizers = TokenizerManager::default();
    tokenizers.register(TOKENIZER, TextAnalyzer::from(Words::default()));
    let settings = IndexSettings { docstore_compression: Compressor::None, ..IndexSettings::default() };
    let mut writer =
        Index::builder()
            .schema(schema)
            .settings(settings)
            .tokenizers(tokenizers)
            .single_segment_index_writer::<TantivyDocument>(directory.clone(), limits::INDEX_BUILD_BYTES)?;
    let mut rows = 0u32;
    for text in bodies {
        let mut document = TantivyDocument::new();
        document.add_text(body, text);
        writer.add_document(document)?;
        rows += 1;
    }
    let index = writer.finalize()?;
    let documents: u32 = index.searchable_segment_metas()?.iter().map(|meta| meta.max_doc()).sum();
    if documents != rows {
        return Err(Error::corrupt(stem, format_args!("{documents} documents were indexed of {rows} rows")));
    }
    let mut sink = Sink::create(disk, stem, INDEX_SUFFIX)?;
    bundle::write(&mut sink, rows, parts(&index, &directory)?)?;
    sink.finish()
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
