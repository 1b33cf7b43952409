//! How segments change after they were published: a merge replaces some by one, retention removes.

use super::{Catalog, SegmentEntry, delete_segment, insert_segment};
use crate::error::Result;

impl Catalog {
    /// Takes segments out of the file list and puts the one that they were merged into in their
    /// place, in one transaction: whoever opens the catalog sees all of their rows once. `None` when
    /// nothing of them is kept.
    pub async fn replace(&self, removed: &[&str], added: Option<&SegmentEntry>) -> Result<()> {
        let mut transaction = self.pool.begin().await?;
        for stem in removed {
            delete_segment(&mut transaction, stem).await?;
        }
        if let Some(segment) = added {
            insert_segment(&mut transaction, segment).await?;
        }
        Ok(transaction.commit().await?)
    }

    /// Takes segments out of the file list, all or none.
    pub async fn remove(&self, stems: &[&str]) -> Result<()> {
        self.replace(stems, None).await
    }
}
