//! `series`, `labels` and `label/{name}/values`.

use super::FormParams;
use super::envelope::{PrometheusAnswer, Refused, annotated, with_place};
use super::time::time;
use super::values;
use crate::Error;
use crate::http::Api;
use crate::http::params::Params;
use crate::http::run::run;
use crate::promql::labels::Labels;
use crate::promql::otlp::label_sets;
use crate::promql::parse_selector;
use crate::promql::select::{Matcher, Selection};
use axum::extract::{Path, State};
use serde_json::Value;
use std::collections::BTreeSet;

/// Without `start` this much before `end` is looked at.
const DEFAULT_SPAN_MS: i64 = 86_400_000;
const LIMIT_WARNING: &str = "results truncated due to limit";

pub async fn series(State(api): State<Api>, FormParams(params): FormParams) -> PrometheusAnswer {
    if params.all("match[]").next().is_none() {
        return Err(Error::bad_parameter("match[]", "no match[] parameter provided").into());
    }
    let sets = found(&api, &params).await?;
    limited(&params, sets.iter().map(values::labels).collect())
}

pub async fn labels(State(api): State<Api>, FormParams(params): FormParams) -> PrometheusAnswer {
    let sets = found(&api, &params).await?;
    let names: BTreeSet<&str> = sets.iter().flat_map(|labels| labels.iter().map(|(name, _)| name)).collect();
    limited(&params, names.into_iter().map(Value::from).collect())
}

pub async fn label_values(
    State(api): State<Api>,
    Path(name): Path<String>,
    FormParams(params): FormParams,
) -> PrometheusAnswer {
    let sets = found(&api, &params).await?;
    let name = unescaped(&name);
    let all: BTreeSet<&str> =
        sets.iter().map(|labels| labels.get(&name)).filter(|value| !value.is_empty()).collect();
    limited(&params, all.into_iter().map(Value::from).collect())
}

/// The `U__` form in which a client puts a name with other characters into a path.
fn unescaped(name: &str) -> String {
    let Some(rest) = name.strip_prefix("U__") else { return name.to_owned() };
    let mut out = String::new();
    let mut chars = rest.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '_' {
            out.push(c);
            continue;
        }
        if chars.next_if_eq(&'_').is_some() {
            out.push('_');
            continue;
        }
        let code: String = std::iter::from_fn(|| chars.next_if(char::is_ascii_hexdigit)).collect();
        match u32::from_str_radix(&code, 16).ok().and_then(char::from_u32) {
            Some(decoded) if chars.next_if_eq(&'_').is_some() => out.push(decoded),
            _ => return name.to_owned(),
        }
    }
    out
}

/// The label sets that any of the selectors matches; all where none is given.
async fn found(api: &Api, params: &Params) -> Result<BTreeSet<Labels>, Refused> {
    let now_ms = api.now().0.div_euclid(1_000_000);
    let until_ms = time(params, "end", Some(now_ms))?;
    let after_ms = time(params, "start", Some(until_ms.saturating_sub(DEFAULT_SPAN_MS)))?.saturating_sub(1);
    if until_ms <= after_ms {
        return Err(Error::bad_parameter("end", "end timestamp must not be before start time").into());
    }
    let mut selections = Vec::new();
    for text in params.all("match[]") {
        let selector = parse_selector(text).map_err(|error| with_place(error, "match[]", text))?;
        selections.push(Selection { matchers: selector, after_ms, until_ms });
    }
    if selections.is_empty() {
        selections.push(Selection { matchers: Vec::<Matcher>::new(), after_ms, until_ms });
    }
    let sets = run(api, move |api, budget| {
        let snapshot = budget.snapshot(api);
        let mut sets = BTreeSet::new();
        for selection in &selections {
            budget.check()?;
            sets.extend(label_sets(api.stored(&snapshot), selection)?);
        }
        Ok(sets)
    });
    Ok(sets.await?)
}

/// At most `limit` entries; a warning says that there are more.
fn limited(params: &Params, mut all: Vec<Value>) -> PrometheusAnswer {
    let limit = params.number("limit", 0_usize, 0..=usize::MAX)?;
    let mut warnings = Vec::new();
    if limit > 0 && all.len() > limit {
        all.truncate(limit);
        warnings.push(LIMIT_WARNING.to_owned());
    }
    annotated(all.into(), warnings, Vec::new())
}

#[cfg(test)]
mod tests {
    #[test]
    fn escaped_names() {
        assert_eq!(super::unescaped("U__http_2e_method__x"), "http.method_x");
        assert_eq!(super::unescaped("plain_name"), "plain_name");
    }
}
