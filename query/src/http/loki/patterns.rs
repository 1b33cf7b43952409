//! `patterns`: kinds of lines with how many there were, step by step.

use super::FormParams;
use super::answer::{LokiAnswer, read, success};
use super::params::{HOUR, range as bounds, step_ms};
use crate::Error;
use crate::http::Api;
use crate::http::run::run;
use crate::logs::logql::ast::Query;
use crate::logs::logql::{narrow, parse};
use crate::logs::patterns::{LogPatterns, patterns as mine};
use axum::extract::State;
use ocelli_api::{TimeRange, UnixNano};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Kinds that are told.
const MOST: usize = 300;
/// Each step is counted by itself, so there are not many.
const MOST_STEPS: i64 = 60;

pub async fn patterns(State(api): State<Api>, FormParams(params): FormParams) -> LokiAnswer {
    let range = bounds(&params, api.now(), HOUR)?;
    let query = match read(params.get("query").unwrap_or_default(), parse)? {
        Query::Logs(query) => query,
        Query::Metric(_) => {
            return Err(Error::bad_query("a log query is expected, not one of samples").into());
        }
    };
    let least_ns = range.duration_ns() / MOST_STEPS + 1;
    let step_ns = step_ms(&params, range)?.saturating_mul(1_000_000).max(least_ns);
    // Whole seconds, as they are told.
    let step_ns = step_ns.div_euclid(1_000_000_000).max(1) * 1_000_000_000;
    let data = run(&api, move |api, budget| {
        let snapshot = budget.snapshot(api);
        let filter = narrow::streams_and_lines(&query);
        let mut kinds: BTreeMap<(String, String), Vec<(i64, u64)>> = BTreeMap::new();
        let mut from = range.from.0.div_euclid(step_ns) * step_ns;
        while from < range.to.0 {
            let to = from.saturating_add(step_ns);
            let step = TimeRange { from: UnixNano(from.max(range.from.0)), to: UnixNano(to.min(range.to.0)) };
            let wanted = LogPatterns { filter: &filter, range: step, since: None, limit: MOST };
            for found in mine(&snapshot, &wanted, budget)?.patterns {
                let level = if found.severity == "unset" { "unknown".to_owned() } else { found.severity };
                // As a line filter takes it.
                let pattern = found.template.replace("<*>", "<_>");
                let samples = kinds.entry((level, pattern)).or_default();
                samples.push((from.div_euclid(1_000_000_000), found.count));
            }
            from = to;
        }
        let mut kinds: Vec<_> = kinds.into_iter().collect();
        let total = |samples: &[(i64, u64)]| samples.iter().map(|(_, count)| count).sum::<u64>();
        kinds.sort_by_key(|(kind, samples)| (std::cmp::Reverse(total(samples)), kind.clone()));
        kinds.truncate(MOST);
        let of = |((level, pattern), samples): ((String, String), Vec<(i64, u64)>)| json!({ "pattern": pattern, "level": level, "samples": samples });
        Ok(kinds.into_iter().map(of).collect::<Vec<Value>>())
    });
    success(data.await?.into())
}
