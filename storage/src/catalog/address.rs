//! Where the catalog is: a file in the data directory, or a PostgreSQL server.

use crate::error::{Error, Result};
use sqlx::any::AnyConnectOptions;
use sqlx::postgres::PgConnectOptions;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

/// Shown without its password, also by `Debug`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct CatalogAddress {
    /// None for SQLite in the data directory.
    postgres: Option<String>,
}

impl CatalogAddress {
    /// Takes a URL `postgres://user@host:port/database?…`; what it leaves out comes from libpq's
    /// environment (`PGHOST`, `PGUSER`, `PGPASSWORD`, …) and password file.
    pub fn parse(url: &str) -> Result<CatalogAddress> {
        // Never the whole text: it may hold a password.
        let (scheme, _) = url.split_once("://").unwrap_or(("", url));
        if !matches!(scheme, "postgres" | "postgresql") {
            return Err(Error::invalid(
                "a catalog is postgres://user@host:port/database; without one it is a SQLite file in the data directory",
            ));
        }
        let address = CatalogAddress { postgres: Some(url.to_owned()) };
        match PgConnectOptions::from_str(url) {
            Ok(_) => Ok(address),
            Err(error) => Err(Error::invalid(format_args!("the catalog's URL {address}: {error}"))),
        }
    }

    pub fn is_local(&self) -> bool {
        self.postgres.is_none()
    }

    /// What to connect to. The file is `path`.
    pub(super) fn options(&self, path: &Path) -> sqlx::Result<AnyConnectOptions> {
        match &self.postgres {
            Some(url) => url.parse(),
            None => file_options(path),
        }
    }
}

pub(super) fn file_options(path: &Path) -> sqlx::Result<AnyConnectOptions> {
    format!("sqlite:{}?mode=rwc", escaped(path)).parse()
}

/// The path as a part of a URL, whatever is in it.
fn escaped(path: &Path) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.".contains(&byte);
    let mut text = String::new();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            byte if plain(*byte) => text.push(char::from(*byte)),
            byte => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

impl fmt::Display for CatalogAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(url) = &self.postgres else { return f.write_str(crate::paths::CATALOG) };
        let Ok(mut options) = AnyConnectOptions::from_str(url) else { return f.write_str("postgres://…") };
        let shown = &mut options.database_url;
        // A parameter may be the password, too.
        shown.set_query(None);
        // It fails only where there is no host, and then there is no password either.
        let _ = shown.set_password(None);
        f.write_str(shown.as_str())
    }
}

impl fmt::Debug for CatalogAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        for url in
            ["postgres://me:secret@db:5433/o?sslmode=disable", "postgresql://db/o?user=me&password=secret"]
        {
            let address = CatalogAddress::parse(url).unwrap();
            let shown = format!("{address} {address:?}");
            assert!(shown.contains("db") && !shown.contains("secret"), "{shown}");
        }
        for wrong in ["postgress://me:secret@db/o", "me:secret@db", "postgres://me:secret@db:port/o"] {
            let why = CatalogAddress::parse(wrong).unwrap_err().to_string();
            assert!(why.contains("postgres://") && !why.contains("secret"), "{why}");
        }
    }

    #[tokio::test]
    async fn a_file_may_have_any_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("50% ü?#&.sqlite");
        let catalog = super::super::Catalog::open_file(&path).await.unwrap();
        catalog.close().await;
        assert!(path.exists());
    }
}
