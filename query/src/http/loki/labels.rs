//! `labels`, `label/{name}/values`, `series` and `detected_labels`.

use super::FormParams;
use super::answer::{LokiAnswer, Refused, read, success};
use super::params::{HOUR, range};
use crate::Error;
use crate::http::Api;
use crate::http::params::Params;
use crate::http::run::run;
use crate::logs::logql::parse_selector;
use crate::logs::logql::streams::streams;
use crate::promql::labels::Labels;
use crate::promql::select::Matcher;
use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Streams of an answer.
const MAX_STREAMS: usize = 100_000;

/// The label sets of streams that any of the selectors finds, in a range of six hours where none is given.
async fn found(api: &Api, params: &Params, names: &[&str]) -> Result<(Vec<Labels>, Option<String>), Refused> {
    let range = range(params, api.now(), 6 * HOUR)?;
    let texts = names.iter().flat_map(|name| params.all(name)).filter(|text| !text.is_empty());
    let mut selectors =
        texts.map(|text| read(text, parse_selector)).collect::<Result<Vec<Vec<Matcher>>, Error>>()?;
    if selectors.is_empty() {
        selectors.push(Vec::new());
    }
    let found = run(api, move |api, budget| {
        let (found, partial) = streams(&budget.snapshot(api), &selectors, range, false, budget)?;
        if found.len() > MAX_STREAMS {
            return Err(Error::LimitExceeded(format!(
                "more than {MAX_STREAMS} streams: give a narrower selector"
            )));
        }
        Ok((found.into_keys().collect(), partial))
    });
    Ok(found.await?)
}

fn told(data: Value, partial: Option<String>) -> LokiAnswer {
    let mut answer = success(data)?;
    if let Some(why) = partial {
        answer.0["warnings"] = json!([why]);
    }
    Ok(answer)
}

pub async fn names(State(api): State<Api>, FormParams(params): FormParams) -> LokiAnswer {
    let (streams, partial) = found(&api, &params, &["query"]).await?;
    let names: BTreeSet<&str> =
        streams.iter().flat_map(|labels| labels.iter().map(|(name, _)| name)).collect();
    told(json!(names), partial)
}

pub async fn values(
    State(api): State<Api>,
    Path(name): Path<String>,
    FormParams(params): FormParams,
) -> LokiAnswer {
    let (streams, partial) = found(&api, &params, &["query"]).await?;
    let values: BTreeSet<&str> =
        streams.iter().map(|labels| labels.get(&name)).filter(|value| !value.is_empty()).collect();
    told(json!(values), partial)
}

pub async fn series(State(api): State<Api>, FormParams(params): FormParams) -> LokiAnswer {
    let (streams, partial) = found(&api, &params, &["match[]", "match"]).await?;
    told(streams.iter().map(object).collect(), partial)
}

pub fn object(labels: &Labels) -> Value {
    labels.iter().map(|(name, value)| (name.to_owned(), value.into())).collect::<Map<_, _>>().into()
}

/// With how many values each has.
pub async fn detected(
    State(api): State<Api>,
    FormParams(params): FormParams,
) -> Result<Json<Value>, Refused> {
    let (streams, _) = found(&api, &params, &["query"]).await?;
    let mut values: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, value) in streams.iter().flat_map(Labels::iter) {
        values.entry(name).or_default().insert(value);
    }
    let one = |(name, values): (&str, BTreeSet<&str>)| json!({ "label": name, "cardinality": values.len() });
    let labels: Vec<Value> = values.into_iter().map(one).collect();
    Ok(Json(json!({ "detectedLabels": labels })))
}
