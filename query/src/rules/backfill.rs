//! A recording rule over the past: many evaluations as one range query.

use super::file::Rule;
use super::language::Language;
use super::schedule::Slots;
use super::state::{Asked, Recorded, RuleLabels, check_record, vector};
use crate::Error;
use crate::promql::labels::{Labels, METRIC_NAME};
use crate::promql::select::{Matcher, Select, Selection, StoredSeries};
use crate::promql::value::{Sample, stale_nan};
use crate::promql::{Data, Query, run};
use std::collections::{BTreeMap, BTreeSet};

/// Slots of a group from the first to the last, both included. Milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk {
    pub first_ms: i64,
    pub last_ms: i64,
    pub interval_ms: i64,
}

impl Chunk {
    /// The next so many slots after a time, all before another; none when there are none.
    pub fn next(slots: Slots, done_ms: i64, until_ms: i64, most: usize) -> Option<Chunk> {
        let first_ms = slots.after(done_ms);
        let last_ms =
            slots.at_or_before(until_ms - 1).min(first_ms + (most.max(1) as i64 - 1) * slots.interval_ms);
        (first_ms <= last_ms).then_some(Chunk { first_ms, last_ms, interval_ms: slots.interval_ms })
    }

    pub fn slots(&self) -> usize {
        ((self.last_ms - self.first_ms) / self.interval_ms) as usize + 1
    }

    fn times(&self) -> impl Iterator<Item = i64> {
        let Chunk { first_ms, interval_ms, .. } = *self;
        (0..self.slots() as i64).map(move |at| first_ms + at * interval_ms)
    }
}

/// How a rule is asked over the past.
#[derive(Clone, Copy, Debug)]
pub struct Over {
    pub chunk: Chunk,
    pub query_offset_ms: i64,
    pub limit: usize,
    /// Of subqueries that name none.
    pub subquery_step_ms: i64,
    pub max_samples: u64,
}

/// What a chunk gave.
#[derive(Clone, Debug, Default)]
pub struct Filled {
    /// What is not stored yet.
    pub recorded: Vec<Recorded>,
    /// The times at which the rule failed, and why at the last of them.
    pub failed: BTreeSet<i64>,
    pub error: Option<String>,
}

/// Evaluates at every slot of a chunk. What is stored already, by an earlier run that was cut off, is not
/// given again; series that ended at a slot get their stale marker there.
pub fn fill(
    rule: &Rule,
    over: &Over,
    ask: &mut Asked,
    select: &mut Select,
    check: &(dyn Fn() -> Result<(), Error> + Sync),
) -> Result<Filled, Error> {
    let mut filled = Filled::default();
    let found = match by_range(rule, over, select, check) {
        Ok(found) => found,
        // These may be about a few slots: then they are told apart from the others.
        Err(Error::Execution(_)) => one_by_one(rule, over, ask, check, &mut filled)?,
        Err(error) => return Err(error),
    };
    let stored = stored(rule, over, select)?;
    for (labels, samples) in with_ends(found, &stored, over, &filled.failed) {
        let known = stored.get(&labels);
        for (time_ms, sample) in samples {
            if known.is_none_or(|known| !known.contains_key(&time_ms)) {
                filled.recorded.push(Recorded { labels: labels.clone(), time_ms, sample });
            }
        }
    }
    Ok(filled)
}

type Found = BTreeMap<Labels, BTreeMap<i64, Sample>>;

/// All slots by one query. An `Execution` error says that they must be asked one by one.
fn by_range(
    rule: &Rule,
    over: &Over,
    select: &mut Select,
    check: &(dyn Fn() -> Result<(), Error> + Sync),
) -> Result<Found, Error> {
    let again = || Error::Execution("to be asked one by one".to_owned());
    if rule.language != Language::PromQl {
        return Err(again());
    }
    // What the query's own times are is different for one slot.
    if ["start()", "end()", "range()", "step()"].iter().any(|word| rule.expr.contains(word)) {
        return Err(again());
    }
    let Chunk { first_ms, last_ms, interval_ms } = over.chunk;
    let (first_ms, last_ms) = (first_ms - over.query_offset_ms, last_ms - over.query_offset_ms);
    let query = Query {
        max_samples: over.max_samples,
        subquery_step_ms: over.subquery_step_ms,
        ..Query::range(&rule.expr, first_ms, last_ms, interval_ms)
    };
    let Data::Matrix(matrix) = run(&query, select, &check)?.data else { return Err(again()) };
    let mut found = Found::new();
    let own = RuleLabels::of(rule);
    for (labels, samples) in matrix {
        let labels = own.over(&labels);
        if found.insert(labels, samples.into_iter().collect()).is_some() {
            return Err(again());
        }
    }
    if over.limit > 0 && found.len() > over.limit {
        return Err(again());
    }
    Ok(found)
}

fn one_by_one(
    rule: &Rule,
    over: &Over,
    ask: &mut Asked,
    check: &(dyn Fn() -> Result<(), Error> + Sync),
    filled: &mut Filled,
) -> Result<Found, Error> {
    let mut found = Found::new();
    let own = RuleLabels::of(rule);
    for time_ms in over.chunk.times() {
        let time_ms = time_ms - over.query_offset_ms;
        check()?;
        let outcome = ask(rule.language, &rule.expr, time_ms).and_then(vector).and_then(|vector| {
            let named: Vec<(Labels, Sample)> =
                vector.into_iter().map(|(labels, sample)| (own.over(&labels), sample)).collect();
            check_record(named.iter().map(|(labels, _)| labels), over.limit)?;
            Ok(named)
        });
        match outcome {
            Ok(named) => named.into_iter().for_each(|(labels, sample)| {
                found.entry(labels).or_default().insert(time_ms, sample);
            }),
            Err(error @ (Error::Execution(_) | Error::LimitExceeded(_))) => {
                filled.failed.insert(time_ms);
                filled.error = Some(error.to_string());
            }
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// What the store has of the rule's series, from the slot before the chunk to the one after it.
fn stored(rule: &Rule, over: &Over, select: &mut Select) -> Result<Found, Error> {
    let Chunk { first_ms, last_ms, interval_ms } = over.chunk;
    let selection = Selection {
        matchers: vec![Matcher::equal(METRIC_NAME, &rule.name)],
        after_ms: first_ms - over.query_offset_ms - interval_ms - 1,
        until_ms: last_ms - over.query_offset_ms + interval_ms,
    };
    let series = select(&selection)?;
    let times = |series: StoredSeries| {
        let samples = series.samples.between(selection.after_ms, selection.until_ms);
        (series.labels, samples.in_order().into_iter().collect())
    };
    Ok(series.into_iter().map(times).collect())
}

/// The samples with a stale marker after each that is the last before a gap; a slot that failed tells of no
/// end. What was there at the slot before is in the store; at the slot after the last one only the store
/// tells whether anything came.
fn with_ends(mut found: Found, stored: &Found, over: &Over, failed: &BTreeSet<i64>) -> Found {
    let before_ms = over.chunk.first_ms - over.chunk.interval_ms - over.query_offset_ms;
    let after_ms = over.chunk.last_ms + over.chunk.interval_ms - over.query_offset_ms;
    let evaluated_after = stored.values().any(|samples| samples.contains_key(&after_ms));
    let was_there =
        stored.iter().filter(|(_, samples)| samples.get(&before_ms).is_some_and(|s| !s.is_stale()));
    for (labels, _) in was_there {
        found.entry(labels.clone()).or_default();
    }
    for (labels, samples) in &mut found {
        let stored = stored.get(labels);
        let mut present: BTreeSet<i64> = samples.keys().copied().collect();
        present
            .extend(stored.and_then(|all| all.get(&before_ms)).filter(|s| !s.is_stale()).map(|_| before_ms));
        for last in &present {
            let mut time_ms = last + over.chunk.interval_ms;
            while failed.contains(&time_ms) {
                time_ms += over.chunk.interval_ms;
            }
            let beyond = time_ms >= after_ms && !evaluated_after;
            if !present.contains(&time_ms) && !beyond {
                samples.insert(time_ms, Sample::Float(stale_nan()));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests;
