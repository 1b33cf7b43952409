//! `GET /api/rules`, and Prometheus' `rules` and `alerts`: what the rule engine tells of itself.

mod groups;
pub mod past;

pub use groups::endpoints as group_endpoints;

use super::answer::{Answer, ok};
use super::prometheus::rules as prometheus;
use axum::extract::State;
use axum::routing::{MethodRouter, get};
use ocelli_api::rules::RulesResponse;
use std::sync::Arc;

/// Where the state of the rules comes from. The engine writes, so it is not in this crate.
#[derive(Clone)]
pub struct Rules(pub Arc<dyn Fn() -> RulesResponse + Send + Sync>);

pub fn endpoints(rules: Rules) -> Vec<(&'static str, MethodRouter)> {
    vec![
        ("GET /api/rules", get(list).with_state(rules.clone())),
        ("GET /prometheus/api/v1/rules", get(prometheus::rules).with_state(rules.clone())),
        ("GET /prometheus/api/v1/alerts", get(prometheus::alerts).with_state(rules)),
    ]
}

/// Not subject to admission: it is what one looks at when queries are refused.
async fn list(State(rules): State<Rules>) -> Answer<RulesResponse> {
    ok((rules.0)())
}
