//! The shell: the bar, the page that the address names, the keys.

use crate::chunks::{Chunk, Wanted};
use crate::components::help::Help;
use crate::components::keys;
use crate::components::palette::{self, Palette};
use crate::components::top_bar::TopBar;
use crate::components::tour::{Stage, Tour};
use crate::context::Context;
use crate::dynamic::dynamic;
use crate::location::Location;
use crate::pages::{logs::Logs, services::Services, trace::Trace, traces::Traces};
use crate::prelude::*;
use crate::view::route::Route;

#[component]
pub fn App() -> impl IntoView {
    let location = Location::provide();
    let context = Context::provide(location);
    let (help, palette) = (RwSignal::new(false), RwSignal::new(false));
    let stage = RwSignal::new(Stage::first());
    let tour = Callback::new(move |()| stage.set(Stage::At(0)));
    keys::listen(context, help, palette);
    // Another page speaks of the present, not of when the last one was opened.
    Effect::new(move |before: Option<()>| {
        let title = location.route.with(Route::title);
        document().set_title(&format!("{title} · Ocelli"));
        if location.route.with(Route::is_thing) {
            palette::remember(&title, &location.href_untracked(&[]));
        }
        context.hover_ms.set(None);
        if before.is_some() {
            context.refresh();
        }
    });
    let more = Chunk::provide();
    // What is fetched while nothing else happens is there at a click, and when the server is not.
    request_idle_callback(move || more.prefetch());
    let page = move || match location.route.get() {
        Route::Services => view! { <Services/> }.into_any(),
        Route::Traces => view! { <Traces/> }.into_any(),
        Route::Trace(id) => view! { <Trace id/> }.into_any(),
        Route::Logs => view! { <Logs/> }.into_any(),
        Route::Unknown(path) => view! { <NotFound path/> }.into_any(),
        seldom_first => more.view(Wanted::Page(seldom_first)),
    };
    view! {
        <a class="skip" href="#main">"Skip to the page"</a>
        <TopBar help palette/>
        <main id="main" tabindex="-1"><RangeNote/>{dynamic(page)}</main>
        <Tour stage/>
        <Help open=help tour/>
        <Palette open=palette help tour/>
    }
}

/// A range that nobody can read, as in a mistyped link: nothing is asked, so it must be said.
#[component]
fn RangeNote() -> impl IntoView {
    let context = Context::get();
    let usual = move || context.location.href(&[("from", ""), ("to", "")]);
    let note = move || {
        context.range.get().err().map(|why| {
            view! {
                <div class="note error" role="alert" data-testid="range-error">
                    <span class="glyph" aria-hidden="true">"✖"</span>
                    <span class="text">"The time range of this address cannot be read. "{why}</span>
                    <a href=dynamic(usual)>"Last 15 minutes"</a>
                </div>
            }
        })
    };
    view! { {dynamic(note)} }
}

#[component]
fn NotFound(path: String) -> impl IntoView {
    let location = Context::get().location;
    view! {
        <section class="page">
            <h1>"There is no page here"</h1>
            <p class="mono">{path}</p>
            <p><a href=dynamic(move || location.link("/services", &[]))>"Services"</a>" · "<a href=dynamic(move || location.link("/traces", &[]))>"Traces"</a>" · "<a href=dynamic(move || location.link("/logs", &[]))>"Logs"</a></p>
        </section>
    }
}
