//! One file a page.

pub mod logs;
pub mod metrics;
pub mod service;
pub mod services;
pub mod system;
pub mod trace;
pub mod traces;
