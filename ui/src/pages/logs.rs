//! `/logs`: a query, how many records over time, the records, and all of the chosen one.

use crate::client::{Failure, Fetched, fetch};
use crate::components::answer::{Answer, Empty, FailureNote};
use crate::components::histogram::Histogram;
use crate::components::log_detail::LogDetail;
use crate::components::log_list::{LogList, LogRow};
use crate::context::Context;
use crate::view::{format, links, log_query};
use leptos::html;
use leptos::prelude::*;
use ocelli_api::logs::{LogHistogramResponse, LogsResponse};

const PAGE_LIMIT: &str = "200";
const BUCKETS: &str = "80";

#[component]
pub fn Logs() -> impl IntoView {
    let context = Context::get();
    let query = context.location.value("q");
    let ask = move |path: &str, more: &[(&str, &str)]| {
        let range = context.range.get().ok()?;
        let query = query.get();
        let mut parameters = vec![("q", query.as_str())];
        parameters.extend(more);
        Some(links::api(path, &range, &parameters))
    };
    let logs = fetch::<LogsResponse>(move || ask("/api/logs", &[("limit", PAGE_LIMIT)]));
    // Two questions, so that counting never holds up the records.
    let histogram =
        fetch::<LogHistogramResponse>(move || ask("/api/logs/histogram", &[("buckets", BUCKETS)]));
    let severity_href = Callback::new(move |severity: String| {
        let query = log_query::include(&query.get(), "level", &severity);
        context.location.href(&[("q", &query), ("record", "")])
    });
    // A wrong query fails twice; it is said once.
    let histogram_failure = RwSignal::new(None);
    Effect::new(move |_| {
        let failure = histogram.failure.get();
        histogram_failure.set(failure.filter(|failure| logs.failure.get().as_ref() != Some(failure)));
    });
    view! {
        <section class="page fill">
            <h1 class="hidden">"Logs"</h1>
            <QueryBox logs/>
            <FailureNote failure=histogram_failure retry=Callback::new(move |()| histogram.retry())/>
            <div class:loading=move || histogram.loading.get() class:stale=move || histogram.failure.with(Option::is_some)>
                <Show when=move || histogram.has_answer()>
                    <Histogram data=Signal::derive(move || histogram.get()) severity_href/>
                </Show>
            </div>
            <Answer asked=logs.asked own_failure=true stats=logs.map(|answer| answer.stats.clone())>
                <Records logs/>
            </Answer>
        </section>
    }
}

/// The query; a mistake is shown at its place.
#[component]
fn QueryBox(logs: Fetched<LogsResponse>) -> impl IntoView {
    let location = Context::get().location;
    let query = location.value("q");
    let input = NodeRef::<html::Input>::new();
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if let Some(input) = input.get_untracked() {
            location.set(&[("q", input.value().trim()), ("record", "")], false);
        }
    };
    let mistake = move || {
        let Some(Failure::Refused { error, .. }) = logs.failure.get() else { return None };
        let offset = error.offset?;
        let query = query.get();
        let (before, wrong, after) = log_query::split_at_error(&query, offset);
        let wrong = if wrong.is_empty() { "␣".to_owned() } else { wrong.to_owned() };
        Some(view! {
            <p class="mistake mono" data-testid="query-mistake">{before.to_owned()}<mark>{wrong}</mark>{after.to_owned()}</p>
        })
    };
    view! {
        <form class="query-box" role="search" on:submit=submit>
            <label for="log-query" class="hidden">"Query"</label>
            <input id="log-query" node_ref=input data-find="" data-testid="log-query" class="mono" type="text" autocomplete="off" spellcheck="false" autocapitalize="off"
                placeholder="level:error service:payment \"card declined\" -path:/health   /"
                aria-invalid=move || logs.failure.with(Option::is_some).to_string() prop:value=move || query.get()/>
            <button type="submit" class="primary">"Search"</button>
        </form>
        {mistake}
        <FailureNote failure=logs.failure retry=Callback::new(move |()| logs.retry())/>
    }
}

/// Pages of records, put together as one reads on.
#[component]
fn Records(logs: Fetched<LogsResponse>) -> impl IntoView {
    let location = Context::get().location;
    let rows = RwSignal::new(Vec::<LogRow>::new());
    let next = RwSignal::new(None::<String>);
    let asked = RwSignal::new(None::<String>);
    Effect::new(move |_| {
        let Some(page) = logs.get() else { return };
        asked.set(None);
        next.set(page.next_cursor.clone());
        rows.set(page.records.iter().cloned().map(LogRow::new).collect());
    });
    let page = fetch::<LogsResponse>(move || {
        let cursor = asked.get()?;
        let first = logs.url.get_untracked()?;
        Some(format!("{first}&cursor={}", crate::view::query_string::encode(&cursor)))
    });
    Effect::new(move |_| {
        let Some(page) = page.get() else { return };
        if asked.get_untracked().is_none() {
            return;
        }
        next.set(page.next_cursor.clone());
        rows.update(|rows| rows.extend(page.records.iter().cloned().map(LogRow::new)));
    });
    let older = Callback::new(move |()| {
        let cursor = next.get_untracked();
        if cursor.is_some() && !page.loading.get_untracked() {
            next.set(None);
            asked.set(cursor);
        }
    });
    let selected = location.value("record");
    let select = Callback::new(move |key: String| {
        // Walking through the list is not a history; opening the first and closing are.
        let walking = !key.is_empty() && !selected.with_untracked(String::is_empty);
        location.set(&[("record", &key)], walking);
    });
    let chosen = Memo::new(move |_| {
        let key = selected.get();
        rows.with(|rows| rows.iter().position(|row| row.key == key))
    });
    let detail = move || {
        let row = rows.with(|rows| chosen.get().and_then(|place| rows.get(place).cloned()))?;
        Some(
            view! { <LogDetail record=row.record close=Callback::new(move |()| select.run(String::new()))/> },
        )
    };
    let count = Memo::new(move |_| rows.with(Vec::len));
    let none = move || {
        (count.get() == 0 && !logs.loading.get()).then(|| {
            let query = location.query.with(|query| query.text("q"));
            let what = if query.is_empty() {
                "No log record has been seen".to_owned()
            } else {
                format!("No log record fits {query}")
            };
            view! { <Empty what/> }
        })
    };
    view! {
        {none}
        <FailureNote failure=page.failure retry=Callback::new(move |()| page.retry())/>
        <div class="split" class:hide=move || count.get() == 0>
            <LogList rows selected select older/>
            {detail}
        </div>
        <p class="hint" role="status">{move || format!("{} loaded", format::plural(count.get() as u64, "record", "records"))}</p>
    }
}
