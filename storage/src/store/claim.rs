//! Who owns what: a catalog, a WAL and the segments of one node belong together, and a start that
//! would mix two of them is refused before it can lose anything.
//!
//! The catalog has a name for the data set and one for the WAL; the data directory has both in a file,
//! and the object store has the first in an object.

use crate::catalog::{Catalog, Owner};
use crate::disk::{self, Disk, Remote, SegmentsAddress};
use crate::error::{Error, IoContext, Result};
use crate::paths;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::path::Path;
use std::time::SystemTime;

/// What a start has at hand.
pub struct Claim<'a> {
    pub local: &'a dyn Disk,
    pub catalog: &'a Catalog,
    pub segments: &'a SegmentsAddress,
    /// None when segments are in the data directory.
    pub remote: Option<&'a Remote>,
}

/// What the data directory says of itself.
struct Mark {
    data_set: String,
    wal: String,
}

impl Mark {
    /// The content of the file.
    fn text(&self) -> String {
        let names = format!("{} {}", self.data_set, self.wal);
        format!("{names} {:08x}\n", crc32c::crc32c(names.as_bytes()))
    }
}

impl Claim<'_> {
    /// Checks that all belong together, and writes that they do.
    pub async fn make(&self) -> Result<()> {
        let here = match mark(self.local) {
            Ok(here) => here,
            Err(error) => {
                self.catalog.report(paths::OWNER, &error.to_string()).await?;
                None
            }
        };
        let before = self.owner().await?;
        let marked = here.as_ref().map(Mark::text);
        let owner = match before.clone() {
            None => self.begin(here)?,
            Some(owner) => self.go_on(owner, here).await?,
        };
        // What is written already is left alone: a full disk is no reason not to start.
        let mark = Mark { data_set: owner.data_set.clone(), wal: owner.wal.clone() }.text();
        if marked.as_ref() != Some(&mark) {
            disk::write_durably(self.local, Path::new(paths::OWNER), |file| file.append(mark.as_bytes()))?;
        }
        if let Some(remote) = self.remote {
            let path = Path::new(paths::DATA_SET);
            remote.put(path, owner.data_set.clone().into_bytes()).context("write", path)?;
        }
        if before.as_ref() == Some(&owner) {
            self.catalog.keep_owner(&owner);
            return Ok(());
        }
        self.catalog.set_owner(&owner).await
    }

    /// A row that is damaged says nothing: like one that is lost.
    async fn owner(&self) -> Result<Option<Owner>> {
        match self.catalog.owner().await {
            Err(error) if error.is_damaged_catalog() => {
                self.catalog.report(paths::CATALOG, &error.to_string()).await?;
                Ok(None)
            }
            outcome => outcome,
        }
    }

    /// A catalog that does not know this node: it is new, or was lost.
    fn begin(&self, here: Option<Mark>) -> Result<Owner> {
        let data_set = here.map_or_else(new_name, |mark| mark.data_set);
        if self.data_set_there()?.is_some_and(|there| there != data_set) {
            return Err(self.foreign());
        }
        // A new name: no other catalog that still knows the old one can take this directory for its own.
        Ok(Owner { data_set, wal: new_name(), segments: self.home() })
    }

    async fn go_on(&self, owner: Owner, here: Option<Mark>) -> Result<Owner> {
        let wal = match here {
            Some(mark) if mark.wal == owner.wal => owner.wal,
            Some(_) if self.has_data()? => {
                return Err(Error::settings(format_args!(
                    "the catalog {} was used with another data directory since this one; go on with that one, \
                     or start this one once as another --node to keep what is only in its WAL",
                    self.catalog.address()
                )));
            }
            // The file that says so is lost; what it is about is there.
            None if self.has_data()? => owner.wal,
            _ => self.take_over(&owner).await?,
        };
        match self.data_set_there()? {
            Some(there) if there != owner.data_set => return Err(self.foreign()),
            None if owner.segments != self.home() && !owner.segments.is_empty() => {
                return Err(Error::settings(format_args!(
                    "the segments are in {}, not in {}: name it with --segments, or copy all of it, with '{}'",
                    owner.segments,
                    self.segments,
                    paths::DATA_SET
                )));
            }
            _ => {}
        }
        Ok(Owner { wal, segments: self.home(), ..owner })
    }

    /// An empty data directory goes on where another one was.
    async fn take_over(&self, owner: &Owner) -> Result<String> {
        let segments = self.catalog.segments().await?;
        if owner.segments.is_empty() && !segments.is_empty() {
            return Err(Error::settings(format_args!(
                "the catalog {} lists {} segments that are in another data directory; use that one as --data-dir, \
                 or choose another --node",
                self.catalog.address(),
                segments.len()
            )));
        }
        tracing::info!("an empty data directory takes over what the catalog lists");
        Ok(new_name())
    }

    fn foreign(&self) -> Error {
        Error::settings(format_args!(
            "{} holds the segments of another catalog for this --node; if a server works with it, choose another \
             --node. If that catalog is lost, delete the object '{}' there: the catalog is then made anew",
            self.segments,
            paths::DATA_SET
        ))
    }

    /// Where segments are, as the catalog keeps it.
    fn home(&self) -> String {
        if self.segments.is_local() { String::new() } else { self.segments.to_string() }
    }

    /// The name beside the segments. Those that were copied into a data directory brought it along.
    fn data_set_there(&self) -> Result<Option<String>> {
        let path = Path::new(paths::DATA_SET);
        let text = match self.remote {
            Some(remote) => remote.get(path).context("read", path)?.map(|bytes| bytes.to_vec()),
            None => disk::read(self.local, path).ok(),
        };
        Ok(text.map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned()))
    }

    fn has_data(&self) -> Result<bool> {
        Ok(has_files(self.local, Path::new(paths::WAL))?
            || has_files(self.local, Path::new(paths::SEGMENTS))?)
    }
}

/// What a data directory says of itself; a file that is damaged says no more than one that is lost.
fn mark(disk: &dyn Disk) -> Result<Option<Mark>> {
    let path = Path::new(paths::OWNER);
    let text = match disk::read(disk, path) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(_) => return Ok(None),
    };
    let parse = || {
        let (names, sum) = text.strip_suffix('\n')?.rsplit_once(' ')?;
        let (data_set, wal) = names.split_once(' ')?;
        (sum == format!("{:08x}", crc32c::crc32c(names.as_bytes())))
            .then(|| Mark { data_set: data_set.to_owned(), wal: wal.to_owned() })
    };
    parse().map(Some).ok_or_else(|| Error::corrupt(path, "its names are not what was written"))
}

/// Whether the file that says whose a directory is can be trusted.
pub fn check_mark(disk: &dyn Disk) -> Result<()> {
    mark(disk).map(drop)
}

fn has_files(disk: &dyn Disk, dir: &Path) -> Result<bool> {
    for entry in disk.list(dir).context("list", dir)? {
        if !entry.is_dir || has_files(disk, &dir.join(&entry.name))? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Two that are made anywhere differ.
fn new_name() -> String {
    let part = || RandomState::new().hash_one(SystemTime::now());
    format!("{:016x}{:016x}", part(), part())
}
