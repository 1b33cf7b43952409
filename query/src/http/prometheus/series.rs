//! `series`, `labels` and `label/{name}/values`.

use super::FormParams;
use super::envelope::{Refused, with_place};
use super::stream::{Element, List, response};
use super::time::{clamped, forward};
use crate::Error;
use crate::http::Api;
use crate::http::params::Params;
use crate::http::run::{Budget, run};
use crate::promql::labels::Labels;
use crate::promql::otlp::{self, Stored, label_sets};
use crate::promql::parse_selector;
use crate::promql::select::{Matcher, Selection};
use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::json;
use std::collections::BTreeSet;

/// Without `start` this much before `end` is looked at.
const DEFAULT_SPAN_MS: i64 = 86_400_000;
pub const LIMIT_WARNING: &str = "results truncated due to limit";
/// What a label takes in memory beside its text, about.
const LABEL_BYTES: usize = 64;

pub async fn series(State(api): State<Api>, FormParams(params): FormParams) -> Result<Response, Refused> {
    if params.all("match[]").next().is_none() {
        return Err(Error::bad_parameter("match[]", "no match[] parameter provided").into());
    }
    answer(&api, &params, found).await
}

pub async fn labels(State(api): State<Api>, FormParams(params): FormParams) -> Result<Response, Refused> {
    answer(&api, &params, |api, selections, budget| texts(api, selections, budget, otlp::label_names)).await
}

pub async fn label_values(
    State(api): State<Api>,
    Path(name): Path<String>,
    FormParams(params): FormParams,
) -> Result<Response, Refused> {
    let name = unescaped(&name);
    answer(&api, &params, move |api, selections, budget| {
        texts(api, selections, budget, |stored, selection, values| {
            otlp::label_values(stored, selection, &name, values)
        })
    })
    .await
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

/// The selectors of `match[]`, each over the time that is asked for; one of everything where none is
/// given.
fn selections(api: &Api, params: &Params) -> Result<Vec<Selection>, Refused> {
    let now_ms = api.now().0.div_euclid(1_000_000);
    let until_ms = clamped(params, "end", now_ms)?;
    let start_ms = clamped(params, "start", until_ms.saturating_sub(DEFAULT_SPAN_MS))?;
    forward(start_ms, until_ms)?;
    let after_ms = start_ms.saturating_sub(1);
    let mut selections = Vec::new();
    for text in params.all("match[]") {
        let selector = parse_selector(text).map_err(|error| with_place(error, "match[]", text))?;
        selections.push(Selection { matchers: selector, after_ms, until_ms });
    }
    if selections.is_empty() {
        selections.push(Selection { matchers: Vec::<Matcher>::new(), after_ms, until_ms });
    }
    Ok(selections)
}

/// What the selectors find: at most `limit` elements; a warning says that there are more.
async fn answer<C, F>(api: &Api, params: &Params, find: F) -> Result<Response, Refused>
where
    C: IntoIterator<Item: Element, IntoIter: ExactSizeIterator + Send + 'static>,
    F: FnOnce(&Api, &[Selection], &Budget) -> Result<C, Error> + Send + 'static,
{
    let limit = params.number("limit", 0_usize, 0..=usize::MAX)?;
    let selections = selections(api, params)?;
    let made = run(api, move |api, budget| {
        let elements = find(api, &selections, budget)?.into_iter();
        let too_many = limit > 0 && elements.len() > limit;
        let elements = elements.take(if limit > 0 { limit } else { usize::MAX });
        let warnings = if too_many { json!([LIMIT_WARNING]) } else { json!([]) };
        let tail = if too_many { format!("],\"warnings\":{warnings}}}") } else { "]}".to_owned() };
        // The memory is counted until the answer is sent.
        let held = budget.clone();
        let elements = elements.inspect(move |_| {
            let _ = &held;
        });
        Ok(List::new("{\"status\":\"success\",\"data\":[".to_owned(), elements, tail))
    });
    Ok(response(made.await?))
}

/// The texts that any of the selections adds.
fn texts(
    api: &Api,
    selections: &[Selection],
    budget: &Budget,
    add: impl Fn(Stored<'_>, &Selection, &mut BTreeSet<String>) -> Result<(), Error>,
) -> Result<Vec<String>, Error> {
    let snapshot = budget.snapshot(api);
    let mut found = BTreeSet::new();
    for selection in selections {
        budget.check()?;
        add(api.stored(&snapshot), selection, &mut found)?;
    }
    budget.keep(found.iter().map(|text| text.len() + LABEL_BYTES).sum())?;
    Ok(found.into_iter().collect())
}

/// The label sets that any of the selections matches.
fn found(api: &Api, selections: &[Selection], budget: &Budget) -> Result<BTreeSet<Labels>, Error> {
    let snapshot = budget.snapshot(api);
    let mut sets = BTreeSet::new();
    for selection in selections {
        budget.check()?;
        for labels in label_sets(api.stored(&snapshot), selection)? {
            let text: usize = labels.iter().map(|(name, value)| name.len() + value.len() + LABEL_BYTES).sum();
            budget.keep(text)?;
            sets.insert(labels);
        }
    }
    Ok(sets)
}

#[cfg(test)]
mod tests {
    #[test]
    fn escaped_names() {
        assert_eq!(super::unescaped("U__http_2e_method__x"), "http.method_x");
        assert_eq!(super::unescaped("plain_name"), "plain_name");
    }
}
