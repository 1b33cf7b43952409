//! Buttons that copy a text.

use crate::dynamic::{dynamic, handler};
use crate::prelude::*;
use std::time::Duration;

/// Copies, or shows the text to be copied by hand where the browser forbids it (plain HTTP from afar).
pub fn copy(text: &str) {
    let navigator = window().navigator();
    let clipboard = js_sys::Reflect::get(&navigator, &"clipboard".into());
    if clipboard.is_ok_and(|clipboard| !clipboard.is_undefined()) {
        let promise = navigator.clipboard().write_text(text);
        let text = text.to_owned();
        leptos::task::spawn_local(async move {
            if wasm_bindgen_futures::JsFuture::from(promise).await.is_err() {
                show(&text);
            }
        });
    } else {
        show(text);
    }
}

fn show(text: &str) {
    // A forbidden prompt leaves nothing else to offer.
    let _shown = window().prompt_with_message_and_default("Copy this:", text);
}

#[component]
pub fn CopyButton(
    /// What the button says.
    label: &'static str,
    #[prop(into)] text: Signal<String>,
) -> impl IntoView {
    let done = RwSignal::new(false);
    let click = move |_| {
        copy(&text.get_untracked());
        done.set(true);
        set_timeout(
            move || {
                done.try_set(false);
            },
            Duration::from_millis(1_500),
        );
    };
    view! {
        <button type="button" class="quiet" on:click=handler(click)>
            {dynamic(move || if done.get() { "Copied" } else { label })}
        </button>
    }
}
