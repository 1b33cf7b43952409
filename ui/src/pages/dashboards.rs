//! `/dashboards`: all of them, a new one, and those of others taken over.

use crate::client::{Failure, Fetched, fetch_now};
use crate::components::answer::{Answer, FailureNote};
use crate::components::dash::import::{Import, save};
use crate::components::find::Find;
use crate::components::moment::Ago;
use crate::components::send_button::SendButton;
use crate::context::Context;
use crate::dynamic::{dynamic, handler, memo};
use crate::prelude::*;
use crate::view::dashboards::{self, of_query, of_service};
use crate::view::text::{lower, number};
use leptos::html;
use leptos::task::spawn_local;
use ocelli_api::dashboards::{Dashboard, DashboardSummary, DashboardsResponse};

#[component]
pub fn Dashboards() -> impl IntoView {
    let location = Context::get().location;
    let answer = fetch_now::<DashboardsResponse>(|| Some("/api/dashboards".to_owned()));
    let (new, import, of) = (location.value("new"), location.value("import"), location.value("of"));
    let body = move || {
        if !import.with(String::is_empty) {
            return view! { <h2>"Import a dashboard"</h2><Import/> }.into_any();
        }
        let form =
            (!new.with(String::is_empty) || !of.with(String::is_empty)).then(|| view! { <New of=of.get()/> });
        view! { {form}<Answer asked=answer.asked><Tags answer/><Table answer/></Answer> }.into_any()
    };
    view! {
        <section class="page">
            <header class="page-head"><h1>"Dashboards"</h1>
                <nav class="ways" aria-label="Of dashboards">
                    <a data-testid="new-dashboard" href=dynamic(move || location.href(&[("new", "1"), ("import", "")]))>"New dashboard"</a>
                    <a data-testid="import-dashboard" href=dynamic(move || location.href(&[("import", "1"), ("new", "")]))>"Import"</a></nav>
                <Find what="a dashboard"/></header>
            {dynamic(body)}
        </section>
    }
}

/// Names a new one, which is then filled on its own page; that of a service begins with what there is to see of it.
#[component]
fn New(of: String) -> impl IntoView {
    let context = Context::get();
    let title = NodeRef::<html::Input>::new();
    let failure = RwSignal::new(None::<Failure>);
    let (first, slow) = (of.clone(), context.location.value("slow"));
    let query = context.location.value("query");
    let about = (!of.is_empty()).then(|| view! { <p class="hint">"It begins with the rate, errors, durations, operations, slow traces and logs of this service."</p> });
    let of = StoredValue::new(of);
    let make = move || {
        let title = title.get_untracked().map(|input| input.value().trim().to_owned()).unwrap_or_default();
        let slow_ms = slow.with_untracked(|slow| number(slow)).unwrap_or(1_000.0);
        let new = of.with_value(|of| match of.is_empty() {
            true => {
                let panels = query.with_untracked(|query| of_query(query)).into_iter().collect();
                Dashboard { title, panels, ..Dashboard::default() }
            }
            false => Dashboard { title, ..of_service::dashboard(of, slow_ms) },
        });
        spawn_local(async move {
            failure.try_set(save(context, new).await.err());
        });
    };
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        make();
    };
    view! {
        <form class="query-box" on:submit=handler(submit)>
            <label class="hidden" for="new-title">"Title of the new dashboard"</label>
            <input id="new-title" node_ref=title type="text" autocomplete="off" autofocus="" placeholder="Title of the new dashboard" data-testid="new-title" value=first/>
            <button type="submit" class="primary">"Make it"</button>
            <a href=dynamic(move || context.location.href(&[("new", ""), ("of", ""), ("slow", ""), ("query", "")]))>"Cancel"</a>
        </form>{about}
        <FailureNote failure retry=Callback::new(move |()| make())/>
    }
}

/// All tags; one that is chosen is left again by a second click.
#[component]
fn Tags(answer: Fetched<DashboardsResponse>) -> impl IntoView {
    let location = Context::get().location;
    let chosen = location.value("tag");
    let tags = answer.map(|answer| answer.tags.clone());
    let tag = move |tag: String| {
        let is_chosen = chosen.with(|chosen| *chosen == tag);
        let href = location.href(&[("tag", if is_chosen { "" } else { &tag })]);
        view! { <a class="chip" href=href aria-current=is_chosen.then_some("true")>{tag}</a> }
    };
    let list = move || {
        let tags = tags.get().unwrap_or_default();
        (!tags.is_empty()).then(|| {
            view! { <nav class="labels" aria-label="Tags" data-testid="tags">{tags.into_iter().map(tag).collect_view()}</nav> }
        })
    };
    view! { {dynamic(list)} }
}

#[component]
fn Table(answer: Fetched<DashboardsResponse>) -> impl IntoView {
    let location = Context::get().location;
    let (find, tag) = (location.value("find"), location.value("tag"));
    let rows = memo(move || {
        let (find, tag) = (lower(&find.get()), tag.get());
        let mut rows = answer.get().map(|answer| answer.dashboards.clone()).unwrap_or_default();
        let holds = |text: &String| find.split_whitespace().all(|word| lower(text).contains(word));
        rows.retain(|one| {
            let text = format!("{} {} {}", one.title, one.description, one.tags.join(" "));
            holds(&text) && (tag.is_empty() || one.tags.contains(&tag))
        });
        rows
    });
    let none = move || {
        rows.with(Vec::is_empty).then(|| {
            let is_all = find.with(String::is_empty) && tag.with(String::is_empty);
            let what = if is_all { "There is no dashboard yet." } else { "No dashboard fits." };
            let services = move || location.link("/services", &[]);
            view! {
                <div class="empty" data-testid="empty"><p>{what}</p>
                    <p class="hint">"The page of a "<a href=dynamic(services)>"service"</a>" makes one of itself; those of Grafana are taken over."</p></div>
            }
        })
    };
    view! {
        <div class="scroll-table" class:hide=dynamic(move || rows.with(Vec::is_empty))><table class="rows cards">
            <thead><tr><th>"Dashboard"</th><th>"Tags"</th><th class="num">"Panels"</th><th>"Changed"</th><td></td></tr></thead>
            <tbody>{dynamic(move || rows.get().into_iter().map(|one| view! { <Row one/> }).collect_view())}</tbody>
        </table></div>
        {dynamic(none)}
    }
}

#[component]
fn Row(one: DashboardSummary) -> impl IntoView {
    let context = Context::get();
    let DashboardSummary { id, revision, updated_at, title, description, tags, panels } = one;
    let path = dashboards::path(&id);
    let url = format!("/api{path}?revision={revision}");
    let sure = format!("Delete the dashboard “{title}” with its {panels} panels? It cannot be brought back.");
    let done = Callback::new(move |_| context.refresh());
    // It opens with its own range, not with that of the page before.
    let href = move || context.location.link(&path, &[("from", ""), ("to", "")]);
    let tags = tags.into_iter().map(|tag| {
        let wanted = tag.clone();
        let href = move || context.location.href(&[("tag", &wanted)]);
        view! { <a class="chip" href=dynamic(href)>{tag}</a> }
    });
    view! {
        <tr data-testid="dashboard-row">
            <th scope="row"><a data-nav="" data-testid="dashboard-link" href=dynamic(href)>{title.clone()}</a><span class="hint about">{description}</span></th>
            <td class="labels">{tags.collect_view()}</td>
            <td class="num" data-l="panels">{panels}</td>
            <td data-l="changed"><Ago at=updated_at/></td>
            <td class="end"><SendButton label="Delete" of=title method="DELETE" url sure done/></td>
        </tr>
    }
}
