//! What is sent when: pure functions of what waits, what happened and the time. A worker asks, sends and
//! reports; nothing here has a clock or a die.
//!
//! Times are milliseconds since the Unix epoch and may jump, also over a restart: a time that lies further
//! ahead than any of these policies sets one counts as past, so that a clock that was set back makes
//! nobody wait for it.

mod backoff;
mod breaker;
mod gate;
mod queue;
mod rate;

pub use backoff::{Backoff, Next};
pub use breaker::{Breaker, BreakerSettings, BreakerState};
pub use gate::{Gate, GateSettings};
pub use queue::{Gates, InFlight, Pick, Waiting, pick};
pub use rate::RateLimit;

/// The longest time ahead that a policy sets: a `Retry-After` of an hour.
pub const LONGEST_WAIT_MS: i64 = 3_600_000;

/// Whether `at_ms` has come, or can only be the mark of a clock that was set back since.
fn is_past(at_ms: i64, now_ms: i64) -> bool {
    at_ms <= now_ms || at_ms.saturating_sub(now_ms) > LONGEST_WAIT_MS
}

/// A duration as the policies count.
fn millis(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
