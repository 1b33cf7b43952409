//! New rules over what was kept before: one worker, the oldest slots first, at most half the time.
//!
//! A chunk's samples are durable before its mark is saved. A process that is killed between the two
//! computes the chunk again, and writes only what is not there.

use super::status::Unit;
use super::work::Work;
use ocelli_query::Error;
use ocelli_query::promql::otlp::select_from;
use ocelli_query::rules::backfill::{Chunk, Filled, Over, fill};
use ocelli_query::rules::{Rule, points};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Marks of rules that are evaluated on time are saved this often.
const SAVE_EVERY: Duration = Duration::from_secs(60);
/// After an error of the store.
const RETRY: Duration = Duration::from_secs(1);
/// Slots of the first chunk; then as many as take about this long.
const FIRST_SLOTS: usize = 60;
const MOST_SLOTS: usize = 11_000;
const QUICK: Duration = Duration::from_millis(100);
const SLOW: Duration = Duration::from_millis(400);
/// Samples that a chunk of several slots may hold: ingest and queries need the memory too. One slot may
/// hold what an evaluation on time may.
const MOST_SAMPLES: u64 = 1_000_000;

pub struct Worker {
    pub work: Arc<Work>,
    pub units: Arc<Mutex<Vec<Arc<Unit>>>>,
}

impl Worker {
    /// Works until it is told to stop, between two chunks.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut slots = FIRST_SLOTS;
        while !*stop.borrow() {
            let rest = match self.unfinished() {
                Some(unit) => {
                    let started = Instant::now();
                    let went_well = self.step(&unit, &mut slots).await;
                    if went_well { started.elapsed() } else { RETRY }
                }
                None => {
                    slots = FIRST_SLOTS;
                    self.work.save(&self.all()).await;
                    SAVE_EVERY
                }
            };
            tokio::select! {
                _ = tokio::time::sleep(rest) => {}
                _ = self.work.wake.notified(), if rest == SAVE_EVERY => {}
                _ = stop.wait_for(|stop| *stop) => {}
            }
        }
    }

    fn all(&self) -> Vec<Arc<Unit>> {
        self.units.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A group that has a rule with slots to fill: the first, in the order of the files, that reads no
    /// series of another such group.
    fn unfinished(&self) -> Option<Arc<Unit>> {
        let mut all = self.all();
        all.retain(|unit| lowest(unit).is_some());
        let at = first_to_fill(&all.iter().map(|unit| &unit.group.rules[..]).collect::<Vec<_>>())?;
        Some(all.swap_remove(at))
    }

    /// One chunk of a group, rule by rule: a later one reads what an earlier one gave. False when it is to
    /// be tried again.
    async fn step(&self, unit: &Arc<Unit>, slots: &mut usize) -> bool {
        let Some(done_ms) = lowest(unit) else { return true };
        if is_circular(&unit.group.rules) {
            *slots = 1;
        }
        let Some(chunk) = Chunk::next(unit.slots, done_ms, unit.live_from_ms(), *slots) else { return true };
        let started = Instant::now();
        for (at, rule) in unit.group.rules.iter().enumerate() {
            let done_ms = unit.state().rules[at].past.as_ref().map_or(i64::MAX, |past| past.mark.done);
            let Some(own) =
                Chunk::next(unit.slots, done_ms.min(chunk.last_ms), chunk.last_ms + 1, MOST_SLOTS)
            else {
                continue;
            };
            match self.fill(unit, rule, own).await {
                Ok((filled, samples)) => note(unit, at, own, &filled, samples),
                Err(Error::LimitExceeded(_) | Error::Timeout(_) | Error::Memory { later: false, .. })
                    if own.slots() > 1 =>
                {
                    *slots = (own.slots() / 2).max(1);
                    return true;
                }
                Err(
                    error @ (Error::Storage(_)
                    | Error::Memory { later: true, .. }
                    | Error::Internal(_)
                    | Error::Cancelled),
                ) => {
                    tell(unit, at, &error);
                    return false;
                }
                Err(error) => {
                    // This slot can't be computed; those after it may.
                    let filled = Filled {
                        failed: [own.last_ms].into(),
                        error: Some(error.to_string()),
                        ..Filled::default()
                    };
                    note(unit, at, own, &filled, 0);
                }
            }
        }
        *slots = match started.elapsed() {
            quick if quick < QUICK => (*slots * 2).min(MOST_SLOTS),
            slow if slow > SLOW => (*slots / 2).max(1),
            _ => *slots,
        };
        self.work.save(std::slice::from_ref(unit)).await;
        true
    }

    async fn fill(&self, unit: &Unit, rule: &Rule, chunk: Chunk) -> Result<(Filled, u64), Error> {
        let max_samples = self.work.ask.max_samples;
        let over = Over {
            chunk,
            query_offset_ms: unit.context.query_offset_ms,
            limit: unit.context.limit,
            subquery_step_ms: self.work.ask.subquery_step_ms,
            max_samples: if chunk.slots() > 1 { max_samples.min(MOST_SAMPLES) } else { max_samples },
        };
        let (rule, ask) = (rule.clone(), self.work.ask);
        let mut filled = self
            .work
            .blocking(move |stored, budget| {
                let mut select = |selection: &_| select_from(stored, selection, &|_, _| {});
                let mut ask = |language, text: &_, time_ms| ask.at(language, text, time_ms, stored, budget);
                let filled = fill(&rule, &over, &mut ask, &mut select, &|| budget.check())?;
                budget.keep(filled.recorded.len() * points::RECORDED_BYTES)?;
                Ok::<_, Error>(filled)
            })
            .await??;
        let recorded = std::mem::take(&mut filled.recorded);
        let samples = recorded.len() as u64;
        self.work.keep(recorded).await?;
        Ok((filled, samples))
    }
}

/// The slot up to which all rules of a group are done; none when nothing is left.
fn lowest(unit: &Unit) -> Option<i64> {
    let state = unit.state();
    let done = state.rules.iter().filter_map(|info| Some(info.past.as_ref()?.mark.done)).min()?;
    (done < unit.last_past_ms()).then_some(done)
}

/// The place of the group to begin with; of groups that read each other in a circle it is the first.
fn first_to_fill(groups: &[&[Rule]]) -> Option<usize> {
    let recorded = |other: &Rule, rule: &Rule| other.alert.is_none() && rule.expr.contains(&other.name);
    let reads = |rules: &[Rule], others: &[Rule]| {
        let recording = rules.iter().filter(|rule| rule.alert.is_none());
        recording.into_iter().any(|rule| others.iter().any(|other| recorded(other, rule)))
    };
    let is_free = |at: &usize| {
        groups.iter().enumerate().all(|(other, rules)| other == *at || !reads(groups[*at], rules))
    };
    (0..groups.len()).find(is_free).or((!groups.is_empty()).then_some(0))
}

/// Whether a rule reads its own result, or that of one after it: then every slot must be there before
/// the next is computed. A name in a text that is not read costs time, not truth.
fn is_circular(rules: &[Rule]) -> bool {
    let reads = |at: usize, rule: &Rule| rules[at..].iter().any(|other| rule.expr.contains(&other.name));
    rules.iter().enumerate().any(|(at, rule)| rule.alert.is_none() && reads(at, rule))
}

fn note(unit: &Unit, at: usize, chunk: Chunk, filled: &Filled, samples: u64) {
    let mut state = unit.state();
    let latest = state.last_slot_ms;
    let Some(past) = state.rules[at].past.as_mut() else { return };
    past.mark.done = past.mark.done.max(chunk.last_ms);
    past.samples += samples;
    past.failures += filled.failed.len() as u64;
    past.last_error = filled.error.clone().or(past.last_error.take());
    if past.mark.done >= unit.last_past_ms() {
        past.mark.done = past.mark.done.max(latest.unwrap_or(i64::MIN));
        let (rule, samples) = (&unit.group.rules[at].name, past.samples);
        tracing::info!(group = unit.group.name, rule, samples, "a rule was computed over what was kept");
    }
}

fn tell(unit: &Unit, at: usize, error: &Error) {
    if matches!(error, Error::Cancelled) {
        return;
    }
    tracing::warn!(group = unit.group.name, %error, "computing the past of a rule waits");
    if let Some(past) = unit.state().rules[at].past.as_mut() {
        past.last_error = Some(error.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(name: &str, expr: &str) -> Rule {
        Rule {
            name: name.into(),
            expr: expr.into(),
            language: Default::default(),
            labels: Vec::new(),
            alert: None,
        }
    }

    #[test]
    fn what_is_read_is_filled_first() {
        let (base, middle, top) =
            ([rule("a:x", "sum(x)")], [rule("b:x", "sum(a:x)")], [rule("c:x", "a:x / b:x")]);
        assert_eq!(first_to_fill(&[&top, &middle, &base]), Some(2));
        assert_eq!(first_to_fill(&[&top, &middle]), Some(1));
        assert_eq!(first_to_fill(&[&[rule("a", "b")], &[rule("b", "a")]]), Some(0));
        assert_eq!(first_to_fill(&[]), None);
    }

    #[test]
    fn rules_that_read_themselves_are_told() {
        assert!(!is_circular(&[rule("a:x", "sum(x)"), rule("b:x", "sum(a:x)")]));
        assert!(is_circular(&[rule("b:x", "sum(a:x)"), rule("a:x", "sum(x)")]));
        assert!(is_circular(&[rule("a:x", "a:x offset 1m + 1")]));
    }
}
