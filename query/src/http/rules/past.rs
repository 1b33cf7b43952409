//! When a rule would have fired, over what is stored.

use crate::Error;
use crate::http::Api;
use crate::http::run::Budget;
use crate::promql::otlp::select_from;
use crate::promql::{Query, run};
use crate::rules::language::{Times, of_events, of_events_over};
use crate::rules::preview::{Known, Over, Preview, preview};
use crate::rules::{Language, Rule};
use ocelli_storage::Snapshot;

/// Evaluations of one preview: of points a month of minutes, of logs a week; over spans each is a search of its own.
const MOST_STEPS: i64 = 31 * 1_440 + 1;
const MOST_COUNTS: i64 = 11_000;
const MOST_SEARCHES: i64 = 1_500;

/// How often a rule may be evaluated.
pub fn most_steps(language: Language) -> i64 {
    match language {
        Language::PromQl => MOST_STEPS,
        Language::LogQl => MOST_COUNTS,
        Language::TraceQl => MOST_SEARCHES,
    }
}

pub fn over_the_past(
    api: &Api,
    snapshot: &Snapshot,
    budget: &Budget,
    rule: &Rule,
    over: Over,
) -> Result<Preview, Error> {
    let (stored, max_samples) = (api.stored(snapshot), api.limits.samples);
    let scanned = |points, bytes| budget.scanned(points, bytes);
    let check = || budget.check();
    let mut select = |selection: &_| select_from(stored, selection, &scanned);
    let known = match rule.language {
        Language::PromQl => Known::of_points(&rule.expr, over, &mut select, &check)?,
        language => {
            let Over { from_ms: first_ms, to_ms: last_ms, interval_ms: step_ms, .. } = over;
            let times = Times { first_ms, last_ms, step_ms, max_samples };
            Known::of(of_events_over(language, &rule.expr, times, snapshot, budget)?)
        }
    };
    let mut ask = |language: Language, text: &str, time_ms: i64| match language {
        Language::PromQl => {
            let query = Query { max_samples, ..Query::instant(text, time_ms) };
            run(&query, &mut |selection| select_from(stored, selection, &scanned), &check)
        }
        other => of_events(other, text, time_ms, snapshot, max_samples, budget),
    };
    preview(rule, over, &known, &mut ask, &check)
}
