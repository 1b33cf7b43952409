//! `kill -9`, two hundred times, at random moments under load, while memtables are flushed, segments are
//! merged, and others expire. What was acknowledged is there, once; and the RED counters add up over all
//! restarts.
//!
//! What was sent and not acknowledged may be there or not, but never twice: the writers don't repeat
//! themselves, since OTLP could not tell a repetition from news.

mod check;
mod load;

use crate::harness::server::{Server, Settings};
use crate::harness::wait::{ensure, until};
use load::{Ledger, Load};
use ocelli_api::ingest::SystemResponse;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

const KILLS: usize = 200;
const SEED: u64 = 20_261_121;
const READY_WITHIN: Duration = Duration::from_secs(5);
const SETTLED: Duration = Duration::from_secs(60);
/// All is looked through after so many kills.
const CHECK_EVERY: usize = 50;
/// Small and often, so that kills hit flushes, merges and emissions too. One service expires at once.
const CONFIG: &str = "
storage: {flush_bytes: 100000, flush_age_s: 1}
red: {interval_s: 1}
retention: {services: [{service: short-lived, keep: 1h}]}
";

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_two_hundred_kills() {
    let mut random = StdRng::seed_from_u64(SEED);
    let ledger = Arc::new(Ledger::default());
    let mut tally = Tally::default();
    let mut server = Settings::serve().config(CONFIG).start().await;
    for round in 0..KILLS {
        let load = Load::start(&server, &ledger);
        // Some rounds are long enough for an emission or two and a few merges, some for hardly one request.
        let longest = if round % 8 == 0 { 1_800 } else { 200 };
        tokio::time::sleep(Duration::from_millis(random.random_range(5..longest))).await;
        tally.before_kill(&server.api.system().await);
        let mut stopped = server.kill();
        load.stop().await;
        if round % 5 == 4 {
            stopped = stopped.start_and_kill_after(Duration::from_millis(random.random_range(0..60)));
            tally.kills_of_starts += 1;
        }
        server = stopped.start().await;
        tally.after_start(&server);
        if (round + 1) % CHECK_EVERY == 0 && round + 1 < KILLS {
            check::all(&server.api, &ledger).await;
        }
    }
    let found = check::all(&server.api, &ledger).await;
    check::calls(&server.api, found).await;

    let storage = server.api.system().await.storage;
    assert_eq!(storage.quarantined, Vec::<String>::new(), "a kill damages nothing");
    let server = server.stop().start().await;
    assert_eq!(check::all(&server.api, &ledger).await, found, "and after a clean restart");
    check::calls(&server.api, found).await;
    until("what has expired as a whole is gone", SETTLED, async || {
        let left = check::short_lived(&server.api, "2020-01-01", "now-1d").await;
        ensure(left == 0, || format!("{left} items of two days ago"))
    })
    .await;
    tally.before_kill(&server.api.system().await);
    tally.check(&ledger);
}

/// What happened, over all lives of the server.
#[derive(Default)]
struct Tally {
    ready_ms: Vec<u128>,
    kills_of_starts: usize,
    /// A merge was running a moment before …
    kills_of_merges: usize,
    /// … or a segment was written anew without what has expired.
    kills_of_rewrites: usize,
    /// Starts that found files of a flush, a merge or a removal that did not get to its end.
    unfinished: usize,
    merges: u64,
    rows_merged: u64,
    segments_removed: u64,
    rows_removed: u64,
}

impl Tally {
    /// The figures of a life that ends; they begin anew with the next.
    fn before_kill(&mut self, system: &SystemResponse) {
        let compaction = &system.storage.compaction;
        if let Some(running) = &compaction.running {
            let of_one = running.ends_with(", 1 segments");
            self.kills_of_rewrites += usize::from(of_one);
            self.kills_of_merges += usize::from(!of_one);
        }
        self.merges += compaction.merges;
        self.rows_merged += compaction.rows_merged;
        assert_eq!(
            (compaction.failures, &compaction.last_error),
            (0, &None),
            "nothing is wrong with the disk"
        );
        for removed in &system.storage.retention.removed {
            assert_eq!(removed.reason, "time");
            self.segments_removed += removed.segments;
            self.rows_removed += removed.rows;
        }
    }

    fn after_start(&mut self, server: &Server) {
        let ready = server.ready_after;
        assert!(ready <= READY_WITHIN, "kill {}: ready after {ready:?}", self.ready_ms.len() + 1);
        self.ready_ms.push(ready.as_millis());
        let told = |line: &serde_json::Value| line["message"] == "removing an unfinished or replaced file";
        self.unfinished += usize::from(server.log().iter().any(told));
    }

    fn check(&mut self, ledger: &Ledger) {
        self.ready_ms.sort_unstable();
        println!(
            "{} kills under load ({} in a merge, {} in a rewrite) and {} of starts; {} items acknowledged, none \
             lost, none double; {} merges of {} rows, {} segments of {} rows expired, of {} short-lived items; \
             {} starts found something unfinished; ready after {} ms in the middle, {} ms at most",
            self.ready_ms.len(),
            self.kills_of_merges,
            self.kills_of_rewrites,
            self.kills_of_starts,
            ledger.acknowledged(),
            self.merges,
            self.rows_merged,
            self.segments_removed,
            self.rows_removed,
            ledger.short_lived.load(Ordering::Relaxed),
            self.unfinished,
            self.ready_ms[self.ready_ms.len() / 2],
            self.ready_ms.last().unwrap(),
        );
        assert_eq!(self.ready_ms.len(), KILLS);
        assert!(self.merges > 20 && self.kills_of_merges > 0, "segments were to be merged");
        assert!(self.segments_removed > 20, "segments were to expire");
        assert!(self.unfinished > 20, "kills were to hit work");
    }
}
