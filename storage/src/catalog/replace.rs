//! How segments change after they were published: a merge replaces some by one, retention removes.

use super::{Catalog, SegmentEntry};
use crate::error::Result;
use sqlx::Connection;

impl Catalog {
    /// Takes segments out of the file list and puts the one that they were merged into in their
    /// place, in one transaction: whoever opens the catalog sees all of their rows once. `None` when
    /// nothing of them is kept. That they were removed is remembered until their files are gone.
    pub async fn replace(&self, removed: &[&str], added: Option<&SegmentEntry>) -> Result<()> {
        let work = async {
            let mut connection = self.link.connection().await?;
            let mut transaction = connection.begin().await?;
            for stem in removed {
                self.delete_segment(&mut transaction, stem).await?;
                let insert = "INSERT INTO storage_removed (node, stem) VALUES ($1, $2) ON CONFLICT (node, stem) DO NOTHING";
                sqlx::query(insert).bind(&*self.node).bind(*stem).execute(&mut *transaction).await?;
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

    /// Segments that were removed and whose files may still be there.
    pub async fn removed(&self) -> Result<Vec<String>> {
        let work = async {
            let mut connection = self.link.connection().await?;
            let select = "SELECT stem FROM storage_removed WHERE node = $1 ORDER BY stem";
            Ok(sqlx::query_scalar(select).bind(&*self.node).fetch_all(&mut *connection).await?)
        };
        self.link.run(work).await
    }

    /// The files of these are gone for good.
    pub async fn clear_removed(&self, stems: &[String]) -> Result<()> {
        let work = async {
            let mut connection = self.link.connection().await?;
            let mut transaction = connection.begin().await?;
            for stem in stems {
                let delete = "DELETE FROM storage_removed WHERE node = $1 AND stem = $2";
                sqlx::query(delete).bind(&*self.node).bind(stem).execute(&mut *transaction).await?;
            }
            Ok(transaction.commit().await?)
        };
        self.link.run(work).await
    }
}
