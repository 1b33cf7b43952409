use super::*;
use crate::disk::LocalDisk;
use object_store::ObjectStoreExt;
use object_store::memory::InMemory;
use object_store::path::Path as Key;
use std::time::{Duration, Instant};

struct Rig {
    dir: tempfile::TempDir,
    store: Arc<InMemory>,
    disk: ObjectDisk,
}

/// A start: what is on the local disk and in the store stays, the cache goes.
fn open(dir: tempfile::TempDir, store: Arc<InMemory>, cache_bytes: u64) -> Rig {
    let local = Arc::new(LocalDisk::new(dir.path()));
    let remote = Remote::start(store.clone(), Key::from("p/node"), "s3://b/p".into()).unwrap();
    let cache = ReadCache::create(dir.path().join("cache"), cache_bytes).unwrap();
    let listed = remote.list(Path::new(paths::SEGMENTS)).unwrap();
    let root = dir.path().to_owned();
    let disk = ObjectDisk::new(local, root, Arc::new(remote), Arc::new(cache), listed);
    Rig { dir, store, disk }
}

impl Rig {
    fn new(cache_bytes: u64) -> Rig {
        open(tempfile::tempdir().unwrap(), Arc::default(), cache_bytes)
    }

    fn restart(self, cache_bytes: u64) -> Rig {
        open(self.dir, self.store, cache_bytes)
    }

    /// As a segment's file is written.
    fn write(&self, path: &str, bytes: &[u8]) {
        let (path, temp) = (Path::new(path), format!("{path}.tmp"));
        self.disk.create_dir_all(paths::parent(path)).unwrap();
        let mut file = self.disk.create(Path::new(&temp)).unwrap();
        file.append(bytes).unwrap();
        file.sync().unwrap();
        self.disk.rename(Path::new(&temp), path).unwrap();
        self.disk.sync_dir(paths::parent(path)).unwrap();
    }

    fn keys(&self) -> Vec<String> {
        let mut files = self.disk.remote.list(Path::new("")).unwrap();
        files.sort();
        files.into_iter().map(|(path, _)| path.display().to_string()).collect()
    }

    /// Changes an object behind the disk's back.
    fn put(&self, path: &str, bytes: Vec<u8>) {
        self.disk.remote.put(Path::new(path), bytes).unwrap();
    }
}

fn content(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|n| (n * 7 % 251) as u8).collect()
}

fn read(file: &dyn DiskReader, from: usize, bytes: usize) -> Vec<u8> {
    let mut buffer = vec![0; bytes];
    file.read_at(from as u64, &mut buffer).unwrap();
    buffer
}

const FILE: &str = "segments/t/spans/2026-11-26/1-2-0.parquet";
const MIB: usize = 1 << 20;

#[test]
fn a_named_file_is_in_the_store_and_is_read_from_there() {
    // One is put whole, one goes in parts.
    for size in [0, 10, 3 * MIB + 5, 19 * MIB + 1] {
        let rig = Rig::new(1 << 30);
        let bytes = content(size);
        rig.write(FILE, &bytes);
        assert_eq!(rig.keys(), [FILE]);
        assert!(!rig.dir.path().join(FILE).exists() && !rig.dir.path().join(format!("{FILE}.tmp")).exists());
        assert_eq!(read(rig.disk.open(Path::new(FILE)).unwrap().as_ref(), 0, size), bytes, "from the cache");
        let rig = rig.restart(1 << 30);
        let file = rig.disk.open(Path::new(FILE)).unwrap();
        assert_eq!(file.bytes(), size as u64);
        for (from, length) in [(0, size), (size / 2, size / 2), (size.saturating_sub(3), size.min(3))] {
            assert_eq!(read(file.as_ref(), from, length), bytes[from..from + length]);
        }
        assert!(file.read_at(size as u64, &mut [0]).is_err(), "beyond the end");
    }
}

#[test]
fn what_is_cached_is_not_fetched_and_what_is_fetched_again_is_told() {
    let rig = Rig::new(1 << 30);
    let bytes = content(4 * MIB);
    rig.write(FILE, &bytes);
    let rig = rig.restart(2 * MIB as u64);
    let file = rig.disk.open(Path::new(FILE)).unwrap();
    assert_eq!(read(file.as_ref(), 10, 20), bytes[10..30]);
    rig.put(FILE, vec![0; 4 * MIB]);
    assert_eq!(read(file.as_ref(), MIB - 20, 20), bytes[MIB - 20..MIB], "the first MiB is kept");
    assert_eq!(file.refetches(), 0);
    // Three other blocks push the first one out.
    read(file.as_ref(), MIB, 3 * MIB);
    assert_eq!(read(file.as_ref(), 10, 20), [0; 20]);
    assert_eq!(file.refetches(), 1);
}

#[test]
fn a_new_file_that_left_the_cache_is_a_refetch_too() {
    let rig = Rig::new(10);
    rig.write(FILE, &content(100));
    let file = rig.disk.open(Path::new(FILE)).unwrap();
    assert_eq!(read(file.as_ref(), 0, 100), content(100));
    assert_eq!(file.refetches(), 1);
}

#[test]
fn an_object_that_is_shorter_or_gone_is_damage() {
    for gone in [false, true] {
        let rig = Rig::new(1 << 30);
        rig.write(FILE, &content(100));
        rig.put(paths::DATA_SET, b"name".to_vec());
        let rig = rig.restart(1 << 30);
        if gone {
            rig.disk.remote.rename(Path::new(FILE), Path::new("elsewhere")).unwrap();
        } else {
            rig.put(FILE, content(50));
        }
        let error = rig.disk.open(Path::new(FILE)).unwrap().read_at(20, &mut [0; 60]).unwrap_err();
        let expected = if gone { io::ErrorKind::NotFound } else { io::ErrorKind::InvalidData };
        assert_eq!(error.kind(), expected, "{error}");
    }
}

#[test]
fn a_bucket_that_is_gone_is_no_damage() {
    let rig = Rig::new(1 << 30);
    rig.write(FILE, &content(100));
    let rig = rig.restart(1 << 30);
    rig.disk.remote.rename(Path::new(FILE), Path::new("elsewhere")).unwrap();
    let error = rig.disk.open(Path::new(FILE)).unwrap().read_at(0, &mut [0; 10]).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::Other, "{error}");
    assert!(error.to_string().contains("s3://b/p"), "{error}");
}

#[test]
fn names_are_listed_as_of_a_directory() {
    let rig = Rig::new(1 << 30);
    rig.write(FILE, b"abc");
    rig.write("segments/t/spans/2026-11-26/1-2-0.sums", b"a");
    rig.write("segments/t/logs/2026-11-26/3-3-0.parquet", b"abcd");
    let rig = rig.restart(1 << 30);
    drop(rig.disk.create(Path::new("segments/t/spans/2026-11-26/9-9-0.parquet.tmp")).unwrap());
    let names = |dir: &str| -> Vec<(String, u64, bool)> {
        let list = rig.disk.list(Path::new(dir)).unwrap();
        list.into_iter().map(|entry| (entry.name, entry.bytes, entry.is_dir)).collect()
    };
    let dir =
        |name: &str| names(name).into_iter().map(|(name, _, is_dir)| (name, is_dir)).collect::<Vec<_>>();
    assert_eq!(dir("segments"), [("t".to_owned(), true)]);
    assert_eq!(dir("segments/t"), [("logs".to_owned(), true), ("spans".to_owned(), true)]);
    assert_eq!(
        names("segments/t/spans/2026-11-26"),
        [
            ("1-2-0.parquet".to_owned(), 3, false),
            ("1-2-0.sums".to_owned(), 1, false),
            ("9-9-0.parquet.tmp".to_owned(), 0, false)
        ]
    );
    assert!(names("segments/u").is_empty());
}

#[test]
fn a_removed_file_is_read_to_the_end_and_then_deleted() {
    let rig = Rig::new(1 << 30);
    rig.write(FILE, &content(100));
    let rig = rig.restart(1 << 30);
    let file = rig.disk.open(Path::new(FILE)).unwrap();
    rig.disk.remove(Path::new(FILE)).unwrap();
    assert!(rig.disk.open(Path::new(FILE)).is_err());
    assert_eq!(read(file.as_ref(), 0, 100), content(100));
    drop(file);
    let deadline = Instant::now() + Duration::from_secs(10);
    while !rig.keys().is_empty() {
        assert!(Instant::now() < deadline, "it is not deleted");
        std::thread::yield_now();
    }
    assert!(rig.disk.remove(Path::new(FILE)).is_err());
}

#[test]
fn a_file_that_takes_the_place_of_a_removed_one_stays() {
    let rig = Rig::new(1 << 30);
    for n in 0..20 {
        rig.write(FILE, &content(n));
        rig.disk.remove(Path::new(FILE)).unwrap();
        rig.write(FILE, &content(n + 1));
        assert_eq!(rig.keys(), [FILE]);
    }
}

#[test]
fn quarantine_is_in_the_store() {
    let rig = Rig::new(1 << 30);
    rig.write(FILE, b"abc");
    rig.disk.rename(Path::new(FILE), Path::new("quarantine/it")).unwrap();
    assert_eq!(rig.keys(), ["quarantine/it"]);
    assert!(
        rig.disk.open(Path::new(FILE)).is_err()
            && rig.restart(1).disk.list(Path::new("segments/t/spans/2026-11-26")).unwrap().is_empty()
    );
}

#[test]
fn what_was_local_before_stays_local_and_the_rest_is_not_uploaded() {
    let rig = Rig::new(1 << 30);
    let local = LocalDisk::new(rig.dir.path());
    local.create_dir_all(Path::new("segments/t/spans/2026-11-26")).unwrap();
    std::fs::write(rig.dir.path().join(FILE), b"abc").unwrap();
    rig.write("wal/1.wal", b"records");
    assert_eq!(read(rig.disk.open(Path::new(FILE)).unwrap().as_ref(), 1, 2), b"bc");
    assert_eq!(rig.keys(), [] as [String; 0]);
    rig.disk.remove(Path::new(FILE)).unwrap();
    assert!(!rig.dir.path().join(FILE).exists());
}

#[tokio::test]
async fn it_may_be_waited_for_on_the_thread_that_drives_tasks() {
    let rig = Rig::new(1 << 30);
    rig.write(FILE, b"abc");
    let key = Key::from(format!("p/node/{FILE}"));
    assert_eq!(rig.store.get(&key).await.unwrap().bytes().await.unwrap().as_ref(), b"abc");
}
