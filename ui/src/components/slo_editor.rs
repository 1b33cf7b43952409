//! Makes and changes an objective: what it would have told is seen before it is saved.

use crate::client::fetch;
use crate::components::editor::{Choice, Editor, Field, Frame, Known, Suggestions, Target};
use crate::context::Context;
use crate::dynamic::{dynamic, memo};
use crate::json;
use crate::pages::slo::{Charts, Episodes, Figures};
use crate::prelude::*;
use crate::view::links;
use crate::view::range::in_ms;
use ocelli_api::forms::slo_document;
use ocelli_api::services::{ServiceResponse, ServicesResponse};
use ocelli_api::slos::{SloPreview, SloPreviewRequest, SloPreviewResponse};
use serde::Deserialize;

const KINDS: [(&str, &str); 3] = [
    ("availability", "Calls that did not fail"),
    ("latency", "Calls that were fast enough"),
    ("ratio", "Any events"),
];
pub const LANGUAGES: [(&str, &str); 3] = [("promql", "PromQL"), ("logql", "LogQL"), ("traceql", "TraceQL")];
const COUNTED: [(&str, &str); 2] = [("good", "good events"), ("bad", "bad events")];
const WINDOWS: [&str; 9] = ["30d", "28d", "7d", "1d", "day", "week", "month", "quarter", "year"];
const USUAL: [(&str, &str); 5] = [
    ("kind", "availability"),
    ("language", "promql"),
    ("counts", "good"),
    ("objective", "99.9"),
    ("window", "30d"),
];

#[derive(Deserialize)]
struct Saved {
    id: String,
}

fn ask(yaml: String) -> Option<(&'static str, String, String)> {
    let request = SloPreviewRequest { yaml, ..SloPreviewRequest::default() };
    let body = json::to_string(&request).ok()?;
    Some(("application/json", "/api/slos/preview".to_owned(), body))
}

#[component]
pub fn SloEditor(target: Target, known: Option<Known>, cancel: Callback<()>) -> impl IntoView {
    let context = Context::get();
    let location = context.location;
    // Of a query on another page, a new one counts its events.
    let total = location.value("total").get_untracked();
    let of_query: &[(&str, &str)] = match total.is_empty() {
        true => &[],
        false => &[("kind", "ratio"), ("total", &total)],
    };
    let usual = [USUAL.as_slice(), of_query].concat();
    let editor = Editor::new(target, known, &usual, slo_document, ask);
    let saved = Callback::new(move |answer: String| {
        if let Ok(Saved { id }) = json::from_str(&answer) {
            context.refresh();
            let path = links::slo_path(&id);
            location.go(&untrack(|| location.link(&path, &[("from", ""), ("to", "")])), false);
        }
    });
    let form = move || view! { <Fields editor/> };
    let past = move || {
        let answer = json::from_str::<SloPreviewResponse>(&editor.preview.get()?).ok()?;
        Some(view! { <Past answer/> })
    };
    view! { <Frame editor form saved cancel>{dynamic(past)}</Frame> }
}

#[component]
fn Fields(editor: Editor) -> impl IntoView {
    let field = move |key, label, placeholder, size| view! { <Field editor key label placeholder size/> };
    let kind = memo(move || editor.value("kind"));
    let of_kind = move || {
        match &*kind.get() {
        "ratio" => view! {
            <Choice editor key="language" label="Language" options=&LANGUAGES/>
            <Choice editor key="counts" label="Counted" options=&COUNTED/>
            {field("service", "About the service", "none", "")}
            {dynamic(move || match &*editor.value("counts") {
                "bad" => field("bad", "Query for bad events", "sum(rate(errors_total[{{.window}}]))", "whole"),
                _ => field("good", "Query for good events", "sum(rate(ok_total[{{.window}}]))", "whole"),
            })}
            {field("total", "Query for all events", "sum(rate(requests_total[{{.window}}]))", "whole")}
        }
        .into_any(),
        kind => {
            let under = (kind == "latency").then(|| field("under", "Under", "300ms", "short"));
            view! {
                {field("service", "Service", "checkout", "")}{field("operation", "Operation", "all", "")}{under}
                <OfTraces editor/>
            }
            .into_any()
        }
    }
    };
    let is_calendar = memo(move || {
        WINDOWS[4..].contains(&&*editor.value("window")) || !editor.value("time_zone").is_empty()
    });
    let zone = move || is_calendar.get().then(|| field("time_zone", "Time zone", "Europe/Berlin", ""));
    let windows = Signal::stored(WINDOWS.map(str::to_owned).to_vec());
    view! {
        <Choice editor key="kind" label="What is good" options=&KINDS/>
        {dynamic(of_kind)}
        {field("objective", "Objective, %", "99.9", "short")}
        {field("window", "Window", "30d, month", "short")}
        {dynamic(zone)}
        {field("name", "Name", "availability", "")}
        {field("description", "Description", "", "long")}
        <Suggestions key="window" names=windows/>
    }
}

/// The services that were seen in the range, and the operations of the one that is chosen.
#[component]
fn OfTraces(editor: Editor) -> impl IntoView {
    let context = Context::get();
    let service = memo(move || editor.value("service"));
    let services = fetch::<ServicesResponse>(move || {
        context.range.get().ok().map(|range| links::api("/api/services", &range, &[]))
    });
    let names = Signal::derive(move || {
        let all = services.get().map(|answer| answer.services.clone()).unwrap_or_default();
        all.into_iter().map(|service| service.name).collect::<Vec<_>>()
    });
    let operations = fetch::<ServiceResponse>(move || {
        let name = service.get();
        let range = context.range.get().ok().filter(|_| names.get().contains(&name))?;
        Some(links::api(&format!("/api{}", links::service_path(&name)), &range, &[]))
    });
    let of_it = Signal::derive(move || {
        let all = operations.get().map(|answer| answer.operations.clone()).unwrap_or_default();
        all.into_iter().map(|operation| operation.name).collect::<Vec<_>>()
    });
    view! { <Suggestions key="service" names/><Suggestions key="operation" names=of_it/> }
}

/// What it would have told, had it been there.
#[component]
fn Past(answer: SloPreviewResponse) -> impl IntoView {
    let partial = answer.stats.partial;
    let one = move |preview: SloPreview| {
        let range_ms = in_ms(&preview.range);
        view! {
            <p data-testid="verdict"><strong>"It "{preview.verdict}"."</strong><span class="hint">" "{partial.clone()}</span></p>
            <Figures status=preview.slo/>
            <Charts range_ms=Signal::stored(range_ms) history=Signal::stored(preview.history)/>
            <Episodes episodes=preview.episodes/>
        }
    };
    view! { {answer.slos.into_iter().map(one).collect_view()} }
}
