//! The range of the page: presets, both ends as text, zone, earlier, later, wider, pinned.

use crate::components::copy::CopyButton;
use crate::context::Context;
use crate::dynamic::{dynamic, effect, handler, memo};
use crate::prelude::*;
use crate::view::range::{self, PRESETS};
use crate::view::zone::{self, Zone};
use ocelli_api::TimeRange;
use ocelli_api::time_range::parse_time;
use wasm_bindgen::JsCast;

const PANEL_ID: &str = "time-panel";

#[component]
pub fn TimePicker() -> impl IntoView {
    let context = Context::get();
    // What is relative stays as it is written; a moment is read in the zone of the page.
    let end = move |text: &str| {
        if text.starts_with("now") {
            return text.to_owned();
        }
        let at = parse_time(text, context.now.get());
        at.map_or_else(|_| text.to_owned(), |at| zone::short_date_clock(at, context.offset_min(at)))
    };
    let label = move || {
        context.range_text.with(|(from, to)| match range::preset_label(from, to) {
            Some(label) => label.to_owned(),
            None => {
                let (from, to) = (end(from), end(to));
                // Of the same day, the second needs no day.
                let to = match (from.rsplit_once(' '), to.rsplit_once(' ')) {
                    (Some((day, _)), Some((other, clock))) if day == other => clock.to_owned(),
                    _ => to,
                };
                format!("{from} – {to}")
            }
        })
    };
    view! {
        <button type="button" class="time-button" popovertarget=PANEL_ID data-testid="time-button"
            title="Time range" class:bad=dynamic(move || context.range.with(Result::is_err))>
            <span class="clip">{dynamic(label)}</span><span aria-hidden="true">"▾"</span>
        </button>
        <div id=PANEL_ID popover="auto" class="popover" role="dialog" aria-label="Time range">
            <RangeForm/>
            <ul class="presets">
                {PRESETS.map(|(label, from, to)| {
                    let chosen = move || context.range_text.with(|text| text.0 == from && text.1 == to);
                    let choose = move |_| {
                        context.set_range(from, to);
                        close();
                    };
                    view! {
                        <li><button type="button" class="quiet" aria-pressed=dynamic(move || chosen().to_string()) on:click=handler(choose)>{label}</button></li>
                    }
                })}
            </ul>
            <Moves/>
        </div>
    }
}

/// Hides the panel. Old browsers without popovers show it all the time, so there is nothing to hide.
fn close() {
    let panel = document().get_element_by_id(PANEL_ID);
    if let Some(panel) = panel.and_then(|panel| panel.dyn_into::<web_sys::HtmlElement>().ok()) {
        // Fails only when it is hidden already.
        let _hidden = panel.hide_popover();
    }
}

/// Both ends as text, checked by the grammar that the server has.
#[component]
fn RangeForm() -> impl IntoView {
    let context = Context::get();
    let from = RwSignal::new(String::new());
    let to = RwSignal::new(String::new());
    effect(move || {
        let (url_from, url_to) = context.range_text.get();
        from.set(url_from);
        to.set(url_to);
    });
    let read = move |text: RwSignal<String>| {
        let now = context.now.get();
        text.with(|text| zone::typed(text, now, |at| context.offset_min(at)))
    };
    let wrong = memo(move || TimeRange::parse(&read(from), &read(to), context.now.get()).err());
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if wrong.with_untracked(Option::is_none) {
            let (from, to) = untrack(|| (read(from), read(to)));
            context.set_range(&from, &to);
            close();
        }
    };
    let field = move |label: &'static str, id: &'static str, value: RwSignal<String>| {
        view! {
            <label for=id>{label}</label>
            <input id=id data-testid=id type="text" autocomplete="off" spellcheck="false" class="mono"
                prop:value=dynamic(move || value.get()) on:input=handler(move |event| value.set(event_target_value(&event)))
                aria-invalid=dynamic(move || wrong.with(Option::is_some).to_string()) aria-describedby="time-wrong"/>
        }
    };
    view! {
        <form class="range-form" on:submit=handler(submit)>
            {field("From", "time-from", from)}
            {field("To", "time-to", to)}
            <p id="time-wrong" class="wrong" role="status">{dynamic(move || wrong.get())}</p>
            <p class="hint">"now-15m, now/d, 20:15, 2026-11-21 20:15, RFC 3339, or a number since 1970"</p>
            <button type="submit" class="primary" disabled=dynamic(move || wrong.with(Option::is_some))>"Apply"</button>
        </form>
    }
}

#[component]
fn Moves() -> impl IntoView {
    let context = Context::get();
    let pinned = Signal::derive(move || context.pinned_link());
    let zone_name = move || match context.zone.get() {
        Zone::Local => "Times are local: show UTC",
        Zone::Utc => "Times are UTC: show local",
    };
    view! {
        <div class="moves">
            <button type="button" on:click=handler(move |_| context.shift(-1)) title="Half a width earlier, key [">"◀ Earlier"</button>
            <button type="button" on:click=handler(move |_| context.unzoom()) title="Twice as wide">"Wider"</button>
            <button type="button" on:click=handler(move |_| context.shift(1)) title="Half a width later, key ]">"Later ▶"</button>
        </div>
        <div class="moves">
            <button type="button" on:click=handler(move |_| context.toggle_zone())>{dynamic(zone_name)}</button>
            <CopyButton label="Copy pinned link" text=pinned/>
        </div>
    }
}
