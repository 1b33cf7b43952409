//! Recognises a request that repeats one byte for byte.
//!
//! OTLP has no batch id, so a client that lost our answer sends the batch again. The bodies of the
//! last minutes are remembered by hash: a repeated one is answered with the first result and not
//! stored twice. It is safe, because every item carries its own times: two batches that are equal to
//! the last byte are one. A repeat never overtakes the first: it waits until that is durable, and
//! takes its place when that failed.

use crate::decode::{Tally, Written};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// Hash of a body with its tenant, signal and format.
pub type BodyHash = u128;

/// The bodies that are remembered. Times are nanoseconds since the Unix epoch.
#[derive(Debug)]
pub struct RetryWindow {
    bodies: Mutex<Bodies>,
    max_bodies: usize,
    max_age_ns: i64,
}

#[derive(Debug, Default)]
struct Bodies {
    known: HashMap<BodyHash, State>,
    /// Stored bodies, oldest first.
    order: VecDeque<(i64, BodyHash)>,
}

#[derive(Debug)]
enum State {
    /// Ends, with or without success, when the sender is dropped.
    InFlight(watch::Receiver<()>),
    /// With what the sender was told, if that was more than that all is well.
    Stored(Option<Arc<Tally>>),
}

/// What is known of a body that came in.
#[derive(Debug)]
pub enum Arrival {
    /// It is new: the holder stores it, and tells so by [`Ticket::stored`].
    First(Ticket),
    /// It is stored, and the sender was told this.
    Repeat(Arc<Tally>),
}

impl RetryWindow {
    pub fn new(max_bodies: usize, max_age: Duration) -> Arc<RetryWindow> {
        let max_age_ns = i64::try_from(max_age.as_nanos()).unwrap_or(i64::MAX);
        Arc::new(RetryWindow { bodies: Mutex::default(), max_bodies, max_age_ns })
    }

    /// Enters a body. Waits while the same body is being stored by somebody else.
    pub async fn enter(self: &Arc<Self>, hash: BodyHash, now_ns: i64) -> Arrival {
        loop {
            let mut other = match self.look(hash, now_ns) {
                Look::Arrival(arrival) => return arrival,
                Look::Wait(other) => other,
            };
            // An error means that it ended: nobody ever sends a value.
            let _ = other.changed().await;
        }
    }

    fn look(self: &Arc<Self>, hash: BodyHash, now_ns: i64) -> Look {
        let mut bodies = self.lock();
        bodies.forget(self.max_bodies, now_ns.saturating_sub(self.max_age_ns));
        match bodies.known.get(&hash) {
            Some(State::Stored(tally)) => Look::Arrival(Arrival::Repeat(tally.clone().unwrap_or_default())),
            Some(State::InFlight(other)) => Look::Wait(other.clone()),
            None => {
                let (done, in_flight) = watch::channel(());
                bodies.known.insert(hash, State::InFlight(in_flight));
                Look::Arrival(Arrival::First(Ticket {
                    window: self.clone(),
                    hash,
                    stored: false,
                    _done: done,
                }))
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Bodies> {
        self.bodies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Look {
    Arrival(Arrival),
    Wait(watch::Receiver<()>),
}

impl Bodies {
    /// Forgets what is older than `oldest_ns` and what is too much.
    fn forget(&mut self, max_bodies: usize, oldest_ns: i64) {
        while let Some((stored_ns, hash)) = self.order.front().copied() {
            if stored_ns >= oldest_ns && self.order.len() <= max_bodies {
                break;
            }
            self.order.pop_front();
            self.known.remove(&hash);
        }
    }
}

/// The right to store a body. Dropped without [`Ticket::stored`], the body is unknown again.
#[derive(Debug)]
pub struct Ticket {
    window: Arc<RetryWindow>,
    hash: BodyHash,
    stored: bool,
    /// Dropped last, after the state has changed: it wakes those who wait.
    _done: watch::Sender<()>,
}

impl Ticket {
    /// The body is durable.
    pub fn stored(mut self, tally: &Arc<Tally>, now_ns: i64) {
        self.stored = true;
        let told = (tally.message().is_some() || tally.written != Written::default()).then(|| tally.clone());
        let mut bodies = self.window.lock();
        bodies.known.insert(self.hash, State::Stored(told));
        bodies.order.push_back((now_ns, self.hash));
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if !self.stored {
            self.window.lock().known.remove(&self.hash);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reason::Rejection;

    const SECOND: i64 = 1_000_000_000;

    fn window() -> Arc<RetryWindow> {
        RetryWindow::new(2, Duration::from_secs(120))
    }

    async fn store(window: &Arc<RetryWindow>, hash: BodyHash, now_ns: i64) {
        match window.enter(hash, now_ns).await {
            Arrival::First(ticket) => ticket.stored(&Arc::default(), now_ns),
            Arrival::Repeat(_) => panic!("{hash} is known"),
        }
    }

    async fn is_known(window: &Arc<RetryWindow>, hash: BodyHash, now_ns: i64) -> bool {
        matches!(window.enter(hash, now_ns).await, Arrival::Repeat(_))
    }

    #[tokio::test]
    async fn it_forgets_by_age_and_by_number() {
        let window = window();
        store(&window, 1, 0).await;
        assert!(is_known(&window, 1, 120 * SECOND).await);
        assert!(!is_known(&window, 1, 121 * SECOND).await);
        for hash in 2..5 {
            store(&window, hash, 121 * SECOND).await;
        }
        assert!(!is_known(&window, 2, 121 * SECOND).await);
        assert!(is_known(&window, 3, 121 * SECOND).await);
    }

    #[tokio::test]
    async fn a_failed_first_leaves_its_place_to_the_second() {
        let window = window();
        let Arrival::First(first) = window.enter(7, 0).await else { panic!("7 is new") };
        let mut second = Box::pin(window.enter(7, 0));
        assert!(futures::poll!(&mut second).is_pending());
        drop(first);
        assert!(matches!(second.await, Arrival::First(_)));
    }

    #[tokio::test]
    async fn the_second_is_answered_when_the_first_is_durable() {
        let window = window();
        let Arrival::First(first) = window.enter(7, 0).await else { panic!("7 is new") };
        let mut second = Box::pin(window.enter(7, 0));
        assert!(futures::poll!(&mut second).is_pending());
        let mut tally = Tally::default();
        tally.reject(Rejection::InvalidTime, 3);
        first.stored(&Arc::new(tally), 0);
        let Arrival::Repeat(tally) = second.await else { panic!("7 is stored") };
        assert_eq!(tally.total_rejected(), 3);
    }
}
