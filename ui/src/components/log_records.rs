//! Records, page after page in both directions, and all of the chosen one.

use crate::client::{Fetched, fetch};
use crate::components::answer::{Empty, FailureNote};
use crate::components::log_detail::LogDetail;
use crate::components::log_list::{LogList, LogRow};
use crate::components::nearest::Near;
use crate::context::Context;
use crate::dynamic::{dynamic, effect, handler, memo};
use crate::prelude::*;
use crate::view::format;
use crate::view::query_string::encode;
use ocelli_api::logs::{LogHints, LogsResponse};

/// Pages of records, put together as one reads on.
#[component]
pub fn Records(logs: Fetched<LogsResponse>) -> impl IntoView {
    let rows = RwSignal::new(Vec::<LogRow>::new());
    let next = RwSignal::new(None::<String>);
    let asked = RwSignal::new(None::<String>);
    let previous = RwSignal::new(None::<String>);
    let asked_newer = RwSignal::new(None::<String>);
    effect(move || {
        let Some(page) = logs.get() else { return };
        asked.set(None);
        asked_newer.set(None);
        next.set(page.next_cursor.clone());
        previous.set(page.previous_cursor.clone());
        rows.set(page.records.iter().cloned().map(LogRow::new).collect());
    });
    // The address of another page ends as that of the first does, with the end of its range.
    let page = move |cursor: RwSignal<Option<String>>, newer: bool| {
        fetch::<LogsResponse>(move || {
            let cursor = encode(&cursor.get()?);
            let first = logs.url.get_untracked()?;
            let (rest, to) = first.rsplit_once("&to=")?;
            Some(match newer {
                true => format!("{rest}&to=now&direction=newer&cursor={cursor}"),
                false => format!("{rest}&to={to}&cursor={cursor}"),
            })
        })
    };
    let older_page = page(asked, false);
    effect(move || {
        let Some(page) = older_page.get() else { return };
        if asked.get_untracked().is_none() {
            return;
        }
        next.set(page.next_cursor.clone());
        rows.update(|rows| rows.extend(page.records.iter().cloned().map(LogRow::new)));
    });
    // What came in since the range was resolved, or lies behind its end.
    let newer_page = page(asked_newer, true);
    effect(move || {
        let Some(page) = newer_page.get() else { return };
        if asked_newer.get_untracked().is_none() {
            return;
        }
        previous.set(page.previous_cursor.clone());
        rows.update(|rows| drop(rows.splice(0..0, page.records.iter().cloned().map(LogRow::new))));
    });
    let older = Callback::new(move |()| {
        let cursor = next.get_untracked();
        if cursor.is_some() && !older_page.loading.get_untracked() {
            next.set(None);
            asked.set(cursor);
        }
    });
    let count = memo(move || rows.with(Vec::len));
    let none = move || {
        (count.get() == 0 && !logs.loading.get()).then(|| {
            let hints = logs.with(|page| page.and_then(|page| page.hints.clone())).unwrap_or_default();
            view! { <Nothing hints/> }
        })
    };
    let newer = move |_| {
        let cursor = previous.get_untracked();
        if cursor.is_none() || newer_page.loading.get_untracked() {
            return;
        }
        // Where nothing was newer the cursor is the same, and so is the address, which asks nothing by itself.
        if asked_newer.get_untracked() == cursor {
            newer_page.retry();
        } else {
            asked_newer.set(cursor);
        }
    };
    view! {
        {dynamic(none)}
        <FailureNote failure=older_page.failure retry=Callback::new(move |()| older_page.retry())/>
        <FailureNote failure=newer_page.failure retry=Callback::new(move |()| newer_page.retry())/>
        <p class="hint list-head" class:hide=dynamic(move || count.get() == 0)>
            <span role="status">{dynamic(move || format!("{} loaded", format::plural(count.get() as u64, "record", "records")))}</span>
            <button type="button" class="quiet" data-testid="log-newer" disabled=dynamic(move || previous.with(Option::is_none)) on:click=handler(newer)>"Look for newer ones"</button>
        </p>
        <ListWithDetail rows older/>
    }
}

/// The list, and all of the chosen record beside it.
#[component]
pub fn ListWithDetail(rows: RwSignal<Vec<LogRow>>, older: Callback<()>) -> impl IntoView {
    let location = Context::get().location;
    let selected = location.value("record");
    let select = Callback::new(move |key: String| {
        // Walking through the list is not a history; opening the first and closing are.
        let walking = !key.is_empty() && !selected.with_untracked(String::is_empty);
        location.set(&[("record", &key)], walking);
    });
    let chosen = memo(move || {
        let key = selected.get();
        rows.with(|rows| rows.iter().position(|row| row.key == key))
    });
    let detail = move || {
        let row = rows.with(|rows| chosen.get().and_then(|place| rows.get(place).cloned()))?;
        Some(
            view! { <LogDetail record=row.record close=Callback::new(move |()| select.run(String::new()))/> },
        )
    };
    let empty = memo(move || rows.with(Vec::is_empty));
    // A link to a record stays one when newer ones have come.
    let elsewhere = move || {
        let is_elsewhere = chosen.get().is_none() && !selected.with(String::is_empty) && !empty.get();
        let href = move || location.href(&[("around", &selected.get())]);
        is_elsewhere.then(|| {
            view! { <p class="note" role="status" data-testid="log-elsewhere">"The record of this link is not among those below. "<a href=dynamic(href)>"Show it among its neighbours"</a></p> }
        })
    };
    view! {
        {dynamic(elsewhere)}
        <div class="split" class:hide=dynamic(move || empty.get())>
            <LogList rows selected select older/>
            {dynamic(detail)}
        </div>
    }
}

/// What was asked, and what may be wrong with it.
#[component]
fn Nothing(hints: LogHints) -> impl IntoView {
    let location = Context::get().location;
    let query = location.query.with(|query| query.text("q"));
    let what = if query.is_empty() {
        "No log record has been seen".to_owned()
    } else {
        format!("No log record fits {query}")
    };
    view! { <Empty what><Hints hints/></Empty> }
}

/// Fields that do not exist, and where records are.
#[component]
pub fn Hints(hints: LogHints) -> impl IntoView {
    let fields = hints.unknown_fields.into_iter().map(|field| {
        let near = match field.near.is_empty() {
            true => String::new(),
            false => format!("; there is {}", field.near.join(", ")),
        };
        view! { <li>"No record has the field "<code>{field.name}</code>{near}</li> }
    });
    let nearest = [
        ("The last record before is of ", hints.nearest_before),
        ("The first record after is of ", hints.nearest_after),
    ];
    let nearest = nearest.into_iter().filter_map(|(what, at)| Some((what, at?)));
    let nearest = nearest.map(|(what, at)| view! { <Near what at/> });
    view! { <ul class="hints" data-testid="log-hints">{fields.collect_view()}{nearest.collect_view()}</ul> }
}
