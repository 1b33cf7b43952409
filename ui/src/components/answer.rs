//! The frame around everything that is asked from the server: old data dimmed while a new answer is on
//! its way, the server's own words when it refuses, what the answer cost, and the request as curl.

use crate::client::{Asked, Failure};
use crate::components::copy::CopyButton;
use crate::dynamic::{dynamic, handler, memo};
use crate::prelude::*;
use crate::view::{curl, format, zone};
use ocelli_api::QueryStats;

/// Shows its children once there is an answer.
#[component]
pub fn Answer(
    asked: Asked,
    /// What the answer cost, if it says so.
    #[prop(optional, into)]
    stats: Signal<Option<QueryStats>>,
    /// The caller shows failures itself.
    #[prop(optional)]
    own_failure: bool,
    children: ChildrenFn,
) -> impl IntoView {
    let has_answer = memo(move || asked.has_answer());
    let fallback = move || {
        let waits =
            move || asked.loading.get().then(|| view! { <p class="late" role="status">"Loading…"</p> });
        view! { {waits} }
    };
    view! {
        {(!own_failure).then(|| view! { <FailureNote failure=asked.failure retry=Callback::new(move |()| asked.retry())/> })}
        <div class="answer" class:stale=dynamic(move || asked.failure.with(Option::is_some)) class:loading=dynamic(move || asked.loading.get()) aria-busy=dynamic(move || asked.loading.get().to_string())>
            <Show when=move || has_answer.get() fallback=fallback>{children()}</Show>
        </div>
        <QueryNote url=asked.url stats/>
    }
}

/// What went wrong, and the buttons that do something about it.
pub fn error_note(text: String, ways: impl IntoView) -> AnyView {
    let ways = ways.into_any();
    view! {
        <div class="note error" role="alert" data-testid="error">
            <span class="glyph" aria-hidden="true">"✖"</span>
            <span class="text">{text}</span>
            {ways}
        </div>
    }
    .into_any()
}

/// What the server said, and a way to try again.
#[component]
pub fn FailureNote(failure: RwSignal<Option<Failure>>, retry: Callback<()>) -> impl IntoView {
    let body = move || {
        failure.get().map(|failure| {
            let again =
                view! { <button type="button" on:click=handler(move |_| retry.run(()))>"Try again"</button> };
            error_note(failure.message(), again)
        })
    };
    view! { {dynamic(body)} }
}

/// Rows scanned, time, the request as curl; a banner when the answer is not whole.
#[component]
pub fn QueryNote(
    #[prop(into)] url: Signal<Option<String>>,
    #[prop(into)] stats: Signal<Option<QueryStats>>,
) -> impl IntoView {
    let cost = move || {
        stats.get().map(|stats| {
            format!(
                "{} scanned · {} · {}",
                format::plural(stats.rows_scanned, "row", "rows"),
                format::bytes(stats.bytes_scanned),
                format::duration(stats.elapsed_ms * 1e6)
            )
        })
    };
    let partial = move || {
        let why = stats.with(|stats| stats.as_ref().and_then(|stats| stats.partial.clone()));
        why.map(|why| {
            view! { <div class="note warn" role="status"><span class="glyph" aria-hidden="true">"▲"</span>"Not the whole answer: "{why}</div> }
        })
    };
    let command = Signal::derive(move || {
        let origin = window().location().origin().unwrap_or_default();
        url.get().map(|url| curl::command(&origin, &url)).unwrap_or_default()
    });
    view! {
        {dynamic(partial)}
        <p class="cost"><span>{dynamic(cost)}</span><CopyButton label="Copy as curl" text=command/></p>
    }
}

/// What an empty answer says: what was asked and over which range.
#[component]
pub fn Empty(#[prop(into)] what: String, #[prop(optional)] children: Option<Children>) -> impl IntoView {
    let context = crate::context::Context::get();
    let range = move || {
        let range = context.range.get().ok()?;
        let text = |at| zone::short_date_clock(at, context.offset_min(at));
        Some(format!(" between {} and {}.", text(range.from), text(range.to)))
    };
    let wider = move || {
        let range = context.range.get().ok()?;
        let (from, to) =
            crate::view::range::absolute(&crate::view::range::zoom_out(&range, crate::context::now()));
        Some(context.location.href(&[("from", &from), ("to", &to)]))
    };
    view! {
        <div class="empty" data-testid="empty">
            <p>{what}{dynamic(range)}</p>
            <p>
                <a href=dynamic(wider)>"Look in a range twice as wide"</a>" · "
                <a href=dynamic(move || context.location.href(&[("from", "now-1d"), ("to", "now")]))>"the last 24 hours"</a>
            </p>
            {children.map(|children| children())}
        </div>
    }
}
