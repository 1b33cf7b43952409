//! The file system of the operating system.

use super::{Disk, DiskReader, DiskWriter, Entry, Space};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A data directory.
#[derive(Debug)]
pub struct LocalDisk {
    root: PathBuf,
}

impl LocalDisk {
    pub fn new(root: impl Into<PathBuf>) -> LocalDisk {
        LocalDisk { root: root.into() }
    }

    fn at(&self, path: &Path) -> PathBuf {
        self.root.join(path)
    }
}

impl Disk for LocalDisk {
    fn create_dir_all(&self, dir: &Path) -> io::Result<()> {
        if self.at(dir).is_dir() {
            return Ok(());
        }
        if let Some(above) = dir.parent() {
            self.create_dir_all(above)?;
            fs::create_dir_all(self.at(dir))?;
            return self.sync_dir(above);
        }
        fs::create_dir_all(&self.root)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskWriter>> {
        Ok(Box::new(LocalWriter(File::create(self.at(path))?)))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskReader>> {
        let file = File::open(self.at(path))?;
        let bytes = file.metadata()?.len();
        Ok(Arc::new(LocalReader { file, bytes }))
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<Entry>> {
        let entries = match fs::read_dir(self.at(dir)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut list = Vec::new();
        for entry in entries {
            let entry = entry?;
            let about = entry.metadata()?;
            // A name that is not UTF-8 is none of ours.
            if let Ok(name) = entry.file_name().into_string() {
                list.push(Entry { name, bytes: about.len(), is_dir: about.is_dir() });
            }
        }
        list.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(list)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(self.at(from), self.at(to))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(self.at(path))
    }

    fn truncate(&self, path: &Path, bytes: u64) -> io::Result<()> {
        let file = OpenOptions::new().write(true).open(self.at(path))?;
        file.set_len(bytes)?;
        file.sync_all()
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        File::open(self.at(dir))?.sync_all()
    }

    fn space(&self) -> io::Result<Space> {
        let about = rustix::fs::statvfs(&self.root)?;
        let bytes = |blocks: u64| blocks.saturating_mul(about.f_frsize);
        Ok(Space { total_bytes: bytes(about.f_blocks), available_bytes: bytes(about.f_bavail) })
    }
}

struct LocalWriter(File);

impl DiskWriter for LocalWriter {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }
}

#[derive(Debug)]
struct LocalReader {
    file: File,
    bytes: u64,
}

impl DiskReader for LocalReader {
    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(buffer, offset)
    }
}
