//! A button that tells the server to do something, and what came of it.

use crate::client::send_text;
use crate::dynamic::{dynamic, handler};
use crate::location::confirmed;
use crate::prelude::*;
use leptos::task::spawn_local;

#[component]
pub fn SendButton(
    label: &'static str,
    /// Of which thing, for those who hear one button after the other.
    #[prop(into)]
    of: String,
    method: &'static str,
    url: String,
    /// A question that is asked first.
    #[prop(optional, into)]
    sure: String,
    /// Gets the text of the answer.
    done: Callback<String>,
) -> impl IntoView {
    let busy = RwSignal::new(false);
    let failure = RwSignal::new(None::<String>);
    let click = move |_| {
        if !sure.is_empty() && !confirmed(&sure) {
            return;
        }
        busy.set(true);
        let url = url.clone();
        spawn_local(async move {
            // What is posted has a body, be it an empty one.
            let body = (method == "POST").then(|| "{}".to_owned());
            let answer = send_text(method, &url, body).await;
            // The page may be gone by now.
            busy.try_set(false);
            match answer {
                Ok(text) => {
                    failure.try_set(None);
                    done.try_run(text);
                }
                Err(why) => {
                    failure.try_set(Some(why.message()));
                }
            }
        });
    };
    view! {
        <button type="button" class="quiet" aria-label=format!("{label} {of}") disabled=dynamic(move || busy.get()) on:click=handler(click)>{label}</button>
        {dynamic(move || failure.get().map(|why| view! { <span class="bad" role="alert">"✖ "{why}</span> }))}
    }
}
