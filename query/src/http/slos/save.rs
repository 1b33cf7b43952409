//! `POST /api/slos`, `PUT /api/slos/{id}` and `DELETE /api/slos/{id}`.

use super::Shared;
use super::preview::previews;
use crate::http::answer::{Answer, ok};
use crate::http::params::Params;
use crate::http::written::{Document, Kept, Kind, Nothing, SAVED, id, revision};
use crate::slo::parse_one;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use ocelli_api::slos::SloSaved;

pub async fn create(State(shared): State<Shared>, Document(text): Document) -> Answer<SloSaved> {
    let kept = shared.slos.written.create(Kind::Slo, text.clone()).await?;
    told(shared, kept, text).await
}

pub async fn replace(
    State(shared): State<Shared>,
    path: Result<Path<String>, PathRejection>,
    params: Params,
    Document(text): Document,
) -> Answer<SloSaved> {
    let (id, revision) = (id(path, "id")?, revision(&params)?);
    let kept = shared.slos.written.replace(Kind::Slo, id, revision, text.clone()).await?;
    told(shared, kept, text).await
}

pub async fn delete(
    State(shared): State<Shared>,
    path: Result<Path<String>, PathRejection>,
    params: Params,
) -> Answer<Nothing> {
    shared.slos.written.delete(Kind::Slo, id(path, "id")?, revision(&params)?).await?;
    ok(Nothing {})
}

/// It is saved whatever becomes of its preview.
async fn told(shared: Shared, Kept { id, revision }: Kept, text: String) -> Answer<SloSaved> {
    let mut saved = SloSaved { id, revision, ..SloSaved::default() };
    let slos = parse_one(&shared.slos.written.definitions(), SAVED, &text).into_iter().collect();
    match previews(&shared.api, slos, None, None).await {
        Ok((previews, stats)) => {
            saved.preview = previews.into_iter().next();
            saved.preview_problem = stats.partial.clone();
            saved.stats = stats;
        }
        Err(error) => saved.preview_problem = Some(error.to_string()),
    }
    ok(saved)
}
