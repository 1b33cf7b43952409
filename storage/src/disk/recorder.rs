//! A disk that writes down every operation, and the states that a real one may be in after a power cut
//! between any two of them.
//!
//! What POSIX leaves open is all allowed: of bytes that were not synced any prefix is there, cut at a
//! sector or page, with sectors or pages in it that were never written; of names that were not synced
//! any of the changes, in any order. What no file system does is left out: a rename is one change, so a
//! file that had a durable name does not end up without any.

use super::memory::{Dice, MemoryDisk};
use super::{Disk, DiskReader, DiskWriter, Entry, Space};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Files are known by a number, whatever their names become.
#[derive(Clone, Debug)]
enum Op {
    CreateDir(PathBuf),
    Create(PathBuf, usize),
    Append(usize, Vec<u8>),
    Sync(usize),
    Rename(PathBuf, PathBuf),
    Remove(PathBuf),
    Truncate(PathBuf, u64),
    SyncDir(PathBuf),
}

#[derive(Debug, Default)]
struct Log {
    ops: Vec<Op>,
    files: usize,
}

/// Shared by clones.
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    disk: MemoryDisk,
    log: Arc<Mutex<Log>>,
}

impl Recorder {
    fn locked(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many operations were done so far: a moment of the log.
    pub fn moment(&self) -> usize {
        self.locked().ops.len()
    }

    /// Does an operation and writes it down as one step, so that the log has their order.
    fn record<T>(&self, op: Op, work: impl FnOnce(&MemoryDisk) -> io::Result<T>) -> io::Result<T> {
        let mut log = self.locked();
        let done = work(&self.disk)?;
        log.ops.push(op);
        Ok(done)
    }

    /// The log from its begin.
    pub fn replay(&self) -> Replay {
        Replay { ops: self.locked().ops.clone(), ..Replay::default() }
    }
}

impl Disk for Recorder {
    fn create_dir_all(&self, dir: &Path) -> io::Result<()> {
        self.record(Op::CreateDir(dir.to_owned()), |disk| disk.create_dir_all(dir))
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskWriter>> {
        let mut log = self.locked();
        let writer = self.disk.create(path)?;
        let file = log.files;
        log.files += 1;
        log.ops.push(Op::Create(path.to_owned(), file));
        Ok(Box::new(RecordedWriter { recorder: self.clone(), writer, file }))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskReader>> {
        self.disk.open(path)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<Entry>> {
        self.disk.list(dir)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.record(Op::Rename(from.to_owned(), to.to_owned()), |disk| disk.rename(from, to))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.record(Op::Remove(path.to_owned()), |disk| disk.remove(path))
    }

    fn truncate(&self, path: &Path, bytes: u64) -> io::Result<()> {
        self.record(Op::Truncate(path.to_owned(), bytes), |disk| disk.truncate(path, bytes))
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.record(Op::SyncDir(dir.to_owned()), |disk| disk.sync_dir(dir))
    }

    fn space(&self) -> io::Result<Space> {
        self.disk.space()
    }
}

struct RecordedWriter {
    recorder: Recorder,
    writer: Box<dyn DiskWriter>,
    file: usize,
}

impl DiskWriter for RecordedWriter {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let (recorder, writer) = (&self.recorder, &mut self.writer);
        recorder.record(Op::Append(self.file, bytes.to_vec()), |_| writer.append(bytes))
    }

    fn sync(&mut self) -> io::Result<()> {
        let (recorder, writer) = (&self.recorder, &mut self.writer);
        recorder.record(Op::Sync(self.file), |_| writer.sync())
    }
}

#[derive(Clone, Debug, Default)]
struct Content {
    bytes: Vec<u8>,
    synced: usize,
}

/// What a name may stand for: a file, or none.
type Meaning = Option<usize>;

/// Goes through a log, and gives the states after a power cut.
#[derive(Debug, Default)]
pub struct Replay {
    ops: Vec<Op>,
    at: usize,
    dirs: BTreeSet<PathBuf>,
    files: BTreeMap<usize, Content>,
    names: BTreeMap<PathBuf, usize>,
    durable: BTreeMap<PathBuf, usize>,
    /// What names have stood for since their directory was synced, the durable meaning not included.
    since: BTreeMap<PathBuf, Vec<Meaning>>,
    renamed: Vec<(PathBuf, PathBuf, usize)>,
}

/// What is there of bytes that were not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Torn {
    Nothing,
    Everything,
    /// A prefix that ends at a multiple of so many bytes, or all; with `holes`, some pieces of that size
    /// in it are zeros.
    At {
        bytes: usize,
        holes: bool,
    },
}

impl Replay {
    pub fn moment(&self) -> usize {
        self.at
    }

    /// Does the next operation; false at the end of the log.
    pub fn step(&mut self) -> bool {
        let Some(op) = self.ops.get(self.at).cloned() else { return false };
        self.at += 1;
        match op {
            Op::CreateDir(dir) => self.dirs.extend(dir.ancestors().map(Path::to_owned)),
            Op::Create(path, file) => {
                self.files.insert(file, Content::default());
                self.set(path, Some(file));
            }
            Op::Append(file, bytes) => self.content(file).bytes.extend(bytes),
            Op::Sync(file) => {
                let content = self.content(file);
                content.synced = content.bytes.len();
            }
            Op::Rename(from, to) => {
                let file = self.names[&from];
                self.renamed.push((from.clone(), to.clone(), file));
                self.set(from, None);
                self.set(to, Some(file));
            }
            Op::Remove(path) => self.set(path, None),
            Op::Truncate(path, bytes) => {
                let file = self.names[&path];
                let content = self.content(file);
                content.bytes.truncate(bytes as usize);
                content.synced = content.bytes.len();
            }
            Op::SyncDir(dir) => self.sync_dir(&dir),
        }
        true
    }

    fn content(&mut self, file: usize) -> &mut Content {
        self.files.entry(file).or_default()
    }

    fn set(&mut self, path: PathBuf, meaning: Meaning) {
        match meaning {
            Some(file) => drop(self.names.insert(path.clone(), file)),
            None => drop(self.names.remove(&path)),
        }
        self.since.entry(path).or_default().push(meaning);
    }

    fn sync_dir(&mut self, dir: &Path) {
        let inside = |path: &Path| path.parent() == Some(dir);
        self.durable.retain(|path, _| !inside(path));
        let now = self.names.iter().filter(|(path, _)| inside(path));
        self.durable.extend(now.map(|(path, file)| (path.clone(), *file)));
        self.since.retain(|path, _| !inside(path));
        self.renamed.retain(|(from, to, _)| !inside(from) || !inside(to));
    }

    /// Whether a power cut now has more than one outcome.
    pub fn is_open(&self) -> bool {
        !self.since.is_empty() || self.files.values().any(|content| content.synced < content.bytes.len())
    }

    /// A disk after a power cut now.
    pub fn cut(&self, torn: Torn, dice: &mut Dice) -> MemoryDisk {
        let mut names = self.durable.clone();
        for (path, meanings) in &self.since {
            let place = match torn {
                Torn::Nothing => 0,
                Torn::Everything => meanings.len(),
                Torn::At { .. } => dice.below(meanings.len() + 1),
            };
            match place.checked_sub(1).map(|place| meanings[place]) {
                None => {}
                Some(Some(file)) => drop(names.insert(path.clone(), file)),
                Some(None) => drop(names.remove(path)),
            }
        }
        for (from, to, file) in &self.renamed {
            let had_name = self.durable.get(from) == Some(file);
            if had_name && !names.values().any(|named| named == file) && self.names.get(to) == Some(file) {
                names.insert(to.clone(), *file);
            }
        }
        let files = names.into_iter().map(|(path, file)| {
            let content = self.files.get(&file).cloned().unwrap_or_default();
            (path, content.torn(torn, dice))
        });
        MemoryDisk::with_files(self.dirs.clone(), files)
    }
}

impl Content {
    fn torn(mut self, torn: Torn, dice: &mut Dice) -> Vec<u8> {
        match torn {
            Torn::Everything => {}
            Torn::Nothing => self.bytes.truncate(self.synced),
            Torn::At { bytes, holes } => {
                let (first, last) = (self.synced.div_ceil(bytes), self.bytes.len() / bytes);
                // All of it, nothing, or up to a border in between.
                let border = match dice.below(4) {
                    0 => self.bytes.len(),
                    1 => self.synced,
                    _ => (first + dice.below((last + 1).saturating_sub(first))) * bytes,
                };
                self.bytes.truncate(border.clamp(self.synced, self.bytes.len()));
                for piece in self.synced / bytes..self.bytes.len().div_ceil(bytes) {
                    if holes && dice.below(3) == 0 {
                        let end = self.bytes.len().min((piece + 1) * bytes);
                        self.bytes[self.synced.max(piece * bytes)..end].fill(0);
                    }
                }
            }
        }
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every state that is met at one moment, as names with their bytes.
    fn states(recorder: &Recorder, moment: usize) -> BTreeSet<Vec<(PathBuf, Vec<u8>)>> {
        let mut replay = recorder.replay();
        while replay.moment() < moment && replay.step() {}
        let mut dice = Dice::new(1);
        let mut states = BTreeSet::new();
        for _ in 0..300 {
            for torn in [Torn::Nothing, Torn::Everything, Torn::At { bytes: 512, holes: false }] {
                let disk = replay.cut(torn, &mut dice);
                let file = |path: PathBuf| (path.clone(), crate::disk::read(&disk, &path).unwrap());
                states.insert(disk.paths().into_iter().map(file).collect());
            }
        }
        states
    }

    #[test]
    fn a_cut_has_every_outcome_that_is_legal_and_no_other() {
        let recorder = Recorder::default();
        let (a, b) = (Path::new("a"), Path::new("b"));
        let mut file = recorder.create(a).unwrap();
        file.append(&[7; 1000]).unwrap();
        file.sync().unwrap();
        assert_eq!(states(&recorder, 3).len(), 2, "the file with all its bytes, or no file");
        recorder.sync_dir(Path::new("")).unwrap();
        file.append(&[8; 600]).unwrap();
        let lengths = states(&recorder, 5).into_iter().map(|state| state[0].1.len());
        assert_eq!(lengths.collect::<Vec<_>>(), [1000, 1024, 1536, 1600]);
        file.sync().unwrap();
        recorder.rename(a, b).unwrap();
        let names = |state: Vec<(PathBuf, Vec<u8>)>| state.into_iter().map(|(path, _)| path).collect();
        let found: BTreeSet<Vec<PathBuf>> = states(&recorder, 7).into_iter().map(names).collect();
        let [only_a, both, only_b] =
            [vec![a.to_owned()], vec![a.to_owned(), b.to_owned()], vec![b.to_owned()]];
        assert_eq!(found, [only_a, both, only_b].into(), "never without a name");
    }
}
