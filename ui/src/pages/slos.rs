//! `/slos`: every objective, the most at risk first.

use crate::client::{Fetched, fetch_now};
use crate::components::answer::Answer;
use crate::components::editor::Target;
use crate::components::find::Find;
use crate::components::send_button::SendButton;
use crate::components::slo_editor::SloEditor;
use crate::components::slo_marks::{Budget, BurnStates, Forecast, RiskMark};
use crate::context::Context;
use crate::dynamic::{dynamic, memo};
use crate::prelude::*;
use crate::view::slos::{self, Risk};
use crate::view::text::lower;
use crate::view::{format, links};
use ocelli_api::slos::{LeftOut, SloStatus, SlosResponse};

const EXAMPLE: &str =
    "slos:\n- {name: availability, objective: 99.9, window: 30d, availability: {service: checkout}}";

#[component]
pub fn Slos() -> impl IntoView {
    let answer = fetch_now::<SlosResponse>(|| Some("/api/slos".to_owned()));
    let location = Context::get().location;
    let new = location.value("new");
    let cancel = Callback::new(move |()| location.set(&[("new", ""), ("total", "")], false));
    let body = move || {
        match new.with(String::is_empty) {
        true => view! {
            <Answer asked=answer.asked stats=answer.map(|answer| answer.stats.clone())>
                <LeftOuts answer/>
                <Table answer/>
            </Answer>
        }
        .into_any(),
        false => view! { <h2>"New objective"</h2><SloEditor target=Target { collection: "/api/slos", known: None } known=None cancel/> }.into_any(),
    }
    };
    view! {
        <section class="page">
            <header class="page-head"><h1>"Service level objectives"</h1>
                <nav class="ways" aria-label="Of objectives"><a data-testid="new-slo" href=dynamic(move || location.href(&[("new", "1")]))>"New objective"</a></nav>
                <Find what="an objective"/></header>
            {dynamic(body)}
        </section>
    }
}

/// Saved ones that do not count, and why.
#[component]
fn LeftOuts(answer: Fetched<SlosResponse>) -> impl IntoView {
    let context = Context::get();
    let done = Callback::new(move |_| context.refresh());
    let one = move |left_out: LeftOut| {
        let LeftOut { id, revision, why, .. } = left_out;
        let url = format!("/api{}?revision={revision}", links::slo_path(&id));
        let sure = format!("Delete what was saved of {id}?");
        view! {
            <div class="note warn" role="status"><span class="glyph" aria-hidden="true">"▲"</span>
                <span class="text">"What was saved of "{id.clone()}" does not count: "{why}</span>
                <SendButton label="Delete" of=id method="DELETE" url sure done/></div>
        }
    };
    let all = answer.map(|answer| answer.left_out.clone());
    view! { {dynamic(move || all.get().unwrap_or_default().into_iter().map(one).collect_view())} }
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
                <th>"Burn windows"</th><th>"Budget runs out"</th><th>"Window"</th>
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
    let location = Context::get().location;
    view! {
        <div class="empty" data-testid="empty">
            <p>"There is no objective yet. "<a href=dynamic(move || location.href(&[("new", "1")]))>"Make one here"</a>", or write it to a file and name that in "<code>"slo_files"</code>":"</p>
            <pre class="hints" tabindex="0">{EXAMPLE}</pre>
            <p class="hint">"Files of OpenSLO and Sloth are read as they are."</p>
        </div>
    }
}
