//! Everything that can go wrong in storage, by what a caller does about it.

use std::io;
use std::path::Path;
use std::time::Duration;

/// Errors of the store. `Overloaded` and `Unavailable` are worth a retry, `Invalid` never is.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A queue or the memory budget is full: nothing was kept, the sender should come back later.
    #[error("storage is overloaded ({reason}); retry after {} ms", retry_after.as_millis())]
    Overloaded { retry_after: Duration, reason: String },
    /// The disk refuses writes, or the store is closing: nothing was kept.
    #[error("storage is unavailable: {reason}")]
    Unavailable { reason: String },
    /// A query reads more than there is memory for.
    #[error(transparent)]
    NoMemory(#[from] crate::budget::NoMemory),
    /// The query that reads is over: its deadline has passed, or nobody waits for it.
    #[error("the query has ended")]
    Ended,
    /// The request can never succeed.
    #[error("invalid: {reason}")]
    Invalid { reason: String },
    /// Another process holds the data directory.
    #[error("the data directory {path} is in use by another process; stop it or choose another --data-dir")]
    Locked { path: String },
    /// Bytes on the disk are not what was written.
    #[error("{path} is damaged: {detail}")]
    Corrupt { path: String, detail: String },
    /// The operating system refused.
    #[error("{action} {path}: {source}")]
    Io { action: &'static str, path: String, source: io::Error },
    /// What the settings name is not what is there: no retry helps.
    #[error("{reason}")]
    Settings { reason: String },
    /// Another process works as this node on the same catalog.
    #[error(
        "the catalog {catalog} is in use by another process as node '{node}'; stop it or choose another --node"
    )]
    CatalogInUse { catalog: String, node: String },
    /// Only one server on a catalog may do this, and it is another one.
    #[error("another server on this catalog has the lease '{lease}'")]
    NotLeased { lease: String },
    /// The catalog's database refused, or can't be reached.
    #[error("catalog {catalog}: {source}")]
    Catalog { catalog: String, source: sqlx::Error },
    /// The catalog's tables are of an earlier version.
    #[error("the catalog is of version {version}")]
    OldCatalog { version: i64 },
    /// A batch could not be handled in memory.
    #[error("arrow: {0}")]
    Arrow(#[from] arrow::error::ArrowError),
    /// A Parquet file could not be written or read.
    #[error("parquet: {0}")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// The log index could not be built or asked.
    #[error("log index: {0}")]
    Index(#[from] tantivy::TantivyError),
    /// A batch is not in its signal's schema.
    #[error("schema: {0}")]
    Schema(#[from] ocelli_signal::SchemaError),
}

/// The result of every fallible function here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub(crate) fn corrupt(path: &Path, detail: impl std::fmt::Display) -> Error {
        Error::Corrupt { path: path.display().to_string(), detail: detail.to_string() }
    }

    /// Says which catalog it was.
    pub(crate) fn of_catalog(self, address: &crate::CatalogAddress) -> Error {
        match self {
            Error::Catalog { source, .. } => Error::Catalog { catalog: address.to_string(), source },
            other => other,
        }
    }

    /// Whether the file of SQLite is none, is broken, or holds what nobody wrote.
    pub(crate) fn is_damaged_catalog(&self) -> bool {
        match self {
            Error::Catalog { catalog, source } if catalog == crate::paths::CATALOG => {
                is_damage_of_sqlite(source)
            }
            Error::Corrupt { path, .. } => path == crate::paths::CATALOG,
            _ => false,
        }
    }

    /// Whether the disk that the catalog is on has no space for a change.
    pub(crate) fn is_full_catalog(&self) -> bool {
        let Error::Catalog { source: sqlx::Error::Database(error), .. } = self else { return false };
        // SQLITE_FULL, and PostgreSQL's disk_full.
        error.code().is_some_and(|code| code == "13" || code == "53100")
    }

    /// Whether it is about reaching the bytes, not about what they are: a later try may succeed.
    pub fn is_unreachable(&self) -> bool {
        use io::ErrorKind::{InvalidData, NotFound, UnexpectedEof};
        matches!(self, Error::Io { source, .. } if !matches!(source.kind(), InvalidData | NotFound | UnexpectedEof))
    }

    pub(crate) fn settings(reason: impl std::fmt::Display) -> Error {
        Error::Settings { reason: reason.to_string() }
    }

    pub(crate) fn unavailable(reason: impl std::fmt::Display) -> Error {
        Error::Unavailable { reason: reason.to_string() }
    }

    pub(crate) fn invalid(reason: impl std::fmt::Display) -> Error {
        Error::Invalid { reason: reason.to_string() }
    }
}

fn is_damage_of_sqlite(error: &sqlx::Error) -> bool {
    match error {
        // SQLITE_ERROR: a table or column that we made is not there, or a format that does not
        // exist. SQLITE_READONLY as such: the header says so. SQLITE_CORRUPT, SQLITE_NOTADB. The low
        // byte is the primary code, the rest says more about it.
        sqlx::Error::Database(error) => {
            let code = error.code().and_then(|code| code.parse::<i32>().ok()).unwrap_or(0);
            code == 8 || matches!(code & 0xff, 1 | 11 | 26)
        }
        sqlx::Error::ColumnDecode { .. }
        | sqlx::Error::ColumnNotFound(_)
        | sqlx::Error::ColumnIndexOutOfBounds { .. }
        | sqlx::Error::TypeNotFound { .. }
        | sqlx::Error::Decode(_)
        | sqlx::Error::AnyDriverError(_)
        | sqlx::Error::RowNotFound
        | sqlx::Error::Protocol(_) => true,
        _ => false,
    }
}

impl From<sqlx::Error> for Error {
    fn from(source: sqlx::Error) -> Error {
        Error::Catalog { catalog: String::new(), source }
    }
}

/// Names the action and the path in the error of a disk operation.
pub(crate) trait IoContext<T> {
    fn context(self, action: &'static str, path: &Path) -> Result<T>;
}

impl<T> IoContext<T> for io::Result<T> {
    fn context(self, action: &'static str, path: &Path) -> Result<T> {
        self.map_err(|source| Error::Io { action, path: path.display().to_string(), source })
    }
}
