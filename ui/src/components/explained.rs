//! What sets two sides of an explanation apart: attributes with their shares of either side, each a link
//! to its traces, and the difference of the critical paths.

use crate::components::answer::Empty;
use crate::context::Context;
use crate::dynamic::dynamic;
use crate::location::Location;
use crate::prelude::*;
use crate::view::order::sort_by;
use crate::view::{format, length, traceql};
use ocelli_api::explain::{
    ExplainResponse, ExplainedAttribute, ExplainedNumbers, ExplainedOperation, ExplainedValue,
};
use std::sync::Arc;

/// Values that are shown of an attribute, and operations of the path.
const VALUES: usize = 4;
const OPERATIONS: usize = 50;

#[component]
pub fn Attributes(data: Memo<Arc<ExplainResponse>>) -> impl IntoView {
    let location = Context::get().location;
    let rows = move || {
        data.with(|data| {
            let looked_at = [data.selection.looked_at, data.baseline.looked_at];
            let lines = data.attributes.iter().flat_map(lines);
            lines.map(|line| line.view(location, looked_at)).collect_view()
        })
    };
    let none = move || {
        data.with(|data| data.attributes.is_empty())
            .then(|| view! { <Empty what="No attribute sets them apart beyond chance".to_owned()/> })
    };
    let has_some = move || data.with(|data| !data.attributes.is_empty());
    view! {
        <h2>"Attributes"</h2>
        <div class="scroll-table" class:hide=dynamic(move || !has_some())><table class="rows" data-testid="explained-attributes">
            <thead><tr><th>"Attribute"</th><th>"Value"</th><td></td><th class="num">"Selected"</th><th class="num">"Baseline"</th><td class="bar-head"></td><th class="num" title="The least difference of shares that the counts prove">"Apart by"</th></tr></thead>
            <tbody>{dynamic(rows)}</tbody>
        </table></div>
        {dynamic(none)}
    }
}

/// One line of the table.
struct Line {
    name: String,
    /// The attribute is named by the line above.
    again: bool,
    /// As it can be asked for; none where it is only described.
    value: Result<String, &'static str>,
    sides: Sides,
    score: f64,
}

enum Sides {
    /// Of the spans that were looked at, 0 to 1.
    Shares([f64; 2]),
    Numbers(ExplainedNumbers),
}

fn lines(attribute: &ExplainedAttribute) -> Vec<Line> {
    let line = |again: bool, value: Result<String, &'static str>, sides: Sides, score: f64| Line {
        name: attribute.name.clone(),
        again,
        value,
        sides,
        score,
    };
    if let Some(numbers) = &attribute.numbers {
        return vec![line(false, Err("p10 · p50 · p90"), Sides::Numbers(numbers.clone()), attribute.score)];
    }
    if attribute.values.is_empty() {
        let shares = Sides::Shares([attribute.selection_share, attribute.baseline_share]);
        return vec![line(false, Err("is there"), shares, attribute.score)];
    }
    // Of two values that are alike apart, what the selection has is the more telling.
    let mut values: Vec<&ExplainedValue> = attribute.values.iter().collect();
    let more = |value: &ExplainedValue| value.selection_share - value.baseline_share;
    sort_by(&mut values, |a, b| b.score.total_cmp(&a.score).then_with(|| more(b).total_cmp(&more(a))));
    let values = values.into_iter().take(VALUES).enumerate();
    values
        .map(|(at, value)| {
            let shares = Sides::Shares([value.selection_share, value.baseline_share]);
            line(at > 0, Ok(value.value.clone()), shares, value.score)
        })
        .collect()
}

impl Line {
    fn view(self, location: Location, looked_at: [u64; 2]) -> AnyView {
        let (cells, bars) = match &self.sides {
            Sides::Shares(shares) => {
                let cell = |side: usize| {
                    let count = (shares[side] * looked_at[side] as f64).round() as u64;
                    format!("{} · {}", format::ratio(Some(shares[side])), format::count(count))
                };
                ([cell(0), cell(1)], Some(shares.map(length::share)))
            }
            Sides::Numbers(numbers) => {
                let cell = |side: &[Option<f64>; 3]| {
                    side.map(|number| number.map_or_else(|| "–".to_owned(), format::short)).join(" · ")
                };
                ([cell(&numbers.selection), cell(&numbers.baseline)], None)
            }
        };
        let [selected, baseline] = cells;
        let bars = bars.map(|[a, b]| view! { <span class="share" style:width=a></span><span class="share other" style:width=b></span> });
        let (value, filters) = self.links(location);
        view! {
            <tr data-testid="explained-row"><th scope="row" class="mono" class:hint=self.again>{self.name}</th><td class="clip-cell mono">{value}</td><td class="filters">{filters}</td>
                <td class="num">{selected}</td><td class="num">{baseline}</td><td class="bar-cell two-bars" aria-hidden="true">{bars}</td><td class="num">{format::ratio(Some(self.score))}</td></tr>
        }
        .into_any()
    }

    /// The value as a link to its traces; what is explained with it alone, and without it.
    fn links(&self, location: Location) -> (AnyView, AnyView) {
        let value = match &self.value {
            Ok(value) => value,
            Err(what) => return (view! { <span class="hint">{*what}</span> }.into_any(), ().into_any()),
        };
        let shown = format::clip(value, 120).0.to_owned();
        let Some(condition) = traceql::has(&self.name, value) else {
            return (shown.into_any(), ().into_any());
        };
        let page = location.query.get();
        let traces = traceql::and(&traceql::selected(&page, true), &condition);
        let narrowed = |condition: &str| {
            let query = traceql::and(&traceql::selected(&page, false), condition);
            location.href(&[("query", &query), ("status", ""), ("min_duration", ""), ("max_duration", "")])
        };
        let label = |what: &str| format!("{what} {} {value}", self.name);
        let (only, without) = (label("Explain only"), label("Explain without"));
        // Operations differ in everything, so one is rather compared with itself.
        let scope = match &*self.name {
            "name" => Some("operation"),
            "resource.service.name" => Some("service"),
            _ => None,
        };
        let within = scope.map(|key| view! { <a href=location.href(&[(key, value)]) title=format!("Compare only within this {key}")>"within"</a>" " });
        (
            view! { <a data-nav="" href=location.link("/traces", &[("query", &traces)]) title=label("Traces with")>{shown}</a> }.into_any(),
            view! {
                {within}<a class="plus" href=narrowed(&condition) aria-label=only.clone() title=only>"+"</a>
                <a class="minus" href=narrowed(&format!("!({condition})")) aria-label=without.clone() title=without>"−"</a>
            }
            .into_any(),
        )
    }
}

/// What each operation has of the critical path of a span.
#[component]
pub fn Paths(data: Memo<Arc<ExplainResponse>>) -> impl IntoView {
    let location = Context::get().location;
    let rows = move || {
        data.with(|data| {
            let longest = data.path.iter().flat_map(|of| [of.selection_ns, of.baseline_ns]).fold(1.0, f64::max);
            let row = |of: &ExplainedOperation| {
                let href = location.link("/traces", &[("service", &of.service), ("operation", &of.operation)]);
                let width = |ns: f64| length::share(ns / longest);
                let slower = of.difference_ns > 0.0;
                view! {
                    <tr><th scope="row"><a data-nav="" href=href>{of.service.clone()}": "{of.operation.clone()}</a></th>
                        <td class="num">{format::duration(of.selection_ns)}</td><td class="num">{format::duration(of.baseline_ns)}</td>
                        <td class="bar-cell two-bars" aria-hidden="true"><span class="share" style:width=width(of.selection_ns)></span><span class="share other" style:width=width(of.baseline_ns)></span></td>
                        <td class="num">{slower.then_some("+")}{format::duration(of.difference_ns)}</td>
                        <td class="num">{format::short(of.selection_calls)}</td><td class="num">{format::short(of.baseline_calls)}</td></tr>
                }
            };
            data.path.iter().take(OPERATIONS).map(row).collect_view()
        })
    };
    let walked = move || {
        data.with(|data| {
            format!(
                "Mean of {} and of {}; the differences sum up to that of the mean durations.",
                format::plural(data.selection.path_spans, "selected span", "selected spans"),
                format::plural(data.baseline.path_spans, "other", "others")
            )
        })
    };
    view! {
        <h2>"Critical path"</h2>
        <p class="hint">{dynamic(walked)}</p>
        <div class="scroll-table"><table class="rows" data-testid="explained-path">
            <thead><tr><th>"Operation"</th><th class="num">"Selected"</th><th class="num">"Baseline"</th><td class="bar-head"></td><th class="num">"Difference"</th><th class="num">"Calls"</th><th class="num">"Calls, baseline"</th></tr></thead>
            <tbody>{dynamic(rows)}</tbody>
        </table></div>
    }
}
