//! `GET /api/traces/diff`.

use super::super::Api;
use super::super::answer::{Answer, ok};
use super::super::params::Params;
use super::super::run::{Budget, run};
use crate::Error;
use crate::traces::traceql::eval::{Trace, View};
use crate::traces::{self, diff, rows_of};
use axum::extract::State;
use ocelli_api::traces::DiffResponse;
use ocelli_storage::{Snapshot, TracesRead};

pub async fn compare(State(api): State<Api>, params: Params) -> Answer<DiffResponse> {
    let (a, b) = (params.required("a")?.to_owned(), params.required("b")?.to_owned());
    let ids = [super::id::<16>("a", &a)?, super::id::<16>("b", &b)?];
    let response = run(&api, move |api, budget| {
        let snapshot = budget.snapshot(api);
        let of_a = read(&snapshot, &ids[0], &a, budget)?;
        let of_b = read(&snapshot, &ids[1], &b, budget)?;
        let views_a: Vec<View<'_>> = of_a.batches.iter().map(View::new).collect::<Result<_, _>>()?;
        let views_b: Vec<View<'_>> = of_b.batches.iter().map(View::new).collect::<Result<_, _>>()?;
        let trace_a = Trace::new(&views_a, rows_of(&views_a, &ids[0]));
        let trace_b = Trace::new(&views_b, rows_of(&views_b, &ids[1]));
        let mut response = diff::diff((&ids[0], &trace_a), (&ids[1], &trace_b))?;
        response.stats = budget.stats();
        Ok(response)
    });
    ok(response.await?)
}

fn read(snapshot: &Snapshot, id: &[u8; 16], text: &str, budget: &Budget) -> Result<TracesRead, Error> {
    let read = traces::columns_of(snapshot, id, budget)?;
    if read.batches.iter().all(|batch| batch.num_rows() == 0) {
        return Err(super::unknown_trace(text));
    }
    Ok(read)
}
