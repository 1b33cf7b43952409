//! The one connection to the catalog's database, made anew when it was lost.
//!
//! One is enough: all writes are the store's own, and come one after the other. On PostgreSQL it holds
//! the lock of its node, so whatever is written is written by the node's one owner.

use super::address::CatalogAddress;
use crate::error::{Error, Result};
use crate::limits;
use sqlx::AnyConnection;
use sqlx::any::AnyConnectOptions;
use sqlx::{ConnectOptions, Connection};
use std::collections::HashSet;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{OnceLock, PoisonError};
use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard};
use tokio::time::timeout;

/// What a connection of SQLite begins with. In WAL mode only FULL makes a commit durable at once.
const SQLITE: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 10000;";

/// And one of PostgreSQL: a commit is on its disk when it is answered, and a connection that was
/// cut off without a word does not keep the node's lock for hours.
const POSTGRES: &str = "SELECT set_config('synchronous_commit', 'on', false)
        WHERE current_setting('synchronous_commit') = 'off';
    SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3;
    SET application_name = 'ocelli'; SET client_min_messages = warning;";

/// Two schemas of one database are two catalogs.
const LOCK: &str =
    "SELECT pg_try_advisory_lock(hashtextextended('ocelli ' || current_schema() || ' ' || $1, 0))";

/// What only one server on a catalog does. It is PostgreSQL's to say who is gone, so no clock is compared.
const LEASE: &str =
    "SELECT pg_try_advisory_lock(hashtextextended('ocelli lease ' || current_schema() || ' ' || $1, 0))";

#[derive(Debug)]
pub struct Link {
    address: CatalogAddress,
    options: AnyConnectOptions,
    node: String,
    /// The WAL that is at work, once that is settled; see `store/claim.rs`.
    wal: OnceLock<String>,
    connection: Mutex<Option<AnyConnection>>,
    /// Of the connection as it is; changed only by who holds it.
    leases: std::sync::Mutex<HashSet<String>>,
    /// The connection failed and may be in the middle of something.
    broken: AtomicBool,
    #[cfg(test)]
    pub done: Hook,
}

/// For tests: called when something was committed.
#[cfg(test)]
#[derive(Default)]
pub struct Hook(std::sync::Mutex<Option<Box<dyn Fn() + Send + Sync>>>);

#[cfg(test)]
impl Hook {
    pub fn set(&self, call: impl Fn() + Send + Sync + 'static) {
        *self.0.lock().unwrap() = Some(Box::new(call));
    }

    fn call(&self) {
        self.0.lock().unwrap().iter().for_each(|call| call());
    }
}

#[cfg(test)]
impl std::fmt::Debug for Hook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hook")
    }
}

impl Link {
    pub fn new(address: &CatalogAddress, options: AnyConnectOptions, node: &str) -> Link {
        Link {
            address: address.clone(),
            options,
            node: node.to_owned(),
            wal: OnceLock::new(),
            connection: Mutex::default(),
            leases: std::sync::Mutex::default(),
            broken: AtomicBool::new(false),
            #[cfg(test)]
            done: Hook::default(),
        }
    }

    /// Runs what uses [`Link::connection`]: within a time, and with the catalog's name in its errors.
    pub async fn run<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        // The file of SQLite can't be lost on the way; giving up on it would only lose its answer.
        let outcome = if self.address.is_local() {
            work.await
        } else {
            let late = |_| Error::from(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()));
            timeout(limits::CATALOG_TIMEOUT, work).await.map_err(late).flatten()
        };
        if outcome.is_err() {
            self.broken.store(true, Ordering::Relaxed);
        }
        #[cfg(test)]
        self.done.call();
        outcome.map_err(|error| error.of_catalog(&self.address))
    }

    /// The connection, known to work a moment ago. Who waits for it waits for the others' work.
    pub async fn connection(&self) -> Result<MappedMutexGuard<'_, AnyConnection>> {
        let mut held = self.connection.lock().await;
        // In memory, the connection is the database.
        if !self.address.is_local() {
            let broken = self.broken.swap(false, Ordering::Relaxed);
            let works = match held.as_mut() {
                Some(connection) => !broken && connection.ping().await.is_ok(),
                None => true,
            };
            if !works && let Some(connection) = held.take() {
                // It may hold the lock that the next one wants.
                drop(connection.close_hard().await);
            }
        }
        if held.is_none() {
            *held = Some(self.connect().await?);
        }
        MutexGuard::try_map(held, Option::as_mut).map_err(|_| Error::unavailable("the catalog is closed"))
    }

    async fn connect(&self) -> Result<AnyConnection> {
        let mut connection = self.options.connect().await?;
        self.leases().clear();
        if self.address.is_local() {
            sqlx::raw_sql(SQLITE).execute(&mut connection).await?;
            return Ok(connection);
        }
        sqlx::raw_sql(POSTGRES).execute(&mut connection).await?;
        let owned: bool = sqlx::query_scalar(LOCK).bind(&self.node).fetch_one(&mut connection).await?;
        if owned && self.is_unchanged(&mut connection).await? {
            return Ok(connection);
        }
        // What matters is that it is not ours.
        drop(connection.close().await);
        Err(Error::CatalogInUse { catalog: self.address.to_string(), node: self.node.clone() })
    }

    /// Takes a lease where it is free; whether it is this process' now. A local catalog has one process.
    pub async fn lease(&self, name: &str) -> Result<bool> {
        let mut connection = self.connection().await?;
        if self.has_lease(name) {
            return Ok(true);
        }
        let taken =
            self.is_local() || sqlx::query_scalar(LEASE).bind(name).fetch_one(&mut *connection).await?;
        if taken {
            self.leases().insert(name.to_owned());
        }
        Ok(taken)
    }

    /// To be asked while the connection is held.
    pub fn has_lease(&self, name: &str) -> bool {
        self.leases().contains(name)
    }

    fn leases(&self) -> std::sync::MutexGuard<'_, HashSet<String>> {
        self.leases.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// While this process was cut off, another one may have come and gone.
    async fn is_unchanged(&self, connection: &mut AnyConnection) -> Result<bool> {
        let Some(wal) = self.wal.get() else { return Ok(true) };
        let found = sqlx::query_scalar("SELECT wal FROM storage_nodes WHERE node = $1");
        let found: Option<String> = found.bind(&self.node).fetch_optional(connection).await?;
        Ok(found.as_ref() == Some(wal))
    }

    /// From now on only the owner of this WAL may write.
    pub fn settle(&self, wal: &str) {
        // Once for each process: a second time it is the same.
        let _ = self.wal.set(wal.to_owned());
    }

    pub async fn close(&self) {
        if let Some(connection) = self.connection.lock().await.take() {
            // Everything was committed; the server notices the end in any case.
            drop(connection.close().await);
        }
    }

    pub fn address(&self) -> &CatalogAddress {
        &self.address
    }

    pub fn is_local(&self) -> bool {
        self.address.is_local()
    }
}
