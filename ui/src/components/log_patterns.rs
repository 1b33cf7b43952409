//! Which kinds of bodies there are, and what is new or surging since a time.

use crate::client::{Fetched, fetch};
use crate::components::answer::{Answer, Empty};
use crate::components::log_list::glyph;
use crate::components::moment::Moment;
use crate::context::Context;
use crate::dynamic::{dynamic, handler};
use crate::prelude::*;
use crate::view::route::Route;
use crate::view::{format, links};
use leptos::html;
use ocelli_api::logs::{LogPattern, LogPatternsResponse, PatternChange};

#[component]
pub fn Patterns(#[prop(into)] search: Signal<String>) -> impl IntoView {
    let context = Context::get();
    let since = context.location.value("since");
    let patterns = fetch::<LogPatternsResponse>(move || {
        let range = context.range.get().ok()?;
        let parameters = [("q", &*search.get()), ("since", &*since.get()), ("limit", "100")];
        Some(links::api("/api/logs/patterns", &range, &parameters))
    });
    let input = NodeRef::<html::Input>::new();
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if let Some(input) = input.get_untracked() {
            context.location.set(&[("since", input.value().trim())], false);
        }
    };
    let about = move || {
        let (found, records, other) =
            patterns.with(|answer| answer.map(|answer| (answer.found, answer.records, answer.other)))?;
        let other = (other > 0).then(|| {
            format!(", {} are of none: there are too many kinds", format::plural(other, "record", "records"))
        });
        Some(
            view! { <p class="hint">{format::plural(found, "pattern", "patterns")}" of "{format::plural(records, "record", "records")}{other}</p> },
        )
    };
    let none = move || {
        patterns
            .with(|answer| answer.is_some_and(|answer| answer.patterns.is_empty()))
            .then(|| view! { <Empty what="No log record fits"/> })
    };
    view! {
        <form class="query-box" on:submit=handler(submit)>
            <label for="pattern-since">"New since"</label>
            <input id="pattern-since" node_ref=input data-testid="pattern-since" class="mono" type="text" autocomplete="off" placeholder="now-15m"
                prop:value=dynamic(move || since.get())/>
            <button type="submit">"Compare"</button>
        </form>
        <Answer asked=patterns.asked stats=patterns.map(|answer| answer.stats.clone())>
            {dynamic(none)}{dynamic(about)}
            <PatternRows patterns search/>
        </Answer>
    }
}

/// A row a pattern; each leads to the records of its kind among those that `search` finds.
#[component]
pub fn PatternRows(
    patterns: Fetched<LogPatternsResponse>,
    #[prop(into)] search: Signal<String>,
) -> impl IntoView {
    let rows = move || {
        let answer = patterns.get();
        let rows = answer.iter().flat_map(|answer| answer.patterns.iter().cloned());
        rows.map(|pattern| view! { <Row pattern search/> }).collect_view()
    };
    view! {
        <div class="scroll" tabindex="0"><table class="data" data-testid="log-patterns">
            <thead><tr><th scope="col">"Level"</th><th scope="col">"Records"</th><th scope="col">"Before"</th><th scope="col">"Pattern"</th><th scope="col">"Last seen"</th></tr></thead>
            <tbody>{dynamic(rows)}</tbody>
        </table></div>
    }
}

#[component]
fn Row(pattern: LogPattern, search: Signal<String>) -> impl IntoView {
    let location = Context::get().location;
    let LogPattern { template, query, count, before, change, severity, last_seen, example, .. } = pattern;
    let href = move || {
        // Alternatives of the search belong together.
        let query = search.with(|search| match search.trim() {
            "" => query.clone(),
            search => format!("({search}) {query}"),
        });
        // The columns of a list that is there already stay.
        if location.route.with(|route| *route == Route::Logs) {
            location.href(&[("q", query.trim()), ("view", ""), ("record", "")])
        } else {
            location.link("/logs", &[("q", query.trim())])
        }
    };
    let change = change.and_then(|change| match change {
        PatternChange::New => Some("new"),
        PatternChange::Surging => Some("surging"),
        PatternChange::Fading => Some("fading"),
        PatternChange::Gone => Some("gone"),
        PatternChange::Steady => None,
    });
    view! {
        <tr>
            <td><span class=format!("level sev-{severity}")><span class="glyph" aria-hidden="true">{glyph(&severity)}</span>{severity.clone()}</span></td>
            <td class="num">{format::count(count)}</td>
            <td class="num">{before.map(format::count)}</td>
            <td class="pattern mono" title=example>{change.map(|change| view! { <b class="change">{change}</b>" " })}<a href=dynamic(href)>{format::clip(&template, 512).0.to_owned()}</a></td>
            <td><Moment at=last_seen/></td>
        </tr>
    }
}
