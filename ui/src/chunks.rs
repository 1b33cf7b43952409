//! What the browser downloads when it is wanted, or when there is nothing else to do: pages, and views of
//! pages, that are seldom the first.
//!
//! `cargo xtask ui` cuts the program at the functions marked `wasm_split`: what only such a function needs
//! becomes a file of its own, which lives in the same memory as the rest once it is there.

use crate::client::Fetched;
use crate::components::{
    flame_graph::FlameGraph, log_context::Around, log_figures::Figures, log_live::Live,
    log_patterns::Patterns, trace_logs::TraceLogs, trace_view::TraceView, where_time::WhereTime,
};
use crate::dynamic::handler;
use crate::pages::{
    alert::Alert, alerts::Alerts, dashboard::Dashboard, dashboards::Dashboards, diff::Diff, explain::Explain,
    map::Map, metrics::Metrics, service::Service, slo::Slo, slos::Slos, system::System,
};
use crate::prelude::*;
use crate::view::route::Route;
use leptos::task::spawn_local;
use leptos::wasm_split::{SplitLoaderError, wasm_split};
use ocelli_api::logs::LogStatsResponse;
use std::future::Future;
use std::pin::Pin;
use std::task::{Poll, Waker};

/// What is not in the first download.
pub enum Wanted {
    Page(Route),
    Flame(TraceView),
    Times(TraceView),
    TraceLogs(TraceView),
    Patterns(Memo<String>),
    Live(Memo<String>),
    Around,
    Figures(Fetched<LogStatsResponse>),
}

#[wasm_split(more, wasm_split_path = leptos::wasm_split, fallible, preload(load_more))]
fn more(wanted: Wanted) -> Result<AnyView, SplitLoaderError> {
    Ok(match wanted {
        Wanted::Page(route) => page(route),
        Wanted::Flame(view) => view! { <FlameGraph view/> }.into_any(),
        Wanted::Times(view) => view! { <WhereTime view/> }.into_any(),
        Wanted::TraceLogs(view) => view! { <TraceLogs view/> }.into_any(),
        Wanted::Patterns(search) => view! { <Patterns search/> }.into_any(),
        Wanted::Live(search) => view! { <Live search/> }.into_any(),
        Wanted::Around => view! { <Around/> }.into_any(),
        Wanted::Figures(figures) => view! { <Figures figures/> }.into_any(),
    })
}

/// A new page is an arm here.
fn page(route: Route) -> AnyView {
    match route {
        Route::Service(name) => view! { <Service name/> }.into_any(),
        Route::Explain => view! { <Explain/> }.into_any(),
        Route::Diff => view! { <Diff/> }.into_any(),
        Route::Map => view! { <Map/> }.into_any(),
        Route::Metrics => view! { <Metrics/> }.into_any(),
        Route::Alerts => view! { <Alerts/> }.into_any(),
        Route::Alert(fingerprint) => view! { <Alert fingerprint/> }.into_any(),
        Route::Slos => view! { <Slos/> }.into_any(),
        Route::Slo(id) => view! { <Slo id/> }.into_any(),
        Route::Dashboards => view! { <Dashboards/> }.into_any(),
        Route::Dashboard(id) => view! { <Dashboard id/> }.into_any(),
        Route::System => view! { <System/> }.into_any(),
        elsewhere => {
            view! { <p class="empty">{elsewhere.title()}" is not one of these pages."</p> }.into_any()
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Not asked for, or on its way.
    Away,
    There,
    Failed,
}

/// The file with all that; cheap to copy.
#[derive(Clone, Copy)]
pub struct Chunk {
    state: RwSignal<State>,
}

impl Chunk {
    pub fn provide() -> Self {
        let chunk = Self { state: RwSignal::new(State::Away) };
        provide_context(chunk);
        chunk
    }

    pub fn get() -> Self {
        expect_context()
    }

    /// What is wanted, or what is to be said while it is not there. Follows the file.
    pub fn view(self, wanted: Wanted) -> AnyView {
        match self.state.get() {
            State::There => built(Box::pin(more(wanted))).unwrap_or_else(|| self.missing()),
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
            let state = if load_more().await.is_ok() { State::There } else { State::Failed };
            // A page that is shown is not to be built again.
            if self.state.get_untracked() != state {
                self.state.set(state);
            }
        });
    }

    /// The same without a word when it fails: whoever comes to need it will ask again.
    pub fn prefetch(self) {
        spawn_local(async move {
            if load_more().await.is_ok() && self.state.get_untracked() != State::There {
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
fn built(mut view: Pin<Box<dyn Future<Output = Result<AnyView, SplitLoaderError>>>>) -> Option<AnyView> {
    match view.as_mut().poll(&mut std::task::Context::from_waker(Waker::noop())) {
        Poll::Ready(view) => view.ok(),
        Poll::Pending => None,
    }
}
