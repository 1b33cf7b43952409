//! Changes a dashboard: what may be done to all of it, and what came of saving.

use super::board::Board;
use super::edit_more::{Settings, VariableForms};
use super::import::words;
use crate::client::{Failure, send};
use crate::components::answer::error_note;
use crate::context::Context;
use crate::dynamic::{dynamic, effect, handler, memo};
use crate::json;
use crate::location::{UNSAVED, confirmed};
use crate::prelude::*;
use crate::view::dashboards::{draft::Draft, path};
use leptos::task::spawn_local;
use ocelli_api::dashboards::{Dashboard, Grid, Panel, PanelQuery};

/// Which form of the whole is open.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    Nothing,
    Settings,
    Variables,
    Json,
}

/// Saves the draft as it is, made of a revision.
fn save(board: Board, context: Context, busy: RwSignal<bool>, over: Option<u64>) {
    let mut dashboard = board.draft.with_untracked(|draft| draft.dashboard.clone());
    dashboard.revision = over.unwrap_or(dashboard.revision);
    let url = format!("/api{}", path(&dashboard.id));
    let Ok(body) = json::to_string(&dashboard) else { return };
    busy.set(true);
    spawn_local(async move {
        let answer = send::<Dashboard>("PUT", &url, Some(body)).await;
        // The page may be gone by now.
        busy.try_set(false);
        match answer {
            Ok(saved) => {
                if board.draft.try_get_untracked().is_some() {
                    board.begin(Draft::new(saved));
                    board.chosen.set(None);
                    context.location.set(&[("edit", "")], true);
                }
            }
            Err(why) => {
                show_where(board, &why);
                board.failure.try_set(Some(why));
            }
        }
    });
}

/// Opens the form of the panel that a refusal is about.
fn show_where(board: Board, why: &Failure) {
    let Failure::Refused { error, .. } = why else { return };
    let place = error
        .parameter
        .as_deref()
        .and_then(|field| field.strip_prefix("panels[")?.split(']').next()?.parse().ok());
    if let (Some(place), Some(draft)) = (place, board.draft.try_get_untracked()) {
        board.chosen.try_set(draft.key(place));
    }
}

#[component]
pub fn Editor(board: Board, reload: Callback<()>) -> impl IntoView {
    let context = Context::get();
    let (busy, open) = (RwSignal::new(false), RwSignal::new(Open::Nothing));
    let dirty = memo(move || board.before.with(|before| !before.is_empty()));
    context.location.guard(dirty);
    let add = move |_| {
        let panel = Panel {
            title: "New panel".to_owned(),
            grid: Grid { w: 12, h: 8, ..Grid::default() },
            queries: vec![PanelQuery::default()],
            ..Panel::default()
        };
        let mut key = None;
        board.change(|draft| key = Some(draft.add(panel)));
        board.chosen.set(key);
    };
    let discard = move |_| {
        if !dirty.get_untracked() || confirmed(UNSAVED) {
            let first = board.before.with_untracked(|before| before.first().cloned());
            if let Some(first) = first {
                board.begin(first);
            }
            board.chosen.set(None);
            context.location.set(&[("edit", "")], true);
        }
    };
    let toggle = move |label: &'static str, what: Open| {
        let pressed = move || (open.get() == what).to_string();
        let click = move |_| open.set(if open.get_untracked() == what { Open::Nothing } else { what });
        view! { <button type="button" aria-pressed=dynamic(pressed) on:click=handler(click)>{label}</button> }
    };
    let form = move || match open.get() {
        Open::Nothing => ().into_any(),
        Open::Settings => view! { <Settings board/> }.into_any(),
        Open::Variables => view! { <VariableForms board/> }.into_any(),
        Open::Json => view! { <Json board/> }.into_any(),
    };
    view! {
        <section class="dash-editor" data-testid="dash-editor" aria-label="Changes">
            <p class="facts">
                <button type="button" class="primary" data-testid="dash-save" disabled=dynamic(move || busy.get() || !dirty.get()) on:click=handler(move |_| save(board, context, busy, None))>"Save"</button>
                <button type="button" data-testid="dash-discard" on:click=handler(discard)>{dynamic(move || if dirty.get() { "Discard" } else { "Done" })}</button>
                <button type="button" data-testid="dash-undo" disabled=dynamic(move || !dirty.get()) on:click=handler(move |_| board.undo())>"Undo"</button>
                <button type="button" data-testid="dash-add" on:click=handler(add)>"Add a panel"</button>
                {toggle("Settings", Open::Settings)}{toggle("Variables", Open::Variables)}{toggle("JSON", Open::Json)}
            </p>
            <Refused board reload over=Callback::new(move |newer| save(board, context, busy, Some(newer)))/>
            {dynamic(form)}
        </section>
    }
}

/// What the server said; in a conflict both sides can be kept.
#[component]
fn Refused(board: Board, reload: Callback<()>, over: Callback<u64>) -> impl IntoView {
    let note = move || {
        let failure = board.failure.get()?;
        let newer = match &failure {
            Failure::Refused { status: 409, error } => error.revision,
            _ => None,
        };
        let both = newer.map(|newer| {
            view! {
                <button type="button" data-testid="save-over" on:click=handler(move |_| over.run(newer))>"Save over it"</button>
                <button type="button" data-testid="take-theirs" on:click=handler(move |_| reload.run(()))>"Take theirs"</button>
            }
        });
        Some(error_note(words(&failure), both))
    };
    view! { {dynamic(note)} }
}

/// The whole as a text, which takes effect when it can be read.
#[component]
fn Json(board: Board) -> impl IntoView {
    let text = RwSignal::new(String::new());
    let wrong = RwSignal::new(None::<String>);
    effect(move || {
        let compact = board.draft.with(|draft| json::to_string(&draft.dashboard)).unwrap_or_default();
        text.set(spaced(&compact));
    });
    let typed = move |event: web_sys::Event| {
        let typed = event_target_value(&event);
        match json::from_str_strictly::<Dashboard>(&typed) {
            Ok(dashboard) => {
                wrong.set(None);
                board.change(|draft| {
                    let Dashboard { id, revision, .. } = draft.dashboard.clone();
                    *draft = Draft::new(Dashboard { id, revision, ..dashboard });
                });
            }
            Err(why) => {
                wrong.set(Some(why.to_string()));
                text.set(typed);
            }
        }
    };
    view! {
        <textarea class="mono document" rows="20" spellcheck="false" data-testid="dash-json" aria-label="The dashboard as JSON"
            prop:value=dynamic(move || text.get()) on:change=handler(typed)></textarea>
        {dynamic(move || wrong.get().map(|why| view! { <p class="wrong" role="alert">{why}</p> }))}
    }
}

/// With line breaks; the browser can do that.
fn spaced(compact: &str) -> String {
    let value = js_sys::JSON::parse(compact).ok();
    let text = value.and_then(|value| {
        js_sys::JSON::stringify_with_replacer_and_space(&value, &wasm_bindgen::JsValue::NULL, &2.into()).ok()
    });
    text.and_then(|text| text.as_string()).unwrap_or_else(|| compact.to_owned())
}
