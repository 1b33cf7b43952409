//! `/dashboards/:id`: the panels of one dashboard over one range.

use crate::client::fetch;
use crate::components::answer::Answer;
use crate::components::dash::board::{Board, Grid};
use crate::components::dash::edit::Editor;
use crate::components::palette;
use crate::context::Context;
use crate::dynamic::{dynamic, effect, memo};
use crate::location::Location;
use crate::prelude::*;
use crate::view::dashboards::draft::Draft;
use crate::view::dashboards::path;
use crate::view::range::refresh_of;
use ocelli_api::dashboards::Dashboard as Document;

/// The range of those that name none.
const USUAL_RANGE: (&str, &str) = ("now-1h", "now");

#[component]
pub fn Dashboard(id: String) -> impl IntoView {
    let location = Context::get().location;
    let url = format!("/api{}", path(&id));
    let export = url.clone();
    let answer = fetch::<Document>(move || Some(url.clone()));
    let board = Board::of_page();
    let loaded = RwSignal::new(false);
    effect(move || {
        let Some(document) = answer.get() else { return };
        document_title(&document.title);
        open(location, &document);
        palette::remember(&document.title, &location.href_untracked(&[]));
        board.begin(Draft::new((*document).clone()));
        loaded.set(true);
    });
    let about = memo(move || {
        board.draft.with(|draft| (draft.dashboard.title.clone(), draft.dashboard.description.clone()))
    });
    let title = {
        let id = id.clone();
        move || about.with(|about| if about.0.is_empty() { id.clone() } else { about.0.clone() })
    };
    let reload = Callback::new(move |()| answer.asked.retry());
    let editor = move || board.editing.get().then(|| view! { <Editor board reload/> });
    view! {
        <section class="page dash">
            <header class="page-head">
                <h1>{dynamic(title)}</h1>
                <nav class="ways" aria-label="Of this dashboard">
                    <a href=dynamic(move || location.link("/dashboards", &[]))>"All dashboards"</a>
                    <a href=dynamic(move || location.href(&[("edit", "1")])) data-testid="edit" class:hide=dynamic(move || board.editing.get())>"Edit"</a>
                    <a href=export download=format!("{id}.json") data-testid="export">"Export"</a>
                </nav>
                <p class="hint">{dynamic(move || about.with(|about| about.1.clone()))}</p>
            </header>
            <Answer asked=answer.asked>
                {dynamic(move || loaded.get().then(|| view! { {dynamic(editor)}<Grid board/> }))}
            </Answer>
        </section>
    }
}

fn document_title(title: &str) {
    document().set_title(&format!("{title} · Ocelli"));
}

/// An address without a range gets that of the dashboard, and how often it is asked again.
fn open(location: Location, dashboard: &Document) {
    let or = |text: &str, usual: &str| if text.is_empty() { usual.to_owned() } else { text.to_owned() };
    let (from, to) = (or(&dashboard.from, USUAL_RANGE.0), or(&dashboard.to, USUAL_RANGE.1));
    let has = |key: &str| location.query.with_untracked(|query| query.get(key).is_some());
    let mut changes = Vec::new();
    if !has("from") && !has("to") {
        changes.extend([("from", &*from), ("to", &*to)]);
    }
    if !has("refresh") {
        changes.push(("refresh", refresh_of(&dashboard.refresh)));
    }
    location.set(&changes, true);
}
