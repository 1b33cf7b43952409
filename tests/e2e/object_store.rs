//! Segments on S3: everything is read back from there, whatever happens on the way, and what is wrong
//! is told.

use crate::harness::api::ALL_TIME;
use crate::harness::book::Book;
use crate::harness::process::{Ended, ocelli, run};
use crate::harness::s3::{BUCKET, S3};
use crate::harness::server::Server;
use crate::harness::wait::{ensure, until};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::path::Path;
use std::time::Duration;

const WITHIN: Duration = Duration::from_secs(60);
const CONFIG: &str = "storage:\n  flush_bytes: 50000\n  flush_age_s: 1\n";
const SEGMENTS: &str = "p/default/segments/";

/// Runs what must end by itself.
fn serve(s3: &S3, url: &str) -> Ended {
    let dir = tempfile::tempdir().unwrap();
    let mut command = ocelli();
    for flag in ["--listen", "--otlp-grpc", "--otlp-http"] {
        command.args([flag, "127.0.0.1:0"]);
    }
    command.args(["--segments", url]).envs(s3.environment()).current_dir(dir.path());
    run(&mut command, b"", WITHIN)
}

/// Files below a directory that are no directories.
fn files(dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push(entry.path().display().to_string());
        }
    }
    found
}

async fn is_flushed(server: &Server) {
    until("all is in segments", WITHIN, async || {
        let storage = server.api.system().await.storage;
        // Span metrics may follow at any time.
        ensure(storage.segments >= 3 && storage.memtable_rows < 20, || format!("{storage:?}"))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_is_read_back_from_the_bucket() {
    let s3 = S3::start().await;
    let mut book = Book::default();
    let server = s3.settings().start().await;
    for _ in 0..20 {
        book.must_write(&server.sender()).await;
    }
    assert_eq!(s3.keys(SEGMENTS).await, [] as [String; 0]);
    let data = server.data_dir();
    let stopped = server.stop();
    let keys = s3.keys(SEGMENTS).await;
    for suffix in [".parquet", ".series.parquet", ".traces", ".sums"] {
        assert!(keys.iter().any(|key| key.ends_with(suffix)), "{suffix}: {keys:?}");
    }
    assert_eq!(files(&data.join("segments")), [] as [String; 0], "nothing is left in the data directory");
    assert!(!files(&data.join("cache")).is_empty(), "what is new is likely to be asked for");
    // A start begins with an empty cache.
    let server = stopped.start().await;
    assert_eq!(files(&data.join("cache")), [] as [String; 0]);
    book.check(&server.api).await;
    assert!(!files(&data.join("cache")).is_empty());
    book.check(&server.api).await;
    // A lost catalog is made anew from the bucket.
    let stopped = server.stop();
    for name in ["catalog.sqlite", "catalog.sqlite-wal", "catalog.sqlite-shm"] {
        let _ = std::fs::remove_file(data.join(name));
    }
    let server = stopped.start().await;
    book.check(&server.api).await;
    assert_eq!(server.api.system().await.storage.quarantined, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_during_an_upload_costs_nothing_and_leaves_nothing() {
    let s3 = S3::start().await;
    let (mut book, mut random) = (Book::default(), StdRng::seed_from_u64(20_261_126));
    let mut server = s3.settings().config(CONFIG).start().await;
    for _ in 0..8 {
        let sender = server.sender();
        let moment = tokio::time::Instant::now() + Duration::from_millis(random.random_range(200..1_500));
        while tokio::time::Instant::now() < moment {
            book.write(&sender).await;
        }
        server = server.kill().start().await;
    }
    book.check(&server.api).await;
    is_flushed(&server).await;
    let server = server.stop().start().await;
    book.check(&server.api).await;
    let storage = server.api.system().await.storage;
    assert_eq!(storage.quarantined, Vec::<String>::new());
    until("no object is there that no catalog knows", WITHIN, async || {
        let segments = server.api.system().await.storage.segments;
        let keys = s3.keys(SEGMENTS).await;
        let sums = keys.iter().filter(|key| key.ends_with(".sums")).count() as u64;
        ensure(sums == segments, || format!("{sums} in the bucket, {segments} in the catalog"))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_can_not_be_reached_for_a_while() {
    let s3 = S3::start().await;
    let mut book = Book::default();
    let server = s3.settings().config(CONFIG).start().await;
    book.must_write(&server.sender()).await;
    is_flushed(&server).await;

    s3.gate.shut();
    // What was just written is in the cache.
    book.must_write(&server.sender()).await;
    book.check(&server.api).await;
    until("a flush fails", WITHIN, async || {
        let failed =
            |line: &serde_json::Value| line["message"].as_str().is_some_and(|m| m.contains("flush failed"));
        let line = server.log().into_iter().find(failed).ok_or("no flush failed yet")?.to_string();
        ensure(line.contains(&format!("s3://{BUCKET}/p")), || line.clone())
    })
    .await;
    book.must_write(&server.sender()).await;
    s3.gate.open();
    is_flushed(&server).await;
    book.check(&server.api).await;

    // The same with an empty cache: what is there can't be read, and is no damage.
    let server = server.stop().start().await;
    s3.gate.shut();
    let (status, body) =
        server.api.answer("/api/logs", &[&ALL_TIME[..], &[("q", "service:book")]].concat()).await;
    assert_eq!(status.as_u16(), 503, "{body}");
    assert!(body.to_string().contains(&format!("s3://{BUCKET}/p")), "{body}");
    book.must_write(&server.sender()).await;
    s3.gate.open();
    book.check(&server.api).await;
    assert_eq!(server.api.system().await.storage.quarantined, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_object_is_found_and_set_aside() {
    let s3 = S3::start().await;
    let (mut lost, mut kept) = (Book::default(), Book::default());
    let server = s3.settings().start().await;
    lost.must_write(&server.sender()).await;
    let stopped = server.stop();
    let logs =
        |keys: Vec<String>| keys.into_iter().find(|key| key.contains("/logs/") && key.ends_with(".parquet"));
    let key = logs(s3.keys(SEGMENTS).await).unwrap();
    let mut bytes = s3.get(&key).await;
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    s3.put(&key, bytes).await;

    let server = stopped.start().await;
    kept.must_write(&server.sender()).await;
    let search = [&ALL_TIME[..], &[("q", "service:book"), ("limit", "1000")]].concat();
    until("the damaged segment is left out", WITHIN, async || {
        let (status, body) = server.api.answer("/api/logs", &search).await;
        ensure(status.is_success(), || format!("{status} {body}"))
    })
    .await;
    let records = server.api.all_logs("service:book", 1_000).await;
    assert_eq!(records.len(), 20, "those that were sent later");
    let quarantined = server.api.system().await.storage.quarantined;
    assert_eq!(quarantined.len(), 1, "{quarantined:?}");
    assert!(key.contains(quarantined[0].split(':').next().unwrap()), "{quarantined:?}");
    until("it is in quarantine", WITHIN, async || {
        let keys = s3.keys("p/default/").await;
        ensure(
            !keys.contains(&key) && keys.iter().any(|key| key.starts_with("p/default/quarantine/")),
            || format!("{keys:?}"),
        )
    })
    .await;
    let server = server.stop().start().await;
    assert_eq!(server.api.system().await.storage.quarantined.len(), 1);
    assert_eq!(server.api.all_logs("service:book", 1_000).await.len(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_bucket_or_credentials_or_another_servers_prefix() {
    let s3 = S3::start().await;
    let check = |ended: &Ended, words: &[&str]| {
        assert_eq!(ended.status.code(), Some(2), "{ended:?}");
        for words in words {
            assert!(ended.stderr.contains(words), "{words:?}: {}", ended.stderr);
        }
    };
    check(&serve(&s3, "s3://nowhere/p"), &["s3://nowhere/p", "NoSuchBucket"]);
    check(&serve(&s3, "gs://bucket"), &["--segments", "s3://bucket/prefix"]);
    let refusing = S3::that_refuses().await;
    check(&serve(&refusing, &format!("s3://{BUCKET}/p")), &[&format!("s3://{BUCKET}/p"), "403"]);

    let server = s3.settings().start().await;
    check(&serve(&s3, &format!("s3://{BUCKET}/p")), &["another catalog", "--node"]);
    assert_eq!(server.api.is_ready().await, Ok(()), "the first one is not disturbed");
}
