//! What the catalog tells a start.

use super::{Catalog, FileEntry, Marks, SegmentEntry, sum};
use crate::error::{Error, Result};
use crate::paths;
use crate::segment::{Partition, Services};
use ocelli_signal::Signal;
use sqlx::any::AnyRow;
use sqlx::{Any, Decode, Row, Type};
use std::collections::HashMap;
use std::path::Path;

const FILES: &str =
    "SELECT stem, suffix, size_bytes, crc32c FROM storage_files WHERE node = $1 ORDER BY stem, suffix";
const SEGMENTS: &str = "SELECT stem, tenant, signal, time_partition, merge_level, format_version, row_count,
    min_time, max_time, created_at, first_sequence, last_sequence, covered_sequence, services, row_crc32c
    FROM storage_segments WHERE node = $1 ORDER BY last_sequence, stem";

const OTHERS: [&str; 6] = [
    "SELECT node FROM storage_removed WHERE node <> $1",
    "SELECT node FROM storage_nodes WHERE node <> $1",
    "SELECT node FROM storage_segments WHERE node <> $1",
    "SELECT node FROM storage_files WHERE node <> $1",
    "SELECT node FROM storage_flushed WHERE node <> $1",
    "SELECT node FROM storage_covered WHERE node <> $1",
];

const FLUSHED: &str = "SELECT tenant, signal, sequence, row_crc32c FROM storage_flushed WHERE node = $1";
const COVERED: &str = "SELECT tenant, sequence, row_crc32c FROM storage_covered WHERE node = $1";

impl Catalog {
    /// Whether every row reads back as it was written; `Corrupt` says which one does not.
    pub async fn check(&self) -> Result<()> {
        self.segments().await?;
        self.marks().await?;
        self.removed().await?;
        if self.link.is_local() {
            // One directory has one node: a row of another is one of ours with a wrong name.
            for table in OTHERS {
                if !self.rows(table).await?.is_empty() {
                    return Err(damaged("a row has another node"));
                }
            }
        }
        Ok(())
    }

    /// All segments, with their files.
    pub async fn segments(&self) -> Result<Vec<SegmentEntry>> {
        let mut files: HashMap<String, Vec<FileEntry>> = HashMap::new();
        for row in self.rows(FILES).await? {
            let file = FileEntry {
                suffix: field(&row, "suffix")?,
                bytes: field::<i64>(&row, "size_bytes")? as u64,
                crc32c: field::<i64>(&row, "crc32c")? as u32,
                blocks: Vec::new(),
            };
            files.entry(field(&row, "stem")?).or_default().push(file);
        }
        let mut segments = Vec::new();
        for row in self.rows(SEGMENTS).await? {
            let stem: String = field(&row, "stem")?;
            let entry = entry(&row, stem.clone(), files.remove(&stem).unwrap_or_default())?;
            if sum::segment(&entry) != field::<i64>(&row, "row_crc32c")? {
                return Err(damaged(format_args!("the row of {stem} is not what was written")));
            }
            segments.push(entry);
        }
        if !files.is_empty() {
            return Err(damaged("a file belongs to no segment"));
        }
        Ok(segments)
    }

    pub async fn marks(&self) -> Result<Marks> {
        let mut marks = Marks::default();
        for row in self.rows(FLUSHED).await? {
            let (tenant, signal) = (field::<String>(&row, "tenant")?, signal_named(field(&row, "signal")?)?);
            let sequence = field::<i64>(&row, "sequence")? as u64;
            check_sum(&row, sum::flushed(&tenant, signal, sequence))?;
            marks.flushed.insert((tenant, signal), sequence);
        }
        for row in self.rows(COVERED).await? {
            let (tenant, sequence) =
                (field::<String>(&row, "tenant")?, field::<i64>(&row, "sequence")? as u64);
            check_sum(&row, sum::covered(&tenant, sequence))?;
            marks.covered.insert(tenant, sequence);
        }
        Ok(marks)
    }

    /// Everything ever found damaged: path and detail, as far as they can be read.
    pub async fn quarantined(&self) -> Result<Vec<(String, String)>> {
        let rows =
            self.rows("SELECT path, detail FROM storage_quarantine WHERE node = $1 ORDER BY path").await?;
        let pair = |row: &AnyRow| Some((row.try_get("path").ok()?, row.try_get("detail").ok()?));
        Ok(rows.iter().filter_map(pair).collect())
    }

    /// The rows of this node; it is the query's one parameter.
    pub(super) async fn rows(&self, query: &'static str) -> Result<Vec<AnyRow>> {
        let work = async {
            let mut connection = self.link.connection().await?;
            Ok(sqlx::query(query).bind(&*self.node).fetch_all(&mut *connection).await?)
        };
        self.link.run(work).await
    }
}

fn entry(row: &AnyRow, stem: String, files: Vec<FileEntry>) -> Result<SegmentEntry> {
    Ok(SegmentEntry {
        files,
        tenant: field(row, "tenant")?,
        signal: signal_named(field(row, "signal")?)?,
        partition: partition_named(field(row, "time_partition")?)?,
        level: field::<i64>(row, "merge_level")? as u32,
        format_version: field::<i64>(row, "format_version")? as u32,
        rows: field::<i64>(row, "row_count")? as u64,
        min_time: field(row, "min_time")?,
        max_time: field(row, "max_time")?,
        created_at: field(row, "created_at")?,
        first_sequence: field::<i64>(row, "first_sequence")? as u64,
        last_sequence: field::<i64>(row, "last_sequence")? as u64,
        covered_sequence: field::<i64>(row, "covered_sequence")? as u64,
        services: Services::from_json(&field::<String>(row, "services")?),
        stem,
    })
}

/// A field of the type that was written.
pub(super) fn field<'r, T: Decode<'r, Any> + Type<Any>>(row: &'r AnyRow, name: &str) -> Result<T> {
    row.try_get(name).map_err(damaged)
}

pub(super) fn check_sum(row: &AnyRow, sum: i64) -> Result<()> {
    if field::<i64>(row, "row_crc32c")? == sum {
        return Ok(());
    }
    Err(damaged("a row is not what was written"))
}

fn damaged(detail: impl std::fmt::Display) -> Error {
    Error::corrupt(Path::new(paths::CATALOG), detail)
}

fn signal_named(name: String) -> Result<Signal> {
    let found = Signal::ALL.into_iter().find(|signal| signal.as_str() == name);
    found.ok_or_else(|| damaged(format_args!("no signal is called '{name}'")))
}

fn partition_named(name: String) -> Result<Partition> {
    Partition::parse(&name).ok_or_else(|| damaged(format_args!("no partition is called '{name}'")))
}
