//! How long reads of one snapshot take.

use crate::common::bodies::{self, BATCH, Kind};
use crate::timing::timed;
use anyhow::ensure;
use arrow::array::{AsArray, RecordBatch};
use ocelli_signal::{DEFAULT_TENANT, Signal};
use ocelli_storage::{Rows, Snapshot, Source, Store, TextQuery, tokenize};
use std::hint::black_box;

const WORDS: [&str; 2] = ["card", "declined"];
const PAGE: usize = 100;
/// Candidates whose bodies are looked at before more are.
const PIECE_ROWS: usize = 1024;
const METRIC: &str = "bench.requests.3";

pub async fn run(store: &Store, kind: Kind, rows: usize) -> anyhow::Result<()> {
    let snapshot = store.snapshot(DEFAULT_TENANT);
    tokio::task::spawn_blocking(move || match kind {
        Kind::Spans => spans(&snapshot, rows),
        Kind::Logs => logs(&snapshot),
        Kind::Points => points(&snapshot),
    })
    .await?
}

fn spans(snapshot: &Snapshot, rows: usize) -> anyhow::Result<()> {
    let scan = |columns| scan(snapshot, Signal::Spans, columns);
    timed("scan of trace ids", |_| scan(Some(&["trace_id"])))?;
    timed("scan of service, name and times", |_| scan(Some(&["service", "name", "start_time", "end_time"])))?;
    timed("scan of all columns", |_| scan(None))?;
    let batches = rows.div_ceil(BATCH);
    timed("trace by id, each time another", |number| {
        // Somewhere else in the data every time.
        let trace_id = bodies::first_trace_id((number * 2 + 1) * batches / 16);
        let found: usize = snapshot.trace(&trace_id)?.iter().map(RecordBatch::num_rows).sum();
        ensure!(found == 8, "a trace has 8 spans, {found} were found");
        Ok(found as u64)
    })
}

fn logs(snapshot: &Snapshot) -> anyhow::Result<()> {
    let scan = |columns| scan(snapshot, Signal::Logs, columns);
    timed("scan of time and severity", |_| scan(Some(&["time", "severity_number"])))?;
    timed("scan of bodies", |_| scan(Some(&["body"])))?;
    timed("scan of all columns", |_| scan(None))?;
    let both = TextQuery::And(WORDS.map(|word| TextQuery::Word(word.into())).into());
    let has_both = |body: &str| {
        let words = tokenize(body);
        WORDS.iter().all(|word| words.iter().any(|own| own == word))
    };
    timed("newest 100 with two words", |_| search(snapshot, &both, &has_both, PAGE))?;
    let needle = TextQuery::And(vec![TextQuery::Word("id".into()), TextQuery::Word("54321".into())]);
    timed("all with one number", |_| {
        search(snapshot, &needle, &|body| body.contains("id=54321 "), usize::MAX)
    })
}

fn points(snapshot: &Snapshot) -> anyhow::Result<()> {
    let select = |wanted: &dyn Fn(&str) -> bool| {
        let found = snapshot.series(
            &mut |series: &ocelli_signal::Series| wanted(&series.name),
            i64::MIN,
            i64::MAX,
        )?;
        anyhow::Ok(found.iter().map(|series| series.points.len() as u64).sum())
    };
    timed("series of one metric", |_| select(&|name| name == METRIC))?;
    timed("all series", |_| select(&|_| true))
}

fn scan(snapshot: &Snapshot, signal: Signal, columns: Option<&[&str]>) -> anyhow::Result<u64> {
    let mut rows = 0;
    for source in snapshot.sources(signal, i64::MIN, i64::MAX) {
        rows += source.read(columns, None)?.iter().map(|batch| batch.num_rows() as u64).sum::<u64>();
    }
    Ok(rows)
}

/// The newest records whose body passes, whole: sources from the youngest, in each what its index
/// finds, a piece at a time, checked on the bodies.
fn search(
    snapshot: &Snapshot,
    query: &TextQuery,
    passes: &dyn Fn(&str) -> bool,
    limit: usize,
) -> anyhow::Result<u64> {
    let mut found = 0;
    for source in snapshot.sources(Signal::Logs, i64::MIN, i64::MAX) {
        let candidates = match source.candidates(query)? {
            Some(mut found) => found.within(0..source.rows() as u32),
            None => Rows::from_sorted((0..source.rows() as u32).collect()),
        };
        let mut pieces = candidates.as_slice().chunks(PIECE_ROWS);
        while let Some(piece) = pieces.next().filter(|_| found < limit) {
            let hits = passing(&source, piece, passes, limit - found)?;
            found += hits.len();
            if !hits.is_empty() {
                black_box(source.read(None, Some(&Rows::from_sorted(hits)))?);
            }
        }
    }
    Ok(found as u64)
}

fn passing(
    source: &Source,
    rows: &[u32],
    passes: &dyn Fn(&str) -> bool,
    limit: usize,
) -> anyhow::Result<Vec<u32>> {
    let batches = source.read(Some(&["body"]), Some(&Rows::from_sorted(rows.to_vec())))?;
    let bodies = batches.iter().flat_map(|batch| batch.column(0).as_string::<i32>().iter());
    let hits = rows.iter().zip(bodies).filter(|(_, body)| body.is_some_and(passes));
    Ok(hits.map(|(row, _)| *row).take(limit).collect())
}
