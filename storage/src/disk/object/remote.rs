//! An object store for callers that wait: its client is asynchronous and works on a thread of its own,
//! so that it may be waited for from any thread, also from one that drives other tasks.

use crate::paths;
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path as Key;
use object_store::{Error, ObjectStore, ObjectStoreExt, PutPayload};
use std::collections::HashSet;
use std::future::Future;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use tokio::io::AsyncReadExt;
use tokio::runtime::Runtime;

/// A file above this size is uploaded in parts of this size, two at a time.
const PART_BYTES: usize = 8 << 20;
const PARTS_AT_ONCE: usize = 2;
/// Ranges of one read that are fetched at the same time.
const RANGES_AT_ONCE: usize = 4;

/// One node's part of a bucket.
#[derive(Debug)]
pub struct Remote {
    store: Arc<dyn ObjectStore>,
    /// Of this node; all keys begin with it.
    prefix: Key,
    /// For messages.
    name: String,
    runtime: Option<Runtime>,
    /// The last request did not get through.
    unreachable: AtomicBool,
    /// Files that are being deleted.
    going: Arc<Going>,
}

#[derive(Debug, Default)]
struct Going {
    keys: Mutex<HashSet<Key>>,
    gone: Condvar,
}

impl Going {
    fn locked(&self) -> MutexGuard<'_, HashSet<Key>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self, key: &Key) {
        self.locked().remove(key);
        self.gone.notify_all();
    }

    /// A deletion that is under way must not hit what comes in its place.
    fn wait_for(&self, key: &Key) {
        let mut keys = self.locked();
        while keys.contains(key) {
            keys = self.gone.wait(keys).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Remote {
    pub fn start(store: Arc<dyn ObjectStore>, prefix: Key, name: String) -> io::Result<Remote> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("ocelli-objects")
            .enable_all()
            .build()?;
        let (unreachable, going) = (AtomicBool::new(false), Arc::default());
        Ok(Remote { store, prefix, name, runtime: Some(runtime), unreachable, going })
    }

    /// The key of a file.
    fn key(&self, path: &Path) -> Key {
        path.iter().fold(self.prefix.clone(), |key, part| key.join(&*part.to_string_lossy()))
    }

    fn run<T, F>(&self, action: &str, work: F) -> io::Result<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let ended = || io::Error::other("the object store's thread has ended");
        let (answer, done) = mpsc::sync_channel(1);
        self.runtime.as_ref().ok_or_else(ended)?.spawn(async move {
            // Nobody waits any more only when the process ends.
            let _ = answer.send(work.await);
        });
        let outcome = done.recv().map_err(|_| ended())?.map_err(|error| self.named(action, &error));
        let failed = matches!(&outcome, Err(error) if error.kind() != io::ErrorKind::NotFound);
        self.unreachable.store(failed, Ordering::Relaxed);
        outcome
    }

    /// An error while the store can't be reached; asks again if the last request failed.
    pub fn reach(&self) -> io::Result<()> {
        if self.unreachable.load(Ordering::Relaxed) {
            self.get(Path::new(paths::DATA_SET)).map(drop)
        } else {
            Ok(())
        }
    }

    fn named(&self, action: &str, error: &Error) -> io::Error {
        let kind = match error {
            Error::NotFound { .. } => io::ErrorKind::NotFound,
            Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => io::ErrorKind::PermissionDenied,
            _ => refusal(&error.to_string()).unwrap_or(io::ErrorKind::Other),
        };
        io::Error::new(kind, format!("{action} {}: {error}", self.name))
    }

    /// All files below a directory, with their sizes.
    pub fn list(&self, dir: &Path) -> io::Result<Vec<(PathBuf, u64)>> {
        let (store, below, prefix) = (self.store.clone(), self.key(dir), self.prefix.clone());
        self.run("list", async move {
            let mut objects = store.list(Some(&below));
            let mut files = Vec::new();
            while let Some(object) = objects.try_next().await? {
                // What is listed begins with the prefix.
                if let Some(parts) = object.location.prefix_match(&prefix) {
                    let path: PathBuf = parts.map(|part| part.as_ref().to_owned()).collect();
                    files.push((path, object.size));
                }
            }
            Ok(files)
        })
    }

    /// Uploads a local file; the object is there, whole and durable, when this returns.
    pub fn upload(&self, from: &Path, to: &Path) -> io::Result<()> {
        let (store, key, from) = (self.store.clone(), self.key(to), from.to_owned());
        self.going.wait_for(&key);
        self.run("upload to", async move {
            let local = |error: io::Error| Error::Generic { store: "local file", source: Box::new(error) };
            let mut file = tokio::fs::File::open(&from).await.map_err(local)?;
            let bytes = file.metadata().await.map_err(local)?.len();
            if bytes <= PART_BYTES as u64 {
                let mut whole = Vec::with_capacity(bytes as usize);
                file.read_to_end(&mut whole).await.map_err(local)?;
                return store.put(&key, PutPayload::from(whole)).await.map(drop);
            }
            let mut upload = store.put_multipart(&key).await?;
            let parts = async {
                let mut running = futures::stream::FuturesUnordered::new();
                loop {
                    let mut part = Vec::with_capacity(PART_BYTES);
                    (&mut file).take(PART_BYTES as u64).read_to_end(&mut part).await.map_err(local)?;
                    if part.is_empty() {
                        break;
                    }
                    running.push(upload.put_part(PutPayload::from(part)));
                    if running.len() >= PARTS_AT_ONCE
                        && let Some(done) = running.next().await
                    {
                        done?;
                    }
                }
                running.try_collect::<Vec<()>>().await
            };
            match parts.await {
                Ok(_) => upload.complete().await.map(drop),
                Err(error) => {
                    // The store keeps parts until somebody says that nothing comes of them.
                    let _ = upload.abort().await;
                    Err(error)
                }
            }
        })
    }

    pub fn put(&self, path: &Path, bytes: Vec<u8>) -> io::Result<()> {
        let (store, key) = (self.store.clone(), self.key(path));
        self.run("write to", async move { store.put(&key, PutPayload::from(bytes)).await.map(drop) })
    }

    /// A small object; none if there is none.
    pub fn get(&self, path: &Path) -> io::Result<Option<Bytes>> {
        let (store, key) = (self.store.clone(), self.key(path));
        self.run("read from", async move {
            match store.get(&key).await {
                Ok(object) => object.bytes().await.map(Some),
                // A bucket that is missing answers the same, so whoever asks has listed it before.
                Err(Error::NotFound { .. }) => Ok(None),
                Err(error) => Err(error),
            }
        })
    }

    pub fn get_ranges(&self, path: &Path, ranges: Vec<Range<u64>>) -> io::Result<Vec<Bytes>> {
        let (store, key) = (self.store.clone(), self.key(path));
        self.run("read from", async move {
            let fetch = |range: Range<u64>| {
                let (store, key) = (store.clone(), key.clone());
                async move { store.get_range(&key, range).await }
            };
            futures::stream::iter(ranges).map(fetch).buffered(RANGES_AT_ONCE).try_collect().await
        })
        .map_err(|error| self.if_really_gone(error))
    }

    /// A missing object is damage; where the data set's name is missing too, it is the bucket that is.
    fn if_really_gone(&self, error: io::Error) -> io::Error {
        if error.kind() != io::ErrorKind::NotFound {
            return error;
        }
        match self.get(Path::new(paths::DATA_SET)) {
            Ok(Some(_)) => error,
            _ => io::Error::other(error),
        }
    }

    /// Removes without waiting; what remains after an error is removed by the next start.
    pub fn remove_later(&self, path: &Path) {
        let (store, key, name) = (self.store.clone(), self.key(path), self.name.clone());
        let Some(runtime) = &self.runtime else { return };
        let going = self.going.clone();
        going.locked().insert(key.clone());
        runtime.spawn(async move {
            let outcome = store.delete(&key).await;
            going.end(&key);
            if let Err(error) = outcome {
                tracing::warn!(%error, %key, store = name, "an object that is no longer needed could not be deleted");
            }
        });
    }

    pub fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let (store, from, to) = (self.store.clone(), self.key(from), self.key(to));
        self.run("rename in", async move { store.rename(&from, &to).await })
    }
}

/// A listing that is refused says so in its text alone: 404 is a bucket that does not exist.
fn refusal(text: &str) -> Option<io::ErrorKind> {
    let status = text.split_once("status code: ")?.1.get(..3)?.parse().ok()?;
    match status {
        404 => Some(io::ErrorKind::NotFound),
        401 | 403 => Some(io::ErrorKind::PermissionDenied),
        // Those that a later try may not meet.
        408 | 425 | 429 => None,
        400..500 => Some(io::ErrorKind::InvalidInput),
        _ => None,
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // The other way waits, which a thread that drives tasks must not.
            runtime.shutdown_background();
        }
    }
}
