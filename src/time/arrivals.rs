//! How late data comes: the time from an event to its arrival, by signal.
//!
//! A rule that counts events looks only at what is complete: so long before now that nearly all of it has
//! arrived.

use ocelli_signal::Signal;
use std::sync::{Mutex, PoisonError};

/// Bucket `i` has what came later than the bound before and up to `2^i` times this; the last all else.
const FIRST_MS: i64 = 250;
const BUCKETS: usize = 12;
/// Nothing is waited for longer: what comes later still is old data, or has a wrong clock.
pub const MOST_MS: i64 = 5 * 60_000;
/// Arrivals count for one to two of these.
const WINDOW_NS: i64 = 300_000_000_000;
/// The share of rows that has arrived.
const SHARE: f64 = 0.99;

#[derive(Clone, Copy, Debug, Default)]
struct Lateness {
    /// Rows of the window that runs, and of the one before.
    rows: [[u64; BUCKETS]; 2],
    window: i64,
    last_ns: i64,
}

/// Arrivals of all signals.
#[derive(Debug, Default)]
pub struct Arrivals([Mutex<Lateness>; Signal::ALL.len()]);

impl Arrivals {
    /// Rows arrived whose oldest is of a time.
    pub fn arrived(&self, signal: Signal, oldest_ns: i64, rows: u64, now_ns: i64) {
        self.of(signal, |lateness| {
            lateness.turn(now_ns);
            lateness.last_ns = now_ns;
            let late_ms = now_ns.saturating_sub(oldest_ns) / 1_000_000;
            if (-MOST_MS..=MOST_MS).contains(&late_ms) {
                lateness.rows[0][bucket(late_ms)] += rows;
            }
        });
    }

    /// How long before now data of a signal is complete, in milliseconds.
    pub fn lag_ms(&self, signal: Signal, now_ns: i64) -> i64 {
        self.of(signal, |lateness| {
            lateness.turn(now_ns);
            lateness.lag_ms()
        })
    }

    /// When something of a signal came last; none since the start.
    pub fn last_ns(&self, signal: Signal) -> Option<i64> {
        self.of(signal, |lateness| Some(lateness.last_ns).filter(|last| *last > 0))
    }

    fn of<T>(&self, signal: Signal, work: impl FnOnce(&mut Lateness) -> T) -> T {
        let at = Signal::ALL.iter().position(|one| *one == signal).unwrap_or_default();
        work(&mut self.0[at].lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Lateness {
    fn turn(&mut self, now_ns: i64) {
        let window = now_ns.div_euclid(WINDOW_NS);
        match window - self.window {
            0 => return,
            1 => self.rows = [[0; BUCKETS], self.rows[0]],
            _ => self.rows = Default::default(),
        }
        self.window = window;
    }

    fn lag_ms(&self) -> i64 {
        let total: u64 = self.rows.iter().flatten().sum();
        let wanted = (total as f64 * SHARE).ceil() as u64;
        let mut seen = 0;
        for at in 0..BUCKETS {
            seen += self.rows[0][at] + self.rows[1][at];
            if seen >= wanted && total > 0 {
                return bound_ms(at);
            }
        }
        0
    }
}

fn bound_ms(bucket: usize) -> i64 {
    (FIRST_MS << bucket).min(MOST_MS)
}

fn bucket(late_ms: i64) -> usize {
    (0..BUCKETS).find(|at| late_ms <= bound_ms(*at)).unwrap_or(BUCKETS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000_000;
    const NOW: i64 = 1_795_694_400 * SECOND;

    #[test]
    fn the_lag_is_what_nearly_all_rows_keep() {
        let arrivals = Arrivals::default();
        assert_eq!((arrivals.lag_ms(Signal::Logs, NOW), arrivals.last_ns(Signal::Logs)), (0, None));
        arrivals.arrived(Signal::Logs, NOW - 3 * SECOND, 990, NOW);
        arrivals.arrived(Signal::Logs, NOW - 100 * SECOND, 10, NOW);
        assert_eq!(arrivals.lag_ms(Signal::Logs, NOW), 4_000);
        arrivals.arrived(Signal::Logs, NOW - 100 * SECOND, 10, NOW);
        assert_eq!(arrivals.lag_ms(Signal::Logs, NOW), 128_000);
        assert_eq!(arrivals.lag_ms(Signal::Spans, NOW), 0);
    }

    #[test]
    fn old_data_and_wrong_clocks_are_not_waited_for() {
        let arrivals = Arrivals::default();
        for hours in [-24, 24, 72] {
            arrivals.arrived(Signal::Logs, NOW - hours * 3_600 * SECOND, 1_000_000, NOW);
        }
        arrivals.arrived(Signal::Logs, NOW + SECOND, 1, NOW);
        assert_eq!((arrivals.lag_ms(Signal::Logs, NOW), arrivals.last_ns(Signal::Logs)), (250, Some(NOW)));
    }

    #[test]
    fn what_was_late_is_forgotten() {
        let arrivals = Arrivals::default();
        arrivals.arrived(Signal::Logs, NOW - 100 * SECOND, 1_000, NOW);
        assert_eq!(arrivals.lag_ms(Signal::Logs, NOW + 200 * SECOND), 128_000);
        arrivals.arrived(Signal::Logs, NOW + 600 * SECOND, 1, NOW + 600 * SECOND);
        assert_eq!(arrivals.lag_ms(Signal::Logs, NOW + 600 * SECOND), 250);
    }
}
