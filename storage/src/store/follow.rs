//! Who watches rows come in: each gets those that became readable since it asked last, within bounds of
//! its own. Nothing is read from a disk for it, and nobody waits for it.

use super::Store;
use crate::memtable::batch_bytes;
use arrow::array::RecordBatch;
use ocelli_signal::Signal;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use tokio::sync::Notify;

/// Those who watch.
#[derive(Debug, Default)]
pub struct Followers(Mutex<List>);

#[derive(Debug, Default)]
struct List {
    all: Vec<Weak<Shared>>,
    closed: bool,
}

/// One who watches the rows of a signal; it ends when it is dropped.
#[derive(Debug)]
pub struct Follower(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    tenant: String,
    signal: Signal,
    /// What may wait for it.
    limit_bytes: usize,
    waiting: Mutex<Waiting>,
    arrived: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    batches: VecDeque<RecordBatch>,
    bytes: usize,
    skipped: u64,
    closed: bool,
}

/// What came in since the last time.
#[derive(Debug, Default)]
pub struct Followed {
    pub batches: Vec<RecordBatch>,
    /// Rows that came in between and are not among them, because there was no room for them.
    pub skipped: u64,
}

impl Followers {
    fn locked(&self) -> MutexGuard<'_, List> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows rows that are readable from now on; on the WAL's thread, so it only refers to them.
    pub fn show(&self, tenant: &str, signal: Signal, rows: &RecordBatch) {
        let mut list = self.locked();
        if list.all.is_empty() {
            return;
        }
        list.all.retain(|one| {
            let Some(one) = one.upgrade() else { return false };
            if one.signal == signal && one.tenant == tenant {
                one.push(rows);
            }
            true
        });
    }

    fn add(&self, one: &Arc<Shared>) {
        let mut list = self.locked();
        one.locked().closed = list.closed;
        list.all.push(Arc::downgrade(one));
    }

    fn close(&self) {
        let mut list = self.locked();
        list.closed = true;
        for one in list.all.drain(..).filter_map(|one| one.upgrade()) {
            one.locked().closed = true;
            one.arrived.notify_one();
        }
    }
}

impl Shared {
    fn locked(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, rows: &RecordBatch) {
        let bytes = batch_bytes(rows);
        let mut waiting = self.locked();
        // What comes after a gap waits behind it, so that a gap is told where it is.
        if waiting.skipped > 0 || waiting.bytes + bytes > self.limit_bytes {
            waiting.skipped += rows.num_rows() as u64;
        } else {
            waiting.bytes += bytes;
            waiting.batches.push_back(rows.clone());
        }
        self.arrived.notify_one();
    }
}

impl Follower {
    /// Waits for rows. `None` once the store stops. Rows are given up to a gap, then the gap is told.
    pub async fn next(&self) -> Option<Followed> {
        loop {
            let arrived = self.0.arrived.notified();
            {
                let mut waiting = self.0.locked();
                if !waiting.batches.is_empty() || waiting.skipped > 0 {
                    let closed = waiting.closed;
                    let Waiting { batches, skipped, .. } =
                        std::mem::replace(&mut *waiting, Waiting { closed, ..Waiting::default() });
                    return Some(Followed { batches: batches.into(), skipped });
                }
                if waiting.closed {
                    return None;
                }
            }
            arrived.await;
        }
    }
}

impl Store {
    /// Watches the rows of a tenant and a signal that come in from now on.
    pub fn follow(&self, tenant: &str, signal: Signal, limit_bytes: usize) -> Follower {
        let (waiting, arrived) = (Mutex::default(), Notify::new());
        let one = Arc::new(Shared { tenant: tenant.to_owned(), signal, limit_bytes, waiting, arrived });
        self.inner.shared.followers.add(&one);
        Follower(one)
    }

    /// Ends all who watch, so that none keeps the program from stopping.
    pub fn end_following(&self) {
        self.inner.shared.followers.close();
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{batch, open_memory};
    use super::*;
    use crate::catalog::Catalog;
    use crate::disk::memory::MemoryDisk;

    const TENANT: &str = "default";

    fn rows(followed: &Followed) -> usize {
        followed.batches.iter().map(RecordBatch::num_rows).sum()
    }

    #[tokio::test]
    async fn rows_are_shown_once_and_a_gap_is_told() {
        let store = open_memory(&MemoryDisk::default(), &Catalog::in_memory().await.unwrap()).await.unwrap();
        let send = async |count| store.append(TENANT, batch(Signal::Logs, 0, count)).await.unwrap();
        send(5).await;
        let follower = store.follow(TENANT, Signal::Logs, usize::MAX);
        let other = store.follow("other", Signal::Logs, usize::MAX);
        let narrow = store.follow(TENANT, Signal::Logs, 1);
        send(3).await;
        store.append(TENANT, batch(Signal::Spans, 0, 9)).await.unwrap();
        send(4).await;
        let mut found = 0;
        while found < 7 {
            found += rows(&follower.next().await.unwrap());
        }
        let told = narrow.next().await.unwrap();
        assert_eq!((found, rows(&told), told.skipped), (7, 0, 7));
        drop(follower);
        send(2).await;
        assert_eq!(narrow.next().await.unwrap().skipped, 2);
        store.end_following();
        assert!(narrow.next().await.is_none() && other.next().await.is_none());
        assert!(store.follow(TENANT, Signal::Logs, 1).next().await.is_none());
    }
}
