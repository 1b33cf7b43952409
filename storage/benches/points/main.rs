//! What metrics cost in the store alone: `cargo bench -p ocelli-storage --bench points [-- ITEMS] [KIND]`.
//!
//! 10,000 series each 15 s, in requests of 1,000 points, eight waiting at once, into a real directory with
//! fsync. Seeded. CPU is that of the whole process less what making the batches took. With `KEEP=1` in the
//! environment the directory stays.
#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

mod data;

use data::Data;
use futures::StreamExt;
use ocelli_signal::{Batch, Signal};
use ocelli_storage::{Options, Store};
use std::error::Error;
use std::fs;
use std::time::Instant;

const REQUESTS_AT_ONCE: usize = 8;

fn main() -> Result<(), Box<dyn Error>> {
    let mut items = 1_000_000;
    let mut only = None;
    for argument in std::env::args().skip(1).filter(|argument| !argument.starts_with('-')) {
        match argument.parse() {
            Ok(number) => items = number,
            Err(_) => only = Some(argument),
        }
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    for data in Data::ALL {
        if only.as_deref().is_none_or(|only| only == data.as_str()) {
            runtime.block_on(run(data, items))?;
        }
    }
    Ok(())
}

async fn run(data: Data, items: usize) -> Result<(), Box<dyn Error>> {
    let dir = tempfile::tempdir()?;
    let store = Store::open(Options::new(dir.path()), None).await?;
    let requests = items.div_ceil(data::REQUEST);
    let (mut making_s, mut wal_bytes) = (0.0, 0);
    let (started, cpu) = (Instant::now(), cpu_s()?);
    let mut made = Vec::new();
    for first in (0..requests).step_by(100) {
        let before = cpu_s()?;
        made.extend((first..requests.min(first + 100)).map(|request| data::batch(data, request)));
        making_s += cpu_s()? - before;
        let appends = made.drain(..).map(|rows| append(&store, rows));
        let mut running = futures::stream::iter(appends).buffer_unordered(REQUESTS_AT_ONCE);
        while let Some(outcome) = running.next().await {
            outcome?;
        }
        wal_bytes = wal_bytes.max(store.summary().wal_bytes);
    }
    let appended_s = cpu_s()? - cpu - making_s;
    store.flush().await?;
    let flushed_s = cpu_s()? - cpu - making_s;
    let summary = store.summary();
    println!(
        "{:<9} {items} points: append (some flushed) {:.0} per core-second, with all flushed {:.0}; {} segments, {:.2} B each, {:.1} s in all, peak {} MiB",
        data.as_str(),
        items as f64 / appended_s,
        items as f64 / flushed_s,
        summary.segments,
        summary.segment_bytes as f64 / items as f64,
        started.elapsed().as_secs_f64(),
        peak_mib()?,
    );
    store.close().await?;
    if std::env::var_os("KEEP").is_some() {
        println!("kept in {}", dir.keep().display());
    }
    Ok(())
}

async fn append(store: &Store, rows: arrow::array::RecordBatch) -> ocelli_storage::Result<u64> {
    loop {
        let batch = Batch { signal: Signal::Points, rows: rows.clone() };
        match store.append("default", batch).await {
            Err(ocelli_storage::Error::Overloaded { .. }) => {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
            other => return other,
        }
    }
}

/// User and system time of this process, in seconds: fields 14 and 15 of `/proc/self/stat`, in ticks
/// of 10 ms.
fn cpu_s() -> Result<f64, Box<dyn Error>> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit_once(") ").ok_or("no name in /proc/self/stat")?.1;
    let fields: Vec<&str> = after_name.split(' ').collect();
    Ok((fields[11].parse::<f64>()? + fields[12].parse::<f64>()?) / 100.0)
}

fn peak_mib() -> Result<u64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").trim().parse::<u64>()? / 1024)
}
