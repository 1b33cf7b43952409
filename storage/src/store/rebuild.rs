//! Makes the catalog agree with the files: when it is lost or damaged, all of it; when it has lost its
//! last transactions, those. The files say which WAL sequences they hold, so the marks come back with
//! them.

use super::{Shared, place, quarantine};
use crate::catalog::{Catalog, Publication, SegmentEntry, salvage};
use crate::disk::Disk;
use crate::error::{Error, IoContext, Result};
use crate::options::Options;
use crate::paths;
use crate::segment::{Found, entry_of};
use crate::wal::{self, Finding};
use ocelli_signal::Signal;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// Opens the catalog of a directory; a file that is no database any more, or an old one, is set
/// aside for a new one.
pub async fn open_catalog(disk: &dyn Disk, options: &Options) -> Result<Catalog> {
    let open = || async {
        let catalog = place::catalog(options).await?;
        match catalog.check().await {
            // Where the database itself is sound, `recover` makes its rows anew.
            Err(error @ Error::Catalog { .. }) if error.is_damaged_catalog() => {
                catalog.close().await;
                Err(error)
            }
            _ => Ok(catalog),
        }
    };
    let damage = match open().await {
        Err(error) if error.is_damaged_catalog() => Some(error.to_string()),
        Err(Error::OldCatalog { .. }) => None,
        outcome => return outcome,
    };
    for name in paths::CATALOG_FILES {
        quarantine::file(disk, Path::new(name))?;
    }
    let catalog = place::catalog(options).await?;
    match damage {
        Some(damage) => {
            let detail = format!(
                "{damage}; it was made anew from the files, {}",
                save_records(&catalog, options).await
            );
            catalog.report(paths::CATALOG, &detail).await?;
        }
        None => tracing::info!("the catalog is of an old version: it is made anew from the files"),
    }
    Ok(catalog)
}

/// Takes over the records of a catalog that was set aside; how that went.
async fn save_records(catalog: &Catalog, options: &Options) -> String {
    let path = options.data_dir.join(quarantine::set_aside(Path::new(paths::CATALOG)));
    let saved = async {
        let records = salvage(&path).await?;
        catalog.commit_records(None, &records).await.map(|()| records.len())
    };
    match saved.await {
        Ok(count) => format!("with {count} records of the old one"),
        Err(error) => format!("without its records (silences, alert states, messages that wait): {error}"),
    }
}

/// Takes in finished segments that the catalog does not know, and gives their entries. `known` are those
/// that it knows and whose files are there, `broken` the others that it knows.
///
/// A flush holds every row of its tenant and signal between its sequences, so taking it in and moving
/// the mark is what its publication would have done.
pub async fn adopt(shared: &Shared, known: &[SegmentEntry], broken: &[Broken]) -> Result<Vec<SegmentEntry>> {
    let listed = known.iter().chain(broken.iter().map(|broken| &broken.entry));
    let mut listed: HashSet<String> = listed.map(|entry| entry.stem.clone()).collect();
    listed.extend(shared.catalog.removed().await?);
    let (found, damaged) = find_unlisted(shared.disk.as_ref(), &listed)?;
    for (path, detail) in damaged {
        super::report(shared, &path, &detail).await?;
        quarantine::file(shared.disk.as_ref(), &path)?;
    }
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let logged = logged_records(shared.disk.as_ref());
    let lost = Lost { known, found: &found, logged: &logged };
    let marks = shared.catalog.marks().await?;
    let (mut adopted, mut set_back) = (Vec::new(), 0);
    for segment in found.iter().filter(|segment| lost.is_missing(segment)) {
        let entry = &segment.entry;
        if !segment.is_readable() {
            let path = entry.path(paths::ROWS_SUFFIX);
            super::report(shared, &path, "the series of its points are lost").await?;
            quarantine::file(shared.disk.as_ref(), &path)?;
            continue;
        }
        let mark = marks.flushed.get(&(entry.tenant.clone(), entry.signal));
        let is_flushed = mark.is_some_and(|mark| *mark >= entry.last_sequence);
        set_back += usize::from(mark.is_some() && !is_flushed && !lost.is_logged(entry));
        match publish(shared, segment).await {
            Ok(()) => adopted.push(entry.clone()),
            // A full disk is no reason not to start; and that the file goes makes room.
            Err(error)
                if error.is_full_catalog()
                    && !is_flushed
                    && !has_part(&adopted, entry)
                    && lost.is_all_logged(entry) =>
            {
                tracing::warn!(%error, stem = entry.stem, "a segment is not taken in: its rows come from the WAL");
            }
            Err(error) => return Err(error),
        }
    }
    if set_back > 0 {
        let detail = format!("it did not know {set_back} segments; they were listed anew from their files");
        super::report(shared, Path::new(paths::CATALOG), &detail).await?;
    }
    Ok(adopted)
}

/// Whether another partition of the same flush is there.
fn has_part(segments: &[SegmentEntry], entry: &SegmentEntry) -> bool {
    let flush = |entry: &SegmentEntry| (entry.tenant.clone(), entry.signal, entry.last_sequence);
    segments.iter().any(|other| flush(other) == flush(entry))
}

/// Segments on a disk that a catalog does not list.
pub struct Unlisted {
    /// With whether the catalog should list it.
    pub segments: Vec<(SegmentEntry, bool)>,
    /// Path and detail of what can't be read.
    pub damaged: Vec<(PathBuf, String)>,
}

/// What `adopt` would find, without doing anything about it.
pub fn unlisted(disk: &dyn Disk, known: &[SegmentEntry], listed: &HashSet<String>) -> Result<Unlisted> {
    let (found, damaged) = find_unlisted(disk, listed)?;
    let logged = if found.is_empty() { HashSet::new() } else { logged_records(disk) };
    let lost = Lost { known, found: &found, logged: &logged };
    let segments = found.iter().map(|segment| (segment.entry.clone(), lost.is_missing(segment))).collect();
    Ok(Unlisted { segments, damaged })
}

type Damaged = Vec<(PathBuf, String)>;

fn find_unlisted(disk: &dyn Disk, listed: &HashSet<String>) -> Result<(Vec<Found>, Damaged)> {
    let mut stems = Vec::new();
    find_stems(disk, Path::new(paths::SEGMENTS), &mut stems)?;
    stems.retain(|stem| stem.to_str().is_none_or(|stem| !listed.contains(stem)));
    let (mut found, mut damaged) = (Vec::new(), Vec::new());
    for stem in stems {
        match entry_of(disk, &stem) {
            Ok(segment) => found.extend(segment),
            Err(_) if is_gone(disk, &stem) => {}
            Err(error @ (Error::Corrupt { .. } | Error::Parquet(_))) => {
                damaged.push((paths::with_suffix(&stem, paths::ROWS_SUFFIX), error.to_string()));
            }
            Err(error) => return Err(error),
        }
    }
    Ok((found, damaged))
}

/// Whether a file that was listed is there no more: a bucket may remove an object that it was asked to by
/// a process that has been killed since.
fn is_gone(disk: &dyn Disk, stem: &Path) -> bool {
    let opened = disk.open(&paths::with_suffix(stem, paths::ROWS_SUFFIX));
    // What is open is what was listed; reading asks the bucket.
    let outcome = opened.and_then(|file| file.read_at(0, &mut [0]));
    outcome.is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
}

/// A segment of the catalog whose files are not what it says.
pub struct Broken {
    pub entry: SegmentEntry,
    pub detail: String,
}

async fn publish(shared: &Shared, Found { entry, about, .. }: &Found) -> Result<()> {
    tracing::info!(stem = entry.stem, rows = entry.rows, "a segment that the catalog did not know");
    let publication = Publication {
        tenant: about.tenant.clone(),
        signal: about.signal,
        flushed: about.last_sequence,
        covered: about.covered_sequence,
        segments: vec![entry.clone()],
    };
    shared.catalog.publish(&publication).await
}

/// Tells which of the segments found the catalog should have.
struct Lost<'a> {
    known: &'a [SegmentEntry],
    found: &'a [Found],
    /// Tenant, signal and sequence of every record of the WAL.
    logged: &'a HashSet<(String, Signal, u64)>,
}

impl Lost<'_> {
    fn is_missing(&self, segment: &Found) -> bool {
        let entry = &segment.entry;
        // A merge takes neighbours and is one level above them, so a segment whose sequences lie
        // within those of a higher one of its partition was its input.
        let replaced = self.all().any(|other| other.level > entry.level && other.spans(entry));
        // A merge that was not published: what it was made of is there.
        let unpublished = self.known.iter().any(|other| other.level < entry.level && entry.spans(other));
        // What a flush wrote before it was cut off; its rows are still in the WAL, of which nothing
        // goes before a flush is published.
        !replaced
            && !unpublished
            && !self.is_merged_anew(entry)
            && !self.is_flushed_anew(segment)
            && (self.is_whole(segment) || !self.is_logged(entry))
    }

    /// Whether it is of a merge that was not published and whose inputs were merged again since, with others:
    /// published segments of one partition have no record in common. As with a flush, a bucket may get what a
    /// killed process had sent when the next one has begun.
    fn is_merged_anew(&self, entry: &SegmentEntry) -> bool {
        entry.level > 0 && self.known.iter().any(|other| other.overlaps_merge(entry))
    }

    /// Whether it is of a flush that was cut off and whose rows were flushed again since, up to another
    /// record. A start removes such files, but a bucket may get one later: what a process that was killed
    /// had sent is still on its way. Flushes have no record in common, so two that do are not both
    /// published.
    fn is_flushed_anew(&self, segment: &Found) -> bool {
        let entry = &segment.entry;
        let whole = self.found.iter().filter(|found| found.is_whole && !segment.is_whole);
        let mut others = self.known.iter().chain(whole.map(|found| &found.entry));
        entry.level == 0 && others.any(|other| other.overlaps_flush(entry))
    }

    fn is_logged(&self, entry: &SegmentEntry) -> bool {
        self.logged.contains(&(entry.tenant.clone(), entry.signal, entry.last_sequence))
    }

    /// Whether no record of its time is missing in the WAL.
    fn is_all_logged(&self, entry: &SegmentEntry) -> bool {
        let logged: HashSet<u64> = self.logged.iter().map(|(_, _, sequence)| *sequence).collect();
        (entry.first_sequence..=entry.last_sequence).all(|sequence| logged.contains(&sequence))
    }

    fn all(&self) -> impl Iterator<Item = &SegmentEntry> {
        self.known.iter().chain(self.found.iter().map(|found| &found.entry))
    }

    /// Whether all files of the segment, and all partitions of its flush, are there.
    fn is_whole(&self, segment: &Found) -> bool {
        let of_flush = |partition| SegmentEntry { partition, level: 0, ..segment.entry.clone() };
        let is_there = |partition| {
            let wanted = of_flush(partition);
            let whole = self.found.iter().filter(|found| found.is_whole).map(|found| &found.entry);
            self.known.iter().chain(whole).any(|other| other.spans(&wanted))
        };
        segment.is_whole && segment.about.flush_partitions.iter().all(|partition| is_there(*partition))
    }
}

/// Tenant, signal and sequence of every record of the WAL.
fn logged_records(disk: &dyn Disk) -> HashSet<(String, Signal, u64)> {
    let mut logged = HashSet::new();
    for file in wal::scan(disk).unwrap_or_default() {
        // What can't be read is told by the replay.
        let Ok(mut records) = file.open(disk) else { continue };
        while let Ok(Some(finding)) = records.next() {
            if let Finding::Record { header, .. } = finding {
                logged.insert((header.tenant, header.signal, header.sequence));
            }
        }
    }
    logged
}

fn find_stems(disk: &dyn Disk, dir: &Path, stems: &mut Vec<PathBuf>) -> Result<()> {
    for entry in disk.list(dir).context("list", dir)? {
        if entry.is_dir {
            find_stems(disk, &dir.join(&entry.name), stems)?;
        } else if let Some(stem) = entry.name.strip_suffix(paths::ROWS_SUFFIX)
            && !entry.name.ends_with(paths::SERIES_SUFFIX)
        {
            stems.push(dir.join(stem));
        }
    }
    Ok(())
}
