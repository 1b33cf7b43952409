//! The faults that can be switched on while the shop runs, and the switches inside of the services.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::{
    Json,
    routing::{MethodRouter, get},
};
use serde::{Deserialize, Serialize};

use crate::process::Process;

/// One fault. It lives in the service that it breaks, so that nobody else has to remember its state.
#[derive(Debug)]
pub struct Fault {
    /// Its name in URLs.
    pub name: &'static str,
    /// What is seen while it is on.
    pub effect: &'static str,
    pub(crate) process: Process,
}

/// All faults of the shop.
pub const FAULTS: [Fault; 3] = [
    Fault {
        name: "payment-slow",
        effect: "charges by the third party take 1.5 to 3.2 seconds instead of 0.12 to 0.38",
        process: Process::Payment,
    },
    Fault {
        name: "inventory-errors",
        effect: "two of five reservations fail on a table that does not exist",
        process: Process::Inventory,
    },
    Fault {
        name: "order-release",
        effect: "order 1.5.0 is deployed over 1.4.0: slow by 150 ms a line, and failing for gold customers",
        process: Process::Order,
    },
];

/// Whether a fault is on: the body of `GET` and `PUT /admin/fault` of a service.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct State {
    pub(crate) on: bool,
}

/// A fault that is a flag in memory. Off at every start.
#[derive(Clone, Default)]
pub(crate) struct Switch(Arc<AtomicBool>);

impl Switch {
    pub(crate) fn is_on(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// `GET` says the state, `PUT` sets it.
    pub(crate) fn control(&self) -> MethodRouter {
        let (reading, writing) = (self.clone(), self.clone());
        get(move || async move { Json(State { on: reading.is_on() }) }).put(
            move |Json(wanted): Json<State>| async move {
                writing.0.store(wanted.on, Ordering::Relaxed);
                tracing::warn!(on = wanted.on, "fault switched");
                Json(wanted)
            },
        )
    }
}
