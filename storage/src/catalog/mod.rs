//! The file list and the low-water marks, in SQLite or PostgreSQL by the same SQL. One transaction
//! publishes the segments of a flush and moves the mark behind which their rows need not be replayed;
//! whatever a crash leaves, both or neither happened.

mod address;
mod entry;
mod link;
mod notes;
mod owner;
mod read;
mod records;
mod replace;
mod schema;
mod sum;
mod write;

pub use address::CatalogAddress;
pub use entry::{FileEntry, SegmentEntry};
pub use owner::Owner;
pub use records::{RecordChange, RecordSwap, salvage};

use crate::error::Result;
use crate::paths;
use link::Link;
use ocelli_signal::Signal;
use sqlx::Connection;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

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

/// The open database, as one node sees it.
#[derive(Clone, Debug)]
pub struct Catalog {
    link: Arc<Link>,
    node: Arc<str>,
}

impl Catalog {
    /// Opens or creates the catalog of a data directory.
    pub async fn open(address: &CatalogAddress, data_dir: &Path, node: &str) -> Result<Catalog> {
        sqlx::any::install_default_drivers();
        let options = address.options(&data_dir.join(paths::CATALOG))?;
        Catalog::connect(Link::new(address, options, node), node).await
    }

    /// The same on any file.
    #[cfg(test)]
    pub async fn open_file(path: &Path) -> Result<Catalog> {
        sqlx::any::install_default_drivers();
        let options = address::file_options(path)?;
        Catalog::connect(Link::new(&CatalogAddress::default(), options, "default"), "default").await
    }

    /// Calls whenever something may have been committed, before whoever asked for it goes on.
    #[cfg(test)]
    pub fn on_commit(&self, call: impl Fn() + Send + Sync + 'static) {
        self.link.done.set(call);
    }

    /// A database that lives as long as its handle; for tests of the store on a disk in memory.
    #[cfg(test)]
    pub async fn in_memory() -> Result<Catalog> {
        sqlx::any::install_default_drivers();
        let options = "sqlite::memory:".parse()?;
        Catalog::connect(Link::new(&CatalogAddress::default(), options, "default"), "default").await
    }

    async fn connect(link: Link, node: &str) -> Result<Catalog> {
        let outcome = link.run(schema::prepare(&link)).await;
        if outcome.is_err() {
            link.close().await;
        }
        outcome.map(|()| Catalog { link: Arc::new(link), node: node.into() })
    }

    /// Publishes in one transaction; durable when this returns.
    pub async fn publish(&self, publication: &Publication) -> Result<()> {
        let work = async {
            let mut connection = self.link.connection().await?;
            let mut transaction = connection.begin().await?;
            for segment in &publication.segments {
                self.insert_segment(&mut transaction, segment).await?;
            }
            self.move_marks(&mut transaction, publication).await?;
            Ok(transaction.commit().await?)
        };
        self.link.run(work).await
    }

    /// Takes a segment out of the file list and remembers why.
    pub async fn quarantine(&self, stem: &str, detail: &str) -> Result<()> {
        let work = async {
            let mut connection = self.link.connection().await?;
            let mut transaction = connection.begin().await?;
            self.delete_segment(&mut transaction, stem).await?;
            self.remember(&mut transaction, stem, detail).await?;
            Ok(transaction.commit().await?)
        };
        self.link.run(work).await
    }

    /// Forgets all segments and marks, so that they are made anew from the files; not what was found
    /// damaged.
    pub async fn forget(&self) -> Result<()> {
        let work = async {
            let mut connection = self.link.connection().await?;
            let mut transaction = connection.begin().await?;
            for delete in [
                "DELETE FROM storage_files WHERE node = $1",
                "DELETE FROM storage_segments WHERE node = $1",
                "DELETE FROM storage_flushed WHERE node = $1",
                "DELETE FROM storage_covered WHERE node = $1",
            ] {
                sqlx::query(delete).bind(&*self.node).execute(&mut *transaction).await?;
            }
            Ok(transaction.commit().await?)
        };
        self.link.run(work).await
    }

    /// Remembers damage to something that is no segment.
    pub async fn report(&self, path: &str, detail: &str) -> Result<()> {
        let work = async {
            let mut connection = self.link.connection().await?;
            let mut transaction = connection.begin().await?;
            self.remember(&mut transaction, path, detail).await?;
            Ok(transaction.commit().await?)
        };
        self.link.run(work).await
    }

    /// For messages.
    pub fn address(&self) -> &CatalogAddress {
        self.link.address()
    }

    /// Whether it can be reached: asked before work whose result it would have to take.
    pub async fn reach(&self) -> Result<()> {
        let work = async { self.link.connection().await.map(drop) };
        self.link.run(work).await
    }

    pub async fn close(&self) {
        self.link.close().await;
    }
}

#[cfg(test)]
mod tests;
