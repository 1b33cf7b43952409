//! One group on time: its rules one after the other, each seeing what the ones before gave.

use super::status::Unit;
use super::work::Work;
use ocelli_api::rules::RuleHealth;
use ocelli_query::Error;
use ocelli_query::promql::annotations::line_and_column;
use ocelli_query::promql::otlp::select_from;
use ocelli_query::rules::schedule::{Due, Schedule};
use ocelli_query::rules::{Context, Inputs, Recorded, RuleState, points};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// The clock is looked at this often, so that one that jumps is noticed.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Evaluates until it is told to stop; gives what the rules remember. What is not known yet of a rule is
/// looked for in the store.
pub async fn run(
    work: Arc<Work>,
    unit: Arc<Unit>,
    mut schedule: Schedule,
    known: Vec<Option<RuleState>>,
    mut stop: watch::Receiver<bool>,
) -> Vec<RuleState> {
    let mut states = Vec::with_capacity(known.len());
    for (rule, known) in unit.group.rules.iter().zip(known) {
        states.push(match known {
            Some(state) => state,
            None if *stop.borrow() => RuleState::new(rule.clone()),
            None => work.restored(rule, &unit).await,
        });
    }
    let language = unit.group.rules.first().map(|rule| rule.language).unwrap_or_default();
    let mut late = false;
    while !*stop.borrow() {
        match schedule.due(work.complete_ms(language)) {
            Due::Wait(ms) => {
                let wait = Duration::from_millis(ms.unsigned_abs()).min(LOOK_EVERY);
                tokio::select! {
                    _ = tokio::time::sleep(wait) => {}
                    _ = stop.wait_for(|stop| *stop) => {}
                }
            }
            Due::Evaluate { slot_ms, missed, again } => {
                // Told once in a row; all of them are counted.
                if missed > 0 && !late {
                    tracing::warn!(group = unit.group.name, missed, "evaluations were left out");
                }
                if missed > 0 && !again {
                    unit.goes_on_from(slot_ms);
                    work.wake.notify_one();
                }
                late = missed > 0;
                unit.state().missed += missed;
                evaluate(&work, &unit, &mut states, slot_ms, again).await;
            }
        }
    }
    states
}

async fn evaluate(work: &Work, unit: &Unit, states: &mut [RuleState], slot_ms: i64, again: bool) {
    let started = Instant::now();
    for (at, state) in states.iter_mut().enumerate() {
        let rule_started = Instant::now();
        let outcome = evaluate_rule(work, unit, state, slot_ms, again).await;
        if let (Ok(_), Some(alerts), Some(_)) = (&outcome, &work.alerts, &state.rule.alert) {
            let told: Vec<_> = state.alerts().cloned().collect();
            alerts.report(&alerts.rule_of(&unit.group, &state.rule), &told).await;
        }
        let mut told = unit.state();
        let info = &mut told.rules[at];
        info.evaluations += 1;
        info.last_slot_ms = Some(slot_ms);
        info.evaluation_ms = rule_started.elapsed().as_secs_f64() * 1e3;
        info.alerts = state.alerts().cloned().collect();
        match outcome {
            Ok(series) => (info.health, info.last_error, info.series) = (RuleHealth::Ok, None, series),
            // The server stops: the slot is filled in by the next start.
            Err(Error::Cancelled) => return,
            Err(error) => {
                let text = message(&error, &state.rule.expr);
                if info.last_error.as_ref() != Some(&text) {
                    tracing::warn!(
                        group = unit.group.name,
                        rule = state.rule.name,
                        error = text,
                        "a rule failed"
                    );
                }
                if matches!(error, Error::Storage(_)) {
                    // It could not be kept: the slot is filled in when it can.
                    unit.goes_on_from(slot_ms + unit.slots.interval_ms);
                    work.wake.notify_one();
                }
                info.failures += 1;
                (info.health, info.last_error) = (RuleHealth::Err, Some(text));
            }
        }
        // The past is done: from here the mark goes with the slots.
        if let Some(past) = info.past.as_mut().filter(|past| past.mark.done >= unit.last_past_ms()) {
            past.mark.done = past.mark.done.max(slot_ms);
        }
    }
    let mut told = unit.state();
    told.evaluations += 1;
    told.last_slot_ms = Some(slot_ms);
    told.evaluation_ms = started.elapsed().as_secs_f64() * 1e3;
}

/// Evaluates and keeps; gives how many series there are.
async fn evaluate_rule(
    work: &Work,
    unit: &Unit,
    state: &mut RuleState,
    slot_ms: i64,
    again: bool,
) -> Result<u64, Error> {
    let (mut moved, ask) = (state.clone(), work.ask);
    let context = Context { settling: work.is_settling(), ..unit.context.clone() };
    let asked = work.blocking(move |stored, budget| {
        let mut ask = |language, text: &_, time_ms| ask.at(language, text, time_ms, stored, budget);
        let outcome = moved.evaluate(slot_ms, &context, &mut ask, &mut |rule, time_ms, ask| {
            let mut select = |selection: &_| select_from(stored, selection, &|_, _| {});
            // What can't be looked at is not known.
            Inputs::look(rule, time_ms, ask, &mut select).unwrap_or(Inputs::Incomplete)
        });
        // A result of many series is held until it is kept.
        let held =
            |recorded: Vec<Recorded>| budget.keep(recorded.len() * points::RECORDED_BYTES).map(|()| recorded);
        (moved, outcome.and_then(held))
    });
    let (moved, outcome) = asked.await?;
    *state = moved;
    let mut recorded = outcome?;
    let series = recorded.iter().filter(|one| !one.sample.is_stale()).count() as u64;
    if again {
        recorded = work.without_stored(recorded).await?;
    }
    work.keep(recorded).await?;
    // An alert has two series.
    Ok(if state.rule.alert.is_some() { series / 2 } else { series })
}

/// A wrong query is told with its place, as Prometheus tells it.
fn message(error: &Error, expr: &str) -> String {
    match error {
        Error::BadQuery { message, offset } => {
            format!("{}: parse error: {message}", line_and_column(expr, offset.unwrap_or_default()))
        }
        other => other.to_string(),
    }
}
