//! Checks a data directory and changes nothing in it: every checksum, number of rows, index, list of
//! traces and record of the WAL, the catalog, and whether the files are those that it lists.

use crate::cache::Cache;
use crate::catalog::{Catalog, SegmentEntry};
use crate::disk::{Disk, LocalDisk};
use crate::error::{Error, IoContext, Result};
use crate::limits;
use crate::options::Options;
use crate::paths;
use crate::report::Reports;
use crate::segment::{Segment, SegmentContext};
use crate::store::{check_mark, lock_existing, open_to_read, unlisted};
use crate::wal::{self, Finding};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Something that is not what was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Below the data directory.
    pub path: String,
    pub detail: String,
}

/// What was looked at, and what is wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    pub segments: u64,
    pub segment_rows: u64,
    pub segment_files: u64,
    pub segment_bytes: u64,
    pub wal_files: u64,
    pub wal_records: u64,
    pub problems: Vec<Problem>,
    /// What is no damage: leftovers of a stop that was none, and what was set aside before.
    pub notes: Vec<String>,
}

impl Verified {
    fn problem(&mut self, path: &Path, detail: impl std::fmt::Display) {
        self.problems.push(Problem { path: path.display().to_string(), detail: detail.to_string() });
    }

    /// An error that may know better where it is from.
    fn error(&mut self, path: &Path, error: Error) {
        match error {
            Error::Corrupt { path, detail } => self.problem(Path::new(&path), detail),
            Error::Io { path, source, .. } => self.problem(Path::new(&path), source),
            other => self.problem(path, other),
        }
    }
}

/// Checks a directory that no server works with; `Locked` when one does.
pub async fn verify(options: &Options) -> Result<Verified> {
    options.check()?;
    let local = Arc::new(LocalDisk::new(&options.data_dir));
    let has = |name: &str| local.list(Path::new(name)).is_ok_and(|names| !names.is_empty());
    if !has(paths::WAL) && !has(paths::SEGMENTS) && local.open(Path::new(paths::CATALOG)).is_err() {
        return Err(Error::settings(format_args!("{} is no data directory", options.data_dir.display())));
    }
    let _lock = lock_existing(&options.data_dir)?;
    let scratch = Scratch::create()?;
    let disk = open_to_read(options, local.clone(), &scratch.0).await?;
    let mut verified = Verified::default();
    let listed = catalog(options, &scratch.0, &mut verified).await?;
    let work = move || {
        segments(disk.clone(), listed, &mut verified)?;
        wal(local.as_ref(), &mut verified)?;
        if let Err(error) = check_mark(local.as_ref()) {
            verified.error(Path::new(paths::OWNER), error);
        }
        set_aside(local.as_ref(), &mut verified)?;
        Ok(verified)
    };
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Error::unavailable(format_args!("the check failed: {error}")))?
}

/// A directory for copies, gone when dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn create() -> Result<Scratch> {
        let mut number = 0u32;
        loop {
            let dir = std::env::temp_dir().join(format!("ocelli-verify-{}-{number}", std::process::id()));
            match std::fs::create_dir(&dir) {
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => number += 1,
                outcome => return outcome.context("create", &dir).map(|()| Scratch(dir)),
            }
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What a catalog knows.
#[derive(Default)]
struct Listed {
    segments: Vec<SegmentEntry>,
    /// Stems of those whose files may still be there.
    removed: Vec<String>,
}

/// The segments that the catalog lists; none when it can't be trusted. A file of SQLite is copied first,
/// as to open it is to change it.
async fn catalog(options: &Options, scratch: &Path, verified: &mut Verified) -> Result<Option<Listed>> {
    for name in &paths::CATALOG_FILES[..2] {
        let from = options.data_dir.join(name);
        if options.catalog.is_local() && from.exists() {
            std::fs::copy(&from, scratch.join(name)).context("copy", &from)?;
        }
    }
    let checked = async {
        let catalog = Catalog::open(&options.catalog, scratch, &options.node).await?;
        let checked = async {
            catalog.check().await?;
            catalog.owner().await?;
            let (segments, removed) = (catalog.segments().await?, catalog.removed().await?);
            Ok::<_, Error>((Listed { segments, removed }, catalog.quarantined().await?))
        };
        let checked = checked.await;
        catalog.close().await;
        checked
    };
    match checked.await {
        Ok((listed, quarantined)) => {
            let before = quarantined.into_iter().map(|(path, detail)| format!("{path}: {detail}"));
            verified.notes.extend(before.map(|report| format!("was found damaged before: {report}")));
            Ok(Some(listed))
        }
        Err(error) if error.is_damaged_catalog() => {
            verified.error(Path::new(paths::CATALOG), error);
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn segments(disk: Arc<dyn Disk>, listed: Option<Listed>, verified: &mut Verified) -> Result<()> {
    let is_sound = listed.is_some();
    let Listed { segments: listed, removed } = listed.unwrap_or_default();
    let stems: HashSet<String> = listed.iter().map(|entry| entry.stem.clone()).chain(removed).collect();
    let found = unlisted(disk.as_ref(), &listed, &stems)?;
    for (path, detail) in found.damaged {
        verified.problem(&path, detail);
    }
    let mut entries = listed;
    for (entry, is_missing) in found.segments {
        let path = entry.path(paths::ROWS_SUFFIX);
        match (is_sound, is_missing) {
            (true, true) => {
                verified.problem(&path, "the catalog does not know it; the next start takes it in")
            }
            (true, false) => {
                verified.notes.push(format!("{}: was left unfinished or replaced", path.display()))
            }
            (false, _) => {}
        }
        if is_missing {
            entries.push(entry);
        }
    }
    let context =
        SegmentContext::new(disk.clone(), Arc::new(Cache::new(limits::CACHE_BYTES)), Reports::default());
    for entry in entries {
        verified.segments += 1;
        verified.segment_rows += entry.rows;
        verified.segment_files += entry.files.len() as u64;
        verified.segment_bytes += entry.bytes();
        let segment = Segment::new(entry, context.clone());
        for error in segment.verify() {
            verified.error(&segment.entry.path(paths::ROWS_SUFFIX), error);
        }
    }
    Ok(())
}

fn wal(disk: &dyn Disk, verified: &mut Verified) -> Result<()> {
    let mut lengths = std::collections::BTreeMap::new();
    for file in wal::scan(disk)? {
        verified.wal_files += 1;
        lengths.insert(file.first_sequence, file.bytes);
        let mut records = file.open(disk)?;
        loop {
            match records.next() {
                Ok(None) => break,
                Ok(Some(Finding::Record { header, payload })) => {
                    verified.wal_records += 1;
                    if let Err(error) = wal::decode(header.signal, payload) {
                        verified.problem(&file.path, format_args!("record {}: {error}", header.sequence));
                    }
                }
                Ok(Some(Finding::Damage { range })) => {
                    let (bytes, at) = (range.end - range.start, range.start);
                    verified.problem(&file.path, format_args!("{bytes} damaged bytes at {at}"));
                }
                Ok(Some(Finding::Torn { range })) => {
                    let (path, bytes) = (file.path.display(), range.end - range.start);
                    verified
                        .notes
                        .push(format!("{path}: its last {bytes} bytes are of a write that did not end"));
                }
                Err(error) => {
                    verified.error(&file.path, error);
                    break;
                }
            }
        }
        let told = records.previous().unwrap_or_default();
        if let Some(bytes) = lengths.get(&told.first_sequence).filter(|bytes| **bytes < told.bytes) {
            let missing = told.bytes - bytes;
            verified.problem(
                &paths::wal_file(told.first_sequence),
                format_args!("its last {missing} bytes are missing"),
            );
        }
    }
    Ok(())
}

fn set_aside(disk: &dyn Disk, verified: &mut Verified) -> Result<()> {
    let dir = Path::new(paths::QUARANTINE);
    let count = disk.list(dir).context("list", dir)?.len();
    if count > 0 {
        verified.notes.push(format!("{} holds {count} files that were set aside", dir.display()));
    }
    Ok(())
}
