//! The background work: memtables become segments, segments are merged and expire, files that are no
//! longer needed go.
//!
//! One task decides and publishes all of it, one thing after the other, so that marks move in order
//! and a caller that gives up waiting leaves nothing half done. Merges are written beside it on a
//! thread of their own, at most one at a time; a flush never waits for one.

use super::Shared;
use super::compact::{Compactor, Output};
use super::flush::{Retry, flush_all, flush_due};
use super::retain::Retainer;
use crate::error::Result;
use crate::limits;
use crate::paths;
use crate::trash::Gone;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

/// Where the outcome of a command goes.
pub type Answer = oneshot::Sender<Result<()>>;

/// What the handle asks for.
pub enum Command {
    Flush(Answer),
    Compact(Answer),
    Retain(Answer),
    Close(Answer),
}

/// How often ages are looked at.
const TICK: Duration = Duration::from_secs(1);

/// Works until it is told to close, or nobody is there to tell it.
pub async fn run(shared: Arc<Shared>, mut inbox: mpsc::UnboundedReceiver<Command>) {
    let mut worker = Worker::new(shared.clone());
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            command = inbox.recv() => match command {
                Some(Command::Close(answer)) => return worker.close(answer).await,
                Some(command) => worker.obey(command).await,
                None => return worker.compactor.stop(),
            },
            () = shared.grown.notified() => worker.flush_due().await,
            outcome = worker.compactor.written() => worker.publish(outcome).await,
            () = shared.segments.trash.filled() => {}
            _ = tick.tick() => worker.tick().await,
        }
        worker.advance().await;
        remove_trash(&shared).await;
    }
}

struct Worker {
    shared: Arc<Shared>,
    retry: Retry,
    compactor: Compactor,
    retainer: Retainer,
    looked: Instant,
}

impl Worker {
    fn new(shared: Arc<Shared>) -> Worker {
        Worker {
            retry: Retry::default(),
            compactor: Compactor::new(shared.clone()),
            retainer: Retainer::new(shared.clone()),
            looked: Instant::now(),
            shared,
        }
    }

    async fn obey(&mut self, command: Command) {
        match command {
            Command::Flush(answer) => {
                let outcome = flush_all(&self.shared).await;
                self.compactor.wake();
                drop(answer.send(outcome));
            }
            Command::Compact(answer) => self.compactor.ask(answer),
            Command::Retain(answer) => self.retainer.ask(answer),
            Command::Close(answer) => self.close(answer).await,
        }
    }

    async fn flush_due(&mut self) {
        flush_due(&self.shared, &mut self.retry).await;
        self.compactor.wake();
    }

    async fn tick(&mut self) {
        self.flush_due().await;
        if self.looked.elapsed() >= limits::RETENTION_LOOK {
            self.looked = Instant::now();
            self.retainer.wake();
            self.compactor.wake();
        }
    }

    /// Begins what there is to do, unless something runs already. What expires is removed before it
    /// would be merged.
    async fn advance(&mut self) {
        if self.compactor.is_busy() {
            return;
        }
        self.retainer.work(&mut self.compactor).await;
        if !self.compactor.is_busy() {
            self.compactor.work();
        }
    }

    async fn publish(&mut self, written: Result<Output>) {
        if let Err(error) = self.compactor.publish(written).await {
            self.compactor.fail(&error);
            self.retainer.fail(&error);
        }
    }

    async fn close(&mut self, answer: Answer) {
        self.compactor.stop();
        let outcome = flush_all(&self.shared).await;
        self.compactor.wait().await;
        remove_trash(&self.shared).await;
        self.shared.catalog.close().await;
        // The directory's lock goes with the last handle; the answer comes after the work.
        drop(answer.send(outcome));
    }
}

/// Deletes the files of removed segments that nobody reads any more; once that is durable, the catalog
/// forgets them. What fails here, the next start does.
async fn remove_trash(shared: &Arc<Shared>) {
    let gone = shared.segments.trash.take();
    if gone.is_empty() {
        return;
    }
    let work = shared.clone();
    let removed = tokio::task::spawn_blocking(move || {
        gone.into_iter().filter_map(|gone| delete(&work, gone)).collect()
    });
    let stems: Vec<String> = removed.await.unwrap_or_default();
    if let Err(error) = shared.catalog.clear_removed(&stems).await {
        tracing::warn!(%error, "the catalog still remembers segments that were removed");
    }
}

/// The stem of a segment whose files are durably gone.
fn delete(shared: &Shared, gone: Gone) -> Option<String> {
    for path in &gone.files {
        match shared.disk.remove(path) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "could not delete a file of a removed segment");
                return None;
            }
        }
    }
    shared.disk.sync_dir(paths::parent(Path::new(&gone.stem))).ok().map(|()| gone.stem)
}
