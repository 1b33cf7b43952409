//! A query with the place where it goes wrong.

use crate::client::Failure;
use crate::dynamic::dynamic;
use crate::prelude::*;
use crate::view::log_query;

#[component]
pub fn Mistake(
    #[prop(into)] failure: Signal<Option<Failure>>,
    /// The query as it was asked.
    #[prop(into)]
    query: Signal<String>,
) -> impl IntoView {
    let mistake = move || {
        let Some(Failure::Refused { error, .. }) = failure.get() else { return None };
        let offset = error.offset?;
        let query = query.get();
        let (before, wrong, after) = log_query::split_at_error(&query, offset);
        let wrong = if wrong.is_empty() { "␣".to_owned() } else { wrong.to_owned() };
        Some(view! {
            <p class="mistake mono" data-testid="query-mistake">{before.to_owned()}<mark>{wrong}</mark>{after.to_owned()}</p>
        })
    };
    view! { {dynamic(mistake)} }
}
