//! From an alert that fires to what its receivers are sent: silences, inhibition, routing, grouping, and
//! the messages.
//!
//! ```text
//! alerts ─► dispatch: silences · inhibition · mute times · routes · groups ─► Flush ─► render ─► Parcel
//! ```
//!
//! Source: Prometheus Alertmanager's documentation; its configuration is read unchanged. All of it is
//! functions of a time that comes in: the binary has the clock, keeps the records in the catalog, and
//! sends.

pub mod acknowledgement;
pub mod alert;
pub mod config;
pub mod dispatch;
pub mod matcher;
pub mod receiver;
pub mod render;
#[cfg(test)]
pub(crate) mod samples;
pub mod silence;
pub mod template;
pub mod times;

pub use acknowledgement::Acknowledgement;
pub use alert::{Alert, Fingerprint, Flush};
pub use config::Config;
pub use receiver::{Integration, Kind, Receiver};
pub use silence::{CompiledSilence, Silence, SilenceState};
pub use times::TimeInterval;
