//! What objectives would have told and paged, had they been there all along.

use super::Shared;
use super::computed::computed;
use crate::Error;
use crate::http::Api;
use crate::http::answer::{Answer, ok};
use crate::http::run::{Budget, run};
use crate::rules::Problem;
use crate::slo::windows::pairs;
use crate::slo::{Slo, episodes, form_of, parse_beside, rules, status};
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use ocelli_api::slos::{SloPreview, SloPreviewRequest, SloPreviewResponse};
use ocelli_api::{QueryStats, TimeRange, UnixNano};
use ocelli_storage::Snapshot;

pub async fn preview(
    State(Shared { api, slos }): State<Shared>,
    request: Result<Json<SloPreviewRequest>, JsonRejection>,
) -> Answer<SloPreviewResponse> {
    let Json(request) = request.map_err(|why| Error::bad_parameter("body", why.body_text()))?;
    let slos = match parse_beside(&slos.written.definitions(), "preview", &request.yaml) {
        Ok(slos) => slos,
        Err(problems) => {
            let problems = problems.iter().map(Problem::shown).collect();
            return ok(SloPreviewResponse { problems, ..Default::default() });
        }
    };
    let form = match slos.as_slice() {
        [slo] => form_of(slo),
        _ => None,
    };
    let (slos, stats) = previews(&api, slos, request.from, request.to).await?;
    ok(SloPreviewResponse { problems: Vec::new(), form, slos, stats })
}

/// Without `from` over the window of each.
pub async fn previews(
    api: &Api,
    slos: Vec<Slo>,
    from: Option<UnixNano>,
    to: Option<UnixNano>,
) -> Result<(Vec<SloPreview>, QueryStats), Error> {
    let ms = |time: UnixNano| time.0.div_euclid(1_000_000);
    let to_ms = ms(to.unwrap_or(api.now()));
    run(api, move |api, budget| {
        let snapshot = budget.snapshot(api);
        let (mut found, mut partial) = (Vec::with_capacity(slos.len()), None);
        for slo in &slos {
            let from_ms = from.map_or(to_ms - slo.window.nominal_ms(), ms);
            let (shown, of_a_part) = one(api, &snapshot, budget, slo, (from_ms, to_ms))?;
            partial = partial.or(of_a_part);
            found.push(shown);
        }
        Ok((found, QueryStats { partial, ..budget.stats() }))
    })
    .await
}

fn one(
    api: &Api,
    snapshot: &Snapshot,
    budget: &Budget,
    slo: &Slo,
    (from_ms, to_ms): (i64, i64),
) -> Result<(SloPreview, Option<String>), Error> {
    // What alerts look back for, and what the budget of today does.
    let reach = status::reach_ms(slo, to_ms).min(from_ms - status::lookback_ms(slo));
    let (counts, partial) = computed(api, snapshot, budget, slo, (reach, to_ms))?;
    let episodes = episodes::episodes(slo, &counts, &pairs(slo), from_ms, to_ms);
    let shown = SloPreview {
        slo: status::status(slo, &counts, to_ms),
        range: TimeRange { from: status::nanos(from_ms), to: status::nanos(to_ms) },
        history: status::history(slo, &counts, status::begin_ms(&counts, from_ms, to_ms), to_ms),
        verdict: episodes::verdict(&episodes, to_ms - from_ms),
        episodes,
        rules: rules::as_yaml(&rules::groups(slo)),
    };
    Ok((shown, partial))
}
