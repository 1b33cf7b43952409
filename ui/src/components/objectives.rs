//! The objectives of a service, or those that a span of it counted for.

use crate::client::fetch;
use crate::components::slo_marks::RiskMark;
use crate::context::Context;
use crate::dynamic::dynamic;
use crate::prelude::*;
use crate::view::links;
use crate::view::slos::{self, Counted, Risk};
use ocelli_api::slos::{SloStatus, SlosResponse};
use ocelli_api::traces::SpanDetail;
use std::sync::Arc;

/// Nothing where there are none.
#[component]
pub fn Objectives(
    service: String,
    test: &'static str,
    #[prop(optional)] span: Option<Arc<SpanDetail>>,
) -> impl IntoView {
    let context = Context::get();
    let all = fetch::<SlosResponse>(|| Some("/api/slos".to_owned()));
    let row = move |(slo, counted): (SloStatus, Option<Counted>)| {
        let path = links::slo_path(&slo.id);
        let left = slos::signed(slo.budget_left);
        let counted = counted.map(|counted| format!("{}; ", counted.text()));
        view! { <li><RiskMark risk=Risk::of(&slo)/>" "<a href=dynamic(move || context.location.link(&path, &[]))>{slo.id}</a>" "<span class="hint">{counted}{slo.indicator}", "{left}" of the budget left"</span></li> }
    };
    // None where the objective is not to be shown.
    let counted = move |slo: &SloStatus| match &span {
        Some(span) => Counted::of(slo, &service, span).map(Some),
        None => (slo.service == service).then_some(None),
    };
    let list = move || {
        let mut all = all.with(|all| all.map(|all| all.slos.clone()).unwrap_or_default());
        slos::sort(&mut all);
        let mine: Vec<_> =
            all.into_iter().filter_map(|slo| counted(&slo).map(|counted| (slo, counted))).collect();
        (!mine.is_empty()).then(move || {
            view! { <section><h2>"Objectives"</h2><ul class="plain" data-testid=test>{mine.into_iter().map(row).collect_view()}</ul></section> }
        })
    };
    view! { {dynamic(list)} }
}
