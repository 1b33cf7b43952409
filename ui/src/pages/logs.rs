//! `/logs`: a query, how many records over time, which values they have, and the records themselves: those
//! that were found, those that come in, those around one, their patterns, or figures over them.

use crate::chunks::{Chunk, Wanted};
use crate::client::{Failure, fetch};
use crate::components::answer::{Answer, FailureNote};
use crate::components::histogram::Histogram;
use crate::components::log_facets::LogFacets;
use crate::components::log_records::Records;
use crate::components::mistake::Mistake;
use crate::components::saved_searches::SavedSearches;
use crate::context::Context;
use crate::dynamic::{dynamic, handler, memo};
use crate::prelude::*;
use crate::view::{links, log_query};
use leptos::html;
use ocelli_api::logs::{LogHistogramResponse, LogStatsResponse, LogsResponse};
use ocelli_api::searches::SearchPage;

const PAGE_LIMIT: &str = "200";
const BUCKETS: &str = "80";

/// What is shown below the histogram, by the URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    Records,
    Figures,
    Patterns,
    Live,
    Around,
}

#[component]
pub fn Logs() -> impl IntoView {
    let context = Context::get();
    let location = context.location;
    let query = location.value("q");
    let search = memo(move || query.with(|query| log_query::cut_at_bar(query).0.to_owned()));
    let shown = memo(move || {
        location.query.with(|url| match () {
            () if url.get("around").is_some() => Shown::Around,
            () if url.get("live").is_some() => Shown::Live,
            () if url.get("view") == Some("patterns") => Shown::Patterns,
            () if log_query::cut_at_bar(&url.text("q")).1.is_some() => Shown::Figures,
            () => Shown::Records,
        })
    });
    let ask = move |path: &str, q: &str, more: &[(&str, &str)]| {
        let range = context.range.get().ok()?;
        let mut parameters = vec![("q", q)];
        parameters.extend(more);
        Some(links::api(path, &range, &parameters))
    };
    let when = move |wanted: Shown| shown.get() == wanted;
    let logs = fetch::<LogsResponse>(move || {
        when(Shown::Records).then(|| ask("/api/logs", &query.get(), &[("limit", PAGE_LIMIT)])).flatten()
    });
    let figures = fetch::<LogStatsResponse>(move || {
        when(Shown::Figures).then(|| ask("/api/logs/stats", &query.get(), &[])).flatten()
    });
    // Counting never holds up the records: it begins when they are there. A wrong query is said once.
    let wait = memo(move || match shown.get() {
        Shown::Records => logs.loading.get() || !logs.has_answer() || logs.failure.with(Option::is_some),
        Shown::Figures => {
            figures.loading.get() || !figures.has_answer() || figures.failure.with(Option::is_some)
        }
        _ => false,
    });
    let histogram = fetch::<LogHistogramResponse>(move || {
        if wait.get() { None } else { ask("/api/logs/histogram", &search.get(), &[("buckets", BUCKETS)]) }
    });
    let severity_href = Callback::new(move |severity: String| {
        let query = log_query::edit(&query.get(), |search| log_query::include(search, "level", &severity));
        location.href(&[("q", &query), ("record", "")])
    });
    let more = Chunk::get();
    let below = move || {
        match shown.get() {
        Shown::Records => view! {
            <Answer asked=logs.asked own_failure=true stats=logs.map(|answer| answer.stats.clone())><Records logs/></Answer>
        }
        .into_any(),
        Shown::Figures => view! {
            <Answer asked=figures.asked own_failure=true stats=figures.map(|answer| answer.stats.clone())>
                {dynamic(move || more.view(Wanted::Figures(figures)))}
            </Answer>
        }
        .into_any(),
        Shown::Patterns => more.view(Wanted::Patterns(search)),
        Shown::Live => more.view(Wanted::Live(search)),
        Shown::Around => more.view(Wanted::Around),
    }
    };
    let with_facets = move || location.query.with(|url| url.get("facets") != Some("off"));
    let failure = Signal::derive(move || match shown.get() {
        Shown::Figures => figures.failure.get(),
        _ => logs.failure.get(),
    });
    view! {
        <section class="page fill">
            <h1 class="hidden">"Logs"</h1>
            <QueryBox failure/>
            <Show when=move || when(Shown::Records)><FailureNote failure=logs.failure retry=Callback::new(move |()| logs.retry())/></Show>
            <Show when=move || when(Shown::Figures)><FailureNote failure=figures.failure retry=Callback::new(move |()| figures.retry())/></Show>
            <Tools shown search/>
            <FailureNote failure=histogram.failure retry=Callback::new(move |()| histogram.retry())/>
            <div class:loading=dynamic(move || histogram.loading.get()) class:stale=dynamic(move || histogram.failure.with(Option::is_some))>
                <Show when=move || histogram.has_answer() && !when(Shown::Live) && !when(Shown::Around)>
                    <Histogram data=Signal::derive(move || histogram.get()) severity_href/>
                </Show>
            </div>
            <div class="log-page">
                <Show when=move || with_facets() && !when(Shown::Live) && !when(Shown::Around)><LogFacets search wait/></Show>
                <div class="log-main">{dynamic(below)}</div>
            </div>
        </section>
    }
}

/// What is shown, and the records as files.
#[component]
fn Tools(#[prop(into)] shown: Signal<Shown>, #[prop(into)] search: Signal<String>) -> impl IntoView {
    let context = Context::get();
    let location = context.location;
    let tab = move |label: &'static str,
                    id: &'static str,
                    of: &'static [Shown],
                    set: [(&'static str, &'static str); 2]| {
        let current = move || of.contains(&shown.get()).then_some("page");
        let href = move || location.href(&[set[0], set[1], ("around", ""), ("of", ""), ("record", "")]);
        view! { <a data-testid=id aria-current=dynamic(current) href=dynamic(href)>{label}</a> }
    };
    let file = move |format: &'static str, label: &'static str| {
        let href = move || {
            let range = context.range.get().ok()?;
            let parameters = [("q", &*search.get()), ("format", format), ("limit", "100000")];
            Some(links::api("/api/logs/export", &range, &parameters))
        };
        view! { <a data-testid=format!("export-{format}") download="" href=dynamic(href) title="The newest 100,000 records at most; a file that is cut says so">{label}</a> }
    };
    let wraps = move || location.query.with(|url| url.get("wrap") == Some("1"));
    let off = move || location.query.with(|url| url.get("facets") == Some("off"));
    view! {
        <nav class="log-tools" aria-label="Views of logs">
            {tab("Records", "tab-records", &[Shown::Records, Shown::Figures], [("view", ""), ("live", "")])}
            {tab("Patterns", "tab-patterns", &[Shown::Patterns], [("view", "patterns"), ("live", "")])}
            {tab("Live", "tab-live", &[Shown::Live], [("view", ""), ("live", "1")])}
            <SavedSearches page=SearchPage::Logs/>
            <span class="grow"></span>
            <a data-testid="toggle-facets" href=dynamic(move || location.href(&[("facets", if off() { "" } else { "off" })]))>
                {dynamic(move || if off() { "Show fields" } else { "Hide fields" })}</a>
            <a data-testid="toggle-wrap" href=dynamic(move || location.href(&[("wrap", if wraps() { "" } else { "1" })]))>{dynamic(move || if wraps() { "One line each" } else { "Wrap" })}</a>
            {file("ndjson", "NDJSON")}
            {file("csv", "CSV")}
        </nav>
    }
}

/// The query; a mistake is shown at its place.
#[component]
fn QueryBox(#[prop(into)] failure: Signal<Option<Failure>>) -> impl IntoView {
    let location = Context::get().location;
    let query = location.value("q");
    let input = NodeRef::<html::Input>::new();
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if let Some(input) = input.get_untracked() {
            location.set(&[("q", input.value().trim()), ("record", ""), ("around", "")], false);
        }
    };
    view! {
        <form class="query-box" role="search" on:submit=handler(submit)>
            <label for="log-query" class="hidden">"Query"</label>
            <input id="log-query" node_ref=input data-find="" data-testid="log-query" class="mono" type="text" autocomplete="off" spellcheck="false" autocapitalize="off"
                placeholder="level:error \"card declined\" -path:/health | stats count() by (service)"
                aria-invalid=dynamic(move || failure.with(Option::is_some).to_string()) prop:value=dynamic(move || query.get())/>
            <button type="submit" class="primary">"Search"</button>
        </form>
        <Mistake failure query/>
    }
}
