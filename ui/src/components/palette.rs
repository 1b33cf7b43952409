//! The palette: everything that one can go to or do, by a few letters. Ctrl-K or Cmd-K.

use crate::client::fetch;
use crate::components::copy::copy;
use crate::context::Context;
use crate::dynamic::{dynamic, effect, handler, memo};
use crate::prelude::*;
use crate::stored;
use crate::view::links;
use crate::view::palette::{self, Action, Entry, Go};
use leptos::html;
use ocelli_api::dashboards::DashboardsResponse;
use ocelli_api::searches::SearchesResponse;
use ocelli_api::services::ServicesResponse;
use wasm_bindgen::JsCast;
use web_sys::KeyboardEvent;

const RECENT_KEY: &str = "ocelli-recent";

/// Keeps what was looked at, for the next time that the palette is opened.
pub fn remember(label: &str, href: &str) {
    let mut recent = recent();
    palette::remember(&mut recent, label, href);
    let lines: Vec<String> = recent.iter().map(|(label, href)| format!("{label}\t{href}")).collect();
    stored::set(RECENT_KEY, &lines.join("\n"));
}

fn recent() -> Vec<(String, String)> {
    let lines = stored::get(RECENT_KEY).unwrap_or_default();
    // What somebody else wrote there leads nowhere but to a page of this program.
    let pairs = lines.lines().filter_map(|line| line.split_once('\t'));
    let ours = pairs.filter(|(_, href)| links::safe(href) == Some(*href));
    ours.map(|(label, href)| (label.to_owned(), href.to_owned())).collect()
}

#[component]
pub fn Palette(open: RwSignal<bool>, help: RwSignal<bool>, tour: Callback<()>) -> impl IntoView {
    let context = Context::get();
    let (dialog, input) = (NodeRef::<html::Dialog>::new(), NodeRef::<html::Input>::new());
    let (text, at) = (RwSignal::new(String::new()), RwSignal::new(0usize));
    effect(move || {
        let Some(dialog) = dialog.get() else { return };
        if open.get() && !dialog.open() {
            text.set(String::new());
            at.set(0);
            // Fails only when it is open already.
            let _opened = dialog.show_modal();
        } else if !open.get() && dialog.open() {
            dialog.close();
        }
    });
    let searches = fetch::<SearchesResponse>(move || open.get().then(|| "/api/searches".to_owned()));
    let dashboards = fetch::<DashboardsResponse>(move || open.get().then(|| "/api/dashboards".to_owned()));
    let services = fetch::<ServicesResponse>(move || {
        let range = context.range.get().ok().filter(|_| open.get())?;
        Some(links::api("/api/services", &range, &[]))
    });
    let found = memo(move || {
        if !open.get() {
            return Vec::new();
        }
        let searches = searches.with(|answer| answer.map(|all| all.searches.clone()).unwrap_or_default());
        let name =
            |answer: &ServicesResponse| answer.services.iter().map(|of| of.name.clone()).collect::<Vec<_>>();
        let services = services.with(|answer| answer.map(name).unwrap_or_default());
        let dashboards =
            dashboards.with(|answer| answer.map(|all| all.dashboards.clone()).unwrap_or_default());
        let all = palette::entries(&recent(), &searches, &dashboards, &services);
        text.with(|text| palette::found(&all, text))
    });
    let choose = move |entry: Entry| {
        open.set(false);
        match entry.go {
            Go::To(href) => {
                let href = untrack(|| context.location.carry(&href));
                context.location.go(&href, false);
            }
            Go::Do(Action::Help) => help.set(true),
            Go::Do(Action::Tour) => tour.run(()),
            Go::Do(action) => act(context, action),
        }
    };
    let key = move |event: KeyboardEvent| {
        let last = found.with_untracked(Vec::len).saturating_sub(1);
        let now = at.get_untracked().min(last);
        match event.key().as_str() {
            "ArrowDown" => at.set(if now == last { 0 } else { now + 1 }),
            "ArrowUp" => at.set(if now == 0 { last } else { now - 1 }),
            "Enter" => {
                if let Some(entry) = found.with_untracked(|found| found.get(now).cloned()) {
                    choose(entry);
                }
            }
            _ => return,
        }
        event.prevent_default();
        show(at.get_untracked());
    };
    let rows = move || {
        let row = |(place, entry): (usize, Entry)| {
            let (kind, label) = (entry.kind, entry.label.clone());
            let selected = move || (at.get() == place).to_string();
            view! {
                <li id=format!("palette-{place}") role="option" aria-selected=dynamic(selected) data-testid="palette-row" on:click=handler(move |_| choose(entry.clone()))>
                    <span class="value">{label}</span><span class="hint">{kind}</span></li>
            }
        };
        found.get().into_iter().enumerate().map(row).collect_view()
    };
    view! {
        <dialog class="palette" node_ref=dialog aria-label="Go to anything" on:close=handler(move |_| open.set(false))>
            <input type="text" node_ref=input data-testid="palette" role="combobox" autocomplete="off" spellcheck="false" autofocus="" aria-expanded="true" aria-autocomplete="list"
                aria-controls="palette-list" aria-activedescendant=dynamic(move || format!("palette-{}", at.get())) aria-label="A page, service, search, trace id or action"
                placeholder="A page, service, search, trace id or action" prop:value=dynamic(move || text.get())
                on:input=handler(move |event| { at.set(0); text.set(event_target_value(&event)) }) on:keydown=handler(key)/>
            <ul id="palette-list" role="listbox" aria-label="Found" class="plain">{dynamic(rows)}</ul>
        </dialog>
    }
}

fn show(place: usize) {
    if let Some(row) = document().get_element_by_id(&format!("palette-{place}")) {
        row.scroll_into_view_with_bool(false);
    }
}

fn act(context: Context, action: Action) {
    match action {
        Action::Theme => context.toggle_theme(),
        Action::Zone => context.toggle_zone(),
        Action::Refresh => context.refresh(),
        Action::CopyPinned => copy(&untrack(|| context.pinned_link())),
        // The button of the page's first answer knows its request.
        Action::CopyCurl => {
            let button = document().query_selector("main .cost button").ok().flatten();
            if let Some(button) = button.and_then(|button| button.dyn_into::<web_sys::HtmlElement>().ok()) {
                button.click();
            }
        }
        Action::Help | Action::Tour => {}
    }
}
