//! A disk that counts down what is written through it.

use super::{Disk, DiskReader, DiskWriter, Entry, Space};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// See the module.
#[derive(Debug)]
pub struct Metered {
    disk: Arc<dyn Disk>,
    left: Arc<AtomicU64>,
}

impl Metered {
    /// What is written is taken off `left`, down to 0.
    pub fn new(disk: Arc<dyn Disk>, left: Arc<AtomicU64>) -> Metered {
        Metered { disk, left }
    }
}

impl Disk for Metered {
    fn create_dir_all(&self, dir: &Path) -> io::Result<()> {
        self.disk.create_dir_all(dir)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskWriter>> {
        let file = self.disk.create(path)?;
        Ok(Box::new(MeteredWriter { file, left: self.left.clone() }))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskReader>> {
        self.disk.open(path)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<Entry>> {
        self.disk.list(dir)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.disk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.disk.remove(path)
    }

    fn truncate(&self, path: &Path, bytes: u64) -> io::Result<()> {
        self.disk.truncate(path, bytes)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.disk.sync_dir(dir)
    }

    fn space(&self) -> io::Result<Space> {
        self.disk.space()
    }
}

struct MeteredWriter {
    file: Box<dyn DiskWriter>,
    left: Arc<AtomicU64>,
}

impl DiskWriter for MeteredWriter {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.append(bytes)?;
        let less = |left: u64| Some(left.saturating_sub(bytes.len() as u64));
        // The closure never says no.
        let _ = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync()
    }
}
