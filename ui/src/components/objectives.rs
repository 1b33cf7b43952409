//! The objectives of a service, which its requests count for.

use crate::client::fetch;
use crate::components::slo_marks::RiskMark;
use crate::context::Context;
use crate::dynamic::dynamic;
use crate::prelude::*;
use crate::view::links;
use crate::view::slos::{self, Risk};
use ocelli_api::slos::{SloStatus, SlosResponse};

/// Nothing where there are none.
#[component]
pub fn Objectives(service: String, test: &'static str) -> impl IntoView {
    let context = Context::get();
    let all = fetch::<SlosResponse>(|| Some("/api/slos".to_owned()));
    let row = move |slo: SloStatus| {
        let path = links::slo_path(&slo.id);
        let left = slos::signed(slo.budget_left);
        view! { <li><RiskMark risk=Risk::of(&slo)/>" "<a href=dynamic(move || context.location.link(&path, &[]))>{slo.id}</a>" "<span class="hint">{slo.indicator}", "{left}" of the budget left"</span></li> }
    };
    let list = move || {
        let mut mine = all.with(|all| all.map(|all| all.slos.clone()).unwrap_or_default());
        mine.retain(|slo| slo.service == service);
        slos::sort(&mut mine);
        (!mine.is_empty()).then(move || {
            view! { <section><h2>"Objectives"</h2><ul class="plain" data-testid=test>{mine.into_iter().map(row).collect_view()}</ul></section> }
        })
    };
    view! { {dynamic(list)} }
}
