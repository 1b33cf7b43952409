//! Pages that the browser downloads when they are wanted, or when it has nothing else to do.
//!
//! `cargo xtask ui` cuts the program at the functions marked `wasm_split`: what only such a function needs
//! becomes a file of its own, which lives in the same memory as the rest once it is there.

use crate::dynamic::handler;
use crate::pages::{
    alert::Alert, alerts::Alerts, diff::Diff, explain::Explain, map::Map, metrics::Metrics, slo::Slo,
    slos::Slos, system::System,
};
use crate::prelude::*;
use crate::view::route::Route;
use leptos::task::spawn_local;
use leptos::wasm_split::{SplitLoaderError, wasm_split};
use std::future::Future;
use std::pin::Pin;
use std::task::{Poll, Waker};

type Soon<T> = Pin<Box<dyn Future<Output = Result<T, SplitLoaderError>>>>;

/// The pages that are seldom the first. A new page is an arm here.
#[wasm_split(more, wasm_split_path = leptos::wasm_split, fallible, preload(load_more))]
fn more(route: Route) -> Result<AnyView, SplitLoaderError> {
    Ok(match route {
        Route::Explain => view! { <Explain/> }.into_any(),
        Route::Diff => view! { <Diff/> }.into_any(),
        Route::Map => view! { <Map/> }.into_any(),
        Route::Metrics => view! { <Metrics/> }.into_any(),
        Route::Alerts => view! { <Alerts/> }.into_any(),
        Route::Alert(fingerprint) => view! { <Alert fingerprint/> }.into_any(),
        Route::Slos => view! { <Slos/> }.into_any(),
        Route::Slo(id) => view! { <Slo id/> }.into_any(),
        Route::System => view! { <System/> }.into_any(),
        elsewhere => {
            view! { <p class="empty">{elsewhere.title()}" is not one of these pages."</p> }.into_any()
        }
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Not asked for, or on its way.
    Away,
    There,
    Failed,
}

/// A file with pages in it; cheap to copy.
#[derive(Clone, Copy)]
pub struct Chunk {
    state: RwSignal<State>,
    load: fn() -> Soon<()>,
    view: fn(Route) -> Soon<AnyView>,
}

impl Chunk {
    pub fn more() -> Self {
        Self {
            state: RwSignal::new(State::Away),
            load: || Box::pin(load_more()),
            view: |route| Box::pin(more(route)),
        }
    }

    /// The page of a route, or what is to be said while there is none.
    pub fn page(self, route: Route) -> AnyView {
        match self.state.get() {
            State::There => built((self.view)(route)).unwrap_or_else(|| self.missing()),
            State::Away => {
                self.fetch();
                view! { <p class="late page" role="status">"Loading the page…"</p> }.into_any()
            }
            State::Failed => self.missing(),
        }
    }

    /// Asks for the file, which comes once however often it is asked for.
    pub fn fetch(self) {
        spawn_local(async move {
            let state = if (self.load)().await.is_ok() { State::There } else { State::Failed };
            // A page that is shown is not to be built again.
            if self.state.get_untracked() != state {
                self.state.set(state);
            }
        });
    }

    /// The same without a word when it fails: whoever comes to need it will ask again.
    pub fn prefetch(self) {
        spawn_local(async move {
            if (self.load)().await.is_ok() && self.state.get_untracked() != State::There {
                self.state.set(State::There);
            }
        });
    }

    fn missing(self) -> AnyView {
        let again = handler(move |_| self.state.set(State::Away));
        let reload = handler(move |_| {
            // A browser that does not reload cannot be made to.
            let _reloads = window().location().reload();
        });
        view! {
            <div class="note error" role="alert" data-testid="page-missing">
                <span class="glyph" aria-hidden="true">"✖"</span>
                <span class="text">"This page could not be downloaded. Either the server cannot be reached, or it was updated since you opened Ocelli: then a reload brings the new version."</span>
                <button type="button" on:click=again>"Try again"</button>
                <button type="button" on:click=reload>"Reload"</button>
            </div>
        }
        .into_any()
    }
}

/// What is ready, as everything of a file is that is there.
fn built(mut view: Soon<AnyView>) -> Option<AnyView> {
    match view.as_mut().poll(&mut std::task::Context::from_waker(Waker::noop())) {
        Poll::Ready(view) => view.ok(),
        Poll::Pending => None,
    }
}
