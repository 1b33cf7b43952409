//! The tour is offered once where there is data, as a bar below the first page; the help and the palette begin it
//! again.

use crate::client::fetch;
use crate::context::Context;
use crate::dynamic::{dynamic, effect, handler, memo};
use crate::prelude::*;
use crate::stored;
use crate::view::route::Route;
use crate::view::{links, tour};
use leptos::html;
use ocelli_api::services::ServicesResponse;
use ocelli_api::slos::SlosResponse;
use ocelli_api::traces::TracesResponse;

const KEY: &str = "ocelli-tour";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Nobody has answered yet whether the tour is wanted.
    Offered,
    At(usize),
    Over,
}

impl Stage {
    /// What this browser knows of it.
    pub fn first() -> Self {
        if stored::get(KEY).is_some() { Self::Over } else { Self::Offered }
    }
}

#[component]
pub fn Tour(stage: RwSignal<Stage>) -> impl IntoView {
    let context = Context::get();
    let location = context.location;
    let ask = move |path: &str, wanted: bool, more: &[(&str, &str)]| {
        let range = context.range.get().ok().filter(|_| wanted)?;
        Some(links::api(path, &range, more))
    };
    let walks = move || matches!(stage.get(), Stage::At(_));
    let offers =
        move || stage.get() == Stage::Offered && location.route.with(|route| *route == Route::Services);
    let services = fetch::<ServicesResponse>(move || ask("/api/services", walks() || offers(), &[]));
    let traces =
        fetch::<TracesResponse>(move || ask("/api/traces", walks(), &[("sort", "slowest"), ("limit", "1")]));
    let slos = fetch::<SlosResponse>(move || walks().then(|| "/api/slos".to_owned()));
    // Steps are there when all has been asked for, so that their number stays.
    let steps = memo(move || {
        let is_known = |loading: RwSignal<bool>, has: bool, failed: bool| !loading.get() && (has || failed);
        let known = is_known(traces.loading, traces.has_answer(), traces.failure.get().is_some())
            && is_known(slos.loading, slos.has_answer(), slos.failure.get().is_some())
            && is_known(services.loading, services.has_answer(), services.failure.get().is_some());
        if !known {
            return Vec::new();
        }
        let services = services.with(|answer| answer.map(|all| all.services.clone()).unwrap_or_default());
        let slowest = traces.with(|answer| answer.and_then(|all| all.traces.first().cloned()));
        let slos = slos.with(|answer| answer.map(|all| all.slos.clone()).unwrap_or_default());
        tour::steps(&services, slowest.as_ref(), &slos)
    });
    let next = NodeRef::<html::Button>::new();
    // Each step opens its page.
    let step = memo(move || match stage.get() {
        Stage::At(at) => steps.with(|steps| steps.get(at).cloned()),
        _ => None,
    });
    effect(move || {
        if let Some(step) = step.get() {
            let href = untrack(|| location.carry(&step.href));
            location.go(&href, false);
            // A new page takes the focus; who walks by keyboard goes on here.
            request_animation_frame(move || {
                if let Some(next) = next.try_get_untracked().flatten() {
                    let _focused = next.focus();
                }
            });
        }
    });
    let end = move |_: web_sys::MouseEvent| {
        stored::set(KEY, "seen");
        stage.set(Stage::Over);
    };
    let offer = move || {
        let has_data = services.with(|answer| answer.is_some_and(|all| !all.services.is_empty()));
        (offers() && has_data).then(|| {
            view! {
                <aside class="tour" aria-label="Tour" data-testid="tour-offer">
                    <p>"New here? A tour of a service, a slow trace, its logs and an objective."</p>
                    <button type="button" class="primary" data-testid="tour-start" on:click=handler(move |_| stage.set(Stage::At(0)))>"Start"</button>
                    <button type="button" data-testid="tour-decline" on:click=handler(end)>"No, thanks"</button>
                </aside>
            }
        })
    };
    let is_shown = memo(move || step.with(Option::is_some));
    let at = move || if let Stage::At(at) = stage.get() { at } else { 0 };
    let count = move || steps.with(Vec::len);
    let title = move || {
        let title = step.with(|step| step.as_ref().map_or("", |step| step.title));
        format!("{} of {} · {title}", at() + 1, count())
    };
    let text = move || step.with(|step| step.as_ref().map(|step| step.text.clone()));
    let go = move |by: i64| match usize::try_from(at() as i64 + by) {
        Ok(next) if next < count() => stage.set(Stage::At(next)),
        Ok(_) => {
            stored::set(KEY, "seen");
            stage.set(Stage::Over);
        }
        Err(_) => {}
    };
    let next_label = move || if at() + 1 < count() { "Next" } else { "Done" };
    view! {
        {dynamic(offer)}
        <Show when=move || is_shown.get()>
            <aside class="tour" aria-label="Tour" data-testid="tour">
                <p role="status"><strong>{dynamic(title)}</strong>" "{dynamic(text)}</p>
                <button type="button" disabled=dynamic(move || at() == 0) on:click=handler(move |_| untrack(|| go(-1)))>"Back"</button>
                <button type="button" class="primary" node_ref=next data-testid="tour-next" on:click=handler(move |_| untrack(|| go(1)))>{dynamic(next_label)}</button>
                <button type="button" data-testid="tour-end" on:click=handler(end)>"End"</button>
            </aside>
        </Show>
    }
}
