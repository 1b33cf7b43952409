//! How segments change after they were published: a merge replaces some by one, retention removes.

use super::{Catalog, SegmentEntry};
use crate::error::Result;
use sqlx::Connection;

impl Catalog {
    /// Takes segments out of the file list and puts the one that they were merged into in their
    /// place, in one transaction: whoever opens the catalog sees all of their rows once. `None` when
    /// nothing of them is kept.
    pub async fn replace(&self, removed: &[&str], added: Option<&SegmentEntry>) -> Result<()> {
        let work = async {
            let mut connection = self.link.connection().await?;
            let mut transaction = connection.begin().await?;
            for stem in removed {
                self.delete_segment(&mut transaction, stem).await?;
            }
            if let Some(segment) = added {
                self.insert_segment(&mut transaction, segment).await?;
            }
            Ok(transaction.commit().await?)
        };
        self.link.run(work).await
    }

    /// Takes segments out of the file list, all or none.
    pub async fn remove(&self, stems: &[&str]) -> Result<()> {
        self.replace(stems, None).await
    }
}
