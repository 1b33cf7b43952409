//! What waits for the WAL writer, bounded in bytes.

use crate::error::{Error, Result};
use crate::limits;
use ocelli_signal::Batch;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// One request to keep rows.
#[derive(Debug)]
pub struct Append {
    pub tenant: Arc<str>,
    pub batch: Batch,
    /// 0 unless the rows are an emission about spans.
    pub covers: u64,
    /// Arrow bytes of the rows.
    pub bytes: usize,
    /// The sequence of the record that keeps them, or why they are not kept.
    pub answer: oneshot::Sender<Result<u64>>,
}

/// What the writer finds when it comes.
#[derive(Debug, Default)]
pub struct Work {
    pub appends: Vec<Append>,
    /// Who wants a new file begun after the appends.
    pub rotations: Vec<oneshot::Sender<()>>,
    /// Nothing will come any more.
    pub closed: bool,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Append>,
    bytes: usize,
    rotations: Vec<oneshot::Sender<()>>,
    closed: bool,
}

/// Shared by the senders and the writer.
#[derive(Debug)]
pub struct Queue {
    state: Mutex<State>,
    arrived: Condvar,
    limit_bytes: usize,
}

impl Queue {
    pub fn new(limit_bytes: usize) -> Queue {
        Queue { state: Mutex::default(), arrived: Condvar::new(), limit_bytes }
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Refuses when what waits would exceed the limit; one request alone always fits.
    pub fn push(&self, append: Append) -> Result<()> {
        let mut state = self.locked();
        if state.closed {
            return Err(Error::unavailable("the store is closing"));
        }
        if state.bytes > 0 && state.bytes + append.bytes > self.limit_bytes {
            let reason = format!("{} bytes wait for the WAL", state.bytes);
            return Err(Error::Overloaded { retry_after: limits::RETRY_AFTER, reason });
        }
        state.bytes += append.bytes;
        state.waiting.push_back(append);
        drop(state);
        self.arrived.notify_one();
        Ok(())
    }

    /// Asks for a new file; answered when everything pushed before is in older files. `None` when
    /// closed.
    pub fn rotate(&self) -> Option<oneshot::Receiver<()>> {
        let (answer, done) = oneshot::channel();
        let mut state = self.locked();
        if state.closed {
            return None;
        }
        state.rotations.push(answer);
        drop(state);
        self.arrived.notify_one();
        Some(done)
    }

    /// Bytes that wait.
    pub fn bytes(&self) -> usize {
        self.locked().bytes
    }

    /// Takes nothing in any more; what waits is still written.
    pub fn close(&self) {
        self.locked().closed = true;
        self.arrived.notify_one();
    }

    /// Nobody will take what waits: whoever waits is told, by its answer's end.
    pub fn abandon(&self) {
        let mut state = self.locked();
        state.closed = true;
        state.waiting.clear();
        state.rotations.clear();
    }

    /// Waits for work and takes what one group commit may hold.
    pub fn take(&self) -> Work {
        let idle =
            |state: &mut State| state.waiting.is_empty() && state.rotations.is_empty() && !state.closed;
        let mut state = self.arrived.wait_while(self.locked(), idle).unwrap_or_else(PoisonError::into_inner);
        let mut work = Work::default();
        let mut bytes = 0;
        while let Some(next) = state.waiting.front() {
            if bytes > 0 && bytes + next.bytes > limits::GROUP_BYTES {
                break;
            }
            bytes += next.bytes;
            work.appends.extend(state.waiting.pop_front());
        }
        state.bytes -= bytes;
        if state.waiting.is_empty() {
            work.rotations = std::mem::take(&mut state.rotations);
            work.closed = state.closed;
        }
        work
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_rows;
    use ocelli_signal::Signal;

    fn append(bytes: usize) -> Append {
        let batch = Batch { signal: Signal::Logs, rows: test_rows::batch(Signal::Logs, 0, 1) };
        Append { tenant: "default".into(), batch, covers: 0, bytes, answer: oneshot::channel().0 }
    }

    #[test]
    fn a_full_queue_refuses_with_a_time_to_come_back() {
        let queue = Queue::new(100);
        queue.push(append(1000)).unwrap();
        let refused = queue.push(append(1));
        assert!(matches!(refused, Err(Error::Overloaded { retry_after, .. }) if !retry_after.is_zero()));
        assert_eq!(queue.take().appends.len(), 1);
        queue.push(append(60)).unwrap();
        queue.push(append(40)).unwrap();
        assert_eq!(queue.take().appends.len(), 2);
    }

    #[test]
    fn who_waits_for_a_writer_that_died_is_told() {
        let queue = Queue::new(100);
        let (answer, done) = oneshot::channel();
        queue.push(Append { answer, ..append(1) }).unwrap();
        queue.abandon();
        assert!(done.blocking_recv().is_err());
        assert!(matches!(queue.push(append(1)), Err(Error::Unavailable { .. })));
    }

    #[test]
    fn after_close_what_waits_is_still_taken() {
        let queue = Queue::new(100);
        queue.push(append(1)).unwrap();
        queue.close();
        assert!(matches!(queue.push(append(1)), Err(Error::Unavailable { .. })));
        let work = queue.take();
        assert_eq!((work.appends.len(), work.closed), (1, true));
    }
}
