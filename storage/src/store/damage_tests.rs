//! Bit flips, truncations and zero fills over every kind of file of a data directory. The store always
//! starts; what is wrong is found by `verify`, by the start or by the first read; what it answers is
//! right; and what is lost lay in the damaged piece.

use super::testing::{batch, copy_tree, options};
use super::*;
use crate::disk::memory::Dice;
use crate::disk::{Disk, LocalDisk};
use crate::log_index::TextQuery;
use crate::segment::points::ReadPoints;
use crate::snapshot::{Point, Source};
use crate::verify::verify;
use crate::wal::{self, Finding};
use ocelli_signal::Signal;
use ocelli_signal::logs::Logs;
use ocelli_signal::points::Points;
use ocelli_signal::series::series_id;
use ocelli_signal::spans::Spans;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::ops::Range;
use std::path::PathBuf;

const CASES: usize = 500;
const SEED: u64 = 500;
const ROWS: usize = 60;

/// Everything about a row as a number: a row that is another one in any way is another number.
type Facts = BTreeSet<u64>;

fn fact(row: impl Debug) -> u64 {
    xxhash_rust::xxh3::xxh3_64(format!("{row:?}").as_bytes())
}

fn facts_of(signal: Signal, rows: &RecordBatch) -> Vec<u64> {
    match signal {
        Signal::Spans => {
            let spans = Spans::new(rows).unwrap();
            (0..spans.len()).map(|row| fact((spans.row(row), spans.service(row)))).collect()
        }
        Signal::Logs => {
            let logs = Logs::new(rows).unwrap();
            (0..logs.len()).map(|row| fact((logs.row(row), logs.service(row)))).collect()
        }
        Signal::Points => {
            let points = Points::new(rows).unwrap();
            let point = |row: usize| Point::from(points.row(row));
            (0..points.len())
                .map(|row| fact((series_id(&points.series(row).to_series().encode()), point(row))))
                .collect()
        }
    }
}

/// What a file holds that may be lost with it.
enum Holds {
    /// Rows of a whole segment.
    Rows(Facts),
    /// Records of a WAL file with their places.
    Records(Vec<(Range<u64>, Facts)>),
    /// What can be done without, or made anew.
    Nothing,
}

struct Directory {
    dir: tempfile::TempDir,
    rows: Facts,
    files: BTreeMap<PathBuf, Holds>,
    last_wal_file: PathBuf,
}

fn settings(dir: &Path) -> Options {
    Options { data_dir: dir.to_owned(), flush_age: std::time::Duration::from_secs(3_600), ..options() }
}

/// Three flushes of each signal, and as many rows again in the WAL, as a killed process leaves them.
async fn killed() -> Directory {
    let (running, dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut store = Store::open(settings(running.path()), None).await.unwrap();
    for round in 0..6 {
        if round == 2 {
            // SQLite moves what it has logged into the database.
            store.close().await.unwrap();
            drop(store);
            store = reopened(running.path()).await;
        }
        for signal in Signal::ALL {
            for part in 0..3 {
                let from = round * ROWS + part * ROWS / 3;
                store.append("default", batch(signal, from, ROWS / 3)).await.unwrap();
            }
        }
        if round < 3 {
            store.flush().await.unwrap();
        }
    }
    copy_tree(running.path(), dir.path());
    let mut files = BTreeMap::new();
    list(dir.path(), Path::new(""), &mut files);
    for segment in store.inner.shared.tables.segments() {
        let facts = facts_of_segment(&segment);
        for suffix in [paths::ROWS_SUFFIX, paths::SERIES_SUFFIX] {
            files.insert(segment.entry.path(suffix), Holds::Rows(facts.clone()));
        }
    }
    files.retain(|path, _| dir.path().join(path).exists());
    let disk = LocalDisk::new(dir.path());
    let logged = wal::scan(&disk).unwrap();
    for file in &logged {
        files.insert(file.path.clone(), Holds::Records(records_of(&disk, file)));
    }
    let rows = everything(&store).0;
    Directory { dir, rows, files, last_wal_file: logged.last().unwrap().path.clone() }
}

/// The lock goes with the last of the threads that worked on the directory.
async fn reopened(dir: &Path) -> Store {
    loop {
        match Store::open(settings(dir), None).await {
            Err(Error::Locked { .. }) => tokio::task::yield_now().await,
            outcome => return outcome.unwrap(),
        }
    }
}

fn list(root: &Path, dir: &Path, files: &mut BTreeMap<PathBuf, Holds>) {
    for entry in std::fs::read_dir(root.join(dir)).unwrap() {
        let entry = entry.unwrap();
        let path = dir.join(entry.file_name());
        if entry.path().is_dir() {
            list(root, &path, files);
        } else if !path.ends_with(paths::LOCK) && !path.to_string_lossy().ends_with("-shm") {
            files.insert(path, Holds::Nothing);
        }
    }
}

fn facts_of_segment(segment: &crate::segment::Segment) -> Facts {
    if segment.signal() != Signal::Points {
        let batches = segment.read(None, None).unwrap();
        return batches.iter().flat_map(|rows| facts_of(segment.signal(), rows)).collect();
    }
    let all = segment.series().unwrap();
    let of_series: Vec<_> = all.iter().map(|entry| entry.rows()).collect();
    let mut facts = Facts::new();
    let each = |place: usize, read: &ReadPoints<'_>, rows: Range<usize>| {
        for row in rows {
            facts.extend([fact((all[place].id, read.point(row, all[place].series.kind)?))]);
        }
        Ok(())
    };
    segment.whole_points(&of_series, each).unwrap();
    facts
}

fn records_of(disk: &dyn Disk, file: &wal::LoggedFile) -> Vec<(Range<u64>, Facts)> {
    let (mut records, mut at) = (Vec::new(), wal::FILE_HEADER as u64);
    let mut reader = file.open(disk).unwrap();
    while let Some(Finding::Record { header, payload }) = reader.next().unwrap() {
        let end = at + wal::record_bytes(&header, payload.len()) as u64;
        let rows = wal::decode(header.signal, payload).unwrap();
        records.push((at..end, facts_of(header.signal, &rows).into_iter().collect()));
        at = end;
    }
    records
}

/// All rows that a store gives, and whether a read found damage on the way. No row is there twice, a
/// trace is what all spans say of it, and the index leaves out no row.
fn everything(store: &Store) -> (Facts, bool) {
    let snapshot = store.snapshot("default");
    let (mut found, mut damaged) = (Vec::new(), false);
    let mut traces: BTreeMap<[u8; 16], Facts> = BTreeMap::new();
    for signal in [Signal::Spans, Signal::Logs] {
        for source in snapshot.sources(signal, i64::MIN, i64::MAX) {
            let Ok(batches) = source.read(None, None) else {
                damaged = true;
                continue;
            };
            let facts: Vec<u64> = batches.iter().flat_map(|rows| facts_of(signal, rows)).collect();
            if signal == Signal::Spans {
                let ids = batches.iter().flat_map(|rows| {
                    let spans = Spans::new(rows).unwrap();
                    (0..spans.len()).map(|row| spans.row(row).trace_id).collect::<Vec<_>>()
                });
                ids.zip(&facts).for_each(|(id, fact)| traces.entry(id).or_default().extend([*fact]));
            } else {
                check_index(&source, &batches);
            }
            found.extend(facts);
        }
    }
    match snapshot.series(&mut |_: &ocelli_signal::Series| true, i64::MIN, i64::MAX) {
        Ok(series) => {
            found.extend(series.iter().flat_map(|one| one.points.iter().map(|point| fact((one.id, point)))))
        }
        Err(_) => damaged = true,
    }
    if !damaged {
        for (id, facts) in traces.iter().step_by(7) {
            let batches = snapshot.trace(id).unwrap();
            let of_trace: Facts = batches.iter().flat_map(|rows| facts_of(Signal::Spans, rows)).collect();
            assert_eq!(&of_trace, facts, "the spans of a trace");
        }
    }
    let count = found.len();
    let found: Facts = found.into_iter().collect();
    assert_eq!(found.len(), count, "rows are there twice");
    (found, damaged)
}

fn check_index(source: &Source, batches: &[RecordBatch]) {
    let Some(mut found) = source.candidates(&TextQuery::Word("paid".into())).unwrap() else { return };
    let rows = found.within(0..source.rows() as u32);
    let bodies = batches.iter().flat_map(|rows| {
        let logs = Logs::new(rows).unwrap();
        (0..logs.len()).map(|row| logs.body.value(row).to_owned()).collect::<Vec<_>>()
    });
    for (row, body) in (0u32..).zip(bodies) {
        assert!(!body.contains("was paid") || rows.as_slice().contains(&row), "the index misses {body}");
    }
}

/// Flips a bit, cuts the end off or fills a piece with zeros; the bytes that are not what they were.
fn damage(bytes: &mut Vec<u8>, may_cut: bool, dice: &mut Dice) -> (String, Range<u64>) {
    let before = bytes.clone();
    loop {
        let what = match dice.below(if may_cut { 3 } else { 2 }) {
            0 => {
                let bit = dice.below(bytes.len() * 8);
                bytes[bit / 8] ^= 1 << (bit % 8);
                format!("bit {bit} flipped")
            }
            1 => {
                let from = dice.below(bytes.len());
                let end = (from + 1 + dice.below(512)).min(bytes.len());
                // Zeros to the very end of the last WAL file are what an unfinished write leaves.
                let end = if may_cut { end } else { end.min(bytes.len() - 1).max(from) };
                bytes[from..end].fill(0);
                format!("zeros at {from}..{end}")
            }
            _ => {
                let length = dice.below(bytes.len());
                bytes.truncate(length);
                format!("cut to {length}")
            }
        };
        if *bytes != before {
            let same = bytes.iter().zip(&before).take_while(|(a, b)| a == b).count();
            let end = if bytes.len() < before.len() {
                before.len()
            } else {
                before.len() - bytes.iter().rev().zip(before.iter().rev()).take_while(|(a, b)| a == b).count()
            };
            return (what, same as u64..end as u64);
        }
    }
}

impl Directory {
    fn kinds(&self) -> BTreeMap<String, Vec<PathBuf>> {
        let mut kinds: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
        for path in self.files.keys() {
            let name = path.file_name().unwrap().to_string_lossy();
            let kind = match name.split_once('.') {
                Some((stem, suffix)) if stem.starts_with('0') => {
                    let signal = path.components().nth(2).map(|part| part.as_os_str().to_string_lossy());
                    format!("{} {suffix}", signal.unwrap_or_default())
                }
                _ => name.into_owned(),
            };
            kinds.entry(kind).or_default().push(path.clone());
        }
        kinds
    }

    /// What may be lost when these bytes of a file are damaged.
    fn at_stake(&self, path: &Path, range: &Range<u64>) -> Facts {
        match &self.files[path] {
            Holds::Nothing => Facts::new(),
            Holds::Rows(facts) => facts.clone(),
            Holds::Records(records) => {
                let hit = records.iter().filter(|(at, _)| at.start < range.end && range.start < at.end);
                hit.flat_map(|(_, facts)| facts.iter().copied()).collect()
            }
        }
    }

    /// Whether damage was found; else it must have changed nothing.
    async fn check(&self, kind: &str, path: &Path, dice: &mut Dice) -> bool {
        let copy = tempfile::tempdir().unwrap();
        copy_tree(self.dir.path(), copy.path());
        let mut bytes = std::fs::read(copy.path().join(path)).unwrap();
        let (what, range) = damage(&mut bytes, *path != self.last_wal_file, dice);
        std::fs::write(copy.path().join(path), &bytes).unwrap();
        let what = format!("{} ({kind}): {what}", path.display());

        let before = tree(copy.path());
        let verified = verify(&settings(copy.path())).await.unwrap_or_else(|error| panic!("{what}: {error}"));
        assert!(before == tree(copy.path()), "{what}: verify changes nothing");

        let store = Store::open(settings(copy.path()), None).await;
        let store = store.unwrap_or_else(|error| panic!("{what}: does not start: {error}"));
        let mut found = everything(&store);
        // What a read finds damaged is in no later snapshot.
        for _ in 0..4 {
            if found.1 {
                found = everything(&store);
            }
        }
        let (found, damaged) = found;
        assert!(!damaged, "{what}: still unreadable");
        let wrong = found.difference(&self.rows).count();
        assert_eq!(wrong, 0, "{what}: rows that nobody wrote");
        let lost: Facts = self.rows.difference(&found).copied().collect();
        let at_stake = self.at_stake(path, &range);
        let beyond = lost.difference(&at_stake).count();
        assert_eq!(beyond, 0, "{what}: {} rows lost, {} at stake", lost.len(), at_stake.len());
        let reports = store.summary().quarantined;
        assert!(lost.is_empty() || !reports.is_empty(), "{what}: {} rows lost in silence", lost.len());
        !verified.problems.is_empty() || !reports.is_empty()
    }
}

fn tree(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    list(dir, Path::new(""), &mut files);
    files.into_keys().map(|path| (path.clone(), std::fs::read(dir.join(path)).unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn damage_anywhere_is_found_and_costs_no_more_than_what_it_hits() {
    let directory = Arc::new(killed().await);
    let clean = verify(&settings(directory.dir.path())).await.unwrap();
    assert_eq!((clean.problems, clean.notes), (Vec::new(), Vec::new()));
    assert_eq!(directory.rows.len(), ROWS * 6 * 3);
    let kinds: Vec<(String, Vec<PathBuf>)> = directory.kinds().into_iter().collect();
    let mut running = tokio::task::JoinSet::new();
    let mut unfound: BTreeMap<String, usize> = BTreeMap::new();
    let mut note = |(kind, found): (String, bool)| *unfound.entry(kind).or_default() += usize::from(!found);
    for case in 0..CASES {
        let (kind, files) = kinds[case % kinds.len()].clone();
        let directory = directory.clone();
        running.spawn(async move {
            let mut dice = Dice::new(SEED + case as u64);
            let path = &files[dice.below(files.len())];
            let found = directory.check(&kind, path, &mut dice).await;
            (kind, found)
        });
        while running.len() >= 4 {
            note(running.join_next().await.unwrap().unwrap());
        }
    }
    while let Some(done) = running.join_next().await {
        note(done.unwrap());
    }
    eprintln!("{CASES} cases over {} kinds of files; not found, and of no effect: {unfound:?}", kinds.len());
    for (kind, count) in unfound {
        // SQLite keeps bytes that mean nothing, and rolls a torn end of its own log back; both were
        // checked above to change no answer.
        assert!(count == 0 || kind.starts_with(paths::CATALOG), "{count} cases of {kind} were not found");
    }
}

#[tokio::test]
async fn records_outlive_the_catalog_around_them() {
    use sqlx::{ConnectOptions, Connection};
    let dir = tempfile::tempdir().unwrap();
    let store = reopened(dir.path()).await;
    let record = |name: &str| crate::RecordChange {
        space: "silence".into(),
        name: name.into(),
        content: Some("until noon".into()),
    };
    store.commit_records(None, &[record("a"), record("b")]).await.unwrap();
    store.close().await.unwrap();
    drop(store);
    let url = format!("sqlite:{}", dir.path().join(paths::CATALOG).display());
    let options: sqlx::any::AnyConnectOptions = url.parse().unwrap();
    let mut database = options.connect().await.unwrap();
    let damage =
        "DROP TABLE storage_covered; UPDATE storage_records SET content = 'for ever' WHERE name = 'b'";
    sqlx::raw_sql(damage).execute(&mut database).await.unwrap();
    database.close().await.unwrap();
    let store = reopened(dir.path()).await;
    assert_eq!(store.records("silence").await.unwrap(), [("a".to_owned(), "until noon".to_owned())]);
    let told = store.inner.shared.catalog.quarantined().await.unwrap();
    assert!(
        told.iter().any(|(path, why)| path == paths::CATALOG && why.contains("with 1 records")),
        "{told:?}"
    );
}
