//! Segments in an object store, everything else on the local disk.
//!
//! A segment's file is written locally under its temporary name; giving it its name uploads it, and
//! the completed upload is what makes it durable. The files that are there are known from one listing
//! at the start: nobody else writes below this node's prefix. A segment that was written before there
//! was an object store stays where it is and is read from there.

mod address;
mod read_cache;
mod reader;
mod remote;

pub use address::SegmentsAddress;
pub use read_cache::ReadCache;
pub use remote::Remote;

use super::{Disk, DiskReader, DiskWriter, Entry, Space};
use crate::limits;
use crate::paths;
use reader::{Object, ObjectReader};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// See the module.
#[derive(Debug)]
pub struct ObjectDisk {
    local: Arc<dyn Disk>,
    /// Where `local` is, for the files that are uploaded.
    root: PathBuf,
    remote: Arc<Remote>,
    cache: Arc<ReadCache>,
    objects: Mutex<BTreeMap<PathBuf, Arc<Object>>>,
}

impl ObjectDisk {
    /// With what was listed of the object store; `local` is the directory `root`.
    pub fn new(
        local: Arc<dyn Disk>,
        root: PathBuf,
        remote: Arc<Remote>,
        cache: Arc<ReadCache>,
        listed: Vec<(PathBuf, u64)>,
    ) -> ObjectDisk {
        let object = |(path, bytes): (PathBuf, u64)| {
            let object = Object::new(remote.clone(), cache.clone(), path.clone(), bytes, false);
            (path, Arc::new(object))
        };
        let objects = Mutex::new(listed.into_iter().map(object).collect());
        ObjectDisk { local, root, remote, cache, objects }
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<PathBuf, Arc<Object>>> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn object(&self, path: &Path) -> Option<Arc<Object>> {
        self.locked().get(path).cloned()
    }

    /// A file that is written locally gets its name in the object store.
    fn upload(&self, from: &Path, to: &Path) -> io::Result<()> {
        let bytes = self.local.open(from)?.bytes();
        self.remote.upload(&self.root.join(from), to)?;
        let object = Object::new(self.remote.clone(), self.cache.clone(), to.to_owned(), bytes, true);
        if let Err(error) = self.cache.adopt(object.number(), &self.root.join(from), bytes) {
            tracing::warn!(%error, path = %to.display(), "a new file is not in the read cache");
            self.local.remove(from)?;
        }
        if let Some(before) = self.locked().insert(to.to_owned(), Arc::new(object)) {
            // The same name is the same object: it is not to be deleted, only forgotten.
            before.drop_cached();
        }
        Ok(())
    }
}

/// Whether files of this name belong into the object store.
fn is_published(path: &Path) -> bool {
    path.starts_with(paths::SEGMENTS)
        && !path.as_os_str().as_encoded_bytes().ends_with(paths::TEMP_SUFFIX.as_bytes())
}

impl Disk for ObjectDisk {
    fn create_dir_all(&self, dir: &Path) -> io::Result<()> {
        self.local.create_dir_all(dir)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskWriter>> {
        if path.starts_with(paths::SEGMENTS) {
            // A flush that could not be uploaded is tried again and again: not all of its work.
            self.remote.reach()?;
        }
        self.local.create(path)
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskReader>> {
        match self.object(path) {
            Some(object) => Ok(Arc::new(ObjectReader(object))),
            None => self.local.open(path),
        }
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<Entry>> {
        let mut entries: BTreeMap<String, Entry> =
            self.local.list(dir)?.into_iter().map(|entry| (entry.name.clone(), entry)).collect();
        for (path, object) in self.locked().range(dir.to_owned()..) {
            // What is in the directory comes after it, in one piece.
            let Ok(below) = path.strip_prefix(dir) else { break };
            let mut parts = below.iter();
            if let Some(name) = parts.next() {
                let name = name.to_string_lossy().into_owned();
                let is_dir = parts.next().is_some();
                let bytes = if is_dir { 0 } else { object.bytes() };
                entries.insert(name.clone(), Entry { name, bytes, is_dir });
            }
        }
        Ok(entries.into_values().collect())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        if let Some(object) = self.object(from) {
            self.remote.rename(from, to)?;
            object.drop_cached();
            self.locked().remove(from);
            return Ok(());
        }
        if is_published(to) { self.upload(from, to) } else { self.local.rename(from, to) }
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let Some(object) = self.locked().remove(path) else { return self.local.remove(path) };
        object.let_go();
        Ok(())
    }

    fn truncate(&self, path: &Path, bytes: u64) -> io::Result<()> {
        self.local.truncate(path, bytes)
    }

    fn space(&self) -> io::Result<Space> {
        let space = self.local.space()?;
        let least = limits::CACHE_YIELDS_BYTES.min(space.total_bytes / limits::CACHE_YIELDS_SHARE);
        if space.available_bytes < least && self.cache.bytes() > 0 {
            self.cache.halve();
            return self.local.space();
        }
        Ok(space)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        match self.local.sync_dir(dir) {
            // A directory that is in the object store only: what is there is durable.
            Err(error) if error.kind() == io::ErrorKind::NotFound && dir.starts_with(paths::SEGMENTS) => {
                Ok(())
            }
            outcome => outcome,
        }
    }
}

#[cfg(test)]
mod tests;
