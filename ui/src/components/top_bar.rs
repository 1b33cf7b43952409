//! The one bar at the top: where to go, which time, how fresh, dark or light.

use crate::components::attention::FiringCount;
use crate::components::time_picker::TimePicker;
use crate::context::Context;
use crate::dynamic::{dynamic, effect, handler};
use crate::prelude::*;
use crate::view::range::{REFRESH, refresh_seconds};
use crate::view::route::Route;
use std::time::Duration;

#[component]
pub fn TopBar(help: RwSignal<bool>, palette: RwSignal<bool>) -> impl IntoView {
    let context = Context::get();
    let open = RwSignal::new(false);
    effect(move || {
        context.location.route.track();
        open.set(false);
    });
    view! {
        <header class="bar">
            <a class="brand" href=dynamic(move || context.location.link("/", &[])) aria-label="Ocelli: services">
                <img src="/assets/icon.svg" alt="" width="20" height="20"/><span>"Ocelli"</span>
            </a>
            <button type="button" class="menu" aria-label="Pages" aria-controls="pages" aria-expanded=dynamic(move || open.get().to_string())
                on:click=handler(move |_| open.update(|open| *open = !*open))>"☰"</button>
            <Pages open help palette/>
            <span class="gap"></span>
            <button type="button" class="wide" data-testid="palette-open" title="Go to anything, Ctrl K or ⌘ K" on:click=handler(move |_| palette.set(true))>"Go to… "<kbd>"Ctrl K"</kbd></button>
            <TimePicker/>
            <Refresh/>
            <button type="button" class="icon" data-testid="theme-toggle" title="Dark or light, key d"
                aria-label=dynamic(move || if context.dark.get() { "Switch to light" } else { "Switch to dark" })
                on:click=handler(move |_| context.toggle_theme())>
                {dynamic(move || if context.dark.get() { "☀" } else { "☾" })}
            </button>
            <button type="button" class="icon wide" title="Keyboard, key ?" aria-label="Keyboard help" on:click=handler(move |_| help.set(true))>"?"</button>
        </header>
    }
}

#[component]
fn Pages(open: RwSignal<bool>, help: RwSignal<bool>, palette: RwSignal<bool>) -> impl IntoView {
    let location = Context::get().location;
    let page = move |label: &'static str, path: &'static str, test: &'static str, is: fn(&Route) -> bool| {
        let current = move || location.route.with(is).then_some("page");
        view! { <a href=dynamic(move || location.link(path, &[])) data-testid=test aria-current=dynamic(current)>{label}{(path == "/alerts").then(|| view! { <FiringCount/> })}</a> }
    };
    // What has no room in the bar of a phone.
    let also = move |label: &'static str, shown: RwSignal<bool>| {
        let show = move |_| {
            open.set(false);
            shown.set(true);
        };
        view! { <button type="button" class="quiet" on:click=handler(show)>{label}</button> }
    };
    view! {
        <nav id="pages" aria-label="Pages" class:open=dynamic(move || open.get())>
            {page("Services", "/services", "nav-services", |route| matches!(route, Route::Services | Route::Service(_)))}
            {page("Traces", "/traces", "nav-traces", |route| matches!(route, Route::Traces | Route::Trace(_) | Route::Explain | Route::Diff))}
            {page("Map", "/map", "nav-map", |route| matches!(route, Route::Map))}
            {page("Logs", "/logs", "nav-logs", |route| matches!(route, Route::Logs))}
            {page("Metrics", "/metrics", "nav-metrics", |route| matches!(route, Route::Metrics))}
            {page("Dashboards", "/dashboards", "nav-dashboards", |route| matches!(route, Route::Dashboards | Route::Dashboard(_)))}
            {page("Alerts", "/alerts", "nav-alerts", |route| matches!(route, Route::Alerts | Route::Alert(_)))}
            {page("SLOs", "/slos", "nav-slos", |route| matches!(route, Route::Slos | Route::Slo(_)))}
            {page("System", "/system", "nav-system", |route| matches!(route, Route::System))}
            {also("Go to…", palette)}{also("Keyboard", help)}
        </nav>
    }
}

/// Asks again now, or every so often while the page is looked at.
#[component]
fn Refresh() -> impl IntoView {
    let context = Context::get();
    let period = context.location.value("refresh");
    let ticking = StoredValue::new(None::<IntervalHandle>);
    let stop = move || {
        if let Some(handle) = ticking.try_update_value(Option::take).flatten() {
            handle.clear();
        }
    };
    effect(move || {
        stop();
        let seconds = period.with(|period| refresh_seconds(period));
        let tick = move || {
            if !document().hidden() {
                context.refresh();
            }
        };
        if seconds > 0 {
            ticking.set_value(set_interval_with_handle(tick, Duration::from_secs(u64::from(seconds))).ok());
        }
    });
    on_cleanup(stop);
    view! {
        <span class="refresh">
            <button type="button" class="icon" data-testid="refresh" title="Refresh, key r" aria-label="Refresh"
                on:click=handler(move |_| context.refresh())>"⟳"</button>
            <select aria-label="Refresh every" title="Refresh every" prop:value=dynamic(move || period.get())
                on:change=handler(move |event| context.location.set(&[("refresh", &event_target_value(&event))], true))>
                {REFRESH.map(|(label, value, _)| {
                    view! { <option value=value selected=dynamic(move || period.with(|period| period == value))>{label}</option> }
                })}
            </select>
        </span>
    }
}
