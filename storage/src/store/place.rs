//! Where the segments of a store are: the disk that the options ask for, once it is known to be theirs.

use super::claim::Claim;
use crate::catalog::Catalog;
use crate::disk::{Disk, LocalDisk, ObjectDisk, ReadCache, Remote};
use crate::error::{Error, IoContext, Result};
use crate::limits;
use crate::options::Options;
use crate::paths;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Between two looks whether something can be reached now.
const LOOK_EVERY: Duration = Duration::from_millis(500);

pub async fn disk(options: &Options, local: Arc<LocalDisk>, catalog: &Catalog) -> Result<Arc<dyn Disk>> {
    let claim = |remote| Claim { local: local.as_ref(), catalog, segments: &options.segments, remote };
    let Some((store, prefix)) = options.segments.store()? else {
        claim(None).make().await?;
        return Ok(local);
    };
    let name = options.segments.to_string();
    let remote = Remote::start(store, prefix.join(options.node.as_str()), name.clone());
    let remote = Arc::new(remote.context("start a client of", Path::new(&name))?);
    let listed = list(&remote, &name).await?;
    claim(Some(&remote)).make().await?;
    let dir = options.data_dir.join(paths::CACHE);
    let limit_bytes = options.read_cache_bytes.unwrap_or_else(|| default_bytes(&options.data_dir));
    let cache = Arc::new(ReadCache::create(dir.clone(), limit_bytes).context("create", &dir)?);
    Ok(Arc::new(ObjectDisk::new(local, options.data_dir.clone(), remote, cache, listed)))
}

/// The same to look at: nothing is claimed, and what is read is cached elsewhere.
pub async fn to_read(options: &Options, local: Arc<LocalDisk>, scratch: &Path) -> Result<Arc<dyn Disk>> {
    let Some((store, prefix)) = options.segments.store()? else { return Ok(local) };
    let name = options.segments.to_string();
    let remote = Remote::start(store, prefix.join(options.node.as_str()), name.clone());
    let remote = Arc::new(remote.context("start a client of", Path::new(&name))?);
    let listed = list(&remote, &name).await?;
    let dir = scratch.join(paths::CACHE);
    let cache = Arc::new(ReadCache::create(dir.clone(), limits::READ_CACHE_BYTES).context("create", &dir)?);
    Ok(Arc::new(ObjectDisk::new(local, options.data_dir.clone(), remote, cache, listed)))
}

/// What is there. A store that can't be reached is waited for; one that says no is not.
async fn list(remote: &Remote, name: &str) -> Result<Vec<(PathBuf, u64)>> {
    let (started, mut told) = (Instant::now(), false);
    loop {
        let error = match remote.list(Path::new(paths::SEGMENTS)) {
            Ok(listed) => return Ok(listed),
            Err(error) => error,
        };
        if matches!(
            error.kind(),
            io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied | io::ErrorKind::InvalidInput
        ) {
            return Err(Error::settings(error));
        }
        if started.elapsed() >= limits::START_WAIT {
            return Err(error).context("open", Path::new(name));
        }
        if !told {
            tracing::warn!(%error, "waiting for the object store");
        }
        told = true;
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// A share of the disk that the directory is on.
fn default_bytes(dir: &Path) -> u64 {
    let share = rustix::fs::statvfs(dir).map(|disk| disk.f_blocks * disk.f_frsize / limits::READ_CACHE_SHARE);
    share.unwrap_or(limits::READ_CACHE_BYTES).min(limits::READ_CACHE_BYTES)
}

/// Opens a catalog, waiting while that may help.
pub async fn catalog(options: &Options) -> Result<Catalog> {
    let (started, mut told) = (Instant::now(), false);
    loop {
        let error = match Catalog::open(&options.catalog, &options.data_dir, &options.node).await {
            Ok(catalog) => return Ok(catalog),
            Err(error) => error,
        };
        let patience = match &error {
            Error::CatalogInUse { .. } => limits::LOCK_WAIT,
            Error::Catalog { source, .. } if says_no(source) => return Err(Error::settings(error)),
            Error::Catalog { .. } if !options.catalog.is_local() => limits::START_WAIT,
            _ => return Err(error),
        };
        if started.elapsed() >= patience {
            return Err(error);
        }
        if !told {
            tracing::warn!(%error, "waiting for the catalog");
        }
        told = true;
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Wrong names, passwords, rights or settings: PostgreSQL's classes 28, 3D and 3F, and 42501.
fn says_no(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    let refused = code.is_some_and(|code| {
        code.starts_with("28") || code.starts_with("3D") || code.starts_with("3F") || code == "42501"
    });
    refused || matches!(error, sqlx::Error::Configuration(_) | sqlx::Error::Tls(_))
}
