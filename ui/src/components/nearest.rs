//! Where there is something, when a range has nothing.

use crate::client::fetch;
use crate::components::moment::Moment;
use crate::context::Context;
use crate::dynamic::dynamic;
use crate::prelude::*;
use crate::view::links;
use crate::view::traceql::FILTERS;
use ocelli_api::traces::TracesResponse;
use ocelli_api::{TimeRange, UnixNano};

/// How far from the range one looks: a query that fits nothing would read all that is kept.
const REACH_NS: i64 = 7 * 86_400_000_000_000;

/// A line of a list: what is of a time, and the way to the time around it.
#[component]
pub fn Near(what: &'static str, at: UnixNano) -> impl IntoView {
    let location = Context::get().location;
    let (from, to) = links::around(at, at, 15);
    view! { <li>{what}<a href=dynamic(move || location.href(&[("from", &from), ("to", &to)]))><Moment at/></a></li> }
}

/// The last trace before the range, and the last after it, of those that fit the filters of the page.
#[component]
pub fn NearestTraces() -> impl IntoView {
    let context = Context::get();
    let latest = move |what: &'static str, beside: fn(&TimeRange) -> TimeRange| {
        let answer = fetch::<TracesResponse>(move || {
            let range = beside(&context.range.get().ok()?);
            let mut parameters = context.location.query.with(|query| query.only(&FILTERS));
            parameters.set("sort", "newest");
            parameters.set("limit", "1");
            let parameters: Vec<(&str, &str)> = parameters.pairs().collect();
            Some(links::api("/api/traces", &range, &parameters))
        });
        let at = answer.map(|answer| answer.traces.first().map(|trace| trace.start));
        dynamic(move || at.get().flatten().map(|at| view! { <Near what at/> }))
    };
    let before = latest("The last before is of ", |range| TimeRange {
        from: UnixNano(range.from.0.saturating_sub(REACH_NS)),
        to: range.from,
    });
    let after = latest("The last after is of ", |range| TimeRange {
        from: range.to,
        to: UnixNano(range.to.0.saturating_add(REACH_NS)),
    });
    view! { <ul class="hints" data-testid="nearest">{before}{after}</ul> }
}
