//! The query API of Grafana Loki under `/loki/api/v1/`, as Grafana and logcli ask it.
//!
//! Source: <https://grafana.com/docs/loki/latest/reference/loki-http-api/>. What takes a form takes its
//! parameters from the query string too. Errors are a status and a line of text.

mod answer;
mod fields;
mod labels;
mod params;
mod patterns;
mod query;
mod status;
mod tail;
mod volume;

use super::Api;
use super::params::Params;
use answer::Refused;
use axum::extract::{FromRequest, Request};
use axum::routing::{MethodRouter, get, post};

pub fn endpoints(api: Api) -> Vec<(&'static str, MethodRouter)> {
    let with = |router: MethodRouter<Api>| router.with_state(api.clone());
    vec![
        ("GET /loki/api/v1/query", with(get(query::instant))),
        ("POST /loki/api/v1/query", with(post(query::instant))),
        ("GET /loki/api/v1/query_range", with(get(query::range))),
        ("POST /loki/api/v1/query_range", with(post(query::range))),
        ("GET /loki/api/v1/labels", with(get(labels::names))),
        ("POST /loki/api/v1/labels", with(post(labels::names))),
        ("GET /loki/api/v1/label", with(get(labels::names))),
        ("POST /loki/api/v1/label", with(post(labels::names))),
        ("GET /loki/api/v1/label/{name}/values", with(get(labels::values))),
        ("POST /loki/api/v1/label/{name}/values", with(post(labels::values))),
        ("GET /loki/api/v1/series", with(get(labels::series))),
        ("POST /loki/api/v1/series", with(post(labels::series))),
        ("GET /loki/api/v1/index/stats", with(get(volume::stats))),
        ("POST /loki/api/v1/index/stats", with(post(volume::stats))),
        ("GET /loki/api/v1/index/volume", with(get(volume::instant))),
        ("POST /loki/api/v1/index/volume", with(post(volume::instant))),
        ("GET /loki/api/v1/index/volume_range", with(get(volume::range))),
        ("POST /loki/api/v1/index/volume_range", with(post(volume::range))),
        ("GET /loki/api/v1/detected_labels", with(get(labels::detected))),
        ("POST /loki/api/v1/detected_labels", with(post(labels::detected))),
        ("GET /loki/api/v1/detected_fields", with(get(fields::fields))),
        ("POST /loki/api/v1/detected_fields", with(post(fields::fields))),
        ("GET /loki/api/v1/detected_field/{name}/values", with(get(fields::values))),
        ("POST /loki/api/v1/detected_field/{name}/values", with(post(fields::values))),
        ("GET /loki/api/v1/tail", with(get(tail::tail))),
        ("GET /loki/api/v1/patterns", with(get(patterns::patterns))),
        ("POST /loki/api/v1/patterns", with(post(patterns::patterns))),
        ("GET /loki/api/v1/format_query", with(get(status::format))),
        ("POST /loki/api/v1/format_query", with(post(status::format))),
        ("GET /loki/api/v1/status/buildinfo", get(status::buildinfo)),
        ("GET /loki/api/v1/drilldown-limits", with(get(status::limits))),
        ("GET /loki/ready", get(status::ready)),
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
