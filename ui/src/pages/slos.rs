//! `/slos`: every objective, the most at risk first.

use crate::client::{Fetched, fetch_now};
use crate::components::answer::Answer;
use crate::components::find::Find;
use crate::components::slo_marks::{Budget, BurnStates, Forecast, RiskMark};
use crate::context::Context;
use crate::dynamic::{dynamic, memo};
use crate::prelude::*;
use crate::view::slos::{self, Risk};
use crate::view::text::lower;
use crate::view::{format, links};
use ocelli_api::slos::{SloStatus, SlosResponse};

const EXAMPLE: &str =
    "slos:\n- {name: availability, objective: 99.9, window: 30d, availability: {service: checkout}}";

#[component]
pub fn Slos() -> impl IntoView {
    let answer = fetch_now::<SlosResponse>(|| Some("/api/slos".to_owned()));
    view! {
        <section class="page">
            <header class="page-head"><h1>"Service level objectives"</h1><Find what="an objective"/></header>
            <Answer asked=answer.asked stats=answer.map(|answer| answer.stats.clone())>
                <Table answer/>
            </Answer>
        </section>
    }
}

#[component]
fn Table(answer: Fetched<SlosResponse>) -> impl IntoView {
    let location = Context::get().location;
    let find = location.value("find");
    let rows = memo(move || {
        let find = lower(&find.get());
        let mut rows = answer.get().map(|answer| answer.slos.clone()).unwrap_or_default();
        rows.retain(|slo| {
            [&slo.id, &slo.name, &slo.service, &slo.indicator].iter().any(|text| lower(text).contains(&find))
        });
        slos::sort(&mut rows);
        rows
    });
    let body = move || {
        let rows = rows.get();
        let overspent = rows.iter().any(|slo| slo.budget_left.is_some_and(|left| left < 0.0));
        rows.into_iter().map(|slo| view! { <Row slo overspent/> }).collect_view()
    };
    let none = move || {
        rows.with(Vec::is_empty).then(|| match find.get() {
            find if find.is_empty() => view! { <NoSlos/> }.into_any(),
            find => {
                view! { <p class="empty" data-testid="empty">{format!("No objective holds “{find}”.")}</p> }
                    .into_any()
            }
        })
    };
    view! {
        <div class="scroll-table" class:hide=dynamic(move || rows.with(Vec::is_empty))><table class="rows cards">
            <thead><tr>
                <th>"State"</th><th>"Objective"</th><th class="num">"Target"</th><th class="num">"Good"</th><th>"Budget left"</th>
                <th>"Burn windows"</th><th>"Budget spent"</th><th>"Window"</th>
            </tr></thead>
            <tbody>{dynamic(body)}</tbody>
        </table></div>
        {dynamic(none)}
    }
}

#[component]
fn Row(slo: SloStatus, overspent: bool) -> impl IntoView {
    let location = Context::get().location;
    let path = links::slo_path(&slo.id);
    // An objective is seen over its own window at first, not over the range of the page before.
    let href = move || location.link(&path, &[("from", ""), ("to", "")]);
    let name =
        if slo.service.is_empty() { slo.name.clone() } else { format!("{} {}", slo.service, slo.name) };
    let known = (slo.known < 1.0).then(|| format!(", {} known", format::ratio(Some(slo.known))));
    let problem = slo.problem.clone().map(|why| view! { <span class="sev-warn about">"▲ "{why}</span> });
    view! {
        <tr data-testid="slo-row">
            <td class="state"><RiskMark risk=Risk::of(&slo)/></td>
            <th scope="row"><a data-nav="" title=slo.description href=dynamic(href)>{name}</a>
                <span class="hint about">{slo.indicator}</span>{problem}</th>
            <td class="num" data-l="target">{slos::precise(Some(slo.objective))}</td>
            <td class="num" data-l="good">{slos::precise(slo.sli)}</td>
            <td class="bar-cell" data-l="left"><Budget left=slo.budget_left with_overspent=overspent/></td>
            <td><BurnStates alerts=slo.alerts/></td>
            <td data-l="spent"><Forecast exhaustion=slo.exhaustion known=slo.sli.is_some()/></td>
            <td class="hint">{slo.window.length}{known}</td>
        </tr>
    }
}

#[component]
fn NoSlos() -> impl IntoView {
    view! {
        <div class="empty" data-testid="empty">
            <p>"There is no objective yet. Write one to a file and name that in "<code>"slo_files"</code>":"</p>
            <pre class="hints" tabindex="0">{EXAMPLE}</pre>
            <p class="hint">"Files of OpenSLO and Sloth are read as they are."</p>
        </div>
    }
}
