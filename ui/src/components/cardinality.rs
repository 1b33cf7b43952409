//! Which labels, and which values of them, make how many series, and what these cost.

use crate::client::fetch;
use crate::components::answer::Answer;
use crate::context::Context;
use crate::dynamic::dynamic;
use crate::prelude::*;
use crate::view::{costs, format, links};
use ocelli_api::metrics::{CardinalityResponse, Cost};

/// Of a metric by its OTLP name, of all where it is empty; so many labels and values, where not 50.
#[component]
pub fn Cardinality(
    #[prop(into)] metric: Signal<String>,
    #[prop(optional)] limit: &'static str,
) -> impl IntoView {
    let context = Context::get();
    let answer = fetch::<CardinalityResponse>(move || {
        let range = context.range.get().ok()?;
        let selector = metric.with(|name| costs::selector(name));
        let parameters = [("match", &*selector), ("limit", limit)];
        Some(links::api("/api/metrics/cardinality", &range, &parameters))
    });
    view! {
        <Answer asked=answer.asked stats=answer.map(|answer| answer.stats.clone())>
            {dynamic(move || answer.get().map(|answer| view! { <Costs answer=(*answer).clone()/> }))}
        </Answer>
    }
}

#[component]
pub fn Numbers(cost: Cost) -> impl IntoView {
    view! {
        <td class="num">{format::count(cost.series)}</td>
        <td class="num">{format::count(cost.points)}</td>
        <td class="num">{format::bytes(cost.bytes)}</td>
    }
}

#[component]
fn Costs(answer: CardinalityResponse) -> impl IntoView {
    let total = answer.total;
    let sum = format!(
        "{}, {}, {}.",
        format::plural(total.series, "series", "series"),
        format::plural(total.points, "point", "points"),
        format::bytes(total.bytes)
    );
    let labels = answer.labels.into_iter().map(|label| {
        view! {
            <tr data-testid="label-row"><th scope="row" class="mono">{label.name}</th>
                <td class="num">{format::count(label.values)}</td><Numbers cost=label.cost/></tr>
        }
    });
    let pairs = answer.pairs.into_iter().map(|pair| {
        let (value, cut) = format::clip(&pair.value, 120);
        let value = format!("{}={value}{}", pair.name, if cut { "…" } else { "" });
        view! {
            <tr data-testid="pair-row"><th scope="row" class="mono" title=pair.value>{value}</th><Numbers cost=pair.cost/></tr>
        }
    });
    let numbers = || {
        view! { <th class="num">"Series"</th><th class="num">"Points"</th><th class="num">"Bytes"</th> }
    };
    view! {
        <p class="hint" data-testid="cost-total">{sum}" Points and bytes are those of the files that the time touches, whole."</p>
        <div class="two">
            <section><h3>"Labels with most values"</h3><div class="scroll-table" tabindex="0"><table class="rows">
                <thead><tr><th>"Label"</th><th class="num">"Values"</th>{numbers()}</tr></thead>
                <tbody>{labels.collect_view()}</tbody>
            </table></div></section>
            <section><h3>"Values with most series"</h3><div class="scroll-table" tabindex="0"><table class="rows">
                <thead><tr><th>"Value"</th>{numbers()}</tr></thead>
                <tbody>{pairs.collect_view()}</tbody>
            </table></div></section>
        </div>
    }
}
