//! Where the time of one trace, or of many, went: by operation.

use super::path::{self, Times};
use super::traceql::eval::Trace;
use crate::Error;
use crate::http::run::Budget;
use ocelli_api::traces::OperationStatistics;
use ocelli_signal::spans::STATUS_ERROR;
use std::cmp::Reverse;
use std::collections::HashMap;

/// Operations that are told apart.
const MAX_OPERATIONS: usize = 10_000;

/// What is known of each operation so far.
#[derive(Default)]
pub struct Statistics {
    pub traces: u64,
    pub spans: u64,
    operations: HashMap<(String, String), Operation>,
}

#[derive(Default)]
struct Operation {
    traces: u64,
    last_trace: u64,
    errors: u64,
    self_ns: i64,
    critical_ns: i64,
    durations: Vec<i64>,
}

impl Statistics {
    /// Takes in all spans of a trace.
    pub fn add(&mut self, trace: &Trace<'_>, budget: &Budget) -> Result<(), Error> {
        let times = of_trace(trace);
        self.traces += 1;
        self.spans += trace.len() as u64;
        budget.keep(trace.len() * size_of::<i64>())?;
        for span in 0..trace.len() {
            let (view, row) = (trace.view(span), trace.places[span].row);
            let key = (view.service(row).to_owned(), view.name(row).to_owned());
            if self.operations.len() == MAX_OPERATIONS && !self.operations.contains_key(&key) {
                let message =
                    format!("the traces have more than {MAX_OPERATIONS} operations; select fewer traces");
                return Err(Error::LimitExceeded(message));
            }
            let of = self.operations.entry(key).or_default();
            if of.last_trace != self.traces {
                (of.last_trace, of.traces) = (self.traces, of.traces + 1);
            }
            of.errors += u64::from(view.status(row) == STATUS_ERROR);
            of.self_ns = of.self_ns.saturating_add(times.self_ns[span]);
            of.critical_ns = of.critical_ns.saturating_add(times.critical_ns[span]);
            // A span that ends before it starts takes no time.
            of.durations.push(trace.duration_of(span).max(0));
        }
        Ok(())
    }

    /// The operation with the most time of its own first.
    pub fn finish(self) -> Vec<OperationStatistics> {
        let mut operations: Vec<OperationStatistics> = self.operations.into_iter().map(statistics).collect();
        operations.sort_by(|a, b| {
            let key =
                |of: &OperationStatistics| (Reverse(of.self_ns), of.service.clone(), of.operation.clone());
            key(a).cmp(&key(b))
        });
        operations
    }
}

fn statistics(((service, operation), mut of): ((String, String), Operation)) -> OperationStatistics {
    of.durations.sort_unstable();
    // The least value that so many are not above.
    let at = |share: f64| {
        let rank = (share * of.durations.len() as f64).ceil() as usize;
        of.durations.get(rank.max(1) - 1).copied().unwrap_or_default()
    };
    OperationStatistics {
        service,
        operation,
        traces: of.traces,
        spans: of.durations.len() as u64,
        errors: of.errors,
        total_ns: of.durations.iter().fold(0, |sum: i64, ns| sum.saturating_add(*ns)),
        self_ns: of.self_ns,
        critical_ns: of.critical_ns,
        min_ns: at(0.0),
        p50_ns: at(0.5),
        p95_ns: at(0.95),
        max_ns: at(1.0),
    }
}

/// Self times and critical paths by the numbers of the spans.
pub fn of_trace(trace: &Trace<'_>) -> Times {
    let bounds = |span: usize| {
        let start = trace.start_of(span);
        (start, start.saturating_add(trace.duration_of(span)))
    };
    let (start, end): (Vec<i64>, Vec<i64>) = (0..trace.len()).map(bounds).unzip();
    path::times(&trace.layout, &start, &end)
}
