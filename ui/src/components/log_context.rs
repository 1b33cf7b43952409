//! What was logged around one record.

use crate::client::fetch;
use crate::components::answer::Answer;
use crate::components::log_list::LogRow;
use crate::components::log_records::ListWithDetail;
use crate::context::Context;
use crate::dynamic::{dynamic, effect};
use crate::prelude::*;
use crate::view::query_string::QueryString;
use ocelli_api::logs::LogContextResponse;

/// Records on each side.
const BESIDE: &str = "100";

#[component]
pub fn Around() -> impl IntoView {
    let location = Context::get().location;
    let (id, of) = (location.value("around"), location.value("of"));
    let context = fetch::<LogContextResponse>(move || {
        let query = QueryString::default().with("id", &id.get()).with("of", &of.get());
        Some(query.with("before", BESIDE).with("after", BESIDE).on("/api/logs/context"))
    });
    let rows = RwSignal::new(Vec::<LogRow>::new());
    effect(move || {
        let Some(answer) = context.get() else { return };
        let all = answer.after.iter().chain([&answer.record]).chain(&answer.before);
        rows.set(all.cloned().map(LogRow::new).collect());
    });
    let of_all = move || of.with(|of| of == "all");
    view! {
        <p class="hint list-head" data-testid="log-context">
            <span>{dynamic(move || if of_all() { "All records around it" } else { "Records of the same resource around it" })}</span>
            <a href=dynamic(move || location.href(&[("of", if of_all() { "" } else { "all" })]))>{dynamic(move || if of_all() { "Only of its resource" } else { "Of everything" })}</a>
            <a href=dynamic(move || location.href(&[("around", ""), ("of", "")]))>"Back to the search"</a>
        </p>
        <Answer asked=context.asked stats=context.map(|answer| answer.stats.clone())>
            <ListWithDetail rows older=Callback::new(|()| ())/>
        </Answer>
    }
}
