//! One panel: it asks when it comes into sight, shows what is known while it asks again, and says what went wrong.

use super::answers::{Answered, Scoped, figures};
use super::bars::{Bars, Table};
use super::board::Board;
use super::chart::SeriesChart;
use super::heat::Heat;
use super::menu::Menu;
use super::place::Tools;
use super::rows::{Records, Traces, all_records, all_traces};
use super::seen::in_sight;
use super::stat::Stats;
use super::text::Text;
use crate::components::answer::{FailureNote, error_note};
use crate::dynamic::{dynamic, effect, memo};
use crate::prelude::*;
use crate::view::dashboards::request::{Scope, filled};
use leptos::html;
use ocelli_api::dashboards::{Grid, Panel, PanelKind, QueryLanguage};
use wasm_bindgen::JsCast;

#[component]
pub fn PanelFrame(board: Board, scope: Memo<Option<Scope>>, key: u32) -> impl IntoView {
    let panel = memo(move || board.draft.with(|draft| draft.panel(key).cloned()).unwrap_or_default());
    let grid = memo(move || panel.with(|panel| panel.grid));
    // Everything but its place: moving a panel asks nothing.
    let content = memo(move || Panel { grid: Grid::default(), ..panel.get() });
    let element = NodeRef::<html::Article>::new();
    let seen = in_sight(move || element.get().map(|element| element.unchecked_into()));
    // What it was asked for when it was last in sight.
    let asked = RwSignal::new(None::<Scope>);
    effect(move || {
        let now = scope.get();
        if seen.get() && asked.with_untracked(|asked| *asked != now) && now.is_some() {
            asked.set(now);
        }
    });
    let title = memo(move || {
        let title = panel.with(|panel| panel.title.clone());
        scope.with(|scope| scope.as_ref().map(|scope| scope.title(&title))).unwrap_or(title)
    });
    let body = move || view! { <Content panel=content.get() title scope=asked.into() board key/> };
    view! {
        <article class="dash-panel" data-testid="dash-panel" node_ref=element aria-label=dynamic(move || title.get())
            style:grid-column=dynamic(move || format!("{} / span {}", grid.get().x + 1, grid.get().w))
            style:grid-row=dynamic(move || format!("{} / span {}", grid.get().y + 1, grid.get().h))
            style:min-height=dynamic(move || format!("{}px", grid.get().h * 38 - 8))>
            {dynamic(body)}
        </article>
    }
}

/// A panel's frame and what is in it; made anew when it becomes another.
#[component]
fn Content(panel: Panel, title: Memo<String>, scope: Scoped, board: Board, key: u32) -> impl IntoView {
    let (answers, some, shown) = shown(&panel, title, scope);
    let loading = {
        let answers = answers.clone();
        memo(move || answers.iter().any(|answer| answer.asked.loading.get()))
    };
    let answered = {
        let answers = answers.clone();
        memo(move || answers.iter().all(|answer| answer.asked.has_answer()))
    };
    let has_queries = !answers.is_empty();
    let none = move || {
        (has_queries && answered.get() && !some.get())
            .then(|| view! { <p class="hint dash-none">"Nothing was found in this range."</p> })
    };
    let waits = move || {
        (has_queries && !answered.get() && loading.get())
            .then(|| view! { <p class="late dash-none">"Loading…"</p> })
    };
    let about = (!panel.description.is_empty()).then(|| view! { <span class="hint" title=panel.description.clone() aria-label=panel.description.clone() role="img">"ⓘ"</span> });
    let partial = {
        let answers = answers.clone();
        move || {
            let why = answers.iter().find_map(|answer| answer.partial.get())?;
            Some(view! { <span class="sev-warn" role="status" title=why.clone()>"▲ not all of it"</span> })
        }
    };
    let is_text = panel.kind == PanelKind::Text;
    view! {
        <header class="dash-head">
            <h2 class="clip">{dynamic(move || title.get())}</h2>{about}{dynamic(partial)}<Tools board key title/>
            {(!is_text).then(|| view! { <Menu panel=panel.clone() title answers=answers.clone() scope/> })}
        </header>
        <Failures answers/>
        <div class="dash-content" class:loading=dynamic(move || loading.get()) aria-busy=dynamic(move || loading.get().to_string())
            class:hide=dynamic(move || has_queries && !some.get())>{shown}</div>
        {dynamic(none)}{dynamic(waits)}
    }
}

/// The questions of a panel, whether there is something to show, and how it is shown.
fn shown(panel: &Panel, title: Memo<String>, scope: Scoped) -> (Vec<Answered>, Memo<bool>, AnyView) {
    let panel = panel.clone();
    match panel.kind {
        PanelKind::Text => {
            let text = panel.text.clone();
            let filled = memo(move || {
                scope.with(|scope| scope.as_ref().map(|scope| scope.title(&text))).unwrap_or_default()
            });
            (
                Vec::new(),
                memo(|| true),
                view! { {dynamic(move || view! { <Text text=filled.get()/> })} }.into_any(),
            )
        }
        PanelKind::Logs => {
            let (answers, rows) = all_records(&panel, scope);
            let query = panel.queries.iter().find(|query| query.language == QueryLanguage::Logs).cloned();
            let search = Signal::derive(move || {
                let filled = |scope: &Scope| query.as_ref().and_then(|query| filled(query, scope).ok());
                scope.with(|scope| scope.as_ref().and_then(filled)).unwrap_or_default()
            });
            (
                answers,
                memo(move || rows.with(|rows| !rows.is_empty())),
                view! { <Records rows search/> }.into_any(),
            )
        }
        PanelKind::Traces => {
            let (answers, traces) = all_traces(&panel, scope);
            (
                answers,
                memo(move || traces.with(|traces| !traces.is_empty())),
                view! { <Traces traces/> }.into_any(),
            )
        }
        kind => {
            let (answers, lines) = figures(&panel, scope);
            let some = memo(move || {
                lines.with(|lines| lines.iter().any(|line| line.series.values.iter().any(Option::is_some)))
            });
            let shown = match kind {
                PanelKind::Stat => view! { <Stats panel lines/> }.into_any(),
                PanelKind::Bar => view! { <Bars panel lines/> }.into_any(),
                PanelKind::Table => view! { <Table panel lines/> }.into_any(),
                PanelKind::Heatmap => view! { <Heat panel title lines scope/> }.into_any(),
                _ => view! { <SeriesChart panel title lines scope/> }.into_any(),
            };
            (answers, some, shown)
        }
    }
}

/// What cannot be asked, and what the server refused.
#[component]
fn Failures(answers: Vec<Answered>) -> impl IntoView {
    let one = |answer: Answered| {
        let retry = Callback::new(move |()| answer.asked.retry());
        let wrong = move || answer.wrong().map(|why| error_note(why, ()));
        view! { {dynamic(wrong)}<FailureNote failure=answer.asked.failure retry/> }
    };
    view! { {answers.into_iter().map(one).collect_view()} }
}
