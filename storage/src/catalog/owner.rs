//! Which data set this node's part of the catalog is about.

use super::read::{check_sum, field};
use super::{Catalog, sum};
use crate::error::Result;

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
    /// None of a node that the catalog does not know; `Corrupt` when the row is not what was written.
    pub async fn owner(&self) -> Result<Option<Owner>> {
        const OWNER: &str = "SELECT data_set, wal, segments, row_crc32c FROM storage_nodes WHERE node = $1";
        let rows = self.rows(OWNER).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let owner = Owner {
            data_set: field(row, "data_set")?,
            wal: field(row, "wal")?,
            segments: field(row, "segments")?,
        };
        check_sum(row, sum::owner(&owner))?;
        Ok(Some(owner))
    }

    /// The row says so already.
    pub fn keep_owner(&self, owner: &Owner) {
        self.link.settle(&owner.wal);
    }

    pub async fn set_owner(&self, owner: &Owner) -> Result<()> {
        let work = async {
            let set = "INSERT INTO storage_nodes (node, data_set, wal, segments, row_crc32c)
                VALUES ($1, $2, $3, $4, $5)
                ON CONFLICT (node) DO UPDATE SET data_set = excluded.data_set, wal = excluded.wal,
                segments = excluded.segments, row_crc32c = excluded.row_crc32c";
            let set = sqlx::query(set).bind(&*self.node);
            let set = set.bind(&owner.data_set).bind(&owner.wal).bind(&owner.segments);
            let set = set.bind(sum::owner(owner));
            set.execute(&mut *self.link.connection().await?).await?;
            self.link.settle(&owner.wal);
            Ok(())
        };
        self.link.run(work).await
    }
}
