//! Every name on the disk, once. All paths are relative to the data directory, so that it can be
//! moved, and so that the catalog never holds an absolute path.

use crate::error::{Error, Result};
use crate::limits::TENANT_BYTES;
use crate::segment::Partition;
use ocelli_signal::Signal;
use std::path::{Path, PathBuf};

/// Locked by the process that owns the directory.
pub const LOCK: &str = "lock";
/// Says which data set and which WAL are in the directory.
pub const OWNER: &str = "owner";
/// The same of the data set, beside the segments in an object store.
pub const DATA_SET: &str = "data-set";
/// What was read from the object store; emptied by every start.
pub const CACHE: &str = "cache";
/// The SQLite database.
pub const CATALOG: &str = "catalog.sqlite";
/// The database with the files that SQLite keeps beside it.
pub const CATALOG_FILES: [&str; 3] = [CATALOG, "catalog.sqlite-wal", "catalog.sqlite-shm"];
/// WAL files.
pub const WAL: &str = "wal";
/// `segments/<tenant>/<signal>/<partition>/<first sequence>-<last sequence>-<level>.…`
pub const SEGMENTS: &str = "segments";
/// What was found damaged, moved aside.
pub const QUARANTINE: &str = "quarantine";

const WAL_SUFFIX: &str = ".wal";
/// Rows of any signal.
pub const ROWS_SUFFIX: &str = ".parquet";
/// The series that a points file refers to.
pub const SERIES_SUFFIX: &str = ".series.parquet";
/// The index bundle of a logs file.
pub const INDEX_SUFFIX: &str = ".index";
/// Which rows of a spans file are of which trace.
pub const TRACES_SUFFIX: &str = ".traces";
/// The checksums of the files of a segment, block by block.
pub const SUMS_SUFFIX: &str = ".sums";
/// All that a segment may have.
pub const SEGMENT_SUFFIXES: [&str; 5] =
    [ROWS_SUFFIX, SERIES_SUFFIX, INDEX_SUFFIX, TRACES_SUFFIX, SUMS_SUFFIX];
/// A file that is still being written.
pub const TEMP_SUFFIX: &str = ".tmp";

/// The WAL file whose records begin at `first_sequence`.
pub fn wal_file(first_sequence: u64) -> PathBuf {
    Path::new(WAL).join(format!("{first_sequence:020}{WAL_SUFFIX}"))
}

/// The first sequence of a WAL file, from its name.
pub fn wal_first_sequence(name: &str) -> Option<u64> {
    name.strip_suffix(WAL_SUFFIX).filter(|digits| digits.len() == 20)?.parse().ok()
}

/// The directory of a tenant's segments of one signal.
pub fn segment_dir(tenant: &str, signal: Signal) -> PathBuf {
    Path::new(SEGMENTS).join(tenant).join(signal.as_str())
}

/// A segment's files share this path, without suffix. Level 0 is a flush; a merge is one above the
/// highest of its inputs, so that no name is ever used twice.
pub fn segment_stem(
    tenant: &str,
    signal: Signal,
    partition: Partition,
    (first_sequence, last_sequence): (u64, u64),
    level: u32,
) -> PathBuf {
    let name = format!("{first_sequence:020}-{last_sequence:020}-{level}");
    segment_dir(tenant, signal).join(partition.to_string()).join(name)
}

/// A path with a suffix after its file name.
pub fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// The directory that a file is in.
pub fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

/// Tenant names become directory names.
pub fn check_tenant(tenant: &str) -> Result<()> {
    check_name("tenant", tenant)
}

/// Kept to what is safe on every file system and in every object store.
pub fn check_name(what: &str, name: &str) -> Result<()> {
    let safe = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
    if name.is_empty() || name.len() > TENANT_BYTES || !name.bytes().all(safe) {
        return Err(Error::invalid(format_args!(
            "{what} '{name}': a {what} has 1 to {TENANT_BYTES} of a-z 0-9 _ -"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wal_names_sort_by_sequence_and_read_back() {
        let path = wal_file(77);
        let name = path.file_name().unwrap().to_str().unwrap();
        assert_eq!(wal_first_sequence(name), Some(77));
        assert!(wal_file(9) < wal_file(10));
        assert_eq!(wal_first_sequence("77.wal"), None);
        assert_eq!(wal_first_sequence("00000000000000000077.tmp"), None);
    }

    #[test]
    fn a_tenant_cannot_leave_its_directory() {
        assert!(check_tenant("default").is_ok());
        for bad in ["", "..", "a/b", "Ä", "A", &"x".repeat(65)] {
            assert!(check_tenant(bad).is_err(), "{bad}");
        }
    }
}
