//! The searches that are kept under a name, of one page: opened, saved, renamed, changed, deleted.

use crate::client::{fetch, send};
use crate::context::Context;
use crate::dynamic::{dynamic, handler};
use crate::json;
use crate::prelude::*;
use crate::view::palette::{page_path, search_href};
use leptos::html;
use leptos::task::spawn_local;
use ocelli_api::searches::{SavedSearch, SearchPage, SearchRequest, SearchesResponse};

/// What an address holds beside the search: what was looked at.
const LOOKED_AT: [&str; 5] = ["record", "around", "of", "pick", "theme"];

#[component]
pub fn SavedSearches(page: SearchPage) -> impl IntoView {
    let location = Context::get().location;
    let all = fetch::<SearchesResponse>(|| Some("/api/searches".to_owned()));
    let failure = RwSignal::new(None::<String>);
    // What is renamed, and what was deleted and can be brought back.
    let (renamed, deleted) = (RwSignal::new(None::<SavedSearch>), RwSignal::new(None::<SavedSearch>));
    let input = NodeRef::<html::Input>::new();
    let current = move || {
        let mut query = location.query.get_untracked();
        LOOKED_AT.iter().for_each(|key| query.set(key, ""));
        query.to_string()
    };
    let tell =
        move |method: &'static str, url: String, body: Option<SearchRequest>, done: Callback<SavedSearch>| {
            let body = body.and_then(|body| json::to_string(&body).ok());
            spawn_local(async move {
                match send::<SavedSearch>(method, &url, body).await {
                    Ok(search) => {
                        failure.try_set(None);
                        done.try_run(search);
                        all.retry();
                    }
                    Err(why) => failure.try_set(Some(why.message())),
                }
            });
        };
    let url = |search: &SavedSearch| format!("/api/searches/{}", search.id);
    let settled = Callback::new(move |_: SavedSearch| {
        renamed.set(None);
        deleted.set(None);
        if let Some(input) = input.get_untracked() {
            input.set_value("");
        }
    });
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let Some(name) = input.get_untracked().map(|input| input.value()) else { return };
        match renamed.get_untracked() {
            Some(search) => {
                let body = SearchRequest { name, page, query: search.query.clone() };
                tell("PUT", url(&search), Some(body), settled);
            }
            None => {
                let body = SearchRequest { name, page, query: current() };
                tell("POST", "/api/searches".to_owned(), Some(body), settled);
            }
        }
    };
    let rename = move |search: SavedSearch| {
        if let Some(input) = input.get_untracked() {
            input.set_value(&search.name);
            // Cannot fail on an element that is shown.
            let _focused = input.focus();
        }
        renamed.set(Some(search));
    };
    let row = move |search: SavedSearch| {
        let (for_name, for_query, for_end) = (search.clone(), search.clone(), search.clone());
        let name = search.name.clone();
        let href = move || location.carry(&search_href(&search));
        let update = move |_| {
            let body = SearchRequest { name: for_query.name.clone(), page, query: current() };
            tell("PUT", url(&for_query), Some(body), settled);
        };
        let delete =
            move |_| tell("DELETE", url(&for_end), None, Callback::new(move |gone| deleted.set(Some(gone))));
        view! {
            <li data-testid="saved-search"><a class="value" href=dynamic(href)>{name.clone()}</a>
                <button type="button" class="quiet" aria-label=format!("Rename {name}") on:click=handler(move |_| rename(for_name.clone()))>"Rename"</button>
                <button type="button" class="quiet" title="Save what is shown now under this name" aria-label=format!("Update {name}") on:click=handler(update)>"Update"</button>
                <button type="button" class="quiet" aria-label=format!("Delete {name}") on:click=handler(delete)>"Delete"</button></li>
        }
    };
    let rows = move || {
        let mine = all.with(|answer| answer.map(|answer| answer.searches.clone()).unwrap_or_default());
        mine.into_iter().filter(|search| search.page == page).map(row).collect_view()
    };
    let undo = move || {
        let gone = deleted.get()?;
        let name = gone.name.clone();
        let back = move |_| {
            let body = SearchRequest { name: gone.name.clone(), page: gone.page, query: gone.query.clone() };
            tell("POST", "/api/searches".to_owned(), Some(body), settled);
        };
        Some(
            view! { <p role="status">"Deleted "{name}". "<button type="button" class="quiet" on:click=handler(back)>"Bring it back"</button></p> },
        )
    };
    let action = move || if renamed.with(Option::is_some) { "Rename" } else { "Save this search" };
    let id = format!("saved{}", page_path(page).replace('/', "-"));
    let field = format!("{id}-name");
    view! {
        <button type="button" class="quiet" data-testid="saved-open" popovertarget=id.clone()>"Saved ▾"</button>
        <div id=id popover="auto" class="popover saved" role="dialog" aria-label="Saved searches">
            <form class="query-box" on:submit=handler(submit)>
                <label for=field.clone() class="hidden">"Name of the search"</label>
                <input id=field node_ref=input data-testid="saved-name" type="text" maxlength="100" autocomplete="off" placeholder="Name of this search"/>
                <button type="submit" class="primary" data-testid="saved-save">{dynamic(action)}</button>
            </form>
            {dynamic(move || failure.get().map(|why| view! { <p class="wrong" role="alert">"✖ "{why}</p> }))}
            {dynamic(undo)}
            <ul class="plain">{dynamic(rows)}</ul>
        </div>
    }
}
