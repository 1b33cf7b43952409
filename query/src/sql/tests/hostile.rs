//! Queries that write, that never end, that want all memory, or that are too deep for a stack.

use crate::Error;
use crate::http::run::Budget;
use crate::logs::fixture::{self, TENANT, filled};
use crate::sql::{Data, Found, run};
use ocelli_storage::Store;
use ocelli_storage::budget::Part;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

fn ask(store: &Store, sql: &str, timeout: Duration, bytes: usize) -> Result<Found, Error> {
    ask_until(store, sql, timeout, bytes, &Arc::default())
}

fn ask_until(
    store: &Store,
    sql: &str,
    timeout: Duration,
    bytes: usize,
    cancelled: &Arc<AtomicBool>,
) -> Result<Found, Error> {
    let (budget, snapshot) = Budget::of_server(store, timeout, bytes, cancelled);
    let whole = store.snapshot(TENANT);
    // A blocking call, on a thread that is not the test's.
    std::thread::scope(|scope| {
        let data = Data { snapshot, apart: Box::new(move || whole.clone()), budget };
        scope.spawn(|| run(data, sql, 100)).join().expect("a query does not panic")
    })
}

const LONG: Duration = Duration::from_secs(60);
const ROOM: usize = 256 << 20;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_written_and_nothing_else_is_read() {
    let (store, _directory) = filled(true, &fixture::records(50, 1)).await;
    for query in [
        "CREATE TABLE x AS SELECT * FROM logs",
        "CREATE EXTERNAL TABLE x STORED AS CSV LOCATION '/etc/passwd'",
        "CREATE VIEW v AS SELECT 1",
        "INSERT INTO logs SELECT * FROM logs",
        "DELETE FROM logs",
        "UPDATE logs SET body = 'x'",
        "DROP TABLE logs",
        "TRUNCATE TABLE logs",
        "COPY logs TO '/tmp/ocelli.csv'",
        "COPY (SELECT 1) TO '/tmp/ocelli.parquet'",
        "SET datafusion.execution.batch_size = 1",
        "BEGIN",
        "PREPARE p AS SELECT 1",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM 'file:///etc/hosts.csv'",
        "SELECT 1; SELECT 2",
        "EXPLAIN ANALYZE INSERT INTO logs SELECT * FROM logs",
        "EXPLAIN COPY logs TO '/tmp/ocelli.csv'",
        &format!("COPY ({}) TO '/tmp/ocelli.csv'", with_doubled(25)),
    ] {
        let outcome = ask(&store, query, LONG, ROOM);
        assert!(matches!(outcome, Err(Error::BadQuery { .. })), "{query}: {outcome:?}");
    }
    assert!(!std::path::Path::new("/tmp/ocelli.csv").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_without_end_meets_its_deadline_and_a_client_that_left() {
    let (store, _directory) = filled(true, &fixture::records(2_000, 1)).await;
    let endless =
        "SELECT count(*) FROM logs a, logs b, logs c, logs d WHERE a.body || b.body > c.body || d.body";
    let outcome = ask(&store, endless, Duration::from_millis(300), ROOM);
    assert!(matches!(outcome, Err(Error::Timeout(_))), "{outcome:?}");
    let recursive =
        "WITH RECURSIVE n AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n";
    let outcome = ask(&store, recursive, Duration::from_millis(300), ROOM);
    assert!(matches!(outcome, Err(Error::Timeout(_))), "{outcome:?}");
    let series = "SELECT sum(value) FROM generate_series(1, 1000000000000)";
    let outcome = ask(&store, series, Duration::from_millis(300), ROOM);
    assert!(matches!(outcome, Err(Error::Timeout(_))), "{outcome:?}");
    let cancelled = Arc::new(AtomicBool::new(false));
    let outcome = std::thread::scope(|scope| {
        let asked = scope.spawn(|| ask_until(&store, endless, LONG, ROOM, &cancelled));
        cancelled.store(true, Ordering::Relaxed);
        asked.join().unwrap()
    });
    assert!(matches!(outcome, Err(Error::Cancelled)), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_needs_more_memory_than_there_is_says_so_and_gives_it_back() {
    let (store, _directory) = filled(true, &fixture::records(3_000, 1)).await;
    for query in [
        "SELECT a.body, b.body, count(*) FROM logs a, logs b GROUP BY 1, 2 ORDER BY 3",
        "SELECT count(*) OVER (), a.body, b.body FROM logs a, logs b",
        "SELECT count(*) OVER (PARTITION BY a.body ORDER BY b.time) FROM logs a, logs b",
        "SELECT a.time FROM logs a JOIN logs b ON a.level = b.level JOIN logs c ON b.level = c.level \
         GROUP BY a.time, b.time, c.time, a.body, b.body",
    ] {
        let outcome = ask(&store, query, LONG, 4 << 20);
        let Err(Error::Memory { message, later: false }) = outcome else { panic!("{query}: {outcome:?}") };
        assert!(message.contains("4 MiB"), "{message}");
    }
    let parts = store.memory().parts(|_| 0);
    let queries = parts.iter().find(|part| part.part == Part::Queries).expect("queries have a part");
    assert_eq!(queries.used_bytes, 0);
    assert!(ask(&store, "SELECT count(*) FROM logs GROUP BY level", LONG, 64 << 20).is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn depth_and_length_do_not_end_the_process() {
    let (store, _directory) = filled(true, &fixture::records(50, 1)).await;
    let (deep, many) = (5_000, 1_900);
    let queries = [
        format!("SELECT {}1{}", "(".repeat(deep), ")".repeat(deep)),
        format!("SELECT {}1", "- ".repeat(deep)),
        format!("SELECT {}true", "NOT ".repeat(deep)),
        format!("SELECT 1{}", "+1".repeat(30_000)),
        format!("SELECT count(*) FROM logs WHERE {}", vec!["body = 'x'"; many].join(" OR ")),
        format!("SELECT count(*) FROM logs WHERE {}", vec!["body <> 'x'"; many].join(" AND ")),
        format!("SELECT {}1{}", "abs(".repeat(deep), ")".repeat(deep)),
        format!("SELECT {}1{}", "CASE WHEN true THEN ".repeat(deep), " END".repeat(deep)),
        format!("SELECT * FROM {}logs{}", "(SELECT * FROM ".repeat(200), ")".repeat(200)),
        vec!["SELECT body FROM logs"; 600].join(" UNION ALL "),
        format!("SELECT count(*) FROM logs WHERE body IN ({})", vec!["'x'"; 12_000].join(",")),
        format!("SELECT body ~ '{}' FROM logs", "(a*)*".repeat(2_000)),
        format!("SELECT body ~ 'x{{{}}}' FROM logs", "9".repeat(6)),
        format!("SELECT repeat('x', {}) FROM logs", 2_000_000_000u64),
        format!("SELECT regexp_replace(body, '', '{}', 'g') FROM logs", "x".repeat(60 << 10)),
        format!("SELECT regexp_replace(body, '(.*)', '{}', 'g') FROM logs", "\\1".repeat(20 << 10)),
        format!("SELECT replace(body, '', '{}') FROM logs", "x".repeat(60 << 10)),
        doubled("SELECT body || 'x' AS t FROM logs"),
        doubled("SELECT 'a constant text' AS t"),
        format!("SELECT concat({}) FROM logs", vec!["body"; 9_000].join(",")),
        format!("SELECT [{}] FROM logs", vec!["body"; 9_000].join(",")),
        format!("SELECT regexp_match(body, '{}body{}') FROM logs", "(".repeat(240), ")".repeat(240)),
        "SELECT approx_percentile_cont(x, 0.5, 1000000000000000) FROM (VALUES (1.0)) t(x)".to_owned(),
        "SELECT CAST(NULL AS BIGINT[1000000][1000000])".to_owned(),
        "SELECT arrow_cast(NULL, 'FixedSizeBinary(2147483647)') FROM logs".to_owned(),
        with_doubled(25),
        "SELECT string_agg(body, '') FROM logs".to_owned(),
        format!("SELECT levenshtein('{0}', '{0}')", "x".repeat(30 << 10)),
        format!("SELECT '{}', body FROM logs", "x".repeat(60 << 10)),
        format!("SELECT '{}'", "x".repeat(300 << 10)),
        format!("SELECT {}", vec!["body"; 3_000].join(", ")) + " FROM logs",
        "\u{0}\u{1}SELECT \u{202e}".to_owned(),
    ];
    for query in queries {
        let begin: String = query.chars().take(40).collect();
        // What counts is that it comes back: with rows, or with an error that is not a panic's.
        let outcome = ask(&store, &query, Duration::from_secs(5), 64 << 20);
        assert!(!matches!(outcome, Err(Error::Internal(_))), "{begin}: {outcome:?}");
    }
}

/// A text that doubles thirty times.
fn doubled(begin: &str) -> String {
    (0..30).fold(begin.to_owned(), |inner, _| format!("SELECT t || t AS t FROM ({inner})"))
}

/// A table that is twice the one before.
fn with_doubled(times: usize) -> String {
    let parts = (1..=times).map(|n| format!("a{n} AS (SELECT l.x FROM a{0} l, a{0} r)", n - 1));
    let parts: Vec<String> = std::iter::once("a0 AS (SELECT 1 AS x)".to_owned()).chain(parts).collect();
    format!("WITH {} SELECT count(*) FROM a{times}", parts.join(", "))
}
