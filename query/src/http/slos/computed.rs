//! Counts of events as the rules of an objective would have recorded them, had it been there all along.

use super::read::{ByTime, by_time, joined};
use crate::Error;
use crate::http::Api;
use crate::http::run::Budget;
use crate::promql::labels::{Labels, METRIC_NAME};
use crate::promql::otlp::select_from;
use crate::promql::select::{Selection, StoredSeries};
use crate::promql::value::{Samples, stale_nan};
use crate::promql::{Query, run};
use crate::rules::language::{Times, of_events_over};
use crate::rules::schedule::Slots;
use crate::rules::{Language, Rule};
use crate::slo::Slo;
use crate::slo::budget::Counts;
use crate::slo::rules::{BAD, TOTAL, groups, selector};
use ocelli_signal::Signal;
use ocelli_storage::Snapshot;
use std::sync::Arc;

/// The range of one query: a day of slots.
const CHUNK_SLOTS: i64 = 1_440;

/// What the rules say.
struct Made {
    total: String,
    bad: String,
    /// What is asked in another language than PromQL, and recorded for the two.
    sources: Vec<Rule>,
    /// Where the slots are that they are evaluated at.
    offset_ms: i64,
}

impl Made {
    fn of(slo: &Slo) -> Option<Made> {
        let groups = groups(slo);
        let slots = Slots::new(&groups.first()?.name, slo.interval_ms());
        let rules: Vec<Rule> = groups.into_iter().flat_map(|group| group.rules).collect();
        let expr = |name: &str| rules.iter().find(|rule| rule.name == name).map(|rule| rule.expr.clone());
        let (total, bad) = (expr(TOTAL)?, expr(BAD)?);
        // What is not recorded yet stands in place of its series.
        let bad = bad.replace(&format!("{TOTAL}{}", selector(slo)), &format!("({total})"));
        let sources: Vec<Rule> = rules.into_iter().filter(|rule| rule.language != Language::PromQl).collect();
        // Steps of a search over spans are whole ones.
        let is_whole = sources.iter().any(|rule| rule.language == Language::TraceQl);
        let offset_ms = if is_whole { 0 } else { slots.after(0) % slots.interval_ms };
        Some(Made { total, bad, sources, offset_ms })
    }

    /// Before this nothing can have been counted.
    fn begin_ms(&self, snapshot: &Snapshot) -> i64 {
        let signal = match self.sources.first().map(|rule| rule.language) {
            Some(Language::LogQl) => Signal::Logs,
            Some(Language::TraceQl) => Signal::Spans,
            _ => Signal::Points,
        };
        snapshot.min_time(signal).map_or(i64::MAX, |ns| ns.div_euclid(1_000_000))
    }
}

/// The counts from a time to another, and why those of the older part are missing, if so. The newest come first, as
/// a search over a month of logs may not end in time.
pub fn computed(
    api: &Api,
    snapshot: &Snapshot,
    budget: &Budget,
    slo: &Slo,
    (from_ms, to_ms): (i64, i64),
) -> Result<(Counts, Option<String>), Error> {
    let Some(made) = Made::of(slo) else { return Ok((Counts::default(), None)) };
    let step_ms = slo.interval_ms();
    let slot = |time_ms: i64| time_ms - (time_ms - made.offset_ms).rem_euclid(step_ms);
    let first_ms = slot(from_ms.max(made.begin_ms(snapshot))).saturating_add(step_ms);
    let mut last_ms = slot(to_ms);
    let (mut totals, mut bads, mut partial) = (ByTime::new(), ByTime::new(), None);
    while last_ms >= first_ms {
        let begin_ms = (last_ms - (CHUNK_SLOTS - 1) * step_ms).max(first_ms);
        let times = Times { first_ms: begin_ms, last_ms, step_ms, max_samples: api.limits.samples };
        match chunk(api, snapshot, budget, &made, times) {
            Ok((total, bad)) => {
                totals.extend(total);
                bads.extend(bad);
            }
            Err(error) if is_bound(&error) && !totals.is_empty() => {
                let since = ocelli_api::UnixNano(last_ms.saturating_mul(1_000_000)).to_rfc3339();
                partial = Some(format!("only what came after {since} was counted: {error}"));
                break;
            }
            Err(error) => return Err(error),
        }
        last_ms = begin_ms - step_ms;
    }
    Ok((joined(slo, &totals, &bads), partial))
}

fn is_bound(error: &Error) -> bool {
    matches!(error, Error::Timeout(_) | Error::LimitExceeded(_) | Error::Memory { .. })
}

fn chunk(
    api: &Api,
    snapshot: &Snapshot,
    budget: &Budget,
    made: &Made,
    times: Times,
) -> Result<(ByTime, ByTime), Error> {
    let sources = made.sources.iter().map(|rule| source(rule, snapshot, budget, times));
    let sources: Vec<StoredSeries> = sources.collect::<Result<_, _>>()?;
    let mut select = |selection: &Selection| {
        let recorded: Vec<StoredSeries> =
            sources.iter().filter(|series| selection.matches(&series.labels)).cloned().collect();
        if !recorded.is_empty() {
            return Ok(recorded);
        }
        select_from(api.stored(snapshot), selection, &|rows, bytes| budget.scanned(rows, bytes))
    };
    let mut ask = |expr: &str| -> Result<ByTime, Error> {
        let Times { first_ms, last_ms, step_ms, max_samples } = times;
        let query = Query { max_samples, ..Query::range(expr, first_ms, last_ms, step_ms) };
        Ok(by_time(run(&query, &mut select, &|| budget.check())?.data))
    };
    Ok((ask(&made.total)?, ask(&made.bad)?))
}

/// The series that a rule would have recorded. It ends wherever there is nothing, as that of a rule does.
fn source(rule: &Rule, snapshot: &Snapshot, budget: &Budget, times: Times) -> Result<StoredSeries, Error> {
    let mut found = ByTime::new();
    for (_, samples) in of_events_over(rule.language, &rule.expr, times, snapshot, budget)? {
        for (time_ms, value) in samples.into_iter().filter_map(|(time, sample)| Some((time, sample.float()?)))
        {
            *found.entry(time_ms).or_insert(0.0) += value;
        }
    }
    let mut samples = Samples::default();
    for time_ms in times.all() {
        samples.push_float(time_ms, found.get(&time_ms).copied().unwrap_or_else(stale_nan), 0);
    }
    let name = (METRIC_NAME.to_owned(), rule.name.clone());
    let labels = Labels::new(rule.labels.iter().cloned().chain([name]));
    Ok(StoredSeries { labels, samples: Arc::new(samples) })
}
