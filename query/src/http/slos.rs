//! `/api/slos`: objectives, what is left of their budgets, and what would be left of others.

mod computed;
mod preview;
mod read;
mod save;

use super::Api;
use super::answer::{Answer, ok};
use super::asked::remembered;
use super::params::Params;
use super::rules::Rules;
use super::run::run;
use super::written::{Kind, SAVED, Saved, Written};
use crate::Error;
use crate::slo::{Slo, budget, episodes, form_of, spend, status, windows};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::routing::{MethodRouter, delete, get, post, put};
use ocelli_api::slos::{LeftOut, SloResponse, SlosResponse};
use ocelli_api::time_range::parse_time;
use ocelli_api::{TimeRange, UnixNano};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The objectives that are in force, and the rules that are made of them.
#[derive(Clone)]
pub struct Slos {
    pub list: Arc<dyn Fn() -> Arc<Vec<Slo>> + Send + Sync>,
    pub rules: Rules,
    pub written: Arc<dyn Written>,
}

impl Slos {
    /// The saved document of an objective that is in force.
    fn saved(&self, slo: &Slo) -> Option<Saved> {
        let is_its = |saved: &Saved| saved.left_out.is_none() && saved.id == slo.id();
        (*slo.file == *SAVED).then(|| self.written.saved(Kind::Slo).into_iter().find(is_its)).flatten()
    }

    fn left_out(&self) -> Vec<LeftOut> {
        let one = |Saved { id, revision, text: document, left_out }| {
            Some(LeftOut { id, revision, document, why: left_out? })
        };
        self.written.saved(Kind::Slo).into_iter().filter_map(one).collect()
    }
}

#[derive(Clone)]
struct Shared {
    api: Api,
    slos: Slos,
}

pub fn endpoints(api: Api, slos: Slos) -> Vec<(&'static str, MethodRouter)> {
    let shared = Shared { api, slos };
    remembered(vec![
        ("GET /api/slos", get(list).with_state(shared.clone())),
        ("GET /api/slos/{id}", get(detail).with_state(shared.clone())),
        ("POST /api/slos", post(save::create).with_state(shared.clone())),
        ("PUT /api/slos/{id}", put(save::replace).with_state(shared.clone())),
        ("DELETE /api/slos/{id}", delete(save::delete).with_state(shared.clone())),
        ("POST /api/slos/preview", post(preview::preview).with_state(shared)),
    ])
}

fn at(params: &Params, now: UnixNano) -> Result<i64, Error> {
    let at = params.get("at").map(|text| parse_time(text, now)).transpose();
    let at = at.map_err(|why| Error::bad_parameter("at", why))?.unwrap_or(now);
    Ok(at.0.div_euclid(1_000_000))
}

async fn list(State(Shared { api, slos }): State<Shared>, params: Params) -> Answer<SlosResponse> {
    let at_ms = at(&params, api.now())?;
    let (all, engine, left_out) = ((slos.list)(), (slos.rules.0)(), slos.left_out());
    let saved = slos.written.saved(Kind::Slo);
    let revisions: BTreeMap<String, u64> = saved.into_iter().map(|one| (one.id, one.revision)).collect();
    let response = run(&api, move |api, budget| {
        let snapshot = budget.snapshot(api);
        let mut found = Vec::with_capacity(all.len());
        for slo in all.iter() {
            let counts = read::counts(api, &snapshot, budget, slo, status::reach_ms(slo, at_ms), at_ms)?;
            let mut one = status::status(slo, &counts, at_ms);
            one.firing = status::firing(slo, &engine);
            one.revision = revisions.get(&one.id).copied().filter(|_| *slo.file == *SAVED);
            found.push(one);
        }
        found.sort_by(|a, b| (&a.service, &a.name).cmp(&(&b.service, &b.name)));
        Ok(SlosResponse { at: status::nanos(at_ms), slos: found, left_out, stats: budget.stats() })
    });
    ok(response.await?)
}

async fn detail(
    State(Shared { api, slos }): State<Shared>,
    id: Result<Path<String>, PathRejection>,
    params: Params,
) -> Answer<SloResponse> {
    let Path(id) = id.map_err(|why| Error::bad_parameter("id", why.body_text()))?;
    let all = (slos.list)();
    let Some(slo) = all.iter().find(|slo| slo.id() == id).cloned() else {
        return Err(Error::NotFound(format!("there is no objective {id:?}")));
    };
    let at_ms = at(&params, api.now())?;
    let (start, _) = budget::bounds(&slo.window, at_ms);
    let time = |name: &'static str, default: i64| -> Result<i64, Error> {
        let Some(text) = params.get(name) else { return Ok(default) };
        let time = parse_time(text, api.now()).map_err(|why| Error::bad_parameter(name, why))?;
        Ok(time.0.div_euclid(1_000_000))
    };
    let (from_ms, to_ms) = (time("from", start)?, time("to", at_ms)?);
    if from_ms >= to_ms {
        return Err(Error::bad_parameter("from", "is not before `to`"));
    }
    let is_whole = params.get("from").is_none();
    let (engine, saved) = ((slos.rules.0)(), slos.saved(&slo));
    let response = run(&api, move |api, budget| {
        let snapshot = budget.snapshot(api);
        let reach = status::reach_ms(&slo, at_ms).min(status::reach_ms(&slo, from_ms));
        let counts = read::counts(api, &snapshot, budget, &slo, reach, at_ms.max(to_ms))?;
        let mut shown = status::status(&slo, &counts, at_ms);
        shown.firing = status::firing(&slo, &engine);
        shown.revision = saved.as_ref().map(|saved| saved.revision);
        let (spend, partial) = spent(api, &snapshot, budget, &slo, &counts, (from_ms, to_ms))?;
        let begin_ms = if is_whole { status::begin_ms(&counts, from_ms, to_ms) } else { from_ms };
        let mut stats = budget.stats();
        stats.partial = partial;
        Ok(SloResponse {
            slo: shown,
            form: saved.as_ref().and_then(|_| form_of(&slo)),
            document: saved.map(|saved| saved.text),
            range: TimeRange { from: status::nanos(from_ms), to: status::nanos(to_ms) },
            history: status::history(&slo, &counts, begin_ms, to_ms),
            spend,
            bad_intervals: status::bad_intervals(&slo, &counts, from_ms, to_ms),
            episodes: episodes::episodes(&slo, &counts, &windows::pairs(&slo), from_ms, to_ms),
            stats,
        })
    });
    ok(response.await?)
}

type Spent = (Vec<ocelli_api::slos::SpendBy>, Option<String>);

/// A dimension that can't be counted within the bounds is left out, and it is said why.
fn spent(
    api: &Api,
    snapshot: &ocelli_storage::Snapshot,
    budget: &super::run::Budget,
    slo: &Slo,
    counts: &budget::Counts,
    (from_ms, to_ms): (i64, i64),
) -> Result<Spent, Error> {
    let whole = episodes::share(slo, counts, from_ms, to_ms);
    let (from, to) = (from_ms.to_string(), to_ms.to_string());
    let (mut found, mut partial) = (Vec::new(), None);
    for dimension in spend::dimensions(slo, to_ms - from_ms) {
        let ask = |expr: &str| read::by_label(api, snapshot, budget, &dimension, expr, to_ms);
        match ask(&dimension.total).and_then(|total| Ok((total, ask(&dimension.bad)?))) {
            Ok((total, bad)) => {
                found.push(spend::spend(slo, &dimension, &total, &bad, whole, (from.as_str(), to.as_str())));
            }
            Err(Error::LimitExceeded(why)) => partial = Some(format!("{}: {why}", dimension.name)),
            Err(error) => return Err(error),
        }
    }
    Ok((found, partial))
}
