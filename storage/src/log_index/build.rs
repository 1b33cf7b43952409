//! Builds the index of a segment in memory, body by body, then writes it as one file.
//!
//! The words are gathered here and not by tantivy's own indexer, which also makes room for scores,
//! stored documents and positions, and takes several times as long. What is written is tantivy's
//! format, by its serializers, so that its readers read it.

use super::bundle::{self, Part};
use super::schema;
use super::tokenizer::next_word;
use super::words::Words;
use crate::catalog::FileEntry;
use crate::disk::Disk;
use crate::error::{Error, Result};
use crate::paths::INDEX_SUFFIX;
use crate::segment::sink::Sink;
use std::io::Write;
use std::path::{Path, PathBuf};
use tantivy::directory::{RamDirectory, TerminatingWrite};
use tantivy::fastfield::FastFieldsWriter;
use tantivy::fieldnorm::FieldNormsSerializer;
use tantivy::index::SegmentComponent;
use tantivy::postings::InvertedIndexSerializer;
use tantivy::store::Compressor;
use tantivy::{Directory, Index, IndexMeta, IndexSettings, Segment, TantivyError};

/// An index being built. It is given the bodies in the order of the rows, because a document's
/// number is its row's. After any error there is no index.
#[derive(Debug, Default)]
pub struct IndexBuilder {
    words: Words,
    rows: u32,
    scratch: String,
}

impl IndexBuilder {
    /// The body of the next row.
    pub fn push(&mut self, body: &str) -> Result<()> {
        let mut rest = body;
        while next_word(&mut rest, &mut self.scratch) {
            if !self.words.add(&self.scratch, self.rows) {
                return Err(Error::invalid("the bodies of a segment have too many words for one index"));
            }
        }
        self.rows += 1;
        Ok(())
    }

    /// Writes the index of all rows under its temporary name.
    pub fn finish(self, disk: &dyn Disk, stem: &Path) -> Result<FileEntry> {
        let directory = RamDirectory::create();
        let (schema, _) = schema();
        let settings = IndexSettings { docstore_compression: Compressor::None, ..IndexSettings::default() };
        let index = Index::create(directory.clone(), schema.clone(), settings.clone())?;
        let segment = index.new_segment().with_max_doc(self.rows);
        self.write_words(&segment)?;
        write_unused(&segment)?;
        let meta = IndexMeta {
            index_settings: settings,
            persisted_custom_extensions: Vec::new(),
            segments: vec![segment.meta().clone()],
            schema,
            opstamp: 0,
            payload: None,
        };
        let meta = serde_json::to_vec(&meta).map_err(std::io::Error::other).map_err(TantivyError::from)?;
        let mut sink = Sink::create(disk, stem, INDEX_SUFFIX)?;
        let mut parts = parts(&index, &directory)?;
        parts.push(Part { name: META.to_owned(), bytes: meta });
        bundle::write(&mut sink, self.rows, parts)?;
        sink.finish()
    }

    fn write_words(&self, segment: &Segment) -> Result<()> {
        let words = self.words.sorted();
        let postings: u64 = words.iter().map(|word| u64::from(word.count())).sum();
        let mut serializer = InvertedIndexSerializer::open(segment)?;
        let mut field = serializer.new_field(schema().1, postings, None).map_err(TantivyError::from)?;
        for word in words {
            let mut write = || {
                field.new_term(word.text(), word.count(), false)?;
                word.each_row(|row| field.write_doc(row, 1, &[]));
                field.close_term()
            };
            write().map_err(TantivyError::from)?;
        }
        field.close().map_err(TantivyError::from)?;
        Ok(serializer.close().map_err(TantivyError::from)?)
    }
}

/// The list of the segments.
const META: &str = "meta.json";

/// What tantivy looks for when it opens a segment, though nothing is in it: lengths of documents,
/// columns, stored documents.
fn write_unused(segment: &Segment) -> Result<()> {
    let open = |component| segment.open_write(component).map_err(TantivyError::from);
    let io = |outcome: std::io::Result<()>| outcome.map_err(TantivyError::from);
    let norms = FieldNormsSerializer::from_write(open(SegmentComponent::FieldNorms)?);
    io(norms.and_then(FieldNormsSerializer::close))?;
    let mut columns = open(SegmentComponent::FastFields)?;
    let none = FastFieldsWriter::from_schema_and_tokenizer_manager(&segment.schema(), Default::default());
    io(none?.serialize(&mut columns, None))?;
    io(columns.terminate())?;
    let mut store = open(SegmentComponent::Store)?;
    io(store.flush())?;
    Ok(io(store.terminate())?)
}

/// The files of the index, as raw bytes.
fn parts(index: &Index, directory: &RamDirectory) -> Result<Vec<Part>> {
    let read = |path: PathBuf| -> Result<Part> {
        let bytes = directory.open_read(&path).map_err(TantivyError::from)?;
        let bytes = bytes.read_bytes().map_err(TantivyError::from)?;
        Ok(Part { name: path.to_string_lossy().into_owned(), bytes: bytes.as_slice().to_vec() })
    };
    let mut paths: Vec<PathBuf> = index.directory().list_managed_files().into_iter().collect();
    paths.sort();
    paths.retain(|path| path != Path::new(META) && directory.exists(path).unwrap_or(false));
    paths.into_iter().map(read).collect()
}
