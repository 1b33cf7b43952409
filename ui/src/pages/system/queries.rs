//! The queries that run, with an end to each, and those that took long.

use crate::client::{Fetched, fetch_now};
use crate::components::answer::Answer;
use crate::components::moment::Moment;
use crate::components::send_button::SendButton;
use crate::context::Context;
use crate::dynamic::dynamic;
use crate::prelude::*;
use crate::view::{format, queries};
use ocelli_api::queries::{QueriesResponse, QueryRun, QueryState};

#[component]
pub fn Queries() -> impl IntoView {
    let answer = fetch_now::<QueriesResponse>(|| Some("/api/queries".to_owned()));
    let load = move || {
        answer.get().map(|all| {
            let slow = format::duration(all.slow_ms as f64 * 1e6);
            let slow = match all.slow.is_empty() {
                true => format!("None has taken {slow} or longer."),
                false => format!("Below them the last that took {slow} or longer."),
            };
            format!("{} of {} run, {} wait. {slow}", all.running.len(), all.most_running, all.waiting)
        })
    };
    let rows = move || {
        answer.get().map(|all| all.running.iter().chain(&all.slow).map(|run| row(run, answer)).collect_view())
    };
    let is_empty =
        move || answer.with(|all| all.is_none_or(|all| all.running.is_empty() && all.slow.is_empty()));
    view! {
        <h2>"Queries"</h2>
        <Answer asked=answer.asked>
            <p class="hint">{dynamic(load)}</p>
            <div class="scroll-table" tabindex="0" class:hide=dynamic(is_empty)><table class="rows">
                <thead><tr><th>"State"</th><th class="num">"Took"</th><th>"Began"</th><th>"Asked"</th><th class="num">"Rows read"</th><th class="num">"Bytes read"</th></tr></thead>
                <tbody>{dynamic(rows)}</tbody>
            </table></div>
        </Answer>
    }
}

fn row(run: &QueryRun, all: Fetched<QueriesResponse>) -> AnyView {
    let location = Context::get().location;
    let (class, glyph, word) = queries::state(run.state);
    let cancel = (run.state == QueryState::Running).then(|| {
        let (url, of) = (format!("/api/queries/{}", run.id), run.request.clone());
        let done = Callback::new(move |_| all.retry());
        view! { " "<SendButton label="Cancel" of method="DELETE" url done/> }
    });
    let why = (run.state == QueryState::Failed).then(|| format!(": {}", run.error));
    let text = queries::text(run);
    let request = (text != run.request).then(|| view! { <span class="hint">{run.request.clone()}</span>" " });
    let text = match queries::page(run) {
        Some(href) => view! { <a href=dynamic(move || location.carry(&href))>{text}</a> }.into_any(),
        None => view! { {text} }.into_any(),
    };
    view! {
        <tr data-testid="query-row">
            <td class=format!("clip-cell {class}") title=run.error.clone()>{glyph}" "{word}{why}{cancel}</td>
            <td class="num">{format::duration(run.elapsed_ms * 1e6)}</td>
            <td><Moment at=run.started clock_only=true/></td>
            <td class="clip-cell" title=queries::whole(run)>{request}<code>{text}</code></td>
            <td class="num">{format::count(run.rows_scanned)}</td>
            <td class="num">{format::bytes(run.bytes_scanned)}</td>
        </tr>
    }
    .into_any()
}
