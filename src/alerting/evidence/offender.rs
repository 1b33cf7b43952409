//! The attribute that most sets a service's bad requests apart from its others.

use ocelli_api::TimeRange;
use ocelli_api::explain::ExplainedAttribute;
use ocelli_query::Api;
use ocelli_query::http::run::run_within;
use ocelli_query::traces::explain::{Explain, explain};
use ocelli_query::traces::traceql::{Selection, parse};
use std::collections::HashMap;
use std::time::Duration;

/// A message does not wait longer for it.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Attributes that say again what went wrong, not where.
const SAYS_AGAIN: [&str; 6] = [
    "status",
    "span.http.response.status_code",
    "span.http.status_code",
    "span.error.type",
    "span.otel.status_code",
    "span.otel.status_description",
];
const ATTRIBUTES: usize = 10;

/// What was found for services at one time: alerts that fire together are mostly about few.
#[derive(Default)]
pub struct Known(HashMap<(String, i64, i64), Option<String>>);

impl Known {
    /// As a text: `span.payment.provider = acme: 97 % of the failed requests, 4 % of the others`. None where there is nothing of the kind.
    pub async fn of(&mut self, api: &Api, service: &str, range: TimeRange) -> Option<String> {
        let key = (service.to_owned(), range.from.0, range.to.0);
        if let Some(known) = self.0.get(&key) {
            return known.clone();
        }
        let found = find(api, service, range).await;
        self.0.insert(key, found.clone());
        found
    }
}

async fn find(api: &Api, service: &str, range: TimeRange) -> Option<String> {
    let scope = Selection { service: Some(service.to_owned()), ..Selection::default() }.query();
    let selection = parse("{ status = error }").ok()?;
    let found = run_within(api, TIMEOUT, move |api, budget| {
        let memory_bytes = api.limits.query_bytes;
        let asked = Explain {
            scope: &scope,
            selection: &selection,
            range,
            baseline: None,
            limit: ATTRIBUTES,
            memory_bytes,
        };
        explain(&budget.snapshot(api), &asked, budget)
    });
    match found.await {
        Ok(found) => found.attributes.iter().find_map(text),
        Err(error) => {
            tracing::warn!(%error, service, "what its failed requests have in common was not found");
            None
        }
    }
}

fn text(attribute: &ExplainedAttribute) -> Option<String> {
    if SAYS_AGAIN.contains(&attribute.name.as_str()) {
        return None;
    }
    let value = attribute.values.iter().find(|value| value.selection_share > value.baseline_share)?;
    let percent = |share: f64| (share * 100.0).round();
    Some(format!(
        "{} = {}: {} % of the failed requests, {} % of the others",
        attribute.name,
        value.value,
        percent(value.selection_share),
        percent(value.baseline_share)
    ))
}
