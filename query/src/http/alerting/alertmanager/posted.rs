//! `POST /alertmanager/api/v2/alerts`: what an external Prometheus sends.

use super::{Engine, Failure};
use crate::Error;
use crate::alerting::Alert;
use crate::http::alerting::read;
use crate::promql::labels::Labels;
use axum::extract::State;
use axum::http::StatusCode;
use ocelli_api::{UnixNano, rfc3339};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Posted {
    labels: BTreeMap<String, String>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
    #[serde(default)]
    starts_at: Option<String>,
    #[serde(default)]
    ends_at: Option<String>,
    #[serde(default, rename = "generatorURL")]
    generator_url: String,
}

/// Those that are right are taken, also where others are wrong.
pub async fn alerts(
    State(engine): State<Engine>,
    body: Result<read::Json<Vec<Posted>>, Error>,
) -> Result<StatusCode, Failure> {
    let (now_ms, resolve_timeout_ms) = (engine.now_ms(), engine.status().resolve_timeout_ms);
    let (mut right, mut wrong) = (Vec::new(), Vec::new());
    for posted in body?.0 {
        match alert(posted, now_ms, resolve_timeout_ms) {
            Ok(alert) => right.push(alert),
            Err(why) => wrong.push(why),
        }
    }
    if !right.is_empty() {
        engine.receive(right).await?;
    }
    match wrong.is_empty() {
        true => Ok(StatusCode::OK),
        false => Err(Error::bad_parameter("alerts", wrong.join("\n")).into()),
    }
}

/// Without a start it begins now, or with its end; without an end it is over after the timeout.
fn alert(posted: Posted, now_ms: i64, resolve_timeout_ms: i64) -> Result<Alert, String> {
    let labels = Labels::new(posted.labels);
    if labels.is_empty() {
        return Err("at least one label pair required".to_owned());
    }
    if let Some((name, _)) = labels.iter().find(|(name, _)| name.is_empty()) {
        return Err(format!("invalid label set: the name {name:?} is empty"));
    }
    let shown = || labels.get("alertname").to_owned();
    let starts = time(posted.starts_at.as_deref()).map_err(|why| format!("{}: startsAt {why}", shown()))?;
    let ends = time(posted.ends_at.as_deref()).map_err(|why| format!("{}: endsAt {why}", shown()))?;
    let starts_at_ms = starts.or(ends).unwrap_or(now_ms);
    let ends_at_ms = ends.unwrap_or_else(|| now_ms.saturating_add(resolve_timeout_ms));
    if ends_at_ms < starts_at_ms {
        return Err(format!("{}: start time must be before end time", shown()));
    }
    Ok(Alert {
        labels,
        annotations: Labels::new(posted.annotations),
        starts_at_ms,
        ends_at_ms: Some(ends_at_ms),
        updated_at_ms: now_ms,
        generator_url: posted.generator_url,
        unknown_since_ms: None,
        value: None,
    })
}

/// None where it is not given, or is Go's time of nothing.
fn time(text: Option<&str>) -> Result<Option<i64>, String> {
    match text {
        None | Some("") => Ok(None),
        Some(zero) if zero.starts_with("0001-01-01T00:00:00") => Ok(None),
        Some(text) => {
            let at = rfc3339::parse(text).ok_or_else(|| format!("{text:?} is no time of RFC 3339"))?;
            let UnixNano(ns) = at;
            Ok(Some(ns.div_euclid(1_000_000)))
        }
    }
}
