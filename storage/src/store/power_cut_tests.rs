//! A power cut at every operation of a store's life: it opens, and what was acknowledged is there, once.
//!
//! The disk writes its operations down (`disk/recorder.rs`). SQLite is not behind that seam: its own
//! promise is taken, that a commit is durable when it returns and not before, as copies of its files.

use super::open::open_on;
use super::testing::{batch, counted, once, options, small_sizes};
use super::*;
use crate::disk::memory::{Dice, MemoryDisk};
use crate::disk::recorder::{Recorder, Torn};
use crate::retention::{Retention, Rules};
use ocelli_signal::Signal;
use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

const SEED: u64 = 20_261_126;
const STEPS: usize = 90;
/// States of a moment.
const OUTCOMES: usize = 2;
/// How the unsynced bytes of a moment are there.
const TORN: [Torn; 6] = [
    Torn::Nothing,
    Torn::Everything,
    Torn::At { bytes: 512, holes: false },
    Torn::At { bytes: 512, holes: true },
    Torn::At { bytes: 4096, holes: false },
    Torn::At { bytes: 4096, holes: true },
];
/// Its rows expire as soon as they are flushed.
const SHORT_LIVED: &str = "shortlived";

fn settings() -> Options {
    let gone = Rules { default: Some(Duration::from_secs(1)), ..Rules::default() };
    let retention = Retention { tenants: [(SHORT_LIVED.to_owned(), gone)].into(), ..Retention::default() };
    Options { compaction: small_sizes(), retention, ..options() }
}

/// The files of the catalog after a commit.
struct Committed {
    moment: usize,
    files: Vec<(&'static str, Vec<u8>)>,
}

/// What happened, by the moments of the disk's log.
struct Life {
    recorder: Recorder,
    commits: Vec<Committed>,
    /// Numbers of rows that were sent at a moment, and acknowledged at a later one.
    sent: Vec<(usize, Signal, Range<usize>)>,
    acknowledged: Vec<(usize, Signal, Range<usize>)>,
}

fn catalog_files(dir: &Path) -> Vec<(&'static str, Vec<u8>)> {
    let read = |name: &&'static str| Some((*name, std::fs::read(dir.join(name)).ok()?));
    // The third file is an index of the second in shared memory: a power cut leaves none.
    paths::CATALOG_FILES[..2].iter().filter_map(read).collect()
}

async fn live() -> Life {
    let (recorder, dir) = (Recorder::default(), tempfile::tempdir().unwrap());
    let catalog = Catalog::open_file(&dir.path().join(paths::CATALOG)).await.unwrap();
    let commits: Arc<Mutex<Vec<Committed>>> = Arc::default();
    let (log, told, home) = (recorder.clone(), commits.clone(), dir.path().to_owned());
    let note = move || {
        let (mut commits, files) = (told.lock().unwrap(), catalog_files(&home));
        if commits.last().is_none_or(|last| last.files != files) {
            commits.push(Committed { moment: log.moment(), files });
        }
    };
    note();
    catalog.on_commit(note);
    let store = open_on(settings(), None, Arc::new(recorder.clone()), catalog, None).await.unwrap();
    let mut dice = Dice::new(SEED);
    let (mut next, mut sent, mut acknowledged) = ([0; 3], Vec::new(), Vec::new());
    for step in 0..STEPS {
        let at = step % 3;
        let (signal, count) = (Signal::ALL[at], 3 + dice.below(12));
        let numbers = next[at]..next[at] + count;
        next[at] += count;
        sent.push((recorder.moment(), signal, numbers.clone()));
        store.append("default", batch(signal, numbers.start, count)).await.unwrap();
        acknowledged.push((recorder.moment(), signal, numbers));
        if step % 7 == 3 {
            store.append(SHORT_LIVED, batch(signal, 0, 5)).await.unwrap();
        }
        match step % 20 {
            6 | 13 => store.flush().await.unwrap(),
            19 => {
                store.flush().await.unwrap();
                store.compact().await.unwrap();
                store.retain().await.unwrap();
            }
            _ => {}
        }
    }
    store.close().await.unwrap();
    let commits = std::mem::take(&mut *commits.lock().unwrap());
    Life { recorder, commits, sent, acknowledged }
}

impl Life {
    /// Numbers of a signal in a list, up to a moment.
    fn numbers(list: &[(usize, Signal, Range<usize>)], signal: Signal, moment: usize) -> BTreeSet<usize> {
        let until = list.iter().filter(|(at, of, _)| *at <= moment && *of == signal);
        until.flat_map(|(_, _, numbers)| numbers.clone()).collect()
    }

    /// Opens a store on what a power cut has left, and gives what it reports as damaged.
    async fn check(&self, moment: usize, torn: Torn, disk: MemoryDisk) -> Vec<String> {
        let what = format!("power cut after operation {moment}, {torn:?}");
        let dir = tempfile::tempdir().unwrap();
        let commit = self.commits.iter().rfind(|commit| commit.moment <= moment).unwrap();
        for (name, bytes) in &commit.files {
            std::fs::write(dir.path().join(name), bytes).unwrap();
        }
        let catalog = Catalog::open_file(&dir.path().join(paths::CATALOG)).await.unwrap();
        let store = open_on(settings(), None, Arc::new(disk), catalog, None).await;
        let store = store.unwrap_or_else(|error| panic!("{what}: {error}"));
        for signal in Signal::ALL {
            let found = counted(&store, signal);
            let twice: Vec<_> = found.iter().filter(|(_, times)| **times > 1).collect();
            assert!(twice.is_empty(), "{what}: {signal:?} rows twice: {twice:?}");
            let kept = once(signal, Life::numbers(&self.acknowledged, signal, moment).into_iter());
            let lost: Vec<_> = kept.keys().filter(|number| !found.contains_key(number)).collect();
            assert!(lost.is_empty(), "{what}: acknowledged {signal:?} are lost: {lost:?}");
            let sent = Life::numbers(&self.sent, signal, moment);
            assert!(found.keys().all(|number| sent.contains(&(*number as usize))), "{what}: {signal:?}");
        }
        let quarantined = store.summary().quarantined;
        // Life goes on.
        store.append("default", batch(Signal::Logs, 1_000_001, 3)).await.unwrap();
        quarantined
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_power_cut_after_any_operation_loses_nothing_that_was_acknowledged() {
    let life = Arc::new(live().await);
    let (mut replay, mut dice) = (life.recorder.replay(), Dice::new(SEED));
    let (mut states, mut reports) = (0, BTreeSet::new());
    let mut running = tokio::task::JoinSet::new();
    loop {
        // Where all is durable there is one outcome; else some of the kinds, in turn.
        let outcomes = if replay.is_open() { OUTCOMES } else { 1 };
        for torn in (0..outcomes).map(|n| TORN[(replay.moment() * OUTCOMES + n) % TORN.len()]) {
            let (life, moment) = (life.clone(), replay.moment());
            let disk = replay.cut(torn, &mut dice);
            running.spawn(async move { life.check(moment, torn, disk).await });
            states += 1;
            while running.len() >= 4 {
                reports.extend(running.join_next().await.unwrap().unwrap());
            }
        }
        if !replay.step() {
            break;
        }
    }
    while let Some(done) = running.join_next().await {
        reports.extend(done.unwrap());
    }
    // The end of a write that was under way may look like damage; nothing else may.
    let other: Vec<_> =
        reports.iter().filter(|report| !report.contains("damaged bytes of the WAL")).collect();
    assert!(other.is_empty(), "{other:?}");
    let (commits, operations) = (life.commits.len(), replay.moment());
    eprintln!("{states} states of {operations} operations and {commits} commits");
    assert!(states >= 2_000 && commits > 20, "{states} states, {commits} commits");
    let left: Vec<String> = replay
        .cut(Torn::Everything, &mut dice)
        .paths()
        .iter()
        .map(|path| path.to_string_lossy().into_owned())
        .collect();
    let is_merged = |name: &String| name.split_once('.').is_some_and(|(stem, _)| !stem.ends_with("-0"));
    assert!(left.iter().any(|name| name.starts_with("segments") && is_merged(name)), "merges: {left:?}");
    let short_lived = left.iter().filter(|name| name.contains(SHORT_LIVED) && name.ends_with(".parquet"));
    // Those of the last flush, with the series of points.
    assert!(short_lived.count() <= 4, "retention: {left:?}");
}
