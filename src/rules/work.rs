//! What groups and backfill share: asking the store, keeping samples, marks.

use super::mark::{self, Mark};
use super::status::{Past, RuleInfo, Unit};
use super::{Settings, restore};
use crate::alerting::Alerts;
use crate::time::Arrivals;
use ocelli_query::Error;
use ocelli_query::http::TENANT;
use ocelli_query::http::run::Budget;
use ocelli_query::promql::labels::METRIC_NAME;
use ocelli_query::promql::otlp::{Identities, Stored, select_from};
use ocelli_query::promql::select::{Matcher, Selection};
use ocelli_query::promql::{Answer, Query, run};
use ocelli_query::rules::language::of_events;
use ocelli_query::rules::points;
use ocelli_query::rules::schedule::{Schedule, Slots};
use ocelli_query::rules::{Context, Group, Language, Recorded, Rule, RuleState};
use ocelli_signal::{Batch, Signal};
use ocelli_storage::{Clock, Store};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, Semaphore};

/// Groups that evaluate at the same moment; the others wait, so that queries have a core too.
const CONCURRENT: usize = 2;
/// A full store is tried again for so long before samples are given up.
const KEEP_PATIENCE: Duration = Duration::from_secs(10);

pub struct Work {
    pub store: Store,
    pub clock: Clock,
    arrivals: Arc<Arrivals>,
    /// Whom the alerts of rules are told; none in tests of the rules alone.
    pub alerts: Option<Arc<Alerts>>,
    settled_ms: i64,
    pub timeout: Duration,
    pub ask: Ask,
    identities: Arc<Identities>,
    max_bytes: usize,
    history_ms: i64,
    places: Semaphore,
    /// There is something to fill in.
    pub wake: Notify,
    /// Ends what is being evaluated.
    stopping: Arc<AtomicBool>,
}

impl Work {
    pub fn new(
        store: Store,
        clock: Clock,
        arrivals: Arc<Arrivals>,
        alerts: Option<Arc<Alerts>>,
        settings: &Settings,
    ) -> Work {
        let identities = Arc::new(Identities::new(store.memory()));
        Work {
            store,
            identities,
            arrivals,
            alerts,
            settled_ms: clock.now_ns().div_euclid(1_000_000) + settings.settle_ms,
            clock,
            timeout: settings.timeout,
            ask: Ask { max_samples: settings.max_samples, subquery_step_ms: settings.interval_ms },
            max_bytes: settings.max_bytes,
            history_ms: settings.history_ms,
            places: Semaphore::new(CONCURRENT),
            wake: Notify::new(),
            stopping: Arc::default(),
        }
    }

    /// Evaluations that are under way end with an error; the next start fills their slots in.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    pub fn now_ms(&self) -> i64 {
        self.clock.now_ns().div_euclid(1_000_000)
    }

    /// Up to when the input of rules in a language is complete, as far as how late data came lately tells.
    /// Points have no such time: a query looks back for the last of them.
    pub fn complete_ms(&self, language: Language) -> i64 {
        let signal = match language {
            Language::PromQl => return self.now_ms(),
            Language::LogQl => Signal::Logs,
            Language::TraceQl => Signal::Spans,
        };
        let now_ns = self.clock.now_ns();
        now_ns.div_euclid(1_000_000) - self.arrivals.lag_ms(signal, now_ns)
    }

    /// Whether the server has just started.
    pub fn is_settling(&self) -> bool {
        self.now_ms() < self.settled_ms
    }

    /// Runs what asks the store, off the async threads and among few.
    pub async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(Stored<'_>, &Budget) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let closed = |why: &dyn std::fmt::Display| Error::Internal(why.to_string());
        let _place = self.places.acquire().await.map_err(|why| closed(&why))?;
        let (budget, snapshot) = Budget::of_server(&self.store, self.timeout, self.max_bytes, &self.stopping);
        let identities = self.identities.clone();
        let task = tokio::task::spawn_blocking(move || {
            work(Stored { snapshot: &snapshot, identities: &identities }, &budget)
        });
        task.await.map_err(|why| closed(&why))
    }

    /// Keeps samples; they are durable and can be asked for when this returns.
    /// The samples of a series must come together.
    pub async fn keep(&self, recorded: Vec<Recorded>) -> Result<(), Error> {
        let mut refused = 0;
        let mut rest = recorded.into_iter();
        loop {
            // What is written is let go of before the next part is made.
            let part: Vec<Recorded> = rest.by_ref().take(points::BATCH_ROWS).collect();
            if part.is_empty() {
                break;
            }
            let (batch, too_wide) = points::batch(&part);
            drop(part);
            refused += too_wide;
            if batch.rows.num_rows() > 0 {
                self.append(batch).await?;
            }
        }
        match refused {
            0 => Ok(()),
            _ => Err(Error::LimitExceeded(format!("{refused} histograms have too many buckets to be kept"))),
        }
    }

    /// Waits for a while when the store is full.
    async fn append(&self, batch: Batch) -> Result<(), Error> {
        let started = Instant::now();
        loop {
            match self.store.append(TENANT, batch.clone()).await {
                Ok(_) => return Ok(()),
                Err(ocelli_storage::Error::Overloaded { retry_after, .. })
                    if started.elapsed() < KEEP_PATIENCE =>
                {
                    tokio::time::sleep(retry_after).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The samples whose time the store does not have of their series.
    pub async fn without_stored(&self, recorded: Vec<Recorded>) -> Result<Vec<Recorded>, Error> {
        let name = |one: &Recorded| one.labels.metric_name().to_owned();
        let names: BTreeSet<String> = recorded.iter().map(name).collect();
        let times = recorded.iter().map(|one| one.time_ms);
        let (Some(first), Some(last)) = (times.clone().min(), times.max()) else { return Ok(recorded) };
        self.blocking(move |from, _| {
            let mut stored = BTreeSet::new();
            for name in names {
                let matchers = vec![Matcher::equal(METRIC_NAME, &name)];
                let selection = Selection { matchers, after_ms: first - 1, until_ms: last };
                for series in select_from(from, &selection, &|_, _| {})? {
                    let labels = &series.labels;
                    stored.extend(series.samples.in_order().iter().map(|(time, _)| (labels.clone(), *time)));
                }
            }
            Ok(recorded
                .into_iter()
                .filter(|one| !stored.contains(&(one.labels.clone(), one.time_ms)))
                .collect())
        })
        .await?
    }

    /// A group that another server evaluates.
    pub fn elsewhere(&self, group: Group, interval_ms: i64) -> Unit {
        let slots = Slots::new(&group.name, group.interval_ms.unwrap_or(interval_ms));
        let kept =
            |rule: &Rule| self.alerts.as_ref().map(|alerts| alerts.kept(&rule.key())).unwrap_or_default();
        let info = |rule: &Rule| RuleInfo { alerts: kept(rule), ..RuleInfo::default() };
        let rules = group.rules.iter().map(info).collect();
        Unit::new(group, slots, Context::default(), i64::MIN, rules)
    }

    /// A group as it will run, from the next slot on.
    pub fn unit(&self, group: Group, interval_ms: i64, marks: &HashMap<String, Mark>) -> (Unit, Schedule) {
        let slots = Slots::new(&group.name, group.interval_ms.unwrap_or(interval_ms));
        let now_ms = self.now_ms();
        let context = Context {
            query_offset_ms: group.query_offset_ms.unwrap_or(0),
            limit: group.limit,
            external_url: self.alerts.as_ref().map(|alerts| alerts.external_url()).unwrap_or_default(),
            ..Context::default()
        };
        let history = self.store.snapshot(TENANT).min_time(Signal::Points);
        let earliest_ms = now_ms.saturating_sub(self.history_ms);
        let history_ms = history.map_or(now_ms, |ns| ns.div_euclid(1_000_000)).max(earliest_ms);
        let begin_ms = slots.at_or_before(history_ms.saturating_add(context.query_offset_ms));
        let past = |rule: &Rule| {
            let key = rule.key();
            let saved = marks.get(&key).copied();
            let mark = saved.unwrap_or(Mark { from: begin_ms, done: begin_ms - slots.interval_ms });
            // What has expired since is not computed.
            let mark = Mark { done: mark.done.max(begin_ms - slots.interval_ms), ..mark };
            Past { key, mark, saved, samples: 0, failures: 0, last_error: None }
        };
        let rules: Vec<RuleInfo> = group
            .rules
            .iter()
            .map(|rule| RuleInfo { past: rule.alert.is_none().then(|| past(rule)), ..RuleInfo::default() })
            .collect();
        let latest = rules.iter().filter_map(|info| Some(info.past.as_ref()?.mark.done)).max();
        let schedule = Schedule::new(slots, now_ms, latest.unwrap_or(i64::MIN));
        (Unit::new(group, slots, context, schedule.next_ms(), rules), schedule)
    }

    /// A rule with what an earlier process left of it in the store.
    pub async fn restored(&self, rule: &Rule, unit: &Unit) -> RuleState {
        let mut state = RuleState::new(rule.clone());
        let (rule, now_ms) = (rule.clone(), self.now_ms());
        let last_ms = unit.last_past_ms() - unit.context.query_offset_ms;
        let found = self.blocking(move |stored, _| restore::found(stored, &rule, last_ms, now_ms)).await;
        match found.flatten() {
            Ok(found) => {
                state.resume(&found.series);
                let key = state.rule.key();
                state.resume_alerts(self.alerts.iter().flat_map(|alerts| alerts.kept(&key)));
                found.alerts.iter().for_each(|(labels, since)| state.restore_alert(labels, *since));
            }
            Err(error) => tracing::warn!(%error, rule = state.rule.name, "its state could not be restored"),
        }
        state
    }

    /// Ends the series of rules that are there no more.
    pub async fn end(&self, states: Vec<RuleState>) {
        let now_ms = self.now_ms();
        let ended: Vec<Recorded> = states.into_iter().flat_map(|mut state| state.end(now_ms)).collect();
        if let Err(error) = self.keep(ended).await {
            tracing::warn!(%error, "series of removed rules were not marked as ended");
        }
    }

    /// Saves the marks that have moved.
    pub async fn save(&self, units: &[Arc<Unit>]) {
        let mut moved = Vec::new();
        for unit in units {
            let mut state = unit.state();
            for past in state.rules.iter_mut().filter_map(|info| info.past.as_mut()) {
                if past.saved != Some(past.mark) {
                    past.saved = Some(past.mark);
                    moved.push((past.key.clone(), past.mark));
                }
            }
        }
        if let Err(error) = mark::keep(&self.store, &moved).await {
            tracing::warn!(%error, "how far rules are could not be saved; the next start looks further back");
        }
    }
}

/// How a rule's query is asked.
#[derive(Clone, Copy, Debug)]
pub struct Ask {
    pub max_samples: u64,
    pub subquery_step_ms: i64,
}

impl Ask {
    /// One instant query.
    pub fn at(
        self,
        language: Language,
        text: &str,
        time_ms: i64,
        stored: Stored<'_>,
        budget: &Budget,
    ) -> Result<Answer, Error> {
        let Ask { max_samples, subquery_step_ms } = self;
        if language != Language::PromQl {
            return of_events(language, text, time_ms, stored.snapshot, max_samples, budget);
        }
        let query = Query { max_samples, subquery_step_ms, ..Query::instant(text, time_ms) };
        let scanned = |points, bytes| budget.scanned(points, bytes);
        run(&query, &mut |selection| select_from(stored, selection, &scanned), &|| budget.check())
    }
}
