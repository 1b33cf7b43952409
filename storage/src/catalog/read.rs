//! What the catalog tells a start.

use super::{Catalog, FileEntry, Marks, SegmentEntry};
use crate::error::{Error, Result};
use crate::paths;
use crate::segment::{Partition, Services};
use ocelli_signal::Signal;
use sqlx::Row;
use sqlx::any::AnyRow;
use std::collections::HashMap;
use std::path::Path;

const FILES: &str =
    "SELECT stem, suffix, size_bytes, crc32c FROM storage_files WHERE node = $1 ORDER BY stem, suffix";
const SEGMENTS: &str = "SELECT stem, tenant, signal, time_partition, merge_level, format_version, row_count,
    min_time, max_time, created_at, first_sequence, last_sequence, covered_sequence, services
    FROM storage_segments WHERE node = $1 ORDER BY last_sequence, stem";

impl Catalog {
    /// Whether nothing was ever published: a new directory, or a catalog that was lost.
    pub async fn is_blank(&self) -> Result<bool> {
        let rows = self.rows("SELECT sequence FROM storage_flushed WHERE node = $1 LIMIT 1").await?;
        Ok(rows.is_empty())
    }

    /// All segments, with their files.
    pub async fn segments(&self) -> Result<Vec<SegmentEntry>> {
        let mut files: HashMap<String, Vec<FileEntry>> = HashMap::new();
        for row in self.rows(FILES).await? {
            let file = FileEntry {
                suffix: row.try_get("suffix")?,
                bytes: row.try_get::<i64, _>("size_bytes")? as u64,
                crc32c: row.try_get::<i64, _>("crc32c")? as u32,
                blocks: Vec::new(),
            };
            files.entry(row.try_get("stem")?).or_default().push(file);
        }
        let mut segments = Vec::new();
        for row in self.rows(SEGMENTS).await? {
            let stem: String = row.try_get("stem")?;
            segments.push(SegmentEntry {
                files: files.remove(&stem).unwrap_or_default(),
                tenant: row.try_get("tenant")?,
                signal: signal_named(row.try_get("signal")?)?,
                partition: partition_named(row.try_get("time_partition")?)?,
                level: row.try_get::<i64, _>("merge_level")? as u32,
                format_version: row.try_get::<i64, _>("format_version")? as u32,
                rows: row.try_get::<i64, _>("row_count")? as u64,
                min_time: row.try_get("min_time")?,
                max_time: row.try_get("max_time")?,
                created_at: row.try_get("created_at")?,
                first_sequence: row.try_get::<i64, _>("first_sequence")? as u64,
                last_sequence: row.try_get::<i64, _>("last_sequence")? as u64,
                covered_sequence: row.try_get::<i64, _>("covered_sequence")? as u64,
                services: Services::from_json(row.try_get("services")?),
                stem,
            });
        }
        Ok(segments)
    }

    pub async fn marks(&self) -> Result<Marks> {
        let mut marks = Marks::default();
        for row in self.rows("SELECT tenant, signal, sequence FROM storage_flushed WHERE node = $1").await? {
            let signal = signal_named(row.try_get("signal")?)?;
            marks.flushed.insert((row.try_get("tenant")?, signal), row.try_get::<i64, _>("sequence")? as u64);
        }
        for row in self.rows("SELECT tenant, sequence FROM storage_covered WHERE node = $1").await? {
            marks.covered.insert(row.try_get("tenant")?, row.try_get::<i64, _>("sequence")? as u64);
        }
        Ok(marks)
    }

    /// Everything ever found damaged: path and detail.
    pub async fn quarantined(&self) -> Result<Vec<(String, String)>> {
        let rows =
            self.rows("SELECT path, detail FROM storage_quarantine WHERE node = $1 ORDER BY path").await?;
        rows.iter().map(|row| Ok((row.try_get("path")?, row.try_get("detail")?))).collect()
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

fn signal_named(name: String) -> Result<Signal> {
    let found = Signal::ALL.into_iter().find(|signal| signal.as_str() == name);
    found.ok_or_else(|| {
        Error::corrupt(Path::new(paths::CATALOG), format_args!("no signal is called '{name}'"))
    })
}

fn partition_named(name: String) -> Result<Partition> {
    Partition::parse(&name).ok_or_else(|| {
        Error::corrupt(Path::new(paths::CATALOG), format_args!("no partition is called '{name}'"))
    })
}
