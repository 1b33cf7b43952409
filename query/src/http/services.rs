//! `GET /api/services`, `/api/services/{service}` and `/api/service_graph`.

use super::Api;
use super::answer::{Answer, ok};
use super::params::Params;
use super::run::run;
use crate::{Error, red};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::routing::{MethodRouter, get};
use ocelli_api::services::{GraphEdge, GraphNode, ServiceGraphResponse, ServiceResponse, ServicesResponse};
use std::collections::BTreeMap;

pub fn endpoints(api: Api) -> Vec<(&'static str, MethodRouter)> {
    vec![
        ("GET /api/services", get(list).with_state(api.clone())),
        ("GET /api/services/{service}", get(detail).with_state(api.clone())),
        ("GET /api/service_graph", get(graph).with_state(api)),
    ]
}

async fn list(State(api): State<Api>, params: Params) -> Answer<ServicesResponse> {
    let range = params.range(api.now())?;
    let response = run(&api, move |api, budget| {
        let services = red::services(&budget.snapshot(api), &range, budget)?;
        Ok(ServicesResponse { range, services, stats: budget.stats() })
    });
    ok(response.await?)
}

async fn detail(
    State(api): State<Api>,
    service: Result<Path<String>, PathRejection>,
    params: Params,
) -> Answer<ServiceResponse> {
    let Path(service) = service.map_err(|why| Error::bad_parameter("service", why.body_text()))?;
    let range = params.range(api.now())?;
    let response =
        run(&api, move |api, budget| red::service(&budget.snapshot(api), &service, &range, budget));
    ok(response.await?)
}

async fn graph(State(api): State<Api>, params: Params) -> Answer<ServiceGraphResponse> {
    let range = params.range(api.now())?;
    let limit = params.number("limit", 2_000, 1..=10_000)?;
    let response = run(&api, move |api, budget| {
        let mut edges = red::graph(&budget.snapshot(api), &range, budget)?;
        let mut stats = budget.stats();
        if edges.len() > limit {
            stats.partial = Some(format!("these are the {limit} busiest of {} edges", edges.len()));
            edges.truncate(limit);
        }
        Ok(ServiceGraphResponse { range, nodes: nodes(&edges), edges, stats })
    });
    ok(response.await?)
}

fn nodes(edges: &[GraphEdge]) -> Vec<GraphNode> {
    let mut nodes: BTreeMap<&str, GraphNode> = BTreeMap::new();
    for edge in edges {
        let name = |name: &String| GraphNode { name: name.clone(), ..GraphNode::default() };
        nodes.entry(&edge.client).or_insert_with(|| name(&edge.client));
        let server = nodes.entry(&edge.server).or_insert_with(|| name(&edge.server));
        server.calls += edge.red.calls;
        server.errors += edge.red.errors;
        if matches!(&*edge.connection_type, "database" | "virtual_node") {
            server.kind = edge.connection_type.clone();
        }
    }
    // What calls others sends spans, whatever a caller took it for.
    for edge in edges {
        nodes.entry(&edge.client).and_modify(|client| client.kind.clear());
    }
    nodes.into_values().collect()
}

#[cfg(test)]
#[path = "services_tests.rs"]
mod tests;
