//! A shop whose telemetry is real: seven processes that call each other over HTTP, SQLite databases,
//! a durable queue, a slow third party, a load generator, and faults that can be switched on.
//!
//! ```text
//! load → gateway → auth ─ customers.sqlite
//!                → order ─ validation, orders.sqlite
//!                     → inventory ─ stock.sqlite
//!                → payment → api.payments.example (a third party without telemetry)
//!                → order (confirm) ─ queue.sqlite → notification ─ notifications.sqlite
//! ```
//!
//! Every process is `EXE shop NAME …`, so that one binary holds the whole shop: [`run`] is one of them,
//! [`spawn_all`] starts them all as children. [`Chat`] is what the people on call would look at.

mod auth;
mod card_network;
mod catalogue;
mod chat;
mod contracts;
mod database;
mod failure;
mod faults;
mod gateway;
mod inventory;
mod load;
mod notification;
mod options;
mod order;
mod payment;
mod peer;
mod process;
mod queue;
mod service;
mod stop;
mod supervisor;

pub use chat::Chat;
pub use faults::{FAULTS, Fault};
pub use options::ShopOptions;
pub use process::PROCESSES;
pub use service::run;
pub use supervisor::{Output, Shop, spawn_all};
