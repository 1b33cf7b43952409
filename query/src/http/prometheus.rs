//! The HTTP API of Prometheus under `/prometheus/api/v1/`, as Grafana and others call it.
//!
//! Source: <https://prometheus.io/docs/prometheus/latest/querying/api/>. Every endpoint takes its
//! parameters from the query string and from a form body.

mod envelope;
mod exemplars;
mod metadata;
mod query;
mod read;
pub mod rules;
mod series;
mod stats;
mod status;
mod stream;
mod text;
mod time;
mod tsdb;
mod values;

use super::Api;
use super::params::Params;
use axum::extract::{FromRequest, Request};
use axum::routing::{MethodRouter, get, post};
use envelope::Refused;
pub use stream::response;
pub use values::Answered;

pub fn endpoints(api: Api) -> Vec<(&'static str, MethodRouter)> {
    let with = |router: MethodRouter<Api>| router.with_state(api.clone());
    vec![
        ("GET /prometheus/api/v1/query", with(get(query::instant))),
        ("POST /prometheus/api/v1/query", with(post(query::instant))),
        ("GET /prometheus/api/v1/query_range", with(get(query::range))),
        ("POST /prometheus/api/v1/query_range", with(post(query::range))),
        ("GET /prometheus/api/v1/query_exemplars", with(get(exemplars::exemplars))),
        ("POST /prometheus/api/v1/query_exemplars", with(post(exemplars::exemplars))),
        ("POST /prometheus/api/v1/read", with(post(read::read))),
        ("GET /prometheus/api/v1/format_query", with(get(text::format))),
        ("POST /prometheus/api/v1/format_query", with(post(text::format))),
        ("GET /prometheus/api/v1/parse_query", with(get(text::parse))),
        ("POST /prometheus/api/v1/parse_query", with(post(text::parse))),
        ("GET /prometheus/api/v1/series", with(get(series::series))),
        ("POST /prometheus/api/v1/series", with(post(series::series))),
        ("GET /prometheus/api/v1/labels", with(get(series::labels))),
        ("POST /prometheus/api/v1/labels", with(post(series::labels))),
        ("GET /prometheus/api/v1/label/{name}/values", with(get(series::label_values))),
        ("GET /prometheus/api/v1/metadata", with(get(metadata::metadata))),
        ("GET /prometheus/api/v1/targets", with(get(status::targets))),
        ("GET /prometheus/api/v1/targets/metadata", with(get(status::targets_metadata))),
        ("GET /prometheus/api/v1/scrape_pools", with(get(status::scrape_pools))),
        ("GET /prometheus/api/v1/alertmanagers", with(get(status::alertmanagers))),
        ("GET /prometheus/-/healthy", get(status::healthy)),
        ("GET /prometheus/-/ready", get(status::ready)),
        ("GET /prometheus/api/v1/status/buildinfo", with(get(status::buildinfo))),
        ("GET /prometheus/api/v1/status/config", with(get(status::config))),
        ("GET /prometheus/api/v1/status/flags", with(get(status::flags))),
        ("GET /prometheus/api/v1/status/tsdb", with(get(tsdb::tsdb))),
    ]
}

/// Parameters of the query string and of a form body, the body first.
pub struct FormParams(pub Params);

impl<S: Send + Sync> FromRequest<S> for FormParams {
    type Rejection = Refused;

    async fn from_request(request: Request, state: &S) -> Result<FormParams, Refused> {
        Ok(FormParams(Params::of_form(request, state).await?))
    }
}

#[cfg(test)]
mod tests;
