//! The file list and the low-water marks, in SQLite. One transaction publishes the segments of a flush
//! and moves the mark behind which their rows need not be replayed; whatever a crash leaves, both or
//! neither happened.

mod entry;
#[allow(dead_code)]
mod replace;

pub use entry::{FileEntry, SegmentEntry};

use crate::error::{Error, Result};
use crate::segment::{Partition, Services};
use ocelli_signal::Signal;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Row, Sqlite, Transaction};
use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

const SCHEMA: &str = include_str!("schema.sql");

/// What a flush makes visible at once.
#[derive(Clone, Debug)]
pub struct Publication {
    /// One for each partition that the rows belong to; none without rows.
    pub segments: Vec<SegmentEntry>,
    pub tenant: String,
    pub signal: Signal,
    /// Rows of records up to this sequence are in segments now.
    pub flushed: u64,
    /// Spans up to this sequence are told about by the rows published so far; 0 for no news.
    pub covered: u64,
}

/// How far everything has got, as the catalog knows it.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    pub flushed: HashMap<(String, Signal), u64>,
    pub covered: HashMap<String, u64>,
}

/// The open database.
#[derive(Clone, Debug)]
pub struct Catalog {
    pool: SqlitePool,
}

impl Catalog {
    /// Opens or creates the file.
    pub async fn open(path: &Path) -> Result<Catalog> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // In WAL mode only FULL makes a commit durable at once.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(10));
        Catalog::connect(options).await
    }

    /// A database that lives as long as its handle; for tests of the store on a disk in memory.
    #[cfg(test)]
    pub async fn in_memory() -> Result<Catalog> {
        Catalog::connect(SqliteConnectOptions::new().in_memory(true)).await
    }

    async fn connect(options: SqliteConnectOptions) -> Result<Catalog> {
        // One connection: all writes are the store's own, and come one after the other.
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(options)
            .await?;
        let verdict: String = sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(&pool).await?;
        if verdict != "ok" {
            pool.close().await;
            return Err(Error::corrupt(Path::new(crate::paths::CATALOG), verdict));
        }
        sqlx::raw_sql(SCHEMA).execute(&pool).await?;
        Ok(Catalog { pool })
    }

    /// Publishes in one transaction; durable when this returns.
    pub async fn publish(&self, publication: &Publication) -> Result<()> {
        let mut transaction = self.pool.begin().await?;
        for segment in &publication.segments {
            insert_segment(&mut transaction, segment).await?;
        }
        let mark = "INSERT INTO storage_flushed (tenant, signal, sequence) VALUES ($1, $2, $3)
            ON CONFLICT (tenant, signal) DO UPDATE SET sequence = excluded.sequence
            WHERE excluded.sequence > storage_flushed.sequence";
        sqlx::query(mark)
            .bind(&publication.tenant)
            .bind(publication.signal.as_str())
            .bind(publication.flushed as i64)
            .execute(&mut *transaction)
            .await?;
        if publication.covered > 0 {
            let mark = "INSERT INTO storage_covered (tenant, sequence) VALUES ($1, $2)
                ON CONFLICT (tenant) DO UPDATE SET sequence = excluded.sequence
                WHERE excluded.sequence > storage_covered.sequence";
            sqlx::query(mark)
                .bind(&publication.tenant)
                .bind(publication.covered as i64)
                .execute(&mut *transaction)
                .await?;
        }
        Ok(transaction.commit().await?)
    }

    /// Whether nothing was ever published: a new directory, or a catalog that was lost.
    pub async fn is_blank(&self) -> Result<bool> {
        let marks: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM storage_flushed").fetch_one(&self.pool).await?;
        Ok(marks == 0)
    }

    /// All segments, with their files.
    pub async fn segments(&self) -> Result<Vec<SegmentEntry>> {
        let mut files: HashMap<String, Vec<FileEntry>> = HashMap::new();
        let rows =
            sqlx::query("SELECT stem, suffix, size_bytes, crc32c FROM storage_files ORDER BY stem, suffix");
        for row in rows.fetch_all(&self.pool).await? {
            let file = FileEntry {
                suffix: row.try_get("suffix")?,
                bytes: row.try_get::<i64, _>("size_bytes")? as u64,
                crc32c: row.try_get::<i64, _>("crc32c")? as u32,
            };
            files.entry(row.try_get("stem")?).or_default().push(file);
        }
        let rows = sqlx::query(
            "SELECT stem, tenant, signal, time_partition, merge_level, format_version, row_count, min_time, max_time,
             created_at, first_sequence, last_sequence, covered_sequence, services
             FROM storage_segments ORDER BY last_sequence, stem",
        );
        let mut segments = Vec::new();
        for row in rows.fetch_all(&self.pool).await? {
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
        let rows = sqlx::query("SELECT tenant, signal, sequence FROM storage_flushed");
        for row in rows.fetch_all(&self.pool).await? {
            let signal = signal_named(row.try_get("signal")?)?;
            marks.flushed.insert((row.try_get("tenant")?, signal), row.try_get::<i64, _>("sequence")? as u64);
        }
        let rows = sqlx::query("SELECT tenant, sequence FROM storage_covered");
        for row in rows.fetch_all(&self.pool).await? {
            marks.covered.insert(row.try_get("tenant")?, row.try_get::<i64, _>("sequence")? as u64);
        }
        Ok(marks)
    }

    /// Takes a segment out of the file list and remembers why.
    pub async fn quarantine(&self, stem: &str, detail: &str) -> Result<()> {
        let mut transaction = self.pool.begin().await?;
        delete_segment(&mut transaction, stem).await?;
        remember(&mut transaction, stem, detail).await?;
        Ok(transaction.commit().await?)
    }

    /// Remembers damage to something that is no segment.
    pub async fn report(&self, path: &str, detail: &str) -> Result<()> {
        let mut transaction = self.pool.begin().await?;
        remember(&mut transaction, path, detail).await?;
        Ok(transaction.commit().await?)
    }

    /// Everything ever found damaged: path and detail.
    pub async fn quarantined(&self) -> Result<Vec<(String, String)>> {
        let rows = sqlx::query("SELECT path, detail FROM storage_quarantine ORDER BY path");
        let rows = rows.fetch_all(&self.pool).await?;
        rows.iter().map(|row| Ok((row.try_get("path")?, row.try_get("detail")?))).collect()
    }

    pub async fn close(&self) {
        self.pool.close().await;
    }
}

async fn delete_segment(transaction: &mut Transaction<'_, Sqlite>, stem: &str) -> Result<()> {
    for table in ["DELETE FROM storage_files WHERE stem = $1", "DELETE FROM storage_segments WHERE stem = $1"]
    {
        sqlx::query(table).bind(stem).execute(&mut **transaction).await?;
    }
    Ok(())
}

async fn insert_segment(transaction: &mut Transaction<'_, Sqlite>, segment: &SegmentEntry) -> Result<()> {
    // A commit may have happened although its answer was an error: then this is the second try.
    delete_segment(transaction, &segment.stem).await?;
    let insert =
        "INSERT INTO storage_segments (stem, tenant, signal, time_partition, merge_level, format_version,
        row_count, min_time, max_time, created_at, first_sequence, last_sequence, covered_sequence, services)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    sqlx::query(insert)
        .bind(&segment.stem)
        .bind(&segment.tenant)
        .bind(segment.signal.as_str())
        .bind(segment.partition.to_string())
        .bind(i64::from(segment.level))
        .bind(i64::from(segment.format_version))
        .bind(segment.rows as i64)
        .bind(segment.min_time)
        .bind(segment.max_time)
        .bind(segment.created_at)
        .bind(segment.first_sequence as i64)
        .bind(segment.last_sequence as i64)
        .bind(segment.covered_sequence as i64)
        .bind(segment.services.to_json())
        .execute(&mut **transaction)
        .await?;
    for file in &segment.files {
        let insert = "INSERT INTO storage_files (stem, suffix, size_bytes, crc32c) VALUES ($1, $2, $3, $4)";
        sqlx::query(insert)
            .bind(&segment.stem)
            .bind(&file.suffix)
            .bind(file.bytes as i64)
            .bind(i64::from(file.crc32c))
            .execute(&mut **transaction)
            .await?;
    }
    Ok(())
}

async fn remember(transaction: &mut Transaction<'_, Sqlite>, path: &str, detail: &str) -> Result<()> {
    let insert =
        "INSERT INTO storage_quarantine (path, detail) VALUES ($1, $2) ON CONFLICT (path) DO NOTHING";
    sqlx::query(insert).bind(path).bind(detail).execute(&mut **transaction).await?;
    Ok(())
}

fn signal_named(name: String) -> Result<Signal> {
    let found = Signal::ALL.into_iter().find(|signal| signal.as_str() == name);
    found.ok_or_else(|| {
        Error::corrupt(Path::new(crate::paths::CATALOG), format_args!("no signal is called '{name}'"))
    })
}

fn partition_named(name: String) -> Result<Partition> {
    Partition::parse(&name).ok_or_else(|| {
        Error::corrupt(Path::new(crate::paths::CATALOG), format_args!("no partition is called '{name}'"))
    })
}

#[cfg(test)]
mod tests;
