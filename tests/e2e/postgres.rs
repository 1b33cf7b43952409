//! The catalog on PostgreSQL: everything as with SQLite, also when the database goes away for a while,
//! and servers that share it do not meet.

use crate::harness::book::Book;
use crate::harness::postgres::{PASSWORD, Postgres};
use crate::harness::process::{Ended, ocelli, run};
use crate::harness::server::{Server, Settings};
use crate::harness::wait::{ensure, until};
use std::time::Duration;

const WITHIN: Duration = Duration::from_secs(60);
const CONFIG: &str = "storage:\n  flush_bytes: 50000\n  flush_age_s: 1\n";

/// Runs what must end by itself.
fn serve(arguments: &[&str], password: &str) -> Ended {
    let dir = tempfile::tempdir().unwrap();
    let mut command = ocelli();
    for flag in ["--listen", "--otlp-grpc", "--otlp-http"] {
        command.args([flag, "127.0.0.1:0"]);
    }
    command.args(arguments).env("PGPASSWORD", password).current_dir(dir.path());
    run(&mut command, b"", WITHIN)
}

async fn is_flushed(server: &Server, book: &mut Book) {
    book.must_write(&server.sender()).await;
    let before = server.api.system().await.storage.segments;
    until("segments are written", WITHIN, async || {
        let segments = server.api.system().await.storage.segments;
        ensure(segments > before, || format!("{segments} segments"))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_goes_away_costs_nothing() {
    let mut postgres = Postgres::start().await;
    let mut book = Book::default();
    let server = postgres.settings().config(CONFIG).start().await;
    is_flushed(&server, &mut book).await;
    assert!(!server.data_dir().join("catalog.sqlite").exists());
    let listed: u64 = postgres.value("SELECT count(*) FROM storage_segments").parse().unwrap();
    assert!(listed > 0);
    assert_eq!(postgres.value("SELECT count(*) FROM storage_files WHERE stem LIKE '/%'"), "0");

    postgres.stop();
    for _ in 0..5 {
        book.must_write(&server.sender()).await;
    }
    book.check(&server.api).await;
    until("a flush fails", WITHIN, async || {
        let failed = server
            .log()
            .into_iter()
            .find(|line| line["message"].as_str().is_some_and(|m| m.contains("flush failed")));
        let failed = failed.ok_or("no flush failed yet")?.to_string();
        ensure(failed.contains("postgres://postgres@127.0.0.1") && !failed.contains(PASSWORD), || {
            failed.clone()
        })
    })
    .await;
    postgres.go_on().await;
    is_flushed(&server, &mut book).await;
    book.check(&server.api).await;

    let server = server.kill().start().await;
    book.check(&server.api).await;
    let server = server.stop().start().await;
    book.check(&server.api).await;
    assert_eq!(server.api.system().await.storage.quarantined, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_on_one_database_have_names_of_their_own() {
    let postgres = Postgres::start().await;
    let (mut book, mut other_book) = (Book::default(), Book::default());
    let server = postgres.settings().config(CONFIG).start().await;
    is_flushed(&server, &mut book).await;
    let refused = serve(&["--catalog", &postgres.url()], PASSWORD);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    for words in [postgres.url().as_str(), "in use by another process as node 'default'", "--node"] {
        assert!(refused.stderr.contains(words), "{}", refused.stderr);
    }
    let other = postgres.settings().with(&["--node", "other"]).config(CONFIG).start().await;
    is_flushed(&other, &mut other_book).await;
    book.check(&server.api).await;
    other_book.check(&other.api).await;
    let (server, other) = (server.stop().start().await, other.kill().start().await);
    book.check(&server.api).await;
    other_book.check(&other.api).await;

    // The segments are in the first one's directory: no other may go on with its list.
    drop(server.stop());
    let refused = serve(&["--catalog", &postgres.url()], PASSWORD);
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    assert!(refused.stderr.contains("in another data directory"), "{}", refused.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_moves_from_sqlite_to_postgres_and_not_back_by_mistake() {
    let postgres = Postgres::start().await;
    let mut book = Book::default();
    let server = Settings::serve().config(CONFIG).start().await;
    is_flushed(&server, &mut book).await;
    let data = server.data_dir();
    let stopped = server.stop();
    let with_postgres = |data: &str| serve(&["--catalog", &postgres.url(), "--data-dir", data], "wrong");
    let refused = with_postgres(data.to_str().unwrap());
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    assert!(refused.stderr.contains("password authentication failed"), "{}", refused.stderr);

    let moved = stopped.with(postgres.settings().config(CONFIG)).start().await;
    book.check(&moved.api).await;
    is_flushed(&moved, &mut book).await;
    let stopped = moved.stop();
    let refused = serve(&["--data-dir", data.to_str().unwrap()], "");
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    assert!(refused.stderr.contains("another data directory"), "{}", refused.stderr);
    let server = stopped.start().await;
    book.check(&server.api).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_address_is_told_without_the_password() {
    let postgres = Postgres::start().await;
    let with_password = postgres.url().replace("postgres@", "postgres:a-wrong-word@");
    let no_database = format!("{}/nowhere", postgres.url().trim_end_matches("/postgres"));
    for (url, words) in [
        (with_password.as_str(), "password authentication failed"),
        (no_database.as_str(), "\"nowhere\" does not exist"),
        ("mysql://me:a-wrong-word@db/o", "postgres://user@host:port/database"),
    ] {
        let refused = serve(&["--catalog", url], PASSWORD);
        assert_eq!(refused.status.code(), Some(2), "{url}: {refused:?}");
        assert!(refused.stderr.contains(words), "{url}: {}", refused.stderr);
        let said = format!("{}{}", refused.stderr, refused.stdout);
        assert!(!said.contains("a-wrong-word") && !said.contains(PASSWORD), "{said}");
    }
}
