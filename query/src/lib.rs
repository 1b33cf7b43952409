//! Everything that is read: PromQL, logs, traces, RED and SQL over one storage snapshot, and the HTTP
//! API in front of them.
//!
//! A handler in [`http`] reads parameters, runs the work under admission and a deadline
//! ([`http::run`]), and shapes the answer. The engines know nothing of HTTP.

pub mod alerting;
mod byte_hash;
mod cores;
pub mod dashboards;
mod edit_distance;
pub mod error;
pub mod http;
pub mod logs;
pub mod metrics;
mod nearest;
pub mod promql;
pub mod red;
pub mod rules;
pub mod slo;
pub mod sql;
pub mod traces;

pub use error::Error;
pub use http::{Api, Limits};
