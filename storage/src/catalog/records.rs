//! What the parts above the store must find again, and can't make anew: silences, what is firing, who
//! was told, messages that wait. Texts in named spaces, shared by all servers on one catalog; several
//! are changed in one transaction.

use super::read::field;
use super::{Catalog, address, sum};
use crate::error::{Error, Result};
use sqlx::any::AnyRow;
use sqlx::{Any, ConnectOptions, Connection, Transaction};
use std::path::Path;

/// Made at every start where it is not there: the tables of version 2 do not refer to it.
pub(super) const TABLE: &str = "CREATE TABLE IF NOT EXISTS storage_records (
    space TEXT NOT NULL,
    name TEXT NOT NULL,
    content TEXT NOT NULL,
    row_crc32c BIGINT NOT NULL,
    PRIMARY KEY (space, name)
)";

/// One record that becomes another, or goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordChange {
    pub space: String,
    pub name: String,
    /// None takes it away.
    pub content: Option<String>,
}

/// A record that becomes another only if it still is what was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordSwap {
    pub space: String,
    pub name: String,
    /// None where it must not be there yet.
    pub from: Option<String>,
    /// None takes it away.
    pub to: Option<String>,
}

impl Catalog {
    /// Changes records, all or none; durable when this returns. With a lease it is refused unless this
    /// server has it: what another one decides meanwhile is not overwritten.
    pub async fn commit_records(&self, lease: Option<&str>, changes: &[RecordChange]) -> Result<()> {
        let work = async {
            let mut connection = self.link.connection().await?;
            // The lease ends with the connection, and nobody else uses it before the commit.
            if let Some(lease) = lease.filter(|lease| !self.link.has_lease(lease)) {
                return Err(Error::NotLeased { lease: lease.to_owned() });
            }
            let mut transaction = connection.begin().await?;
            for change in changes {
                apply(&mut transaction, change).await?;
            }
            Ok(transaction.commit().await?)
        };
        self.link.run(work).await
    }

    /// Changes records that are what the caller has read, all or none; durable when this returns. False where
    /// one of them is another by now: whoever else has written it, on whatever server, is not overwritten.
    pub async fn swap_records(&self, swaps: &[RecordSwap], changes: &[RecordChange]) -> Result<bool> {
        let work = async {
            let mut connection = self.link.connection().await?;
            let mut transaction = connection.begin().await?;
            for swap in swaps {
                if !swapped(&mut transaction, swap).await? {
                    transaction.rollback().await?;
                    return Ok(false);
                }
            }
            for change in changes {
                apply(&mut transaction, change).await?;
            }
            transaction.commit().await?;
            Ok(true)
        };
        self.link.run(work).await
    }

    /// One record of a space; none where it is not what was written.
    pub async fn record(&self, space: &str, name: &str) -> Result<Option<String>> {
        let work = async {
            let select =
                "SELECT name, content, row_crc32c FROM storage_records WHERE space = $1 AND name = $2";
            let mut connection = self.link.connection().await?;
            Ok(sqlx::query(select).bind(space).bind(name).fetch_optional(&mut *connection).await?)
        };
        let Some(row) = self.link.run(work).await? else { return Ok(None) };
        let (_, content) = read(space, &row)?;
        if content.is_none() {
            tracing::warn!(space, name, "{DAMAGED}");
        }
        Ok(content)
    }

    /// The records of a space by name. One that is not what was written is left out, and told.
    pub async fn records(&self, space: &str) -> Result<Vec<(String, String)>> {
        let work = async {
            let select =
                "SELECT name, content, row_crc32c FROM storage_records WHERE space = $1 ORDER BY name";
            let mut connection = self.link.connection().await?;
            Ok(sqlx::query(select).bind(space).fetch_all(&mut *connection).await?)
        };
        let mut records = Vec::new();
        for row in self.link.run(work).await? {
            match read(space, &row)? {
                (name, Some(content)) => records.push((name, content)),
                (name, None) => tracing::warn!(space, name, "{DAMAGED}"),
            }
        }
        Ok(records)
    }

    /// Whether this process is the only one that may be on it.
    pub fn is_local(&self) -> bool {
        self.link.is_local()
    }

    /// Whether this server has a lease: that only one of those on this catalog does something. It is taken
    /// where it is free, and lost with the connection to the catalog.
    pub async fn lease(&self, name: &str) -> Result<bool> {
        self.link.run(self.link.lease(name)).await
    }
}

const DAMAGED: &str = "a record in the catalog is not what was written; it is left out";

/// A record's name, and its content where that is what was written.
fn read(space: &str, row: &AnyRow) -> Result<(String, Option<String>)> {
    let (name, content): (String, String) = (field(row, "name")?, field(row, "content")?);
    let is_sound = field::<i64>(row, "row_crc32c")? == sum::record(space, &name, &content);
    Ok((name, is_sound.then_some(content)))
}

/// The records that can still be read of a database file that is damaged elsewhere: all else in a catalog is
/// made anew from the segments, these are nowhere else.
pub async fn salvage(path: &Path) -> Result<Vec<RecordChange>> {
    let mut connection = address::file_options(path)?.connect().await?;
    let select = "SELECT space, name, content, row_crc32c FROM storage_records";
    let rows = sqlx::query(select).fetch_all(&mut connection).await?;
    drop(connection.close().await);
    let mut changes = Vec::new();
    for row in &rows {
        let space: String = field(row, "space")?;
        match read(&space, row) {
            Ok((name, Some(content))) => changes.push(RecordChange { space, name, content: Some(content) }),
            _ => tracing::warn!(space, "{DAMAGED}"),
        }
    }
    Ok(changes)
}

async fn apply(transaction: &mut Transaction<'_, Any>, change: &RecordChange) -> Result<()> {
    let RecordChange { space, name, content } = change;
    let Some(content) = content else {
        let delete = "DELETE FROM storage_records WHERE space = $1 AND name = $2";
        sqlx::query(delete).bind(space).bind(name).execute(&mut **transaction).await?;
        return Ok(());
    };
    let keep = "INSERT INTO storage_records (space, name, content, row_crc32c) VALUES ($1, $2, $3, $4)
        ON CONFLICT (space, name)
        DO UPDATE SET content = excluded.content, row_crc32c = excluded.row_crc32c";
    sqlx::query(keep)
        .bind(space)
        .bind(name)
        .bind(content)
        .bind(sum::record(space, name, content))
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

/// Whether the record was what it must be. A database that has two writers lets the second one wait, and look
/// at what the first has left.
async fn swapped(transaction: &mut Transaction<'_, Any>, swap: &RecordSwap) -> Result<bool> {
    let RecordSwap { space, name, from, to } = swap;
    let statement = match (from, to) {
        (None, None) => return Ok(true),
        (None, Some(to)) => {
            let insert = "INSERT INTO storage_records (space, name, content, row_crc32c)
                VALUES ($1, $2, $3, $4) ON CONFLICT (space, name) DO NOTHING";
            sqlx::query(insert).bind(space).bind(name).bind(to).bind(sum::record(space, name, to))
        }
        (Some(from), Some(to)) => {
            let update = "UPDATE storage_records SET content = $3, row_crc32c = $4
                WHERE space = $1 AND name = $2 AND content = $5";
            let update = sqlx::query(update).bind(space).bind(name).bind(to);
            update.bind(sum::record(space, name, to)).bind(from)
        }
        (Some(from), None) => {
            let delete = "DELETE FROM storage_records WHERE space = $1 AND name = $2 AND content = $3";
            sqlx::query(delete).bind(space).bind(name).bind(from)
        }
    };
    Ok(statement.execute(&mut **transaction).await?.rows_affected() == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(space: &str, name: &str, content: &str) -> RecordChange {
        RecordChange { space: space.into(), name: name.into(), content: Some(content.into()) }
    }

    fn pair(name: &str, content: &str) -> (String, String) {
        (name.to_owned(), content.to_owned())
    }

    #[tokio::test]
    async fn records_change_together_and_survive() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("catalog.sqlite");
        let catalog = Catalog::open_file(&path).await.unwrap();
        let first = [put("silence", "a", "1"), put("silence", "b", "1"), put("outbox", "a", "ü\n")];
        catalog.commit_records(None, &first).await.unwrap();
        let gone = RecordChange { space: "silence".into(), name: "a".into(), content: None };
        catalog.commit_records(None, &[gone, put("silence", "b", "2")]).await.unwrap();
        let other = Catalog { node: "other".into(), ..catalog.clone() };
        assert_eq!(other.records("outbox").await.unwrap(), [pair("a", "ü\n")], "of all nodes");
        catalog.forget().await.unwrap();
        catalog.close().await;
        let catalog = Catalog::open_file(&path).await.unwrap();
        assert_eq!(catalog.records("silence").await.unwrap(), [pair("b", "2")]);
        assert!(catalog.records("").await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn without_the_lease_nothing_changes() {
        let catalog = Catalog::in_memory().await.unwrap();
        let why = catalog.commit_records(Some("alerting"), &[put("a", "a", "1")]).await.unwrap_err();
        assert!(matches!(why, Error::NotLeased { .. }), "{why}");
        assert!(catalog.records("a").await.unwrap().is_empty());
        assert!(catalog.lease("alerting").await.unwrap() && catalog.lease("alerting").await.unwrap());
        catalog.commit_records(Some("alerting"), &[put("a", "a", "1")]).await.unwrap();
        assert_eq!(catalog.records("a").await.unwrap(), [pair("a", "1")]);
    }

    #[tokio::test]
    async fn only_what_was_read_is_swapped() {
        let catalog = Catalog::in_memory().await.unwrap();
        let swap = |name: &str, from: Option<&str>, to: Option<&str>| RecordSwap {
            space: "a".into(),
            name: name.into(),
            from: from.map(str::to_owned),
            to: to.map(str::to_owned),
        };
        let mut log = Vec::new();
        for swaps in [
            vec![swap("x", None, Some("1"))],
            vec![swap("x", None, Some("2"))],
            vec![swap("y", None, Some("1")), swap("x", Some("0"), Some("2"))],
            vec![swap("x", Some("1"), Some("2"))],
            vec![swap("x", Some("1"), None)],
            vec![swap("x", Some("2"), None), swap("z", None, Some("3"))],
        ] {
            log.push(
                catalog.swap_records(&swaps, &[put("b", "last", &log.len().to_string())]).await.unwrap(),
            );
        }
        assert_eq!(log, [true, false, false, true, false, true]);
        assert_eq!(catalog.records("a").await.unwrap(), [pair("z", "3")]);
        assert_eq!(catalog.records("b").await.unwrap(), [pair("last", "5")], "together, or not at all");
    }

    #[tokio::test]
    async fn a_damaged_record_is_none() {
        let catalog = Catalog::in_memory().await.unwrap();
        catalog.commit_records(None, &[put("a", "a", "1"), put("a", "b", "1")]).await.unwrap();
        let mut connection = catalog.link.connection().await.unwrap();
        let damage = sqlx::raw_sql("UPDATE storage_records SET content = '2' WHERE name = 'a'");
        damage.execute(&mut *connection).await.unwrap();
        drop(connection);
        assert_eq!(catalog.records("a").await.unwrap(), [pair("b", "1")]);
        assert_eq!(catalog.record("a", "a").await.unwrap(), None);
        assert_eq!(catalog.record("a", "b").await.unwrap().as_deref(), Some("1"));
    }
}
