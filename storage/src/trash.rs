//! Segments that nobody needs any more, on their way to being deleted. Whoever drops the last handle of
//! one may be where blocking is not allowed, so it only says which it was.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// A segment that the catalog does not know any more.
#[derive(Debug)]
pub struct Gone {
    pub stem: String,
    pub files: Vec<PathBuf>,
}

/// Shared by all segments of a store.
#[derive(Clone, Debug, Default)]
pub struct Trash(Arc<State>);

#[derive(Debug, Default)]
struct State {
    gone: Mutex<Vec<Gone>>,
    filled: Notify,
}

impl Trash {
    fn locked(&self) -> MutexGuard<'_, Vec<Gone>> {
        self.0.gone.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn add(&self, gone: Gone) {
        self.locked().push(gone);
        self.0.filled.notify_one();
    }

    /// Resolves when something was added.
    pub async fn filled(&self) {
        self.0.filled.notified().await;
    }

    pub fn take(&self) -> Vec<Gone> {
        std::mem::take(&mut *self.locked())
    }
}
