//! Span metrics and the service graph of every tenant, with what they cover.
//!
//! Storage feeds spans in the order of their sequence, after they are durable, and at a restart only
//! those that no stored emission covers. So a crash neither loses nor doubles a count; only calls
//! that wait for their other half (some seconds) are lost from the graph.

use super::emission::{Emission, Tick};
use super::service_graph::ServiceGraph;
use super::span_metrics::SpanMetrics;
use crate::limits::RedLimits;
use arrow::array::RecordBatch;
use ocelli_signal::spans::Spans;
use ocelli_signal::{Batch, Signal};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The processors of all tenants.
pub struct Red {
    limits: RedLimits,
    state: Mutex<State>,
}

struct State {
    tenants: BTreeMap<String, Tenant>,
    /// Time of the last emission, or of the start.
    now_ns: i64,
}

struct Tenant {
    span_metrics: SpanMetrics,
    service_graph: ServiceGraph,
    /// The last sequence that was observed.
    sequence: u64,
    /// Beginnings since then were told in the last emission.
    told_from_ns: i64,
    /// The last emission was not stored.
    lost: bool,
}

/// How full the processors are, over all tenants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RedStats {
    pub series: usize,
    pub edges: usize,
    /// Halves of calls that wait for the other one.
    pub waiting: usize,
    /// Halves that were given up without making an edge.
    pub unpaired: u64,
    /// Spans counted in the overflow series.
    pub overflowed_spans: u64,
}

impl Red {
    /// `started_ns` is the time of the start: series begin no earlier, so that after a restart they
    /// begin after the last point of the ones before.
    pub fn new(limits: RedLimits, started_ns: i64) -> Red {
        Red { limits, state: Mutex::new(State { tenants: BTreeMap::new(), now_ns: started_ns }) }
    }

    /// Counts stored spans. Rows in another schema are counted nowhere, and said so in the log.
    pub fn observe(&self, tenant: &str, sequence: u64, rows: &RecordBatch) {
        let spans = match Spans::new(rows) {
            Ok(spans) => spans,
            Err(error) => {
                tracing::error!(%error, tenant, sequence, "spans are not in their schema");
                return;
            }
        };
        let mut state = self.lock();
        let now_ns = state.now_ns;
        if !state.tenants.contains_key(tenant) {
            state.tenants.insert(tenant.to_owned(), Tenant::new(&self.limits));
        }
        if let Some(tenant) = state.tenants.get_mut(tenant) {
            tenant.span_metrics.observe(&spans, now_ns);
            tenant.service_graph.observe(&spans, now_ns);
            tenant.sequence = tenant.sequence.max(sequence);
        }
    }

    /// The points of all tenants at `now_ns`, each with the last sequence that it covers. The caller
    /// stores every batch, or says that it did not ([`Red::not_stored`]), before it asks for the next.
    pub fn emit(&self, now_ns: i64) -> Vec<(String, Batch, u64)> {
        let mut state = self.lock();
        // A clock that was set back must not make points before those that are stored.
        let previous_ns = state.now_ns;
        let now_ns = now_ns.max(previous_ns + 1);
        state.now_ns = now_ns;
        let emitted = state.tenants.iter_mut().map(|(name, tenant)| {
            if !std::mem::take(&mut tenant.lost) {
                tenant.told_from_ns = previous_ns;
            }
            let mut emission = Emission::new(Tick { previous_ns, now_ns, told_from_ns: tenant.told_from_ns });
            tenant.span_metrics.emit(&mut emission);
            tenant.service_graph.emit(&mut emission);
            let batch = Batch { signal: Signal::Points, rows: emission.points.finish() };
            (name.clone(), batch, tenant.sequence)
        });
        emitted.filter(|(_, batch, _)| batch.rows.num_rows() > 0).collect()
    }

    /// The last emission of a tenant was not stored. The next one is cumulative and covers its spans;
    /// with this it also tells again which series began.
    pub fn not_stored(&self, tenant: &str) {
        if let Some(tenant) = self.lock().tenants.get_mut(tenant) {
            tenant.lost = true;
        }
    }

    pub fn stats(&self) -> RedStats {
        self.lock().tenants.values().fold(RedStats::default(), |sum, tenant| RedStats {
            series: sum.series + tenant.span_metrics.series(),
            edges: sum.edges + tenant.service_graph.edges(),
            waiting: sum.waiting + tenant.service_graph.waiting(),
            unpaired: sum.unpaired + tenant.service_graph.unpaired(),
            overflowed_spans: sum.overflowed_spans + tenant.span_metrics.overflowed_spans(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tenant {
    fn new(limits: &RedLimits) -> Tenant {
        Tenant {
            span_metrics: SpanMetrics::new(limits.clone()),
            service_graph: ServiceGraph::new(limits.clone()),
            sequence: 0,
            told_from_ns: 0,
            lost: false,
        }
    }
}
