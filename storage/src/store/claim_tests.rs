//! What belongs together, and what is kept apart.

use super::claim::Claim;
use crate::catalog::Catalog;
use crate::disk::{Disk, LocalDisk, Remote, SegmentsAddress};
use crate::error::{Error, Result};
use crate::paths;
use object_store::memory::InMemory;
use object_store::path::Path as Key;
use std::path::Path;
use std::sync::Arc;

/// A data directory.
struct Dir(tempfile::TempDir);

impl Dir {
    fn new() -> Dir {
        Dir(tempfile::tempdir().unwrap())
    }

    /// Something in the WAL that no segment has.
    fn with_wal(self) -> Dir {
        self.disk().create_dir_all(Path::new(paths::WAL)).unwrap();
        std::fs::write(self.0.path().join(paths::wal_file(1)), b"rows").unwrap();
        self
    }

    fn disk(&self) -> LocalDisk {
        LocalDisk::new(self.0.path())
    }

    async fn claim(&self, catalog: &Catalog, bucket: Option<&Remote>) -> Result<()> {
        let segments = match bucket {
            Some(_) => SegmentsAddress::parse("s3://bucket/p").unwrap(),
            None => SegmentsAddress::default(),
        };
        Claim { local: &self.disk(), catalog, segments: &segments, remote: bucket }.make().await
    }
}

fn bucket() -> Remote {
    Remote::start(Arc::new(InMemory::new()), Key::from("p/default"), "s3://bucket/p".into()).unwrap()
}

fn check(outcome: Result<()>, words: &str) {
    match outcome {
        Err(Error::Settings { reason }) if reason.contains(words) => {}
        other => panic!("it must be refused with {words:?}: {other:?}"),
    }
}

#[tokio::test]
async fn a_start_after_a_start_is_fine_and_so_is_a_bucket_for_new_segments() {
    let (dir, catalog, bucket) = (Dir::new().with_wal(), Catalog::in_memory().await.unwrap(), bucket());
    dir.claim(&catalog, None).await.unwrap();
    dir.claim(&catalog, None).await.unwrap();
    dir.claim(&catalog, Some(&bucket)).await.unwrap();
    dir.claim(&catalog, Some(&bucket)).await.unwrap();
    check(dir.claim(&catalog, None).await, "the segments are in s3://bucket/p");
    // All of it was copied into the directory.
    let name = bucket.get(Path::new(paths::DATA_SET)).unwrap().unwrap();
    std::fs::write(dir.0.path().join(paths::DATA_SET), name).unwrap();
    dir.claim(&catalog, None).await.unwrap();
}

#[tokio::test]
async fn another_bucket_is_refused_unless_the_data_set_is_there() {
    let (dir, catalog) = (Dir::new(), Catalog::in_memory().await.unwrap());
    let (one, other) = (bucket(), bucket());
    dir.claim(&catalog, Some(&one)).await.unwrap();
    other.put(Path::new(paths::DATA_SET), b"another".to_vec()).unwrap();
    check(dir.claim(&catalog, Some(&other)).await, "choose another --node");
    let name = one.get(Path::new(paths::DATA_SET)).unwrap().unwrap();
    other.put(Path::new(paths::DATA_SET), name.to_vec()).unwrap();
    dir.claim(&catalog, Some(&other)).await.unwrap();
}

#[tokio::test]
async fn a_bucket_of_another_catalog_is_refused_and_that_of_a_lost_one_is_not() {
    let (one, other, bucket) = (Dir::new(), Dir::new(), bucket());
    one.claim(&Catalog::in_memory().await.unwrap(), Some(&bucket)).await.unwrap();
    check(other.claim(&Catalog::in_memory().await.unwrap(), Some(&bucket)).await, "of another catalog");
    // The same directory, whose catalog was lost.
    one.claim(&Catalog::in_memory().await.unwrap(), Some(&bucket)).await.unwrap();
}

#[tokio::test]
async fn an_empty_directory_takes_over_and_the_old_one_can_not_lose_its_wal_to_it() {
    let (old, new, bucket) = (Dir::new().with_wal(), Dir::new(), bucket());
    let catalog = Catalog::in_memory().await.unwrap();
    old.claim(&catalog, Some(&bucket)).await.unwrap();
    new.claim(&catalog, Some(&bucket)).await.unwrap();
    check(old.claim(&catalog, Some(&bucket)).await, "was used with another data directory");
    new.with_wal().claim(&catalog, Some(&bucket)).await.unwrap();
    let unread = Dir::new().with_wal();
    std::fs::write(unread.0.path().join(paths::OWNER), "bent").unwrap();
    unread.claim(&catalog, Some(&bucket)).await.unwrap();
}

#[tokio::test]
async fn a_catalog_that_was_left_behind_is_not_used_again() {
    let dir = Dir::new().with_wal();
    let (sqlite, postgres) = (Catalog::in_memory().await.unwrap(), Catalog::in_memory().await.unwrap());
    dir.claim(&sqlite, None).await.unwrap();
    dir.claim(&postgres, None).await.unwrap();
    // What was flushed since is not in it, and would be taken for rubbish.
    check(dir.claim(&sqlite, None).await, "was used with another data directory");
    dir.claim(&postgres, None).await.unwrap();
}
