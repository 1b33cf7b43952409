//! The HTTP API: one file a group of endpoints.
//!
//! `endpoints` gives every route as `"METHOD /path"` with its handler; the binary's route table
//! declares role and limits for each and refuses to start when the two disagree.

pub mod alerting;
pub mod answer;
mod asked;
pub mod dashboards;
pub mod jaeger;
pub mod logs;
pub mod loki;
pub mod metrics;
pub mod openapi;
pub mod params;
pub mod prometheus;
pub mod queries;
pub mod rules;
pub mod run;
mod running;
pub mod searches;
pub mod services;
pub mod slos;
pub mod sql;
pub mod system;
mod tail;
pub mod tempo;
#[cfg(test)]
pub(crate) mod testing;
pub mod traces;
pub mod written;

use self::asked::remembered;
use self::running::Running;
use crate::promql::otlp::{Identities, Stored};
use axum::routing::MethodRouter;
use ocelli_api::UnixNano;
use ocelli_api::ingest::SystemResponse;
use ocelli_storage::{Snapshot, Store};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Whose data is asked for; there is one tenant until log-in exists.
pub const TENANT: &str = "default";

/// What the handlers share. Cheap to clone.
#[derive(Clone)]
pub struct Api {
    pub store: Store,
    pub system: Arc<dyn Fn() -> SystemResponse + Send + Sync>,
    /// Wall time, given in so that tests can stop it.
    pub clock: Arc<dyn Fn() -> UnixNano + Send + Sync>,
    pub limits: Limits,
    /// Labels of series that were asked for before.
    pub identities: Arc<Identities>,
    admission: Arc<Semaphore>,
    tails: Arc<Semaphore>,
    running: Arc<Running>,
}

/// The bounds of a query. Every one of them is named in the error that it causes.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Queries that run at the same time; the others wait.
    pub concurrent_queries: usize,
    /// Clients that watch logs come in at the same time; one more is refused.
    pub concurrent_tails: usize,
    /// How long a query waits for its turn before it is refused.
    pub admission_wait: Duration,
    /// The deadline of a query that asks for none, and the longest that one may ask for.
    pub timeout: Duration,
    /// Points of one series in a range query (11,000 is Prometheus' own limit).
    pub points_per_series: usize,
    /// Samples that one PromQL query may hold in memory.
    pub samples: u64,
    /// Bytes of decoded rows that one log or trace query may hold in memory.
    pub query_bytes: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            concurrent_queries: 8,
            concurrent_tails: 64,
            admission_wait: Duration::from_secs(2),
            timeout: Duration::from_secs(30),
            points_per_series: 11_000,
            samples: 50_000_000,
            query_bytes: 512 << 20,
        }
    }
}

impl Api {
    pub fn new(
        store: Store,
        system: Arc<dyn Fn() -> SystemResponse + Send + Sync>,
        clock: Arc<dyn Fn() -> UnixNano + Send + Sync>,
        limits: Limits,
    ) -> Api {
        let admission = Arc::new(Semaphore::new(limits.concurrent_queries.max(1)));
        let tails = Arc::new(Semaphore::new(limits.concurrent_tails));
        let identities = Arc::new(Identities::new(store.memory()));
        let running = Arc::default();
        Api { store, system, clock, limits, identities, admission, tails, running }
    }

    /// For selections of PromQL.
    pub fn stored<'a>(&'a self, snapshot: &'a Snapshot) -> Stored<'a> {
        Stored { snapshot, identities: &self.identities }
    }

    pub fn now(&self) -> UnixNano {
        (self.clock)()
    }
}

/// Every route of the query side with its handler.
pub fn endpoints(api: Api) -> Vec<(&'static str, MethodRouter)> {
    let mut all = Vec::new();
    all.extend(services::endpoints(api.clone()));
    all.extend(traces::endpoints(api.clone()));
    all.extend(logs::endpoints(api.clone()));
    all.extend(metrics::endpoints(api.clone()));
    all.extend(sql::endpoints(api.clone()));
    all.extend(system::endpoints(api.clone()));
    all.extend(queries::endpoints(api.clone()));
    all.extend(prometheus::endpoints(api.clone()));
    all.extend(jaeger::endpoints(api.clone()));
    all.extend(tempo::endpoints(api.clone()));
    all.extend(loki::endpoints(api));
    remembered(all)
}
