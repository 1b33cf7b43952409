//! One file a page.

pub mod alert;
pub mod alerts;
pub mod dashboard;
pub mod dashboards;
pub mod diff;
pub mod explain;
pub mod logs;
pub mod map;
pub mod metrics;
pub mod service;
pub mod services;
pub mod slo;
pub mod slos;
pub mod system;
pub mod trace;
pub mod traces;
