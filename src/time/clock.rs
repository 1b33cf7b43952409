//! The server's one clock: the system's, unless that jumps and the data says that it is wrong.

use super::steady::{Event, Reading, Steady};
use ocelli_storage::{Clock, Store};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// The note in the catalog by which the next process goes on.
const NOTE: &str = "clock";
/// A new one with each start of the machine.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

#[derive(Serialize, Deserialize)]
struct Saved {
    boot_id: String,
    offset_ns: i64,
}

#[derive(Clone)]
pub struct SteadyClock(Arc<Mutex<Steady>>);

impl SteadyClock {
    pub fn start() -> SteadyClock {
        SteadyClock(Arc::new(Mutex::new(Steady::new(reading(), None))))
    }

    /// Goes on where an earlier process of this start of the machine was.
    pub async fn resume(&self, store: &Store) -> ocelli_storage::Result<()> {
        let notes = store.notes(NOTE).await?;
        let saved = notes.iter().find_map(|(_, text)| serde_json::from_str::<Saved>(text).ok());
        if let Some(saved) = saved.filter(|saved| boot_id().as_ref() == Some(&saved.boot_id)) {
            *self.steady() = Steady::new(reading(), Some(saved.offset_ns));
        }
        self.save(store).await
    }

    /// Remembers the time for the next process.
    pub async fn save(&self, store: &Store) -> ocelli_storage::Result<()> {
        let Some(boot_id) = boot_id() else { return Ok(()) };
        let saved = Saved { boot_id, offset_ns: self.steady().offset_ns() };
        let Ok(text) = serde_json::to_string(&saved) else { return Ok(()) };
        store.keep_notes(&[(NOTE.to_owned(), text)]).await
    }

    /// Nanoseconds since the epoch.
    pub fn now_ns(&self) -> i64 {
        let (now_ns, event) = self.steady().now_ns(reading());
        match event {
            Some(Event::Jumped { by_ns }) => tracing::warn!(
                by_s = by_ns / 1_000_000_000,
                "the system's clock jumped; time goes on as before until the data that arrives tells which is right"
            ),
            Some(Event::Believed { by_ns }) => {
                tracing::warn!(by_s = by_ns / 1_000_000_000, "the system's new time is believed");
            }
            None => {}
        }
        now_ns
    }

    /// Data of a time, in nanoseconds since the epoch, arrived.
    pub fn arrived(&self, time_ns: i64) {
        self.steady().arrived(time_ns, reading());
    }

    /// How far the system's clock is ahead of this one, in nanoseconds.
    pub fn jump_ns(&self) -> i64 {
        self.steady().jump_ns()
    }

    pub fn of_storage(&self) -> Clock {
        let clock = self.clone();
        Clock::new(move || clock.now_ns())
    }

    fn steady(&self) -> MutexGuard<'_, Steady> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn reading() -> Reading {
    static STARTED: LazyLock<(Instant, i64)> = LazyLock::new(|| (Instant::now(), uptime_ns()));
    let (started, uptime_ns) = &*STARTED;
    let elapsed_ns = i64::try_from(started.elapsed().as_nanos()).unwrap_or(i64::MAX);
    Reading { wall_ns: ocelli_collector::system_time(), boot_ns: uptime_ns.saturating_add(elapsed_ns) }
}

/// Since the start of the machine, to a hundredth of a second; 0 where there is no such file.
fn uptime_ns() -> i64 {
    let text = std::fs::read_to_string("/proc/uptime").unwrap_or_default();
    let seconds = text.split(' ').next().and_then(|text| text.parse::<f64>().ok());
    (seconds.unwrap_or_default() * 1e9) as i64
}

fn boot_id() -> Option<String> {
    std::fs::read_to_string(BOOT_ID).ok().map(|text| text.trim().to_owned())
}
