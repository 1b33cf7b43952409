//! Decode, append, flush and compaction: what each costs, and what it leaves on the disk.

use crate::common::bodies::{self, BATCH, Kind};
use crate::common::process::{cpu_s, files_below, peak_mib};
use crate::common::send::CONNECTIONS;
use anyhow::{Context, ensure};
use futures::StreamExt;
use futures::stream;
use ocelli_collector::decode::{Format, decode};
use ocelli_collector::limits::DecodeLimits;
use ocelli_signal::{Batch, DEFAULT_TENANT, Signal};
use ocelli_storage::{Options, Retention, SegmentSizes, Sizes, Store, limits};
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::time::{Duration, Instant};

/// Bodies that are decoded at once, so that time is not read between every two.
const STEP: usize = 8;

/// CPU and wall time of a kind of work, in seconds.
#[derive(Clone, Copy, Debug, Default)]
struct Cost {
    cpu_s: f64,
    wall_s: f64,
}

/// Measures pieces of work, one after the other.
struct Meter {
    cpu_s: f64,
    at: Instant,
}

impl Meter {
    fn start() -> anyhow::Result<Meter> {
        Ok(Meter { cpu_s: cpu_s("self")?, at: Instant::now() })
    }

    fn add_to(self, cost: &mut Cost) -> anyhow::Result<()> {
        cost.cpu_s += cpu_s("self")? - self.cpu_s;
        cost.wall_s += self.at.elapsed().as_secs_f64();
        Ok(())
    }
}

pub struct Written {
    kind: Kind,
    rows: usize,
    decode: Cost,
    append: Cost,
    flush: Cost,
    compaction: Cost,
    wal_bytes: u64,
    /// Before and after compaction.
    segments: [u64; 2],
    /// By what stands after the first dot of a file's name.
    files: BTreeMap<String, u64>,
    peak_mib: f64,
}

/// The usual settings, but nothing is flushed or merged unless the bench says so.
pub fn options(dir: &Path) -> Options {
    let usual = Options::new(dir);
    // One segment is no merge.
    let never = |sizes| Sizes { max_inputs: 1, ..sizes };
    let SegmentSizes { spans, logs, points } = usual.compaction;
    Options {
        compaction: SegmentSizes { spans: never(spans), logs: never(logs), points: never(points) },
        flush_bytes: usual.memtable_budget_bytes,
        flush_age: Duration::from_secs(3600),
        retention: Retention::forever(),
        ..usual
    }
}

fn signal(kind: Kind) -> Signal {
    match kind {
        Kind::Spans => Signal::Spans,
        Kind::Logs => Signal::Logs,
        Kind::Points => Signal::Points,
    }
}

pub async fn run(store: &Store, kind: Kind, rows: usize, dir: &Path) -> anyhow::Result<Written> {
    let bodies = rows.div_ceil(BATCH);
    let (mut decoding, mut append, mut flush) = Default::default();
    let mut wal_bytes = 0;
    for first in (0..bodies).step_by(STEP) {
        let step: Vec<Vec<u8>> =
            (first..bodies.min(first + STEP)).map(|batch| bodies::body(kind, batch)).collect();
        let meter = Meter::start()?;
        let batches = decode_all(kind, &step)?;
        meter.add_to(&mut decoding)?;
        let meter = Meter::start()?;
        append_all(store, batches).await?;
        meter.add_to(&mut append)?;
        let memtable_bytes = store.summary().memtable_bytes as usize;
        if memtable_bytes >= limits::FLUSH_BYTES || first + STEP >= bodies {
            wal_bytes += store.summary().wal_bytes;
            let meter = Meter::start()?;
            store.flush().await?;
            meter.add_to(&mut flush)?;
        }
    }
    let summary = store.summary();
    ensure!(summary.segment_rows == (bodies * BATCH) as u64, "{} rows are stored", summary.segment_rows);
    Ok(Written {
        kind,
        rows: bodies * BATCH,
        decode: decoding,
        append,
        flush,
        compaction: Cost::default(),
        wal_bytes,
        segments: [summary.segments; 2],
        files: bytes_by_kind(dir)?,
        peak_mib: peak_mib("self")?,
    })
}

impl Written {
    /// Merges everything that ever would be merged, in a store with the usual settings.
    pub async fn compact(&mut self, dir: &Path) -> anyhow::Result<()> {
        let meter = Meter::start()?;
        let store = reopen(Options::new(dir)).await?;
        store.compact().await?;
        let summary = store.summary();
        store.close().await?;
        meter.add_to(&mut self.compaction)?;
        ensure!(summary.segment_rows == self.rows as u64, "{} rows are stored", summary.segment_rows);
        self.segments[1] = summary.segments;
        self.files = bytes_by_kind(dir)?;
        self.peak_mib = peak_mib("self")?;
        Ok(())
    }
}

/// Opens a store that was closed a moment ago: the directory's lock goes with the last task that
/// works on it.
pub async fn reopen(options: Options) -> anyhow::Result<Store> {
    let started = Instant::now();
    loop {
        match Store::open(options.clone(), None).await {
            Err(_) if started.elapsed() < Duration::from_secs(5) => tokio::task::yield_now().await,
            opened => return Ok(opened?),
        }
    }
}

fn decode_all(kind: Kind, bodies: &[Vec<u8>]) -> anyhow::Result<Vec<Batch>> {
    let limits = DecodeLimits::default();
    let decoded = bodies.iter().map(|body| decode(signal(kind), Format::Protobuf, body, 0, &limits));
    decoded.map(|decoded| Ok(decoded?.batch)).collect()
}

/// By as many tasks as there are connections, each of which waits for its answer.
async fn append_all(store: &Store, batches: Vec<Batch>) -> anyhow::Result<()> {
    let appends = batches.into_iter().map(|batch| {
        let store = store.clone();
        async move { tokio::spawn(async move { store.append(DEFAULT_TENANT, batch).await }).await }
    });
    let mut done = stream::iter(appends).buffer_unordered(CONNECTIONS);
    while let Some(answer) = done.next().await {
        answer.context("an append failed")??;
    }
    Ok(())
}

fn bytes_by_kind(dir: &Path) -> anyhow::Result<BTreeMap<String, u64>> {
    let mut kinds = BTreeMap::new();
    for (path, bytes) in files_below(&dir.join("segments"))? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let kind = name.split_once('.').map_or_else(|| name.to_string(), |(_, kind)| kind.to_owned());
        *kinds.entry(kind).or_default() += bytes;
    }
    Ok(kinds)
}

impl fmt::Display for Written {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.rows as f64;
        let [before, after] = self.segments;
        writeln!(out, "{}: {} rows in {before} segments, merged to {after}", self.kind.as_str(), self.rows)?;
        let parts = [self.append, self.flush, self.compaction];
        let sum = Cost {
            cpu_s: parts.iter().map(|cost| cost.cpu_s).sum(),
            wall_s: parts.iter().map(|cost| cost.wall_s).sum(),
        };
        let costs = [
            ("decode", self.decode),
            ("append", self.append),
            ("flush", self.flush),
            ("compaction", self.compaction),
            ("append + flush + compaction", sum),
        ];
        // Nothing to merge costs nothing.
        for (name, cost) in costs.into_iter().filter(|(_, cost)| cost.cpu_s > 0.0) {
            writeln!(
                out,
                "  {name:<28} {:>9.0} rows per core-second, {:>7.2} µs of CPU and {:>6.2} µs of time each",
                rows / cost.cpu_s,
                cost.cpu_s / rows * 1e6,
                cost.wall_s / rows * 1e6
            )?;
        }
        writeln!(out, "  {:<28} {:>9.2} B per row", "WAL", self.wal_bytes as f64 / rows)?;
        for (kind, bytes) in &self.files {
            writeln!(out, "  .{kind:<27} {:>9.2} B per row", *bytes as f64 / rows)?;
        }
        let bytes: u64 = self.files.values().sum();
        writeln!(out, "  {:<28} {:>9.2} B per row", "all segments", bytes as f64 / rows)?;
        write!(out, "  {:<28} {:>9.0} MiB", "peak memory", self.peak_mib)
    }
}
