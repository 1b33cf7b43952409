//! `query_exemplars`: the exemplars of the series that a query's selectors find.

use super::FormParams;
use super::envelope::{Refused, with_place};
use super::stream::{Element, List, response};
use super::time::{forward, time};
use super::values::{put_number, put_seconds};
use crate::Error;
use crate::http::Api;
use crate::http::run::{Budget, run};
use crate::promql::labels::Labels;
use crate::promql::otlp::exemplars::{Exemplar, Found, exemplars_from, sort};
use crate::promql::select::{Matcher, Selection};
use crate::promql::selectors;
use axum::extract::State;
use axum::response::Response;

/// What an exemplar takes in memory, about.
const EXEMPLAR_BYTES: usize = 512;

pub async fn exemplars(State(api): State<Api>, FormParams(params): FormParams) -> Result<Response, Refused> {
    let (start, end) = (time(&params, "start", None)?, time(&params, "end", None)?);
    forward(start, end)?;
    let text = params.get("query").unwrap_or_default();
    let selectors = selectors(text).map_err(|error| with_place(error, "query", text))?;
    let selection = |matchers| Selection { matchers, after_ms: start.saturating_sub(1), until_ms: end };
    let selections: Vec<Selection> = distinct(selectors).into_iter().map(selection).collect();
    let found = run(&api, move |api, budget| {
        let found = found(api, &selections, budget)?;
        let held = budget.clone();
        let elements = found.into_iter().map(move |(labels, exemplars)| {
            let _ = &held;
            OfSeries { labels, exemplars }
        });
        Ok(List::new("{\"status\":\"success\",\"data\":[".to_owned(), elements, "]}".to_owned()))
    });
    Ok(response(found.await?))
}

/// A query often asks the same series several times.
fn distinct(selectors: Vec<Vec<Matcher>>) -> Vec<Vec<Matcher>> {
    let mut once: Vec<Vec<Matcher>> = Vec::new();
    let same = |a: &[Matcher], b: &[Matcher]| {
        a.len() == b.len()
            && a.iter().zip(b).all(|(a, b)| (a.op, &a.name, &a.value) == (b.op, &b.name, &b.value))
    };
    for selector in selectors {
        if !once.iter().any(|known| same(known, &selector)) {
            once.push(selector);
        }
    }
    once
}

fn found(api: &Api, selections: &[Selection], budget: &Budget) -> Result<Found, Error> {
    let snapshot = budget.snapshot(api);
    let mut found = Found::new();
    for selection in selections {
        budget.check()?;
        let scanned = |points, bytes| budget.scanned(points, bytes);
        let before = count(&found);
        let apart = budget.apart(api, &snapshot);
        exemplars_from(api.stored(&apart), selection, &scanned, &mut found)?;
        budget.keep((count(&found) - before) * EXEMPLAR_BYTES)?;
    }
    sort(&mut found);
    Ok(found)
}

fn count(found: &Found) -> usize {
    found.values().map(Vec::len).sum()
}

struct OfSeries {
    labels: Labels,
    exemplars: Vec<Exemplar>,
}

impl Element for OfSeries {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend(b"{\"seriesLabels\":");
        self.labels.write(out);
        out.extend(b",\"exemplars\":[");
        for (at, exemplar) in self.exemplars.iter().enumerate() {
            out.extend(if at == 0 { &b"{\"labels\":"[..] } else { b",{\"labels\":" });
            exemplar.labels.write(out);
            out.extend(b",\"value\":");
            put_number(out, exemplar.value);
            out.extend(b",\"timestamp\":");
            put_seconds(out, exemplar.time_ms);
            out.push(b'}');
        }
        out.extend(b"]}");
    }
}
