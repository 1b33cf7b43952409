use super::*;
use crate::error::Error;
use crate::segment::Partition;
use crate::segment::Services;
use crate::segment::services::ServiceRows;

fn entry(stem: &str, last_sequence: u64) -> SegmentEntry {
    SegmentEntry {
        stem: stem.into(),
        tenant: "default".into(),
        signal: Signal::Logs,
        partition: Partition::Day(-5),
        level: 3,
        format_version: 1,
        rows: 10,
        min_time: -5,
        max_time: i64::MAX,
        created_at: 17,
        first_sequence: 1,
        last_sequence,
        covered_sequence: 8,
        services: Services {
            named: [("cart".to_owned(), ServiceRows { rows: 10, min_time: -5, max_time: i64::MAX })].into(),
            more: true,
        },
        files: vec![FileEntry { suffix: ".parquet".into(), bytes: 99, crc32c: u32::MAX, blocks: Vec::new() }],
    }
}

fn publication(segment: SegmentEntry, covered: u64) -> Publication {
    let flushed = segment.last_sequence;
    Publication {
        tenant: segment.tenant.clone(),
        signal: segment.signal,
        flushed,
        covered,
        segments: vec![segment],
    }
}

#[tokio::test]
async fn what_is_published_is_read_back_after_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("catalog.sqlite");
    let catalog = Catalog::open_file(&path).await.unwrap();
    catalog.publish(&publication(entry("a", 3), 2)).await.unwrap();
    catalog.publish(&publication(entry("b", 9), 0)).await.unwrap();
    catalog.close().await;

    let catalog = Catalog::open_file(&path).await.unwrap();
    assert_eq!(catalog.segments().await.unwrap(), [entry("a", 3), entry("b", 9)]);
    let marks = catalog.marks().await.unwrap();
    assert_eq!(marks.flushed[&("default".to_owned(), Signal::Logs)], 9);
    assert_eq!(marks.covered["default"], 2);
}

#[tokio::test]
async fn a_publication_that_fails_changes_nothing() {
    let catalog = Catalog::in_memory().await.unwrap();
    catalog.publish(&publication(entry("a", 3), 0)).await.unwrap();
    let execute = async |sql: &'static str| {
        let mut connection = catalog.link.connection().await.unwrap();
        sqlx::raw_sql(sql).execute(&mut *connection).await.unwrap();
    };
    execute("DROP TABLE storage_covered").await;
    assert!(catalog.publish(&publication(entry("b", 8), 8)).await.is_err(), "its last statement fails");
    execute(schema::SCHEMA).await;
    assert_eq!(catalog.segments().await.unwrap(), [entry("a", 3)]);
    let marks = catalog.marks().await.unwrap();
    assert_eq!(marks.flushed[&("default".to_owned(), Signal::Logs)], 3);
    assert!(marks.covered.is_empty());
}

#[tokio::test]
async fn nodes_that_share_a_catalog_do_not_see_each_other() {
    let one = Catalog::in_memory().await.unwrap();
    let other = Catalog { node: "other".into(), ..one.clone() };
    one.publish(&publication(entry("a", 9), 9)).await.unwrap();
    assert!(other.marks().await.unwrap().flushed.is_empty());
    other.publish(&publication(entry("a", 4), 0)).await.unwrap();
    other.quarantine("a", "gone").await.unwrap();
    assert_eq!(one.segments().await.unwrap(), [entry("a", 9)]);
    assert_eq!(one.marks().await.unwrap().flushed[&("default".to_owned(), Signal::Logs)], 9);
    assert!(one.quarantined().await.unwrap().is_empty() && other.segments().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_catalog_of_an_old_or_a_newer_version_is_told_apart() {
    for (sql, is_old) in [
        ("CREATE TABLE storage_segments (stem TEXT NOT NULL PRIMARY KEY)", true),
        ("CREATE TABLE storage_schema (version BIGINT); INSERT INTO storage_schema VALUES (99)", false),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("catalog.sqlite");
        sqlx::any::install_default_drivers();
        let mut database =
            sqlx::AnyConnection::connect_with(&address::file_options(&path).unwrap()).await.unwrap();
        sqlx::raw_sql(sql).execute(&mut database).await.unwrap();
        database.close().await.unwrap();
        match Catalog::open_file(&path).await.unwrap_err() {
            Error::OldCatalog { version } => assert!(is_old && version == 1),
            other => assert!(!is_old && other.to_string().contains("newer Ocelli"), "{other}"),
        }
    }
}

#[tokio::test]
async fn marks_never_go_back() {
    let catalog = Catalog::in_memory().await.unwrap();
    catalog.publish(&publication(entry("a", 9), 9)).await.unwrap();
    catalog.publish(&publication(entry("b", 4), 4)).await.unwrap();
    let marks = catalog.marks().await.unwrap();
    assert_eq!((marks.flushed[&("default".to_owned(), Signal::Logs)], marks.covered["default"]), (9, 9));
}

#[tokio::test]
async fn a_quarantined_segment_leaves_the_list_and_is_remembered() {
    let catalog = Catalog::in_memory().await.unwrap();
    catalog.publish(&publication(entry("a", 3), 0)).await.unwrap();
    catalog.quarantine("a", "footer").await.unwrap();
    assert!(catalog.segments().await.unwrap().is_empty());
    assert_eq!(catalog.quarantined().await.unwrap(), [("a".to_owned(), "footer".to_owned())]);
}

#[tokio::test]
async fn a_second_try_of_a_publication_that_did_happen_is_no_second_segment() {
    let catalog = Catalog::in_memory().await.unwrap();
    catalog.publish(&publication(entry("a", 3), 0)).await.unwrap();
    catalog.publish(&publication(entry("a", 3), 0)).await.unwrap();
    assert_eq!(catalog.segments().await.unwrap(), [entry("a", 3)]);
}

#[tokio::test]
async fn a_merge_replaces_its_inputs_or_nothing_changes() {
    let catalog = Catalog::in_memory().await.unwrap();
    for (stem, sequence) in [("a", 3), ("b", 6), ("c", 9)] {
        catalog.publish(&publication(entry(stem, sequence), 0)).await.unwrap();
    }
    catalog.replace(&["a", "b"], Some(&entry("ab", 6))).await.unwrap();
    assert_eq!(catalog.segments().await.unwrap(), [entry("ab", 6), entry("c", 9)]);
    // Its last statement fails: the file list has a row with that name already.
    let twice = SegmentEntry { files: [entry("x", 9).files, entry("x", 9).files].concat(), ..entry("x", 9) };
    assert!(catalog.replace(&["ab", "c"], Some(&twice)).await.is_err());
    assert_eq!(catalog.segments().await.unwrap(), [entry("ab", 6), entry("c", 9)]);
    catalog.remove(&["ab", "c"]).await.unwrap();
    assert!(catalog.segments().await.unwrap().is_empty());
    assert_eq!(catalog.removed().await.unwrap(), ["a", "ab", "b", "c"]);
    catalog.clear_removed(&["ab".to_owned(), "a".to_owned()]).await.unwrap();
    assert_eq!(catalog.removed().await.unwrap(), ["b", "c"]);
    assert_eq!(catalog.marks().await.unwrap().flushed[&("default".to_owned(), Signal::Logs)], 9);
}

#[tokio::test]
async fn a_row_that_is_not_what_was_written_is_told() {
    for change in [
        "UPDATE storage_segments SET max_time = max_time - 1",
        "UPDATE storage_segments SET signal = 'lags'",
        "UPDATE storage_segments SET time_partition = '2026-02-31'",
        "UPDATE storage_segments SET services = '{'",
        "UPDATE storage_segments SET stem = 'b'",
        "UPDATE storage_segments SET row_count = 'ten'",
        "UPDATE storage_segments SET tenant = x'ff00'",
        "UPDATE storage_files SET size_bytes = 98",
        "UPDATE storage_files SET node = 'defaulu'",
        "DELETE FROM storage_files",
        "DELETE FROM storage_segments",
        "UPDATE storage_flushed SET sequence = 4",
        "UPDATE storage_flushed SET signal = 'spans'",
        "UPDATE storage_covered SET sequence = 2",
        "DROP TABLE storage_covered",
    ] {
        let dir = tempfile::tempdir().unwrap();
        let catalog = Catalog::open_file(&dir.path().join("catalog.sqlite")).await.unwrap();
        catalog.publish(&publication(entry("a", 3), 3)).await.unwrap();
        catalog.check().await.unwrap();
        let mut connection = catalog.link.connection().await.unwrap();
        sqlx::raw_sql(change).execute(&mut *connection).await.unwrap();
        drop(connection);
        let found = catalog.check().await.unwrap_err();
        assert!(found.is_damaged_catalog(), "{change}: {found}");
        if !change.starts_with("DROP") {
            catalog.forget().await.unwrap();
            assert_eq!(catalog.segments().await.unwrap(), []);
        }
    }
}
