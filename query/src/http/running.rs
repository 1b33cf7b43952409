//! The queries that run, which can be ended from outside, and those that took long.

use super::asked::{Asked, beginning};
use super::run::Budget;
use crate::Error;
use ocelli_api::UnixNano;
use ocelli_api::queries::{QueriesResponse, QueryRun, QueryState};
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A query that takes as long is remembered.
const SLOW: Duration = Duration::from_secs(1);
/// Slow queries that are remembered.
const MOST_SLOW: usize = 100;

/// All queries of a server. Cheap to share.
#[derive(Debug, Default)]
pub struct Running {
    waiting: AtomicU64,
    queries: Mutex<Queries>,
}

#[derive(Debug, Default)]
struct Queries {
    last_id: u64,
    running: BTreeMap<u64, Query>,
    /// The latest first.
    slow: VecDeque<QueryRun>,
}

#[derive(Debug)]
struct Query {
    asked: Asked,
    started: UnixNano,
    budget: Budget,
}

impl Query {
    fn shown(&self, id: u64) -> QueryRun {
        let (stats, parameters) = (self.budget.stats(), self.asked.parameters());
        QueryRun {
            id,
            request: self.asked.request.clone(),
            parameters: parameters.text,
            are_cut: parameters.are_cut,
            user_agent: self.asked.user_agent.clone(),
            started: self.started,
            elapsed_ms: stats.elapsed_ms,
            rows_scanned: stats.rows_scanned,
            bytes_scanned: stats.bytes_scanned,
            state: if self.budget.is_cancelled() { QueryState::Cancelled } else { QueryState::Running },
            error: String::new(),
        }
    }
}

impl Running {
    /// One more waits, until what is returned is dropped.
    pub fn wait(self: &Arc<Self>) -> Waits {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        Waits(self.clone())
    }

    /// One more runs, until what is returned ends or is dropped.
    pub fn begin(self: &Arc<Self>, asked: Asked, started: UnixNano, budget: &Budget) -> Runs {
        let mut queries = self.lock();
        queries.last_id += 1;
        let id = queries.last_id;
        queries.running.insert(id, Query { asked, started, budget: budget.without_memory() });
        Runs { all: self.clone(), id }
    }

    /// Tells a query to end, and which it is.
    pub fn cancel(&self, id: u64) -> Result<QueryRun, Error> {
        let queries = self.lock();
        let query = queries.running.get(&id);
        let query = query.ok_or_else(|| Error::NotFound(format!("no query {id} runs: it may have ended")))?;
        query.budget.cancel();
        Ok(query.shown(id))
    }

    pub fn response(&self, most_running: usize) -> QueriesResponse {
        let queries = self.lock();
        // Those with the lowest numbers run longest.
        QueriesResponse {
            most_running: most_running as u64,
            waiting: self.waiting.load(Ordering::Relaxed),
            slow_ms: SLOW.as_millis() as u64,
            running: queries.running.iter().map(|(id, query)| query.shown(*id)).collect(),
            slow: queries.slow.iter().cloned().collect(),
        }
    }

    fn end(&self, id: u64, state: QueryState, error: String) {
        let mut queries = self.lock();
        let Some(query) = queries.running.remove(&id) else { return };
        let shown = query.shown(id);
        if shown.elapsed_ms >= SLOW.as_secs_f64() * 1e3 {
            queries.slow.push_front(QueryRun { state, error, ..shown });
            queries.slow.truncate(MOST_SLOW);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queries> {
        self.queries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A query that waits for its turn.
#[derive(Debug)]
pub struct Waits(Arc<Running>);

impl Drop for Waits {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A query that runs.
#[derive(Debug)]
pub struct Runs {
    all: Arc<Running>,
    id: u64,
}

impl Runs {
    pub fn end(self, error: Option<&Error>) {
        let state = match error {
            None => QueryState::Done,
            Some(Error::Cancelled) => QueryState::Cancelled,
            Some(_) => QueryState::Failed,
        };
        let error = error.map(Error::to_string).unwrap_or_default();
        self.all.end(self.id, state, beginning(&error));
    }
}

impl Drop for Runs {
    /// Of what has ended nothing is changed any more.
    fn drop(&mut self) {
        self.all.end(self.id, QueryState::Failed, "it ended with a panic".to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::params::Params;

    fn begun(all: &Arc<Running>, parameters: &str, ago: Duration) -> (Runs, Budget) {
        let budget = Budget::begun(ago, Duration::from_secs(60));
        let asked = Asked::of_request("GET /api/logs", &Params::parse(parameters.as_bytes()));
        (all.begin(asked, UnixNano(7), &budget), budget)
    }

    #[test]
    fn what_runs_can_be_told_to_end() {
        let all = Arc::new(Running::default());
        let (first, first_budget) = begun(&all, "q=a", Duration::ZERO);
        let (_second, second_budget) = begun(&all, "q=b", Duration::ZERO);
        second_budget.scanned(10, 200);
        let _waits = all.wait();
        drop(all.wait());
        let told = all.response(8);
        assert_eq!((told.most_running, told.waiting, told.running.len()), (8, 1, 2));
        let second = &told.running[1];
        assert_eq!((&*second.request, &*second.parameters), ("GET /api/logs", "q=b"));
        assert_eq!((second.started, second.rows_scanned, second.bytes_scanned), (UnixNano(7), 10, 200));

        assert_eq!(all.cancel(1).unwrap().state, QueryState::Cancelled);
        assert!(matches!(first_budget.check(), Err(Error::Cancelled)));
        assert!(second_budget.check().is_ok());
        first.end(Some(&Error::Cancelled));
        assert_eq!(all.response(8).running.iter().map(|query| query.id).collect::<Vec<_>>(), [2]);
        let why = all.cancel(1).unwrap_err();
        assert!(matches!(&why, Error::NotFound(_)), "{why}");
    }

    #[test]
    fn the_latest_slow_ones_are_remembered() {
        let all = Arc::new(Running::default());
        begun(&all, "q=fast", Duration::ZERO).0.end(None);
        begun(&all, "q=done", SLOW).0.end(None);
        begun(&all, "q=late", SLOW).0.end(Some(&Error::Timeout(SLOW)));
        drop(begun(&all, "q=panic", SLOW));
        let told = all.response(8);
        assert!(told.running.is_empty());
        let slow: Vec<_> = told.slow.iter().map(|query| (&*query.parameters, query.state)).collect();
        let failed = QueryState::Failed;
        assert_eq!(slow, [("q=panic", failed), ("q=late", failed), ("q=done", QueryState::Done)]);
        assert!(told.slow[1].error.contains("did not end within 1 s"), "{:?}", told.slow[1]);
        for _ in 0..2 * MOST_SLOW {
            begun(&all, "q=many", SLOW).0.end(None);
        }
        assert_eq!(all.response(8).slow.len(), MOST_SLOW);
    }
}
