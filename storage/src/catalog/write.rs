//! The statements of a transaction that changes the file list and the marks.

use super::{Catalog, Publication, SegmentEntry, sum};
use crate::error::Result;
use sqlx::{Any, Transaction};

impl Catalog {
    pub(super) async fn insert_segment(
        &self,
        transaction: &mut Transaction<'_, Any>,
        segment: &SegmentEntry,
    ) -> Result<()> {
        // A commit may have happened although its answer was an error: then this is the second try.
        self.delete_segment(transaction, &segment.stem).await?;
        let insert =
            "INSERT INTO storage_segments (node, stem, tenant, signal, time_partition, merge_level, format_version,
            row_count, min_time, max_time, created_at, first_sequence, last_sequence, covered_sequence, services,
            row_crc32c) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
        sqlx::query(insert)
            .bind(&*self.node)
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
            .bind(sum::segment(segment))
            .execute(&mut **transaction)
            .await?;
        for file in &segment.files {
            let insert = "INSERT INTO storage_files (node, stem, suffix, size_bytes, crc32c) VALUES ($1, $2, $3, $4, $5)";
            sqlx::query(insert)
                .bind(&*self.node)
                .bind(&segment.stem)
                .bind(&file.suffix)
                .bind(file.bytes as i64)
                .bind(i64::from(file.crc32c))
                .execute(&mut **transaction)
                .await?;
        }
        Ok(())
    }

    pub(super) async fn delete_segment(
        &self,
        transaction: &mut Transaction<'_, Any>,
        stem: &str,
    ) -> Result<()> {
        for delete in [
            "DELETE FROM storage_files WHERE node = $1 AND stem = $2",
            "DELETE FROM storage_segments WHERE node = $1 AND stem = $2",
        ] {
            sqlx::query(delete).bind(&*self.node).bind(stem).execute(&mut **transaction).await?;
        }
        Ok(())
    }

    pub(super) async fn move_marks(
        &self,
        transaction: &mut Transaction<'_, Any>,
        publication: &Publication,
    ) -> Result<()> {
        let mark = "INSERT INTO storage_flushed (node, tenant, signal, sequence, row_crc32c) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (node, tenant, signal)
            DO UPDATE SET sequence = excluded.sequence, row_crc32c = excluded.row_crc32c
            WHERE excluded.sequence > storage_flushed.sequence";
        sqlx::query(mark)
            .bind(&*self.node)
            .bind(&publication.tenant)
            .bind(publication.signal.as_str())
            .bind(publication.flushed as i64)
            .bind(sum::flushed(&publication.tenant, publication.signal, publication.flushed))
            .execute(&mut **transaction)
            .await?;
        if publication.covered > 0 {
            let mark =
                "INSERT INTO storage_covered (node, tenant, sequence, row_crc32c) VALUES ($1, $2, $3, $4)
                ON CONFLICT (node, tenant)
                DO UPDATE SET sequence = excluded.sequence, row_crc32c = excluded.row_crc32c
                WHERE excluded.sequence > storage_covered.sequence";
            sqlx::query(mark)
                .bind(&*self.node)
                .bind(&publication.tenant)
                .bind(publication.covered as i64)
                .bind(sum::covered(&publication.tenant, publication.covered))
                .execute(&mut **transaction)
                .await?;
        }
        Ok(())
    }

    pub(super) async fn remember(
        &self,
        transaction: &mut Transaction<'_, Any>,
        path: &str,
        detail: &str,
    ) -> Result<()> {
        let insert = "INSERT INTO storage_quarantine (node, path, detail) VALUES ($1, $2, $3)
            ON CONFLICT (node, path) DO NOTHING";
        sqlx::query(insert).bind(&*self.node).bind(path).bind(detail).execute(&mut **transaction).await?;
        Ok(())
    }
}
