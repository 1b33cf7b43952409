//! A disk in memory that can lose power, refuse an operation, or fail an fsync.
//!
//! Each file remembers what of it is durable, each directory which names are. [`MemoryDisk::crash`]
//! gives one of the states that a real disk may be in after a power cut at this moment.

use super::{Disk, DiskReader, DiskWriter, Entry, Space};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[derive(Clone, Debug, Default)]
struct Content {
    bytes: Vec<u8>,
    durable: Vec<u8>,
}

type File = Arc<Mutex<Content>>;

#[derive(Debug, Default)]
struct Tree {
    names: BTreeMap<PathBuf, File>,
    durable_names: BTreeMap<PathBuf, File>,
    dirs: BTreeSet<PathBuf>,
    /// Changes so far: what `fail_at` counts.
    changes: u64,
    fail_at: Option<u64>,
    fail_once: bool,
    fail_syncs: bool,
    /// Bytes of all files together; none for no bound.
    capacity: Option<u64>,
}

/// Shared by clones.
#[derive(Clone, Debug, Default)]
pub struct MemoryDisk(Arc<Mutex<Tree>>);

impl Tree {
    fn used(&self) -> u64 {
        self.names.values().map(|file| locked(file).bytes.len() as u64).sum()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A small generator, so that a failing case is named by its seed.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound.max(1) as u64) as usize
    }
}

impl MemoryDisk {
    /// A disk that has these files, all of them durable.
    pub fn with_files(
        dirs: BTreeSet<PathBuf>,
        files: impl Iterator<Item = (PathBuf, Vec<u8>)>,
    ) -> MemoryDisk {
        let content = |bytes: Vec<u8>| Arc::new(Mutex::new(Content { durable: bytes.clone(), bytes }));
        let names: BTreeMap<PathBuf, File> = files.map(|(path, bytes)| (path, content(bytes))).collect();
        MemoryDisk(Arc::new(Mutex::new(Tree {
            durable_names: names.clone(),
            names,
            dirs,
            ..Tree::default()
        })))
    }

    /// From the change with this number on, every change fails: the power is gone.
    pub fn fail_from(&self, change: u64) {
        let mut tree = locked(&self.0);
        (tree.fail_at, tree.fail_once) = (Some(change), false);
    }

    /// Only the change with this number fails.
    pub fn fail_once_at(&self, change: u64) {
        let mut tree = locked(&self.0);
        (tree.fail_at, tree.fail_once) = (Some(change), true);
    }

    /// Whether fsync fails from now on.
    pub fn fail_syncs(&self, fail: bool) {
        locked(&self.0).fail_syncs = fail;
    }

    /// Writes beyond this many bytes of all files together fail as on a full disk.
    pub fn set_capacity(&self, bytes: Option<u64>) {
        locked(&self.0).capacity = bytes;
    }

    /// Bytes of all files.
    pub fn used(&self) -> u64 {
        locked(&self.0).used()
    }

    /// How many changes were asked for.
    pub fn changes(&self) -> u64 {
        locked(&self.0).changes
    }

    /// The disk after a power cut now: of what was not synced, some is there and some is not.
    pub fn crash(&self, dice: &mut Dice) -> MemoryDisk {
        let tree = locked(&self.0);
        let mut names = tree.durable_names.clone();
        for (path, file) in &tree.names {
            if dice.below(2) == 0 {
                names.insert(path.clone(), file.clone());
            }
        }
        for path in tree.durable_names.keys() {
            if !tree.names.contains_key(path) && dice.below(2) == 0 {
                names.remove(path);
            }
        }
        let names: BTreeMap<PathBuf, File> = names
            .into_iter()
            .map(|(path, file)| (path, Arc::new(Mutex::new(torn(&locked(&file), dice)))))
            .collect();
        MemoryDisk(Arc::new(Mutex::new(Tree {
            durable_names: names.clone(),
            names,
            dirs: tree.dirs.clone(),
            ..Tree::default()
        })))
    }

    /// Changes bytes of a file in place, durably: what a bad sector does.
    pub fn damage(&self, path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
        let tree = locked(&self.0);
        let mut content = locked(&tree.names[path]);
        change(&mut content.bytes);
        content.durable = content.bytes.clone();
    }

    pub fn paths(&self) -> Vec<PathBuf> {
        locked(&self.0).names.keys().cloned().collect()
    }

    fn change(&self) -> io::Result<MutexGuard<'_, Tree>> {
        let mut tree = locked(&self.0);
        tree.changes += 1;
        match tree.fail_at {
            Some(at) if tree.changes == at || (!tree.fail_once && tree.changes > at) => {
                Err(io::Error::other("injected fault"))
            }
            _ => Ok(tree),
        }
    }
}

/// The durable bytes, with a piece of what came after them, as pages reach a disk in any order.
fn torn(content: &Content, dice: &mut Dice) -> Content {
    let bytes = if content.bytes.starts_with(&content.durable) {
        let extra = content.bytes.len() - content.durable.len();
        let mut bytes = content.bytes[..content.durable.len() + dice.below(extra + 1)].to_vec();
        // The size may be there without the data.
        if bytes.len() > content.durable.len() && dice.below(3) == 0 {
            let hole = content.durable.len() + dice.below(bytes.len() - content.durable.len());
            bytes[hole..].fill(0);
        }
        bytes
    } else if dice.below(2) == 0 {
        content.bytes.clone()
    } else {
        content.durable.clone()
    };
    Content { durable: bytes.clone(), bytes }
}

fn not_found(path: &Path) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, path.display().to_string())
}

impl Disk for MemoryDisk {
    fn create_dir_all(&self, dir: &Path) -> io::Result<()> {
        self.change()?.dirs.extend(dir.ancestors().map(Path::to_owned));
        Ok(())
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskWriter>> {
        let mut tree = self.change()?;
        if !path.parent().is_some_and(|dir| dir == Path::new("") || tree.dirs.contains(dir)) {
            return Err(not_found(path));
        }
        let file = File::default();
        tree.names.insert(path.to_owned(), file.clone());
        Ok(Box::new(MemoryWriter { disk: self.clone(), file }))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskReader>> {
        let tree = locked(&self.0);
        let file = tree.names.get(path).ok_or_else(|| not_found(path))?;
        let bytes = locked(file).bytes.len() as u64;
        Ok(Arc::new(MemoryReader { file: file.clone(), bytes }))
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<Entry>> {
        let tree = locked(&self.0);
        let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
        let files =
            tree.names.iter().filter(|(path, _)| path.parent() == Some(dir)).map(|(path, file)| Entry {
                name: name(path).unwrap_or_default(),
                bytes: locked(file).bytes.len() as u64,
                is_dir: false,
            });
        let dirs = tree.dirs.iter().filter(|path| path.parent() == Some(dir));
        let dirs = dirs.map(|path| Entry { name: name(path).unwrap_or_default(), bytes: 0, is_dir: true });
        let mut list: Vec<Entry> = files.chain(dirs).collect();
        list.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(list)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut tree = self.change()?;
        let file = tree.names.remove(from).ok_or_else(|| not_found(from))?;
        tree.names.insert(to.to_owned(), file);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.change()?.names.remove(path).map(drop).ok_or_else(|| not_found(path))
    }

    fn truncate(&self, path: &Path, bytes: u64) -> io::Result<()> {
        let tree = self.change()?;
        let mut content = locked(tree.names.get(path).ok_or_else(|| not_found(path))?);
        content.bytes.truncate(bytes as usize);
        content.durable = content.bytes.clone();
        Ok(())
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let mut tree = self.change()?;
        if tree.fail_syncs {
            return Err(io::Error::other("injected fsync failure"));
        }
        let inside = |path: &Path| path.parent() == Some(dir);
        let now: Vec<_> =
            tree.names.iter().filter(|(path, _)| inside(path)).map(|(p, f)| (p.clone(), f.clone())).collect();
        tree.durable_names.retain(|path, _| !inside(path));
        tree.durable_names.extend(now);
        Ok(())
    }

    fn space(&self) -> io::Result<Space> {
        let tree = locked(&self.0);
        let total_bytes = tree.capacity.unwrap_or(1 << 40);
        Ok(Space { total_bytes, available_bytes: total_bytes.saturating_sub(tree.used()) })
    }
}

struct MemoryWriter {
    disk: MemoryDisk,
    file: File,
}

impl DiskWriter for MemoryWriter {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let room =
            |tree: &Tree| tree.capacity.map_or(u64::MAX, |capacity| capacity.saturating_sub(tree.used()));
        let outcome = self.disk.change().map(|tree| room(&tree));
        let mut content = locked(&self.file);
        match outcome {
            Ok(room) if bytes.len() as u64 <= room => content.bytes.extend_from_slice(bytes),
            Ok(room) => {
                content.bytes.extend_from_slice(&bytes[..room as usize]);
                return Err(io::Error::from(io::ErrorKind::StorageFull));
            }
            // A write that fails may have got half way.
            Err(_) => content.bytes.extend_from_slice(&bytes[..bytes.len() / 2]),
        }
        outcome.map(drop)
    }

    fn sync(&mut self) -> io::Result<()> {
        if self.disk.change()?.fail_syncs {
            return Err(io::Error::other("injected fsync failure"));
        }
        let mut content = locked(&self.file);
        content.durable = content.bytes.clone();
        Ok(())
    }
}

#[derive(Debug)]
struct MemoryReader {
    file: File,
    bytes: u64,
}

impl DiskReader for MemoryReader {
    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let content = locked(&self.file);
        let start = offset as usize;
        let bytes = content.bytes.get(start..start + buffer.len());
        buffer.copy_from_slice(bytes.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?);
        Ok(())
    }
}
