//! `GET /api/slos`, `GET /api/slos/{id}` and `POST /api/slos/preview`.

mod read;

use super::Api;
use super::answer::{Answer, ok};
use super::params::Params;
use super::rules::Rules;
use super::run::run;
use crate::Error;
use crate::slo::{Slo, budget, episodes, parse, rules, spend, status};
use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{Path, State};
use axum::routing::{MethodRouter, get, post};
use ocelli_api::slos::{
    SloPreview, SloPreviewRequest, SloPreviewResponse, SloProblem, SloResponse, SlosResponse,
};
use ocelli_api::time_range::parse_time;
use ocelli_api::{TimeRange, UnixNano};
use std::sync::Arc;

/// The objectives that are in force, and the rules that are made of them.
#[derive(Clone)]
pub struct Slos {
    pub list: Arc<dyn Fn() -> Arc<Vec<Slo>> + Send + Sync>,
    pub rules: Rules,
}

#[derive(Clone)]
struct Shared {
    api: Api,
    slos: Slos,
}

pub fn endpoints(api: Api, slos: Slos) -> Vec<(&'static str, MethodRouter)> {
    let shared = Shared { api, slos };
    vec![
        ("GET /api/slos", get(list).with_state(shared.clone())),
        ("GET /api/slos/{id}", get(detail).with_state(shared.clone())),
        ("POST /api/slos/preview", post(preview).with_state(shared)),
    ]
}

fn at(params: &Params, now: UnixNano) -> Result<i64, Error> {
    let at = params.get("at").map(|text| parse_time(text, now)).transpose();
    let at = at.map_err(|why| Error::bad_parameter("at", why))?.unwrap_or(now);
    Ok(at.0.div_euclid(1_000_000))
}

async fn list(State(Shared { api, slos }): State<Shared>, params: Params) -> Answer<SlosResponse> {
    let at_ms = at(&params, api.now())?;
    let (all, engine) = ((slos.list)(), (slos.rules.0)());
    let response = run(&api, move |api, budget| {
        let snapshot = budget.snapshot(api);
        let mut found = Vec::with_capacity(all.len());
        for slo in all.iter() {
            let counts = read::counts(api, &snapshot, budget, slo, status::reach_ms(slo, at_ms), at_ms)?;
            let mut one = status::status(slo, &counts, at_ms);
            one.firing = status::firing(slo, &engine);
            found.push(one);
        }
        found.sort_by(|a, b| (&a.service, &a.name).cmp(&(&b.service, &b.name)));
        Ok(SlosResponse { at: status::nanos(at_ms), slos: found, stats: budget.stats() })
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
    let engine = (slos.rules.0)();
    let response = run(&api, move |api, budget| {
        let snapshot = budget.snapshot(api);
        let reach = status::reach_ms(&slo, at_ms).min(status::reach_ms(&slo, from_ms));
        let counts = read::counts(api, &snapshot, budget, &slo, reach, at_ms.max(to_ms))?;
        let mut shown = status::status(&slo, &counts, at_ms);
        shown.firing = status::firing(&slo, &engine);
        let (spend, partial) = spent(api, &snapshot, budget, &slo, &counts, (from_ms, to_ms))?;
        let mut stats = budget.stats();
        stats.partial = partial;
        Ok(SloResponse {
            slo: shown,
            range: TimeRange { from: status::nanos(from_ms), to: status::nanos(to_ms) },
            history: status::history(&slo, &counts, from_ms, to_ms),
            spend,
            bad_intervals: status::bad_intervals(&slo, &counts, from_ms, to_ms),
            episodes: episodes::episodes(&slo, &counts, &status::pairs_of(&slo), from_ms, to_ms),
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

async fn preview(
    State(Shared { api, .. }): State<Shared>,
    request: Result<Json<SloPreviewRequest>, JsonRejection>,
) -> Answer<SloPreviewResponse> {
    let Json(request) = request.map_err(|why| Error::bad_parameter("body", why.body_text()))?;
    let slos = match parse("preview", &request.yaml) {
        Ok(slos) => slos,
        Err(problems) => {
            let problem = |of: crate::rules::Problem| SloProblem {
                line: of.line as u64,
                column: of.column as u64,
                message: of.message,
            };
            let problems = problems.into_iter().map(problem).collect();
            return ok(SloPreviewResponse { problems, ..Default::default() });
        }
    };
    let ms = |time: UnixNano| time.0.div_euclid(1_000_000);
    let to_ms = ms(request.to.unwrap_or(api.now()));
    let response = run(&api, move |api, budget| {
        let snapshot = budget.snapshot(api);
        let mut found = Vec::with_capacity(slos.len());
        for slo in &slos {
            let from_ms = request.from.map_or(to_ms - slo.window.nominal_ms(), ms);
            // What alerts look back for, and what the budget of today does.
            let longest = status::pairs_of(slo)[3].long_ms;
            let reach = status::reach_ms(slo, to_ms).min(from_ms - longest);
            let counts = read::computed(api, &snapshot, budget, slo, reach, to_ms)?;
            let episodes = episodes::episodes(slo, &counts, &status::pairs_of(slo), from_ms, to_ms);
            let mut shown = status::status(slo, &counts, to_ms);
            if read::is_of_events(slo) {
                shown.problem =
                    Some("objectives over logs and spans are counted once they are saved".to_owned());
            }
            found.push(SloPreview {
                slo: shown,
                range: TimeRange { from: status::nanos(from_ms), to: status::nanos(to_ms) },
                history: status::history(slo, &counts, from_ms, to_ms),
                verdict: episodes::verdict(&episodes, to_ms - from_ms),
                episodes,
                rules: rules::as_yaml(&rules::groups(slo)),
            });
        }
        Ok(SloPreviewResponse { problems: Vec::new(), slos: found, stats: budget.stats() })
    });
    ok(response.await?)
}
