//! Small texts by name that the parts above the store want to find again after a restart: how far a
//! rule has been evaluated. They are no truth about rows: whoever keeps one can do without it.

use super::read::field;
use super::{Catalog, sum};
use crate::error::Result;

/// Made at every start where it is not there: it came after version 2 of the other tables, which do not
/// refer to it.
pub(super) const TABLE: &str = "CREATE TABLE IF NOT EXISTS storage_notes (
    node TEXT NOT NULL,
    name TEXT NOT NULL,
    content TEXT NOT NULL,
    row_crc32c BIGINT NOT NULL,
    PRIMARY KEY (node, name)
)";

const ALL: &str = "SELECT name, content, row_crc32c FROM storage_notes WHERE node = $1 ORDER BY name";

impl Catalog {
    /// Keeps notes, in one transaction, instead of what was kept under their names; durable when this
    /// returns.
    pub async fn keep_notes(&self, notes: &[(String, String)]) -> Result<()> {
        let work = async {
            use sqlx::Connection;
            let mut connection = self.link.connection().await?;
            let mut transaction = connection.begin().await?;
            for (name, content) in notes {
                let keep =
                    "INSERT INTO storage_notes (node, name, content, row_crc32c) VALUES ($1, $2, $3, $4)
                    ON CONFLICT (node, name)
                    DO UPDATE SET content = excluded.content, row_crc32c = excluded.row_crc32c";
                sqlx::query(keep)
                    .bind(&*self.node)
                    .bind(name)
                    .bind(content)
                    .bind(sum::note(name, content))
                    .execute(&mut *transaction)
                    .await?;
            }
            Ok(transaction.commit().await?)
        };
        self.link.run(work).await
    }

    /// The notes whose name begins so. One that is not what was written is as good as none.
    pub async fn notes(&self, prefix: &str) -> Result<Vec<(String, String)>> {
        let mut notes = Vec::new();
        for row in self.rows(ALL).await? {
            let read = || -> Result<(String, String, i64)> {
                Ok((field(&row, "name")?, field(&row, "content")?, field(&row, "row_crc32c")?))
            };
            match read() {
                Ok((name, content, crc)) if crc == sum::note(&name, &content) => {
                    if name.starts_with(prefix) {
                        notes.push((name, content));
                    }
                }
                _ => tracing::warn!("a note in the catalog is not what was written; it is left out"),
            }
        }
        Ok(notes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(name: &str, content: &str) -> (String, String) {
        (name.to_owned(), content.to_owned())
    }

    #[tokio::test]
    async fn notes_are_found_again_after_reopening() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("catalog.sqlite");
        let catalog = Catalog::open_file(&path).await.unwrap();
        catalog.keep_notes(&[note("rule/a", "1"), note("rule/b", "1"), note("other", "x")]).await.unwrap();
        catalog.keep_notes(&[note("rule/b", "2")]).await.unwrap();
        let other = Catalog { node: "other".into(), ..catalog.clone() };
        assert!(other.notes("").await.unwrap().is_empty());
        catalog.forget().await.unwrap();
        catalog.close().await;
        let catalog = Catalog::open_file(&path).await.unwrap();
        assert_eq!(catalog.notes("rule/").await.unwrap(), [note("rule/a", "1"), note("rule/b", "2")]);
    }

    #[tokio::test]
    async fn a_damaged_note_is_none() {
        let catalog = Catalog::in_memory().await.unwrap();
        catalog.keep_notes(&[note("a", "1"), note("b", "1")]).await.unwrap();
        let mut connection = catalog.link.connection().await.unwrap();
        sqlx::raw_sql("UPDATE storage_notes SET content = '2' WHERE name = 'a'")
            .execute(&mut *connection)
            .await
            .unwrap();
        drop(connection);
        assert_eq!(catalog.notes("").await.unwrap(), [note("b", "1")]);
        catalog.check().await.unwrap();
    }

    #[tokio::test]
    async fn a_catalog_from_before_gets_its_table() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("catalog.sqlite");
        let catalog = Catalog::open_file(&path).await.unwrap();
        let mut connection = catalog.link.connection().await.unwrap();
        sqlx::raw_sql("DROP TABLE storage_notes").execute(&mut *connection).await.unwrap();
        drop(connection);
        catalog.close().await;
        let catalog = Catalog::open_file(&path).await.unwrap();
        catalog.keep_notes(&[note("a", "1")]).await.unwrap();
    }
}
