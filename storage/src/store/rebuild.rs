//! Makes the catalog anew from the files, when it is lost or damaged. The files say which WAL
//! sequences they hold, so the marks come back with them.

use super::{Shared, quarantine};
use crate::catalog::{Catalog, Publication};
use crate::disk::Disk;
use crate::error::{Error, IoContext, Result};
use crate::paths;
use crate::segment::entry_of;
use std::path::{Path, PathBuf};

/// Opens the catalog of a directory; one that is no database any more is set aside for a new one.
pub async fn open_catalog(disk: &dyn Disk, data_dir: &Path) -> Result<Catalog> {
    let path = data_dir.join(paths::CATALOG);
    let damage = match Catalog::open(&path).await {
        Ok(catalog) => return Ok(catalog),
        Err(error) if error.is_damaged_catalog() => error.to_string(),
        Err(error) => return Err(error),
    };
    for name in paths::CATALOG_FILES {
        quarantine::file(disk, Path::new(name))?;
    }
    let catalog = Catalog::open(&path).await?;
    catalog.report(paths::CATALOG, &format!("{damage}; it was made anew from the files")).await?;
    Ok(catalog)
}

/// Lists the segments that are on the disk in a catalog that knows of nothing.
pub async fn list_files(shared: &Shared) -> Result<()> {
    let mut stems = Vec::new();
    find_stems(shared.disk.as_ref(), Path::new(paths::SEGMENTS), &mut stems)?;
    for stem in stems {
        let entry = entry_of(shared.disk.as_ref(), &stem);
        match entry {
            Ok(None) => {}
            Ok(Some((segment, about))) => {
                tracing::info!(stem = segment.stem, rows = segment.rows, "segment listed anew");
                let publication = Publication {
                    tenant: about.tenant,
                    signal: about.signal,
                    flushed: about.last_sequence,
                    covered: about.covered_sequence,
                    segment: Some(segment),
                };
                shared.catalog.publish(&publication).await?;
            }
            Err(error @ Error::Corrupt { .. }) => {
                let path = paths::with_suffix(&stem, paths::ROWS_SUFFIX);
                shared.segments.reports.add(&path, &error);
                shared.catalog.report(&path.display().to_string(), &error.to_string()).await?;
                quarantine::file(shared.disk.as_ref(), &path)?;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
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
