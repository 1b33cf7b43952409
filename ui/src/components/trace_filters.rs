//! The form that finds traces: what must hold of one span, or TraceQL instead.

use crate::client::fetch;
use crate::context::Context;
use crate::dynamic::{dynamic, handler, memo};
use crate::prelude::*;
use crate::view::links;
use crate::view::traceql::{self, FILTERS};
use ocelli_api::services::ServicesResponse;

/// Of these what stands for one span, which a TraceQL query says itself.
const OF_ONE_SPAN: [&str; 6] = ["service", "operation", "status", "min_duration", "max_duration", "q"];

/// Whether the page's address asks for some spans and not for all traces.
pub fn is_filtered() -> bool {
    let query = Context::get().location.query;
    query.with(|query| FILTERS[..7].iter().any(|key| query.get(key).is_some()))
}

/// What is in the form and what is in the URL is the same after each change.
#[component]
pub fn TraceFilters() -> impl IntoView {
    let context = Context::get();
    let location = context.location;
    let services = fetch::<ServicesResponse>(move || {
        context.range.get().ok().map(|range| links::api("/api/services", &range, &[]))
    });
    let names =
        services.map(|data| data.services.iter().map(|service| service.name.clone()).collect::<Vec<_>>());
    let with_query = memo(move || location.query.with(|page| page.get("query").is_some()));
    // A query says all itself: what it can't be given with is empty, or can only be emptied.
    let unused = move |key: &str, value: Memo<String>| {
        with_query.get() && OF_ONE_SPAN.contains(&key) && value.with(String::is_empty)
    };
    let text = move |key: &'static str,
                     label: &'static str,
                     placeholder: &'static str,
                     list: Option<&'static str>| {
        let value = location.value(key);
        let id = format!("filter-{key}");
        view! {
            <label for=id.clone()>{label}</label>
            <input id=id name=key type="text" class:mono=key == "q" placeholder=placeholder list=list autocomplete="off" spellcheck="false"
                disabled=dynamic(move || unused(key, value)) prop:value=dynamic(move || value.get())
                on:change=handler(move |event| location.set(&[(key, event_target_value(&event).trim())], false))/>
        }
    };
    let choice = move |key: &'static str,
                       label: &'static str,
                       choices: &'static [(&'static str, &'static str)]| {
        let value = location.value(key);
        let id = format!("filter-{key}");
        view! {
            <label for=id.clone()>{label}</label>
            <select id=id name=key prop:value=dynamic(move || value.get()) disabled=dynamic(move || unused(key, value))
                on:change=handler(move |event| location.set(&[(key, &event_target_value(&event))], false))>
                {choices.iter().map(|(choice, label)| view! { <option value=*choice selected=dynamic(move || value.with(|value| value == choice))>{*label}</option> }).collect_view()}
            </select>
        }
    };
    let clear = move || location.href(&FILTERS.map(|key| (key, "")));
    view! {
        <form class="filters-form" role="search" on:submit=handler(|event: web_sys::SubmitEvent| event.prevent_default())>
            <span class="field">{text("service", "Service", "any", Some("service-names"))}</span>
            <datalist id="service-names">{dynamic(move || names.get().unwrap_or_default().into_iter().map(|name| view! { <option value=name></option> }).collect_view())}</datalist>
            <span class="field">{text("operation", "Operation", "any", None)}</span>
            <span class="field short">{choice("status", "Status", &[("", "any"), ("error", "error"), ("ok", "ok"), ("unset", "unset")])}</span>
            <span class="field short">{text("min_duration", "At least", "250ms", None)}</span>
            <span class="field short">{text("max_duration", "At most", "2s", None)}</span>
            <span class="field long">{text("q", "Attributes", "http.route:/orders order_id:5001", None)}</span>
            <span class="field short">{choice("sort", "Sort", &[("", "newest"), ("slowest", "slowest")])}</span>
            <a class="clear" href=dynamic(clear)>"Clear"</a>
            <Query/>
        </form>
    }
}

/// The changes of the address by which a query stands instead of the fields for one span.
fn instead(query: &str) -> Vec<(&str, &str)> {
    let mut changes: Vec<(&str, &str)> = OF_ONE_SPAN.map(|key| (key, "")).to_vec();
    changes.push(("query", query));
    changes
}

/// TraceQL instead of the fields above, and the fields above as TraceQL.
#[component]
fn Query() -> impl IntoView {
    let location = Context::get().location;
    let query = location.value("query");
    let change = move |event: web_sys::Event| {
        let typed = event_target_value(&event);
        location.set(&instead(typed.trim()), false);
    };
    let translate = move || {
        if !query.with(String::is_empty) {
            return None;
        }
        let said = location.query.with(traceql::of_page)?;
        let href = location.href(&instead(&said));
        Some(view! { <a class="clear" data-testid="as-traceql" href=href>"The fields above as TraceQL"</a> })
    };
    view! {
        <span class="field whole">
            <label for="filter-query">"TraceQL"</label>
            <input id="filter-query" name="query" type="text" class="mono" data-find="" autocomplete="off" spellcheck="false" autocapitalize="off"
                placeholder="{ resource.service.name = \"gateway\" } >> { status = error && duration > 1s }"
                prop:value=dynamic(move || query.get()) on:change=handler(change)/>
        </span>
        {dynamic(translate)}
    }
}
