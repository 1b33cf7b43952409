//! Which values the records that pass have, each a click away from being wanted or not.

use crate::client::fetch;
use crate::components::answer::Answer;
use crate::context::Context;
use crate::dynamic::dynamic;
use crate::prelude::*;
use crate::view::{format, length, links, log_query};
use ocelli_api::logs::{Facet, LogFacetsResponse};

const VALUES: &str = "8";

#[component]
pub fn LogFacets(
    /// The query without what is behind its bar.
    #[prop(into)]
    search: Signal<String>,
    /// Waits as long as something more urgent is asked.
    #[prop(into)]
    wait: Signal<bool>,
) -> impl IntoView {
    let context = Context::get();
    let facets = fetch::<LogFacetsResponse>(move || {
        if wait.get() {
            return None;
        }
        let range = context.range.get().ok()?;
        Some(links::api("/api/logs/facets", &range, &[("q", &search.get()), ("limit", VALUES)]))
    });
    let of = move || {
        facets.with(|answer| {
            let facets = answer.map(|answer| answer.facets.clone()).unwrap_or_default();
            facets
                .into_iter()
                .filter(|facet| !facet.values.is_empty())
                .map(|facet| view! { <OneFacet facet/> })
                .collect_view()
        })
    };
    let sampled = move || {
        let newest =
            facets.with(|answer| answer.filter(|answer| answer.sampled).map(|answer| answer.records));
        newest
            .map(|records| view! { <p class="hint">"Of the newest "{format::count(records)}" records."</p> })
    };
    view! {
        <aside class="log-facets" data-testid="log-facets" aria-label="Values of fields">
            <Answer asked=facets.asked>{dynamic(of)}{dynamic(sampled)}</Answer>
        </aside>
    }
}

#[component]
fn OneFacet(facet: Facet) -> impl IntoView {
    let name = facet.field.clone();
    let all: u64 = facet.values.iter().map(|value| value.count).sum::<u64>() + facet.other;
    let rows = facet
        .values
        .into_iter()
        .map(|value| {
            let share = value.count as f64 / all.max(1) as f64;
            view! {
                <li>
                    <span class="part" style:width=length::share(share) aria-hidden="true"></span>
                    <span class="value clip" title=value.value.clone()>{value.value.clone()}</span>
                    <span class="num">{format::short(value.count as f64)}</span>
                    <PlusMinus field=name.clone() value=value.value/>
                </li>
            }
        })
        .collect_view();
    let other = (facet.other > 0).then(|| {
        let more = if facet.more { "more than " } else { "" };
        view! { <li class="hint">{format::short(facet.other as f64)}" with others of "{more}{format::count(facet.distinct)}" values"</li> }
    });
    let missing = (facet.missing > 0)
        .then(|| view! { <li class="hint">{format::short(facet.missing as f64)}" without"</li> });
    view! { <details open=true><summary>{facet.field}</summary><ul>{rows}{other}{missing}</ul></details> }
}

/// The query with the value, and without it.
#[component]
fn PlusMinus(field: String, value: String) -> impl IntoView {
    let location = Context::get().location;
    let (plus, minus) = (format!("Only {field} {value}"), format!("Not {field} {value}"));
    let pair = StoredValue::new((field, value));
    let href = move |edit: fn(&str, &str, &str) -> String| {
        let query = location.query.with(|query| query.text("q"));
        let query =
            pair.with_value(|(field, value)| log_query::edit(&query, |search| edit(search, field, value)));
        location.href(&[("q", &query), ("record", ""), ("around", "")])
    };
    view! {
        <a class="filter" href=dynamic(move || href(log_query::include)) aria-label=plus>"+"</a>
        <a class="filter" href=dynamic(move || href(log_query::exclude)) aria-label=minus>"−"</a>
    }
}
