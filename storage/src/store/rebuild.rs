//! Makes the catalog anew from the files, when it is lost or damaged. The files say which WAL
//! sequences they hold, so the marks come back with them.

use super::{Shared, place, quarantine};
use crate::catalog::{Catalog, Publication, SegmentEntry};
use crate::disk::Disk;
use crate::error::{Error, IoContext, Result};
use crate::options::Options;
use crate::paths;
use crate::segment::{About, Partition, entry_of};
use crate::wal::{self, Finding};
use ocelli_signal::Signal;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// Opens the catalog of a directory; a file that is no database any more, or an old one, is set
/// aside for a new one.
pub async fn open_catalog(disk: &dyn Disk, options: &Options) -> Result<Catalog> {
    let damage = match place::catalog(options).await {
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
            let detail = format!("{damage}; it was made anew from the files");
            catalog.report(paths::CATALOG, &detail).await?;
        }
        None => tracing::info!("the catalog is of an old version: it is made anew from the files"),
    }
    Ok(catalog)
}

/// Lists the segments that are on the disk in a catalog that knows of nothing.
pub async fn list_files(shared: &Shared) -> Result<()> {
    let mut stems = Vec::new();
    find_stems(shared.disk.as_ref(), Path::new(paths::SEGMENTS), &mut stems)?;
    let mut found = Vec::new();
    for stem in stems {
        match entry_of(shared.disk.as_ref(), &stem) {
            Ok(segment) => found.extend(segment),
            Err(error @ Error::Corrupt { .. }) => {
                let path = paths::with_suffix(&stem, paths::ROWS_SUFFIX);
                shared.segments.reports.add(&path, &error);
                shared.catalog.report(&path.display().to_string(), &error.to_string()).await?;
                quarantine::file(shared.disk.as_ref(), &path)?;
            }
            Err(error) => return Err(error),
        }
    }
    let kept = without_replaced(found);
    for (segment, about) in without_unfinished(shared.disk.as_ref(), kept)? {
        tracing::info!(stem = segment.stem, rows = segment.rows, "segment listed anew");
        let publication = Publication {
            tenant: about.tenant,
            signal: about.signal,
            flushed: about.last_sequence,
            covered: about.covered_sequence,
            segments: vec![segment],
        };
        shared.catalog.publish(&publication).await?;
    }
    Ok(())
}

type Found = (SegmentEntry, About);

/// Whether a segment of this partition, at this level or above, holds what another one held.
fn holds(segment: &SegmentEntry, partition: Partition, level: u32, about: &About) -> bool {
    segment.tenant == about.tenant
        && segment.signal == about.signal
        && segment.partition == partition
        && segment.level >= level
        && segment.first_sequence <= about.first_sequence
        && about.last_sequence <= segment.last_sequence
}

/// Leaves out the inputs of merges. A merge takes neighbours and is one level above them, so a
/// segment whose sequences lie within those of a higher one of its partition was its input.
fn without_replaced(found: Vec<Found>) -> Vec<Found> {
    let replaced: Vec<bool> = found
        .iter()
        .map(|(_, about)| {
            found.iter().any(|(other, _)| holds(other, about.partition, about.level + 1, about))
        })
        .collect();
    found.into_iter().zip(replaced).filter(|(_, replaced)| !replaced).map(|(found, _)| found).collect()
}

/// Leaves out what a flush of several partitions wrote before it was cut off: some of its partitions
/// are nowhere, and its rows are still in the WAL, of which nothing goes before a flush is published.
fn without_unfinished(disk: &dyn Disk, found: Vec<Found>) -> Result<Vec<Found>> {
    let is_partial = |about: &About| {
        let missing =
            |partition: &Partition| !found.iter().any(|(other, _)| holds(other, *partition, 0, about));
        about.flush_partitions.iter().any(missing)
    };
    let partial: Vec<bool> = found.iter().map(|(_, about)| is_partial(about)).collect();
    if !partial.contains(&true) {
        return Ok(found);
    }
    let logged = logged_records(disk)?;
    let unfinished =
        |about: &About| logged.contains(&(about.tenant.clone(), about.signal, about.last_sequence));
    let kept = found.into_iter().zip(partial).filter(|((_, about), partial)| !partial || !unfinished(about));
    Ok(kept.map(|(found, _)| found).collect())
}

/// Tenant, signal and sequence of every record of the WAL.
fn logged_records(disk: &dyn Disk) -> Result<HashSet<(String, Signal, u64)>> {
    let mut logged = HashSet::new();
    for file in wal::scan(disk)? {
        let mut records = file.open(disk)?;
        while let Some(finding) = records.next()? {
            if let Finding::Record { header, .. } = finding {
                logged.insert((header.tenant, header.signal, header.sequence));
            }
        }
    }
    Ok(logged)
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
