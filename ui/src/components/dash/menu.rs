//! What can be done with a panel.

use super::answers::{Answered, Scoped};
use crate::components::copy::copy;
use crate::context::Context;
use crate::dynamic::{dynamic, handler};
use crate::prelude::*;
use crate::view::curl;
use crate::view::dashboards::request;
use ocelli_api::dashboards::Panel;
use std::time::Duration;
use wasm_bindgen::JsCast;
use web_sys::{Element, FocusEvent};

/// Closes a menu when the focus has gone elsewhere. That is known only when everything that it led to is done:
/// changing the page while the browser moves the focus within it ends the browser.
pub fn close_when_left(event: FocusEvent) {
    let left = event.target().and_then(|left| left.dyn_into::<Element>().ok());
    let Some(menu) = left.and_then(|left| left.closest("details").ok().flatten()) else { return };
    let close = move || {
        if !menu.contains(document().active_element().as_deref()) {
            // An attribute that is not there is removed as well.
            let _closed = menu.remove_attribute("open");
        }
    };
    set_timeout(close, Duration::ZERO);
}

#[component]
pub fn Menu(panel: Panel, title: Memo<String>, answers: Vec<Answered>, scope: Scoped) -> impl IntoView {
    let location = Context::get().location;
    let pages = {
        let queries = panel.queries.clone();
        move || {
            let link = |(label, href): (&'static str, String)| {
                view! { <li><a href=dynamic(move || location.carry(&href))>"Open in "{label}</a></li> }
            };
            let mut pages: Vec<_> = scope.with(|scope| {
                let of = |scope: &_| queries.iter().filter_map(|query| request::page(query, scope)).collect();
                scope.as_ref().map(of).unwrap_or_default()
            });
            pages.dedup();
            pages.truncate(4);
            pages.into_iter().map(link).collect_view()
        }
    };
    let urls = move || {
        let origin = window().location().origin().unwrap_or_default();
        let all = answers.iter().filter_map(|answer| answer.asked.url.get_untracked());
        all.map(|url| curl::command(&origin, &url)).collect::<Vec<_>>().join("\n")
    };
    let has_queries = !panel.queries.is_empty();
    let copy_curl = has_queries.then(|| {
        view! { <li><button type="button" class="link" on:click=handler(move |_| copy(&urls()))>"Copy as curl"</button></li> }
    });
    view! {
        <details class="dash-menu" on:focusout=handler(close_when_left)>
            <summary aria-label=dynamic(move || format!("Menu of {}", title.get())) data-testid="dash-menu">"⋮"</summary>
            <ul class="plain" tabindex="-1">{dynamic(pages)}{copy_curl}</ul>
        </details>
    }
}
