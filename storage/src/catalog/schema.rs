//! Makes the tables, once, and refuses those that another version made.

use super::link::Link;
use super::{notes, records, sum};
use crate::error::{Error, Result};
use crate::paths;
use sqlx::AnyConnection;
use sqlx::{Any, Connection, Transaction};
use std::path::Path;

pub(super) const SCHEMA: &str = include_str!("schema.sql");

/// Of the tables in `schema.sql`.
const VERSION: i64 = 2;

/// Two processes that start at once on a new database: one makes the tables, the other waits.
const LOCK: &str =
    "SELECT pg_advisory_xact_lock(hashtextextended('ocelli schema ' || current_schema(), 0))::text";

pub async fn prepare(link: &Link) -> Result<()> {
    let mut connection = link.connection().await?;
    if link.is_local() {
        check_file(&mut connection).await?;
    }
    let mut transaction = connection.begin().await?;
    if !link.is_local() {
        sqlx::query(LOCK).execute(&mut *transaction).await?;
    }
    match version(&mut transaction, link.is_local()).await? {
        Some(VERSION) => {}
        None => {
            sqlx::raw_sql(SCHEMA).execute(&mut *transaction).await?;
            let insert = "INSERT INTO storage_schema (version, row_crc32c) VALUES ($1, $2)";
            sqlx::query(insert).bind(VERSION).bind(sum::version(VERSION)).execute(&mut *transaction).await?;
        }
        Some(other) if is_damaged(&mut transaction, other).await => {
            return Err(Error::corrupt(Path::new(paths::CATALOG), "its version is not what was written"));
        }
        Some(older @ ..VERSION) => return Err(Error::OldCatalog { version: older }),
        Some(newer) => {
            return Err(Error::invalid(format_args!(
                "the catalog is of version {newer}, which a newer Ocelli has made; this one knows {VERSION}"
            )));
        }
    }
    for table in [notes::TABLE, records::TABLE] {
        sqlx::raw_sql(table).execute(&mut *transaction).await?;
    }
    Ok(transaction.commit().await?)
}

async fn check_file(connection: &mut AnyConnection) -> Result<()> {
    let verdict: String = sqlx::query_scalar("PRAGMA integrity_check(1)").fetch_one(connection).await?;
    if verdict == "ok" { Ok(()) } else { Err(Error::corrupt(Path::new(paths::CATALOG), verdict)) }
}

/// None of a database without tables. Version 1 was SQLite's, and did not say so.
async fn version(transaction: &mut Transaction<'_, Any>, local: bool) -> Result<Option<i64>> {
    if local {
        let tables = "SELECT COUNT(*) FROM sqlite_master WHERE name = 'storage_segments'
            AND NOT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'storage_schema')";
        let old: i64 = sqlx::query_scalar(tables).fetch_one(&mut **transaction).await?;
        if old > 0 {
            return Ok(Some(1));
        }
    }
    let create = "CREATE TABLE IF NOT EXISTS storage_schema
        (version BIGINT NOT NULL PRIMARY KEY, row_crc32c BIGINT NOT NULL)";
    sqlx::query(create).execute(&mut **transaction).await?;
    let version = sqlx::query_scalar("SELECT version FROM storage_schema ORDER BY version DESC LIMIT 1");
    Ok(version.fetch_optional(&mut **transaction).await?)
}

/// Whether a version has a checksum, and a wrong one. Other versions may have none.
async fn is_damaged(transaction: &mut Transaction<'_, Any>, version: i64) -> bool {
    let select = sqlx::query_scalar("SELECT row_crc32c FROM storage_schema WHERE version = $1");
    let found: sqlx::Result<i64> = select.bind(version).fetch_one(&mut **transaction).await;
    found.is_ok_and(|found| found != sum::version(version))
}
