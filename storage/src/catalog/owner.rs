//! Which data set this node's part of the catalog is about.

use super::Catalog;
use crate::error::Result;
use sqlx::Row;

/// Names that belong together; see `store/claim.rs`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    pub data_set: String,
    /// The WAL that the marks are about.
    pub wal: String,
    /// Where the segments are; empty for the data directory.
    pub segments: String,
}

impl Catalog {
    /// None of a node that the catalog does not know.
    pub async fn owner(&self) -> Result<Option<Owner>> {
        let rows = self.rows("SELECT data_set, wal, segments FROM storage_nodes WHERE node = $1").await?;
        let owner = |row: &sqlx::any::AnyRow| {
            Ok(Owner {
                data_set: row.try_get("data_set")?,
                wal: row.try_get("wal")?,
                segments: row.try_get("segments")?,
            })
        };
        rows.first().map(owner).transpose()
    }

    pub async fn set_owner(&self, owner: &Owner) -> Result<()> {
        let work = async {
            let set = "INSERT INTO storage_nodes (node, data_set, wal, segments) VALUES ($1, $2, $3, $4)
                ON CONFLICT (node) DO UPDATE SET data_set = excluded.data_set, wal = excluded.wal,
                segments = excluded.segments";
            let set = sqlx::query(set).bind(&*self.node);
            let set = set.bind(&owner.data_set).bind(&owner.wal).bind(&owner.segments);
            set.execute(&mut *self.link.connection().await?).await?;
            self.link.settle(&owner.wal);
            Ok(())
        };
        self.link.run(work).await
    }
}
